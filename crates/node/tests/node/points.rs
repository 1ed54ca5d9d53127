//! Sensors under names of their own: heard before anybody knows where they are, reviewed, and
//! then heard where they are.

use crate::bench::{id, import, office, open, summary};
use twin_model::{Caller, EntityKind, Summary, Value};
use twin_node::{
    Answer, Decision, Error, Node, PointFilter, PointLine, PointState, TwinFilter, read_messages,
};

const OPERATOR: &Caller = &Caller::OPERATOR;

fn take(node: &Node, text: &str) -> twin_node::Taken {
    let (messages, findings) = read_messages(text.as_bytes());
    assert_eq!(findings, []);
    node.take_messages(OPERATOR, &messages).unwrap()
}

fn points(node: &Node, filter: &PointFilter) -> Vec<PointLine> {
    node.read(OPERATOR)
        .unwrap()
        .points(filter)
        .unwrap()
        .into_inner()
        .points
}

fn all() -> PointFilter {
    PointFilter {
        limit: 100,
        ..PointFilter::default()
    }
}

/// A room of the office with its name.
fn room(node: &Node) -> (String, String) {
    let filter = TwinFilter {
        kind: Some(EntityKind::Space),
        limit: 100,
        ..TwinFilter::default()
    };
    let view = node.read(OPERATOR).unwrap().twins(&filter).unwrap();
    let named = view.get().items.iter().find_map(|twin| {
        let name = twin
            .attributes
            .iter()
            .find_map(|(attribute, answer)| match answer {
                Answer::Modelled { estimate, .. } if attribute.as_str() == "name" => {
                    estimate.value()
                }
                _ => None,
            })?;
        Some((twin.id.to_string(), name.as_text()?.to_owned()))
    });
    named.unwrap()
}

/// A detector that nobody has mapped sounds: the alarm is there at once, at no known place, and
/// once a steward says which room it hangs in, what it says next is that room's.
#[test]
fn an_alarm_of_unknown_place_is_seen_and_then_placed() {
    let dir = tempfile::tempdir().unwrap();
    let (node, clock) = open(dir.path());
    import(&node, &office(5, |_| {}));
    let (room, name) = room(&node);
    let topic = format!("bms/{name}/smoke");
    let message = |value: &str| format!("{{\"topic\":\"{topic}\",\"payload\":\"{value}\"}}\n");
    let taken = take(&node, &message("alarm"));
    assert_eq!((taken.placed, taken.unplaced, taken.new_points), (0, 1, 1));
    assert_eq!(summary(&node, &room, "smoke"), Summary::Unknown);
    let alarming = points(
        &node,
        &PointFilter {
            alarming: true,
            ..all()
        },
    );
    assert_eq!(alarming.len(), 1, "{:?}", points(&node, &all()));
    assert_eq!(alarming[0].attribute.as_deref(), Some("smoke"));
    let decision = Decision {
        id: alarming[0].id.clone(),
        observes: Some(id(&room)),
        attribute: Some("smoke".to_owned()),
        unit: None,
        is_confirmed: true,
    };
    for (wrong, expected) in [
        (
            Decision {
                observes: None,
                ..decision.clone()
            },
            "say of which place",
        ),
        (
            Decision {
                attribute: Some("smog".to_owned()),
                ..decision.clone()
            },
            "nothing is known of the attribute",
        ),
        (
            Decision {
                observes: Some(id("urn:nowhere")),
                ..decision.clone()
            },
            "no place `urn:nowhere`",
        ),
        (
            Decision {
                id: id("urn:nobody"),
                ..decision.clone()
            },
            "no point `urn:nobody`",
        ),
    ] {
        let error = node
            .decide_points(OPERATOR, &[wrong])
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
    clock.set(node.now().plus_seconds(1.0));
    node.decide_points(OPERATOR, &[decision]).unwrap();
    assert_eq!(points(&node, &all())[0].state, PointState::Confirmed);
    assert_eq!(
        points(
            &node,
            &PointFilter {
                alarming: true,
                ..all()
            }
        )
        .len(),
        0
    );
    clock.set(node.now().plus_seconds(1.0));
    let taken = take(&node, &message("alarm"));
    assert_eq!((taken.placed, taken.unplaced, taken.new_points), (1, 0, 0));
    assert_eq!(summary(&node, &room, "smoke"), Summary::Observed);
    let forbidden = node.decide_points(&Caller::ANONYMOUS, &[]);
    assert!(matches!(
        forbidden,
        Err(Error::Forbidden { .. } | Error::Unauthenticated)
    ));
}

/// What a spreadsheet says about two points, one of which nobody had heard of.
#[test]
fn a_mapping_file_is_taken_in_and_given_out() {
    let dir = tempfile::tempdir().unwrap();
    let (node, clock) = open(dir.path());
    import(&node, &office(5, |_| {}));
    let (room, _) = room(&node);
    let file = format!(
        "point;place;attribute;scale;state\nT1;{room};temperature;0,1;confirmed\nX9;;;;ignored\nT2;nowhere;temperature;;confirmed\n"
    );
    let mapped = node.map_points(OPERATOR, file.as_bytes()).unwrap();
    assert_eq!(
        (mapped.rows, mapped.findings.len()),
        (3, 1),
        "{:?}",
        mapped.findings
    );
    let states: Vec<_> = points(&node, &all())
        .into_iter()
        .map(|p| (p.point, p.state))
        .collect();
    let expected = [
        ("T1", PointState::Confirmed),
        ("T2", PointState::Unmapped),
        ("X9", PointState::Ignored),
    ];
    let expected = expected.map(|(name, state)| (name.to_owned(), state));
    assert!(
        states[0] == expected[0] && states[2] == expected[2],
        "{states:?}"
    );
    clock.set(node.now().plus_seconds(1.0));
    let taken = take(&node, "point,value\nT1,214\nX9,1\nT1,warm\n");
    assert_eq!(
        (taken.placed, taken.unplaced, taken.findings.len()),
        (1, 1, 1),
        "{taken:?}"
    );
    let twin = node
        .read(OPERATOR)
        .unwrap()
        .twin(&id(&room))
        .unwrap()
        .into_inner();
    let temperature = twin
        .attributes
        .iter()
        .find(|(name, _)| name.as_str() == "temperature");
    let Some((_, Answer::Modelled { estimate, .. })) = temperature else {
        panic!("a room has a temperature");
    };
    let Some(Value::Number(number)) = estimate.value() else {
        panic!("{estimate:?}");
    };
    assert!((number - 21.4).abs() < 0.2, "{number}");
    let text = node
        .read(OPERATOR)
        .unwrap()
        .point_file()
        .unwrap()
        .into_inner();
    assert!(text.contains(&format!("T1,{room},temperature")), "{text}");
    let again = node.map_points(OPERATOR, text.as_bytes()).unwrap();
    assert_eq!(again.findings, []);
}
