//! People in a room, by all that tells of them.

mod common;

use common::*;
use proptest::prelude::*;
use twin_fusion::{Evidence, Lesson, LessonKind, Outcome, Setting, State, Witness};
use twin_model::{
    Act, Basis, ClaimId, Distribution, Estimate, Flag, HealthState, Interval, Stated, Summary,
    Value,
};

const AIR: Witness = Witness::Co2 {
    volume_m3: Some(60.0),
};
const DEVICE: u32 = 1;
const COUNTER: u32 = 2;
const DETECTOR: u32 = 3;

/// One thing said of a room; `claim` is its number in the log.
#[derive(Debug, Clone)]
struct Word {
    claim: u64,
    source: u32,
    at_s: f64,
    witness: Witness,
    act: Act,
}

fn word(source: u32, at_s: f64, witness: Witness, value: f64) -> Word {
    let value = match witness {
        Witness::Motion => Value::Boolean(value > 0.5),
        _ => Value::Number(value),
    };
    Word {
        claim: (at_s * 100.0) as u64 + u64::from(source),
        source,
        at_s,
        witness,
        act: Act::Assert(Stated::from(value)),
    }
}

struct Room {
    state: State,
    lessons: Vec<Lesson>,
}

impl Room {
    fn new() -> Self {
        Self {
            state: State::new(spec("occupancy")),
            lessons: Vec::new(),
        }
    }

    fn hear(&mut self, word: &Word) -> Outcome {
        let evidence = Evidence {
            claim: ClaimId {
                incarnation: 1,
                sequence: word.claim,
            },
            source: word.source,
            act: &word.act,
            valid: Interval::ALWAYS,
            observed: seconds(word.at_s),
            // A reading takes its time to the log. Were it kept of some, a state that comes
            // back from its bytes would be another.
            recorded: seconds(word.at_s + 1.0),
            basis: Basis::Observed,
            witness: word.witness,
        };
        let lessons = &mut self.lessons;
        self.state.update(spec("occupancy"), &evidence, lessons)
    }

    fn of(words: &[Word]) -> Self {
        let mut room = Self::new();
        for word in words {
            room.hear(word);
        }
        room
    }

    fn at(&self, at_s: f64) -> Estimate {
        estimate(&self.state, spec("occupancy"), at_s)
    }

    fn people(&self, at_s: f64) -> Vec<f64> {
        match self.at(at_s).distribution {
            Some(Distribution::Counts(p)) => p.iter().map(|&p| f64::from(p)).collect(),
            other => panic!("expected counts, got {other:?}"),
        }
    }

    fn mean(&self, at_s: f64) -> f64 {
        moments(&self.at(at_s)).0
    }
}

/// What carbon dioxide reads, every ten minutes, from a beginning and a rise for each.
fn air(from_s: f64, readings: usize, begin_ppm: f64, rise_ppm: f64) -> Vec<Word> {
    let reading = |i: usize| {
        let ppm = begin_ppm + rise_ppm * i as f64 + [0.0, 4.0, -3.0][i % 3];
        word(DEVICE, from_s + 600.0 * i as f64, AIR, ppm)
    };
    (0..readings).map(reading).collect()
}

#[test]
fn rising_carbon_dioxide_tells_of_people() {
    let mut words = air(0.0, 36, 440.0, 0.0);
    let empty = Room::of(&words).people(21_600.0)[0];
    assert!(empty > 0.8, "still air: {empty}");
    // Three people in sixty cubic metres: 15 mL/s, 150 ppm in ten minutes, less what leaves.
    words.extend(air(21_600.0, 7, 440.0, 120.0));
    let room = Room::of(&words);
    let at_s = 21_600.0 + 3_600.0;
    let estimate = room.at(at_s);
    assert!(room.people(at_s)[0] < 0.05, "{:?}", room.people(at_s));
    assert!((1.5..6.0).contains(&room.mean(at_s)), "{}", room.mean(at_s));
    assert_eq!(estimate.summary(), Summary::Inferred);
    assert_eq!(estimate.contributors[0].source, source_name(DEVICE));
}

