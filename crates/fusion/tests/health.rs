//! Faults of the kinds that field studies report (De Bruijn, Nguyen, Bucur & Tei, SENSORNETS
//! 2016; Sharma, Golubchik & Govindan, ACM Trans. Sensor Netw. 6 (2010) 23), put into
//! thermometers of a room whose warmth follows no model of the estimator: a heater that
//! switches, the sun, and a draught.

mod common;

use common::*;
use twin_fusion::{LessonKind, State};
use twin_model::{AttributeSpec, Flag, HealthState, SourceHealth, Value};

const EVERY_S: f64 = 120.0;

/// Warmth of the room: two bodies, a heater with a switch, the sun by day.
struct Room {
    air: f64,
    walls: f64,
    heats: bool,
}

impl Room {
    fn step(&mut self, at_s: f64) -> f64 {
        let sun = (at_s / 86_400.0 * std::f64::consts::TAU).sin().max(0.0);
        self.heats = if self.heats {
            self.air < 21.8
        } else {
            self.air < 20.4
        };
        let heater = if self.heats { 2.5e-3 } else { 0.0 };
        self.air += EVERY_S * (heater + 6e-4 * sun + (self.walls - self.air) / 1800.0);
        self.walls += EVERY_S * ((self.air - self.walls) / 20_000.0 + (8.0 - self.walls) / 2e5);
        self.air
    }
}

/// What the broken sensor shows: given the reading it should show, hours since it broke, and
/// chance.
type Fault = fn(f64, f64, &mut Chance) -> Option<f64>;

struct Watched {
    spec: &'static AttributeSpec,
    state: State,
    room: Room,
    chance: Chance,
    step: u64,
    broke_s: f64,
}

impl Watched {
    fn new(sources: u32) -> Self {
        let mut watched = Self {
            spec: spec("temperature"),
            state: State::new(spec("temperature")),
            room: Room {
                air: 20.0,
                walls: 18.0,
                heats: true,
            },
            chance: Chance(17),
            step: 0,
            broke_s: 0.0,
        };
        watched.run(24.0, sources, |shown, _, _| Some(shown));
        watched.broke_s = watched.now_s();
        watched
    }

    fn now_s(&self) -> f64 {
        EVERY_S * self.step as f64
    }

    /// Lets `hours` pass; source 0 is the one that may be broken.
    fn run(&mut self, hours: f64, sources: u32, fault: Fault) {
        let until_s = self.now_s() + 3600.0 * hours;
        while self.now_s() < until_s {
            self.step += 1;
            let at_s = self.now_s();
            let truth = self.room.step(at_s);
            for source in 0..sources {
                let offset = [0.2, -0.25, 0.1][source as usize];
                let shown = truth + offset + 0.08 * self.chance.normal();
                let broken_h = (at_s - self.broke_s) / 3600.0;
                let shown = if source == 0 {
                    fault(shown, broken_h, &mut self.chance)
                } else {
                    Some(shown)
                };
                let Some(shown) = shown else { continue };
                let shown = (shown * 20.0).round() / 20.0;
                let claim = self.step * u64::from(sources) + u64::from(source);
                let when_s = at_s + 7.0 * f64::from(source);
                let one = fact(claim, source, when_s, Value::Number(shown));
                tell(&mut self.state, self.spec, &one);
            }
        }
    }

    fn health(&self, source: u32) -> SourceHealth {
        let all = self.state.health(self.spec, seconds(self.now_s() + 30.0));
        all.into_iter().find(|(s, _)| *s == source).unwrap().1
    }

    fn error(&self) -> f64 {
        let estimate = estimate(&self.state, self.spec, self.now_s() + 30.0);
        (moments(&estimate).0 - self.room.air).abs()
    }

    fn has_flag(&self, flag: Flag) -> bool {
        let estimate = estimate(&self.state, self.spec, self.now_s() + 30.0);
        estimate.flags.has(flag)
    }
}

const HEALTHY: Fault = |shown, _, _| Some(shown);

#[test]
fn healthy_sources_are_not_doubted() {
    for sources in [1, 2, 3] {
        let mut watched = Watched::new(sources);
        for _ in 0..24 {
            watched.run(1.0, sources, HEALTHY);
            for source in 0..sources {
                let health = watched.health(source);
                assert_eq!(
                    health.state,
                    HealthState::Ok,
                    "{source} of {sources}: {health:?}"
                );
            }
            assert!(!watched.has_flag(Flag::FaultySource));
        }
    }
}

