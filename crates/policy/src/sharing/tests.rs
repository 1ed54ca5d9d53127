//! What is told to whom, under every rule and through every history of rules.

use super::*;
use expect_test::expect;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use twin_model::naming::received_source;
use twin_model::{
    Act, Attribute, BatchId, Claim, ClaimId, EntityId, EntityKind, Interval, SourceId, Statement,
    Time, Value,
};

const BRIGADE: Recipient = Recipient::Peer([1; 16]);
const HOSPITAL: Recipient = Recipient::Peer([2; 16]);

/// A tower with two storeys, a room and a door on each, and a van of no known place.
struct Tower;

impl Whereabouts for Tower {
    fn kind(&self, entity: &EntityId) -> Option<EntityKind> {
        match entity.as_str() {
            "urn:tower" => Some(EntityKind::Building),
            "urn:tower:1" | "urn:tower:2" => Some(EntityKind::Storey),
            "urn:tower:1:room" | "urn:tower:2:room" => Some(EntityKind::Space),
            "urn:tower:1:door" => Some(EntityKind::Portal),
            _ => None,
        }
    }

    fn is_within(&self, entity: &EntityId, area: &EntityId) -> bool {
        let is_known = self.kind(entity).is_some() && self.kind(area).is_some();
        is_known && entity.as_str().starts_with(area.as_str())
    }
}

fn attribute(name: &str) -> Attribute {
    Attribute::new(name).unwrap()
}

fn entity(name: &str) -> EntityId {
    EntityId::new(name).unwrap()
}

fn only(names: &str) -> Choice<Attribute> {
    Choice::Only(names.split_whitespace().map(attribute).collect())
}

fn rule(attributes: &str) -> Rule {
    Rule {
        to: BRIGADE,
        kinds: Choice::All,
        attributes: only(attributes),
        area: None,
        backfill: false,
        form: Form::Claims,
    }
}

fn statement(thing: &str, name: &str) -> Statement {
    Statement {
        entity: entity(thing),
        attribute: attribute(name),
        act: Act::Assert(Value::Boolean(true).into()),
        valid: Interval::ALWAYS,
        observed: Time::from_seconds(0),
        procedure: None,
    }
}

fn claim(sequence: u64, thing: &str, name: &str) -> Claim {
    Claim {
        id: ClaimId {
            incarnation: 1,
            sequence,
        },
        source: SourceId::new("urn:s:1").unwrap(),
        statement: statement(thing, name),
        recorded: Time::from_seconds(0),
        batch: BatchId(1),
    }
}

/// What the rule tells of each attribute of each thing, one line for each thing.
fn told(rule: Rule) -> String {
    let records = [RuleRecord::new(rule, 1, &[]).unwrap()];
    let mut table = String::new();
    for thing in [
        "urn:tower",
        "urn:tower:1",
        "urn:tower:1:room",
        "urn:tower:1:door",
        "urn:tower:2:room",
        "urn:van",
        "urn:twin:erased:7",
    ] {
        let names = [
            "name",
            "type",
            "smoke",
            "open",
            "occupancy",
            "partOf",
            "sitePosition",
            "sirenTone",
        ];
        let is_told = |name: &&str| !release(&records, &claim(1, thing, name), &Tower).is_empty();
        let names: Vec<_> = names.into_iter().filter(is_told).collect();
        let line = format!("{thing}: {}", names.join(" "));
        writeln!(table, "{}", line.trim_end()).unwrap();
    }
    table
}

