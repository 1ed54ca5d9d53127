//! The estimators against their equations worked out by hand, and against worlds
//! simulated by the very processes they assume.

mod common;

use common::*;
use twin_fusion::{Setting, State};
use twin_model::{
    Act, AttributeSpec, Distribution, Flag, Knowledge, Stated, Summary, Uncertainty, Value,
};

fn close(got: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (got - expected).abs() <= tolerance,
        "{what}: got {got}, expected {expected} ± {tolerance}"
    );
}

/// Prior 21 ± 3, one reading of 22 ± 0.5: gain 9/(9 + 0.25).
#[test]
fn one_reading_is_the_textbook_kalman_update() {
    let spec = spec("temperature");
    let state = state_of(spec, &[number(1, 0, 0.0, 22.0, 0.5)]);
    let (mean, sd) = moments(&estimate(&state, spec, 0.0));
    let gain = 9.0 / 9.25;
    close(mean, 21.0 + gain * 1.0, 1e-6, "mean");
    close(sd, ((1.0 - gain) * 9.0_f64).sqrt(), 1e-6, "sd");
}

/// Two independent sources at the same instant add their precisions to the prior's.
#[test]
fn two_sources_add_their_precisions() {
    let spec = spec("temperature");
    let state = state_of(
        spec,
        &[number(1, 0, 0.0, 22.0, 0.5), number(2, 1, 0.0, 22.4, 0.5)],
    );
    let estimate = estimate(&state, spec, 0.0);
    let (mean, sd) = moments(&estimate);
    let precision = 1.0 / 9.0 + 4.0 + 4.0;
    close(
        mean,
        (21.0 / 9.0 + 4.0 * 22.0 + 4.0 * 22.4) / precision,
        1e-6,
        "mean",
    );
    close(sd, (1.0 / precision).sqrt(), 1e-6, "sd");
    assert_eq!(estimate.summary(), Summary::Fused);
    let weights: Vec<f64> = estimate.contributors.iter().map(|c| c.weight).collect();
    close(weights[0], 4.0 / precision, 1e-6, "weight");
    close(weights[1], 4.0 / precision, 1e-6, "weight");
}

/// m(t) = 21 + (m - 21) e^(-t/τ); P(t) = P e^(-2t/τ) + 9 (1 - e^(-2t/τ)).
#[test]
fn a_number_returns_to_what_is_usual_never_to_zero() {
    let spec = spec("temperature");
    let state = state_of(spec, &[number(1, 0, 0.0, 26.0, 0.5)]);
    let (m0, s0) = moments(&estimate(&state, spec, 0.0));
    let mut before = s0;
    for hours in [0.5, 1.0, 3.0, 12.0, 100.0] {
        let phi = (-hours / 24.0_f64).exp();
        let (mean, sd) = moments(&estimate(&state, spec, hours * 3600.0));
        close(mean, 21.0 + phi * (m0 - 21.0), 1e-9, "mean");
        close(
            sd * sd,
            phi * phi * s0 * s0 + 9.0 * (1.0 - phi * phi),
            1e-9,
            "variance",
        );
        assert!(sd > before, "waiting never makes surer");
        before = sd;
    }
    let (mean, sd) = moments(&estimate(&state, spec, 1e10));
    close(mean, 21.0, 1e-9, "mean after ages");
    close(sd, 3.0, 1e-9, "sd after ages");
}

/// The sensor states ± 0.5; repeating itself a thousand times it does not average away its
/// calibration.
#[test]
fn a_source_that_repeats_itself_does_not_become_certain() {
    let spec = spec("temperature");
    let all: Vec<_> = (0..1000)
        .map(|i| number(i, 0, i as f64, 22.0, 0.5))
        .collect();
    let (_, sd) = moments(&estimate(&state_of(spec, &all), spec, 999.0));
    let floor = (1.0 / (1.0 / 9.0 + 1.0 / 0.25_f64)).sqrt();
    close(sd, floor, 1e-3, "sd");
}

