//! Storeys instead of rooms, while a link is too narrow for rooms.
//!
//! Forty rooms that each report people, doors and temperature fill a radio many times over.
//! What a commander needs first is that there are about sixty people on the ninth storey,
//! that nine of its rooms have no sensor, and where it burns. So while a link cannot carry
//! what is offered to it, one summary for each storey goes ahead, every few seconds, and
//! the rooms wait behind it. Smoke alarms never wait.
//!
//! Nothing is lost by waiting: what is a history (who went through which door) goes after
//! the summaries as fast as the link takes it; of what only the newest counts (a
//! temperature) the newest goes when the link carries rooms again.
//!
//! [`Coarsening`] decides when, one for each peer; [`Summaries`] decides what is said;
//! [`newest`] picks what is left of a wait. What waits is kept as a place in the log, not as
//! a copy of it: from which claim on, in a row of its own for histories and for all else.
//!
//! **Invariant (BASIS):** a summary never counts beside its rooms. It is about the storey,
//! under an attribute that no catalogue has (`summary.occupancy`), so the receiver keeps
//! it as written and weighs it into nothing; when the rooms come again it is taken back.
//! **Invariant (UNKNOWN-IS-A-VALUE):** a room of which nothing is known is counted as that,
//! never as empty, and a storey with such a room is never said to be clear.

mod summary;
#[cfg(test)]
mod tests;

pub use summary::{Estimates, HOLDS_S, PARTS_MAX, STOREYS_MAX, Storey, Summaries, Terms};

use std::collections::BTreeMap;
use twin_model::catalogue::summarised;
use twin_model::{EntityKind, Time, Urgency};
use twin_policy::sharing::{Form, Released, Whereabouts};

/// A link that needs longer than this for what waits is narrow, in seconds. A radio of
/// 9.6 kbit/s needs as long for the state of a tower.
pub const NARROW_S: f64 = 20.0;
/// For so long it must be narrow, in seconds: a burst is not a narrow link.
pub const NARROW_FOR_S: f64 = 5.0;
/// A link that needs no longer than this is calm, in seconds.
pub const CALM_S: f64 = 2.0;
/// For so long it must be calm before rooms are tried again, in seconds; twice as long after
/// each trial that fails.
pub const PATIENCE_S: f64 = 15.0;
/// Longest time between trials, in seconds.
pub const PATIENCE_MAX_S: f64 = 600.0;
/// A trial has failed when the link is narrow again within this time, in seconds.
const RELAPSE_S: f64 = 120.0;
/// While rooms wait, so much of them is under way at any time, in seconds of the link: enough
/// to fill it between two steps.
const UNDER_WAY_S: f64 = 4.0;
/// Shortest and longest time between two rounds of summaries, in seconds.
pub const ROUND_S: (f64, f64) = (5.0, 60.0);
/// Share of a link that summaries may take.
const SUMMARY_SHARE: f64 = 0.2;
/// A summary that was not sent after this time has been replaced by the next, in seconds. It
/// also lets it go before what lasts longer in its class.
pub const SUMMARY_EXPIRES_S: f64 = ROUND_S.1;
/// So little waits on an idle link, whatever its goodput was measured to be, in bytes.
const IDLE_BYTES: u64 = 512;

/// What a link carries, and what waits for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// What went through lately, in bytes per second.
    pub goodput_bytes_per_s: f64,
    /// What was offered to it and has not arrived, in bytes, by [`Urgency`].
    pub backlog_bytes: [u64; 4],
    /// What waits behind the summaries and is a history, in bytes, about.
    pub held_bytes: u64,
}

impl Load {
    /// Building plans may wait; they make no link narrow.
    fn urgent_bytes(&self) -> u64 {
        self.backlog_bytes[..Urgency::Bulk as usize].iter().sum()
    }

    fn is_narrow(&self) -> bool {
        self.urgent_bytes() > IDLE_BYTES && self.takes_longer(self.urgent_bytes(), NARROW_S)
    }

    fn is_calm(&self) -> bool {
        let bytes = self.urgent_bytes().saturating_add(self.held_bytes);
        bytes <= IDLE_BYTES || !self.takes_longer(bytes, CALM_S)
    }

    fn takes_longer(&self, bytes: u64, limit_s: f64) -> bool {
        bytes as f64 > self.goodput_bytes_per_s.max(0.0) * limit_s
    }

    fn catch_up_bytes(&self) -> u64 {
        let under_way = (self.goodput_bytes_per_s.max(0.0) * UNDER_WAY_S) as u64;
        under_way
            .max(IDLE_BYTES)
            .saturating_sub(self.urgent_bytes())
    }
}

/// What changes now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// From the next claim on, rooms wait ([`waits`]).
    Coarse,
    /// Rooms no longer wait: offer the histories that are held, then the [`newest`] of all
    /// else, and take the summaries back.
    Detail,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Step {
    /// What changes.
    pub change: Option<Change>,
    /// Whether a round of summaries is due.
    pub is_round: bool,
    /// How much of what is old may be offered now, in bytes: first the held histories from
    /// the oldest on, then what a new rule tells of earlier times.
    pub catch_up_bytes: u64,
}

/// Whether a peer gets rooms or storeys. To be asked once a second.
///
/// ```
/// use twin_exchange::coarsen::{Change, Coarsening, Load};
/// use twin_model::Time;
///
/// let mut coarsening = Coarsening::default();
/// let radio = Load {
///     goodput_bytes_per_s: 1_000.0,
///     backlog_bytes: [0, 90_000, 10_000, 0],
///     held_bytes: 0,
/// };
/// let changes = (0..10).map(|s| coarsening.step(Some(&radio), Time::from_seconds(s)).change);
/// assert_eq!(changes.flatten().collect::<Vec<_>>(), [Change::Coarse]);
/// ```
#[derive(Debug, Clone)]
pub struct Coarsening {
    is_coarse: bool,
    narrow_since: Option<Time>,
    calm_since: Option<Time>,
    tried_at: Option<Time>,
    patience_s: f64,
    last_round: Option<Time>,
    round_bytes: u64,
}

