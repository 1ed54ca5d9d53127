//! Which sources of facts are reliable, learned from the facts: in worlds that are not the
//! estimator's, beside the majority's word.

mod common;

use common::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use twin_fusion::{Setting, State, Trust, reliabilities};
use twin_model::{Act, AttributeSpec, Distribution, Estimate, Stated, Summary, Uncertainty, Value};

type Learned = BTreeMap<u32, Trust>;

fn learned(spec: &AttributeSpec, facts: &[State]) -> Learned {
    reliabilities(spec, facts.iter())
}

fn with(state: &State, spec: &AttributeSpec, learned: &Learned) -> Estimate {
    let trust = |source| learned.get(&source).copied();
    let setting = Setting {
        trust: &trust,
        ..Setting::plain(&source_name)
    };
    let estimate = state.estimate(spec, seconds(10.0), &setting);
    assert_eq!(
        estimate.summary(),
        state.summary(spec, seconds(10.0), &setting)
    );
    estimate
}

fn usage(number: usize) -> Value {
    Value::text(
        [
            "room", "corridor", "stair", "lift", "shaft", "plant", "sanitary", "lobby",
        ][number],
    )
}

/// What the sources say of one fact, in order of source; `None` says nothing.
fn fact_of(spec: &AttributeSpec, words: &[Option<usize>]) -> State {
    let said = words.iter().enumerate().filter_map(|(source, word)| {
        let value = word.map(usage)?;
        Some(fact(source as u64, source as u32, source as f64, value))
    });
    state_of(spec, &said.collect::<Vec<_>>())
}

/// The first two guess half of the time, the third is nearly always right. Where both
/// careless ones happen to agree against the careful one, they are a majority, and wrong.
#[test]
fn a_reliable_minority_wins_against_a_careless_majority() {
    let spec = spec("usage");
    let mut chance = Chance(3);
    let right = [0.55, 0.55, 0.97];
    let mut facts = Vec::new();
    let mut truths = Vec::new();
    for _ in 0..2000 {
        let truth = (chance.unit() * 8.0) as usize;
        let said = right.map(|r| {
            let is_right = chance.unit() < r;
            let other = (truth + 1 + (chance.unit() * 7.0) as usize) % 8;
            Some(if is_right { truth } else { other })
        });
        truths.push((truth, said));
        facts.push(fact_of(spec, &said));
    }
    let learned = learned(spec, &facts);
    for (source, r) in right.into_iter().enumerate() {
        println!(
            "source {source}: {r} learned {:.3}",
            learned[&(source as u32)].hit
        );
    }
    assert!(learned[&2].hit > 0.9 && learned[&0].hit < 0.8);
    let mut minority = (0, 0, 0);
    for ((truth, said), state) in truths.iter().zip(&facts) {
        let majority_is_wrong =
            said[0] == said[1] && said[0] != Some(*truth) && said[2] == Some(*truth);
        if majority_is_wrong {
            let best = |estimate: Estimate| estimate.value() == Some(usage(*truth));
            minority.0 += 1;
            minority.1 += usize::from(best(with(state, spec, &learned)));
            minority.2 += usize::from(best(estimate(state, spec, 10.0)));
        }
    }
    println!(
        "minority right: of {} by learned {} by usual {}",
        minority.0, minority.1, minority.2
    );
    assert!(minority.0 > 30 && minority.1 > minority.0 * 9 / 10);
    assert_eq!(minority.2, 0, "without learning the majority has it");
}

/// A world that is not the estimator's: facts differ in difficulty and sources in skill
/// (GLAD: Whitehill et al., NIPS 2009, P(right) = 1/(1 + exp(−αβ))), and what a mistaken
/// source says depends on the true value, as a confusion matrix does.
struct World {
    truths: Vec<usize>,
    said: Vec<Vec<Option<usize>>>,
}

fn world(seed: u64, facts: usize, skills: &[f64], coverage: f64) -> World {
    let mut chance = Chance(seed);
    let confusion: Vec<[usize; 3]> = (0..8)
        .map(|value| [1, 2, 3].map(|step| (value + step * (1 + value % 2)) % 8))
        .collect();
    let mut world = World {
        truths: Vec::new(),
        said: Vec::new(),
    };
    for _ in 0..facts {
        let truth = (8.0 * chance.unit() * chance.unit()) as usize;
        let ease = (0.6 * chance.normal()).exp();
        let say = |&skill: &f64| {
            let says = chance.unit() < coverage;
            let right = 1.0 / (1.0 + (-skill * ease).exp());
            let is_right = chance.unit() < right;
            let wrong = confusion[truth][(chance.unit() * chance.unit() * 3.0) as usize];
            says.then_some(if is_right { truth } else { wrong })
        };
        world.said.push(skills.iter().map(say).collect());
        world.truths.push(truth);
    }
    world
}

