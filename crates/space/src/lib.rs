//! Space graph, storeys, 2.5-D geometry, joins, routes

pub mod plan;
