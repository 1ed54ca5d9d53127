//! The resources, by group. Each group lists its endpoints; together they are the
//! whole interface.

use crate::endpoint::Endpoint;

mod admin;
mod buildings;
mod claims;
mod entities;
mod events;
mod imports;
mod meta;
mod session;

/// Every resource and method.
pub(crate) fn all() -> Vec<Endpoint> {
    [
        meta::endpoints(),
        session::endpoints(),
        buildings::endpoints(),
        entities::endpoints(),
        claims::endpoints(),
        imports::endpoints(),
        events::endpoints(),
        admin::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
