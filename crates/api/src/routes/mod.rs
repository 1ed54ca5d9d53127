//! The resources, by group. Each group lists its endpoints; together they are the
//! whole interface.

use crate::endpoint::Endpoint;

mod admin;
mod buildings;
mod claims;
mod entities;
mod events;
mod hypothetical;
mod imports;
mod meta;
mod session;
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
        admin::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
