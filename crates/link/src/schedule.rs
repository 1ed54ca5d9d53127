//! What goes first.
//!
//! Life safety goes before everything, up to a rate for each who writes it: a node that cries
//! wolf without end loses its privilege, not its voice. The other classes share what is left
//! eight to three to one. Within a class what expires first goes first, then whoever has
//! waited longest.

use crate::id::{Class, OriginId, Peer, StreamId};
use std::collections::{BTreeMap, BTreeSet};
use twin_model::Time;
use twin_model::time::MICROS;

/// Shares of operational, telemetry and bulk in deficit round robin (Shreedhar and Varghese
/// 1996), in bytes per round.
const QUANTA: [i64; 3] = [8 * 256, 3 * 256, 256];
/// The last part of a payer's contract is for those of its streams that have sent less than
/// this part of it: two hundred key grants do not cost an alarm its priority.
const RESERVE: f64 = 0.25;
/// Streams of one payer that are looked at to find one for which the reserve is.
const LOOK_AT_MAX: usize = 16;
/// Streams whose buckets and turns are remembered.
const REMEMBERED_MAX: usize = 4096;

/// How much life safety one payer may send before it counts as operational.
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
        // Also when the clock was set back: else nothing would flow in until it is past this.
        self.at = now;
    }

    /// Whether something may go: the bucket is not in debt.
    pub(crate) fn allows(&mut self, now: Time) -> bool {
        self.now(now) >= 0.0
    }

    /// What is in it.
    fn now(&mut self, now: Time) -> f64 {
        self.fill(now);
        self.tokens
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

/// Who answers for what a stream sends as life safety. Whoever opens a hundred streams still
/// has one contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Payer {
    /// This node, which wrote it.
    Here,
    /// The origin that wrote it, where this node may know.
    Origin(OriginId),
    /// The peer that introduced it: all strangers that it brought share one contract.
    Introducer(Peer),
    /// Nobody remembers who brought it.
    Unknown,
}

/// A stream that has something to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The stream.
    pub stream: StreamId,
    /// Its class.
    pub class: Class,
    /// Who answers for it.
    pub payer: Payer,
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

/// The order within one class and payer: what expires first, then who waited longest.
type Place = (Time, u64, StreamId);

