//! What another organisation is told.
//!
//! A steward writes a list, one line for each thing that somebody else is to know: *the
//! brigade gets smoke, temperature and open of rooms in building X*. What is on no line
//! stays here. Each claim goes to each organisation once, by the first line that covers it,
//! and what another organisation told us is never told on.
//!
//! Plans and doors, and what tells about people, leave only where a line names them one by
//! one: "everything" means everything harmless.
//!
//! **Invariant (RELEASE-ONLY):** only what is [`Released`] can be sent, and a `Released` can
//! only be made here, by a rule that stands. Agreements will later take the place of the
//! rules and make the same thing.
//! **Invariant:** a claim is released at most once to an organisation, whatever rules come
//! and go ([`RuleRecord`]).
//! **Boundary:** knows an organisation by sixteen bytes, and nothing of keys or links.
//!
//! ```
//! use twin_model::{Attribute, EntityId};
//! use twin_policy::sharing::{Choice, Form, Recipient, Rule, RuleRecord};
//!
//! let rule = Rule {
//!     to: Recipient::Peer([7; 16]),
//!     kinds: Choice::All,
//!     attributes: Choice::Only(vec![Attribute::new("smoke").unwrap()]),
//!     area: Some(EntityId::new("urn:tower").unwrap()),
//!     backfill: true,
//!     form: Form::Claims,
//! };
//! assert_eq!(
//!     rule.sentence("brigade", Some("the tower")),
//!     "brigade gets smoke of everything in the tower: all that was ever said, and what \
//!      will be."
//! );
//! let record = RuleRecord::new(rule, 1, &[]).unwrap();
//! assert!(record.is_standing());
//! ```

mod record;
mod release;
mod rule;
mod sentence;
#[cfg(test)]
mod tests;

pub use record::{RULES_MAX, RuleRecord};
pub use release::{
    Released, Whereabouts, allows_summary, covers, release, release_earlier, release_held,
    release_summary,
};
pub use rule::{ATTRIBUTES_MAX, Choice, DIRECTORY_ATTRIBUTES, Error, Form, Recipient, Rule};
