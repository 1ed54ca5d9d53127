//! Sources of yes-or-noes that lie, stick, flap, fall silent or replay: noticed, weighed less,
//! said aloud; and what is learned of them.

mod common;

use common::*;
use proptest::prelude::*;
use twin_fusion::{Evidence, Lesson, LessonKind, Setting, State, Trust, TrustBook, Witness};
use twin_model::{Act, AttributeSpec, Flag, HealthState, Value};

/// Tells and collects what settles.
fn learn(state: &mut State, spec: &AttributeSpec, said: &Said, lessons: &mut Vec<Lesson>) {
    let evidence = Evidence {
        claim: twin_model::ClaimId {
            incarnation: 1,
            sequence: said.claim,
        },
        source: said.source,
        act: &said.act,
        valid: said.valid,
        observed: seconds(said.at_s),
        recorded: seconds(said.at_s),
        basis: said.basis,
        witness: Witness::Itself,
    };
    state.update(spec, &evidence, lessons);
}

fn lessons_of(spec: &AttributeSpec, all: &[Said]) -> (State, Vec<Lesson>) {
    let (mut state, mut lessons) = (State::new(spec), Vec::new());
    for one in all {
        learn(&mut state, spec, one, &mut lessons);
    }
    (state, lessons)
}

fn book_of(spec: &AttributeSpec, lessons: &[Lesson]) -> TrustBook {
    let mut book = TrustBook::new(spec);
    for lesson in lessons {
        book.learn(lesson);
    }
    book
}

fn health_of(state: &State, spec: &AttributeSpec, source: u32, at_s: f64) -> HealthState {
    let health = state.health(spec, seconds(at_s));
    let own = health.iter().find(|(s, _)| *s == source);
    own.map_or(HealthState::Ok, |(_, health)| health.state)
}

/// A world that is not the estimator's: the door is open for a uniformly random time between
/// one and ten minutes and closed between two and forty. What each source says of it at its
/// own times comes from `word`.
fn door(
    seed: u64,
    hours: f64,
    every_s: &[f64],
    word: impl Fn(u32, bool, &mut Chance) -> bool,
) -> Vec<Said> {
    let mut chance = Chance(seed);
    let mut said = Vec::new();
    let (mut is_open, mut until_s) = (false, 600.0);
    let steps = (hours * 3600.0) as u64;
    for second in 0..steps {
        let at_s = second as f64;
        if at_s >= until_s {
            is_open = !is_open;
            let (least, most) = if is_open {
                (60.0, 600.0)
            } else {
                (120.0, 2400.0)
            };
            until_s = at_s + least + (most - least) * chance.unit();
        }
        for (source, &every) in every_s.iter().enumerate() {
            let source = source as u32;
            if (second + 7 * u64::from(source)).is_multiple_of(every as u64) {
                let value = word(source, is_open, &mut chance);
                said.push(yes_no(said.len() as u64, source, at_s, value));
            }
        }
    }
    said
}

fn right(p: f64, truth: bool, chance: &mut Chance) -> bool {
    truth == (chance.unit() < p)
}

#[test]
fn rates_are_learned_near_to_what_they_are() {
    let spec = spec("open");
    let all = door(
        5,
        600.0,
        &[10.0, 10.0, 10.0, 10.0],
        |source, open, chance| match source {
            0 => right(0.995, open, chance),
            1 | 2 => right(0.98, open, chance),
            _ if open => chance.unit() < 0.7,
            _ => chance.unit() < 0.1,
        },
    );
    let (_, lessons) = lessons_of(spec, &all);
    let book = book_of(spec, &lessons);
    let trust = |source| book.trust(source).unwrap();
    assert!((trust(3).hit - 0.7).abs() < 0.06, "{:?}", trust(3));
    assert!((trust(3).false_alarm - 0.1).abs() < 0.03, "{:?}", trust(3));
    assert!(trust(0).hit > 0.95 && trust(0).false_alarm < 0.02);
}

/// It was judged when it spoke, and as the others had not noticed yet, it seemed to be wrong
/// each time: the best contact of all was learned to be a liar.
#[test]
fn who_reports_every_change_first_is_not_thought_wrong() {
    let spec = spec("open");
    let polled = door(6, 300.0, &[1.0, 15.0, 15.0], |_, open, _| open);
    let mut last = None;
    let all: Vec<Said> = polled
        .into_iter()
        .filter(|one| one.source != 0 || last.replace(one.act.clone()) != Some(one.act.clone()))
        .collect();
    let (_, lessons) = lessons_of(spec, &all);
    let trust = book_of(spec, &lessons).trust(0);
    assert!(
        trust.is_none_or(|t| t.hit > 0.9 && t.false_alarm < 0.05),
        "{trust:?}"
    );
}