impl Default for Coarsening {
    fn default() -> Self {
        Self {
            is_coarse: false,
            narrow_since: None,
            calm_since: None,
            tried_at: None,
            patience_s: PATIENCE_S,
            last_round: None,
            round_bytes: 0,
        }
    }
}

impl Coarsening {
    /// Whether rooms wait.
    pub fn is_coarse(&self) -> bool {
        self.is_coarse
    }

    /// What is to be done now; `None` stands for a link that is gone, or of which nothing was
    /// measured yet.
    pub fn step(&mut self, load: Option<&Load>, now: Time) -> Step {
        match (load, self.is_coarse) {
            (None, _) => self.cut(),
            (Some(load), false) => self.watch(load, now),
            (Some(load), true) => self.wait(load, now),
        }
    }

    /// How large the round of summaries was, so that the next comes when the link can bear it.
    pub fn note_round(&mut self, bytes: u64) {
        self.round_bytes = bytes;
    }

    /// What waits must not wait for a link that may never come back: from now on a vehicle
    /// can carry it.
    fn cut(&mut self) -> Step {
        let change = self.is_coarse.then_some(Change::Detail);
        (self.is_coarse, self.narrow_since, self.calm_since) = (false, None, None);
        // That the link went away is no trial that failed.
        self.tried_at = None;
        Step {
            change,
            is_round: false,
            catch_up_bytes: u64::MAX,
        }
    }

    fn watch(&mut self, load: &Load, now: Time) -> Step {
        if !load.is_narrow() {
            self.narrow_since = None;
        } else if lasted_s(&mut self.narrow_since, now) >= NARROW_FOR_S {
            self.become_coarse(now);
            return Step {
                change: Some(Change::Coarse),
                ..self.wait(load, now)
            };
        }
        Step {
            catch_up_bytes: load.catch_up_bytes(),
            ..Step::default()
        }
    }

    fn become_coarse(&mut self, now: Time) {
        let has_failed = |tried: Time| now.seconds_since(tried) < RELAPSE_S;
        self.patience_s = match self.tried_at {
            Some(tried) if has_failed(tried) => (self.patience_s * 2.0).min(PATIENCE_MAX_S),
            _ => PATIENCE_S,
        };
        self.is_coarse = true;
        (self.narrow_since, self.calm_since, self.last_round) = (None, None, None);
    }

    fn wait(&mut self, load: &Load, now: Time) -> Step {
        if !load.is_calm() {
            self.calm_since = None;
        } else if lasted_s(&mut self.calm_since, now) >= self.patience_s {
            self.is_coarse = false;
            self.tried_at = Some(now);
            return Step {
                change: Some(Change::Detail),
                is_round: false,
                catch_up_bytes: load.catch_up_bytes(),
            };
        }
        Step {
            change: None,
            is_round: self.is_round(load, now),
            catch_up_bytes: load.catch_up_bytes(),
        }
    }

    fn is_round(&mut self, load: &Load, now: Time) -> bool {
        let (shortest_s, longest_s) = ROUND_S;
        let share = (load.goodput_bytes_per_s * SUMMARY_SHARE).max(1.0);
        let pause_s = (self.round_bytes as f64 / share).clamp(shortest_s, longest_s);
        let is_due = self
            .last_round
            .is_none_or(|last| !(0.0..pause_s).contains(&now.seconds_since(last)));
        if is_due {
            self.last_round = Some(now);
        }
        is_due
    }
}

/// For how long it has been so; from now on if it was not. A clock that is set back starts
/// it afresh.
fn lasted_s(since: &mut Option<Time>, now: Time) -> f64 {
    let start = since.filter(|&start| start <= now).unwrap_or(now);
    *since = Some(start);
    now.seconds_since(start)
}

/// Whether a claim waits behind the summaries while rooms do: how rooms and doors are, but
/// never an alarm.
pub fn waits(released: &Released, whereabouts: &dyn Whereabouts) -> bool {
    let statement = released.statement();
    released.form() == Form::StoreysWhenNarrow
        && matches!(
            released.urgency(),
            Urgency::Operational | Urgency::Telemetry
        )
        && summarised(statement.attribute.as_str()).is_none()
        && matches!(
            whereabouts.kind(&statement.entity),
            Some(EntityKind::Space | EntityKind::Portal)
        )
}

/// Whether a claim that is held is a history, of which each counts, and not something of
/// which only the newest does.
pub fn is_history(released: &Released) -> bool {
    released.urgency() != Urgency::Telemetry
}

/// What each source said last of each attribute, in the order of the log.
pub fn newest(held: impl IntoIterator<Item = Released>) -> Vec<Released> {
    let mut last = BTreeMap::new();
    for released in held {
        let statement = released.statement();
        let topic = (
            released.source().clone(),
            statement.entity.clone(),
            statement.attribute.clone(),
        );
        let rank = |r: &Released| (r.statement().observed, r.sequence());
        let is_older = last.get(&topic).is_some_and(|l| rank(l) > rank(&released));
        if !is_older {
            last.insert(topic, released);
        }
    }
    let mut newest: Vec<Released> = last.into_values().collect();
    newest.sort_by_key(Released::sequence);
    newest
}