/// A spike is not believed but makes unsure; a second reading that says the same is.
#[test]
fn a_spike_costs_certainty_and_a_jump_is_followed() {
    let spec = spec("temperature");
    let mut all: Vec<_> = (0..5)
        .map(|i| number(i, 0, 30.0 * i as f64, 21.5, 0.5))
        .collect();
    let (_, calm_sd) = moments(&estimate(&state_of(spec, &all), spec, 120.0));
    all.push(number(5, 0, 150.0, 60.0, 0.5));
    let (mean, sd) = moments(&estimate(&state_of(spec, &all), spec, 150.0));
    assert!(mean < 25.0, "a single spike moved the mean to {mean}");
    assert!(sd > 5.0 * calm_sd, "a spike must cost certainty, sd {sd}");
    let mut back = all.clone();
    back.push(number(6, 0, 180.0, 21.5, 0.5));
    let (mean, _) = moments(&estimate(&state_of(spec, &back), spec, 180.0));
    close(mean, 21.5, 0.3, "after the spike");
    all.push(number(6, 0, 180.0, 61.0, 0.5));
    all.push(number(7, 0, 210.0, 62.0, 0.5));
    let (mean, sd) = moments(&estimate(&state_of(spec, &all), spec, 210.0));
    close(mean, 62.0, 2.0 * sd.max(0.5), "after the jump");
}

#[test]
fn sources_that_contradict_each_other_are_both_inside_the_interval() {
    let spec = spec("temperature");
    let mut all = Vec::new();
    for i in 0..10 {
        all.push(number(2 * i, 0, 60.0 * i as f64, 18.0, 0.3));
        all.push(number(2 * i + 1, 1, 60.0 * i as f64 + 5.0, 25.0, 0.3));
    }
    let estimate = estimate(&state_of(spec, &all), spec, 600.0);
    assert_eq!(estimate.summary(), Summary::Conflicting);
    assert!(estimate.conflict > 0.9);
    let (lo, hi) = estimate.distribution.unwrap().interval(0.9).unwrap();
    assert!(lo < 18.0 && hi > 25.0, "{lo} {hi}");
}

#[test]
fn a_door_mixes_back_to_how_often_it_is_open() {
    let spec = spec("open");
    let state = state_of(spec, &[yes_no(1, 0, 0.0, true)]);
    // Prior 0.1; hit 0.98, false alarm 0.01.
    let p0 = 0.1 * 0.98 / (0.1 * 0.98 + 0.9 * 0.01);
    close(
        probability(&estimate(&state, spec, 0.0)),
        p0,
        1e-12,
        "at once",
    );
    for age_s in [10.0, 180.0, 1000.0] {
        let mixing: f64 = -(1.0 / 1800.0 + 1.0 / 200.0) * age_s;
        close(
            probability(&estimate(&state, spec, age_s)),
            0.1 + (p0 - 0.1) * mixing.exp(),
            1e-12,
            "later",
        );
    }
}

#[test]
fn a_detector_that_repeats_itself_counts_once_and_two_count_twice() {
    let spec = spec("smoke");
    let once = state_of(spec, &[yes_no(1, 0, 0.0, true)]);
    let often: Vec<_> = (0..100).map(|i| yes_no(i, 0, i as f64, true)).collect();
    let often = state_of(spec, &often);
    close(
        probability(&estimate(&often, spec, 99.0)),
        probability(&estimate(&once, spec, 0.0)),
        1e-12,
        "one hundred repetitions",
    );
    let two = state_of(spec, &[yes_no(1, 0, 0.0, true), yes_no(2, 1, 0.0, true)]);
    let odds = |p: f64| p / (1.0 - p);
    close(
        odds(probability(&estimate(&two, spec, 0.0))),
        odds(probability(&estimate(&once, spec, 0.0))) * 74_000.0,
        1e-3,
        "two detectors",
    );
}

