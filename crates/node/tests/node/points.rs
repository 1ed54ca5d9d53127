//! Sensors under names of their own: heard before anybody knows where they are, reviewed, and
//! then heard where they are.

use crate::bench::{START, attribute, id, import, office, open, summary, walk};
use twin_model::{Caller, EntityKind, Principal, Role, Summary, Value};
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

fn caller(role: Role) -> Caller {
    Caller {
        principal: Principal::Account("someone".into()),
        role,
    }
}

/// A counter of people that nobody has mapped: who may see plans, but not people, is told that
/// there is such a point, and of what it counted nothing, by no door.
#[test]
fn what_an_unmapped_counter_of_people_said_is_told_to_those_who_may_see_people() {
    let dir = tempfile::tempdir().unwrap();
    let (node, _) = open(dir.path());
    take(&node, "point,value\nwifi/ap7/clients,4711\n");
    let asked = |role| {
        let reader = node.read(&caller(role)).unwrap();
        let line = reader.points(&all()).unwrap().into_inner().points.remove(0);
        let twin = format!("{:?}", reader.twin(&line.id).unwrap().get());
        let why = reader.why(&line.id, &attribute("reading"), None, None);
        (line, twin, why.map(|why| format!("{:?}", why.get())))
    };
    let (line, twin, why) = asked(Role::Steward);
    assert_eq!(
        (line.point.as_str(), line.last.as_ref(), line.withheld),
        ("wifi/ap7/clients", None, true)
    );
    assert!(!format!("{line:?}").contains("4711") && !twin.contains("4711"));
    assert!(matches!(why, Err(Error::Forbidden { .. })), "{why:?}");
    let (line, twin, why) = asked(Role::Responder);
    assert!(line.last.is_some_and(|(said, _)| said.value == 4711.0) && !line.withheld);
    assert!(twin.contains("4711") && why.unwrap().contains("4711"));
}

/// Whoever is shown that a room is on fire is shown that something sounds of which nobody knows
/// where: its name and since when, and nothing of the plan.
#[test]
fn an_alarm_of_unknown_place_is_shown_to_all_who_see_alarms() {
    let dir = tempfile::tempdir().unwrap();
    let (node, clock) = open(dir.path());
    for value in ["normal", "ALARM", "ALARM"] {
        clock.set(node.now().plus_seconds(60.0));
        take(&node, &format!("point,value\nBMC.01.002,{value}\n"));
    }
    let alarms = PointFilter {
        alarming: true,
        ..all()
    };
    let reader = node.read(&caller(Role::Viewer)).unwrap();
    assert!(matches!(
        reader.points(&all()),
        Err(Error::Forbidden { .. })
    ));
    let page = reader.points(&alarms).unwrap().into_inner();
    let [line] = &page.points[..] else {
        panic!("{page:?}");
    };
    let alarm = line.alarm.unwrap();
    assert_eq!(line.point, "BMC.01.002");
    assert_eq!(alarm.since, Some(START.plus_seconds(120.0)));
    assert_eq!(alarm.heard, START.plus_seconds(180.0));
    assert!(line.withheld && line.last.is_none() && line.reason.is_none());
    assert_eq!(page.counts.of(PointState::Unmapped), 0);
}

/// What a point said that fell silent goes when what tells of people goes: from memory, from
/// the saved state, and from history.
#[test]
fn what_was_said_of_people_is_gone_after_its_retention() {
    let dir = tempfile::tempdir().unwrap();
    let (node, clock) = open(dir.path());
    take(
        &node,
        "point,value\nwifi/ap7/clients,4711\nwifi/ap8/clients,12\n",
    );
    let value = |node: &Node, at: usize| {
        let last = points(node, &all())[at].last.clone();
        last.and_then(|(said, _)| said.value.as_f64())
    };
    assert_eq!(value(&node, 0), Some(4711.0));
    clock.set(START.plus_seconds(29.0 * 86_400.0));
    take(&node, "point,value\nwifi/ap8/clients,13\n");
    assert_eq!(
        (value(&node, 0), value(&node, 1)),
        (Some(4711.0), Some(13.0))
    );
    clock.set(START.plus_seconds(31.0 * 86_400.0));
    take(&node, "point,value\nwifi/ap9/clients,14\n");
    assert_eq!((value(&node, 0), value(&node, 1)), (None, Some(13.0)));
    assert_eq!(points(&node, &all())[0].point, "wifi/ap7/clients");
    node.close();
    drop(node);
    let (node, clock) = open(dir.path());
    clock.set(START.plus_seconds(31.0 * 86_400.0));
    assert_eq!(value(&node, 0), None);
    node.close();
    let saved = walk(dir.path()).into_iter().filter(|path| {
        let name = path.extension().and_then(|e| e.to_str());
        name == Some("snap")
    });
    for path in saved {
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(4).any(|window| window == b"4711");
        assert!(!found, "still in {}", path.display());
    }
}

/// A broker that keeps the last message of each topic hands out what was said at some time, as
/// if it were news: it is no reading of a room. Only an alarm is shown rather than held back.
#[test]
fn what_a_broker_had_kept_is_of_no_known_time() {
    let dir = tempfile::tempdir().unwrap();
    let (node, clock) = open(dir.path());
    import(&node, &office(5, |_| {}));
    let (room, _) = room(&node);
    let file = format!(
        "point,place,attribute,state\nT,{room},temperature,confirmed\nS,{room},smoke,confirmed\n"
    );
    node.map_points(OPERATOR, file.as_bytes()).unwrap();
    clock.set(node.now().plus_seconds(1.0));
    let kept = |topic: &str, payload: &str| {
        format!("{{\"topic\":\"{topic}\",\"payload\":\"{payload}\",\"retained\":true}}\n")
    };
    let taken = take(&node, &(kept("T", "35") + &kept("S", "off")));
    assert_eq!((taken.placed, taken.undated), (0, 2));
    assert_eq!(summary(&node, &room, "temperature"), Summary::Unknown);
    assert_eq!(summary(&node, &room, "smoke"), Summary::Unknown);
    let lines = points(&node, &all());
    assert!(lines.iter().all(|line| {
        let last = line.last.as_ref();
        last.is_some_and(|(said, _)| said.retained && said.since().is_none())
    }));
    clock.set(node.now().plus_seconds(1.0));
    let taken = take(&node, &kept("S", "alarm"));
    assert_eq!((taken.placed, taken.undated), (1, 0));
    assert_eq!(summary(&node, &room, "smoke"), Summary::Observed);
    let why = node
        .read(OPERATOR)
        .unwrap()
        .why(&id(&room), &attribute("smoke"), None, None)
        .unwrap()
        .into_inner();
    let procedure = why.claims[0].statement.procedure.as_deref();
    assert!(procedure.is_some_and(|text| text.contains("unknown time")));
    // A message that tells its own time is no riddle.
    let told = kept("T", "{\\\"value\\\":21,\\\"time\\\":1800000000}");
    let taken = take(&node, &told);
    assert_eq!((taken.placed, taken.undated), (1, 0), "{taken:?}");
}
