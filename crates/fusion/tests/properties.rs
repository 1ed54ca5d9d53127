//! What must hold for any evidence: order, repetition, certainty, bytes.

mod common;

use common::*;
use proptest::prelude::*;
use twin_fusion::{Outcome, Setting, State};
use twin_model::{
    Act, AttributeSpec, Basis, EntityId, Estimate, Interval, Polygon, Stated, Uncertainty, Value,
};

const LIVE: [&str; 5] = ["temperature", "co2", "open", "occupancy", "serviceState"];
const ALL: [&str; 10] = [
    "temperature",
    "open",
    "smoke",
    "occupancy",
    "serviceState",
    "width",
    "fireExit",
    "name",
    "footprint",
    "connects",
];

const STATES: [&str; 3] = ["inService", "fireService", "outOfService"];

fn form_of(name: &str, x: f64) -> Value {
    let id = |i: u64| EntityId::new(&format!("urn:e:{i}")).unwrap();
    let n = (x * 4.0) as u64;
    match name {
        "temperature" => Value::Number(15.0 + 10.0 * x),
        "co2" => Value::Number(400.0 + 1000.0 * x),
        "occupancy" => Value::Number((x * 6.0).round()),
        "width" => Value::Number(0.8 + 0.02 * (x * 5.0).round()),
        "serviceState" => Value::text(STATES[(x * 3.0) as usize]),
        "name" => Value::text(format!("room {n}")),
        "connects" => Value::entities([id(n), id(n + 1)]),
        "footprint" => Value::Polygon(
            Polygon {
                rings: vec![vec![[0.0, 0.0], [1.0 + n as f64, 0.0], [0.0, 1.0]]],
            }
            .into(),
        ),
        _ => Value::Boolean(x < 0.5),
    }
}

/// Something said about `name`, by one of `sources`, within `span_s`.
fn anything(name: &'static str, sources: u32, span_s: f64) -> impl Strategy<Value = Said> {
    (
        any::<u64>(),
        0..sources,
        0.0..span_s,
        0.0..1.0_f64,
        0..20_u8,
        prop::option::of(0.01..1.0_f64),
        any::<bool>(),
    )
        .prop_map(move |(claim, source, at_s, x, act, p, inferred)| {
            let value = form_of(name, x);
            let uncertainty = p.map(|p| match value {
                Value::Number(_) if x < 0.5 => Uncertainty::StandardDeviation(p),
                _ => Uncertainty::Probability(p),
            });
            let act = match act {
                0 => Act::Absent,
                1 => Act::NotApplicable,
                2 => Act::Unknown {
                    reason: "TBD".into(),
                },
                3 => Act::Retract,
                _ => Act::Assert(Stated {
                    value,
                    unit: None,
                    uncertainty,
                }),
            };
            Said {
                basis: if inferred {
                    Basis::Inferred
                } else {
                    Basis::Observed
                },
                ..said(claim, source, (at_s * 1e6).round() / 1e6, act)
            }
        })
}

fn of_any(
    names: &'static [&'static str],
    sources: u32,
    span_s: f64,
    most: usize,
) -> impl Strategy<Value = (&'static AttributeSpec, Vec<Said>)> {
    prop::sample::select(names).prop_flat_map(move |name| {
        prop::collection::vec(anything(name, sources, span_s), 0..most)
            .prop_map(move |all| (spec(name), all))
    })
}

/// Evidence in which no reading comes after more than `lateness` newer ones.
fn slightly_out_of_order(all: &[Said], lateness: usize, seed: u64) -> Vec<Said> {
    let mut chance = Chance(seed);
    let mut order: Vec<Said> = all.to_vec();
    for block in order.chunks_mut(lateness + 1) {
        chance.shuffle(block);
    }
    order
}

/// The estimate without the list of contributors, whose detail may depend on order.
fn without_contributors(estimate: Estimate) -> Estimate {
    Estimate {
        contributors: Vec::new(),
        ..estimate
    }
}

