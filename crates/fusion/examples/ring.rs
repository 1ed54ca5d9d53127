//! Three nodes in a ring that tell each other what they believe, ten thousand times.
//!
//! `cargo run --release -p twin-fusion --example ring -- [--json] [--rounds N]`
//!
//! Every node has a thermometer of its own in the same hall and hears from one neighbour only. A
//! tells B, B tells C, C tells A: after three rounds everybody hears himself again. The
//! hall is warmed and cooled by switches and jumps, not by the process that the filters assume, and
//! each thermometer has an error of its own that is drawn anew every hundred rounds.
//!
//! * *passed on*: what others sent is passed on as it came, with its tags, beside one's own.
//! * *joined*: everybody sends one estimate of all it knows, with the tags of all of it.
//! * *naive*: the same, multiplied as if what comes from the neighbour were news.
//! * *central*: one filter that sees all three thermometers.
//!
//! NEES is the squared error in variances; 1 is honest, more is too sure. Errors last for a
//! hundred rounds, so a hundred blocks of rounds are taken as independent for its bound, the upper
//! 97.5 % of χ²/n (Bar-Shalom, Li & Kirubarajan, Estimation, 2001, 5.4).

use twin_fusion::{Evidence, Received, Setting, State, Tag, Tags, Witness};
use twin_model::{
    Act, AttributeSpec, Basis, Catalogue, ClaimId, Distribution, Interval, SourceId, Stated, Time,
    Uncertainty, Value,
};

const NODES: usize = 3;
const ROUND_S: f64 = 60.0;
const BLOCK: usize = 100;
const STATED_SD: f64 = 0.5;

#[derive(Clone, Copy, PartialEq)]
enum Way {
    PassedOn,
    Joined,
    Naive,
}

/// Sums of squared errors in variances, of squared errors, and of variances.
#[derive(Clone, Copy, Default)]
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
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let as_json = arguments.iter().any(|a| a == "--json");
    let given = arguments.iter().position(|a| a == "--rounds");
    let rounds = given
        .and_then(|at| arguments.get(at + 1)?.parse().ok())
        .unwrap_or(10_000);
    let spec = Catalogue::BUILT_IN.get("temperature").expect("modelled");
    let central = central(spec, rounds);
    let blocks = (rounds / BLOCK).max(1) as f64;
    let bound = chi_square_upper(blocks) / blocks;
    let mut rows = vec![("central", central)];
    for (name, way) in [
        ("passed on", Way::PassedOn),
        ("joined", Way::Joined),
        ("naive", Way::Naive),
    ] {
        rows.push((name, ring(spec, rounds, way)));
    }
    if !as_json {
        println!("{rounds} rounds, {NODES} nodes; bound of the average NEES {bound:.3}");
        println!("way          NEES      rmse K   sd K    variance / central");
    }
    let mut json = Vec::new();
    for (name, t) in rows {
        let ratio = t.variance / t.count / (central.variance / central.count);
        let (nees, rmse) = (t.nees / t.count, (t.square / t.count).sqrt());
        let sd = (t.variance / t.count).sqrt();
        json.push(format!(
            "{{\"way\":\"{name}\",\"nees\":{nees:.4},\"bound\":{bound:.4},\"rmse\":{rmse:.4},\
             \"sd\":{sd:.5},\"variance_ratio\":{ratio:.4}}}"
        ));
        if !as_json {
            println!("{name:<10} {nees:>8.3} {rmse:>10.3} {sd:>6.3} {ratio:>10.3}");
        }
    }
    if as_json {
        println!("{{\"rounds\":{rounds},\"ring\":[{}]}}", json.join(","));
    }
}

/// Upper 97.5 % of χ² (Wilson & Hilferty, PNAS 17 (1931) 684).
fn chi_square_upper(n: f64) -> f64 {
    let part = 2.0 / (9.0 * n);
    n * (1.0 - part + 1.959_964 * part.sqrt()).powi(3)
}

/// The hall and its thermometers.
struct Hall {
    chance: Chance,
    air_c: f64,
    target_c: f64,
    offsets: [f64; NODES],
    round: usize,
}

impl Hall {
    fn new() -> Self {
        Self {
            chance: Chance(2024),
            air_c: 20.0,
            target_c: 21.0,
            offsets: [0.0; NODES],
            round: 0,
        }
    }

    /// The next minute: the truth, and what each thermometer says.
    fn next(&mut self) -> (f64, [f64; NODES]) {
        if self.round.is_multiple_of(BLOCK) {
            self.offsets = std::array::from_fn(|_| 0.4 * self.chance.normal());
        }
        if self.chance.unit() < ROUND_S / 7200.0 {
            self.target_c = [18.5, 20.0, 21.5, 23.0][(self.chance.unit() * 4.0) as usize];
        }
        self.air_c += (self.target_c - self.air_c) * ROUND_S / 3600.0;
        self.round += 1;
        let offsets = self.offsets;
        let said = offsets.map(|offset| self.air_c + offset + 0.3 * self.chance.normal());
        (self.air_c, said)
    }
}

fn hear(state: &mut State, spec: &AttributeSpec, source: u32, round: usize, value: f64) {
    let act = Act::Assert(Stated {
        value: Value::Number(value),
        unit: None,
        uncertainty: Some(Uncertainty::StandardDeviation(STATED_SD)),
    });
    let observed = at(round);
    let evidence = Evidence {
        claim: ClaimId {
            incarnation: 1 + source,
            sequence: round as u64,
        },
        source,
        act: &act,
        valid: Interval::ALWAYS,
        observed,
        recorded: observed,
        basis: Basis::Observed,
        witness: Witness::Itself,
    };
    state.update(spec, &evidence, &mut Vec::new());
}