/// How far the majority is right: where several values have most votes, one of them is drawn.
fn majority(said: &[Option<usize>], truth: usize) -> Option<f64> {
    let mut votes = [0; 8];
    for &word in said.iter().flatten() {
        votes[word] += 1;
    }
    let most = votes.iter().copied().max().filter(|&most| most > 0)?;
    let first = votes.iter().filter(|&&n| n == most).count();
    Some(if votes[truth] == most {
        1.0 / first as f64
    } else {
        0.0
    })
}

fn most_probable(estimate: &Estimate) -> (Option<Value>, f64) {
    let Some(Distribution::Alternatives(list)) = &estimate.distribution else {
        return (None, 0.0);
    };
    (Some(list[0].0.clone()), list[0].1)
}

#[test]
fn values_are_better_than_the_majoritys_and_as_sure_as_they_say() {
    let spec = spec("usage");
    let skills = [3.5, 2.5, 1.2, 0.6, 0.4];
    let world = world(17, 6000, &skills, 0.7);
    let facts: Vec<State> = world.said.iter().map(|said| fact_of(spec, said)).collect();
    let learned = learned(spec, &facts);
    let (mut n, mut ours, mut usual, mut theirs) = (0.0, 0.0, 0.0, 0.0);
    let mut bins = [(0.0, 0.0, 0.0); 5];
    let (mut brier, mut brier_usual) = (0.0, 0.0);
    for ((truth, said), state) in world.truths.iter().zip(&world.said).zip(&facts) {
        let Some(by_majority) = majority(said, *truth) else {
            continue;
        };
        n += 1.0;
        theirs += by_majority;
        let is_right = |value: Option<Value>| f64::from(u8::from(value == Some(usage(*truth))));
        let (value, p) = most_probable(&with(state, spec, &learned));
        let right = is_right(value);
        ours += right;
        brier += (p - right) * (p - right);
        let (value, q) = most_probable(&estimate(state, spec, 10.0));
        usual += is_right(value.clone());
        brier_usual += (q - is_right(value.clone())).powi(2);
        let bin = &mut bins[((p * 5.0) as usize).min(4)];
        *bin = (bin.0 + 1.0, bin.1 + p, bin.2 + right);
    }
    println!(
        "n {n} accuracy: majority {:.4} usual {:.4} learned {:.4}",
        theirs / n,
        usual / n,
        ours / n
    );
    println!(
        "Brier score: usual {:.4} learned {:.4}",
        brier_usual / n,
        brier / n
    );
    let mut error = 0.0;
    for (count, stated, right) in bins {
        println!(
            "n {count} stated {:.3} right {:.3}",
            stated / count,
            right / count
        );
        error += if count > 0.0 {
            (stated - right).abs() / n
        } else {
            0.0
        };
    }
    println!("expected calibration error {error:.4}");
    for (source, trust) in &learned {
        println!("source {source} learned {:.3}", trust.hit);
    }
    assert!(ours > theirs + 0.02 * n, "{ours} {theirs}");
    assert!(error < 0.08, "{error}");
    assert!(brier < brier_usual);
}

/// Two files exported from one model agree on everything, mistakes too, against a survey.
#[test]
fn a_copy_does_not_outvote_an_independent_source() {
    let spec = spec("usage");
    let world = world(23, 3000, &[1.5, 4.0], 1.0);
    let copied = |said: &[Option<usize>]| fact_of(spec, &[said[0], said[0], said[1]]);
    let facts: Vec<State> = world.said.iter().map(|said| copied(said)).collect();
    let learned = learned(spec, &facts);
    println!("{learned:?}");
    assert_eq!(
        (learned[&0].kin, learned[&1].kin, learned[&2].kin),
        (Some(0), Some(0), None)
    );
    let contested = fact_of(spec, &[Some(1), Some(1), Some(2)]);
    let e = with(&contested, spec, &learned);
    assert_eq!(e.summary(), Summary::Conflicting, "nobody can tell");
    let (_, p) = most_probable(&e);
    assert!(p < 0.6, "{p}");
    // What both say counts once, and is not called the word of two.
    let agreed = fact_of(spec, &[Some(1), Some(1), None]);
    let e = with(&agreed, spec, &learned);
    assert_eq!((e.sources, e.summary()), (1, Summary::Observed));
    let single = fact_of(spec, &[Some(1), None, None]);
    let (_, alone) = most_probable(&with(&single, spec, &learned));
    assert!((most_probable(&e).1 - alone).abs() < 1e-12);
}

