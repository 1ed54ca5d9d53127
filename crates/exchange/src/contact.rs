//! With whom we are in touch, since when, and what both sides are sure to hold.

use crate::card::Card;
use crate::ledger::Ledger;
use crate::rows::{Fields, Key, Rows, Value, table};
use std::collections::BTreeMap;
use twin_link::{OriginId, Peer};
use twin_model::Time;
use twin_model::time::MICROS;

/// When a member was heard is written down this coarsely.
const HEARD_S: i64 = 60;

/// How things stand with a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The member's node.
    pub origin: OriginId,
    /// Its organisation.
    pub name: String,
    /// Since when there is a connection; nothing if there is none.
    pub connected_since: Option<Time>,
    /// When it was last heard.
    pub last_heard: Option<Time>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Heard {
    last: Option<Time>,
    written: Option<Time>,
}

/// What is known of all members.
#[derive(Debug, Default)]
pub(crate) struct Contacts {
    connected: BTreeMap<Peer, (OriginId, Time)>,
    heard: BTreeMap<OriginId, Heard>,
}

impl Contacts {
    pub(crate) fn load(rows: &dyn Rows) -> Result<Self, u8> {
        let mut contacts = Self::default();
        let mut is_damaged = false;
        rows.scan(&[table::HEARD], &mut |key, value| {
            let origin = Fields::of_key(key).array().map(OriginId);
            let last = Fields::of_value(value).and_then(|mut fields| fields.number());
            let last = last.map(|last| Time(last.cast_signed()));
            match origin.zip(last) {
                Some((origin, last)) => {
                    let heard = Heard {
                        last: Some(last),
                        written: Some(last),
                    };
                    contacts.heard.insert(origin, heard);
                }
                None => is_damaged = true,
            }
        });
        if is_damaged {
            Err(table::HEARD)
        } else {
            Ok(contacts)
        }
    }

    pub(crate) fn connected(&mut self, peer: Peer, member: OriginId, now: Time) {
        self.connected.insert(peer, (member, now));
    }

    pub(crate) fn disconnected(&mut self, peer: Peer, _: Time) {
        self.connected.remove(&peer);
    }

    pub(crate) fn heard(&mut self, peer: Peer, now: Time) {
        if let Some((member, _)) = self.connected.get(&peer) {
            self.heard.entry(*member).or_default().last = Some(now);
        }
    }

    pub(crate) fn peers(&self) -> Vec<Peer> {
        self.connected.keys().copied().collect()
    }

    pub(crate) fn member(&self, peer: Peer) -> Option<OriginId> {
        self.connected.get(&peer).map(|&(member, _)| member)
    }

    /// Keeps on disk who was last heard when.
    pub(crate) fn write(&mut self, ledger: &mut Ledger) {
        for (origin, heard) in &mut self.heard {
            let Some(last) = heard.last else {
                continue;
            };
            let is_old = |written: Time| last.0.abs_diff(written.0) >= (HEARD_S * MICROS) as u64;
            if heard.written.is_none_or(is_old) {
                heard.written = Some(last);
                let value = Value::new().number(last.0.cast_unsigned());
                ledger.write(Key::of(table::HEARD).origin(*origin).put(value));
            }
        }
    }

    pub(crate) fn of(&self, card: &Card) -> Contact {
        let origin = card.origin();
        let connected = self
            .connected
            .values()
            .find(|(member, _)| *member == origin);
        Contact {
            origin,
            name: card.name().to_owned(),
            connected_since: connected.map(|&(_, since)| since),
            last_heard: self.heard.get(&origin).and_then(|heard| heard.last),
        }
    }
}
