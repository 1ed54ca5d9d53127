//! Three nodes in a ring that tell each other what they believe, ten thousand times.
//!
//! Everybody has a thermometer of its own in the same room and hears from one neighbour: after
//! three rounds, each hears itself again. What was heard twice must not be believed twice. Rooms
//! are those of the generator, with thermostat, people and sun; each thermometer keeps its own
//! calibration error. Beside it stand one filter that sees all three, and the product of beliefs
//! that takes whatever a neighbour says as news.

use crate::benches::Bench;
use crate::channel::{Channel, Said, spec, time};
use crate::row::{Row, hash_all};
use crate::tower::true_temperatures;
use anyhow::Result;
use twin_fusion::{Received, Tag, Tags};
use twin_model::{AttributeSpec, Basis, ClaimId, Distribution, Time};
use twin_scenario::observe::{self, Rooms};
use twin_scenario::rng::Rng;

const NODES: usize = 3;
const ROUNDS: u32 = 10_000;
/// Rings, each with thermometers of its own.
const RINGS: usize = 20;
/// What the thermometers state, which is what they are: a calibration error of 0.4 °C that
/// stays, and noise of 0.3 °C.
const STATED_SD: f64 = 0.5;
const CALIBRATION_SD: f64 = 0.4;
const NOISE_SD: f64 = 0.3;
const VARIANCE_RATIO_MAX: f64 = 2.0;
/// Owners are numbered after the thermometers.
const OWNER: u32 = 100;
const ROOMS: &str = r#"[{"id":"urn:a:1","kind":"space","area_m2":18,"usage":"office"},
    {"id":"urn:a:2","kind":"space","area_m2":24,"usage":"office"},
    {"id":"urn:a:3","kind":"space","area_m2":30,"usage":"meeting"},
    {"id":"urn:a:4","kind":"space","area_m2":60,"usage":"corridor"}]"#;

/// What the nodes send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// What others sent, as it came, beside one's own.
    PassedOn,
    /// One estimate of all it knows.
    Joined,
}

/// One instant: when, what is so, what each thermometer says, if it says anything.
type Round = (Time, f64, [Option<f64>; NODES]);

/// The ring of generated rooms, and one of each bench with three sensors.
pub(crate) fn measure(benches: &[Bench], seed: u64) -> Result<Vec<Row>> {
    let mut rows = generated(seed)?;
    let three = benches.iter().filter(|bench| bench.sources.len() == NODES);
    rows.extend(
        three
            .filter(|bench| bench.name.starts_with("office"))
            .map(real),
    );
    Ok(rows)
}

fn generated(seed: u64) -> Result<Vec<Row>> {
    let truths = true_temperatures(&Rooms::parse(ROOMS)?, &options(seed)?)?;
    let mut tallies = [Tally::default(); 4];
    for ring in 0..RINGS {
        let rounds = rounds(&truths[ring % truths.len()], ring, seed);
        let found = compare(&rounds, spec("temperature"), Some(STATED_SD));
        for (tally, found) in tallies.iter_mut().zip(found) {
            tally.add_all(found);
        }
    }
    let inputs = hash_all(truths.iter());
    let bound = chi_square_upper((RINGS * NODES) as f64) / (RINGS * NODES) as f64;
    let [central, passed, joined, naive] = tallies;
    let row = |name: &str, tally: Tally| {
        let ratio = tally.variance() / central.variance();
        Row::new(format!(
            "ring of three nodes, {ROUNDS} rounds, estimates {name}"
        ))
        .shown(
            RINGS * ROUNDS as usize,
            format!(
                "NEES {:.2}, variance {ratio:.2} × that of the central filter",
                tally.nees()
            ),
        )
        .beside(format!(
            "central filter NEES {:.2}; product of beliefs NEES {:.1}, variance {:.2} ×",
            central.nees(),
            naive.nees(),
            naive.variance() / central.variance()
        ))
        .on(inputs.clone())
        .detail(format!(
            "{RINGS} rings; a thermometer's error stays, so the bound counts {} independent \
                 errors; RMSE {:.3} °C beside {:.3} of the central filter",
            RINGS * NODES,
            tally.rmse(),
            central.rmse()
        ))
    };
    let is_good =
        passed.nees() <= bound && passed.variance() <= VARIANCE_RATIO_MAX * central.variance();
    let target = format!("NEES ≤ {bound:.2}, variance ≤ {VARIANCE_RATIO_MAX} ×");
    Ok(vec![
        row("passed on with their tags", passed).held_to(target, is_good),
        // Whoever joins what it heard into one estimate cannot be told apart from it again.
        row("joined before they are sent", joined),
    ])
}

