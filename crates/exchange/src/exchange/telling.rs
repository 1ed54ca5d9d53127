//! In what form each peer is told: room by room, or storey by storey while its link is
//! narrow.
//!
//! The driver asks once a second what is due ([`Exchange::pace`]), has the storeys summed up
//! for those who are told storeys ([`Exchange::sum_up`]), offers what is new through
//! [`Exchange::offer_or_hold`], and lets what waited follow ([`Exchange::catch_up`]).
//!
//! **Invariant:** what waits behind summaries is told exactly once, or is superseded. While a
//! way has a row of what is held, no claim of a room goes through its queue: before the row's
//! place it is told, from there on it is read from the log. The row moves in the same write
//! as the bundles that it speaks of.

use super::Exchange;
use super::outgoing::class_of;
use crate::coarsen::{self, Change, Coarsening, Estimates, Load, Storey, Summaries, Terms};
use crate::outbox::Way;
use crate::{Env, audience};
use std::collections::BTreeSet;
use std::fmt;
use twin_link::{Class, OriginId};
use twin_model::{Claim, SourceId, Time};
use twin_policy::sharing::{Form, Recipient, Released, Whereabouts, release_held};

/// The classes in which rooms wait: histories, and what of which the newest counts.
const CLASSES: [Class; 2] = [Class::Operational, Class::Telemetry];
/// About so many bytes of a link a held history takes, in bundles of fifty.
const HISTORY_BYTES: u64 = 16;

/// The node's own log, read from some claim on.
pub trait Past {
    /// Some of the claims from the one numbered `from` on, in their order, and the number of
    /// the first that was not read; `None` where the log cannot be read now. No claims means
    /// that there are none left.
    fn read(&mut self, from: u64) -> Option<(Vec<Claim>, u64)>;
}

/// What is to be said of storeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// A round of summaries is due.
    Tell,
    /// The rooms speak for themselves again.
    TakeBack,
}

/// What storeys there are and how they are, as the node believes.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The storeys.
    pub storeys: &'a [Storey],
    /// What the node itself believes of their rooms and doors.
    pub estimates: &'a dyn Estimates,
    /// In whose name storeys are summed up: the node's own.
    pub source: &'a SourceId,
    /// Where things are.
    pub whereabouts: &'a dyn Whereabouts,
}

impl fmt::Debug for Scene<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut scene = f.debug_struct("Scene");
        scene.field("storeys", &self.storeys.len());
        scene.field("source", self.source).finish_non_exhaustive()
    }
}

/// In what form one peer is told. Not kept on disk: after a restart rooms are told until the
/// link proves narrow again.
#[derive(Debug, Default)]
pub(super) struct Telling {
    coarsening: Coarsening,
    summaries: Summaries,
    /// Histories that wait; of those from before a restart nobody knows how many.
    histories: u64,
    /// How much of them may follow until the next second, in bytes.
    budget_bytes: u64,
    sweep: Option<Sweep>,
}

/// A look through what waited for what is newest.
#[derive(Debug)]
struct Sweep {
    from: u64,
    at: u64,
    newest: Vec<Released>,
}

impl Exchange {
    /// Whether a peer is told storeys now in place of rooms.
    pub fn is_coarse(&self, member: OriginId) -> bool {
        let telling = self.tellings.get(&member);
        telling.is_some_and(|telling| telling.coarsening.is_coarse())
    }

    /// Whether some rule allows that storeys are told, or something still waits: only then
    /// there is something to [`Self::pace`].
    pub fn may_sum_up(&self) -> bool {
        self.rules
            .iter()
            .any(|record| record.is_standing() && record.rule().form == Form::StoreysWhenNarrow)
            || !self.tellings.is_empty()
    }

    /// Looks, once a second, which links are too narrow for rooms. Returns to whom something
    /// of storeys is to be said now, through [`Self::sum_up`].
    pub fn pace(&mut self, env: &mut Env<'_>) -> Vec<(OriginId, Word)> {
        let ruled = self.summed_up();
        let members: BTreeSet<OriginId> = self.tellings.keys().chain(&ruled).copied().collect();
        let mut words = Vec::new();
        for member in members {
            let load = self.load(member, env.now);
            // Without a rule there is nothing that could be summed up.
            let load = load.filter(|_| ruled.contains(&member));
            let telling = self.tellings.entry(member).or_default();
            let step = telling.coarsening.step(load.as_ref(), env.now);
            telling.budget_bytes = step.catch_up_bytes;
            if telling.coarsening.is_coarse() {
                telling.sweep = None;
                self.hold_rooms(member, env);
            } else if !ruled.contains(&member) {
                self.tellings.remove(&member);
            }
            match step.change {
                Some(Change::Detail) => words.push((member, Word::TakeBack)),
                _ if step.is_round => words.push((member, Word::Tell)),
                _ => {}
            }
        }
        words
    }

