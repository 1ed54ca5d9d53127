//! Who belongs: admitting, removing, and what statements of others change.

use super::load::statement_row;
use super::{Error, Exchange};
use crate::Env;
use crate::audience;
use crate::card::Card;
use crate::circle::Circle;
use crate::members::{Added, MemberView, Roster, Stance, Statement, Vouch};
use crate::notice::Notice;
use crate::rows::{Key, table};
use std::collections::BTreeSet;
use twin_link::{Class, OriginId, Payload};
use twin_policy::sharing::{Recipient, RuleRecord};

/// Bytes of statements in one bundle; each has some hundred, revocations more.
const STATEMENT_BYTES_MAX: usize = 48 * 1024;

impl Exchange {
    /// Our own card.
    pub fn card(&self) -> &Card {
        let authority = self.secrets.authority().verifying_key();
        self.roster.card(&authority).expect("founded with one")
    }

    /// Our origin.
    pub fn origin(&self) -> OriginId {
        self.oneself.origin
    }

    /// Everybody who belongs.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Everybody who belongs, with their cards.
    pub fn members(&self) -> impl Iterator<Item = MemberView<'_>> {
        self.roster.members()
    }

    /// Admits the organisation with this card: it is a peer from now on.
    pub fn admit_card(&mut self, card: &Card, env: &mut Env<'_>) -> Result<(), Error> {
        card.verify()?;
        let vouch = self.vouch(card, Stance::Admits, env);
        self.say(&[Statement::Card(card.clone().into()), vouch], env)
    }

    /// Removes a member that we admitted: it can read nothing that is written from now on.
    pub fn remove(&mut self, origin: OriginId, env: &mut Env<'_>) -> Result<(), Error> {
        let card = self
            .roster
            .member(origin)
            .ok_or(Error::Unknown)?
            .card
            .clone();
        let vouch = self.vouch(&card, Stance::Removes, env);
        let to = Recipient::Peer(origin.0);
        let standing = self
            .rules
            .iter()
            .filter(|r| r.is_standing() && r.rule().to == to);
        for id in standing.map(RuleRecord::id).collect::<Vec<_>>() {
            self.end_rule(id)?;
        }
        self.say(&[vouch], env)
    }

    fn vouch(&self, card: &Card, stance: Stance, env: &Env<'_>) -> Statement {
        let serial = self.roster.next_serial(env.now);
        let authority = self.secrets.authority();
        Statement::Vouch(Vouch::sign(
            &authority,
            card.authority,
            stance,
            serial,
            env.now,
        ))
    }

    /// Takes in statements of our own and tells everybody.
    pub(super) fn say(&mut self, statements: &[Statement], env: &mut Env<'_>) -> Result<(), Error> {
        for statement in statements {
            self.add(statement.clone())?;
        }
        self.publish(statements, env)?;
        self.renew_circle(env);
        Ok(())
    }

    /// Takes in the word of a member that turned us away because it has removed us. What is
    /// anything else is refused, so that nothing comes in by this door.
    pub fn hear_removal(&mut self, bytes: &[u8], env: &mut Env<'_>) -> Result<(), Error> {
        let statement = Statement::decode(bytes)?;
        let is_known = self.roster.card(statement.by()).is_some();
        if !is_known || !self.roster.removes_us(&statement) {
            return Err(Error::Unknown);
        }
        if self.add(statement)? {
            self.renew_circle(env);
        }
        Ok(())
    }

    /// What is said to those whom we removed when they call, by their authority key.
    pub fn partings(&self) -> impl Iterator<Item = ([u8; 32], Vec<u8>)> + '_ {
        let removals = self.roster.removals();
        removals.map(|vouch| (vouch.subject.to_bytes(), Statement::Vouch(*vouch).encode()))
    }

    /// Whether it is news.
    pub(super) fn add(&mut self, statement: Statement) -> Result<bool, Error> {
        let row = statement_row(&statement);
        let remover = Some(*statement.by()).filter(|_| self.roster.removes_us(&statement));
        let is_news = self.roster.add(statement)? == Added::News;
        if is_news {
            self.ledger.write(row);
            let card = remover.and_then(|by| self.roster.card(&by));
            if let Some(card) = card {
                let notice = Notice::RemovedBy(card.origin());
                self.ledger.notices.say(notice);
            }
        }
        for slot in self.roster.dropped() {
            self.ledger
                .write(Key::of(table::STATEMENT).bytes(&slot).delete());
        }
        Ok(is_news)
    }

    /// Says statements in the stream that everybody can read.
    pub(super) fn publish(
        &mut self,
        statements: &[Statement],
        env: &mut Env<'_>,
    ) -> Result<(), Error> {
        let mut payload = Payload::default();
        let mut bytes = 0;
        let mut payloads = Vec::new();
        for statement in statements {
            let section = statement.encode();
            bytes += section.len();
            if bytes > STATEMENT_BYTES_MAX {
                payloads.push(std::mem::take(&mut payload));
                bytes = section.len();
            }
            match statement {
                Statement::Revocation(revocation) => payload.revocations.push(revocation.clone()),
                _ => payload.unknown.push((Statement::SECTION, section)),
            }
        }
        payloads.push(payload);
        for mut payload in payloads {
            payload.written = env.now;
            let urgent = Class::LifeSafety;
            self.epochs
                .say_plainly(&payload, urgent, env, &mut self.ledger)?;
        }
        Ok(())
    }

    /// Who belongs may have changed: newcomers get their keys, who left gets none.
    pub(super) fn renew_circle(&mut self, env: &mut Env<'_>) {
        self.follow_new_keys();
        let circle = Circle::of(self.oneself.origin, &self.roster);
        let before = std::mem::replace(&mut self.circle, circle);
        let origins: BTreeSet<OriginId> = before
            .known
            .keys()
            .chain(self.circle.known.keys())
            .copied()
            .collect();
        for origin in origins {
            let private = audience::of_peer(self.oneself.origin, origin);
            for to in [audience::of_members(), private] {
                let key = |circle: &Circle| {
                    let known = circle.known.get(&origin);
                    let reads = circle.is_reader(origin, to);
                    known.filter(|_| reads).map(|known| known.recipient.clone())
                };
                let (was, is) = (key(&before), key(&self.circle));
                if was.is_some() && was != is {
                    self.epochs.end_epochs(to);
                }
                if was.is_some() && is.is_none() && to == private {
                    self.outbox.drop_reader(to, &mut self.ledger);
                    self.tellings.remove(&origin);
                }
                if let Some(recipient) = is.filter(|is| Some(is) != was.as_ref()) {
                    // Only a key that cannot be one is refused, and cards have none such.
                    let _ = self.epochs.welcome(to, &recipient, env, &mut self.ledger);
                }
            }
        }
        self.circle_is_new = true;
    }
}