#[test]
fn a_source_that_always_lies_counts_nothing_and_is_not_turned_round() {
    let spec = spec("open");
    let all = door(7, 400.0, &[10.0, 10.0, 10.0], |source, open, _| {
        (source == 2) != open
    });
    let (state, lessons) = lessons_of(spec, &all);
    let book = book_of(spec, &lessons);
    let liar = book.trust(2).unwrap();
    assert!(liar.hit < liar.false_alarm, "{liar:?}");
    let trust = |source| book.trust(source);
    let setting = Setting {
        trust: &trust,
        ..Setting::plain(&source_name)
    };
    let alone = state_of(spec, &[yes_no(1, 2, 0.0, true)]);
    let e = alone.estimate(spec, seconds(0.0), &setting);
    assert!((probability(&e) - 0.1).abs() < 1e-9, "the prior alone");
    assert!(e.flags.has(Flag::FaultySource));
    // In the room where it lies, two others are sure of the contrary: it is seen there too.
    assert_ne!(health_of(&state, spec, 2, 400.0 * 3600.0), HealthState::Ok);
    assert_eq!(
        health_of(&state, spec, 0, 400.0 * 3600.0 - 1.0),
        HealthState::Ok
    );
}

#[test]
fn a_contact_that_never_changes_is_stuck_and_recovers() {
    let spec = spec("open");
    let day_s = 86_400.0;
    let stuck = door(8, 24.0, &[10.0, 10.0, 10.0], |source, open, _| {
        source != 1 && open
    });
    let (mut state, _) = lessons_of(spec, &stuck);
    let health = state.health(spec, seconds(day_s));
    let own = health.iter().find(|(source, _)| *source == 1).unwrap().1;
    assert_eq!(own.state, HealthState::Stuck);
    assert!(own.doubt > 0.8 && own.since.is_some_and(|t| t < seconds(day_s)));
    assert_eq!(health_of(&state, spec, 0, day_s - 1.0), HealthState::Ok);
    let e = estimate(&state, spec, day_s - 1.0);
    assert!(e.flags.has(Flag::FaultySource), "it is said aloud");
    // It is mended: its word changes with the others' again.
    for one in door(9, 12.0, &[10.0, 10.0, 10.0], |_, open, _| open) {
        let later = Said {
            claim: one.claim + 1_000_000,
            at_s: one.at_s + day_s,
            ..one
        };
        tell(&mut state, spec, &later);
    }
    assert_eq!(health_of(&state, spec, 1, 1.5 * day_s), HealthState::Ok);
    assert!(
        !estimate(&state, spec, 1.5 * day_s)
            .flags
            .has(Flag::FaultySource)
    );
}

/// An hour later only the stuck contact and one that sees an open door are heard.
#[test]
fn what_is_stuck_is_weighed_less() {
    let spec = spec("open");
    let stuck = door(8, 24.0, &[10.0, 10.0, 10.0], |source, open, _| {
        source != 1 && open
    });
    let at_s = 90_000.0;
    let last = [
        yes_no(2_000_000, 0, at_s, true),
        yes_no(2_000_001, 1, at_s, false),
    ];
    let p = |before: &[Said]| {
        let all: Vec<Said> = before.iter().chain(&last).cloned().collect();
        probability(&estimate(&state_of(spec, &all), spec, at_s))
    };
    assert!(p(&[]) < 0.2, "{}", p(&[]));
    assert!(p(&stuck) > 0.8, "{}", p(&stuck));
}

#[test]
fn two_sources_with_one_id_flap() {
    let spec = spec("passable");
    let said: Vec<Said> = (0..120_u64)
        .map(|i| yes_no(i, 0, 30.0 * i as f64, i % 2 == 0))
        .collect();
    let (state, _) = lessons_of(spec, &said);
    assert_eq!(health_of(&state, spec, 0, 3600.0), HealthState::Noisy);
    let e = estimate(&state, spec, 3600.0);
    assert!(e.flags.has(Flag::FaultySource));
    // A way that is blocked in the morning and cleared in the evening does not flap.
    let said: Vec<Said> = (0..40_u64)
        .map(|i| yes_no(i, 0, 40_000.0 * i as f64, i % 2 == 0))
        .collect();
    let (state, _) = lessons_of(spec, &said);
    assert_eq!(health_of(&state, spec, 0, 39.0 * 40_000.0), HealthState::Ok);
}

