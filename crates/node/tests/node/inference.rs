//! What is said of rooms without a sensor, and what rooms say of each other's sensors.
use crate::bench::{START, attribute, id, open, says, summary};
use twin_model::{Basis, Caller, EntityId, Estimate, Flag, SourceId, Summary, Value};
use twin_node::{Answer, Draft, Mode, Node, Supposition};

/// Five rooms in a row with doors between them, `urn:x:room0` to `urn:x:room4`.
fn row_of_rooms() -> Vec<Draft> {
    let text = |s: &str| Value::Text(s.into());
    let entity = |s: &str| Value::Entity(id(s));
    let mut drafts = vec![
        says("urn:x:house", "type", text("building"), START),
        says("urn:x:floor", "type", text("storey"), START),
        says("urn:x:floor", "partOf", entity("urn:x:house"), START),
    ];
    for n in 0..5 {
        let room = format!("urn:x:room{n}");
        drafts.push(says(&room, "type", text("space"), START));
        drafts.push(says(&room, "partOf", entity("urn:x:floor"), START));
    }
    for n in 0..4 {
        let door = format!("urn:x:door{n}");
        let joined: Vec<EntityId> = (n..n + 2).map(|n| id(&format!("urn:x:room{n}"))).collect();
        drafts.push(says(&door, "type", text("portal"), START));
        drafts.push(says(&door, "partOf", entity("urn:x:floor"), START));
        drafts.push(says(&door, "portalKind", text("door"), START));
        drafts.push(says(
            &door,
            "connects",
            Value::Entities(joined.into()),
            START,
        ));
    }
    drafts
}

fn tell_all(node: &Node, drafts: Vec<Draft>) {
    let receipt = node.submit_blocking(&Caller::OPERATOR, drafts, Mode::AllOrNothing);
    assert_eq!(receipt.unwrap().refused, []);
}

fn reads(room: u32, value: f64) -> Draft {
    let mut draft = says(
        &format!("urn:x:room{room}"),
        "temperature",
        Value::Number(value),
        START,
    );
    draft.source = Some(SourceId::new(&format!("urn:twin:source:t{room}")).unwrap());
    draft
}

fn door(number: u32, open: bool) -> Draft {
    says(
        &format!("urn:x:door{number}"),
        "open",
        Value::Boolean(open),
        START,
    )
}

fn temperature(node: &Node, room: u32) -> Estimate {
    let reader = node.read(&Caller::OPERATOR).unwrap();
    let room = id(&format!("urn:x:room{room}"));
    let why = reader
        .why(&room, &attribute("temperature"), None, None)
        .unwrap();
    match why.into_inner().answer {
        Answer::Modelled { estimate, .. } => estimate,
        Answer::Verbatim(_) => panic!("temperature is modelled"),
    }
}

fn mean(estimate: &Estimate) -> f64 {
    estimate.distribution.as_ref().unwrap().moments().unwrap().0
}

#[test]
fn a_room_without_a_sensor_is_like_the_one_behind_the_open_door() {
    let dir = tempfile::tempdir().unwrap();
    let (node, _) = open(dir.path());
    tell_all(&node, row_of_rooms());
    assert_eq!(
        summary(&node, "urn:x:room1", "temperature"),
        Summary::Unknown
    );
    tell_all(&node, vec![reads(0, 26.0), door(0, true)]);
    let behind_open = temperature(&node, 1);
    assert_eq!(behind_open.summary(), Summary::Inferred);
    assert_eq!(behind_open.basis, Basis::Inferred);
    let sources: Vec<_> = behind_open
        .contributors
        .iter()
        .map(|c| c.source.as_str())
        .collect();
    assert_eq!(sources, ["urn:twin:source:t0"]);
    let mut shut = door(0, false);
    shut.statement.observed = START.plus_seconds(1.0);
    tell_all(&node, vec![shut]);
    let behind_shut = temperature(&node, 1);
    assert!(
        mean(&behind_open) > mean(&behind_shut) + 1.0,
        "{behind_open:?} {behind_shut:?}"
    );
    // The basis names the claim, and the claim is shown.
    let reader = node.read(&Caller::OPERATOR).unwrap();
    let why = reader
        .why(&id("urn:x:room1"), &attribute("temperature"), None, None)
        .unwrap();
    assert_eq!(why.get().claims.len(), 1);
    assert_eq!(why.get().claims[0].statement.entity, id("urn:x:room0"));
    // Its own sensor, once there is one, is what counts.
    tell_all(&node, vec![reads(1, 19.0)]);
    assert_eq!(temperature(&node, 1).summary(), Summary::Observed);
    node.close();
}

