//! Marks what is learned from statements by others: how often the most probable value is
//! right, beside the majority's word, and whether it is as sure as it is right.
//!
//! `cargo run --release -p twin-fusion --example facts_marked -- STATEMENTS TRUTH`
//!
//! `STATEMENTS` holds lines of source, fact and value, `TRUTH` lines of fact and value, both
//! separated by tabs or spaces; such files are published with studies of paid labelling, where
//! some label with care and some do not. Where there are two values only they are taken for
//! no and yes. Facts without a known truth take part in learning only. A majority of several
//! values with as many votes is right by their share.

use std::collections::{BTreeMap, BTreeSet};
use twin_fusion::{Evidence, Setting, State, Witness, reliabilities};
use twin_model::{
    Act, AttributeSpec, Basis, Catalogue, ClaimId, Distribution, Interval, SourceId, Time, Value,
};

fn main() {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let [statements, truth] = files.as_slice() else {
        eprintln!("usage: facts_marked STATEMENTS TRUTH");
        std::process::exit(2);
    };
    let statements = rows::<3>(statements);
    let values: BTreeSet<&String> = statements.iter().map(|[_, _, value]| value).collect();
    let is_binary = values.len() == 2;
    let attribute = if is_binary { "fireExit" } else { "usage" };
    let spec = Catalogue::BUILT_IN.get(attribute).expect("an attribute");
    let read = |word: &str| {
        if is_binary {
            Value::Boolean(values.first().is_none_or(|first| *first != word))
        } else {
            Value::text(word)
        }
    };
    let facts = facts(spec, &statements, &read);
    let truths: BTreeMap<String, String> = rows(truth).into_iter().map(|[f, v]| (f, v)).collect();
    let learned = reliabilities(spec, facts.values());
    let trust = |source| learned.get(&source).copied();
    let kin = learned.values().filter(|trust| trust.kin.is_some()).count();
    println!(
        "{} facts, {} sources, {kin} of them kin",
        facts.len(),
        learned.len()
    );
    let name = |source: u32| SourceId::new(&format!("urn:source:{source}")).expect("a URI");
    let usual = Setting::plain(&name);
    let learned = Setting {
        trust: &trust,
        ..usual
    };
    println!("by          facts  right   Brier  calibration error");
    let truths: Vec<(&String, &String)> = truths
        .iter()
        .filter(|(fact, _)| facts.contains_key(*fact))
        .collect();
    let right: f64 = truths
        .iter()
        .map(|(f, truth)| majority(&statements, f, truth))
        .sum();
    println!(
        "majority   {:>6} {:>6.4}",
        truths.len(),
        right / truths.len() as f64
    );
    for (by, setting) in [("usual", usual), ("learned", learned)] {
        let marks: Vec<(f64, f64)> = truths
            .iter()
            .map(|(fact, truth)| mark(spec, &facts[*fact], &read(truth), &setting))
            .collect();
        print_marks(by, &marks);
    }
}

fn rows<const N: usize>(path: &str) -> Vec<[String; N]> {
    let text = std::fs::read_to_string(path).expect("a file that can be read");
    let row = |line: &str| {
        let fields: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        fields.try_into().ok()
    };
    text.lines().filter_map(row).collect()
}

fn facts(
    spec: &AttributeSpec,
    statements: &[[String; 3]],
    read: &impl Fn(&str) -> Value,
) -> BTreeMap<String, State> {
    let sources: BTreeSet<&String> = statements.iter().map(|[source, ..]| source).collect();
    let numbers: BTreeMap<&String, u32> = sources.into_iter().zip(0..).collect();
    let mut facts: BTreeMap<String, State> = BTreeMap::new();
    for (sequence, [source, fact, value]) in (1..).zip(statements) {
        let state = facts
            .entry(fact.clone())
            .or_insert_with(|| State::new(spec));
        let evidence = Evidence {
            claim: ClaimId {
                incarnation: 1,
                sequence,
            },
            source: numbers[source],
            act: &Act::Assert(read(value).into()),
            valid: Interval::ALWAYS,
            observed: Time::from_seconds(sequence.cast_signed()),
            recorded: Time::from_seconds(sequence.cast_signed()),
            basis: Basis::Observed,
            witness: Witness::Itself,
        };
        state.update(spec, &evidence, &mut Vec::new());
    }
    facts
}

/// How far the majority is right on a fact: the newest word of each source counts.
fn majority(statements: &[[String; 3]], fact: &str, truth: &str) -> f64 {
    let own = statements.iter().filter(|[_, f, _]| f == fact);
    let words: BTreeMap<&String, &String> = own.map(|[source, _, value]| (source, value)).collect();
    let mut votes: BTreeMap<&str, u32> = BTreeMap::new();
    for value in words.into_values() {
        *votes.entry(value).or_default() += 1;
    }
    let most = votes.values().copied().max().unwrap_or(0);
    let first = votes.values().filter(|&&n| n == most).count();
    if votes.get(truth) == Some(&most) {
        1.0 / first as f64
    } else {
        0.0
    }
}

/// How sure the most probable value is, and whether it is right.
fn mark(spec: &AttributeSpec, state: &State, truth: &Value, setting: &Setting) -> (f64, f64) {
    let estimate = state.estimate(spec, Time::from_seconds(1_000_000_000), setting);
    let is_right = f64::from(u8::from(estimate.value().as_ref() == Some(truth)));
    let distribution = estimate.distribution.as_ref();
    let sureness = distribution.and_then(Distribution::confidence);
    (sureness.unwrap_or(0.0), is_right)
}

fn print_marks(by: &str, marks: &[(f64, f64)]) {
    let n = marks.len() as f64;
    let right: f64 = marks.iter().map(|(_, right)| right).sum();
    let brier: f64 = marks
        .iter()
        .map(|(p, right)| (p - right) * (p - right))
        .sum();
    let mut bins = [(0.0, 0.0); 10];
    for (p, right) in marks {
        let bin = &mut bins[((p * 10.0) as usize).min(9)];
        *bin = (bin.0 + p, bin.1 + right);
    }
    let error: f64 = bins
        .iter()
        .map(|(stated, right)| (stated - right).abs())
        .sum();
    println!(
        "{by:<10} {:>6} {:>6.4} {:>7.4} {:>7.4}",
        marks.len(),
        right / n,
        brier / n,
        error / n
    );
}
