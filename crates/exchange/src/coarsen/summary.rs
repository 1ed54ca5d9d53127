//! What is said of a storey in place of its rooms.
//!
//! A summary is a piece of JSON, kept by whoever gets it as it was written:
//!
//! ```text
//! summary.occupancy    {"of":40,"known":31,"low":50,"high":66}
//! summary.smoke        {"of":40,"known":38,"state":"affected","count":2,"worst":"urn:…:412"}
//! summary.smoke        {"of":40,"known":39,"state":"unknown","count":0}
//! summary.temperature  {"of":40,"known":12,"low":78.1,"high":84.2,"worst":"urn:…:412"}
//! ```
//!
//! Counted are the rooms or doors that the peer may know of. `clear` is said only where that
//! is every one of the storey and all are known to be so; without a link it holds no longer
//! than two minutes.
//!
//! `low` and `high` hold the people in the rooms that are *known*, or the highest
//! temperature of those, with a probability of at least nine in ten. What is in the other
//! rooms nobody can tell.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use twin_model::catalogue::SUMMARY_PREFIX;
use twin_model::{
    Act, Attribute, Basis, Distribution, EntityId, Estimate, Flag, Interval, Knowledge, SourceId,
    Statement, Time, Value,
};
use twin_policy::sharing::{Recipient, Released, RuleRecord, Whereabouts};
use twin_policy::sharing::{allows_summary, release_summary};

/// Most storeys that are summed up for one peer.
pub const STOREYS_MAX: usize = 512;
/// Most rooms or doors of one storey that are summed up; those of a larger one are told one
/// by one, when their turn comes.
pub const PARTS_MAX: usize = 4096;
/// What did not change is said again after this time, in seconds: somebody may have come to
/// the link since.
const AGAIN_S: f64 = 60.0;
/// What is said holds until it is said again, and once more as long, in seconds.
pub const HOLDS_S: f64 = 2.0 * AGAIN_S;
/// Probability below `low`, and above `high`.
const TAIL: f64 = 0.05;
/// The normal quantile of 1 − `TAIL`.
const Z: f64 = 1.644_854;
/// How far the errors of two rooms' counts go together: assumed, for sensors of one make
/// err alike and no data at hand tell how much. At 0 forty rooms would be surer than any
/// counting of a building was ever found to be.
const ERRORS_ALIKE: f64 = 0.1;
/// Probabilities that are cut off at each end of a sum of counts, and given to its edge.
const NEGLIGIBLE: f64 = 1e-6;
/// A room is said to be free of something only if it is so with this probability.
const SURE: f64 = 0.9;

/// A storey and what is on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storey {
    /// The storey.
    pub id: EntityId,
    /// Its rooms.
    pub rooms: Vec<EntityId>,
    /// Its doors.
    pub doors: Vec<EntityId>,
}

/// What the node itself believes of a part. Told by whoever holds the picture, at one time.
pub trait Estimates {
    /// The estimate of an attribute of a room or door.
    fn estimate(&self, part: &EntityId, attribute: &str) -> Estimate;
}

/// What is summed up, of what, and how.
const SUMS: [(&str, Of, Figure); 6] = [
    ("smoke", Of::Rooms, Figure::Affected { if_is: true }),
    ("occupancy", Of::Rooms, Figure::People),
    ("passable", Of::Doors, Figure::Affected { if_is: false }),
    ("open", Of::Doors, Figure::Affected { if_is: true }),
    ("temperature", Of::Rooms, Figure::Highest),
    ("co2", Of::Rooms, Figure::Highest),
];

#[derive(Debug, Clone, Copy)]
enum Of {
    Rooms,
    Doors,
}

#[derive(Debug, Clone, Copy)]
enum Figure {
    /// How many people there are.
    People,
    /// In how many it is so, and where most surely.
    Affected { if_is: bool },
    /// The highest number there is, and where.
    Highest,
}

/// On what terms a peer is told.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// Who is told.
    pub to: Recipient,
    /// By which rules.
    pub records: &'a [RuleRecord],
    /// In whose name: the node's own.
    pub source: &'a SourceId,
    /// Where things are.
    pub whereabouts: &'a dyn Whereabouts,
}

impl fmt::Debug for Terms<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { to, source, .. } = self;
        let mut terms = f.debug_struct("Terms");
        terms.field("to", to).field("source", source);
        terms.finish_non_exhaustive()
    }
}