fn share_of(estimate: &Estimate, source: u32) -> f64 {
    let name = source_name(source);
    let own = estimate.contributors.iter().filter(|c| c.source == name);
    own.map(|c| c.weight).sum()
}

proptest! {
    /// Sorted readings, ten seconds apart, delivered up to two places too late.
    #[test]
    fn within_the_window_the_order_of_arrival_does_not_matter(
        (spec, mut all) in of_any(&LIVE, 3, 1.0, 40),
        seed in any::<u64>(),
    ) {
        for (i, one) in all.iter_mut().enumerate() {
            one.at_s = 10.0 * i as f64;
            one.claim = i as u64;
        }
        // A retraction of what has left the window is on record only; that is not tested here.
        all.retain(|one| one.act != Act::Retract);
        let straight = estimate(&state_of(spec, &all), spec, 400.0);
        let shuffled = estimate(&state_of(spec, &slightly_out_of_order(&all, 2, seed)), spec, 400.0);
        for source in 0..3 {
            let difference = share_of(&straight, source) - share_of(&shuffled, source);
            prop_assert!(difference.abs() < 1e-3, "weight of source {source}: {difference}");
        }
        prop_assert_eq!(without_contributors(straight), without_contributors(shuffled));
    }

    /// Within ten minutes and sixteen readings, whoever says them and however often.
    #[test]
    fn numbers_are_the_same_bit_for_bit_in_any_order_of_arrival(
        name in prop::sample::select(&["temperature", "co2"][..]),
        mut all in prop::collection::vec(anything("temperature", 4, 1.0), 1..60),
        step_s in 5.0..39.0_f64,
        seed in any::<u64>(),
    ) {
        let spec = spec(name);
        // A retraction of what has left the window is on record only.
        all.retain(|one| one.act != Act::Retract);
        for (i, one) in all.iter_mut().enumerate() {
            one.at_s = (step_s * i as f64).round();
            one.claim = i as u64;
        }
        let late = slightly_out_of_order(&all, 14, seed);
        let (mut straight, mut shuffled) = (State::new(spec), State::new(spec));
        let (mut lessons, mut lessons_late) = (Vec::new(), Vec::new());
        for one in &all {
            tell_all(&mut straight, spec, one, &mut lessons);
        }
        for one in &late {
            tell_all(&mut shuffled, spec, one, &mut lessons_late);
            let again = Said { claim: 1000 + one.claim, ..one.clone() };
            // What has just settled and is not the newest of its source is not remembered.
            let outcome = tell(&mut shuffled, spec, &again);
            prop_assert!(matches!(outcome, Outcome::Duplicate | Outcome::Superseded));
        }
        prop_assert_eq!(lessons, lessons_late);
        prop_assert_eq!(estimate(&straight, spec, 3000.0), estimate(&shuffled, spec, 3000.0));
        prop_assert_eq!(straight.health(spec, seconds(3000.0)), shuffled.health(spec, seconds(3000.0)));
        prop_assert_eq!(straight, shuffled);
    }

    /// Few enough to stay in the window, retractions and all: the states are the same.
    #[test]
    fn a_full_window_is_the_same_in_every_order(
        (spec, mut all) in of_any(&LIVE, 2, 300.0, 4),
        seed in any::<u64>(),
    ) {
        all.dedup_by(|a, b| a.source == b.source && a.at_s == b.at_s);
        let straight = state_of(spec, &all);
        Chance(seed).shuffle(&mut all);
        prop_assert_eq!(straight, state_of(spec, &all));
    }

    #[test]
    fn facts_are_the_same_in_every_order(
        (spec, mut all) in of_any(&["width", "fireExit", "name", "connects"], 4, 50.0, 12),
        seed in any::<u64>(),
    ) {
        let straight = state_of(spec, &all);
        Chance(seed).shuffle(&mut all);
        let shuffled = state_of(spec, &all);
        prop_assert_eq!(estimate(&straight, spec, 60.0), estimate(&shuffled, spec, 60.0));
    }

    #[test]
    fn saying_it_again_changes_nothing((spec, all) in of_any(&ALL, 3, 500.0, 6)) {
        let mut state = State::new(spec);
        for one in &all {
            let outcome = tell(&mut state, spec, one);
            let before = estimate(&state, spec, 600.0);
            let again = Said { claim: u64::MAX, ..one.clone() };
            let outcome_again = tell(&mut state, spec, &again);
            prop_assert_eq!(estimate(&state, spec, 600.0), before);
            // A retraction that left together with what it took back is not remembered.
            if outcome == Outcome::Accepted && one.act != Act::Retract {
                prop_assert_eq!(outcome_again, Outcome::Duplicate);
            }
        }
    }

    #[test]
    fn every_estimate_is_well_formed(
        (spec, all) in of_any(&ALL, 20, 5000.0, 120),
        at_s in 0.0..10_000.0_f64,
    ) {
        let state = state_of(spec, &all);
        let e = estimate(&state, spec, at_s);
        prop_assert_eq!(e.summary(), state.summary(spec, seconds(at_s), &Setting::plain(&source_name)));
        let known = e.knowledge == twin_model::Knowledge::Known;
        prop_assert_eq!(known, e.distribution.is_some());
        prop_assert!((0.0..=1.0).contains(&e.conflict));
        prop_assert!(e.contributors.len() <= 16);
        let sum: f64 = e.contributors.iter().map(|c| c.weight).sum();
        prop_assert!(sum <= 1.0 + 1e-9, "weights sum to {sum}");
        prop_assert!(e.contributors.is_sorted_by(|a, b| a.weight >= b.weight));
        prop_assert!(state.heap_bytes() < 40_000);
        if let Some((mean, sd)) = e.distribution.as_ref().and_then(twin_model::Distribution::moments) {
            prop_assert!(mean.is_finite() && sd.is_finite());
        }
        if let Some(p) = e.distribution.as_ref().and_then(twin_model::Distribution::confidence) {
            prop_assert!((0.0..=1.0 + 1e-6).contains(&p));
        }
    }

    /// Nothing but the announced instants changes the word.
    #[test]
    fn the_summary_changes_by_time_only_when_announced(
        (spec, all) in of_any(&ALL, 3, 500.0, 8),
        step_s in 1.0..2000.0_f64,
    ) {
        let state = state_of(spec, &all);
        let from = seconds(500.0);
        let later = from.plus_seconds(step_s);
        if state.next_change(spec, from).is_none_or(|change| change > later) {
            prop_assert_eq!(state.summary(spec, from, &Setting::plain(&source_name)), state.summary(spec, later, &Setting::plain(&source_name)));
        }
    }

    #[test]
    fn waiting_never_makes_a_number_surer(
        all in prop::collection::vec(anything("temperature", 2, 500.0), 1..8),
        wait_s in 0.0..1e6_f64,
    ) {
        let spec = spec("temperature");
        let state = state_of(spec, &all);
        let sd = |at_s| {
            let d = estimate(&state, spec, at_s).distribution;
            d.and_then(|d| d.moments()).map(|(_, sd)| sd)
        };
        // Doubt beyond what is usual, 3 K, (after a spike, or in a conflict) shrinks back to it;
        // doubt below grows to it.
        if let (Some(now), Some(then)) = (sd(500.0), sd(500.0 + wait_s)) {
            prop_assert!(then >= now.min(2.99) - 1e-9, "{now} to {then}");
        }
    }

    #[test]
    fn bytes_bring_back_the_same_state((spec, all) in of_any(&ALL, 14, 3000.0, 60)) {
        let state = state_of(spec, &all);
        let mut bytes = Vec::new();
        state.encode(&mut bytes);
        bytes.push(77);
        let mut rest = bytes.as_slice();
        let back = State::decode(spec, &mut rest).unwrap();
        prop_assert_eq!(rest, &[77][..]);
        prop_assert_eq!(&back, &state);
        let mut again = Vec::new();
        back.encode(&mut again);
        again.push(77);
        prop_assert_eq!(again, bytes);
    }

    #[test]
    fn garbage_is_refused_or_read_but_never_fatal(
        name in prop::sample::select(&ALL[..]),
        head in any::<bool>(),
        mut bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let spec = spec(name);
        if head && bytes.len() > 2 {
            let mut own = Vec::new();
            State::new(spec).encode(&mut own);
            bytes[..2].copy_from_slice(&own[..2]);
        }
        read_and_use(spec, &bytes);
    }

    #[test]
    fn a_flipped_bit_is_never_fatal(
        (spec, all) in of_any(&ALL, 4, 3000.0, 20),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u8,
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = Vec::new();
        state_of(spec, &all).encode(&mut bytes);
        let length = bytes.len();
        for end in [length, cut.index(length)] {
            let mut damaged = bytes[..end].to_vec();
            if let Some(byte) = (!damaged.is_empty()).then(|| at.index(end)) {
                damaged[byte] ^= 1 << bit;
            }
            read_and_use(spec, &damaged);
        }
    }
}