#[test]
fn a_direct_count_makes_it_observed_and_one_device_is_one_source() {
    let mut words = air(0.0, 3, 440.0, 0.0);
    words.push(word(DEVICE, 1_200.0, Witness::Phones, 1.0));
    assert_eq!(Room::of(&words).at(1_200.0).sources, 1);
    words.push(word(COUNTER, 1_210.0, Witness::Itself, 2.0));
    let estimate = Room::of(&words).at(1_210.0);
    assert_eq!(estimate.sources, 2);
    assert_eq!(estimate.summary(), Summary::Fused);
    assert_eq!(estimate.contributors[0].source, source_name(COUNTER));
    assert_eq!(estimate.contributors.len(), 3);
}

#[test]
fn ventilation_alone_tells_nothing_of_people() {
    let room = Room::of(&[word(DEVICE, 0.0, Witness::Ventilation, 100.0)]);
    assert_eq!(room.at(10.0).summary(), Summary::Unknown);
}

#[test]
fn what_a_witness_cannot_say_is_refused() {
    let mut room = Room::new();
    let text = Act::Assert(Stated::from(Value::text("many")));
    for witness in [AIR, Witness::Phones, Witness::Motion, Witness::Ventilation] {
        let said = Word {
            act: text.clone(),
            ..word(DEVICE, 0.0, witness, 0.0)
        };
        assert_eq!(room.hear(&said), Outcome::Refused);
    }
    // A sentinel for "no reading".
    let sentinel = word(DEVICE, 0.0, AIR, 65_535.0);
    assert_eq!(room.hear(&sentinel), Outcome::OutOfRange);
    assert!(room.at(0.0).flags.has(Flag::OutOfRange));
    // A room without a motion sensor is not a room without people.
    let none = Word {
        act: Act::Absent,
        ..word(DETECTOR, 0.0, Witness::Motion, 0.0)
    };
    room.hear(&none);
    assert_eq!(room.at(0.0).summary(), Summary::Unknown);
}

#[test]
fn phones_are_fewer_than_people_and_silence_is_not_emptiness() {
    let room = Room::of(&[word(DEVICE, 0.0, Witness::Phones, 2.0)]);
    assert!((2.2..5.0).contains(&room.mean(0.0)), "{}", room.mean(0.0));
    assert!(room.people(0.0)[0] < 0.1, "{}", room.people(0.0)[0]);
    // Half a day later nobody knows: what is usual, never certainly none.
    let later = room.people(43_200.0);
    assert!((0.5..0.95).contains(&later[0]), "{}", later[0]);
}

/// Somebody whose phone cannot be seen is not seen in the next minutes either: an hour of
/// looks tells little more than the first and the last of them.
#[test]
fn phones_seen_again_are_the_same_phones() {
    let look = |minute: u32| word(DEVICE, 60.0 * f64::from(minute), Witness::Phones, 2.0);
    let sd = |step: usize| {
        let words: Vec<Word> = (0..=60).step_by(step).map(look).collect();
        moments(&Room::of(&words).at(3600.0)).1
    };
    assert!(sd(1) > 0.9 * sd(60), "{} of {}", sd(1), sd(60));
}

/// The same passage is told to both rooms, with opposite sense.
#[test]
fn people_are_conserved_through_a_door() {
    // Two counters agree, so that nobody thinks the rooms empty.
    let counted = |n| {
        let by = |source| word(source, 0.0, Witness::Itself, n);
        vec![by(COUNTER), by(COUNTER + 7)]
    };
    let (mut from, mut to) = (counted(12.0), counted(9.0));
    for i in 0..5 {
        let at_s = 10.0 + f64::from(i);
        from.push(word(DEVICE, at_s, Witness::Passages { inward: false }, 1.0));
        to.push(word(DEVICE, at_s, Witness::Passages { inward: true }, 1.0));
    }
    let after = 15.0;
    let (from, to) = (Room::of(&from), Room::of(&to));
    let unmoved = |n| Room::of(&counted(n)).mean(after);
    let (left, came) = (
        unmoved(12.0) - from.mean(after),
        to.mean(after) - unmoved(9.0),
    );
    assert!((left - 5.0).abs() < 0.05, "{left} left");
    assert!((came - 5.0).abs() < 0.05, "{came} came");
}

