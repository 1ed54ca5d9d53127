//! What tells of people in a room though it speaks of something else: air, motion, phones,
//! a counter in the door.
use crate::bench::{START, attribute, copy_at_once, everything, id, open, says};
use std::path::Path;
use twin_model::{Act, Attribute, Basis, Caller, Estimate, SourceId, Stated, Time, Unit, Value};
use twin_node::{Answer, Draft, Mode, Node, Why};

fn by(source: &str, mut draft: Draft) -> Draft {
    draft.source = Some(SourceId::new(&format!("urn:twin:source:{source}")).unwrap());
    draft
}

fn text(s: &str) -> Value {
    Value::Text(s.into())
}

/// Two rooms with a door between them, positive from the first to the second; the first is
/// 20 m² and 3 m high.
fn rooms() -> Vec<Draft> {
    let joined = [id("urn:x:a"), id("urn:x:b")];
    vec![
        says("urn:x:a", "type", text("space"), START),
        says("urn:x:b", "type", text("space"), START),
        says("urn:x:a", "area", Value::Number(20.0), START),
        says("urn:x:a", "height", Value::Number(3.0), START),
        says("urn:x:door", "type", text("portal"), START),
        says(
            "urn:x:door",
            "connects",
            Value::Entities(joined.into()),
            START,
        ),
    ]
}

fn tell_all(node: &Node, drafts: Vec<Draft>) {
    let receipt = node.submit_blocking(&Caller::OPERATOR, drafts, Mode::AllOrNothing);
    assert_eq!(receipt.unwrap().refused, []);
}

fn after(seconds: f64) -> Time {
    START.plus_seconds(seconds)
}

fn why(node: &Node, room: &str) -> Why {
    let reader = node.read(&Caller::OPERATOR).unwrap();
    let why = reader.why(&id(room), &attribute("occupancy"), None, None);
    why.unwrap().into_inner()
}

fn people(node: &Node, room: &str) -> Estimate {
    estimate(why(node, room).answer)
}

fn estimate(answer: Answer) -> Estimate {
    match answer {
        Answer::Modelled { estimate, .. } => estimate,
        Answer::Verbatim(_) => panic!("occupancy is modelled"),
    }
}

fn mean(estimate: &Estimate) -> f64 {
    estimate.distribution.as_ref().unwrap().moments().unwrap().0
}

/// A morning of carbon dioxide, motion and phones in the first room, as of eight people.
fn eight_people() -> Vec<Draft> {
    let mut drafts = Vec::new();
    for n in 0..40 {
        let at = after(f64::from(n) * 60.0);
        let ppm = Value::Number(450.0 + 30.0 * f64::from(n));
        let mut co2 = by("co2", says("urn:x:a", "co2", ppm, at));
        if let Act::Assert(Stated { unit, .. }) = &mut co2.statement.act {
            *unit = Some(Unit::new("[ppm]").unwrap());
        }
        drafts.push(co2);
        drafts.push(by(
            "pir",
            says("urn:x:a", "motion", Value::Boolean(true), at),
        ));
        drafts.push(by(
            "wifi",
            says("urn:x:a", "phones", Value::Number(8.0), at),
        ));
    }
    drafts
}

#[test]
fn air_motion_and_phones_tell_of_people_and_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let (node, clock) = open(dir.path());
    tell_all(&node, rooms());
    clock.set(after(2400.0));
    tell_all(&node, eight_people());
    let why = why(&node, "urn:x:a");
    let sources: Vec<String> = why.sources.iter().map(|s| s.source.to_string()).collect();
    assert!(sources.len() >= 2, "{sources:?}");
    let seen = estimate(why.answer);
    assert_eq!(seen.basis, Basis::Inferred);
    assert!(mean(&seen) > 3.0, "{seen:?}");
    assert_eq!(why.claims.len(), 120);
    for contributor in &seen.contributors {
        assert!(why.claims.iter().any(|claim| claim.id == contributor.claim));
    }
    node.close();
}

#[test]
fn a_counter_in_the_door_moves_people_from_room_to_room() {
    let dir = tempfile::tempdir().unwrap();
    let (node, clock) = open(dir.path());
    tell_all(&node, rooms());
    clock.set(after(60.0));
    let counted = |room: &str, n: f64| {
        by(
            "guard",
            says(room, "occupancy", Value::Number(n), after(0.0)),
        )
    };
    tell_all(
        &node,
        vec![counted("urn:x:a", 6.0), counted("urn:x:b", 0.0)],
    );
    let before = (
        mean(&people(&node, "urn:x:a")),
        mean(&people(&node, "urn:x:b")),
    );
    let through = says("urn:x:door", "passages", Value::Number(4.0), after(50.0));
    tell_all(&node, vec![by("counter", through)]);
    let now = (
        mean(&people(&node, "urn:x:a")),
        mean(&people(&node, "urn:x:b")),
    );
    assert!(now.0 < before.0 - 2.0, "{before:?} {now:?}");
    assert!(now.1 > before.1 + 2.0, "{before:?} {now:?}");
    let claims = why(&node, "urn:x:b").claims;
    let passages = Attribute::new("passages").unwrap();
    assert!(
        claims
            .iter()
            .any(|claim| claim.statement.attribute == passages)
    );
    node.close();
}