/// A state that was read must be usable, whatever is in it.
fn read_and_use(spec: &'static AttributeSpec, bytes: &[u8]) {
    let mut rest = bytes;
    let Ok(mut state) = State::decode(spec, &mut rest) else {
        return;
    };
    let _ = estimate(&state, spec, 1000.0);
    let _ = state.next_change(spec, seconds(0.0));
    tell(&mut state, spec, &said(1, 1, 100.0, Act::Retract));
    tell(
        &mut state,
        spec,
        &fact(2, 1, 200.0, form_of(spec.name, 0.3)),
    );
    tell(&mut state, spec, &fact(3, 1, 1.0, form_of(spec.name, 0.9)));
    let _ = estimate(&state, spec, 1000.0);
}

#[test]
fn taking_back_the_last_word_restores_the_one_before() {
    for (name, first, second) in [
        ("temperature", 0.2, 0.8),
        ("open", 0.2, 0.8),
        ("occupancy", 0.2, 0.8),
        ("serviceState", 0.2, 0.8),
    ] {
        let spec = spec(name);
        let one = fact(1, 0, 0.0, form_of(name, first));
        let two = fact(2, 0, 10.0, form_of(name, second));
        let back = said(3, 0, 20.0, Act::Retract);
        let taken_back = state_of(spec, &[one.clone(), two, back.clone()]);
        let alone = state_of(spec, std::slice::from_ref(&one));
        assert_eq!(
            estimate(&taken_back, spec, 30.0),
            estimate(&alone, spec, 30.0),
            "{name}"
        );
        let mut none = alone;
        assert_eq!(tell(&mut none, spec, &back), Outcome::Accepted);
        let nothing = estimate(&none, spec, 30.0);
        assert_eq!(nothing, Estimate::unknown(seconds(30.0)), "{name}");
        assert_eq!(
            tell(&mut none, spec, &said(4, 0, 40.0, Act::Retract)),
            Outcome::NothingToRetract
        );
    }
}

