//! How long it takes to learn the reliability of sources from the facts of a city.
//!
//! `cargo run --release -p twin-fusion --example facts_bench`
//!
//! 300,000 facts with two sources each that agree on four of five, once by a few imports, once
//! by thousands of persons of whom hardly any two speak of the same. Medians of seven runs.

use std::hint::black_box;
use std::time::{Duration, Instant};
use twin_fusion::{Evidence, State, Witness, reliabilities};
use twin_model::{Act, AttributeSpec, Basis, Catalogue, ClaimId, Interval, Time, Value};

const FACTS: u64 = 300_000;
const RUNS: usize = 7;

fn main() {
    println!("attribute   sources     ms");
    for attribute in ["usage", "width", "fireExit"] {
        let spec = Catalogue::BUILT_IN.get(attribute).expect("an attribute");
        for sources in [6, 50_000] {
            let facts: Vec<State> = (0..FACTS).map(|i| fact(spec, i, sources)).collect();
            let took = median(|| {
                black_box(reliabilities(spec, black_box(&facts).iter()));
            });
            println!(
                "{attribute:<10} {sources:>8} {:>6.0}",
                took.as_secs_f64() * 1e3
            );
        }
    }
}

/// Two sources, never the same pair twice in a row, on one fact.
fn fact(spec: &AttributeSpec, i: u64, sources: u64) -> State {
    let mixed = i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let first = mixed % sources;
    let second = (first + 1 + (mixed / sources) % (sources - 1)) % sources;
    let mut state = State::new(spec);
    for (turn, source) in [first, second].into_iter().enumerate() {
        let is_other = turn == 1 && i.is_multiple_of(5);
        let value = match spec.name {
            "width" => Value::Number(if is_other { 0.9 } else { 0.8 }),
            "fireExit" => Value::Boolean(is_other),
            _ => Value::text(if is_other { "lobby" } else { "corridor" }),
        };
        let evidence = Evidence {
            claim: ClaimId {
                incarnation: 1,
                sequence: 2 * i + turn as u64,
            },
            source: source as u32,
            act: &Act::Assert(value.into()),
            valid: Interval::ALWAYS,
            observed: Time::from_seconds(0),
            recorded: Time::from_seconds(0),
            basis: Basis::Observed,
            witness: Witness::Itself,
        };
        state.update(spec, &evidence, &mut Vec::new());
    }
    state
}

fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            // A benchmark measures time.
            #[allow(clippy::disallowed_methods)]
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[RUNS / 2]
}