    /// Says of the storeys what is due.
    pub fn sum_up(&mut self, member: OriginId, word: Word, scene: &Scene<'_>, env: &mut Env<'_>) {
        let Some(telling) = self.tellings.get_mut(&member) else {
            return;
        };
        let terms = Terms {
            to: Recipient::Peer(member.0),
            records: &self.rules,
            source: scene.source,
            whereabouts: scene.whereabouts,
        };
        let (summaries, storeys) = (&mut telling.summaries, scene.storeys);
        let released = match word {
            Word::Tell => summaries.round(storeys, scene.estimates, &terms, env.now),
            Word::TakeBack => summaries.withdraw(storeys, &terms, env.now),
        };
        let bytes = self.write_at_once(released, env);
        if let Some(telling) = self.tellings.get_mut(&member) {
            telling.coarsening.note_round(bytes);
        }
    }

    /// Takes in what was released of the claims up to `upto` as [`Self::offer`] does, less
    /// what waits behind summaries.
    pub fn offer_or_hold(
        &mut self,
        mut released: Vec<Released>,
        upto: u64,
        whereabouts: &dyn Whereabouts,
        env: &mut Env<'_>,
    ) {
        if self.outbox.held().next().is_some() {
            released.retain(|released| !self.is_held(released, whereabouts));
        }
        self.offer(released, upto, env);
    }

    /// Lets what waited follow: histories as the link takes them, and when rooms are told
    /// again all histories and the newest of all else. Looks through some of the log;
    /// returns whether there may be more to do at once.
    pub fn catch_up(
        &mut self,
        past: &mut dyn Past,
        whereabouts: &dyn Whereabouts,
        env: &mut Env<'_>,
    ) -> bool {
        let held: Vec<(Way, u64)> = self.outbox.held().collect();
        let mut has_more = false;
        for (way, from) in held {
            let Some(member) = self.member_of(way) else {
                self.outbox.forget_held(way, &mut self.ledger);
                continue;
            };
            let mut follow = Following {
                past: &mut *past,
                whereabouts,
                member,
                way,
            };
            has_more |= match way.1 {
                Class::Operational => self.follow_history(&mut follow, from, env),
                _ => !self.is_coarse(member) && self.sweep(&mut follow, from, env),
            };
        }
        has_more
    }

    /// The peers of which a rule allows that they are told storeys.
    fn summed_up(&self) -> BTreeSet<OriginId> {
        let rules = self.rules.iter().filter(|record| record.is_standing());
        let peers = rules.filter_map(|record| match (record.rule().form, record.rule().to) {
            (Form::StoreysWhenNarrow, Recipient::Peer(peer)) => Some(OriginId(peer)),
            _ => None,
        });
        peers.collect()
    }

    /// What the link to a member carries, if there is one.
    fn load(&mut self, member: OriginId, now: Time) -> Option<Load> {
        let peers = self.contacts.peers();
        let mut links = peers.into_iter();
        let peer = links.find(|peer| self.contacts.member(*peer) == Some(member))?;
        let traffic = self.hub.traffic(peer, now)?;
        let histories = self.tellings.get(&member).map_or(0, |t| t.histories);
        Some(Load {
            goodput_bytes_per_s: traffic.goodput_bytes_per_s,
            backlog_bytes: traffic.queued.map(|queued| queued.bytes),
            held_bytes: histories * HISTORY_BYTES,
        })
    }

    fn hold_rooms(&mut self, member: OriginId, env: &mut Env<'_>) {
        let to = audience::of_peer(self.oneself.origin, member);
        for class in CLASSES {
            let (epochs, circle, ledger) = (&mut self.epochs, &self.circle, &mut self.ledger);
            self.outbox.hold((to, class), epochs, circle, env, ledger);
        }
    }

