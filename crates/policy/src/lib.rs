//! Who may see and do what.
//!
//! Plans, doors and where people are help a fire brigade and a burglar alike. Nothing is
//! shown or done here unless a rule allows it: a viewer sees names and climate, a
//! responder sees the whole picture, a steward keeps the building's data, a sensor may
//! only speak for itself and reads nothing, and somebody nobody knows gets nothing at
//! all. A refusal says who may, so that a person knows whom to ask. What is withheld
//! looks the same whether there is something behind it or not.
//!
//! **Invariant (RELEASE-ONLY):** every answer is a [`View`], and a `View` can only be made
//! here, for a [`Caller`] who was allowed to have it.
//! **Invariant:** denied unless a row of [`RULES`] allows it.
//! What other organisations are told is decided in [`sharing`], by rules of its own.
//!
//! **Boundary:** knows no protocol and no storage; agreements between organisations will
//! stand beside these rules, not inside them.
//!
//! ```
//! use twin_model::{Caller, Estimate, Summary, Time, catalogue::Sensitivity};
//! use twin_policy::{Action, Reader, decide};
//!
//! assert!(decide(&Caller::OPERATOR, &Action::Import).is_allowed());
//! assert!(Reader::new(&Caller::ANONYMOUS).is_err());
//!
//! let reader = Reader::new(&Caller::OPERATOR).unwrap();
//! let at = Time::from_seconds(0);
//! let seen = reader.estimate(Sensitivity::Personal, at, || Estimate::unknown(at));
//! assert_eq!(reader.release(seen).get().summary(), Summary::Unknown);
//! ```

mod rules;
pub mod sharing;
mod view;

pub use rules::{Action, Decision, Permission, RULES, Refusal, Rule, decide};
pub use view::{Reader, View, release};