fn real(bench: &Bench) -> Row {
    let mut readings = [0; NODES];
    let rounds: Vec<Round> = bench
        .truth
        .iter()
        .take(ROUNDS as usize)
        .map(|&(at_s, truth)| {
            let said = std::array::from_fn(|node| {
                let series = &bench.sources[node];
                let next = series[readings[node]..].partition_point(|(t, _)| *t <= at_s);
                readings[node] += next;
                (next > 0).then(|| series[readings[node] - 1].1)
            });
            (time(at_s), truth, said)
        })
        .collect();
    let [central, passed, joined, naive] = compare(&rounds, spec(bench.attribute), None);
    Row::new(format!("ring of three nodes, three shares of {}", bench.name))
        .shown(
            rounds.len(),
            format!(
                "NEES {:.2} passed on, {:.2} joined; variance {:.2} and {:.2} × that of the central filter",
                passed.nees(),
                joined.nees(),
                passed.variance() / central.variance(),
                joined.variance() / central.variance()
            ),
        )
        .beside(format!(
            "central filter NEES {:.2}; product of beliefs NEES {:.1}",
            central.nees(),
            naive.nees()
        ))
        .on(hash_all(rounds.iter()))
}

fn options(seed: u64) -> Result<observe::Options> {
    Ok(observe::Options {
        seed,
        start_us: twin_scenario::time::parse_utc_us("2026-01-05T00:00:00Z")?,
        minutes: i64::from(ROUNDS),
        fire: None,
        gaps: 0.0,
        duplicates: 0.0,
        late: 0.0,
        late_max_s: 600,
        faults: 0.0,
        load: None,
    })
}

/// What three thermometers say of a room minute by minute.
fn rounds(truth: &[(f64, f64)], ring: usize, seed: u64) -> Vec<Round> {
    let mut rng = Rng::of(seed, &format!("ring {ring}"));
    let offsets: [f64; NODES] = std::array::from_fn(|_| CALIBRATION_SD * rng.normal());
    let said = |&(at_s, so): &(f64, f64)| {
        let said = offsets.map(|offset| Some(so + offset + NOISE_SD * rng.normal()));
        (time(at_s), so, said)
    };
    truth.iter().map(said).collect()
}

/// Sums of squared errors in variances, of squared errors, and of variances.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    nees: f64,
    square: f64,
    variance: f64,
    count: f64,
}

impl Tally {
    fn add(&mut self, (mean, variance): (f64, f64), truth: f64) {
        self.nees += (mean - truth) * (mean - truth) / variance;
        self.square += (mean - truth) * (mean - truth);
        self.variance += variance;
        self.count += 1.0;
    }

    fn add_all(&mut self, other: Self) {
        self.nees += other.nees;
        self.square += other.square;
        self.variance += other.variance;
        self.count += other.count;
    }

    fn nees(&self) -> f64 {
        self.nees / self.count
    }

    fn variance(&self) -> f64 {
        self.variance / self.count
    }

    fn rmse(&self) -> f64 {
        (self.square / self.count).sqrt()
    }
}

/// The central filter, both ways, and the product of beliefs, on the same rounds.
fn compare(rounds: &[Round], spec: AttributeSpec, sd: Option<f64>) -> [Tally; 4] {
    [
        central(rounds, spec, sd),
        ring(rounds, spec, sd, Way::PassedOn),
        ring(rounds, spec, sd, Way::Joined),
        naive(rounds, spec, sd),
    ]
}

fn central(rounds: &[Round], spec: AttributeSpec, sd: Option<f64>) -> Tally {
    let (mut channel, mut tally) = (Channel::new(spec), Tally::default());
    for (at, truth, said) in rounds {
        for (source, value) in (0..).zip(said) {
            hear(&mut channel, source, *at, *value, sd);
        }
        if let Some(belief) = belief(&channel, *at) {
            tally.add(belief, *truth);
        }
    }
    tally
}

fn hear(channel: &mut Channel, source: u32, at: Time, value: Option<f64>, sd: Option<f64>) {
    if let Some(value) = value {
        channel.tell(&Said {
            sd,
            ..Said::number(source, at, value)
        });
    }
}

fn belief(channel: &Channel, at: Time) -> Option<(f64, f64)> {
    channel.moments(at).map(|(mean, sd)| (mean, sd * sd))
}

