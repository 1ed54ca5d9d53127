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
    /// Its bundles that are known to exist and are not here, per class.
    pub theirs_missing: [u64; 4],
    /// Bundles written for it since this node started, not yet known to be there.
    pub ours_missing: [u64; 4],
}

impl Contact {
    /// The last common state: until then both sides have all that the other wrote for it, as
    /// far as we know of it. Nothing if we never heard it.
    pub fn common_until(&self) -> Option<Time> {
        let known = |missing: [u64; 4], until: [Option<Time>; 4]| {
            let owed = missing
                .into_iter()
                .zip(until)
                .filter(|(missing, _)| *missing > 0);
            // Of a class of which nothing ever came through, nothing is common.
            owed.map(|(_, until)| until.unwrap_or(Time::MIN)).min()
        };
        let theirs = known(self.theirs_missing, self.theirs);
        let ours = known(self.ours_missing, self.ours);
        let until = [self.last_heard, theirs, ours].into_iter().flatten().min();
        self.last_heard
            .and(until)
            .filter(|until| *until > Time::MIN)
    }
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

    /// A member's node has new keys: what is known of the old one is known of it.
    pub(crate) fn follow(&mut self, from: OriginId, to: OriginId, ledger: &mut Ledger) {
        for (member, _) in self.connected.values_mut().filter(|(m, _)| *m == from) {
            *member = to;
        }
        let Some(old) = self.heard.remove(&from) else {
            return;
        };
        ledger.write(Key::of(table::HEARD).origin(from).delete());
        let new = self.heard.entry(to).or_default();
        new.last = new.last.max(old.last);
        for class in 0..4 {
            new.theirs[class] = new.theirs[class].max(old.theirs[class]);
            new.ours[class] = new.ours[class].max(old.ours[class]);
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
            theirs_missing: [0; 4],
            ours_missing: [0; 4],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact() -> Contact {
        Contact {
            origin: OriginId([1; 16]),
            name: "tower".to_owned(),
            connected_since: None,
            last_heard: Some(Time(100)),
            theirs: [Some(Time(90)), None, Some(Time(70)), None],
            ours: [Some(Time(80)), None, None, Some(Time(60))],
            theirs_missing: [0; 4],
            ours_missing: [0; 4],
        }
    }

    #[test]
    fn the_last_common_state_is_before_what_is_missing() {
        assert_eq!(contact().common_until(), Some(Time(100)), "nothing is owed");
        for (theirs, ours, expected) in [
            ([0, 0, 1, 0], [0; 4], Some(70)),
            ([0; 4], [2, 0, 0, 0], Some(80)),
            ([1, 0, 0, 0], [0, 0, 0, 5], Some(60)),
            ([0, 1, 0, 0], [0; 4], None),
        ] {
            let owing = Contact {
                theirs_missing: theirs,
                ours_missing: ours,
                ..contact()
            };
            assert_eq!(owing.common_until(), expected.map(Time));
        }
        let never = Contact {
            last_heard: None,
            ..contact()
        };
        assert_eq!(never.common_until(), None);
    }
}
