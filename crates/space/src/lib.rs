//! Spaces and how they hang together.
//!
//! A firefighter asks: which rooms are there, which door leads where, which way out still works?
//! This crate answers from plans and beliefs. [`plan`] reads off drawn outlines which rooms a
//! door joins; [`Graph`] holds spaces and portals with how surely they exist and can be passed;
//! [`Graph::route`] finds ways through it and says how likely they work,
//! [`Graph::connections`] how surely each space is connected to an exit when doors may be
//! missing, and [`Completeness`] how much of it all is known. [`earth`] lays plans on the ground,
//! [`streets`] holds what lies between buildings, and [`joined`] makes one graph of both: from a
//! bed to the fire station.
//!
//! **Invariant (PURE-CORE):** no IO, no clock, no randomness.
//! **Invariant (UNKNOWN-IS-A-VALUE):** what nobody knows is [`Belief::Unknown`], never a number.
//! **Boundary:** knows no file format, no claims and no policy.

pub mod anchor;
pub mod earth;
pub mod joined;
pub mod matching;
pub mod plan;
pub mod streets;

mod completeness;
mod connectivity;
mod graph;
mod nearby;
mod passability;
mod route;

pub use completeness::{Completeness, PortalRecord, SpaceRecord, StoreyCompleteness};
pub use connectivity::{Connection, ConnectivityOptions, Prior, Targets};
pub use graph::{Belief, Graph, Portal, PortalIndex, PortalKind, Space, SpaceIndex, SpaceKind};
pub use passability::{AsBuilt, BuildingIndex, Passability};
pub use route::{Route, RouteOptions, STAIR_FACTOR, Target};
