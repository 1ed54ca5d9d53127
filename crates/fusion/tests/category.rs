//! States of few words: against the formula, and against a world that is not the estimator's.

mod common;

use common::*;
use twin_fusion::{Outcome, Setting, Trust};
use twin_model::{Act, Distribution, Estimate, Knowledge, Stated, Summary, Uncertainty, Value};

const SERVES: &str = "inService";
const FIRE: &str = "fireService";
const STANDS: &str = "outOfService";

fn says(claim: u64, source: u32, at_s: f64, word: &str) -> Said {
    fact(claim, source, at_s, Value::text(word))
}

fn says_surely(claim: u64, source: u32, at_s: f64, word: &str, p: f64) -> Said {
    let stated = Stated {
        uncertainty: Some(Uncertainty::Probability(p)),
        ..Value::text(word).into()
    };
    said(claim, source, at_s, Act::Assert(stated))
}

fn of(all: &[Said], at_s: f64) -> Estimate {
    let spec = spec("serviceState");
    estimate(&state_of(spec, all), spec, at_s)
}

fn p(estimate: &Estimate, word: &str) -> f64 {
    let Some(Distribution::Alternatives(states)) = &estimate.distribution else {
        panic!("no states: {estimate:?}");
    };
    let state = states.iter().find(|(v, _)| v.as_text() == Some(word));
    state.unwrap().1
}

fn close(got: f64, expected: f64) {
    assert!((got - expected).abs() < 1e-12, "{got}, expected {expected}");
}

/// One word among three that is right with probability 0.97, then the Mk model's ageing.
#[test]
fn one_word_ages_to_equal_probabilities() {
    let one = [says(1, 0, 0.0, STANDS)];
    close(p(&of(&one, 0.0), STANDS), 0.97);
    close(p(&of(&one, 0.0), SERVES), 0.015);
    let changes_hz = 4.0 / 604_800.0;
    for age_s in [60.0, 3600.0, 604_800.0_f64] {
        let left = (-age_s * changes_hz * 1.5).exp();
        close(
            p(&of(&one, age_s), STANDS),
            1.0 / 3.0 + (0.97 - 1.0 / 3.0) * left,
        );
    }
    close(p(&of(&one, 1e9), STANDS), 1.0 / 3.0);
    assert_eq!(of(&one, 10.0).value(), Some(Value::text(STANDS)));
    assert_eq!(of(&one, 10.0).summary(), Summary::Observed);
    assert_eq!(of(&one, 3601.0).summary(), Summary::Stale);
}

/// What is asked about the time before the word is as uncertain as about the time after it.
#[test]
fn a_word_tells_as_much_of_before_as_of_after() {
    let one = [says(1, 0, 86_400.0, FIRE)];
    close(p(&of(&one, 0.0), FIRE), p(&of(&one, 172_800.0), FIRE));
    let two = [says(1, 0, 0.0, FIRE), says(2, 1, 86_400.0, SERVES)];
    let back = [says(1, 0, 0.0, SERVES), says(2, 1, 86_400.0, FIRE)];
    close(p(&of(&two, 30_000.0), FIRE), p(&of(&back, 56_400.0), FIRE));
}

#[test]
fn sources_that_agree_make_it_surer_and_one_that_repeats_itself_does_not() {
    let (r, w) = (0.97, 0.015);
    let two = [says(1, 0, 0.0, FIRE), says(2, 1, 0.0, FIRE)];
    close(p(&of(&two, 0.0), FIRE), r * r / (r * r + 2.0 * w * w));
    assert_eq!(of(&two, 0.0).summary(), Summary::Fused);
    let repeated = [says(1, 0, 0.0, FIRE), says(2, 0, 1.0, FIRE)];
    close(p(&of(&repeated, 1.0), FIRE), r);
}

