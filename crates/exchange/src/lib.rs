//! An organisation's end of the link.
//!
//! Who we are, whom we know, what we have agreed to share with whom, what has gone out and
//! what has come in. When the tower's network burns through, this is what knows that the
//! brigade has heard everything up to a quarter past, and what is still owed to it.
//!
//! It is a state machine: bytes, time and randomness come in as arguments, and changes to
//! be made durable, frames to be sent and claims to be recorded come out.
//!
//! Two organisations admit each other; the tower shares smoke with the brigade. What a driver
//! does after each call is in `settle`: changes first, then what depends on them.
//!
//! ```
//! use std::collections::BTreeMap;
//! use twin_exchange::{Change, Delivery, Env, Exchange, Particulars, Rows, Secrets};
//! use twin_link::{Link, Peer, schedule::Contract};
//! use twin_model::*;
//! use twin_policy::sharing::*;
//!
//! #[derive(Default)]
//! struct Depot(BTreeMap<Vec<u8>, Vec<u8>>);
//! impl Rows for Depot {
//!     fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
//!         self.0.get(key).cloned()
//!     }
//!     fn scan(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], &[u8])) {
//!         self.0.iter().filter(|(k, _)| k.starts_with(prefix)).for_each(|(k, v)| each(k, v));
//!     }
//! }
//!
//! fn settle(node: &mut Exchange, depot: &mut Depot, env: &mut Env) -> Vec<Delivery> {
//!     let mut recorded = Vec::new();
//!     loop {
//!         let changes = node.changes();
//!         let is_quiet = changes.is_empty();
//!         for change in changes {
//!             match change {
//!                 Change::Put { key, value } => drop(depot.0.insert(key, value)),
//!                 Change::Delete { key } => drop(depot.0.remove(&key)),
//!             }
//!         }
//!         // Here a real depot has synced the group.
//!         node.synced(depot, env);
//!         let deliveries = node.deliveries();
//!         if is_quiet && deliveries.is_empty() {
//!             return recorded;
//!         }
//!         for delivery in deliveries {
//!             // Here a real node has written the claims to its commit log.
//!             node.delivered(delivery.stream, delivery.seq);
//!             recorded.push(delivery);
//!         }
//!     }
//! }
//!
//! struct Anywhere;
//! impl Whereabouts for Anywhere {
//!     fn kind(&self, _: &EntityId) -> Option<EntityKind> {
//!         Some(EntityKind::Space)
//!     }
//!     fn is_within(&self, _: &EntityId, _: &EntityId) -> bool {
//!         true
//!     }
//! }
//!
//! // A real driver draws from the system.
//! let mut drawn = 0_u8;
//! let mut random = |out: &mut [u8]| {
//!     drawn += 1;
//!     out.fill(drawn);
//! };
//! let now = Time::parse("2026-11-22T12:00:00Z").unwrap();
//! let mut env = Env { now, random: &mut random };
//! let mut found = |name: &str, env: &mut Env| {
//!     let secrets = Secrets::draw(env.random);
//!     let particulars = Particulars {
//!         name: name.into(),
//!         title: format!("The {name}"),
//!         certificate: vec![0x30], // made with secrets.authority_seed()
//!         addresses: vec![],
//!     };
//!     Exchange::found(secrets, particulars, [7; 32], env).unwrap()
//! };
//! let (mut tower, mut brigade) = (found("tower", &mut env), found("brigade", &mut env));
//! let (mut depot, mut other) = (Depot::default(), Depot::default());
//!
//! tower.admit_card(&brigade.card().clone(), &mut env).unwrap();
//! brigade.admit_card(&tower.card().clone(), &mut env).unwrap();
//! let rule = Rule {
//!     to: Recipient::Peer(brigade.origin().0),
//!     kinds: Choice::All,
//!     attributes: Choice::Only(vec![Attribute::new("smoke").unwrap()]),
//!     area: None,
//!     backfill: false,
//!     form: Form::Claims,
//! };
//! tower.add_rule(rule).unwrap();
//!
//! let claim = Claim {
//!     id: ClaimId { incarnation: 1, sequence: 1 },
//!     source: SourceId::new("urn:tower:detector:7").unwrap(),
//!     statement: Statement {
//!         entity: EntityId::new("urn:tower:room:312").unwrap(),
//!         attribute: Attribute::new("smoke").unwrap(),
//!         act: Act::Assert(Value::Number(0.8).into()),
//!         valid: Interval::ALWAYS,
//!         observed: now,
//!         procedure: None,
//!     },
//!     recorded: now,
//!     batch: BatchId(1),
//! };
//! let released = release(tower.rules(), &claim, &Anywhere);
//! tower.offer(released, claim.id.sequence, &mut env);
//! settle(&mut tower, &mut depot, &mut env);
//! settle(&mut brigade, &mut other, &mut env);
//!
//! // A carrier connects them, and takes frames wherever there is room.
//! let link = Link { frame_bytes: 1200, bytes_per_s: None, contract: Contract::default() };
//! let (to_brigade, to_tower) = (Peer(1), Peer(2));
//! tower.connect(to_brigade, brigade.origin(), link, &mut env);
//! brigade.connect(to_tower, tower.origin(), link, &mut env);
//! let mut heard = Vec::new();
//! for _ in 0..20 {
//!     tower.room(to_brigade, &depot, &mut env);
//!     for (_, frame) in tower.frames() {
//!         brigade.take(to_tower, &frame, &other, &mut env);
//!     }
//!     heard.extend(settle(&mut brigade, &mut other, &mut env));
//!     brigade.room(to_tower, &other, &mut env);
//!     for (_, frame) in brigade.frames() {
//!         tower.take(to_brigade, &frame, &depot, &mut env);
//!     }
//!     settle(&mut tower, &mut depot, &mut env);
//! }
//! assert_eq!(heard[0].origin_name, "tower");
//! assert_eq!(heard[0].claims[0].statement, claim.statement);
//! ```
//!
//! **Invariant (PURE-CORE):** no IO, no clock, no randomness, no threads.

pub mod audience;
pub mod card;
pub mod carry;
mod circle;
pub mod coarsen;
mod contact;
mod delivery;
pub mod directory;
mod env;
mod epochs;
mod exchange;
mod inbox;
pub mod invitation;
mod ledger;
pub mod members;
mod notice;
mod outbox;
mod rows;
mod rules;

pub use card::{Card, Fingerprint, Particulars, Secrets};
pub use contact::Contact;
pub use delivery::{Delivery, Received};
pub use env::Env;
pub use exchange::{
    Brought, Disclosure, Error, Exchange, Openings, Past, Scene, Word, about_bytes,
};
pub use invitation::{Code, Invitation, Joining};
pub use members::{MemberView, Roster, Statement, Vouch};
pub use notice::{Doubt, Notice};
pub use rows::{Change, Rows};