#[test]
fn silence_is_measured_by_what_the_source_usually_does() {
    let spec = spec("open");
    let every = |step_s: f64, words: u64| -> State {
        let said: Vec<Said> = (0..words)
            .map(|i| yes_no(i, 0, step_s * i as f64, false))
            .collect();
        state_of(spec, &said)
    };
    let often = every(10.0, 361);
    assert_eq!(health_of(&often, spec, 0, 3690.0), HealthState::Ok);
    assert_eq!(health_of(&often, spec, 0, 3710.0), HealthState::Silent);
    let seldom = every(3600.0, 11);
    assert_eq!(
        health_of(&seldom, spec, 0, 10.0 * 3600.0 + 200.0),
        HealthState::Ok
    );
    assert_eq!(
        health_of(&seldom, spec, 0, 21.0 * 3600.0),
        HealthState::Silent
    );
}

/// Yesterday's messages, word for word, and once more with today's date.
#[test]
fn a_replay_of_yesterday_teaches_nothing_and_one_with_new_dates_is_seen() {
    let spec = spec("open");
    let mut all = door(10, 24.0, &[10.0, 10.0, 10.0], |_, open, _| open);
    let before = lessons_of(spec, &all).1;
    let replay: Vec<Said> = all.iter().filter(|one| one.source == 0).cloned().collect();
    let recent = lessons_of(spec, &all).0;
    all.extend(replay.clone());
    let (state, lessons) = lessons_of(spec, &all);
    assert_eq!(lessons, before);
    assert_eq!(
        estimate(&state, spec, 86_400.0),
        estimate(&recent, spec, 86_400.0)
    );
    // With new dates it contradicts two that see today's door.
    let mut today = door(11, 24.0, &[10.0, 10.0, 10.0], |_, open, _| open);
    today.retain(|one| one.source != 0);
    today.extend(replay.into_iter().map(|one| Said {
        claim: one.claim + 5_000_000,
        ..one
    }));
    today.sort_by(|a, b| a.at_s.total_cmp(&b.at_s).then(a.source.cmp(&b.source)));
    let (_, lessons) = lessons_of(spec, &today);
    let book = book_of(spec, &lessons);
    let (own, other) = (book.trust(0).unwrap(), book.trust(1).unwrap());
    println!("replay {own:?} beside {other:?}");
    assert!(own.hit < other.hit - 0.1);
}

/// The hour of a real fire: one detector sees it minutes before the others.
#[test]
fn one_early_alarm_does_not_write_a_detector_off() {
    let mut book = TrustBook::new(spec("smoke"));
    let early = LessonKind::Word {
        said: true,
        held: 1e-5,
    };
    book.learn(&Lesson {
        source: 4,
        kind: early,
    });
    let trust = book.trust(4).unwrap();
    assert!(trust.false_alarm < 2e-5, "{trust:?}");
    let learned = move |_| Some(trust);
    let setting = Setting {
        trust: &learned,
        ..Setting::plain(&source_name)
    };
    let spec = spec("smoke");
    let state = state_of(spec, &[yes_no(1, 4, 0.0, true)]);
    let e = state.estimate(spec, seconds(0.0), &setting);
    assert!(probability(&e) > 0.9, "{}", probability(&e));
}

#[test]
fn what_a_source_states_is_worth_no_more_than_what_was_learned_of_it() {
    let spec = spec("open");
    let stated = twin_model::Stated {
        uncertainty: Some(twin_model::Uncertainty::Probability(0.999)),
        ..Value::Boolean(true).into()
    };
    let one = said(1, 0, 0.0, Act::Assert(stated));
    let state = state_of(spec, &[one]);
    let poor = |_| {
        Some(Trust {
            hit: 0.6,
            false_alarm: 0.4,
            kin: None,
        })
    };
    let setting = Setting {
        trust: &poor,
        ..Setting::plain(&source_name)
    };
    let p = probability(&state.estimate(spec, seconds(0.0), &setting));
    let expected = 0.1 * 0.6 / (0.1 * 0.6 + 0.9 * 0.4);
    assert!((p - expected).abs() < 1e-12, "{p} {expected}");
}

fn any_lesson() -> impl Strategy<Value = Lesson> {
    (0..6_u32, any::<bool>(), 0.0..=1.0_f64).prop_map(|(source, said, held)| Lesson {
        source,
        kind: LessonKind::Word { said, held },
    })
}