/// Two that contradict each other come closer as they age, and the answer grew surer by
/// waiting: from 3.6 K to 2.9 K in half a day, where 3 K is usual.
#[test]
fn a_contradiction_does_not_resolve_itself_by_waiting() {
    let spec = spec("temperature");
    let loose = said(1, 1, 0.0, Act::Assert(Value::Number(22.798).into()));
    let state = state_of(spec, &[loose, number(2, 0, 482.0, 18.713, 0.01)]);
    let sd = |at_s| moments(&estimate(&state, spec, at_s)).1;
    assert!(sd(482.0) > 3.0);
    for hours in [1.0, 6.0, 12.0, 24.0, 100.0] {
        let then = sd(482.0 + 3600.0 * hours);
        assert!(then >= 3.0 - 1e-9, "{then} after {hours} h");
    }
}

/// Somebody smelled smoke while the detector in the room was still silent, and the answer was
/// "rather not". In the first minutes of a fire most detectors are silent.
#[test]
fn one_who_says_smoke_is_believed_beside_a_detector_that_is_silent() {
    let spec = spec("smoke");
    for gap_s in [0.0, 14.0, 100.0] {
        let said = [yes_no(1, 0, 0.0, false), yes_no(2, 1, gap_s, true)];
        let p = probability(&estimate(&state_of(spec, &said), spec, gap_s));
        assert!((0.75..0.95).contains(&p), "after {gap_s} s: {p}");
    }
}

#[test]
fn a_stated_probability_is_the_likelihood() {
    let spec = spec("passable");
    let stated = Stated {
        uncertainty: Some(Uncertainty::Probability(0.8)),
        ..Value::Boolean(false).into()
    };
    let state = state_of(spec, &[said(1, 0, 0.0, Act::Assert(stated))]);
    let prior: f64 = (1.0 / 14_400.0) / (1.0 / 14_400.0 + 1.0 / 86_400.0);
    let odds = prior / (1.0 - prior) / 4.0;
    close(
        probability(&estimate(&state, spec, 0.0)),
        odds / (1.0 + odds),
        1e-7,
        "p",
    );
}

#[test]
fn a_door_that_changes_is_not_a_conflict_within_one_source() {
    let spec = spec("open");
    let state = state_of(spec, &[yes_no(1, 0, 0.0, true), yes_no(2, 0, 20.0, false)]);
    let estimate = estimate(&state, spec, 20.0);
    assert_eq!(estimate.summary(), Summary::Observed);
    assert!(probability(&estimate) < 0.01);
    let two = state_of(spec, &[yes_no(1, 0, 0.0, true), yes_no(2, 1, 5.0, false)]);
    assert_eq!(
        two.summary(spec, seconds(5.0), &Setting::plain(&source_name)),
        Summary::Conflicting
    );
}

/// With e = exp(-(μ - ν)t): mean n e + λ/(μ - ν) (1 - e); variance n (μ + ν)/(μ - ν) e (1 - e)
/// for those who were there, and that of a negative binomial for those who came.
#[test]
fn people_leave_and_arrive_as_the_process_says() {
    let spec = spec("occupancy");
    let state = state_of(spec, &[number(1, 0, 0.0, 3.0, 0.1)]);
    let (n, sd0) = moments(&estimate(&state, spec, 0.0));
    close(n, 3.0, 0.1, "counted");
    let (arrivals, attracted, departures) = (0.08, 0.8, 1.0);
    for age_s in [60.0, 600.0, 3600.0, 36_000.0_f64] {
        let e = (-age_s / 3600.0 * (departures - attracted)).exp();
        let (mean, sd) = moments(&estimate(&state, spec, age_s));
        let came = arrivals / (departures - attracted) * (1.0 - e);
        close(mean, n * e + came, 1e-3, "mean");
        let ratio = attracted * (1.0 - e) / (departures - attracted * e);
        let stayed = (departures + attracted) / (departures - attracted) * e * (1.0 - e);
        let variance = e * e * sd0 * sd0 + n * stayed + came / (1.0 - ratio);
        close(sd * sd, variance, 0.02, "variance");
    }
    let (mean, sd) = moments(&estimate(&state, spec, 1e7));
    close(mean, 0.4, 1e-4, "usual mean");
    close(sd, 2.0_f64.sqrt(), 1e-3, "usual sd");
}