/// A question about now that is answered from the claims gives the bits that the live state
/// has; so does a start from the saved state, from the log, and from every claim afresh.
#[test]
fn what_is_told_by_others_is_the_same_however_it_is_reached() {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| dir.path().join(name);
    let (node, clock) = open(&place("a"));
    tell_all(&node, rooms());
    clock.set(after(2400.0));
    tell_all(&node, eight_people());
    let through = says("urn:x:door", "passages", Value::Number(2.0), after(2390.0));
    tell_all(&node, vec![by("counter", through)]);
    // A wall is taken down: the volume is another from here on.
    tell_all(
        &node,
        vec![by(
            "survey",
            says("urn:x:a", "area", Value::Number(35.0), START),
        )],
    );
    let more = says("urn:x:a", "co2", Value::Number(1700.0), after(2395.0));
    tell_all(&node, vec![by("co2", more)]);
    let reader = node.read(&Caller::OPERATOR).unwrap();
    for room in ["urn:x:a", "urn:x:b"] {
        let refolded = reader
            .as_of(
                &id(room),
                &attribute("occupancy"),
                Some(after(2400.0)),
                None,
            )
            .unwrap();
        assert_eq!(
            estimate(refolded.into_inner()),
            people(&node, room),
            "{room}"
        );
    }
    copy_at_once(&place("a"), &place("killed"));
    let before = everything(&node);
    let liar = SourceId::new("urn:twin:source:nobody").unwrap();
    node.quarantine(&Caller::OPERATOR, &liar, "to have all folded again")
        .unwrap();
    while node
        .status(&Caller::OPERATOR)
        .unwrap()
        .get()
        .recomputing
        .is_some()
    {
        std::thread::yield_now();
    }
    assert!(everything(&node) == before, "folded afresh");
    node.close();
    drop((node, reader));
    for again in ["killed", "a"] {
        assert!(reopened(&place(again)) == before, "{again}");
    }
}

fn reopened(dir: &Path) -> String {
    let (node, clock) = open(dir);
    clock.set(after(2400.0));
    let all = everything(&node);
    node.close();
    all
}

#[test]
fn an_erased_room_is_told_of_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let (node, clock) = open(dir.path());
    tell_all(&node, rooms());
    clock.set(after(60.0));
    node.erase(&Caller::OPERATOR, &id("urn:x:b"), "asked for")
        .unwrap();
    let through = says("urn:x:door", "passages", Value::Number(2.0), after(50.0));
    tell_all(&node, vec![by("counter", through)]);
    let reader = node.read(&Caller::OPERATOR).unwrap();
    assert!(
        reader.twin(&id("urn:x:b")).is_err(),
        "nobody spoke of it again"
    );
    node.close();
}

/// Found by reading: a question that supposed facts taught the node about their sources.
#[test]
fn a_supposition_about_facts_teaches_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (node, _) = open(dir.path());
    let width = |door: u32, source: &str, metres: f64| {
        let door = format!("urn:x:door{door}");
        by(source, says(&door, "width", Value::Number(metres), START))
    };
    let said = (0..40).flat_map(|n| {
        let right = 0.8 + f64::from(n % 3) / 10.0;
        let wrong = right + f64::from(1 + n % 5) / 7.0;
        [
            width(n, "survey", right),
            width(n, "drawing", right),
            width(n, "rumour", if n % 4 == 0 { right } else { wrong }),
        ]
    });
    tell_all(&node, said.collect());
    // From here on nothing is known of what the sources are worth until somebody asks.
    let lies = (0..30).map(|n| width(n, "survey", 9.0)).collect();
    let supposition = twin_node::Supposition {
        claims: lies,
        ask: vec![(id("urn:x:door3"), attribute("width"))],
        at: None,
    };
    let reader = node.read(&Caller::OPERATOR).unwrap();
    reader.suppose(supposition).unwrap().unwrap();
    let asked = everything(&node);
    node.close();
    drop((node, reader));
    let (node, _) = open(dir.path());
    assert!(everything(&node) == asked);
    node.close();
}
