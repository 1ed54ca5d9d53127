//! How fast claims become estimates on one core, in memory, and how many bytes a state takes.
//!
//! `cargo run --release -p twin-fusion --example fusion_bench -- [--json]`
//!
//! Ten thousand twins are updated in turn, each by its own source every half minute with a
//! duplicate now and then, as a bulk of claims would. *Updates* are claims taken in;
//! *with estimate* adds what a node does after every commit: the aged estimate with its
//! contributors, made again for each claim. *Canonical* is the conversion of a stated value
//! alone. The states are larger than the caches. Medians of seven runs.

use std::hint::black_box;
use std::time::{Duration, Instant};
use twin_fusion::{Evidence, Setting, State, Witness, canonical};
use twin_model::{
    Act, AttributeSpec, Basis, Catalogue, ClaimId, Interval, SourceId, Stated, Time, Unit, Value,
};

const STATES: usize = 10_000;
const ROUNDS: usize = 20;
const RUNS: usize = 7;

struct Measured {
    name: &'static str,
    estimator: &'static str,
    canonical_per_s: f64,
    updates_per_s: f64,
    with_estimate_per_s: f64,
    bytes_per_state: f64,
    snapshot_bytes_per_state: f64,
}

fn main() {
    let as_json = std::env::args().any(|a| a == "--json");
    let cases = [
        ("temperature", "scalar"),
        ("open", "boolean"),
        ("occupancy", "count"),
        ("serviceState", "category"),
        ("width", "static"),
    ];
    let all: Vec<Measured> = cases.iter().map(|(n, e)| measure(n, e)).collect();
    if as_json {
        print_json(&all);
        return;
    }
    println!("estimator   canonical/s   updates/s   with estimate/s   bytes/state   in snapshot");
    for m in &all {
        println!(
            "{:<10} {:>12.0} {:>11.0} {:>17.0} {:>13.0} {:>13.0}",
            m.estimator,
            m.canonical_per_s,
            m.updates_per_s,
            m.with_estimate_per_s,
            m.bytes_per_state,
            m.snapshot_bytes_per_state
        );
    }
}

fn print_json(all: &[Measured]) {
    let rows: Vec<String> = all
        .iter()
        .map(|m| {
            format!(
                "{{\"attribute\":\"{}\",\"estimator\":\"{}\",\"canonical_per_s\":{:.0},\
                 \"updates_per_s\":{:.0},\"with_estimate_per_s\":{:.0},\
                 \"bytes_per_state\":{:.1},\"snapshot_bytes_per_state\":{:.1}}}",
                m.name,
                m.estimator,
                m.canonical_per_s,
                m.updates_per_s,
                m.with_estimate_per_s,
                m.bytes_per_state,
                m.snapshot_bytes_per_state
            )
        })
        .collect();
    println!("{{\"fusion\":[{}]}}", rows.join(","));
}

fn measure(name: &'static str, estimator: &'static str) -> Measured {
    let spec = Catalogue::BUILT_IN.get(name).expect("a modelled attribute");
    let stated: Vec<Act> = (0..64).map(|i| stated(name, i)).collect();
    let acts: Vec<Act> = stated
        .iter()
        .map(|act| canonical(spec, act).expect("a value of the attribute's form"))
        .collect();
    let names: Vec<SourceId> = (0..STATES)
        .map(|i| SourceId::new(&format!("urn:twin:source:{i}")).expect("a URI"))
        .collect();
    let count = (STATES * ROUNDS) as f64;
    let canonical_s = median(|| {
        for i in 0..STATES * ROUNDS {
            black_box(canonical(spec, &stated[i % stated.len()])).ok();
        }
    });
    let mut states = Vec::new();
    let update_s = median(|| {
        states = run(spec, &acts, |_, _, _| {});
    });
    let with_estimate_s = median(|| {
        run(spec, &acts, |state, at, source| {
            let name = |_| names[source].clone();
            black_box(state.estimate(spec, at, &Setting::plain(&name)));
        });
    });
    let heap: usize = states.iter().map(State::heap_bytes).sum();
    let mut snapshot = Vec::new();
    for state in &states {
        state.encode(&mut snapshot);
    }
    Measured {
        name,
        estimator,
        canonical_per_s: count / canonical_s.as_secs_f64(),
        updates_per_s: count / update_s.as_secs_f64(),
        with_estimate_per_s: count / with_estimate_s.as_secs_f64(),
        bytes_per_state: size_of::<State>() as f64 + heap as f64 / STATES as f64,
        snapshot_bytes_per_state: snapshot.len() as f64 / STATES as f64,
    }
}

fn stated(name: &str, i: u32) -> Act {
    let x = f64::from(i) / 64.0;
    let (value, unit) = match name {
        "temperature" => (Value::Number(293.0 + 3.0 * x), Some("K")),
        "occupancy" => (Value::Number((x * 8.0).round()), None),
        "width" => (Value::Number(900.0 + f64::from(i % 3)), Some("mm")),
        "serviceState" => {
            let word = if i.is_multiple_of(3) {
                "fireService"
            } else {
                "inService"
            };
            (Value::text(word), None)
        }
        _ => (Value::Boolean(i.is_multiple_of(3)), None),
    };
    Act::Assert(Stated {
        value,
        unit: unit.map(|u| Unit::new(u).expect("a unit")),
        uncertainty: None,
    })
}

/// All rounds over all states; every sixteenth claim is said twice.
fn run(
    spec: &AttributeSpec,
    acts: &[Act],
    mut after: impl FnMut(&State, Time, usize),
) -> Vec<State> {
    let mut states: Vec<State> = (0..STATES).map(|_| State::new(spec)).collect();
    let mut lessons = Vec::new();
    for claim in 0..STATES * ROUNDS {
        let (round, twin) = (claim / STATES, claim % STATES);
        let said = if claim.is_multiple_of(16) {
            round.saturating_sub(1)
        } else {
            round
        };
        let observed = Time::default().plus_seconds(30.0 * said as f64);
        let evidence = Evidence {
            claim: ClaimId {
                incarnation: 1,
                sequence: claim as u64,
            },
            source: twin as u32,
            act: &acts[(said * 7 + twin) % acts.len()],
            valid: Interval::ALWAYS,
            observed,
            recorded: observed,
            basis: Basis::Observed,
            witness: Witness::Itself,
        };
        lessons.clear();
        black_box(states[twin].update(spec, &evidence, &mut lessons));
        after(&states[twin], observed, twin);
    }
    states
}

// A benchmark is the one place here that needs to know what time it is.
#[allow(clippy::disallowed_methods)]
fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[RUNS / 2]
}
