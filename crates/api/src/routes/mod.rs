//! The resources, by group. Each group lists its endpoints; together they are the
//! whole interface.

use crate::endpoint::Endpoint;

mod admin;
mod buildings;
mod bundles;
mod city;
mod claims;
mod entities;
mod events;
mod find;
mod hypothetical;
mod imports;
mod meta;
mod organisation;
mod points;
mod session;
mod shares;
mod sources;

/// Every resource and method.
pub(crate) fn all() -> Vec<Endpoint> {
    [
        meta::endpoints(),
        session::endpoints(),
        buildings::endpoints(),
        entities::endpoints(),
        claims::endpoints(),
        hypothetical::endpoints(),
        sources::endpoints(),
        imports::endpoints(),
        events::endpoints(),
        find::endpoints(),
        city::endpoints(),
        points::endpoints(),
        organisation::endpoints(),
        shares::endpoints(),
        bundles::endpoints(),
        admin::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
