//! When rooms give way to storeys, and what is then said of them.

use super::summary::Total;
use super::*;
use expect_test::expect;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use twin_model::{
    Act, Attribute, Basis, BatchId, Claim, ClaimId, Distribution, EntityId, Estimate, Flag, Flags,
    Interval, Knowledge, SourceId, Statement, Value,
};
use twin_policy::sharing::{Choice, Recipient, Rule, RuleRecord, release};

const BRIGADE: Recipient = Recipient::Peer([1; 16]);

fn id(name: &str) -> EntityId {
    EntityId::new(name).unwrap()
}

/// Storey `urn:9` and what is on it, and a room of another storey.
struct Tower;

impl Whereabouts for Tower {
    fn kind(&self, entity: &EntityId) -> Option<EntityKind> {
        Some(match entity.as_str() {
            "urn:9" => EntityKind::Storey,
            name if name.contains(":door") => EntityKind::Portal,
            name if name.contains(":room") => EntityKind::Space,
            _ => return None,
        })
    }

    fn is_within(&self, entity: &EntityId, area: &EntityId) -> bool {
        entity.as_str().starts_with(area.as_str())
    }
}

fn known(distribution: Distribution) -> Estimate {
    Estimate {
        knowledge: Knowledge::Known,
        distribution: Some(distribution),
        basis: Basis::Observed,
        ..Estimate::unknown(Time::from_seconds(0))
    }
}

fn yes(p: f64) -> Estimate {
    known(Distribution::Bernoulli { p })
}

fn people(p: &[f32]) -> Estimate {
    known(Distribution::Counts(p.into()))
}

fn degrees(mean: f64) -> Estimate {
    known(Distribution::Gaussian { mean, sd: 0.5 })
}

fn unknown() -> Estimate {
    Estimate::unknown(Time::from_seconds(0))
}

fn with(flag: Flag, estimate: Estimate) -> Estimate {
    Estimate {
        flags: Flags::NONE.with(flag),
        ..estimate
    }
}