#[test]
fn probabilities_of_counts_sum_to_one() {
    let spec = spec("occupancy");
    for value in [0.0, 1.0, 40.0, 63.0, 200.0] {
        let state = state_of(spec, &[number(1, 0, 0.0, value, 1.0)]);
        for age_s in [0.0, 100.0, 1e5] {
            let estimate = estimate(&state, spec, age_s);
            let Some(Distribution::Counts(p)) = &estimate.distribution else {
                panic!("no counts");
            };
            let sum: f64 = p.iter().map(|&p| f64::from(p)).sum();
            close(sum, 1.0, 1e-6, "sum");
        }
    }
}

#[test]
fn a_meeting_is_believed_though_one_person_is_usual() {
    let spec = spec("occupancy");
    let state = state_of(spec, &[number(1, 0, 0.0, 12.0, 1.0)]);
    let estimate = estimate(&state, spec, 0.0);
    let (lo, hi) = estimate.distribution.unwrap().interval(0.9).unwrap();
    assert!(
        (9.0..=12.0).contains(&lo) && (12.0..=15.0).contains(&hi),
        "{lo} {hi}"
    );
}

#[test]
fn an_absurd_count_is_not_swallowed_whole() {
    let spec = spec("occupancy");
    let state = state_of(
        spec,
        &[
            number(1, 0, 0.0, 2.0, 0.5),
            number(2, 1, 1.0, 2.0, 0.5),
            number(3, 2, 2.0, 40.0, 0.5),
        ],
    );
    let estimate = estimate(&state, spec, 2.0);
    assert_eq!(estimate.value(), Some(Value::Number(2.0)));
    assert_eq!(estimate.summary(), Summary::Conflicting);
}

/// A world that is the estimator's own model: the 90 % interval must hold the truth at
/// least nine times in ten, with half of the sensor's variance calibration, and not be so wide as to say nothing.
#[test]
fn intervals_of_numbers_hold_the_truth() {
    for (every_s, sources) in [(60.0, 1), (600.0, 1), (60.0, 3)] {
        let spec = spec("temperature");
        let (inside, all, width) = drifting_world(spec, every_s, sources);
        let share = f64::from(inside) / f64::from(all);
        assert!(
            (0.88..=0.995).contains(&share),
            "{every_s} s, {sources} sources: {share}"
        );
        assert!(width / f64::from(all) < 2.0, "mean width {width}");
    }
}

fn drifting_world(spec: &AttributeSpec, every_s: f64, sources: u32) -> (u32, u32, f64) {
    let mut chance = Chance(42);
    let (mut inside, mut all, mut width) = (0, 0, 0.0);
    for _ in 0..40 {
        let mut state = State::new(spec);
        let mut truth = 21.0 + 3.0 * chance.normal();
        // Half of the variance is the sensor's calibration, half its noise.
        let half = 0.5 * 0.5_f64.sqrt();
        let bias: Vec<f64> = (0..sources).map(|_| half * chance.normal()).collect();
        let phi = (-every_s / 86_400.0_f64).exp();
        for step in 0..50_u32 {
            truth = 21.0 + phi * (truth - 21.0) + 3.0 * (1.0 - phi * phi).sqrt() * chance.normal();
            let at_s = f64::from(step) * every_s;
            for source in 0..sources {
                let z = truth + bias[source as usize] + half * chance.normal();
                let claim = u64::from(step * sources + source);
                tell(&mut state, spec, &number(claim, source, at_s, z, 0.5));
            }
            let d = estimate(&state, spec, at_s).distribution.unwrap();
            let (lo, hi) = d.interval(0.9).unwrap();
            inside += u32::from((lo..=hi).contains(&truth));
            width += hi - lo;
            all += 1;
        }
    }
    (inside, all, width)
}