#[test]
fn where_nothing_tells_nothing_is_inferred() {
    let dir = tempfile::tempdir().unwrap();
    let (node, clock) = open(dir.path());
    tell_all(&node, row_of_rooms());
    tell_all(
        &node,
        vec![says("urn:x:room0", "humidity", Value::Number(70.0), START)],
    );
    assert_eq!(
        summary(&node, "urn:x:room4", "temperature"),
        Summary::Unknown
    );
    assert_eq!(summary(&node, "urn:x:room4", "smoke"), Summary::Unknown);
    tell_all(&node, vec![reads(0, 26.0)]);
    assert_eq!(temperature(&node, 1).summary(), Summary::Inferred);
    // A month later the reading tells nothing any more, here or next door.
    clock.set(START.plus_seconds(30.0 * 86_400.0));
    assert_eq!(
        summary(&node, "urn:x:room1", "temperature"),
        Summary::Unknown
    );
    node.close();
}

#[test]
fn a_sensor_that_all_around_contradict_is_suspected() {
    let dir = tempfile::tempdir().unwrap();
    let (node, _) = open(dir.path());
    tell_all(&node, row_of_rooms());
    tell_all(&node, (0..4).map(|n| door(n, true)).collect());
    let others = [0, 1, 3, 4].map(|room| reads(room, 20.0 + f64::from(room) / 10.0));
    tell_all(&node, others.to_vec());
    tell_all(&node, vec![reads(2, 31.0)]);
    let suspected = temperature(&node, 2);
    assert!(suspected.flags.has(Flag::FaultySource), "{suspected:?}");
    assert!(!temperature(&node, 1).flags.has(Flag::FaultySource));
    node.close();
}

/// What is supposed of one room spreads to the next, and is gone when the answer is given.
#[test]
fn a_supposition_spreads_too() {
    let dir = tempfile::tempdir().unwrap();
    let (node, _) = open(dir.path());
    tell_all(&node, row_of_rooms());
    let reader = node.read(&Caller::OPERATOR).unwrap();
    let ask = vec![(id("urn:x:room1"), attribute("temperature"))];
    let supposition = Supposition {
        claims: vec![reads(0, 26.0), door(0, true)],
        ask,
        at: None,
    };
    let supposed = reader.suppose(supposition).unwrap().unwrap().into_inner();
    let word = |answer: &Option<Answer>| match answer {
        Some(Answer::Modelled { estimate, .. }) => estimate.summary(),
        other => panic!("{other:?}"),
    };
    assert_eq!(word(&supposed[0].now), Summary::Unknown);
    assert_eq!(word(&supposed[0].supposed), Summary::Inferred);
    assert_eq!(
        summary(&node, "urn:x:room1", "temperature"),
        Summary::Unknown
    );
    node.close();
}

/// Where the measured rooms are alike, the others are known better than what is usual in any
/// building would have it; where they differ, they are not.
#[test]
fn an_even_building_narrows_what_is_inferred() {
    let [even, uneven] = [[22.8, 22.9, 23.1, 23.0], [15.0, 31.0, 17.0, 29.0]].map(|values| {
        let dir = tempfile::tempdir().unwrap();
        let (node, _) = open(dir.path());
        tell_all(&node, row_of_rooms());
        let rooms = [0, 1, 2, 4].into_iter().zip(values);
        tell_all(
            &node,
            rooms.map(|(room, value)| reads(room, value)).collect(),
        );
        let without_sensor = temperature(&node, 3);
        assert_eq!(without_sensor.summary(), Summary::Inferred);
        node.close();
        without_sensor.distribution.unwrap().moments().unwrap()
    });
    let usual_sd = 3.0;
    assert!(even.1 < usual_sd / 2.0, "{even:?} {uneven:?}");
    assert!((even.0 - 23.0).abs() < 1.0, "{even:?}");
    assert!(uneven.1 > usual_sd, "{even:?} {uneven:?}");
}

/// The same claims give the same inferred bits, whoever asked before and in between.
#[test]
fn what_is_inferred_does_not_depend_on_who_asked_before() {
    let dir = tempfile::tempdir().unwrap();
    let (asked, _) = open(&dir.path().join("asked"));
    let (silent, _) = open(&dir.path().join("silent"));
    for drafts in [
        row_of_rooms(),
        vec![reads(0, 30.0)],
        vec![door(0, true)],
        vec![reads(4, 22.0)],
    ] {
        tell_all(&asked, drafts.clone());
        tell_all(&silent, drafts);
        let _ = temperature(&asked, 2);
    }
    assert_eq!(temperature(&asked, 2), temperature(&silent, 2));
    asked.close();
    silent.close();
}