#[test]
fn evidence_beyond_the_window_takes_part_late_or_is_only_recorded() {
    let spec = spec("temperature");
    let mut state = State::new(spec);
    for i in 0..20 {
        tell(&mut state, spec, &number(i, 0, 60.0 * i as f64, 21.0, 0.5));
    }
    let own = number(30, 0, 5.0, 19.0, 0.5);
    assert_eq!(tell(&mut state, spec, &own), Outcome::Superseded);
    let other = number(31, 1, 300.0, 22.0, 0.5);
    let before = moments(&estimate(&state, spec, 1140.0)).0;
    assert_eq!(tell(&mut state, spec, &other), Outcome::Late);
    let after = estimate(&state, spec, 1140.0);
    assert!(after.flags.has(twin_model::Flag::Late));
    assert!(moments(&after).0 > before && moments(&after).0 < 21.5);
    assert_eq!(after.contributors.len(), 12);
}

/// A gateway reported "unknown" again and again, then delivered an older reading. The base
/// had never begun, so the reading was dated 1970 and aged away.
#[test]
fn a_late_reading_before_anything_was_known_keeps_its_time() {
    let spec = spec("temperature");
    let reason = || Act::Unknown {
        reason: "no contact".into(),
    };
    let at = |s: f64| 1.7e9 + s;
    let mut state = State::new(spec);
    for i in 0..16 {
        tell(&mut state, spec, &said(i, 0, at(60.0 * i as f64), reason()));
    }
    let late = number(99, 1, at(0.0), 25.0, 0.5);
    assert_eq!(tell(&mut state, spec, &late), Outcome::Late);
    let (mean, sd) = moments(&estimate(&state, spec, at(0.0)));
    assert!((mean - 24.9).abs() < 0.1 && sd < 0.6, "{mean} {sd}");
}