/// Said with probability p, true with frequency p.
#[test]
fn probabilities_of_yes_and_no_are_calibrated() {
    let spec = spec("open");
    let mut chance = Chance(7);
    let mut bins = [(0.0, 0.0, 0.0); 5];
    let (mut is_open, step_s) = (false, 20.0_f64);
    let mut state = State::new(spec);
    for step in 0..60_000_u64 {
        let rate = if is_open { 1.0 / 200.0 } else { 1.0 / 1800.0 };
        is_open ^= chance.unit() < 1.0 - (-rate * step_s).exp();
        let at_s = step as f64 * step_s;
        // One contact speaks now and then; it is the only source.
        if chance.unit() < 0.1 {
            let says = chance.unit() < if is_open { 0.98 } else { 0.01 };
            tell(&mut state, spec, &yes_no(step, 0, at_s, says));
        }
        if step > 100 {
            let p = probability(&estimate(&state, spec, at_s));
            let bin = &mut bins[((p * 5.0) as usize).min(4)];
            *bin = (bin.0 + 1.0, bin.1 + p, bin.2 + f64::from(u8::from(is_open)));
        }
    }
    for (n, p, yes) in bins {
        if n > 1000.0 {
            close(yes / n, p / n, 0.06, "frequency in a bin");
        }
    }
}

#[test]
fn intervals_of_counts_hold_the_truth() {
    let spec = spec("occupancy");
    let mut chance = Chance(11);
    let (mut inside, mut all) = (0, 0);
    for _ in 0..300 {
        let mut state = State::new(spec);
        let mut n = chance.poisson(1.0);
        for step in 0..10_u64 {
            let q = (-300.0 / 3600.0_f64).exp();
            n = (0..n).filter(|_| chance.unit() < q).count() + chance.poisson(1.0 - q);
            let at_s = step as f64 * 300.0;
            let z = (n as f64 + chance.normal()).round().max(0.0);
            tell(&mut state, spec, &number(step, 0, at_s, z, 1.0));
            let d = estimate(&state, spec, at_s).distribution.unwrap();
            let (lo, hi) = d.interval(0.9).unwrap();
            inside += u32::from((lo..=hi).contains(&(n as f64)));
            all += 1;
        }
    }
    let share = f64::from(inside) / f64::from(all);
    assert!((0.9..=0.995).contains(&share), "{share}");
}

#[test]
fn a_failed_sensor_is_flagged_and_its_last_reading_ages() {
    let spec = spec("temperature");
    let failure = Act::Unknown {
        reason: "no contact".into(),
    };
    let state = state_of(
        spec,
        &[number(1, 0, 0.0, 22.0, 0.5), said(2, 0, 60.0, failure)],
    );
    let estimate = estimate(&state, spec, 60.0);
    assert_eq!(estimate.knowledge, Knowledge::Known);
    assert!(estimate.flags.has(Flag::FaultySource));
    assert_eq!(estimate.evidence_time, Some(seconds(0.0)));
}

#[test]
fn a_sentinel_is_recorded_flagged_and_not_believed() {
    let spec = spec("co2");
    let alone = state_of(spec, &[number(1, 0, 0.0, 65_535.0, 50.0)]);
    let e = estimate(&alone, spec, 0.0);
    assert_eq!(e.knowledge, Knowledge::Unknown);
    assert!(e.flags.has(Flag::OutOfRange));
    let after = state_of(
        spec,
        &[
            number(1, 0, 0.0, 800.0, 50.0),
            number(2, 0, 60.0, 65_535.0, 50.0),
        ],
    );
    let e = estimate(&after, spec, 60.0);
    assert!(moments(&e).0 < 900.0 && e.flags.has(Flag::OutOfRange));
}