/// What each fault is taken for, after how many hours at most, and that the estimate keeps to
/// the two others; and that the source is believed again once it is well.
#[test]
fn faults_among_three_are_noticed_outweighed_and_forgiven() {
    let cases: [(&str, Fault, f64, HealthState); 6] = [
        (
            "spikes",
            |v, _, c| Some(if c.unit() < 0.15 { v + 12.0 } else { v }),
            2.0,
            HealthState::Noisy,
        ),
        (
            "noise",
            |v, _, c| Some(v + 3.0 * c.normal()),
            1.0,
            HealthState::Noisy,
        ),
        ("bias", |v, _, _| Some(v + 4.0), 2.0, HealthState::Drifting),
        (
            "drift",
            |v, h, _| Some(v + 1.2 * h),
            5.0,
            HealthState::Drifting,
        ),
        (
            "faster drift",
            |v, h, _| Some(v + 0.5 * h * h),
            5.0,
            HealthState::Drifting,
        ),
        ("stuck", |_, _, _| Some(20.85), 4.0, HealthState::Stuck),
    ];
    for (name, fault, hours, state) in cases {
        let mut watched = Watched::new(3);
        watched.run(hours, 3, fault);
        let (mut noticed, mut flagged) = (0, 0);
        for _ in 0..10 {
            watched.run(0.1, 3, fault);
            let health = watched.health(0);
            noticed += i32::from(health.state == state && health.doubt > 0.5);
            flagged += i32::from(watched.has_flag(Flag::FaultySource));
            assert!(watched.error() < 0.6, "{name}: {}", watched.error());
            for other in [1, 2] {
                let health = watched.health(other);
                assert_eq!(health.state, HealthState::Ok, "{name}, {other}: {health:?}");
            }
        }
        assert!(
            noticed >= 8 && flagged >= 8,
            "{name}: {noticed}, {:?}",
            watched.health(0)
        );
        watched.run(12.0, 3, HEALTHY);
        let health = watched.health(0);
        assert_eq!(
            health.state,
            HealthState::Ok,
            "{name}, well again: {health:?}"
        );
    }
}

#[test]
fn a_source_alone_betrays_itself_by_its_own_record() {
    let cases: [(&str, Fault, HealthState); 2] = [
        (
            "noise",
            |v, _, c| Some(v + 3.0 * c.normal()),
            HealthState::Noisy,
        ),
        ("stuck", |_, _, _| Some(20.85), HealthState::Stuck),
    ];
    for (name, fault, state) in cases {
        let mut watched = Watched::new(1);
        watched.run(4.0, 1, fault);
        let health = watched.health(0);
        assert_eq!(health.state, state, "{name}: {health:?}");
    }
}

#[test]
fn silence_is_noticed_by_its_own_interval() {
    let mut watched = Watched::new(3);
    watched.run(0.1, 3, |_, _, _| None);
    assert_eq!(watched.health(0).state, HealthState::Ok);
    watched.run(1.0, 3, |_, _, _| None);
    let health = watched.health(0);
    assert_eq!(health.state, HealthState::Silent);
    assert!(health.doubt > 0.5, "{health:?}");
    assert_eq!(watched.health(1).state, HealthState::Ok);
}

#[test]
fn a_source_that_lies_from_the_start_is_shown_where_two_others_agree() {
    let mut watched = Watched::new(3);
    watched.state = State::new(watched.spec);
    watched.run(12.0, 3, |v, _, _| Some(v + 4.0));
    let health = watched.health(0);
    assert_eq!(health.state, HealthState::Drifting, "{health:?}");
    assert!((health.bias - 4.0).abs() < 1.0, "{health:?}");
    assert!(watched.error() < 0.5, "{}", watched.error());
}

/// A sensor reads 60 °C while its only neighbour still says 21: nobody may say that all is
/// well. A second reading of either settles nothing; the interval holds both.
#[test]
fn what_one_of_two_sees_is_never_explained_away() {
    let mut watched = Watched::new(2);
    for minutes in 1..=6 {
        let at_s = watched.now_s() + 60.0 * f64::from(minutes);
        let claim = 1_000_000 + 2 * u64::from(minutes as u32);
        let hot = number(claim, 0, at_s, 60.0, 0.5);
        let calm = number(claim + 1, 1, at_s + 5.0, 21.0, 0.5);
        tell(&mut watched.state, watched.spec, &hot);
        tell(&mut watched.state, watched.spec, &calm);
        let e = estimate(&watched.state, watched.spec, at_s + 10.0);
        let (lo, hi) = e.distribution.as_ref().unwrap().interval(0.9).unwrap();
        assert!(e.flags.has(Flag::Conflicting), "{e:?}");
        assert!(lo < 21.0 && hi > 60.0, "{minutes}: {lo} {hi}");
    }
}

