//! Changes by time alone: an estimate becomes stale although nobody says anything.
//!
//! Each modelled attribute that can change so stands at most once in a calendar of
//! seconds. When its second comes it is asked again: if it has changed since it was
//! entered, listeners are told; if newer evidence has put the change off, it is
//! entered anew.

use crate::cell::AttributeCell;
use crate::live::{Key, Live};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use twin_model::Time;
use twin_model::time::MICROS;

/// The calendar.
#[derive(Debug, Default)]
pub(crate) struct Wheel {
    /// By second: the attribute, and when it was entered.
    due: BTreeMap<i64, Vec<(Key, Time)>>,
    armed: FxHashSet<Key>,
}

impl Wheel {
    /// Enters an attribute, if it is not entered and can change by time alone.
    pub(crate) fn arm(&mut self, key: Key, live: &Live, now: Time) {
        if self.armed.contains(&key) {
            return;
        }
        if let Some(at) = next_change(live, key, now) {
            self.armed.insert(key);
            self.due
                .entry(second_after(at))
                .or_default()
                .push((key, now));
        }
    }

    /// Enters every attribute of the state, after recovery.
    pub(crate) fn arm_all(&mut self, live: &Live, now: Time) {
        for (number, cell) in live.entities.iter().enumerate() {
            for (attribute, _) in &cell.attributes {
                self.arm((number as u32, *attribute), live, now);
            }
        }
    }

    /// The attributes that have changed by `now` since they were entered, sorted.
    pub(crate) fn turn(&mut self, live: &Live, now: Time) -> Vec<Key> {
        let mut changed = Vec::new();
        while let Some(entry) = self.due.first_entry() {
            if *entry.key() > now.0.div_euclid(MICROS) {
                break;
            }
            for (key, entered) in entry.remove() {
                self.armed.remove(&key);
                if next_change(live, key, entered).is_some_and(|at| at <= now) {
                    changed.push(key);
                }
                self.arm(key, live, now);
            }
        }
        changed.sort_unstable();
        changed
    }
}

/// The first whole second at which a change at `at` has happened.
fn second_after(at: Time) -> i64 {
    at.0.div_euclid(MICROS) + 1
}

fn next_change(live: &Live, (entity, attribute): Key, after: Time) -> Option<Time> {
    match live.entities.get(entity as usize)?.get(attribute)? {
        AttributeCell::Modelled(spec, state) => state.next_change(spec, after),
        AttributeCell::Verbatim(_) => None,
    }
}