/// Chooses, part by part, for one peer. What waits is kept in order, so that a choice costs
/// the number of payers and not that of streams.
#[derive(Debug, Clone)]
pub struct Scheduler {
    contract: Contract,
    buckets: BTreeMap<Payer, Bucket>,
    /// Of each life-safety stream by itself, a part of what its payer may send.
    shares: BTreeMap<StreamId, Bucket>,
    waiting: BTreeMap<StreamId, (Candidate, Place)>,
    queues: BTreeMap<(Class, Payer), BTreeSet<Place>>,
    /// When a stream was last served, in parts; and the other way round.
    served: BTreeMap<StreamId, u64>,
    turns_of: BTreeMap<u64, StreamId>,
    payers_served: BTreeMap<Payer, u64>,
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
            shares: BTreeMap::new(),
            waiting: BTreeMap::new(),
            queues: BTreeMap::new(),
            served: BTreeMap::new(),
            turns_of: BTreeMap::new(),
            payers_served: BTreeMap::new(),
            turns: 0,
            deficits: QUANTA,
            class: 0,
        }
    }

    /// For the next session with the same peer: nothing waits, but debts remain, so that
    /// nobody gets a new burst by breaking the connection.
    pub(crate) fn after_reconnect(self, contract: Contract) -> Self {
        Self {
            buckets: self.buckets,
            shares: self.shares,
            ..Self::new(contract)
        }
    }

    /// A stream has something to send, or something else than before.
    pub fn offer(&mut self, candidate: Candidate) {
        self.withdraw(candidate.stream);
        let expires = candidate.expires.unwrap_or(Time(i64::MAX));
        let served = self.served.get(&candidate.stream).copied().unwrap_or(0);
        let place = (expires, served, candidate.stream);
        self.waiting.insert(candidate.stream, (candidate, place));
        let queue = (candidate.class, candidate.payer);
        self.queues.entry(queue).or_default().insert(place);
    }

    /// A stream has nothing to send any more.
    pub fn withdraw(&mut self, stream: StreamId) {
        let Some((candidate, place)) = self.waiting.remove(&stream) else {
            return;
        };
        let key = (candidate.class, candidate.payer);
        let Some(queue) = self.queues.get_mut(&key) else {
            return;
        };
        queue.remove(&place);
        if queue.is_empty() {
            self.queues.remove(&key);
        }
    }

    /// The streams that have something to send.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = StreamId> + '_ {
        self.waiting.keys().copied()
    }

    /// The stream that goes next.
    pub fn choose(&mut self, now: Time) -> Option<Choice> {
        if let Some(choice) = self.choose_urgent(now) {
            return Some(choice);
        }
        let mut firsts: [Option<Place>; 4] = [None; 4];
        let mut ranks = [(Time(0), 0, 0, StreamId([0; 16])); 4];
        for (&(class, payer), queue) in &self.queues {
            let Some(&(expires, served, stream)) = queue.first() else {
                continue;
            };
            // Life safety that is still here is beyond its contract.
            let class = class.max(Class::Operational) as usize;
            let turn = self.payers_served.get(&payer).copied().unwrap_or(0);
            let rank = (expires, turn, served, stream);
            if firsts[class].is_none() || rank < ranks[class] {
                firsts[class] = Some((expires, served, stream));
                ranks[class] = rank;
            }
        }
        let served_as = self.share(&firsts)?;
        let (_, _, stream) = firsts[served_as as usize]?;
        Some(Choice { stream, served_as })
    }

    /// The same among life safety within its contract only.
    pub fn choose_urgent(&mut self, now: Time) -> Option<Choice> {
        let first = (Class::LifeSafety, Payer::Here);
        let urgent = self.queues.range(first..(Class::Operational, Payer::Here));
        let mut best = None;
        for (&(_, payer), queue) in urgent {
            let bucket = self.buckets.get_mut(&payer);
            let tokens = bucket.map_or(self.contract.burst_bytes, |bucket| bucket.now(now));
            let is_reserve = tokens < self.contract.burst_bytes * RESERVE;
            let shares = &mut self.shares;
            let mut may_go = |stream: StreamId| {
                let share = shares.get_mut(&stream);
                !is_reserve || share.is_none_or(|share| share.now(now) >= 0.0)
            };
            let mut first = queue.iter().take(LOOK_AT_MAX);
            let first = first.find(|(_, _, stream)| may_go(*stream));
            let Some(&(expires, served, stream)) = first.filter(|_| tokens >= 0.0) else {
                continue;
            };
            let turn = self.payers_served.get(&payer).copied().unwrap_or(0);
            let rank = Some((expires, turn, served, stream));
            best = [best, rank].into_iter().flatten().min();
        }
        let (_, _, _, stream) = best?;
        let served_as = Class::LifeSafety;
        Some(Choice { stream, served_as })
    }

    /// Deficit round robin over the three shared classes.
    fn share(&mut self, firsts: &[Option<Place>; 4]) -> Option<Class> {
        if firsts.iter().all(Option::is_none) {
            return None;
        }
        loop {
            let (first, deficit) = (&firsts[self.class + 1], &mut self.deficits[self.class]);
            if first.is_some() && *deficit > 0 {
                return Class::ALL.get(self.class + 1).copied();
            }
            // Whoever has nothing to send saves nothing up.
            if first.is_none() {
                *deficit = 0;
            }
            self.class = (self.class + 1) % QUANTA.len();
            let next = &mut self.deficits[self.class];
            *next = (*next + QUANTA[self.class]).min(QUANTA[self.class]);
        }
    }

    /// Notes what was sent; tells who has used up a contract by it. The stream keeps its
    /// place until it is offered anew or withdrawn.
    pub fn charge(&mut self, choice: Choice, bytes: usize, now: Time) -> Option<Payer> {
        let (candidate, _) = *self.waiting.get(&choice.stream)?;
        self.note_served(candidate);
        match choice.served_as {
            Class::LifeSafety => {}
            shared => self.deficits[shared as usize - 1] -= i64::from(bytes as u32),
        }
        if choice.served_as != Class::LifeSafety {
            return None;
        }
        let Contract {
            bytes_per_s,
            burst_bytes,
        } = self.contract;
        let full = || Bucket::full(bytes_per_s, burst_bytes, now);
        let bucket = self.buckets.entry(candidate.payer).or_insert_with(full);
        bucket.fill(now);
        bucket.spend(bytes);
        let share = || Bucket::full(bytes_per_s * RESERVE, burst_bytes * RESERVE, now);
        let share = self.shares.entry(choice.stream).or_insert_with(share);
        share.fill(now);
        share.spend(bytes);
        (bucket.tokens < 0.0).then_some(candidate.payer)
    }

    /// Whoever has not been served for longest is forgotten first.
    fn note_served(&mut self, candidate: Candidate) {
        self.turns += 1;
        self.payers_served.insert(candidate.payer, self.turns);
        self.turns_of.insert(self.turns, candidate.stream);
        if let Some(before) = self.served.insert(candidate.stream, self.turns) {
            self.turns_of.remove(&before);
        }
        if self.served.len() > REMEMBERED_MAX
            && let Some((_, oldest)) = self.turns_of.pop_first()
        {
            self.served.remove(&oldest);
        }
        if self.buckets.len() > REMEMBERED_MAX {
            self.buckets
                .retain(|_, bucket| bucket.tokens < bucket.burst);
        }
        while self.shares.len() > REMEMBERED_MAX {
            self.shares.pop_first();
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
            payer: Payer::Origin(OriginId([stream; 16])),
            expires: expires.map(Time),
        }
    }

    /// Serves `rounds` parts of 100 bytes; how many each stream got.
    fn serve(scheduler: &mut Scheduler, candidates: &[Candidate], rounds: usize) -> Vec<usize> {
        let mut counts = vec![0; candidates.len()];
        for _ in 0..rounds {
            for candidate in candidates {
                scheduler.offer(*candidate);
            }
            let choice = scheduler.choose(Time(0)).expect("a candidate");
            let at = candidates.iter().position(|c| c.stream == choice.stream);
            let at = at.expect("one of them");
            counts[at] += 1;
            scheduler.charge(choice, 100, Time(0));
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
        assert_eq!(serve(&mut scheduler, &two, 8), [8, 0]);
        // The rest is for other streams of the same payer; this one shares as operational.
        let counts = serve(&mut scheduler, &two, 101);
        assert!(counts[1].abs_diff(50) <= 1, "{counts:?}");
        let much_later = Time(3600 * MICROS);
        let choice = scheduler.choose(much_later).expect("a candidate");
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
        for candidate in urgent {
            scheduler.withdraw(candidate.stream);
        }
        let equal: Vec<_> = (4..8)
            .map(|i| candidate(i, Class::Telemetry, None))
            .collect();
        assert_eq!(serve(&mut scheduler, &equal, 40), [10; 4]);
    }

    #[test]
    fn nothing_waiting_is_nothing_chosen() {
        let mut scheduler = Scheduler::new(Contract::default());
        assert_eq!(scheduler.choose(Time(0)), None);
        let one = candidate(1, Class::Bulk, None);
        scheduler.offer(one);
        scheduler.withdraw(one.stream);
        assert_eq!(scheduler.choose(Time(0)), None);
    }

    /// Ninety-nine streams of one origin and one of another, all alike: each origin gets a
    /// half of what is shared, and one contract.
    #[test]
    fn many_streams_are_no_privilege() {
        let mut all: Vec<_> = (0..100)
            .map(|i| candidate(i, Class::LifeSafety, None))
            .collect();
        for one in &mut all[1..] {
            one.payer = Payer::Origin(OriginId([1; 16]));
        }
        let contract = Contract {
            bytes_per_s: 1.0,
            burst_bytes: 1000.0,
        };
        let mut scheduler = Scheduler::new(contract);
        let counts = serve(&mut scheduler, &all, 16);
        assert_eq!((counts[0], counts.iter().sum::<usize>()), (8, 16));
        // The others have a reserve of three parts left for those that sent little.
        assert_eq!(serve(&mut scheduler, &all, 103)[0], 50);
    }
}
