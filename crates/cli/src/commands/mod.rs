//! One file per group of commands. Each reaches a node, asks, and says what came back.

pub(crate) mod admin;
pub(crate) mod brokers;
pub(crate) mod carry;
pub(crate) mod claim;
pub(crate) mod doctor;
pub(crate) mod import;
pub(crate) mod link;
pub(crate) mod offline;
pub(crate) mod points;
pub(crate) mod read;
pub(crate) mod replay;
pub(crate) mod serve;
pub(crate) mod sources;
pub(crate) mod suppose;