#[test]
fn everything_means_everything_harmless() {
    let all = Rule {
        attributes: Choice::All,
        ..rule("name")
    };
    expect![[r"
        urn:tower: name type smoke sitePosition
        urn:tower:1: name type smoke sitePosition
        urn:tower:1:room: name type smoke sitePosition
        urn:tower:1:door: name type smoke sitePosition
        urn:tower:2:room: name type smoke sitePosition
        urn:van: name type smoke sitePosition
        urn:twin:erased:7:
    "]]
    .assert_eq(&told(all));
}

#[test]
fn what_is_named_is_told_of_what_is_known_to_be_there() {
    let some = Rule {
        kinds: Choice::Only(vec![EntityKind::Portal, EntityKind::Space]),
        area: Some(entity("urn:tower:1")),
        ..rule("open occupancy sirenTone open")
    };
    expect![[r"
        urn:tower:
        urn:tower:1:
        urn:tower:1:room: open occupancy sirenTone
        urn:tower:1:door: open occupancy sirenTone
        urn:tower:2:room:
        urn:van:
        urn:twin:erased:7:
    "]]
    .assert_eq(&told(some));
}

#[test]
fn members_are_told_what_exists_and_nothing_more() {
    let directory = Rule {
        to: Recipient::Members,
        kinds: Choice::Only(vec![EntityKind::Building]),
        attributes: Choice::All,
        ..rule("name")
    };
    expect![[r"
        urn:tower: name type sitePosition
        urn:tower:1:
        urn:tower:1:room:
        urn:tower:1:door:
        urn:tower:2:room:
        urn:van:
        urn:twin:erased:7:
    "]]
    .assert_eq(&told(directory));
}

#[test]
fn a_rule_that_says_nothing_or_too_much_is_none() {
    let of = |kind| Choice::Only(vec![kind]);
    let members = Rule {
        to: Recipient::Members,
        kinds: of(EntityKind::Building),
        ..rule("name")
    };
    let many = (0..300).map(|n| attribute(&format!("a{n}"))).collect();
    for (rule, error) in [
        (rule(""), Error::NoAttributes),
        (
            Rule {
                kinds: Choice::Only(vec![]),
                ..rule("smoke")
            },
            Error::NoKinds,
        ),
        (
            Rule {
                kinds: of(EntityKind::Portal),
                ..rule("open smoke")
            },
            Error::NeverOf {
                attribute: attribute("smoke"),
            },
        ),
        (
            Rule {
                attributes: Choice::Only(many),
                ..rule("smoke")
            },
            Error::TooManyAttributes(300),
        ),
        (
            Rule {
                kinds: Choice::All,
                ..members.clone()
            },
            Error::MembersNeedKinds,
        ),
        (
            Rule {
                attributes: only("name longName"),
                ..members.clone()
            },
            Error::NotForMembers(attribute("longName")),
        ),
        (
            Rule {
                form: Form::StoreysWhenNarrow,
                ..members
            },
            Error::MembersNeedClaims,
        ),
    ] {
        assert_eq!(RuleRecord::new(rule, 1, &[]), Err(error));
    }
}

#[test]
fn what_was_told_to_us_is_never_told_on() {
    let records = [RuleRecord::new(rule("smoke"), 1, &[]).unwrap()];
    let mut heard = claim(1, "urn:tower:1:room", "smoke");
    assert_eq!(release(&records, &heard, &Tower).len(), 1);
    heard.source = received_source("hospital", [2; 16], &heard.source);
    assert_eq!(release(&records, &heard, &Tower), []);
    let with_backfill = Rule {
        backfill: true,
        ..rule("smoke")
    };
    let records = [RuleRecord::new(with_backfill, 9, &[]).unwrap()];
    assert_eq!(release_earlier(&records, 1, &heard, &Tower), None);
    heard.source = SourceId::new("urn:s:1").unwrap();
    assert!(release_earlier(&records, 1, &heard, &Tower).is_some());
}

#[test]
fn what_was_held_back_goes_only_by_a_rule_that_stands() {
    let mut records = vec![RuleRecord::new(rule("smoke"), 1, &[]).unwrap()];
    records.push(RuleRecord::new(rule("open smoke"), 5, &records).unwrap());
    let held = |records: &[RuleRecord], sequence, to| {
        let claim = claim(sequence, "urn:tower:1:room", "smoke");
        release_held(records, to, &claim, &Tower).map(|released| released.rule())
    };
    assert_eq!(held(&records, 3, BRIGADE), Some(1));
    assert_eq!(held(&records, 3, HOSPITAL), None);
    records[0].end(9);
    assert_eq!(held(&records, 3, BRIGADE), None);
    assert_eq!(held(&records, 7, BRIGADE), Some(2));
    assert_eq!(held(&records, 9, BRIGADE), Some(2));
    records[1].end(9);
    assert_eq!(held(&records, 7, BRIGADE), None);
}

/// A reader of both audiences would get the claim twice and take it for two.
#[test]
fn what_every_member_is_told_is_told_to_nobody_separately() {
    let directory = Rule {
        to: Recipient::Members,
        kinds: Choice::Only(vec![EntityKind::Building]),
        ..rule("name")
    };
    let brigade = RuleRecord::new(rule("name smoke"), 1, &[]).unwrap();
    let members = RuleRecord::new(directory, 1, std::slice::from_ref(&brigade)).unwrap();
    let records = [brigade, members];
    let to = |name| {
        let released = release(&records, &claim(1, "urn:tower", name), &Tower);
        released.iter().map(Released::to).collect::<Vec<_>>()
    };
    assert_eq!(to("name"), [Recipient::Members]);
    assert_eq!(to("smoke"), [BRIGADE]);
}

#[test]
fn a_summary_is_for_those_who_may_know_the_rooms() {
    let summaries = Rule {
        form: Form::StoreysWhenNarrow,
        area: Some(entity("urn:tower:1")),
        ..rule("occupancy")
    };
    let mut records = [RuleRecord::new(summaries, 1, &[]).unwrap()];
    let node = SourceId::new("urn:twin:node").unwrap();
    let release = |records: &[RuleRecord], to, storey, name, parts: &[&str]| {
        let parts: Vec<_> = parts.iter().map(|part| entity(part)).collect();
        let statement = statement(storey, name);
        release_summary(records, to, &node, statement, &parts, &Tower).is_some()
    };
    let (one, two) = ("urn:tower:1", "urn:tower:2");
    let (room, other) = ("urn:tower:1:room", "urn:tower:2:room");
    for (to, storey, name, parts, expected) in [
        (BRIGADE, one, "summary.occupancy", vec![room], true),
        (HOSPITAL, one, "summary.occupancy", vec![room], false),
        (BRIGADE, one, "summary.smoke", vec![room], false),
        (BRIGADE, one, "occupancy", vec![room], false),
        (BRIGADE, one, "summary.occupancy", vec![], false),
        (BRIGADE, one, "summary.occupancy", vec![room, other], false),
        (BRIGADE, two, "summary.occupancy", vec![other], false),
        (BRIGADE, "urn:tower", "summary.occupancy", vec![room], true),
    ] {
        let is_released = release(&records, to, storey, name, &parts);
        assert_eq!(is_released, expected, "{to:?} {storey} {name} {parts:?}");
    }
    records[0].end(5);
    assert!(!release(
        &records,
        BRIGADE,
        one,
        "summary.occupancy",
        &[room]
    ));
}

#[test]
fn rules_read_as_sentences() {
    let of = |kinds: &[EntityKind]| Choice::Only(kinds.to_vec());
    let brigade = Rule {
        kinds: of(&[EntityKind::Space, EntityKind::Portal]),
        area: Some(entity("urn:tower")),
        backfill: true,
        form: Form::StoreysWhenNarrow,
        ..rule("smoke temperature open occupancy")
    };
    let hospital = Rule {
        attributes: Choice::All,
        ..rule("name")
    };
    let members = Rule {
        to: Recipient::Members,
        kinds: of(&[EntityKind::Building]),
        attributes: Choice::All,
        area: Some(entity("urn:tower")),
        ..rule("name")
    };
    let says = |rule: Rule, to, area| rule.checked().unwrap().sentence(to, area);
    let text = [
        says(brigade, "brigade", Some("Tower 7")),
        says(hospital, "hospital", None),
        says(members, "", None),
    ];
    expect![[r"
        brigade gets occupancy, open, smoke and temperature of rooms and doors in Tower 7: all that was ever said, and what will be. Over a link too narrow for that, a summary of each storey goes first. This helps an intruder: open. This tells about people: occupancy.
        hospital gets whatever is neither security-sensitive nor personal of everything anywhere: what is said from now on.
        Every member may know of buildings in `urn:tower` and of their address, identifies, name, sitePosition and type: what is said from now on."]]
    .assert_eq(&text.join("\n"));
}

#[test]
fn a_record_that_contradicts_itself_is_not_taken() {
    let with = |backfill| Rule {
        backfill,
        ..rule("smoke")
    };
    for (backfill, from, until, backfilled, good) in [
        (true, 10, None, 0, true),
        (true, 10, Some(12), 10, true),
        (true, 10, Some(9), 0, false),
        (true, 10, None, 11, false),
        (false, 10, None, 1, false),
    ] {
        let record = RuleRecord::restore(1, with(backfill), from, until, backfilled);
        assert_eq!(record.is_ok(), good, "{from} {until:?} {backfilled}");
    }
}

/// What a steward and a node do, in any order.
#[derive(Debug, Clone)]
enum Event {
    /// So many claims are recorded and offered.
    Offer(u64),
    /// A rule is made.
    Add(Rule),
    /// The n-th rule is ended.
    End(usize),
    /// The first backfill that is due goes through so many claims.
    Backfill(u64),
}

const THINGS: [&str; 5] = [
    "urn:tower",
    "urn:tower:1:room",
    "urn:tower:2:room",
    "urn:tower:1:door",
    "urn:van",
];
const NAMES: [&str; 4] = ["name", "smoke", "temperature", "occupancy"];

/// The claim numbered so: what it is about runs through all there is.
fn nth(sequence: u64) -> Claim {
    let thing = THINGS[sequence as usize % THINGS.len()];
    let name = NAMES[sequence as usize / THINGS.len() % NAMES.len()];
    claim(sequence, thing, name)
}

fn rules() -> impl Strategy<Value = Rule> {
    let area = prop::option::of(prop::sample::select(vec!["urn:tower", "urn:tower:1"]));
    let names = prop::option::of(prop::sample::subsequence(NAMES.to_vec(), 1..=3));
    let to = prop::sample::select(vec![BRIGADE, HOSPITAL, Recipient::Members]);
    let all = (to, area, names, any::<bool>());
    all.prop_map(|(to, area, names, backfill)| Rule {
        to,
        kinds: match to {
            Recipient::Members => Choice::Only(EntityKind::ALL.to_vec()),
            Recipient::Peer(_) => Choice::All,
        },
        attributes: match (names, to) {
            (None, _) | (_, Recipient::Members) => Choice::All,
            (Some(names), _) => Choice::Only(names.into_iter().map(attribute).collect()),
        },
        area: area.map(entity),
        backfill,
        form: Form::Claims,
    })
}

fn histories() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        3 => (1_u64..40).prop_map(Event::Offer),
        2 => rules().prop_map(Event::Add),
        1 => (0_usize..8).prop_map(Event::End),
        3 => (1_u64..60).prop_map(Event::Backfill),
    ];
    prop::collection::vec(event, 1..40)
}

/// Goes through a history by the intervals of the records, and by remembering every claim
/// that anybody was told.
#[derive(Default)]
struct History {
    records: Vec<RuleRecord>,
    /// How many times each was told what.
    told: BTreeMap<(Recipient, u64), u32>,
    /// What was to be told, by brute force.
    due: BTreeSet<(Recipient, u64)>,
    /// The first claim that was not yet offered.
    next: u64,
}

impl History {
    fn go(&mut self, event: Event) {
        match event {
            Event::Offer(count) => (0..count).for_each(|_| self.offer()),
            Event::Add(rule) => {
                let record = RuleRecord::new(rule, self.next, &self.records).unwrap();
                self.records.push(record);
            }
            Event::End(at) => {
                let next = self.next;
                if let Some(record) = self.records.get_mut(at) {
                    record.end(next);
                }
            }
            Event::Backfill(count) => self.backfill(count),
        }
    }

    fn offer(&mut self) {
        let claim = nth(self.next);
        for released in release(&self.records, &claim, &Tower) {
            *self.told.entry((released.to(), self.next)).or_default() += 1;
        }
        let standing = self.records.iter().filter(|r| r.is_standing());
        let matching = standing.filter(|r| r.rule().matches(&claim.statement, &Tower));
        let to: BTreeSet<_> = matching.map(|r| r.rule().to).collect();
        let all = to.contains(&Recipient::Members);
        let to = to.iter().filter(|to| !all || **to == Recipient::Members);
        self.due.extend(to.map(|to| (*to, self.next)));
        self.next += 1;
    }

    fn backfill(&mut self, count: u64) {
        let due = self
            .records
            .iter()
            .position(|r| r.left_to_backfill().is_some());
        let Some(at) = due else { return };
        let left = self.records[at].left_to_backfill().unwrap();
        let end = left.end.min(left.start + count);
        for sequence in left.start..end {
            self.backfill_one(at, sequence);
        }
        self.records[at].note_backfilled(end);
    }

    fn backfill_one(&mut self, at: usize, sequence: u64) {
        let (claim, rule) = (nth(sequence), self.records[at].rule());
        let to = rule.to;
        let heard = |due: &BTreeSet<_>| {
            due.contains(&(to, sequence)) || due.contains(&(Recipient::Members, sequence))
        };
        if rule.matches(&claim.statement, &Tower) && !heard(&self.due) {
            self.due.insert((to, sequence));
        }
        let id = self.records[at].id();
        if let Some(released) = release_earlier(&self.records, id, &claim, &Tower) {
            *self.told.entry((released.to(), sequence)).or_default() += 1;
        }
    }
}

proptest! {
    /// Whatever rules come and go, everybody is told each claim at most once, and is told
    /// what a rule stood for when it went out or when its backfill came by.
    #[test]
    fn each_is_told_once(events in histories()) {
        let mut history = History { next: 1, ..History::default() };
        for event in events {
            history.go(event);
        }
        prop_assert!(history.told.values().all(|&times| times == 1));
        let told: BTreeSet<_> = history.told.keys().copied().collect();
        prop_assert_eq!(told, history.due);
    }

    #[test]
    fn nothing_is_told_by_a_rule_that_was_ended(rule in rules(), from in 1_u64..9, more in 0_u64..9) {
        let mut records = [RuleRecord::new(rule, from, &[]).unwrap()];
        records[0].end(from + more);
        for sequence in (from + more)..99 {
            prop_assert_eq!(release(&records, &nth(sequence), &Tower), []);
        }
        for sequence in 1..from {
            prop_assert_eq!(release_earlier(&records, 1, &nth(sequence), &Tower), None);
        }
    }

    #[test]
    fn the_record_is_what_was_kept_of_it(rule in rules(), from in 1_u64..9, done in 0_u64..9) {
        let mut record = RuleRecord::new(rule, from, &[]).unwrap();
        record.note_backfilled(done);
        let kept = RuleRecord::restore(
            record.id(),
            record.rule().clone(),
            record.from(),
            record.until(),
            record.backfilled(),
        );
        prop_assert_eq!(kept, Ok(record));
    }
}