/// A counter missed six exits and says "six" until its reset at midnight. Nothing moves, no
/// phone is there and the air is still.
#[test]
fn a_counter_that_everything_else_contradicts_is_doubted() {
    let mut words = Vec::new();
    for i in 0..48 {
        let at_s = 600.0 * f64::from(i);
        let ppm = 440.0 + f64::from(i % 3);
        words.push(word(DEVICE, at_s, AIR, ppm));
        words.push(word(DEVICE, at_s + 1.0, Witness::Phones, 0.0));
        words.push(word(DETECTOR, at_s + 2.0, Witness::Motion, 0.0));
        words.push(word(COUNTER, at_s + 3.0, Witness::Itself, 6.0));
    }
    let room = Room::of(&words);
    let estimate = room.at(28_300.0);
    assert!(estimate.flags.has(Flag::FaultySource));
    assert_eq!(estimate.summary(), Summary::Conflicting);
    assert!(
        room.people(28_300.0)[0] > 0.7,
        "{:?}",
        room.people(28_300.0)
    );
    let health = room.state.health(spec("occupancy"), seconds(28_300.0));
    let of_counter = health
        .iter()
        .find(|(source, _)| *source == COUNTER)
        .unwrap();
    assert_eq!(of_counter.1.state, HealthState::Stuck);
    assert!(of_counter.1.doubt > 0.5 && of_counter.1.since.is_some());
    // It recovers when it says what the others say.
    for i in 48..96 {
        words.push(word(DETECTOR, 600.0 * f64::from(i), Witness::Motion, 0.0));
        words.push(word(COUNTER, 600.0 * f64::from(i), Witness::Itself, 0.0));
    }
    let health = Room::of(&words)
        .state
        .health(spec("occupancy"), seconds(57_600.0));
    assert!(
        health
            .iter()
            .all(|(_, health)| health.state == HealthState::Ok)
    );
}

#[test]
fn a_widened_class_is_wider_and_says_so() {
    let room = Room::of(&[word(COUNTER, 0.0, Witness::Itself, 20.0)]);
    let setting = Setting {
        widening: 1.5,
        ..Setting::plain(&source_name)
    };
    let wide = room
        .state
        .estimate(spec("occupancy"), seconds(0.0), &setting);
    let plain = moments(&room.at(0.0)).1;
    assert!(wide.flags.has(Flag::Widened));
    assert!(moments(&wide).1 > 1.2 * plain);
}

fn anything() -> impl Strategy<Value = Word> {
    (0..6_u8, 0..8_u8, any::<u64>()).prop_map(|(way, value, claim)| {
        let value = f64::from(value);
        let (source, witness, value) = match way {
            0 => (DEVICE, AIR, 420.0 + 60.0 * value),
            1 => (DEVICE, Witness::Phones, value),
            2 => (DETECTOR, Witness::Motion, value / 7.0),
            3 => (DETECTOR, Witness::Ventilation, 40.0 * value),
            4 => (
                DETECTOR,
                Witness::Passages {
                    inward: claim % 2 == 0,
                },
                value - 3.0,
            ),
            _ => (COUNTER, Witness::Itself, value),
        };
        Word {
            claim,
            ..word(source, 0.0, witness, value)
        }
    })
}

proptest! {
    /// Up to fifteen places too late and said twice.
    #[test]
    fn order_and_repeats_within_the_window_do_not_matter(
        mut words in prop::collection::vec(anything(), 1..80),
        seed in any::<u64>(),
    ) {
        for (i, word) in words.iter_mut().enumerate() {
            (word.at_s, word.claim) = (37.0 * i as f64, i as u64);
        }
        let mut chance = Chance(seed);
        let mut mixed = words.clone();
        for block in mixed.chunks_mut(3) {
            chance.shuffle(block);
        }
        let again: Vec<Word> = mixed.iter().flat_map(|w| [w.clone(), w.clone()]).collect();
        let (straight, mixed) = (Room::of(&words), Room::of(&again));
        prop_assert_eq!(straight.at(4_000.0), mixed.at(4_000.0));
        prop_assert_eq!(straight.lessons, mixed.lessons);
    }

    #[test]
    fn bytes_bring_back_a_room_with_witnesses(
        mut words in prop::collection::vec(anything(), 1..120),
        step_s in 1.0..900.0_f64,
    ) {
        for (i, word) in words.iter_mut().enumerate() {
            (word.at_s, word.claim) = ((step_s * i as f64).round(), i as u64);
        }
        let room = Room::of(&words);
        let mut bytes = Vec::new();
        room.state.encode(&mut bytes);
        let mut rest = bytes.as_slice();
        prop_assert_eq!(&State::decode(spec("occupancy"), &mut rest).unwrap(), &room.state);
        let later = room.at(words.len() as f64 * step_s);
        // Ventilation alone leaves nothing known.
        if let Some(Distribution::Counts(p)) = later.distribution {
            let sum: f64 = p.iter().map(|&p| f64::from(p)).sum();
            prop_assert!((sum - 1.0).abs() < 1e-5, "{}", sum);
        }
    }
}