/// A year behind, beside a sensor with the right time: harmless, and shown.
#[test]
fn a_clock_that_is_a_year_behind_harms_nothing_and_is_shown() {
    const YEAR_S: f64 = 3.15e7;
    let spec = spec("temperature");
    let mut state = State::new(spec);
    for i in 0..100_u64 {
        let at_s = YEAR_S + 60.0 * i as f64;
        tell(&mut state, spec, &number(2 * i, 0, at_s, 21.0, 0.3));
        let behind = number(2 * i + 1, 1, at_s - YEAR_S, 30.0, 0.3);
        tell_recorded(&mut state, spec, &behind, at_s);
    }
    let at_s = YEAR_S + 6000.0;
    let (mean, sd) = moments(&estimate(&state, spec, at_s));
    assert!((mean - 21.0).abs() < 0.1 && sd < 0.4, "{mean} {sd}");
    let health = state.health(spec, seconds(at_s));
    let skew_s = |at: usize| health[at].1.skew_s;
    assert_eq!(skew_s(0), 0.0);
    assert!((skew_s(1) / -YEAR_S - 1.0).abs() < 0.1, "{}", skew_s(1));
}

/// An hour of readings that a gateway had kept was sent at once, and the clock of every sensor
/// in the building was said to be off: the delays were averaged.
#[test]
fn a_backlog_sent_at_once_is_no_clock_that_is_off() {
    let spec = spec("temperature");
    let mut state = State::new(spec);
    let sent_s = 3600.0;
    for i in 0..60_u64 {
        let kept = number(i, 0, 60.0 * i as f64, 21.0 + 0.1 * (i % 3) as f64, 0.3);
        tell_recorded(&mut state, spec, &kept, sent_s);
    }
    assert_eq!(state.health(spec, seconds(sent_s))[0].1.skew_s, 0.0);
    assert!(!estimate(&state, spec, sent_s).flags.has(Flag::ClockSkew));
}

/// Widening is a factor on the standard deviation, and is said.
#[test]
fn a_class_found_too_sure_is_given_wider() {
    use twin_fusion::Setting;
    let spec = spec("temperature");
    let state = state_of(spec, &[number(1, 0, 0.0, 22.0, 0.5)]);
    let plain = Setting::plain(&source_name);
    let wide = Setting {
        widening: 1.5,
        ..plain
    };
    let narrow = state.estimate(spec, seconds(60.0), &plain);
    let wider = state.estimate(spec, seconds(60.0), &wide);
    assert!((moments(&wider).1 / moments(&narrow).1 - 1.5).abs() < 1e-12);
    assert!(wider.flags.has(Flag::Widened) && !narrow.flags.has(Flag::Widened));
}

/// An unstated spread is only assumed: what is foretold of the next reading follows what the
/// source shows. What is believed of the room does not: the calibration stays unknown.
#[test]
fn what_a_source_shows_foretells_its_readings_but_not_its_calibration() {
    let spec = spec("temperature");
    let (mut stated, mut silent) = (State::new(spec), State::new(spec));
    let (mut chance, mut lessons) = (Chance(2), Vec::new());
    for i in 0..400_u64 {
        let value = 21.0 + 0.05 * chance.normal();
        let at_s = 60.0 * i as f64;
        tell(&mut stated, spec, &number(i, 0, at_s, value, 0.5));
        let one = fact(i, 0, at_s, Value::Number(value));
        tell_all(&mut silent, spec, &one, &mut lessons);
    }
    let sd = |state: &State| moments(&estimate(state, spec, 24_000.0)).1;
    assert!((0.45..0.55).contains(&sd(&stated)), "{}", sd(&stated));
    assert!((0.3..0.4).contains(&sd(&silent)), "{}", sd(&silent));
    let Some(LessonKind::Number { sd, .. }) = lessons.last().map(|l| l.kind) else {
        panic!("no lesson");
    };
    assert!(sd < 0.1, "{sd}");
}

/// Two that differ steadily are both half right, whoever has spoken last or speaks oftener.
#[test]
fn two_that_differ_steadily_are_met_halfway() {
    let spec = spec("temperature");
    let mut state = State::new(spec);
    let (mut claim, mut chance) = (0, Chance(5));
    for minute in 0..1440_u32 {
        let at_s = 60.0 * f64::from(minute);
        let warmth = 21.0 + (at_s / 86_400.0 * std::f64::consts::TAU).sin();
        let mut say = |source, value| {
            claim += 1;
            tell(&mut state, spec, &number(claim, source, at_s, value, 0.5));
        };
        say(0, warmth + 0.5 + 0.05 * chance.normal());
        if minute % 10 == 0 {
            say(1, warmth - 0.5 + 0.05 * chance.normal());
        }
        if minute > 720 {
            let (mean, _) = moments(&estimate(&state, spec, at_s));
            assert!((mean - warmth).abs() < 0.3, "{mean} for {warmth}");
        }
    }
}
