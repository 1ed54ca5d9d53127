//! Files: imported, imported again, taken back, refused; and what can be walked through.

use crate::bench::{START, everything, import, office, open, says, tell};
use std::ops::ControlFlow;
use std::sync::Arc;
use twin_model::{Caller, EntityKind, Value};
use twin_node::{
    Answer, Config, Error, FindingFilter, ImportFile, ManualClock, Node, RouteEnd, RouteQuery,
    RouteStep, TwinFilter,
};

#[test]
fn an_import_is_repeated_changed_and_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let (node, clock) = open(dir.path());
    let (first, second) = (
        office(5, |_| {}),
        office(5, |b| "Archive".clone_into(&mut b.spaces[0].name)),
    );
    let a = import(&node, &first);
    assert!(a.record.changes.added > 100, "{:?}", a.record.changes);
    let after_first = everything(&node);
    let again = import(&node, &first);
    assert_eq!(
        (again.record.changes.added, again.record.changes.changed),
        (0, 0)
    );
    assert_eq!(again.record.changes.unchanged, a.record.changes.added);
    assert_eq!(everything(&node), after_first);
    clock.set(START.plus_seconds(5.0));
    let b = import(&node, &second);
    assert!(
        b.record.changes.changed > 0 && b.record.changes.added < 20,
        "{:?}",
        b.record.changes
    );
    let names = |node: &Node| {
        let text = everything(node);
        (
            text.contains("Archive"),
            text.matches("kind: Space").count(),
        )
    };
    let (renamed, spaces) = names(&node);
    assert!(renamed && spaces > 20);
    let early = node.undo_import(&Caller::OPERATOR, a.record.batch);
    assert!(
        matches!(early, Err(Error::Conflict(_))),
        "a later import holds"
    );
    clock.set(START.plus_seconds(10.0));
    node.undo_import(&Caller::OPERATOR, b.record.batch).unwrap();
    assert_eq!(names(&node), (false, spaces));
    node.undo_import(&Caller::OPERATOR, again.record.batch)
        .unwrap();
    node.undo_import(&Caller::OPERATOR, a.record.batch).unwrap();
    let reader = node.read(&Caller::OPERATOR).unwrap();
    assert_eq!(reader.buildings().unwrap().get().len(), 0);
    clock.set(START.plus_seconds(20.0));
    let c = import(&node, &first);
    assert_eq!(c.record.changes.added, a.record.changes.added);
    assert_eq!(
        node.read(&Caller::OPERATOR)
            .unwrap()
            .buildings()
            .unwrap()
            .get()
            .len(),
        1
    );
    node.close();
}

#[test]
fn a_cancelled_import_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (node, _) = open(dir.path());
    let bytes = office(5, |_| {});
    for stop_at in [0.0, 0.5, 0.8, 0.85] {
        let mut stop = |p: twin_node::Progress| {
            if p.share >= stop_at {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let result = node.import(
            &Caller::OPERATOR,
            &ImportFile {
                name: "office.ifc",
                bytes: &bytes,
                mapping: None,
            },
            &mut stop,
        );
        assert!(matches!(result, Err(Error::Cancelled)), "{stop_at}");
        assert_eq!(everything(&node), "[]");
        assert!(node.imports(&Caller::OPERATOR).unwrap().get().is_empty());
        // Found by attack: the file itself stayed, and with enough of them filled the disk.
        assert!(!node.files_dir().exists(), "{stop_at}");
    }
    for nonsense in [&b""[..], b"PK\x03\x04", b"ISO-10303-21;\nHEADER;\n"] {
        let result = node.import(
            &Caller::OPERATOR,
            &ImportFile {
                name: "x.ifc",
                bytes: nonsense,
                mapping: None,
            },
            &mut |_| ControlFlow::Continue(()),
        );
        assert!(matches!(result, Err(Error::Import { .. })));
    }
    node.close();
}

/// Found on files by others: a map of lamp posts was refused as if it could not be read, and a
/// file cut short by the first of its findings rather than by the one that matters.
#[test]
fn a_file_of_which_nothing_is_kept_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let (node, _) = open(dir.path());
    let lamp = r#"<osm version="0.6"><node id="1" lat="52" lon="4"><tag k="highway" v="street_lamp"/></node></osm>"#;
    let cut = "ISO-10303-21;\nHEADER;\nFILE_SCHEMA(('IFC4'));\nENDSEC;\nDATA;\n#1=IFCCARTESIANPOINT((0.,0.));\n";
    for (name, text, says) in [
        ("lamps.osm", lamp, "no building, street or area"),
        ("cut.ifc", cut, "IFC-002"),
    ] {
        let file = ImportFile {
            name,
            bytes: text.as_bytes(),
            mapping: None,
        };
        let refused = node.import(&Caller::OPERATOR, &file, &mut |_| ControlFlow::Continue(()));
        let why = refused.unwrap_err().to_string();
        assert!(why.contains(says), "{why}");
    }
    node.close();
}

