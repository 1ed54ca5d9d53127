//! With whom we are in touch, since when, and what both sides are sure to hold.

use crate::card::Card;
use crate::ledger::Ledger;
use crate::rows::{Fields, Key, Rows, Value, table};
use std::collections::BTreeMap;
use twin_link::{Class, OriginId, Peer};
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
    /// The last common state, per class: we hold all that it wrote for us until then, as far
    /// as we know of it.
    pub theirs: [Option<Time>; 4],
    /// The same of what we wrote for it: it has said that it holds all until then.
    pub ours: [Option<Time>; 4],
}

#[derive(Debug, Clone, Copy, Default)]
struct Heard {
    last: Option<Time>,
    theirs: [Option<Time>; 4],
    ours: [Option<Time>; 4],
    /// The last time that was written down.
    written: Option<Time>,
}

impl Heard {
    fn read(value: &[u8]) -> Option<Self> {
        let mut fields = Fields::of_value(value)?;
        let mut time = || Some(Some(Time(fields.number()?.cast_signed())).filter(|t| t.0 != 0));
        let last = time()?;
        let mut times = || Some([time()?, time()?, time()?, time()?]);
        Some(Self {
            last,
            theirs: times()?,
            ours: times()?,
            written: last,
        })
    }

    fn value(&self) -> Value {
        let times = [self.last].into_iter().chain(self.theirs).chain(self.ours);
        let time = |time: Option<Time>| time.map_or(0, |time| time.0.cast_unsigned());
        times.fold(Value::new(), |value, at| value.number(time(at)))
    }
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
            match origin.zip(Heard::read(value)) {
                Some((origin, heard)) => {
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

    /// All that a member wrote in a class until then is here.
    pub(crate) fn hold(&mut self, member: OriginId, class: Class, until: Time) {
        let known = &mut self.heard.entry(member).or_default().theirs[class as usize];
        *known = (*known).max(Some(until));
    }

    /// A member holds all that we wrote for it in a class until then.
    pub(crate) fn held(&mut self, member: OriginId, class: Class, until: Time) {
        let known = &mut self.heard.entry(member).or_default().ours[class as usize];
        *known = (*known).max(Some(until));
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
                let key = Key::of(table::HEARD).origin(*origin);
                ledger.write(key.put(heard.value()));
            }
        }
    }

    pub(crate) fn of(&self, card: &Card) -> Contact {
        let origin = card.origin();
        let connected = self
            .connected
            .values()
            .find(|(member, _)| *member == origin);
        let heard = self.heard.get(&origin).copied().unwrap_or_default();
        Contact {
            origin,
            name: card.name().to_owned(),
            connected_since: connected.map(|&(_, since)| since),
            last_heard: heard.last,
            theirs: heard.theirs,
            ours: heard.ours,
        }
    }
}