proptest! {
    /// The same words, in any order within ten minutes, some twice and some taken back, teach
    /// the same, and each source is thought of the same.
    #[test]
    fn lessons_do_not_depend_on_the_order_of_arrival(
        name in prop::sample::select(&["open", "motion", "passable", "smoke"][..]),
        seed in any::<u64>(),
        hours in 1..12_u32,
    ) {
        let spec = spec(name);
        let mut chance = Chance(seed);
        let mut all = door(seed, f64::from(hours), &[10.0, 15.0, 40.0, 300.0], |source, open, chance| {
            right(if source == 1 { 0.8 } else { 0.98 }, open, chance)
        });
        for one in &mut all {
            if chance.unit() < 0.01 {
                one.act = Act::Retract;
            }
        }
        let mut late = all.clone();
        for block in late.chunk_by_mut(|a, b| (a.at_s / 550.0).floor() == (b.at_s / 550.0).floor()) {
            chance.shuffle(block);
        }
        let again = |one: &Said| Said { claim: one.claim + 1_000_000, ..one.clone() };
        let twice: Vec<Said> = late.iter().flat_map(|one| [again(one), one.clone()]).collect();
        let (state, lessons) = lessons_of(spec, &all);
        let (late, the_same) = lessons_of(spec, &twice);
        prop_assert_eq!(lessons, the_same);
        for after_s in [0.0, 3600.0, 86_400.0] {
            let at = seconds(f64::from(hours) * 3600.0 + after_s);
            prop_assert_eq!(state.health(spec, at), late.health(spec, at));
        }
        prop_assert_eq!(state, late);
    }

    /// Half-way through, the state is written and read back.
    #[test]
    fn what_was_read_back_goes_on_teaching_the_same(seed in any::<u64>(), cut in 0..2000_usize) {
        let spec = spec("open");
        let all = door(seed, 6.0, &[10.0, 15.0, 40.0], |_, open, chance| right(0.95, open, chance));
        let (mut state, mut lessons) = lessons_of(spec, &all[..cut]);
        let mut bytes = Vec::new();
        state.encode(&mut bytes);
        state = State::decode(spec, &mut bytes.as_slice()).unwrap();
        for one in &all[cut..] {
            learn(&mut state, spec, one, &mut lessons);
        }
        prop_assert_eq!((state, lessons), lessons_of(spec, &all));
    }

    #[test]
    fn a_book_does_not_depend_on_order(
        mut lessons in prop::collection::vec(any_lesson(), 0..60),
        seed in any::<u64>(),
    ) {
        let spec = spec("motion");
        let whole = book_of(spec, &lessons);
        Chance(seed).shuffle(&mut lessons);
        prop_assert_eq!(&book_of(spec, &lessons), &whole);
        for trust in lessons.iter().filter_map(|lesson| whole.trust(lesson.source)) {
            prop_assert!(trust.hit > 0.0 && trust.hit < 1.0);
            prop_assert!(trust.false_alarm > 0.0 && trust.false_alarm < 1.0);
        }
        let mut bytes = Vec::new();
        whole.encode(&mut bytes);
        bytes.push(9);
        let mut rest = bytes.as_slice();
        prop_assert_eq!(TrustBook::decode(spec, &mut rest), Ok(whole));
        prop_assert_eq!(rest, &[9][..]);
    }

    #[test]
    fn what_is_not_a_book_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        let mut headed = vec![1, 2, 0, 0, 0];
        headed.extend(&bytes);
        let _ = TrustBook::decode(spec("open"), &mut headed.as_slice());
        let _ = TrustBook::decode(spec("open"), &mut bytes.as_slice());
    }
}

/// Which sources are kept beyond the bound does not depend on who came first.
#[test]
fn a_book_is_bounded_whatever_the_order() {
    let spec = spec("open");
    let most = twin_fusion::TRUSTED_MAX as u32;
    let lesson = |source| Lesson {
        source,
        kind: LessonKind::Word {
            said: true,
            held: 1.0,
        },
    };
    let mut up = TrustBook::new(spec);
    (0..most + 100).for_each(|source| up.learn(&lesson(source)));
    let mut down = TrustBook::new(spec);
    (0..most + 100)
        .rev()
        .for_each(|source| down.learn(&lesson(source)));
    assert_eq!(up, down);
    let is_kept = |source: &u32| up.trust(*source).is_some();
    assert_eq!((0..2 * most).filter(is_kept).count(), most as usize);
}