/// What a peer was told of storeys, so that only what changes is told again.
#[derive(Debug, Clone, Default)]
pub struct Summaries {
    told: BTreeMap<(EntityId, &'static str), (Arc<str>, Time)>,
}

impl Summaries {
    /// What is to be told now of the storeys: of each attribute of the rooms and doors that
    /// the peer may know of and that may be summed up, if it has changed or was not told for
    /// a minute.
    pub fn round(
        &mut self,
        storeys: &[Storey],
        estimates: &dyn Estimates,
        terms: &Terms<'_>,
        now: Time,
    ) -> Vec<Released> {
        let storeys = storeys.iter().take(STOREYS_MAX);
        let each = storeys.flat_map(|storey| SUMS.iter().map(move |sum| (storey, sum)));
        each.filter_map(|(storey, sum)| self.tell(storey, sum, estimates, terms, now))
            .collect()
    }

    /// Takes back what was told, when the rooms speak for themselves again.
    pub fn withdraw(&mut self, storeys: &[Storey], terms: &Terms<'_>, now: Time) -> Vec<Released> {
        let told = std::mem::take(&mut self.told);
        let takes_back = |(id, name): (EntityId, &'static str)| {
            let storey = storeys.iter().find(|storey| storey.id == id)?;
            let (_, of, _) = SUMS.iter().find(|(sum, ..)| *sum == name)?;
            let parts = terms.allowed(of.parts(storey), name);
            terms.release(statement(&id, name, Act::Retract, now, None), &parts)
        };
        told.into_keys().filter_map(takes_back).collect()
    }

    fn tell(
        &mut self,
        storey: &Storey,
        (name, of, figure): &(&'static str, Of, Figure),
        estimates: &dyn Estimates,
        terms: &Terms<'_>,
        now: Time,
    ) -> Option<Released> {
        let parts = terms.allowed(of.parts(storey), name);
        if parts.is_empty() || parts.len() > PARTS_MAX {
            return None;
        }
        let is_whole = parts.len() >= of.parts(storey).len();
        let told = figure.of(&parts, is_whole, |part| estimates.estimate(part, name));
        let key = (storey.id.clone(), *name);
        let is_news = match self.told.get(&key) {
            Some((before, at)) => {
                *before != told.json || !(0.0..AGAIN_S).contains(&now.seconds_since(*at))
            }
            None => told.is_worth_beginning(*figure),
        };
        if !is_news {
            return None;
        }
        let act = Act::Assert(Value::Json(Arc::clone(&told.json)).into());
        let statement = statement(&storey.id, name, act, now, Some(told.procedure(*of)));
        let released = terms.release(statement, &parts)?;
        self.told.insert(key, (told.json, now));
        Some(released)
    }
}

impl Of {
    fn parts(self, storey: &Storey) -> &[EntityId] {
        match self {
            Self::Rooms => &storey.rooms,
            Self::Doors => &storey.doors,
        }
    }
}

impl Terms<'_> {
    /// The parts that the peer may know of, in one order whatever order they came in.
    fn allowed(&self, parts: &[EntityId], name: &str) -> Vec<EntityId> {
        let attribute = Attribute::new(name).expect("a name of the catalogue");
        let may = |part: &&EntityId| {
            allows_summary(self.records, self.to, &attribute, part, self.whereabouts)
        };
        let mut parts: Vec<EntityId> = parts.iter().filter(may).cloned().collect();
        parts.sort_unstable();
        parts.dedup();
        parts
    }

    fn release(&self, statement: Statement, parts: &[EntityId]) -> Option<Released> {
        release_summary(
            self.records,
            self.to,
            self.source,
            statement,
            parts,
            self.whereabouts,
        )
    }
}

fn statement(
    storey: &EntityId,
    name: &str,
    act: Act,
    now: Time,
    procedure: Option<String>,
) -> Statement {
    Statement {
        entity: storey.clone(),
        attribute: Attribute::new(&format!("{SUMMARY_PREFIX}{name}"))
            .expect("a name of the catalogue with a prefix"),
        valid: Interval {
            from: Some(now),
            until: matches!(act, Act::Assert(_)).then(|| now.plus_seconds(HOLDS_S)),
        },
        act,
        observed: now,
        procedure: procedure.map(Arc::from),
    }
}

/// What is told, and of how many parts how many are known.
struct Told {
    json: Arc<str>,
    known: usize,
    of: usize,
}

impl Told {
    /// A storey without a single thermometer needs no word every minute; that nobody knows of
    /// smoke, people and ways does.
    fn is_worth_beginning(&self, figure: Figure) -> bool {
        self.of > 0 && (self.known > 0 || !matches!(figure, Figure::Highest))
    }

