//! The JSON of the contract, in both directions.
//!
//! The rest of the node speaks in the model's words; only here do they become JSON
//! and only here does JSON become them. Answers are written by hand into one buffer
//! (`json`, `answer`, `city`, `points`, `sources`, `link`); what comes in is parsed once, checked, and handed on as the
//! model's types (`fields`, `value`, `scan`).
//!
//! **Boundary:** no request, no node, no async: text in, words out, and back.

pub(crate) mod answer;
pub(crate) mod city;
pub(crate) mod fields;
pub(crate) mod json;
pub(crate) mod link;
pub(crate) mod points;
pub(crate) mod scan;
pub(crate) mod sources;
pub(crate) mod value;

pub(crate) use json::Json;
