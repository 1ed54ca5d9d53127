//! Claims in, estimates out.
//!
//! A thermometer said 21.4 °C ten minutes ago; another says 23 °C now; a third was
//! unplugged last week. This crate weighs what was said, by whom and how long ago,
//! and answers with a value, how far it may be off, how old it is, and which claims
//! it rests on. It never shows the last value as if it were the truth, and what
//! nobody has looked at for a while drifts back to "usual for such a room", with all
//! the doubt that goes with it, and never to zero.
//!
//! One [`State`] belongs to one attribute of one twin. The catalogue entry
//! ([`AttributeSpec`]) says which of five estimators reads the evidence:
//! a number that drifts (`scalar`), a yes or no that flips (`boolean`), one of a few states
//! that change (`category`), people who come and go (`count`), and facts that do not change
//! by themselves (`fact`).
//! What no source tells of is inferred from the spaces around it by the [`field`].
//! Whether all this holds what it promises is counted by the [`calibration`].
//!
//! Sources are not taken at their word for ever: what settles gives [`Lesson`]s, a
//! [`TrustBook`] adds those of yes-or-noes up, and [`reliabilities`] weighs the sources of
//! facts against each other. Both come back in the [`Setting`] of the next estimate.
//!
//! **Invariant (PURE-CORE):** no IO, no clock, no randomness, no threads.
//! **Invariant (DETERMINISTIC):** the same evidence in the same order gives the same
//! bits on every machine: elementary functions come from the portable `libm` rather than
//! from the platform, and nothing iterates over a hash map. Within the recent window
//! the order of arrival does not matter at all.
//! **Invariant (BOUNDED):** every state has a largest size ([`SOURCES_MAX`] sources).
//!
//! ```
//! use twin_fusion::{Evidence, Setting, State, Witness, canonical};
//! use twin_model::{Act, Basis, Catalogue, ClaimId, Interval, SourceId, Stated, Summary, Time, Unit, Value};
//!
//! let spec = Catalogue::BUILT_IN.get("temperature").unwrap();
//! let stated = Act::Assert(Stated {
//!     value: Value::Number(294.55),
//!     unit: Some(Unit::new("K").unwrap()),
//!     uncertainty: None,
//! });
//! let act = canonical(spec, &stated).unwrap();
//! let mut state = State::new(spec);
//! state.update(spec, &Evidence {
//!     claim: ClaimId { incarnation: 1, sequence: 1 },
//!     source: 0,
//!     act: &act,
//!     valid: Interval::ALWAYS,
//!     observed: Time::from_seconds(0),
//!     recorded: Time::from_seconds(1),
//!     basis: Basis::Observed,
//!     witness: Witness::Itself,
//! }, &mut Vec::new());
//! let thermometer = |_| SourceId::new("urn:twin:source:t12").unwrap();
//! let now = state.estimate(spec, Time::from_seconds(60), &Setting::plain(&thermometer));
//! assert_eq!(now.summary(), Summary::Observed);
//! let (mean, sd) = now.distribution.unwrap().moments().unwrap();
//! assert!((mean - 21.4).abs() < 0.05 && sd < 0.6);
//! assert_eq!(state.summary(spec, Time::from_seconds(3600), &Setting::plain(&thermometer)), Summary::Stale);
//! ```

mod answer;
mod boolean;
pub mod calibration;
mod canonical;
mod category;
mod codec;
mod count;
mod evidence;
mod fact;
pub mod field;
mod half;
mod health;
mod lesson;
mod math;
mod reading;
mod received;
mod records;
mod scalar;
mod spans;
mod state;
mod trust;
mod weighing;
mod window;
mod words;

pub use canonical::{Error, NUMBER_MAX, canonical};
pub use codec::Error as DecodeError;
pub use evidence::{Evidence, Setting, Witness};
pub use fact::reliabilities;
pub use lesson::{Lesson, LessonKind, Trust};
pub use reading::SOURCES_MAX;
pub use received::{RECEIVED_MAX, Received, TAGS_MAX, Tag, Tags};
pub use state::{NewestStatement, Outcome, State, fold};
pub use trust::{Error as TrustError, TRUSTED_MAX, TrustBook};
