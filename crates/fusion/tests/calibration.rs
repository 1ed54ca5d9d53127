//! Marking oneself: the same marks in any order, and a remedy that is one.

mod common;

use common::{Chance, spec};
use proptest::prelude::*;
use twin_fusion::calibration::{Calibration, Error, Verdict, validated_on};
use twin_fusion::{Lesson, LessonKind};
use twin_model::Catalogue;

fn number(source: u32, pit: f64) -> Lesson {
    let kind = LessonKind::Number {
        pit,
        crps: 0.3 + pit,
        log_score: 1.5 - pit,
        sd: 0.5,
    };
    Lesson { source, kind }
}

fn word(source: u32, said: bool, held: f64) -> Lesson {
    let kind = LessonKind::Word { said, held };
    Lesson { source, kind }
}

fn marked(name: &str, lessons: &[Lesson]) -> Calibration {
    let mut calibration = Calibration::new(spec(name));
    for lesson in lessons {
        calibration.learn(lesson);
    }
    calibration
}

/// Cumulated normal, for the truth of these tests: by Simpson's rule, not by the crate.
fn cdf(x: f64) -> f64 {
    let density = |t: f64| (-0.5 * t * t).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let (steps, width) = (400, x.clamp(-9.0, 9.0) / 400.0);
    let at = |i: i32| {
        let weight = match i {
            0 => 1.0,
            i if i == steps => 1.0,
            i if i % 2 == 1 => 4.0,
            _ => 2.0,
        };
        weight * density(f64::from(i) * width)
    };
    (0.5 + (0..=steps).map(at).sum::<f64>() * width / 3.0).clamp(0.0, 1.0)
}

/// Lessons of a forecaster whose standard deviations are `share` of the true ones.
fn forecaster(n: usize, share: f64, seed: u64) -> Vec<Lesson> {
    let mut chance = Chance(seed);
    (0..n)
        .map(|_| number(1, cdf(chance.normal() / share)))
        .collect()
}

#[test]
fn verdicts_follow_the_truth_and_widening_is_the_remedy() {
    let check = |n, share, verdict, widening: std::ops::RangeInclusive<f64>| {
        let calibration = marked("temperature", &forecaster(n, share, 3));
        let report = calibration.report();
        assert_eq!(
            report.verdict, verdict,
            "{n} {share} {:?}",
            report.coverage_90
        );
        assert!(
            widening.contains(&report.widening),
            "{n} {share}: {}",
            report.widening
        );
        assert_eq!(report.widening, calibration.widening());
        assert_eq!(report.pit.iter().sum::<u64>(), n as u64);
    };
    check(150, 0.3, Verdict::TooFew, 1.0..=1.0);
    check(5000, 1.0, Verdict::Calibrated, 1.0..=1.0);
    check(5000, 0.5, Verdict::TooSure, 1.7..=2.05);
    check(50_000, 0.5, Verdict::TooSure, 1.85..=2.02);
    check(50_000, 0.8, Verdict::TooSure, 1.15..=1.26);
    check(5000, 2.0, Verdict::TooUnsure, 1.0..=1.0);
    check(5000, 0.1, Verdict::TooSure, 4.0..=4.0);
}

/// What is widened by what the first half taught holds in the second half.
#[test]
fn widened_intervals_hold() {
    for (share, seed) in [(0.4, 1), (0.6, 2), (0.75, 3)] {
        let widening = marked("co2", &forecaster(20_000, share, seed)).widening();
        let widened = marked("co2", &forecaster(20_000, share * widening, seed + 100));
        let coverage = widened.report().coverage_90.unwrap().share;
        assert!((0.87..=0.915).contains(&coverage), "{share}: {coverage}");
    }
}

/// Grows without a jump while a class slowly turns out to be too sure.
#[test]
fn widening_does_not_jump() {
    let mut calibration = Calibration::new(spec("temperature"));
    let mut before = 1.0;
    for (i, lesson) in forecaster(4000, 0.6, 8).iter().enumerate() {
        calibration.learn(lesson);
        let now = calibration.widening();
        if i > 250 {
            assert!((now - before).abs() < 0.05, "{i}: {before} to {now}");
        }
        before = now;
    }
    assert!(before > 1.3);
}

#[test]
fn shares_scores_and_bands_are_those_of_the_lessons() {
    let lessons = [0.01, 0.3, 0.5, 0.8, 1.0].map(|pit| number(4, pit));
    let report = marked("temperature", &lessons).report();
    let coverage = report.coverage_90.unwrap();
    assert_eq!((report.readings, coverage.share), (5, 0.6));
    assert_eq!(report.coverage_50.unwrap().share, 0.4);
    assert!(coverage.low < 0.3 && coverage.high > 0.8);
    assert!((report.crps.unwrap() - (0.3 + 2.61 / 5.0)).abs() < 1e-6);
    assert!((report.log_score.unwrap() - (1.5 - 2.61 / 5.0)).abs() < 1e-6);
    assert_eq!((report.pit[0], report.pit[19], report.brier), (1, 1, None));
    let marks = marked("temperature", &lessons);
    let (_, source) = marks.sources().find(|(source, _)| *source == 4).unwrap();
    assert_eq!((source.readings, source.held_90, source.below), (5, 3, 2));
}