#[test]
fn two_words_contradict_and_two_against_one_still_do() {
    let e = of(&[says(1, 0, 0.0, FIRE), says(2, 1, 1.0, SERVES)], 1.0);
    assert_eq!(e.summary(), Summary::Conflicting);
    assert!((p(&e, FIRE) - p(&e, SERVES)).abs() < 1e-3);
    let all = [
        says(1, 0, 0.0, FIRE),
        says(2, 1, 1.0, SERVES),
        says(3, 2, 2.0, SERVES),
    ];
    let e = of(&all, 2.0);
    assert_eq!(e.summary(), Summary::Conflicting);
    assert_eq!(e.value(), Some(Value::text(SERVES)));
    let unsure = [says(1, 0, 0.0, FIRE), says_surely(2, 1, 1.0, SERVES, 0.5)];
    let e = of(&unsure, 1.0);
    assert_eq!(e.summary(), Summary::Fused);
    assert_eq!(e.value(), Some(Value::text(FIRE)));
}

#[test]
fn a_source_is_believed_as_far_as_was_learned_of_it() {
    let spec = spec("serviceState");
    let all = [
        says(1, 0, 0.0, FIRE),
        says(2, 1, 0.0, SERVES),
        says(3, 2, 0.0, SERVES),
    ];
    let state = state_of(spec, &all);
    let trust = |source| {
        (source > 0).then_some(Trust {
            hit: 0.5,
            false_alarm: 0.5,
            kin: None,
        })
    };
    let setting = Setting {
        trust: &trust,
        ..Setting::plain(&source_name)
    };
    let e = state.estimate(spec, seconds(0.0), &setting);
    assert_eq!(e.value(), Some(Value::text(FIRE)));
    assert_eq!(state.summary(spec, seconds(0.0), &setting), e.summary());
}

#[test]
fn what_is_none_of_the_words_changes_nothing() {
    let spec = spec("serviceState");
    let mut state = state_of(spec, &[says(1, 0, 0.0, SERVES)]);
    for act in [
        Act::Assert(Value::text("broken").into()),
        Act::Assert(Value::Number(1.0).into()),
        Act::Assert(Value::Boolean(true).into()),
    ] {
        let outcome = tell(&mut state, spec, &said(2, 0, 1.0, act));
        assert_eq!(outcome, Outcome::Refused);
    }
    let unknown = Act::Unknown {
        reason: "no line".into(),
    };
    tell(&mut state, spec, &said(3, 0, 2.0, unknown));
    let e = estimate(&state, spec, 3.0);
    assert_eq!(e.knowledge, Knowledge::Known);
    assert!(e.flags.has(twin_model::Flag::FaultySource));
    assert_eq!(e.value(), Some(Value::text(SERVES)));
}

/// A world that is not the estimator's: it stays in a state for a time that is the same each
/// time, goes round in one direction, and its reporters confuse two words only. What is said
/// with probability p must be true with frequency p all the same, within a tenth.
#[test]
fn stated_probabilities_hold_in_a_world_of_other_dynamics() {
    let spec = spec("serviceState");
    let mut chance = Chance(21);
    let words = [SERVES, FIRE, STANDS];
    let stays_s = [300_000.0, 40_000.0, 90_000.0];
    let mut bins = [(0.0, 0.0, 0.0); 5];
    for world in 0..60 {
        let mut state = state_of(spec, &[]);
        let (mut at_s, mut claim) = (0.0, world * 10_000);
        let (mut truth, mut until_s) = (0, stays_s[0] * chance.unit());
        while at_s < 2e6 {
            at_s += 14_000.0 * chance.unit();
            while at_s > until_s {
                truth = (truth + 1) % 3;
                until_s += stays_s[truth];
            }
            claim += 1;
            let is_right = chance.unit() < 0.97;
            // Out of service is taken for in service and the other way round.
            let word = if is_right || truth == 1 {
                truth
            } else {
                2 - truth
            };
            let source = (chance.bits() % 2) as u32;
            let e = estimate(&state, spec, at_s);
            if let Some(Distribution::Alternatives(states)) = &e.distribution {
                for (value, p) in states.iter() {
                    let bin = &mut bins[((p * 5.0) as usize).min(4)];
                    let is_true = value.as_text() == Some(words[truth]);
                    *bin = (bin.0 + 1.0, bin.1 + p, bin.2 + f64::from(u8::from(is_true)));
                }
            }
            tell(&mut state, spec, &says(claim, source, at_s, words[word]));
        }
    }
    for (n, stated, held) in bins {
        println!("n {n} stated {:.3} held {:.3}", stated / n, held / n);
        assert!(n < 500.0 || (stated / n - held / n).abs() < 0.1);
    }
}
