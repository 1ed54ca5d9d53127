//! What goes first.
//!
//! Life safety goes before everything, up to a rate per stream: a node that cries wolf
//! without end loses its privilege, not its voice. The other classes share what is left
//! eight to three to one. Within a class what expires first goes first, then whoever has
//! waited longest.

use crate::id::{Class, StreamId};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use twin_model::Time;
use twin_model::time::MICROS;

/// Shares of operational, telemetry and bulk in deficit round robin (Shreedhar and Varghese
/// 1996), in bytes per round.
const QUANTA: [i64; 3] = [8 * 256, 3 * 256, 256];
/// Streams whose buckets and turns are remembered.
const REMEMBERED_MAX: usize = 4096;

/// How much life safety a stream may send before it counts as operational.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contract {
    /// Sustained rate.
    pub bytes_per_s: f64,
    /// What may come at once.
    pub burst_bytes: f64,
}

impl Default for Contract {
    /// Half of a 9.6 kbit/s radio, and some thirty alarms at once.
    fn default() -> Self {
        Self {
            bytes_per_s: 600.0,
            burst_bytes: 4800.0,
        }
    }
}

/// A token bucket: fills with time, is emptied by bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    tokens: f64,
    rate: f64,
    burst: f64,
    at: Time,
}

impl Bucket {
    pub(crate) fn full(rate: f64, burst: f64, now: Time) -> Self {
        Self {
            tokens: burst,
            rate,
            burst,
            at: now,
        }
    }

    fn fill(&mut self, now: Time) {
        let waited_s = now.seconds_since(self.at).max(0.0);
        self.tokens = (self.tokens + waited_s * self.rate).min(self.burst);
        self.at = self.at.max(now);
    }

    /// Whether something may go: the bucket is not in debt.
    pub(crate) fn allows(&mut self, now: Time) -> bool {
        self.fill(now);
        self.tokens >= 0.0
    }

    pub(crate) fn spend(&mut self, bytes: usize) {
        self.tokens -= bytes as f64;
    }

    /// When it is out of debt.
    pub(crate) fn next(&self) -> Time {
        let wait_s = (-self.tokens / self.rate).max(0.0);
        // A microsecond more, so that rounding never leaves it in debt.
        Time(self.at.0 + (wait_s * MICROS as f64) as i64 + 1)
    }
}

/// A stream that has something to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The stream.
    pub stream: StreamId,
    /// Its class.
    pub class: Class,
    /// When its next bundle expires.
    pub expires: Option<Time>,
}

/// What was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The stream.
    pub stream: StreamId,
    /// As what it goes: life safety beyond its contract goes as operational.
    pub served_as: Class,
}

/// Chooses, part by part, for one peer.
#[derive(Debug, Clone)]
pub struct Scheduler {
    contract: Contract,
    buckets: BTreeMap<StreamId, Bucket>,
    /// When a stream was last served, in parts.
    served: BTreeMap<StreamId, u64>,
    turns: u64,
    deficits: [i64; 3],
    /// Which of the shared classes is being served.
    class: usize,
}

impl Scheduler {
    /// A scheduler that has served nobody.
    pub fn new(contract: Contract) -> Self {
        Self {
            contract,
            buckets: BTreeMap::new(),
            served: BTreeMap::new(),
            turns: 0,
            deficits: QUANTA,
            class: 0,
        }
    }

    /// The stream that goes next.
    pub fn choose(&mut self, candidates: &[Candidate], now: Time) -> Option<Choice> {
        let mut ranked: [Vec<&Candidate>; 4] = Default::default();
        for candidate in candidates {
            ranked[self.serve_as(candidate, now) as usize].push(candidate);
        }
        let served_as = if ranked[0].is_empty() {
            self.share(&ranked)?
        } else {
            Class::LifeSafety
        };
        let chosen = self.first(&ranked[served_as as usize])?;
        Some(Choice {
            stream: chosen.stream,
            served_as,
        })
    }

    fn serve_as(&mut self, candidate: &Candidate, now: Time) -> Class {
        if candidate.class == Class::LifeSafety && !self.is_within(candidate.stream, now) {
            return Class::Operational;
        }
        candidate.class
    }

    /// Whether a stream keeps its contract for life safety.
    pub fn is_within(&mut self, stream: StreamId, now: Time) -> bool {
        let bucket = self.buckets.get_mut(&stream);
        bucket.is_none_or(|bucket| bucket.allows(now))
    }

    /// Deficit round robin over the three shared classes.
    fn share(&mut self, ranked: &[Vec<&Candidate>; 4]) -> Option<Class> {
        if ranked.iter().all(Vec::is_empty) {
            return None;
        }
        loop {
            let (waiting, deficit) = (&ranked[self.class + 1], &mut self.deficits[self.class]);
            if !waiting.is_empty() && *deficit > 0 {
                return Class::ALL.get(self.class + 1).copied();
            }
            // Whoever has nothing to send saves nothing up.
            if waiting.is_empty() {
                *deficit = 0;
            }
            self.class = (self.class + 1) % QUANTA.len();
            let next = &mut self.deficits[self.class];
            *next = (*next + QUANTA[self.class]).min(QUANTA[self.class]);
        }
    }

