//! A source that is set aside counts for nothing, whatever it said and whenever; and when
//! it is released, it counts again as if nothing had been.
use crate::bench::{START, attribute, copy_at_once, everything, id, open, says, summary};
use std::path::Path;
use twin_model::{Caller, Flag, Principal, Role, SourceId, Summary, Value};
use twin_node::{Answer, Draft, Error, Mode, Node};

const LIAR: &str = "urn:twin:source:liar";

/// What is said in a morning, by some who are right and one who is not; the liar's part
/// can be left out.
fn morning(with_liar: bool) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for n in 0..600_u32 {
        let at = START.plus_seconds(f64::from(n) - 700.0);
        let room = format!("urn:x:room{}", n % 5);
        let (name, value) = match n % 4 {
            0 => ("temperature", Value::Number(20.0 + f64::from(n % 7))),
            1 => ("open", Value::Boolean(n % 3 == 0)),
            2 => ("colour", Value::Json(format!("{n}").into())),
            _ => ("area", Value::Number(f64::from(10 + n % 3))),
        };
        let mut draft = says(&room, name, value, at);
        let is_liar = n % 6 == 1;
        draft.source = Some(source(if is_liar {
            LIAR.to_owned()
        } else {
            format!("urn:twin:source:s{}", n % 3)
        }));
        if with_liar || !is_liar {
            drafts.push(draft);
        }
    }
    drafts
}

fn source(text: impl AsRef<str>) -> SourceId {
    SourceId::new(text.as_ref()).unwrap()
}

fn tell_all(node: &Node, drafts: &[Draft]) {
    let receipt = node.submit_blocking(&Caller::OPERATOR, drafts.to_vec(), Mode::AllOrNothing);
    assert_eq!(receipt.unwrap().refused, []);
}

/// Waits, by asking, until nothing is worked out afresh any more.
fn settled(node: &Node) {
    while recomputing(node).is_some() {
        std::thread::yield_now();
    }
}

fn recomputing(node: &Node) -> Option<f64> {
    node.status(&Caller::OPERATOR).unwrap().get().recomputing
}

/// What is believed of every attribute, without claims' numbers, which differ where claims
/// were left out, and without marks.
fn beliefs(node: &Node) -> Vec<String> {
    let filter = twin_node::TwinFilter {
        limit: 10_000,
        ..twin_node::TwinFilter::default()
    };
    let view = node
        .read(&Caller::OPERATOR)
        .unwrap()
        .twins(&filter)
        .unwrap();
    let mut lines = Vec::new();
    for twin in &view.get().items {
        for (name, answer) in &twin.attributes {
            let said = match answer {
                Answer::Modelled { estimate, .. } => format!(
                    "{:?} {} {:?}",
                    estimate.distribution, estimate.sources, estimate.evidence_time
                ),
                Answer::Verbatim(lines) => {
                    let said = lines
                        .iter()
                        .map(|line| format!("{} {:?}", line.source, line.act));
                    said.collect::<Vec<_>>().join(",")
                }
            };
            lines.push(format!("{} {name} {said}", twin.id));
        }
    }
    lines
}

#[test]
fn a_source_that_is_set_aside_was_never_heard() {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| dir.path().join(name);
    let (honest, _) = open(&place("honest"));
    tell_all(&honest, &morning(false));
    let (node, _) = open(&place("a"));
    let (first, rest) = (morning(true), morning(true).split_off(400));
    tell_all(&node, &first[..400]);
    let as_told = |n: &Node| n.read(&Caller::OPERATOR).unwrap().commit();
    assert!(as_told(&node) > twin_model::CommitNumber(0));
    let commit = node
        .quarantine(
            &Caller::OPERATOR,
            &source(LIAR),
            "reads nonsense since Monday",
        )
        .unwrap();
    assert_eq!(commit, as_told(&node));
    // Claims go on meanwhile and after, the liar's too.
    tell_all(&node, &rest);
    settled(&node);
    assert_eq!(beliefs(&node), beliefs(&honest));
    assert!(flags_quarantined(&node, "urn:x:room1", "open"));
    assert!(!flags_quarantined(&node, "urn:x:room0", "temperature"));

    // It survives the plug being pulled, before and after the state is saved.
    copy_at_once(&place("a"), &place("killed"));
    let before = everything(&node);
    node.close();
    drop(node);
    for again in ["killed", "a"] {
        let (node, _) = open(&place(again));
        settled(&node);
        assert!(everything(&node) == before, "{again}");
        let records = node.quarantines(&Caller::OPERATOR).unwrap().into_inner();
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].reason, "reads nonsense since Monday");
        assert_eq!(records[0].by, "urn:twin:operator");
        node.close();
    }

    // Released, it counts as it always would have.
    let (node, _) = open(&place("a"));
    let (with, _) = open(&place("with"));
    tell_all(&with, &morning(true));
    node.release_source(&Caller::OPERATOR, &source(LIAR))
        .unwrap();
    settled(&node);
    assert_eq!(beliefs(&node), beliefs(&with));
    assert!(!flags_quarantined(&node, "urn:x:room1", "open"));
    for node in [node, with, honest] {
        node.close();
    }
}