    fn procedure(&self, of: Of) -> String {
        let parts = match of {
            Of::Rooms => "rooms",
            Of::Doors => "doors",
        };
        format!("summary of {} of {} {parts}", self.known, self.of)
    }
}

impl Figure {
    /// `is_whole`: whether these are all parts of the storey.
    fn of(
        self,
        parts: &[EntityId],
        is_whole: bool,
        estimate: impl Fn(&EntityId) -> Estimate,
    ) -> Told {
        let estimates = parts.iter().map(|part| (part, estimate(part)));
        // A shaft has no people to count, so it is not missing from the count.
        let estimates: Vec<(&EntityId, Estimate)> = estimates
            .filter(|(_, estimate)| estimate.knowledge != Knowledge::NotApplicable)
            .collect();
        let of = estimates.len();
        let (known, rest) = match self {
            Self::People => people(&estimates),
            Self::Affected { if_is } => affected(&estimates, if_is, is_whole),
            Self::Highest => highest(&estimates),
        };
        Told {
            json: format!("{{\"of\":{of},\"known\":{known}{rest}}}").into(),
            known,
            of,
        }
    }
}

/// What is known for sure enough to be told on: seen by somebody, and lately. What is
/// inferred of a room from its neighbours never leaves as if somebody had been there.
fn seen(estimate: &Estimate) -> Option<&Distribution> {
    let is_seen = estimate.basis == Basis::Observed
        && !estimate.flags.has(Flag::Stale)
        && !estimate.flags.has(Flag::Withheld)
        && estimate.knowledge == Knowledge::Known;
    estimate.distribution.as_ref().filter(|_| is_seen)
}

/// The same, where the sources do not contradict each other.
fn agreed(estimate: &Estimate) -> Option<&Distribution> {
    seen(estimate).filter(|_| !estimate.flags.has(Flag::Conflicting))
}

fn people(estimates: &[(&EntityId, Estimate)]) -> (usize, String) {
    let counts = estimates.iter().filter_map(|(_, e)| match agreed(e) {
        Some(Distribution::Counts(p)) => Some(p),
        _ => None,
    });
    let (mut known, mut total) = (0, Total::nobody());
    for p in counts {
        total.add(p);
        known += 1;
    }
    if known == 0 {
        return (0, String::new());
    }
    let (low, high) = total.interval();
    (known, format!(",\"low\":{low},\"high\":{high}"))
}

/// How many people there are in several rooms.
#[derive(Debug, Clone)]
pub(super) struct Total {
    /// The probability of `first`, of one more, and so on, if the rooms err each for itself.
    p: Vec<f64>,
    first: u64,
    mean: f64,
    variance: f64,
    sum_of_sd: f64,
}

impl Total {
    pub(super) fn nobody() -> Self {
        Self {
            p: vec![1.0],
            first: 0,
            mean: 0.0,
            variance: 0.0,
            sum_of_sd: 0.0,
        }
    }

    /// Adds a room whose count has these probabilities.
    pub(super) fn add(&mut self, room: &[f32]) {
        let sum: f64 = room.iter().copied().map(f64::from).sum();
        if sum <= 0.0 {
            return;
        }
        let room: Vec<f64> = room.iter().map(|&p| f64::from(p) / sum).collect();
        self.p = convolved(&self.p, &room);
        self.trim();
        let expected = |of: fn(f64) -> f64| -> f64 {
            let terms = room.iter().enumerate();
            terms.map(|(n, p)| of(n as f64) * p).sum()
        };
        let mean = expected(|n| n);
        let variance = (expected(|n| n * n) - mean * mean).max(0.0);
        self.mean += mean;
        self.variance += variance;
        self.sum_of_sd += variance.sqrt();
    }