#[test]
fn two_sources_that_differ_are_both_doubted() {
    let spec = spec("usage");
    let world = world(29, 2000, &[1.0, 1.0], 1.0);
    let facts: Vec<State> = world.said.iter().map(|said| fact_of(spec, said)).collect();
    let learned = learned(spec, &facts);
    let agreed = world.said.iter().filter(|said| said[0] == said[1]).count();
    println!(
        "agreed {agreed} of 2000: {:.3} {:.3}",
        learned[&0].hit, learned[&1].hit
    );
    assert!((learned[&0].hit - learned[&1].hit).abs() < 1e-3);
    assert!(learned[&0].hit < 0.85);
}

#[test]
fn little_is_learned_from_little() {
    let spec = spec("usage");
    let one = [fact_of(spec, &[Some(1), Some(2)])];
    let learned = learned(spec, &one);
    for trust in learned.values() {
        assert!((0.85..0.9).contains(&trust.hit), "{trust:?}");
    }
    let alone = [fact_of(spec, &[Some(1)]), State::new(spec)];
    assert_eq!(reliabilities(spec, alone.iter()), BTreeMap::new());
    let temperature = State::new(common::spec("temperature"));
    assert_eq!(
        reliabilities(spec, [&temperature].into_iter()),
        BTreeMap::new()
    );
    assert_eq!(
        reliabilities(common::spec("open"), one.iter()),
        BTreeMap::new()
    );
}

#[test]
fn what_a_source_states_of_itself_stands() {
    let spec = spec("usage");
    let careless: Learned = [(0, 0.4)]
        .map(|(source, hit)| {
            let trust = Trust {
                hit,
                false_alarm: 1.0 - hit,
                kin: None,
            };
            (source, trust)
        })
        .into();
    let sure = Stated {
        uncertainty: Some(Uncertainty::Probability(0.95)),
        ..usage(1).into()
    };
    let state = state_of(spec, &[said(1, 0, 0.0, Act::Assert(sure))]);
    assert!((most_probable(&with(&state, spec, &careless)).1 - 0.95).abs() < 1e-12);
    let state = fact_of(spec, &[Some(1)]);
    assert!((most_probable(&with(&state, spec, &careless)).1 - 0.4).abs() < 1e-12);
}

/// Absent, yes and no are alternatives like any other; retractions and ignorance are none.
#[test]
fn everything_that_may_be_said_is_learned_from_without_trouble() {
    let spec = spec("fireExit");
    let acts = |i: u64| match i % 6 {
        0 => Act::Absent,
        1 => Act::NotApplicable,
        2 => Act::Retract,
        3 => Act::Unknown { reason: "?".into() },
        4 => Act::Assert(Value::Boolean(true).into()),
        _ => Act::Assert(Value::Boolean(false).into()),
    };
    let facts: Vec<State> = (0..500_u64)
        .map(|i| {
            let word = |source: u64| said(source, source as u32, 0.0, acts(i * 7 + source * i));
            state_of(spec, &[word(0), word(1), word(2), word(3)])
        })
        .collect();
    for (source, trust) in learned(spec, &facts) {
        assert!((0.01..=0.99).contains(&trust.hit), "{source} {trust:?}");
    }
}

proptest! {
    #[test]
    fn the_order_of_facts_does_not_matter(
        rows in prop::collection::vec(prop::collection::vec(prop::option::of(0..8_usize), 4), 0..60),
        seed in any::<u64>(),
    ) {
        let spec = spec("usage");
        let mut facts: Vec<State> = rows.iter().map(|said| fact_of(spec, said)).collect();
        let straight = learned(spec, &facts);
        Chance(seed).shuffle(&mut facts);
        prop_assert_eq!(learned(spec, &facts), straight);
    }
}