fn flags_quarantined(node: &Node, entity: &str, name: &str) -> bool {
    let reader = node.read(&Caller::OPERATOR).unwrap();
    let why = reader
        .why(&id(entity), &attribute(name), None, None)
        .unwrap();
    match &why.get().answer {
        Answer::Modelled { estimate, .. } => estimate.flags.has(Flag::Quarantined),
        Answer::Verbatim(_) => panic!("{entity} {name} is verbatim"),
    }
}

#[test]
fn whoever_is_set_aside_can_still_speak_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (node, _) = open(dir.path());
    node.quarantine(&Caller::OPERATOR, &source(LIAR), "not trusted yet")
        .unwrap();
    let mut draft = says("urn:x:room", "temperature", Value::Number(400.0), START);
    draft.source = Some(source(LIAR));
    tell_all(&node, &[draft]);
    assert_eq!(
        summary(&node, "urn:x:room", "temperature"),
        Summary::Unknown
    );
    assert!(flags_quarantined(&node, "urn:x:room", "temperature"));
    let reader = node.read(&Caller::OPERATOR).unwrap();
    let why = reader
        .why(&id("urn:x:room"), &attribute("temperature"), None, None)
        .unwrap();
    assert_eq!(why.get().claims.len(), 1, "it is on record");
    node.close();
}

#[test]
fn setting_aside_is_a_stewards_deed_and_done_once() {
    let dir = tempfile::tempdir().unwrap();
    let (node, _) = open(dir.path());
    let as_role = |role| Caller {
        principal: Principal::Account("someone".into()),
        role,
    };
    let responder = as_role(Role::Responder);
    let refused = node.quarantine(&responder, &source(LIAR), "noise");
    assert!(
        matches!(refused, Err(Error::Forbidden { .. })),
        "{refused:?}"
    );
    assert!(node.quarantines(&as_role(Role::Viewer)).is_err());
    let steward = as_role(Role::Steward);
    assert!(matches!(
        node.quarantine(&steward, &source(LIAR), " "),
        Err(Error::Invalid(_))
    ));
    node.quarantine(&steward, &source(LIAR), "noise").unwrap();
    let again = node.quarantine(&steward, &source(LIAR), "noise");
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    node.release_source(&steward, &source(LIAR)).unwrap();
    let again = node.release_source(&steward, &source(LIAR));
    assert!(matches!(again, Err(Error::NotFound { .. })), "{again:?}");
    let records = node.quarantines(&responder).unwrap().into_inner();
    assert_eq!(records.len(), 1);
    assert!(records[0].released.is_some());
    node.close();
}

/// An erasure while claims are folded again must not be undone by the fold.
#[test]
fn what_is_erased_while_claims_are_folded_again_stays_erased() {
    let dir = tempfile::tempdir().unwrap();
    let (node, _) = open(dir.path());
    tell_all(&node, &morning(true));
    node.quarantine(&Caller::OPERATOR, &source(LIAR), "noise")
        .unwrap();
    node.erase(&Caller::OPERATOR, &id("urn:x:room2"), "asked for")
        .unwrap();
    settled(&node);
    let gone = node
        .read(&Caller::OPERATOR)
        .unwrap()
        .twin(&id("urn:x:room2"));
    assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
    assert_eq!(summary(&node, "urn:x:room3", "area"), Summary::Conflicting);
    node.close();
    let left = text_of(dir.path());
    assert!(
        !left.contains("urn:x:room2"),
        "the name is still on the disk"
    );
}

fn text_of(dir: &Path) -> String {
    let files = crate::bench::walk(dir);
    let text = files
        .iter()
        .map(|file| String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned());
    text.collect()
}