#[test]
fn the_basis_is_that_of_the_strongest_contributor() {
    let spec = spec("width");
    let drawn = Said {
        basis: Basis::Inferred,
        ..fact(1, 0, 0.0, Value::Number(0.9))
    };
    let state = state_of(spec, std::slice::from_ref(&drawn));
    assert_eq!(estimate(&state, spec, 1.0).summary().as_str(), "inferred");
    let measured = Stated {
        uncertainty: Some(Uncertainty::Probability(0.98)),
        ..Value::Number(0.905).into()
    };
    let state = state_of(spec, &[drawn, said(2, 1, 5.0, Act::Assert(measured))]);
    let estimate = estimate(&state, spec, 6.0);
    assert_eq!(estimate.summary().as_str(), "fused");
    assert_eq!(estimate.value(), Some(Value::Number(0.905)));
}

#[test]
fn a_vote_is_the_naive_bayes_of_the_reliabilities() {
    let spec = spec("name");
    let room = |n: u64, source, text: &str| fact(n, source, 0.0, Value::text(text));
    let p = |all: &[Said]| {
        let e = estimate(&state_of(spec, all), spec, 0.0);
        (e.distribution.unwrap().confidence().unwrap(), e.conflict)
    };
    let close = |got: (f64, f64), expected: (f64, f64)| {
        assert!((got.0 - expected.0).abs() < 1e-12, "{got:?} {expected:?}");
        assert!((got.1 - expected.1).abs() < 1e-12, "{got:?} {expected:?}");
    };
    close(p(&[room(1, 0, "A")]), (0.9, 0.0));
    close(p(&[room(1, 0, "A"), room(2, 1, "A")]), (0.81 / 0.82, 0.0));
    // Two alternatives and the unstated: N = 2, a wrong word has 0.05.
    let sum = 0.9 * 0.05 * 2.0 + 0.05 * 0.05;
    close(p(&[room(1, 0, "A"), room(2, 1, "B")]), (0.045 / sum, 1.0));
    let (a, b) = (0.9 * 0.9 * 0.05, 0.9 * 0.05 * 0.05);
    let sum = a + b + 0.05_f64.powi(3);
    close(
        p(&[room(1, 0, "A"), room(2, 1, "B"), room(3, 2, "A")]),
        (a / sum, 2.0 * b / (a + b)),
    );
}

#[test]
fn a_yes_or_no_fact_has_the_probability_of_yes() {
    let spec = spec("fireExit");
    let p = |all: &[Said]| probability(&estimate(&state_of(spec, all), spec, 0.0));
    let say = |n: u64, source, value| fact(n, source, 0.0, Value::Boolean(value));
    assert!((p(&[say(1, 0, true)]) - 0.9).abs() < 1e-12);
    assert!((p(&[say(1, 0, false)]) - 0.1).abs() < 1e-12);
    assert!((p(&[say(1, 0, true), say(2, 1, false)]) - 0.5).abs() < 1e-12);
}

