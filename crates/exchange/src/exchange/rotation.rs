//! New keys for the node, by rota or because the old ones were stolen.
//!
//! The organisation stays who it is; its node becomes another one. What the node wrote under
//! the old keys stays good up to the positions that the organisation names, and nothing
//! after them, whoever wrote it. Others go on to tell the new node what they told the old
//! one, and nothing is told twice: rules and what they have told hold per organisation.

use super::{Error, Exchange};
use crate::Env;
use crate::audience;
use crate::card::Secrets;
use crate::circle::Oneself;
use crate::epochs;
use crate::members;
use crate::notice::{Doubt, Notice};
use crate::rows::{Change, Fields, Key, Rows, Value, table};
use crate::rules;
use std::collections::BTreeMap;
use twin_link::{Incarnation, OriginId, StreamId};
use twin_policy::sharing::Recipient;

/// Earlier keys that are kept, as many as others know cards of: what was granted to older
/// ones is no longer read.
const RETIRED_MAX: usize = members::CARDS_MAX - 1;

/// Reads the keys that the node had before, the oldest first.
pub(super) fn load(rows: &dyn Rows) -> Result<Vec<Secrets>, Error> {
    let (mut retired, mut is_damaged) = (Vec::new(), false);
    rows.scan(&[table::IDENTITY], &mut |key, value| {
        if Fields::of_key(key).big().is_none() {
            return;
        }
        let fields = Fields::of_value(value);
        match fields.and_then(|fields| Secrets::decode(fields.rest())) {
            Some(secrets) => retired.push(secrets),
            None => is_damaged = true,
        }
    });
    if is_damaged {
        return Err(Error::Damaged(table::IDENTITY));
    }
    Ok(retired)
}

fn row(key: Key, secrets: &Secrets) -> Change {
    key.put(Value::new().bytes(&secrets.encode()))
}

impl Exchange {
    /// The last bundle of each stream that the node has written under its present key.
    pub fn positions(&self) -> BTreeMap<StreamId, u64> {
        self.epochs.heads()
    }

    /// Gives the node new keys, by rota.
    pub fn rotate(&mut self, rows: &dyn Rows, env: &mut Env<'_>) -> Result<(), Error> {
        self.write_all(env);
        let believed = self.positions();
        self.renew_keys(believed, rows, env)
    }

    /// Somebody else has the node's key: it gets new ones, and nobody believes what was written
    /// under the old one after the bundles of `believed`; of streams not named, nothing. What
    /// we wrote after them since the start goes out again.
    pub fn revoke_self(
        &mut self,
        mut believed: BTreeMap<StreamId, u64>,
        rows: &dyn Rows,
        env: &mut Env<'_>,
    ) -> Result<(), Error> {
        self.write_all(env);
        for (stream, head) in self.positions() {
            let last = believed.entry(stream).or_insert(0);
            *last = head.min(*last);
            if *last < head && !self.is_control(stream) {
                self.offer_again(stream);
            }
        }
        self.renew_keys(believed, rows, env)
    }

    fn is_control(&self, stream: StreamId) -> bool {
        let own = self.epochs.own(stream);
        own.is_some_and(epochs::Own::is_control)
    }

    fn renew_keys(
        &mut self,
        believed: BTreeMap<StreamId, u64>,
        rows: &dyn Rows,
        env: &mut Env<'_>,
    ) -> Result<(), Error> {
        let (old_card, old) = (self.card().clone(), self.oneself.origin);
        let serial = self.roster.next_serial(env.now);
        let mut secrets = self.secrets.clone();
        let said = members::rotate(
            &mut secrets,
            &old_card,
            believed,
            serial,
            env.now,
            env.random,
        )?;
        for statement in said {
            self.add(statement)?;
        }
        let retired = self.retire(rows)?;
        self.ledger.write(row(Key::of(table::IDENTITY), &secrets));
        self.oneself = Oneself::of(&secrets, &retired);
        self.secrets = secrets;
        for peer in self.circle.known.keys() {
            let [from, to] = [old, self.oneself.origin].map(|us| audience::of_peer(us, *peer));
            self.outbox.follow(from, to, &mut self.ledger);
        }
        self.inbox.renew(&self.oneself);
        let incarnation = Incarnation(env.draw());
        self.epochs.rotate(self.oneself.clone(), incarnation);
        self.begin_life(incarnation, Doubt::NewKeys, env)?;
        self.renew_circle(env);
        Ok(())
    }

    /// Keeps the present keys among the earlier ones, in their order.
    fn retire(&mut self, rows: &dyn Rows) -> Result<Vec<Secrets>, Error> {
        let mut numbers = Vec::new();
        rows.scan(&[table::IDENTITY], &mut |key, _| {
            numbers.extend(Fields::of_key(key).big());
        });
        let mut retired = load(rows)?;
        let next = numbers.last().map_or(1, |last| last + 1);
        let key = Key::of(table::IDENTITY).number(next);
        self.ledger.write(row(key, &self.secrets));
        retired.push(self.secrets.clone());
        let spilt = retired.len().saturating_sub(RETIRED_MAX);
        for number in numbers.into_iter().take(spilt) {
            self.ledger
                .write(Key::of(table::IDENTITY).number(number).delete());
        }
        Ok(retired.split_off(spilt))
    }

    pub(super) fn begin_life(
        &mut self,
        incarnation: Incarnation,
        doubt: Doubt,
        env: &mut Env<'_>,
    ) -> Result<(), Error> {
        self.ledger.renew_life(incarnation, self.place);
        self.ledger.notices.say(Notice::NewLife(doubt));
        let statements: Vec<_> = self.roster.own_statements().collect();
        self.publish(&statements, env)
    }

    /// Where a member's node has new keys, what was for the old one is for the new one.
    pub(super) fn follow_new_keys(&mut self) {
        let us = self.oneself.origin;
        let known: Vec<OriginId> = self.circle.known.keys().copied().collect();
        for old in known {
            let new = self.roster.present(old);
            if new == old {
                continue;
            }
            for record in &mut self.rules {
                if record.rule().to == Recipient::Peer(old.0) {
                    record.readdress(Recipient::Peer(new.0));
                    self.ledger.write(rules::row(record));
                }
            }
            let [from, to] = [old, new].map(|peer| audience::of_peer(us, peer));
            self.outbox.follow(from, to, &mut self.ledger);
            self.contacts.follow(old, new, &mut self.ledger);
            if let Some(telling) = self.tellings.remove(&old) {
                self.tellings.insert(new, telling);
            }
        }
    }
}