fn at(round: usize) -> Time {
    Time::default().plus_seconds(ROUND_S * round as f64)
}

fn name(number: u32) -> SourceId {
    SourceId::new(&format!("urn:twin:source:{number}")).expect("a URI")
}

fn central(spec: &AttributeSpec, rounds: usize) -> Tally {
    let (mut hall, mut state, mut tally) = (Hall::new(), State::new(spec), Tally::default());
    for round in 0..rounds {
        let (truth, said) = hall.next();
        for (source, value) in said.into_iter().enumerate() {
            hear(&mut state, spec, source as u32, round, value);
        }
        let estimate = state.estimate(spec, at(round), &Setting::plain(&name));
        tally.add(moments(estimate.distribution.as_ref()), truth);
    }
    tally
}

fn moments(distribution: Option<&Distribution>) -> (f64, f64) {
    let (mean, sd) = distribution
        .and_then(Distribution::moments)
        .expect("a number");
    (mean, sd * sd)
}

/// One node: its state, and what it sends.
struct Node {
    state: State,
    naive: Option<(f64, f64)>,
    outbox: Vec<Received>,
}

/// Node `i`'s own thermometer has this number everywhere; owners are numbered after them.
const OWNER: u32 = 100;

fn ring(spec: &AttributeSpec, rounds: usize, way: Way) -> Tally {
    let (mut hall, mut tally) = (Hall::new(), Tally::default());
    let mut nodes: Vec<Node> = (0..NODES)
        .map(|_| Node {
            state: State::new(spec),
            naive: None,
            outbox: Vec::new(),
        })
        .collect();
    for round in 0..rounds {
        let (truth, said) = hall.next();
        let sent: Vec<Vec<Received>> = nodes.iter().map(|n| n.outbox.clone()).collect();
        let beliefs: Vec<Option<(f64, f64)>> = nodes.iter().map(|n| n.naive).collect();
        for (i, node) in nodes.iter_mut().enumerate() {
            let neighbour = (i + NODES - 1) % NODES;
            hear(&mut node.state, spec, i as u32, round, said[i]);
            if way == Way::Naive {
                let belief = node.multiply(spec, round, beliefs[neighbour]);
                tally.add(belief, truth);
                continue;
            }
            for received in &sent[neighbour] {
                if received.source != OWNER + i as u32 {
                    let received = as_seen_by(i, received);
                    node.state.receive(spec, &received);
                }
            }
            let setting = Setting::plain(&name);
            let estimate = node.state.estimate(spec, at(round), &setting);
            tally.add(moments(estimate.distribution.as_ref()), truth);
            node.outbox = node.outbox(spec, i, round, way);
        }
    }
    tally
}

/// What is tagged as one's own is recognised; all else stays foreign.
fn as_seen_by(node: usize, received: &Received) -> Received {
    let translated = received.tags.named().iter().map(|tag| match *tag {
        Tag::Foreign(source) if source == node as u64 => Tag::Own(node as u32),
        tag => tag,
    });
    let mut received = received.clone();
    received.tags = Tags::of(translated);
    received
}

fn outward(tags: &Tags) -> Tags {
    Tags::of(tags.named().iter().map(|tag| match *tag {
        Tag::Own(source) => Tag::Foreign(u64::from(source)),
        tag @ Tag::Foreign(_) => tag,
    }))
}

impl Node {
    fn outbox(&self, spec: &AttributeSpec, node: usize, round: usize, way: Way) -> Vec<Received> {
        let setting = Setting::plain(&name);
        let (estimate, tags) = if way == Way::Joined {
            (
                self.state.estimate(spec, at(round), &setting),
                self.state.tags(),
            )
        } else {
            let own = self.state.estimate_own(spec, at(round), &setting);
            (own, self.state.own_tags())
        };
        let mut sent = vec![Received {
            claim: ClaimId {
                incarnation: 1,
                sequence: round as u64,
            },
            source: OWNER + node as u32,
            distribution: estimate.distribution.expect("something was heard"),
            basis: Basis::Observed,
            about: at(round),
            evidence_time: at(round),
            tags: outward(&tags),
        }];
        if way == Way::PassedOn {
            let others = self.state.received().iter().cloned();
            sent.extend(others.map(|mut received| {
                received.tags = outward(&received.tags);
                received
            }));
        }
        sent
    }

    /// The product of what the node measures and what its neighbour believes.
    fn multiply(
        &mut self,
        spec: &AttributeSpec,
        round: usize,
        neighbour: Option<(f64, f64)>,
    ) -> (f64, f64) {
        let setting = Setting::plain(&name);
        let own = self.state.estimate(spec, at(round), &setting);
        let (mean, variance) = moments(own.distribution.as_ref());
        let belief = match neighbour {
            None => (mean, variance),
            Some((other, other_variance)) => {
                let precision = 1.0 / variance + 1.0 / other_variance;
                let sum = mean / variance + other / other_variance;
                (sum / precision, 1.0 / precision)
            }
        };
        self.naive = Some(belief);
        belief
    }
}

/// SplitMix64 (Steele, Lea & Flood 2014).
struct Chance(u64);

impl Chance {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Standard normal, by the sum of twelve.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}