/// A small office in which people keep appointments: everyone has a working day of his own,
/// meetings fill the room for an hour at once, lunch empties it. The air follows a balance
/// in steps of ten seconds with fresh air that changes by the hour, a breath of its own for
/// everyone and a sensor that lags. None of this is the filter's process.
struct Office {
    chance: Chance,
    /// Each one's working day in seconds, breath in mL/s, and whether his phone can be seen.
    staff: Vec<([f64; 2], f64, bool)>,
    meeting: Option<([f64; 2], usize)>,
}

impl Office {
    fn new(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let staff = (0..4).map(|_| {
            let begins = 3600.0 * (7.5 + 2.5 * chance.unit());
            let ends = begins + 3600.0 * (5.0 + 4.0 * chance.unit());
            (
                [begins, ends],
                4.0 + 2.0 * chance.unit(),
                chance.unit() < 0.55,
            )
        });
        let staff = staff.collect();
        let begins = 3600.0 * (9.0 + (6.0 * chance.unit()).floor());
        let guests = 2 + (5.0 * chance.unit()) as usize;
        let meets = chance.unit() < 0.4;
        Self {
            staff,
            meeting: meets.then_some(([begins, begins + 3600.0], guests)),
            chance,
        }
    }

    /// Who is in, with the breath of all of them and the phones that can be seen.
    fn now(&self, at_s: f64) -> (usize, f64, usize) {
        let is_lunch = (12.0..12.75).contains(&(at_s / 3600.0));
        let mut sum = (0, 0.0, 0);
        for (n, (day, breath, seen)) in self.staff.iter().enumerate() {
            // Away for ten minutes in every seventy, each at his own time.
            let is_away = (at_s + 1000.0 * n as f64) % 4200.0 < 600.0;
            if at_s >= day[0] && at_s < day[1] && !is_away && !is_lunch {
                sum = (sum.0 + 1, sum.1 + breath, sum.2 + usize::from(*seen));
            }
        }
        match self.meeting {
            Some((hour, guests)) if at_s >= hour[0] && at_s < hour[1] => (
                sum.0 + guests,
                sum.1 + 5.0 * guests as f64,
                sum.2 + guests / 2,
            ),
            _ => sum,
        }
    }
}

#[derive(Default)]
struct Honesty {
    all: f64,
    inside: f64,
    occupied: f64,
    occupied_inside: f64,
    square: f64,
    square_of_none: f64,
}

/// A day of one office, told by phones, air and motion every ten minutes.
fn day(seed: u64, honesty: &mut Honesty) {
    let mut office = Office::new(seed);
    let mut room = Room::new();
    let (mut ppm, mut sensed, mut changes_hz) = (430.0, 430.0, 0.0);
    for step in 0..8640_u32 {
        let at_s = 10.0 * f64::from(step);
        if step % 360 == 0 {
            changes_hz = (0.5 + 4.0 * office.chance.unit()) / 3600.0;
        }
        let (people, breath, phones) = office.now(at_s);
        ppm += 10.0 * (changes_hz * (425.0 - ppm) + breath / 60.0);
        sensed += (ppm - sensed) * 10.0 / 240.0;
        if step % 60 != 0 {
            continue;
        }
        let answered = (0..phones).filter(|_| office.chance.unit() < 0.85).count();
        let moves = (0..people).any(|_| office.chance.unit() < 0.5);
        let read = (sensed + 12.0 * office.chance.normal()).round();
        room.hear(&word(DEVICE, at_s, AIR, read));
        room.hear(&word(DEVICE, at_s, Witness::Phones, answered as f64));
        room.hear(&word(
            DETECTOR,
            at_s,
            Witness::Motion,
            f64::from(u8::from(moves)),
        ));
        honesty.add(&room.at(at_s), people as f64);
    }
}

