//! What a new rule tells of earlier times, as the links take it.
//!
//! A rule that is made while the brigade drives up would otherwise put a month of readings
//! before the next ones. So a portion is offered, and the next once all who are connected
//! have said that they hold it: about as much as a link carries in half a second to two
//! seconds, whatever its rate. Who is not connected is not waited for, because a vehicle or
//! another member may carry to it.

use super::outgoing::class_of;
use super::{Error, Exchange};
use crate::outbox::Way;
use crate::{Env, audience};
use std::collections::BTreeMap;
use twin_link::{Class, OriginId, Peer, StreamId};
use twin_model::Time;
use twin_policy::sharing::{Recipient, Released};

/// The first portion, and the smallest, in bytes as they are estimated: fifty readings, which
/// a radio of 9.6 kbit/s carries in less than half a second.
const PORTION_MIN: u64 = 2048;
/// The largest, in bytes.
const PORTION_MAX: u64 = 1 << 20;
/// A portion that arrives sooner may be twice as large the next time, and one that takes
/// longer half, in seconds.
const ARRIVES_S: (f64, f64) = (0.5, 2.0);
/// Longer than this nobody is waited for, in seconds: not even one who wants nothing of it.
const PATIENCE_S: f64 = 60.0;
/// An alarm that is older than this is history, in seconds: it is told as something
/// operational, so that no new alarm has to wait behind it.
const ALARM_S: f64 = 3600.0;

/// How far the telling of one rule's past has come on the links.
#[derive(Debug)]
pub(super) struct Backfill {
    portion_bytes: u64,
    /// Since when a portion is under way, and its last bundles.
    under_way: Option<(Time, Vec<(StreamId, u64)>)>,
}

impl Default for Backfill {
    fn default() -> Self {
        Self {
            portion_bytes: PORTION_MIN,
            under_way: None,
        }
    }
}

impl Backfill {
    /// All of a portion is there, or nobody waits for it any more.
    fn end(&mut self, since: Time, now: Time) {
        let lasted_s = now.seconds_since(since);
        let portion = &mut self.portion_bytes;
        if lasted_s < ARRIVES_S.0 {
            *portion = (*portion * 2).min(PORTION_MAX);
        } else if lasted_s > ARRIVES_S.1 {
            *portion = (*portion / 2).max(PORTION_MIN);
        }
        self.under_way = None;
    }
}

impl Exchange {
    /// About how many bytes of earlier claims may be offered for a rule now
    /// ([`super::about_bytes`]); 0 while a portion is under way.
    pub fn room_to_backfill(&mut self, rule: u64, env: &Env<'_>) -> u64 {
        let Some(to) = self.recipient_of(rule) else {
            return PORTION_MAX;
        };
        let listening = self.listening(to);
        let (hub, now) = (&self.hub, env.now);
        let backfill = self.backfills.entry(rule).or_default();
        if listening.is_empty() {
            backfill.under_way = None;
            return PORTION_MAX;
        }
        if let Some((since, places)) = &backfill.under_way {
            let is_there = |&(stream, seq): &(StreamId, u64)| {
                let held = hub.replica().stream(stream).and_then(|of| of.held(seq));
                let has =
                    |&peer: &Peer| hub.known_of(peer, stream).is_some_and(|h| h.contains(seq));
                // What was superseded meanwhile does not go out any more.
                held.is_none() || listening.iter().all(has)
            };
            let since = *since;
            let is_hopeless = !(0.0..PATIENCE_S).contains(&now.seconds_since(since));
            if !is_hopeless && !places.iter().all(is_there) {
                return 0;
            }
            backfill.end(since, now);
        }
        backfill.portion_bytes
    }

    /// Takes in what the backfill of a rule released of the claims below `to`, from where it
    /// stood: [`twin_policy::sharing::RuleRecord::backfilled`]. All of it is written at once.
    pub fn offer_earlier(
        &mut self,
        rule: u64,
        released: Vec<Released>,
        to: u64,
        env: &mut Env<'_>,
    ) -> Result<(), Error> {
        let at = self.rules.iter().position(|record| record.id() == rule);
        let at = at.ok_or(Error::Unknown)?;
        let recent = env.now.plus_seconds(-ALARM_S);
        let ways = self.write_by_way(released, env, |released| {
            match class_of(released.urgency()) {
                Class::LifeSafety if released.statement().observed < recent => Class::Operational,
                class => class,
            }
        });
        let places = ways.keys().filter_map(|&way| self.epochs.place(way));
        let places: Vec<(StreamId, u64)> = places.collect();
        if !places.is_empty() {
            let backfill = self.backfills.entry(rule).or_default();
            backfill.under_way = Some((env.now, places));
        }
        self.rules[at].note_backfilled(to);
        self.ledger.write(crate::rules::row(&self.rules[at]));
        if self.rules[at].left_to_backfill().is_none() {
            self.backfills.remove(&rule);
        }
        Ok(())
    }

    fn recipient_of(&self, rule: u64) -> Option<Recipient> {
        let mut rules = self.rules.iter();
        let record = rules.find(|record| record.id() == rule)?;
        Some(record.rule().to)
    }

    /// Those who are told and connected.
    fn listening(&self, to: Recipient) -> Vec<Peer> {
        let told: Option<OriginId> = match to {
            Recipient::Peer(peer) => Some(self.roster.present(OriginId(peer))),
            Recipient::Members => None,
        };
        let is_told = |peer: &Peer| {
            let member = self.contacts.member(*peer);
            member.is_some_and(|member| {
                told.is_none_or(|told| told == member)
                    && self.circle.is_reader(member, audience::of_members())
            })
        };
        self.contacts.peers().into_iter().filter(is_told).collect()
    }
}

/// How many bytes went each way.
pub(super) type Written = BTreeMap<Way, u64>;