#[test]
fn words_are_marked_by_what_a_source_was_foreseen_to_say() {
    let lessons = |real: fn(f64) -> f64| {
        let mut chance = Chance(6);
        let mut lessons = Vec::new();
        for _ in 0..20_000 {
            let held = chance.unit();
            let is_yes = chance.unit() < real(held);
            // As the catalogue has it for motion: 0.9 hits, 0.02 false alarms.
            let said = chance.unit() < if is_yes { 0.9 } else { 0.02 };
            lessons.push(word(2, said, held));
        }
        marked("motion", &lessons)
    };
    let honest = lessons(|p| p).report();
    assert_eq!(honest.verdict, Verdict::Calibrated);
    assert_eq!((honest.looks, honest.widening), (20_000, 1.0));
    for bin in &honest.reliability {
        assert!((bin.said - bin.foreseen).abs() < 0.04, "{bin:?}");
    }
    assert!((0.1..0.25).contains(&honest.brier.unwrap()));
    assert_eq!(
        lessons(|p| 0.5 + 0.5 * (p - 0.5)).report().verdict,
        Verdict::TooSure
    );
    let bolder = |p: f64| (0.5 + 2.0 * (p - 0.5)).clamp(0.0, 1.0);
    assert_eq!(lessons(bolder).report().verdict, Verdict::TooUnsure);
}

#[test]
fn a_lesson_of_no_numbers_teaches_nothing() {
    let bad = [
        number(1, f64::NAN),
        number(1, 1.5),
        word(1, true, f64::NAN),
        word(1, true, -0.1),
    ];
    assert_eq!(marked("temperature", &bad), marked("temperature", &[]));
    let infinite = LessonKind::Number {
        pit: 0.0,
        crps: 3.0,
        log_score: f64::INFINITY,
        sd: 1.0,
    };
    let one = marked(
        "temperature",
        &[Lesson {
            source: 1,
            kind: infinite,
        }],
    );
    assert_eq!(one.report().log_score, Some(1e6));
}

#[test]
fn what_was_never_validated_says_so() {
    let named: Vec<&str> = Catalogue::BUILT_IN
        .iter()
        .map(|entry| entry.name)
        .filter(|name| validated_on(name).is_some())
        .collect();
    assert_eq!(named, ["co2", "occupancy", "temperature"]);
    assert_eq!(Calibration::new(spec("smoke")).report().validated_on, None);
}

fn anything() -> impl Strategy<Value = Lesson> {
    let number = (0..6_u32, 0.0..=1.0_f64, 0.0..5.0_f64, -3.0..9.0_f64);
    let number = number.prop_map(|(source, pit, crps, log_score)| Lesson {
        source,
        kind: LessonKind::Number {
            pit,
            crps,
            log_score,
            sd: 1.0,
        },
    });
    let word = (0..6_u32, any::<bool>(), 0.0..=1.0_f64);
    let word = word.prop_map(|(source, said, held)| self::word(source, said, held));
    prop_oneof![number, word]
}

proptest! {
    #[test]
    fn any_order_gives_the_same_bits(
        lessons in prop::collection::vec(anything(), 0..80),
        seed in any::<u64>(),
    ) {
        let whole = marked("open", &lessons);
        let mut shuffled = lessons.clone();
        Chance(seed).shuffle(&mut shuffled);
        prop_assert_eq!(&marked("open", &shuffled), &whole);
    }

    #[test]
    fn bytes_round_trip_and_damage_is_survived(
        lessons in prop::collection::vec(anything(), 0..40),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let whole = marked("open", &lessons);
        let mut bytes = Vec::new();
        whole.encode(&mut bytes);
        let mut rest = &bytes[..];
        prop_assert_eq!(&Calibration::decode(spec("open"), &mut rest).unwrap(), &whole);
        prop_assert!(rest.is_empty());
        let cut = at.index(bytes.len());
        let error = Calibration::decode(spec("open"), &mut &bytes[..cut]).unwrap_err();
        prop_assert_eq!(error, Error::Truncated);
        bytes[cut] ^= 1 << bit;
        if let Ok(calibration) = Calibration::decode(spec("open"), &mut &bytes[..]) {
            prop_assert!((1.0..=4.0).contains(&calibration.report().widening));
        }
    }
}
