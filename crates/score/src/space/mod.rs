//! Buildings and streets as a graph: is what is believed of it right, and as sure as it may be?

pub(crate) mod addresses;
pub(crate) mod anchors;
pub(crate) mod broker;
pub(crate) mod cityjson;
pub(crate) mod connected;
pub(crate) mod generated;
pub(crate) mod identity;
pub(crate) mod osm;
pub(crate) mod pace;
pub(crate) mod points;
pub(crate) mod routes;

mod files;
mod left;
mod named;
mod reach;
mod reliability;
mod said;
mod strip;