/// Found by attack: the files of imports were not counted, and filled the disk that the
/// log needs.
#[test]
fn a_file_without_room_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        data_dir: dir.path().to_owned(),
        disk_budget_bytes: 64 << 20,
        ..Config::default()
    };
    let (node, _) = Node::open(config, Arc::new(ManualClock::at(START))).unwrap();
    let bytes = office(5, |_| {});
    let files = node.files_dir();
    std::fs::create_dir_all(&files).unwrap();
    let large = std::fs::File::create(files.join("large.ifc")).unwrap();
    large.set_len(60 << 20).unwrap();
    let refused = node.import(
        &Caller::OPERATOR,
        &ImportFile {
            name: "office.ifc",
            bytes: &bytes,
            mapping: None,
        },
        &mut |_| ControlFlow::Continue(()),
    );
    assert!(matches!(refused, Err(Error::Import { .. })), "{refused:?}");
    assert_eq!(everything(&node), "[]");
    std::fs::remove_file(files.join("large.ifc")).unwrap();
    import(&node, &bytes);
    node.close();
}

/// Found by attack: a copy of the building's file that was cut short in the transfer took
/// every room away that stood behind the cut.
#[test]
fn a_file_cut_short_takes_nothing_away() {
    let dir = tempfile::tempdir().unwrap();
    let (node, clock) = open(dir.path());
    let bytes = office(5, |_| {});
    import(&node, &bytes);
    let spaces = |node: &Node| everything(node).matches("kind: Space").count();
    let before = spaces(&node);
    clock.set(START.plus_seconds(1.0));
    let cut = import(&node, &bytes[..bytes.len() / 2]);
    assert_eq!(cut.record.changes.removed, 0, "{:?}", cut.record.changes);
    assert_eq!(cut.record.finding_counts.get("error"), Some(&1));
    assert_eq!(spaces(&node), before);
    node.close();
}

#[test]
fn a_building_can_be_walked_through() {
    let dir = tempfile::tempdir().unwrap();
    let (node, _) = open(dir.path());
    let receipt = import(&node, &office(9, |_| {}));
    let reader = node.read(&Caller::OPERATOR).unwrap();
    let building = receipt.record.building.clone().unwrap();
    let answer = reader.building(&building).unwrap();
    assert_eq!(answer.get().storeys.len(), 3);
    let section = reader.section(&building).unwrap();
    assert!(
        section
            .get()
            .risers
            .iter()
            .any(|r| r.usage == "stair" && r.stops.len() == 3)
    );
    assert!(section.get().unlinked.is_empty());
    let top = &answer.get().storeys[2].id;
    let plan = reader.plan(top).unwrap();
    assert!(plan.get().bounds.is_some() && plan.get().spaces.len() > 5);
    let room = plan.get().spaces.iter().find(|s| {
        s.attributes.iter().any(|(name, answer)| match answer {
            Answer::Modelled { estimate, .. } => {
                name.as_str() == "usage" && estimate.value() == Some(Value::text("room"))
            }
            Answer::Verbatim(_) => false,
        })
    });
    let from = &room.unwrap().id;
    // Nobody has checked a door: nothing is known to work, and asked for, it is said so.
    let cautious = reader
        .routes(
            &RouteEnd::Twin(from.clone()),
            &RouteEnd::Exit,
            &RouteQuery::default(),
        )
        .unwrap();
    assert!(cautious.get().is_empty());
    let any = RouteQuery {
        allow_unknown: true,
        ..RouteQuery::default()
    };
    let routes = reader
        .routes(&RouteEnd::Twin(from.clone()), &RouteEnd::Exit, &any)
        .unwrap();
    let route = &routes.get()[0];
    assert!(route.length_m > 10.0 && !route.unknown.is_empty());
    let doors = route.steps.iter().filter_map(|step| match step {
        RouteStep::Indoors { portal, .. } => portal.clone(),
        _ => None,
    });
    for door in doors {
        tell(
            &node,
            says(door.as_str(), "passable", Value::Boolean(true), START),
        );
    }
    let reader = node.read(&Caller::OPERATOR).unwrap();
    let routes = reader
        .routes(
            &RouteEnd::Twin(from.clone()),
            &RouteEnd::Exit,
            &RouteQuery::default(),
        )
        .unwrap();
    assert!(routes.get()[0].unknown.is_empty());
    assert!(
        !reader
            .findings(&FindingFilter {
                limit: 10,
                ..FindingFilter::default()
            })
            .unwrap()
            .get()
            .items
            .is_empty()
            || receipt.record.findings.is_empty()
    );
    let spaces = TwinFilter {
        kind: Some(EntityKind::Space),
        limit: 7,
        ..TwinFilter::default()
    };
    let page = reader.twins(&spaces).unwrap();
    assert_eq!(page.get().items.len(), 7);
    let next = TwinFilter {
        after: page.get().next.clone(),
        ..spaces
    };
    assert!(reader.twins(&next).unwrap().get().items[0].id > page.get().items[6].id);
    node.close();
}
