//! Who may see and do what.
//!
//! A person or program acts in a role: the owner runs the node, a steward keeps the
//! building's data, a responder works an incident, a viewer looks at how rooms are, a
//! source only reports. What a role may do stands in one table; whatever is not in it
//! is denied. Nothing leaves the node except as a [`View`], and only this crate makes
//! one.
//!
//! **Invariant (RELEASE-ONLY):** [`View`] has no public constructor but [`release`],
//! which takes the caller it is for.
//! **Boundary:** agreements with other organisations will replace what [`decide`]
//! looks up, not how it is asked.

mod decision;
mod view;

pub use decision::{Action, Decision, RULES, Rule, decide};
pub use view::{View, release};