    /// What expires first, then who waited longest.
    fn first<'a>(&self, candidates: &[&'a Candidate]) -> Option<&'a Candidate> {
        let rank = |candidate: &&&Candidate| {
            let expires = candidate.expires.unwrap_or(Time(i64::MAX));
            let served = self.served.get(&candidate.stream).copied().unwrap_or(0);
            (expires, served, candidate.stream)
        };
        candidates.iter().min_by_key(rank).copied()
    }

    /// Notes what was sent; returns true if it used up the contract of the stream.
    pub fn charge(&mut self, choice: Choice, class: Class, bytes: usize, now: Time) -> bool {
        self.turns += 1;
        self.served.insert(choice.stream, self.turns);
        self.forget();
        match choice.served_as {
            Class::LifeSafety => {}
            shared => self.deficits[shared as usize - 1] -= i64::from(bytes as u32),
        }
        if class != Class::LifeSafety || choice.served_as != Class::LifeSafety {
            return false;
        }
        let Contract {
            bytes_per_s,
            burst_bytes,
        } = self.contract;
        let full = || Bucket::full(bytes_per_s, burst_bytes, now);
        let bucket = self.buckets.entry(choice.stream).or_insert_with(full);
        bucket.fill(now);
        bucket.spend(bytes);
        bucket.tokens < 0.0
    }

    /// Whoever has not been served for longest is forgotten first.
    fn forget(&mut self) {
        while self.served.len() > REMEMBERED_MAX {
            let oldest = self.served.iter().max_by_key(|(_, turn)| Reverse(**turn));
            let Some((&oldest, _)) = oldest else { return };
            self.served.remove(&oldest);
            self.buckets.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(stream: u8, class: Class, expires: Option<i64>) -> Candidate {
        Candidate {
            stream: StreamId([stream; 16]),
            class,
            expires: expires.map(Time),
        }
    }

    /// Serves `rounds` parts of 100 bytes; how many each stream got.
    fn serve(scheduler: &mut Scheduler, candidates: &[Candidate], rounds: usize) -> Vec<usize> {
        let mut counts = vec![0; candidates.len()];
        for _ in 0..rounds {
            let choice = scheduler.choose(candidates, Time(0)).expect("a candidate");
            let at = candidates.iter().position(|c| c.stream == choice.stream);
            let at = at.expect("one of them");
            counts[at] += 1;
            scheduler.charge(choice, candidates[at].class, 100, Time(0));
        }
        counts
    }

    #[test]
    fn classes_share_eight_to_three_to_one() {
        let all: Vec<_> = (1..4)
            .map(|i| candidate(i, Class::ALL[usize::from(i)], None))
            .collect();
        let counts = serve(&mut Scheduler::new(Contract::default()), &all, 1200);
        for (count, expected) in counts.iter().zip([800_usize, 300, 100]) {
            assert!(count.abs_diff(expected) <= 25, "{counts:?}");
        }
    }

    #[test]
    fn an_idle_class_leaves_its_share_to_the_others() {
        let two = [
            candidate(2, Class::Telemetry, None),
            candidate(3, Class::Bulk, None),
        ];
        let counts = serve(&mut Scheduler::new(Contract::default()), &two, 400);
        assert!(counts[0].abs_diff(300) <= 25, "{counts:?}");
    }

    #[test]
    fn life_safety_goes_first_within_its_contract() {
        let two = [
            candidate(0, Class::LifeSafety, None),
            candidate(1, Class::Operational, None),
        ];
        let contract = Contract {
            bytes_per_s: 1.0,
            burst_bytes: 1000.0,
        };
        let mut scheduler = Scheduler::new(contract);
        assert_eq!(serve(&mut scheduler, &two, 10), [10, 0]);
        // One more takes it into debt; then it shares as operational.
        let counts = serve(&mut scheduler, &two, 101);
        assert!(counts[1].abs_diff(50) <= 1, "{counts:?}");
        let much_later = Time(3600 * MICROS);
        let choice = scheduler.choose(&two, much_later).expect("a candidate");
        assert_eq!(choice.served_as, Class::LifeSafety);
    }

    #[test]
    fn what_expires_first_goes_first_and_equals_take_turns() {
        let mut scheduler = Scheduler::new(Contract::default());
        let urgent = [
            candidate(1, Class::Telemetry, Some(20)),
            candidate(2, Class::Telemetry, Some(10)),
            candidate(3, Class::Telemetry, None),
        ];
        assert_eq!(serve(&mut scheduler, &urgent, 10), [0, 10, 0]);
        let equal: Vec<_> = (4..8)
            .map(|i| candidate(i, Class::Telemetry, None))
            .collect();
        assert_eq!(serve(&mut scheduler, &equal, 40), [10; 4]);
    }

    #[test]
    fn nothing_waiting_is_nothing_chosen() {
        let mut scheduler = Scheduler::new(Contract::default());
        assert_eq!(scheduler.choose(&[], Time(0)), None);
    }
}