impl Honesty {
    fn add(&mut self, estimate: &Estimate, people: f64) {
        let interval = estimate
            .distribution
            .as_ref()
            .unwrap()
            .interval(0.9)
            .unwrap();
        let is_inside = f64::from(u8::from((interval.0..=interval.1).contains(&people)));
        let is_occupied = f64::from(u8::from(people > 0.0));
        let mean = moments(estimate).0;
        self.all += 1.0;
        self.inside += is_inside;
        self.occupied += is_occupied;
        self.occupied_inside += is_inside * is_occupied;
        self.square += (mean - people) * (mean - people);
        self.square_of_none += people * people;
    }
}

#[test]
fn intervals_hold_in_an_office_of_appointments() {
    let mut honesty = Honesty::default();
    for seed in 0..40 {
        day(seed, &mut honesty);
    }
    let covered = honesty.inside / honesty.all;
    let covered_occupied = honesty.occupied_inside / honesty.occupied;
    let better = (honesty.square / honesty.square_of_none).sqrt();
    println!(
        "covered {covered:.3}, while occupied {covered_occupied:.3} of {}; \
         error {:.3}, of always none {:.3}",
        honesty.occupied,
        (honesty.square / honesty.all).sqrt(),
        (honesty.square_of_none / honesty.all).sqrt(),
    );
    assert!((0.86..0.995).contains(&covered), "{covered}");
    assert!(covered_occupied > 0.77, "{covered_occupied}");
    assert!(better < 0.6, "{better}");
}

/// What direct counts teach is uniform where the counter errs as it says.
#[test]
fn lessons_of_an_honest_counter_are_uniform() {
    let mut room = Room::new();
    let mut chance = Chance(5);
    for seed in 0..12 {
        let office = Office::new(100 + seed);
        for step in 0..288 {
            let at_s = 300.0 * f64::from(step);
            let people = office.now(at_s).0 as f64;
            let said = (people + 0.7 * chance.normal()).round().max(0.0);
            let day_s = 86_400.0 * seed as f64;
            let counted = word(COUNTER, day_s + at_s, Witness::Itself, said);
            room.hear(&counted);
        }
    }
    let mut places: Vec<f64> = Vec::new();
    for lesson in &room.lessons {
        let LessonKind::Number { pit, crps, sd, .. } = lesson.kind else {
            panic!("a count teaches a number");
        };
        assert!((0.0..=1.0).contains(&pit) && crps >= 0.0 && sd > 0.0);
        places.push(pit);
    }
    places.sort_by(f64::total_cmp);
    let n = places.len() as f64;
    let distance = (0..)
        .zip(&places)
        .map(|(i, p)| (p - f64::from(i) / n).abs());
    let worst = distance.fold(0.0, f64::max);
    println!("{n} lessons, {worst:.3} from uniform");
    assert!(n > 3000.0 && worst < 0.15, "{worst}");
}

/// A room with air, motion and phones every ten minutes; sixteen readings in the window if
/// they speak every minute.
#[test]
fn a_room_with_witnesses_is_small() {
    for (every_s, most) in [(600.0, 600), (60.0, 1200)] {
        let mut room = Room::new();
        for step in 0..200_u32 {
            let at_s = every_s * f64::from(step);
            let n = f64::from(step / 9 % 4);
            room.hear(&word(DEVICE, at_s, AIR, 450.0 + 50.0 * n));
            room.hear(&word(DEVICE, at_s, Witness::Phones, n));
            room.hear(&word(DETECTOR, at_s, Witness::Motion, n));
            let bytes = size_of::<State>() + room.state.heap_bytes();
            assert!(bytes <= most, "{bytes} bytes, every {every_s} s");
        }
    }
}
