//! What goes out: claims that were released, the rules by which, and erasure.

use super::backfill::Written;
use super::{Error, Exchange};
use crate::Env;
use crate::audience;
use crate::notice::Notice;
use crate::outbox::{Entry, Way, size};
use crate::rules;
use std::collections::BTreeMap;
use twin_link::{Audience, Class, OriginId};
use twin_model::catalogue::Sensitivity;
use twin_model::{EntityId, Urgency};
use twin_policy::sharing::{Recipient, Released, Rule, RuleRecord};

impl Exchange {
    /// Claims up to this one were offered; go on with the next. It may go back when a new
    /// incarnation begins: what was offered twice goes out once.
    pub fn offered(&self) -> u64 {
        self.outbox.upto()
    }

    /// Takes in what was released of the claims up to `upto`, in their order. Life safety is
    /// written at once.
    pub fn offer(&mut self, released: Vec<Released>, upto: u64, env: &mut Env<'_>) {
        let ways = self.ways(&released);
        for released in released {
            if let Some(&to) = ways.get(&released.to()) {
                let way = (to, class_of(released.urgency()));
                self.outbox.put(way, entry(&released), env.now);
            }
        }
        self.outbox.note_offered(upto);
        self.flush(env);
    }

    /// The rules of sharing, those ended included.
    pub fn rules(&self) -> &[RuleRecord] {
        &self.rules
    }

    /// A rule stands from the next claim on. Its backfill, if it has one, is the driver's:
    /// [`RuleRecord::left_to_backfill`], [`Self::room_to_backfill`], [`Self::offer_earlier`].
    pub fn add_rule(&mut self, rule: Rule) -> Result<u64, Error> {
        let record = RuleRecord::new(rule, self.offered() + 1, &self.rules)?;
        let id = record.id();
        self.ledger.write(rules::row(&record));
        self.rules.push(record);
        Ok(id)
    }

    /// A rule stands no longer, from the next claim on.
    pub fn end_rule(&mut self, id: u64) -> Result<(), Error> {
        let next = self.offered() + 1;
        let record = self.rules.iter_mut().find(|record| record.id() == id);
        let record = record.ok_or(Error::Unknown)?;
        record.end(next);
        self.backfills.remove(&id);
        self.ledger.write(rules::row(record));
        Ok(())
    }

    /// Bundles what was released at once, past what is still to be offered. Returns about how
    /// many bytes it is.
    pub(super) fn write_at_once(&mut self, released: Vec<Released>, env: &mut Env<'_>) -> u64 {
        let class = |released: &Released| class_of(released.urgency());
        self.write_by_way(released, env, class).into_values().sum()
    }

    /// The same, each in the class that `class` says; returns where about how many bytes went.
    pub(super) fn write_by_way(
        &mut self,
        released: Vec<Released>,
        env: &mut Env<'_>,
        class: impl Fn(&Released) -> Class,
    ) -> Written {
        let mut by_way: BTreeMap<Way, Vec<Entry>> = BTreeMap::new();
        let ways = self.ways(&released);
        for released in released {
            if let Some(&to) = ways.get(&released.to()) {
                let way = (to, class(&released));
                by_way.entry(way).or_default().push(entry(&released));
            }
        }
        let bytes = |entries: &[Entry]| entries.iter().map(|entry| size(entry) as u64).sum();
        let written = by_way.iter().map(|(&way, entries)| (way, bytes(entries)));
        let written = written.collect();
        for (way, entries) in by_way {
            let (epochs, circle, ledger) = (&mut self.epochs, &self.circle, &mut self.ledger);
            self.outbox
                .write_earlier(way, &entries, epochs, circle, env, ledger);
        }
        written
    }

    /// Erases an entity with everybody who was told of it under its own key: the key is
    /// destroyed here, and whoever was given it is told to do the same.
    pub fn erase(&mut self, entity: &EntityId, env: &mut Env<'_>) -> Result<(), Error> {
        self.write_all(env);
        let (epochs, circle) = (&mut self.epochs, &self.circle);
        epochs.erase(entity, circle, env, &mut self.ledger)?;
        Ok(())
    }

    /// For whom a recipient's claims are; nobody if it is no member any more.
    fn audience(&mut self, to: Recipient) -> Option<Audience> {
        let Recipient::Peer(peer) = to else {
            return Some(audience::of_members());
        };
        let peer = self.roster.present(OriginId(peer));
        let to = audience::of_peer(self.oneself.origin, peer);
        if !self.circle.is_reader(peer, to) {
            self.ledger.notices.say(Notice::NoReader(peer));
            return None;
        }
        Some(to)
    }

    /// Each recipient's audience is worked out once.
    fn ways(&mut self, released: &[Released]) -> BTreeMap<Recipient, Audience> {
        let mut ways = BTreeMap::new();
        let mut last = None;
        for to in released.iter().map(Released::to) {
            if last != Some(to) && !ways.contains_key(&to) {
                ways.extend(self.audience(to).map(|audience| (to, audience)));
            }
            last = Some(to);
        }
        ways
    }

    pub(super) fn flush(&mut self, env: &mut Env<'_>) {
        let (epochs, circle, ledger) = (&mut self.epochs, &self.circle, &mut self.ledger);
        self.outbox.flush(false, epochs, circle, env, ledger);
    }

    /// The node's log ends with this claim: after a backup was restored it may end before what
    /// was offered. New claims take the numbers again, and are offered.
    pub fn rewind(&mut self, last: u64) {
        self.outbox.rewind(last);
    }

    /// Writes what waits for company, too: before a backup, so that a node that is made from it
    /// tells nothing once more, and before a vehicle takes what nobody needs.
    pub fn write_all(&mut self, env: &mut Env<'_>) {
        self.certify_all(env.now);
        let (epochs, circle, ledger) = (&mut self.epochs, &self.circle, &mut self.ledger);
        self.outbox.flush(true, epochs, circle, env, ledger);
    }
}

/// About how many bytes of a link something takes that is released.
pub fn about_bytes(released: &Released) -> u64 {
    size(&entry(released)) as u64
}

pub(super) fn class_of(urgency: Urgency) -> Class {
    match urgency {
        Urgency::LifeSafety => Class::LifeSafety,
        Urgency::Operational => Class::Operational,
        Urgency::Telemetry => Class::Telemetry,
        Urgency::Bulk => Class::Bulk,
    }
}

fn entry(released: &Released) -> Entry {
    Entry {
        sequence: released.sequence(),
        rule: released.rule(),
        is_personal: released.sensitivity() == Sensitivity::Personal,
        source: released.source().clone(),
        statement: released.statement().clone(),
    }
}
