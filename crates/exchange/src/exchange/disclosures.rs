//! What has left: on record before it left.

use super::Exchange;
use crate::audience;
use crate::rows::{Change, Fields, Rows, table};
use std::collections::BTreeMap;
use twin_link::{Audience, Class, StreamId};
use twin_model::Time;
use twin_model::time::MICROS;
use twin_policy::sharing::Recipient;

/// For so long it stays on record what left: five years, in which somebody may still ask who
/// was told. The rules themselves are kept for ever, at most 4,096 of some 200 bytes: they
/// also say what has been told already.
const KEPT_S: i64 = 5 * 365 * 24 * 3600;
/// Rows that are let go at a time.
const FORGOTTEN_MAX: usize = 4096;

/// What one rule let out in one hour, in one class, to one reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosure {
    /// When the hour began.
    pub hour: Time,
    /// Who was told; `None` if they are no longer known.
    pub to: Option<Recipient>,
    /// How urgent.
    pub class: Class,
    /// The rule.
    pub rule: u64,
    /// The first and the last claim of the log.
    pub claims: (u64, u64),
    /// How many.
    pub count: u64,
    /// In which stream.
    pub stream: StreamId,
    /// The first and the last bundle.
    pub bundles: (u64, u64),
}

impl Exchange {
    /// Everything that has left, the latest last.
    pub fn disclosures(&self, rows: &dyn Rows) -> Vec<Disclosure> {
        let readers = self.readers();
        let mut disclosures = Vec::new();
        rows.scan(&[table::DISCLOSURE], &mut |key, value| {
            disclosures.extend(read(key, value, &readers));
        });
        disclosures
    }

    /// Lets go of what left longer ago than it is kept on record.
    pub(super) fn forget_disclosures(&mut self, rows: &dyn Rows, now: Time) {
        let last_hour = (now.0 - KEPT_S * MICROS).div_euclid(3600 * MICROS);
        let mut old = Vec::new();
        rows.scan(&[table::DISCLOSURE], &mut |key, _| {
            let hour = Fields::of_key(key).big();
            let is_old = hour.is_some_and(|hour| hour.cast_signed() < last_hour);
            if is_old && old.len() < FORGOTTEN_MAX {
                old.push(key.to_vec());
            }
        });
        for key in old {
            self.ledger.write(Change::Delete { key });
        }
    }

    fn readers(&self) -> BTreeMap<Audience, Recipient> {
        let mut readers = BTreeMap::from([(audience::of_members(), Recipient::Members)]);
        for us in self.oneself.origins() {
            for &peer in self.circle.known.keys() {
                let present = self.roster.present(peer);
                readers.insert(audience::of_peer(us, peer), Recipient::Peer(present.0));
            }
        }
        readers
    }
}

fn read(key: &[u8], value: &[u8], readers: &BTreeMap<Audience, Recipient>) -> Option<Disclosure> {
    let (mut key, mut value) = (Fields::of_key(key), Fields::of_value(value)?);
    let hour = i64::try_from(key.big()?).ok()?;
    let audience = key.audience()?;
    Some(Disclosure {
        hour: Time(hour.checked_mul(3600 * MICROS)?),
        to: readers.get(&audience).copied(),
        class: key.class()?,
        rule: key.big()?,
        claims: (value.number()?, value.number()?),
        count: value.number()?,
        stream: value.stream()?,
        bundles: (value.number()?, value.number()?),
    })
}