    /// Fewest and most people with nine in ten: by the sum of counts that err each for
    /// itself, widened by errors that rooms have in common.
    pub(super) fn interval(&self) -> (u64, u64) {
        let (low, high) = (self.quantile(TAIL), self.quantile(1.0 - TAIL));
        // The variance of a sum whose terms have the correlation ρ is (1 − ρ) Σ σ² + ρ (Σ σ)².
        let common = ERRORS_ALIKE * self.sum_of_sd * self.sum_of_sd;
        let sd = ((1.0 - ERRORS_ALIKE) * self.variance + common).sqrt();
        let fewest = (self.mean - Z * sd).floor().max(self.first as f64);
        let most = (self.mean + Z * sd).ceil().min(self.last() as f64);
        (low.min(fewest as u64), high.max(most as u64))
    }

    fn last(&self) -> u64 {
        self.first + self.p.len() as u64 - 1
    }

    fn quantile(&self, q: f64) -> u64 {
        let mut sum = 0.0;
        let below = self.p.iter().take_while(|&&p| {
            sum += p;
            sum < q
        });
        (self.first + below.count() as u64).min(self.last())
    }

    /// Cuts off what is negligible, or the sum over a large storey would take seconds.
    fn trim(&mut self) {
        let mut high = 0.0;
        while let Some(&p) = self.p.last()
            && high + p < NEGLIGIBLE
            && self.p.len() > 1
        {
            high += p;
            self.p.pop();
        }
        if let Some(last) = self.p.last_mut() {
            *last += high;
        }
        let mut low = 0.0;
        let cut = self.p.iter().take_while(|&&p| {
            low += p;
            low < NEGLIGIBLE
        });
        let cut = cut.count().min(self.p.len() - 1);
        let low: f64 = self.p.drain(..cut).sum();
        self.p[0] += low;
        self.first += cut as u64;
    }
}

fn convolved(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; a.len() + b.len() - 1];
    for (n, p) in a.iter().enumerate() {
        for (m, q) in b.iter().enumerate() {
            sum[n + m] += p * q;
        }
    }
    sum
}

/// Of how many it is so (smoke, open) or not so (passable), and of which most surely. Known
/// are those of which it is known either way.
fn affected(estimates: &[(&EntityId, Estimate)], if_is: bool, is_whole: bool) -> (usize, String) {
    let (mut known, mut count) = (0, 0);
    let mut worst: Option<(f64, &EntityId)> = None;
    for (part, estimate) in estimates {
        let Some(Distribution::Bernoulli { p }) = seen(estimate) else {
            continue;
        };
        let p = if if_is { *p } else { 1.0 - *p };
        if p >= 0.5 {
            (known, count) = (known + 1, count + 1);
            if worst.is_none_or(|(before, _)| p > before) {
                worst = Some((p, part));
            }
        } else if p <= 1.0 - SURE && agreed(estimate).is_some() {
            known += 1;
        }
    }
    let state = match count {
        0 if is_whole && known == estimates.len() => "clear",
        0 => "unknown",
        _ => "affected",
    };
    let mut rest = format!(",\"state\":\"{state}\",\"count\":{count}");
    put_worst(&mut rest, worst.map(|(_, part)| part));
    (known, rest)
}

fn highest(estimates: &[(&EntityId, Estimate)]) -> (usize, String) {
    let (mut known, mut low, mut high) = (0, f64::NEG_INFINITY, f64::NEG_INFINITY);
    let mut worst: Option<(f64, &EntityId)> = None;
    for (part, estimate) in estimates {
        let distribution = agreed(estimate);
        let moments = distribution.and_then(Distribution::moments);
        let interval = distribution.and_then(|d| d.interval(1.0 - 2.0 * TAIL));
        let (Some((mean, _)), Some((from, to))) = (moments, interval) else {
            continue;
        };
        known += 1;
        // The highest of all is at least as high as each is at least.
        (low, high) = (low.max(from), high.max(to));
        if worst.is_none_or(|(before, _)| mean > before) {
            worst = Some((mean, part));
        }
    }
    if known == 0 {
        return (0, String::new());
    }
    let (low, high) = ((low * 10.0).floor() / 10.0, (high * 10.0).ceil() / 10.0);
    let mut rest = format!(",\"low\":{low},\"high\":{high}");
    put_worst(&mut rest, worst.map(|(_, part)| part));
    (known, rest)
}

fn put_worst(rest: &mut String, worst: Option<&EntityId>) {
    if let Some(worst) = worst {
        // A URI has no character that JSON would want escaped.
        let _ = write!(rest, ",\"worst\":\"{worst}\"");
    }
}