/// The estimates of one attribute of the rooms or doors, in order.
struct Parts(&'static str, Vec<Estimate>);

impl Estimates for Parts {
    fn estimate(&self, part: &EntityId, attribute: &str) -> Estimate {
        let (_, number) = part.as_str().rsplit_once('-').unwrap();
        let number: usize = number.parse().unwrap();
        if attribute == self.0 {
            self.1[number].clone()
        } else {
            unknown()
        }
    }
}

fn storey(rooms: usize, doors: usize) -> Storey {
    let parts = |kind: &str, count| {
        (0..count)
            .map(|n| id(&format!("urn:9:{kind}-{n}")))
            .collect()
    };
    Storey {
        id: id("urn:9"),
        rooms: parts("room", rooms),
        doors: parts("door", doors),
    }
}

fn rule(attributes: &str) -> Rule {
    let attributes = attributes.split(' ');
    Rule {
        to: BRIGADE,
        kinds: Choice::All,
        attributes: Choice::Only(attributes.map(|a| Attribute::new(a).unwrap()).collect()),
        area: None,
        backfill: false,
        form: Form::StoreysWhenNarrow,
    }
}

fn records(attributes: &str) -> Vec<RuleRecord> {
    vec![RuleRecord::new(rule(attributes), 1, &[]).unwrap()]
}

fn node() -> SourceId {
    SourceId::new("urn:twin:node").unwrap()
}

fn json(released: &Released) -> &str {
    match &released.statement().act {
        Act::Assert(stated) => match &stated.value {
            Value::Json(text) => text,
            other => panic!("{other:?}"),
        },
        _ => "taken back",
    }
}

/// What is said of the storey, of one attribute, and how it is said to be obtained.
fn said(attribute: &'static str, estimates: Vec<Estimate>) -> (String, String) {
    let count = estimates.len();
    let storey = match attribute {
        "open" | "passable" => storey(0, count),
        _ => storey(count, 0),
    };
    let (records, source) = (records(attribute), node());
    let terms = Terms {
        to: BRIGADE,
        records: &records,
        source: &source,
        whereabouts: &Tower,
    };
    let estimates = Parts(attribute, estimates);
    let round = Summaries::default().round(&[storey], &estimates, &terms, Time::from_seconds(9));
    let Some(one) = round.first() else {
        return ("nothing".to_owned(), String::new());
    };
    let statement = one.statement();
    assert_eq!(statement.entity, id("urn:9"));
    assert_eq!(statement.attribute.as_str(), format!("summary.{attribute}"));
    assert_eq!(one.urgency(), Urgency::Telemetry);
    assert!(!statement.valid.contains(Time::from_seconds(9 + 120)));
    let procedure = statement.procedure.as_deref().unwrap_or("");
    (json(one).to_owned(), procedure.to_owned())
}

#[test]
fn what_is_said_of_a_storey() {
    let inferred = Estimate {
        basis: Basis::Inferred,
        ..degrees(90.0)
    };
    let none = Estimate {
        knowledge: Knowledge::NotApplicable,
        ..unknown()
    };
    let mut table = String::new();
    for (attribute, estimates) in [
        ("smoke", vec![yes(0.001), yes(0.001)]),
        ("smoke", vec![yes(0.001), unknown()]),
        ("smoke", vec![yes(0.001), yes(0.3)]),
        ("smoke", vec![yes(0.001), with(Flag::Stale, yes(0.001))]),
        (
            "smoke",
            vec![yes(0.001), with(Flag::Conflicting, yes(0.001))],
        ),
        (
            "smoke",
            vec![yes(0.7), with(Flag::Conflicting, yes(0.9)), unknown()],
        ),
        ("smoke", vec![none.clone(), yes(0.001)]),
        ("smoke", vec![none.clone()]),
        ("smoke", vec![unknown(), unknown()]),
        ("passable", vec![yes(0.99), yes(0.02), unknown()]),
        ("passable", vec![yes(0.99)]),
        ("open", vec![yes(0.99), yes(0.001)]),
        (
            "occupancy",
            vec![people(&[0.0, 0.0, 1.0]), people(&[0.0, 1.0]), unknown()],
        ),
        ("occupancy", vec![people(&[0.96, 0.04])]),
        ("occupancy", vec![unknown(), unknown()]),
        ("occupancy", vec![none, people(&[1.0])]),
        (
            "temperature",
            vec![degrees(21.0), degrees(84.0), inferred, unknown()],
        ),
        ("temperature", vec![unknown()]),
    ] {
        let (json, procedure) = said(attribute, estimates);
        let line = format!("{attribute}: {json} {procedure}");
        writeln!(table, "{}", line.trim_end()).unwrap();
    }
    expect![[r#"
        smoke: {"of":2,"known":2,"state":"clear","count":0} summary of 2 of 2 rooms
        smoke: {"of":2,"known":1,"state":"unknown","count":0} summary of 1 of 2 rooms
        smoke: {"of":2,"known":1,"state":"unknown","count":0} summary of 1 of 2 rooms
        smoke: {"of":2,"known":1,"state":"unknown","count":0} summary of 1 of 2 rooms
        smoke: {"of":2,"known":1,"state":"unknown","count":0} summary of 1 of 2 rooms
        smoke: {"of":3,"known":2,"state":"affected","count":2,"worst":"urn:9:room-1"} summary of 2 of 3 rooms
        smoke: {"of":1,"known":1,"state":"clear","count":0} summary of 1 of 1 rooms
        smoke: nothing
        smoke: {"of":2,"known":0,"state":"unknown","count":0} summary of 0 of 2 rooms
        passable: {"of":3,"known":2,"state":"affected","count":1,"worst":"urn:9:door-1"} summary of 2 of 3 doors
        passable: {"of":1,"known":1,"state":"clear","count":0} summary of 1 of 1 doors
        open: {"of":2,"known":2,"state":"affected","count":1,"worst":"urn:9:door-0"} summary of 2 of 2 doors
        occupancy: {"of":3,"known":2,"low":3,"high":3} summary of 2 of 3 rooms
        occupancy: {"of":1,"known":1,"low":0,"high":1} summary of 1 of 1 rooms
        occupancy: {"of":2,"known":0} summary of 0 of 2 rooms
        occupancy: {"of":1,"known":1,"low":0,"high":0} summary of 1 of 1 rooms
        temperature: {"of":4,"known":2,"low":83.1,"high":84.9,"worst":"urn:9:room-1"} summary of 2 of 4 rooms
        temperature: nothing
    "#]].assert_eq(&table);
}

#[test]
fn only_what_changes_is_told_again() {
    let (records, source) = (records("smoke"), node());
    let terms = Terms {
        to: BRIGADE,
        records: &records,
        source: &source,
        whereabouts: &Tower,
    };
    let storeys = [storey(2, 0)];
    let mut summaries = Summaries::default();
    let mut told = String::new();
    for (at, p) in [
        (0, 0.001),
        (5, 0.002),
        (10, 0.9),
        (15, 0.95),
        (70, 0.95),
        (80, 0.95),
    ] {
        let estimates = Parts("smoke", vec![yes(p), yes(0.001)]);
        let round = summaries.round(&storeys, &estimates, &terms, Time::from_seconds(at));
        let round: Vec<_> = round.iter().map(json).collect();
        let line = format!("{at}: {}", round.join(" "));
        writeln!(told, "{}", line.trim_end()).unwrap();
    }
    let now = Time::from_seconds(90);
    let back = summaries.withdraw(&storeys, &terms, now);
    writeln!(told, "back: {} {}", back.len(), json(&back[0])).unwrap();
    let again = summaries.withdraw(&storeys, &terms, now);
    writeln!(told, "again: {}", again.len()).unwrap();
    expect![[r#"
        0: {"of":2,"known":2,"state":"clear","count":0}
        5:
        10: {"of":2,"known":2,"state":"affected","count":1,"worst":"urn:9:room-0"}
        15:
        70: {"of":2,"known":2,"state":"affected","count":1,"worst":"urn:9:room-0"}
        80:
        back: 1 taken back
        again: 0
    "#]]
    .assert_eq(&told);
}

/// A brigade that may know of two rooms must not learn of the third by a subtraction.
#[test]
fn rooms_that_the_peer_may_not_know_of_are_not_counted() {
    let area = Rule {
        area: Some(id("urn:9:room-1")),
        ..rule("occupancy")
    };
    let records = [RuleRecord::new(area, 1, &[]).unwrap()];
    let source = node();
    let terms = Terms {
        to: BRIGADE,
        records: &records,
        source: &source,
        whereabouts: &Tower,
    };
    let rooms = vec![people(&[0.0, 1.0]), people(&[0.0, 0.0, 1.0])];
    let estimates = Parts("occupancy", rooms);
    let now = Time::from_seconds(0);
    let round = Summaries::default().round(&[storey(2, 0)], &estimates, &terms, now);
    let round: Vec<_> = round.iter().map(json).collect();
    assert_eq!(round, [r#"{"of":1,"known":1,"low":2,"high":2}"#]);
}

/// Nor must it think the storey clear because its own two rooms are.
#[test]
fn a_part_of_a_storey_is_never_said_to_be_clear() {
    let area = Rule {
        area: Some(id("urn:9:room-1")),
        ..rule("smoke")
    };
    let records = [RuleRecord::new(area, 1, &[]).unwrap()];
    let source = node();
    let terms = Terms {
        to: BRIGADE,
        records: &records,
        source: &source,
        whereabouts: &Tower,
    };
    let estimates = Parts("smoke", vec![yes(0.001), yes(0.001)]);
    let now = Time::from_seconds(0);
    let round = Summaries::default().round(&[storey(2, 0)], &estimates, &terms, now);
    let round: Vec<_> = round.iter().map(json).collect();
    assert_eq!(round, [r#"{"of":1,"known":1,"state":"unknown","count":0}"#]);
}

fn claim(sequence: u64, thing: &str, attribute: &str, observed_s: i64) -> Claim {
    let statement = Statement {
        entity: id(thing),
        attribute: Attribute::new(attribute).unwrap(),
        act: Act::Assert(Value::Number(1.0).into()),
        valid: Interval::ALWAYS,
        observed: Time::from_seconds(observed_s),
        procedure: None,
    };
    Claim {
        id: ClaimId {
            incarnation: 1,
            sequence,
        },
        source: SourceId::new("urn:s").unwrap(),
        statement,
        recorded: Time::from_seconds(observed_s),
        batch: BatchId(1),
    }
}

const ALL: &str = "smoke occupancy open temperature name type";

fn released(sequence: u64, thing: &str, attribute: &str, observed_s: i64) -> Released {
    let claim = claim(sequence, thing, attribute, observed_s);
    release(&records(ALL), &claim, &Tower).remove(0)
}

#[test]
fn rooms_wait_and_alarms_do_not() {
    for (thing, attribute, waits) in [
        ("urn:9:room-1", "temperature", true),
        ("urn:9:room-1", "occupancy", true),
        ("urn:9:door-1", "open", true),
        ("urn:9:room-1", "smoke", false),
        ("urn:9:room-1", "name", false),
        ("urn:9", "temperature", false),
        ("urn:van", "temperature", false),
    ] {
        let one = released(1, thing, attribute, 0);
        assert_eq!(super::waits(&one, &Tower), waits, "{thing} {attribute}");
    }
    let by_claims = Rule {
        form: Form::Claims,
        ..rule(ALL)
    };
    let by_claims = [RuleRecord::new(by_claims, 1, &[]).unwrap()];
    let claim = claim(1, "urn:9:room-1", "temperature", 0);
    let one = release(&by_claims, &claim, &Tower).remove(0);
    assert!(!super::waits(&one, &Tower));
}

#[test]
fn the_newest_of_each_is_what_is_left() {
    let room = "urn:9:room-1";
    let held = [
        released(1, room, "temperature", 10),
        released(2, "urn:9:room-2", "temperature", 11),
        released(3, room, "temperature", 30),
        // Observed before, recorded after: a sensor that emptied its memory.
        released(4, room, "temperature", 20),
        released(5, room, "occupancy", 5),
    ];
    let left = newest(held)
        .iter()
        .map(Released::sequence)
        .collect::<Vec<_>>();
    assert_eq!(left, [Some(2), Some(3), Some(5)]);
}

/// A link and what waits for it, second by second. Doors and people are a history in one
/// queue; of each temperature the newest waits.
struct World {
    coarsening: Coarsening,
    now_s: i64,
    capacity_bytes_per_s: u64,
    /// Histories: bytes offered to the link, and bytes that wait behind the summaries.
    history: (u64, u64),
    /// Temperatures that wait for the link, and those that changed while rooms were held.
    newest: (BTreeSet<u64>, BTreeSet<u64>),
    summary: u64,
    /// Histories made, and sent.
    made: u64,
    sent: u64,
    changes: Vec<(i64, Change)>,
    rounds: Vec<i64>,
}

/// Bytes of a temperature, and how many there are; bytes of a round of summaries.
const READING: u64 = 10;
const SENSORS: u64 = 400;
const ROUND: u64 = 600;

impl World {
    fn new(capacity_bytes_per_s: u64) -> Self {
        Self {
            coarsening: Coarsening::default(),
            now_s: 0,
            capacity_bytes_per_s,
            history: (0, 0),
            newest: Default::default(),
            summary: 0,
            made: 0,
            sent: 0,
            changes: Vec::new(),
            rounds: Vec::new(),
        }
    }

    /// Runs for a time in which so many bytes of history come up each second, and every
    /// tenth sensor speaks.
    fn run(&mut self, seconds: i64, history_bytes_per_s: u64) {
        for _ in 0..seconds {
            self.now_s += 1;
            self.come_up(history_bytes_per_s);
            let load = self.load();
            let step = self
                .coarsening
                .step(load.as_ref(), Time::from_seconds(self.now_s));
            self.take(step);
            self.send();
        }
    }

    fn come_up(&mut self, history_bytes_per_s: u64) {
        self.made += history_bytes_per_s;
        let is_coarse = self.coarsening.is_coarse();
        let (queue, readings) = if is_coarse {
            (&mut self.history.1, &mut self.newest.1)
        } else {
            (&mut self.history.0, &mut self.newest.0)
        };
        *queue += history_bytes_per_s;
        let speaks = |sensor: &u64| sensor % 10 == self.now_s as u64 % 10;
        readings.extend((0..SENSORS).filter(speaks));
    }

    fn load(&self) -> Option<Load> {
        let newest = self.newest.0.len() as u64 * READING + self.summary;
        (self.capacity_bytes_per_s > 0).then_some(Load {
            goodput_bytes_per_s: self.capacity_bytes_per_s as f64,
            backlog_bytes: [0, self.history.0, newest, 1 << 40],
            held_bytes: self.history.1,
        })
    }

    fn take(&mut self, step: Step) {
        let caught_up = match step.change {
            Some(Change::Detail) => self.history.1,
            _ => self.history.1.min(step.catch_up_bytes),
        };
        self.history = (self.history.0 + caught_up, self.history.1 - caught_up);
        if step.change == Some(Change::Detail) {
            let (queue, held) = &mut self.newest;
            queue.append(held);
        }
        if let Some(change) = step.change {
            self.changes.push((self.now_s, change));
        }
        if step.is_round {
            self.rounds.push(self.now_s);
            self.summary = ROUND;
            self.coarsening.note_round(ROUND);
        }
    }

    /// Summaries and readings have three parts of eleven, histories eight.
    fn send(&mut self) {
        let capacity = self.capacity_bytes_per_s;
        let newest = self.newest.0.len() as u64 * READING + self.summary;
        let least = newest.min(capacity * 3 / 11);
        let history = self.history.0.min(capacity - least);
        self.history.0 -= history;
        self.sent += history;
        let mut left = capacity - history;
        let summary = self.summary.min(left);
        self.summary -= summary;
        left -= summary;
        for _ in 0..left / READING {
            self.newest.0.pop_first();
        }
    }

    fn is_quiet(&self) -> bool {
        self.sent == self.made && self.newest == Default::default()
    }
}

#[test]
fn a_wide_link_always_carries_rooms() {
    let mut world = World::new(20_000);
    world.run(3600, 2_000);
    assert_eq!(world.changes, []);
}

/// A radio of 9.6 kbit/s under 170 % of what it can bear, for an hour, then half a load.
#[test]
fn a_narrow_link_carries_storeys_until_it_can_carry_rooms() {
    let mut world = World::new(1_200);
    world.run(3600, 1_640);
    let [(at, Change::Coarse)] = world.changes[..] else {
        panic!("{:?}", world.changes);
    };
    assert!(at < 120, "{at}");
    let pauses = world.rounds.windows(2).map(|pair| pair[1] - pair[0]);
    assert!(pauses.clone().all(|pause| (5..=10).contains(&pause)));
    // What is under way stays small, so that a summary is not long on its way.
    assert!(world.history.0 <= 6_000 && world.history.1 > 1_000_000);
    // The link is full, but for what summaries take.
    assert!(world.sent as f64 > 0.8 * 1_200.0 * 3600.0, "{}", world.sent);

    world.run(3 * 3600, 200);
    assert_eq!(world.changes.len(), 2, "{:?}", world.changes);
    assert_eq!(world.changes[1].1, Change::Detail);
    world.run(60, 0);
    assert!(world.sent == world.made);
}

/// What waits is not lost to a link that never comes back.
#[test]
fn nothing_is_held_for_a_link_that_is_gone() {
    let mut world = World::new(1_200);
    world.run(600, 1_640);
    assert!(world.coarsening.is_coarse());
    world.capacity_bytes_per_s = 0;
    world.run(1, 1_640);
    assert_eq!(world.changes.last(), Some(&(601, Change::Detail)));
    assert_eq!(world.history.1, 0);
    world.capacity_bytes_per_s = 1_000_000;
    world.run(60, 100);
    world.run(2, 0);
    assert!(world.is_quiet() && world.changes.len() == 2);
}

/// A link whose readings alone are too many each time it is tried: trials get rarer.
#[test]
fn trials_that_fail_get_rarer() {
    let mut coarsening = Coarsening::default();
    let load = |bytes| Load {
        goodput_bytes_per_s: 100.0,
        backlog_bytes: [0, 0, bytes, 0],
        held_bytes: 0,
    };
    let mut changes = 0;
    for second in 0..3600 {
        let bytes = if coarsening.is_coarse() { 0 } else { 9_000 };
        let step = coarsening.step(Some(&load(bytes)), Time::from_seconds(second));
        changes += u32::from(step.change.is_some());
    }
    // 15, 30, … 600 s of calm and 5 s of trial: not one in 20 s.
    assert!((10..=24).contains(&changes), "{changes}");
}

/// An estimate of a yes or no, in every state that it can be in.
fn any_yes() -> impl Strategy<Value = Estimate> {
    let p = prop_oneof![Just(0.0), Just(1.0), 0.0..=1.0];
    let knowledge = prop::sample::select(vec![
        Knowledge::Known,
        Knowledge::Known,
        Knowledge::Known,
        Knowledge::Unknown,
        Knowledge::Absent,
        Knowledge::NotApplicable,
    ]);
    let basis = prop::sample::select(vec![Basis::Observed, Basis::Observed, Basis::Inferred]);
    let flag = prop::option::weighted(0.2, prop::sample::select(Flag::ALL.to_vec()));
    (p, knowledge, basis, flag).prop_map(|(p, knowledge, basis, flag)| Estimate {
        knowledge,
        distribution: (knowledge == Knowledge::Known).then_some(Distribution::Bernoulli { p }),
        basis,
        flags: flag.map_or(Flags::NONE, |flag| Flags::NONE.with(flag)),
        ..unknown()
    })
}

/// The probability of each count in a room, of any shape.
fn any_room(most: usize) -> impl Strategy<Value = Vec<f32>> {
    let weight = prop_oneof![2 => Just(0.0_f32), 3 => 0.0_f32..1.0, 1 => Just(20.0_f32)];
    prop::collection::vec(weight, 1..=most).prop_map(|mut weights| {
        weights[0] += 0.01;
        let sum: f32 = weights.iter().sum();
        weights.iter().map(|w| w / sum).collect()
    })
}

fn total(rooms: &[Vec<f32>]) -> Total {
    let mut total = Total::nobody();
    for room in rooms {
        total.add(room);
    }
    total
}

/// Forty rooms with one, two or three people each. If each erred for itself, the storey
/// would be known to within nine; sensors of one make do not.
#[test]
fn rooms_that_err_alike_are_not_surer_together() {
    let rooms = vec![vec![0.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]; 40];
    assert_eq!(total(&rooms).interval(), (61, 99));
    let sure = vec![vec![0.0, 0.0, 1.0]; 40];
    assert_eq!(total(&sure).interval(), (80, 80));
}

proptest! {
    /// No storey is said to be clear of which a room is unknown, in doubt, or not clear.
    #[test]
    fn a_storey_is_clear_only_if_every_room_is(
        rooms in prop::collection::vec(any_yes(), 1..6),
        attribute in prop::sample::select(vec!["smoke", "open", "passable"]),
    ) {
        let is_clear = |room: &Estimate| {
            let is_sure = match room.distribution {
                Some(Distribution::Bernoulli { p }) if attribute == "passable" => p >= 0.9,
                Some(Distribution::Bernoulli { p }) => p <= 0.1,
                _ => false,
            };
            let warns = [Flag::Stale, Flag::Conflicting, Flag::Withheld];
            is_sure && room.basis == Basis::Observed && !warns.iter().any(|f| room.flags.has(*f))
        };
        let mut counted = rooms
            .iter()
            .filter(|room| room.knowledge != Knowledge::NotApplicable)
            .peekable();
        let all_clear = counted.peek().is_some() && counted.all(is_clear);
        let (json, _) = said(attribute, rooms);
        prop_assert_eq!(json.contains("\"clear\""), all_clear, "{}", json);
    }

    /// Against every way in which a few rooms can be filled, counted one by one.
    #[test]
    fn the_interval_holds_the_sum(rooms in prop::collection::vec(any_room(6), 1..5)) {
        let (low, high) = total(&rooms).interval();
        let mut ways = vec![(0_u64, 1.0_f64)];
        for room in &rooms {
            let adds = |(sum, p): (u64, f64)| {
                room.iter().enumerate().map(move |(n, q)| (sum + n as u64, p * f64::from(*q)))
            };
            ways = ways.into_iter().flat_map(adds).collect();
        }
        let within = ways.iter().filter(|(sum, _)| (low..=high).contains(sum));
        let probability: f64 = within.map(|(_, p)| p).sum();
        prop_assert!(probability >= 0.9 - 1e-4, "{probability} {low} {high}");
        let most: u64 = rooms.iter().map(|room| room.len() as u64 - 1).sum();
        prop_assert!(high <= most);
    }

    #[test]
    fn more_rooms_never_make_a_narrower_interval(
        rooms in prop::collection::vec(any_room(20), 1..40),
        more in any_room(20),
    ) {
        let width = |rooms: &[Vec<f32>]| {
            let (low, high) = total(rooms).interval();
            high - low
        };
        let before = width(&rooms);
        let rooms = [rooms, vec![more]].concat();
        prop_assert!(width(&rooms) + 1 >= before);
    }

    #[test]
    fn the_order_of_rooms_does_not_matter(
        rooms in prop::collection::vec(any_room(8), 2..8),
        turn in 1_usize..8,
    ) {
        let estimates = rooms.iter().map(|room| people(room)).collect();
        let estimates = Parts("occupancy", estimates);
        let (records, source) = (records("occupancy"), node());
        let terms = Terms { to: BRIGADE, records: &records, source: &source, whereabouts: &Tower };
        let tell = |storey: Storey| {
            Summaries::default().round(&[storey], &estimates, &terms, Time::from_seconds(0))
        };
        let mut turned = storey(rooms.len(), 0);
        turned.rooms.rotate_left(turn % rooms.len());
        prop_assert_eq!(tell(storey(rooms.len(), 0)), tell(turned));
    }

    /// Whatever is measured: the changes take turns, rooms come back only after a calm, and
    /// go only after a narrow time; nothing is held without a link.
    #[test]
    fn changes_take_turns_and_their_time(
        loads in prop::collection::vec(
            prop::option::weighted(
                0.95,
                (-1.0..1e5_f64, prop::array::uniform4(0..1_000_000_u64), 0..1_000_000_u64),
            ),
            1..200,
        ),
        calm in any::<bool>(),
    ) {
        let mut coarsening = Coarsening::default();
        let mut last: Option<(i64, Change)> = None;
        for (second, load) in (0_i64..).zip(&loads) {
            let load = load.map(|(goodput, backlog_bytes, held)| Load {
                goodput_bytes_per_s: goodput,
                backlog_bytes: if calm && second % 50 > 20 { [0; 4] } else { backlog_bytes },
                held_bytes: if calm { 0 } else { held },
            });
            let step = coarsening.step(load.as_ref(), Time::from_seconds(second));
            let Some(change) = step.change else { continue };
            prop_assert!(load.is_some() || change == Change::Detail);
            let expected = match last {
                None | Some((_, Change::Detail)) => Change::Coarse,
                Some((_, Change::Coarse)) => Change::Detail,
            };
            prop_assert_eq!(change, expected);
            if let (Some((before, _)), Some(_)) = (last, load) {
                let least = match change {
                    Change::Coarse => NARROW_FOR_S,
                    Change::Detail => PATIENCE_S,
                };
                prop_assert!((second - before) as f64 >= least);
            }
            last = Some((second, change));
        }
    }
}