#[test]
fn nothing_said_is_unknown_and_absent_is_absent() {
    for name in [
        "temperature",
        "open",
        "occupancy",
        "serviceState",
        "width",
        "fireExit",
    ] {
        let spec = spec(name);
        let nothing = State::new(spec);
        assert!(nothing.is_empty());
        assert_eq!(
            nothing.summary(spec, seconds(0.0), &Setting::plain(&source_name)),
            Summary::Unknown
        );
        assert_eq!(nothing.next_change(spec, seconds(0.0)), None);
        for (act, word) in [
            (Act::Absent, Summary::Absent),
            (Act::NotApplicable, Summary::NotApplicable),
            (
                Act::Unknown {
                    reason: "n/a".into(),
                },
                Summary::Unknown,
            ),
        ] {
            let state = state_of(spec, &[said(1, 0, 0.0, act)]);
            assert_eq!(
                state.summary(spec, seconds(1.0), &Setting::plain(&source_name)),
                word,
                "{name}"
            );
            assert_eq!(estimate(&state, spec, 1.0).summary(), word, "{name}");
        }
    }
}

#[test]
fn evidence_becomes_stale_at_the_announced_instant() {
    for (name, one, limit_s) in [
        ("temperature", number(1, 0, 10.0, 21.0, 0.5), 1800.0),
        ("open", yes_no(1, 0, 10.0, true), 600.0),
        ("occupancy", number(1, 0, 10.0, 2.0, 1.0), 900.0),
    ] {
        let spec = spec(name);
        let state = state_of(spec, &[one]);
        let change = state.next_change(spec, seconds(10.0)).unwrap();
        assert!((change.seconds_since(seconds(10.0)) - limit_s).abs() < 1e-3);
        let just_before = twin_model::Time(change.0 - 1);
        assert_eq!(
            state.summary(spec, just_before, &Setting::plain(&source_name)),
            Summary::Observed
        );
        assert_eq!(
            state.summary(spec, change, &Setting::plain(&source_name)),
            Summary::Stale
        );
        assert_eq!(state.next_change(spec, change), None);
    }
}

/// What is asked about a time between two words is answered by both, and about a time before
/// the first by the first: the chain is reversible, so the odds are the product of both
/// sides' over the usual ones.
#[test]
fn words_tell_of_before_as_of_after() {
    let spec = spec("open");
    let (hit, false_alarm, usual) = (0.98, 0.01, 0.1);
    let left = |seconds: f64| (-seconds * (1.0 / 1800.0 + 1.0 / 200.0)).exp();
    let said = usual * hit / (usual * hit + (1.0 - usual) * false_alarm);
    let aged = |seconds: f64| usual + (said - usual) * left(seconds);
    let one = state_of(spec, &[yes_no(1, 0, 1000.0, true)]);
    for age_s in [0.0, 60.0, 600.0, 1000.0] {
        let before = probability(&estimate(&one, spec, 1000.0 - age_s));
        close(before, aged(age_s), 1e-12, "before the word");
        let after = probability(&estimate(&one, spec, 1000.0 + age_s));
        close(after, aged(age_s), 1e-12, "after the word");
    }
    let both = [yes_no(1, 0, 1000.0, true), yes_no(2, 1, 1200.0, true)];
    let two = state_of(spec, &both);
    let odds = |p: f64| p / (1.0 - p);
    let product = odds(aged(50.0)) * odds(aged(150.0)) / odds(usual);
    let between = probability(&estimate(&two, spec, 1050.0));
    close(
        between,
        product / (1.0 + product),
        1e-9,
        "between two words",
    );
}