fn ring(rounds: &[Round], spec: AttributeSpec, sd: Option<f64>, way: Way) -> Tally {
    let mut nodes = vec![Channel::new(spec); NODES];
    let mut outboxes: Vec<Vec<Received>> = vec![Vec::new(); NODES];
    let mut tally = Tally::default();
    for (round, (at, truth, said)) in rounds.iter().enumerate() {
        let sent = outboxes.clone();
        for (node, channel) in nodes.iter_mut().enumerate() {
            hear(channel, node as u32, *at, said[node], sd);
            for received in &sent[(node + NODES - 1) % NODES] {
                if received.source != OWNER + node as u32 {
                    let received = seen_by(node, received);
                    channel.state.receive(&channel.spec, &received);
                }
            }
            if let Some(belief) = belief(channel, *at) {
                tally.add(belief, *truth);
                outboxes[node] = outbox(channel, node, (round, *at), way);
            }
        }
    }
    tally
}

/// What is tagged as one's own is recognised; all else stays foreign.
fn seen_by(node: usize, received: &Received) -> Received {
    let tags = received.tags.named().iter().map(|tag| match *tag {
        Tag::Foreign(source) if source == node as u64 => Tag::Own(node as u32),
        tag => tag,
    });
    Received {
        tags: Tags::of(tags),
        ..received.clone()
    }
}

fn outward(tags: &Tags) -> Tags {
    Tags::of(tags.named().iter().map(|tag| match *tag {
        Tag::Own(source) => Tag::Foreign(u64::from(source)),
        tag @ Tag::Foreign(_) => tag,
    }))
}

fn outbox(channel: &Channel, node: usize, (round, at): (usize, Time), way: Way) -> Vec<Received> {
    let (estimate, tags) = match way {
        Way::Joined => (channel.estimate(at), channel.state.tags()),
        Way::PassedOn => (channel.estimate_own(at), channel.state.own_tags()),
    };
    let own = estimate
        .distribution
        .map(|distribution: Distribution| Received {
            claim: ClaimId {
                incarnation: 1,
                sequence: round as u64,
            },
            source: OWNER + node as u32,
            distribution,
            basis: Basis::Observed,
            about: at,
            evidence_time: at,
            tags: outward(&tags),
        });
    let mut sent: Vec<Received> = own.into_iter().collect();
    if way == Way::PassedOn {
        sent.extend(channel.state.received().iter().map(|received| Received {
            tags: outward(&received.tags),
            ..received.clone()
        }));
    }
    sent
}

/// Whatever the neighbour believes is multiplied in, round after round.
fn naive(rounds: &[Round], spec: AttributeSpec, sd: Option<f64>) -> Tally {
    let mut nodes = vec![Channel::new(spec); NODES];
    let mut beliefs: [Option<(f64, f64)>; NODES] = [None; NODES];
    let mut tally = Tally::default();
    for (at, truth, said) in rounds {
        let sent = beliefs;
        for (node, channel) in nodes.iter_mut().enumerate() {
            hear(channel, node as u32, *at, said[node], sd);
            let Some(own) = belief(channel, *at) else {
                continue;
            };
            let belief = match sent[(node + NODES - 1) % NODES] {
                Some(other) => product(own, other),
                None => own,
            };
            tally.add(belief, *truth);
            beliefs[node] = Some(belief);
        }
    }
    tally
}

fn product(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    let precision = 1.0 / a.1 + 1.0 / b.1;
    ((a.0 / a.1 + b.0 / b.1) / precision, 1.0 / precision)
}

/// Upper 97.5 % of χ² (Wilson & Hilferty, PNAS 17 (1931) 684), for the bound of Bar-Shalom, Li &
/// Kirubarajan, Estimation (2001) 5.4.
fn chi_square_upper(n: f64) -> f64 {
    let part = 2.0 / (9.0 * n);
    n * (1.0 - part + 1.959_964 * part.sqrt()).powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_the_table_s() {
        // χ²(0.975) of 100 degrees of freedom is 129.56.
        assert!((chi_square_upper(100.0) - 129.56).abs() < 0.1);
    }

    #[test]
    fn the_product_of_beliefs_talks_itself_into_certainty() {
        let truth: Vec<(f64, f64)> = (0..300).map(|i| (f64::from(i) * 60.0, 20.0)).collect();
        let rounds = rounds(&truth, 0, 1);
        let spec = spec("temperature");
        let naive = naive(&rounds, spec, Some(STATED_SD));
        let joined = ring(&rounds, spec, Some(STATED_SD), Way::Joined);
        assert!(naive.variance() < 0.2 * joined.variance());
    }
}