    /// Whether a claim waits in the log, or has waited and is told.
    fn is_held(&mut self, released: &Released, whereabouts: &dyn Whereabouts) -> bool {
        let (Recipient::Peer(peer), Some(sequence)) = (released.to(), released.sequence()) else {
            return false;
        };
        let member = OriginId(peer);
        let to = audience::of_peer(self.oneself.origin, member);
        let from = self.outbox.held_from((to, class_of(released.urgency())));
        let Some(from) = from.filter(|_| coarsen::waits(released, whereabouts)) else {
            return false;
        };
        if sequence >= from && coarsen::is_history(released) {
            self.tellings.entry(member).or_default().histories += 1;
        }
        true
    }

    fn member_of(&self, (to, _): Way) -> Option<OriginId> {
        let us = self.oneself.origin;
        let mut known = self.circle.known.keys().copied();
        known.find(|&origin| audience::of_peer(us, origin) == to)
    }

    fn follow_history(&mut self, follow: &mut Following<'_>, from: u64, env: &mut Env<'_>) -> bool {
        let is_coarse = self.is_coarse(follow.member);
        let telling = self.tellings.entry(follow.member).or_default();
        let budget = if is_coarse {
            // What comes up meanwhile waits for the next second, so that many go together.
            std::mem::take(&mut telling.budget_bytes)
        } else {
            u64::MAX
        };
        let Some((released, next)) = self.look(follow, from, budget / HISTORY_BYTES) else {
            return false;
        };
        let telling = self.tellings.entry(follow.member).or_default();
        telling.histories = telling.histories.saturating_sub(released.len() as u64);
        let is_done = next > self.outbox.upto();
        let left = budget.saturating_sub(released.len() as u64 * HISTORY_BYTES);
        let has_more = !is_done && left >= HISTORY_BYTES;
        if is_coarse && has_more {
            telling.budget_bytes = left;
        }
        self.write_at_once(released, env);
        if next > from {
            self.outbox.move_held(follow.way, next, &mut self.ledger);
        }
        if is_done && !is_coarse {
            self.let_go(follow.way, next, env);
        }
        has_more
    }

    /// Looks for what is newest of what waited, and tells it once all was looked through.
    fn sweep(&mut self, follow: &mut Following<'_>, from: u64, env: &mut Env<'_>) -> bool {
        let telling = self.tellings.entry(follow.member).or_default();
        let begun = telling.sweep.take().filter(|sweep| sweep.from == from);
        let begin = Sweep {
            from,
            at: from,
            newest: Vec::new(),
        };
        let mut sweep = begun.unwrap_or(begin);
        let Some((released, next)) = self.look(follow, sweep.at, u64::MAX) else {
            return false;
        };
        sweep.newest = coarsen::newest(sweep.newest.into_iter().chain(released));
        sweep.at = next;
        if next > self.outbox.upto() {
            self.write_at_once(sweep.newest, env);
            self.let_go(follow.way, next, env);
            return false;
        }
        let telling = self.tellings.entry(follow.member).or_default();
        telling.sweep = Some(sweep);
        true
    }

    /// What waited of a way from the claim `from` on, at most `most`, and the first claim
    /// that was not looked at.
    fn look(
        &self,
        follow: &mut Following<'_>,
        from: u64,
        most: u64,
    ) -> Option<(Vec<Released>, u64)> {
        let upto = self.outbox.upto();
        if from > upto || most == 0 {
            return Some((Vec::new(), from));
        }
        let (claims, next) = follow.past.read(from)?;
        let mut released = Vec::new();
        if claims.is_empty() {
            return Some((released, upto + 1));
        }
        for claim in claims {
            let sequence = claim.id.sequence;
            if sequence > upto || released.len() as u64 >= most {
                return Some((released, sequence.min(upto + 1)));
            }
            released.extend(follow.waited(&self.rules, &claim));
        }
        Some((released, next.min(upto + 1)))
    }

    fn let_go(&mut self, way: Way, next: u64, env: &mut Env<'_>) {
        let (epochs, circle, ledger) = (&mut self.epochs, &self.circle, &mut self.ledger);
        self.outbox
            .let_go(way, next - 1, epochs, circle, env, ledger);
    }
}

/// Whose wait is looked through, and how.
struct Following<'a> {
    past: &'a mut dyn Past,
    whereabouts: &'a dyn Whereabouts,
    member: OriginId,
    way: Way,
}

impl Following<'_> {
    fn waited(
        &self,
        rules: &[twin_policy::sharing::RuleRecord],
        claim: &Claim,
    ) -> Option<Released> {
        let to = Recipient::Peer(self.member.0);
        release_held(rules, to, claim, self.whereabouts).filter(|released| {
            class_of(released.urgency()) == self.way.1 && coarsen::waits(released, self.whereabouts)
        })
    }
}