#[test]
fn who_does_not_know_has_no_vote_and_who_says_there_is_none_has_one() {
    let spec = spec("fireRating");
    let unknown = |n, source| {
        let reason = "<placeholder>".into();
        said(n, source, 0.0, Act::Unknown { reason })
    };
    let state = state_of(spec, &[unknown(1, 0)]);
    assert_eq!(estimate(&state, spec, 0.0), Estimate::unknown(seconds(0.0)));
    let rated = fact(2, 1, 0.0, Value::text("EI30"));
    let state = state_of(spec, &[unknown(1, 0), rated.clone()]);
    assert_eq!(estimate(&state, spec, 0.0).summary().as_str(), "observed");
    let absent = |n, source| said(n, source, 1.0, Act::Absent);
    let state = state_of(spec, &[rated, absent(3, 2), absent(4, 3)]);
    let e = estimate(&state, spec, 1.0);
    assert_eq!(e.summary().as_str(), "absent");
    assert_eq!((e.sources, e.distribution), (2, None));
}

#[test]
fn a_fact_holds_only_while_it_is_said_to_hold() {
    let spec = spec("usage");
    let until = Said {
        valid: Interval {
            from: None,
            until: Some(seconds(100.0)),
        },
        ..fact(1, 0, 0.0, Value::text("room"))
    };
    let from = Said {
        valid: Interval {
            from: Some(seconds(100.0)),
            until: None,
        },
        ..fact(2, 0, 0.0, Value::text("plant"))
    };
    let state = state_of(spec, &[until.clone(), from]);
    let value = |at_s| estimate(&state, spec, at_s).value();
    assert_eq!(value(99.0), Some(Value::text("room")));
    assert_eq!(value(100.0), Some(Value::text("plant")));
    assert_eq!(state.next_change(spec, seconds(0.0)), Some(seconds(100.0)));
    let ended = state_of(spec, &[until]);
    assert_eq!(
        ended
            .summary(spec, seconds(100.0), &Setting::plain(&source_name))
            .as_str(),
        "unknown"
    );
}

#[test]
fn states_are_small() {
    let own = size_of::<State>();
    assert!(own <= 40, "{own}");
    for (name, most) in [
        ("open", 200),
        ("smoke", 200),
        ("serviceState", 200),
        // Twice a minute: sixteen readings that have not settled, one that has, and what they
        // came to.
        ("occupancy", 920),
    ] {
        let spec = spec(name);
        let mut state = State::new(spec);
        for i in 0..100_u64 {
            let value = form_of(name, (i % 10) as f64 / 10.0);
            tell(&mut state, spec, &fact(i, 0, 30.0 * i as f64, value));
            let bytes = own + state.heap_bytes();
            assert!(bytes <= most, "{name}: {bytes} bytes after {i} readings");
        }
    }
}

/// One source, health included, with readings at steady and at uneven intervals.
#[test]
fn a_number_every_five_minutes_takes_two_hundred_bytes() {
    let spec = spec("temperature");
    for (every_s, uneven_s, most) in [(300.0, 0.0, 200), (300.0, 40.0, 200), (60.0, 0.0, 400)] {
        let (mut state, mut chance, mut largest) = (State::new(spec), Chance(5), 0);
        for i in 0..200_u64 {
            let at_s = every_s * i as f64 + uneven_s * chance.unit();
            let value = 20.0 + chance.normal();
            tell(&mut state, spec, &fact(i, 0, at_s, Value::Number(value)));
            largest = largest.max(size_of::<State>() + state.heap_bytes());
        }
        println!("every {every_s} s, uneven by {uneven_s} s: {largest} bytes");
        assert!(largest <= most, "every {every_s} s: {largest}");
    }
}
