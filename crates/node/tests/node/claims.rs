//! Claims in, estimates out, nothing acknowledged lost.
use crate::bench::{
    START, attribute, copy_at_once, everything, id, import, office, open, says, summary, tell,
};
use twin_model::{Act, Caller, Summary, Unit, Value};
use twin_node::{Answer, ClaimCode, Mode};

#[test]
fn a_claim_becomes_an_estimate_with_its_age_and_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let (node, clock) = open(dir.path());
    tell(
        &node,
        says("urn:x:room", "temperature", Value::Number(21.5), START),
    );
    clock.set(START.plus_seconds(60.0));
    let reader = node.read(&Caller::OPERATOR).unwrap();
    let why = reader
        .why(&id("urn:x:room"), &attribute("temperature"), None, None)
        .unwrap();
    let Answer::Modelled { estimate, .. } = &why.get().answer else {
        panic!()
    };
    assert_eq!(estimate.summary(), Summary::Observed);
    assert_eq!(estimate.evidence_age_s(), Some(60.0));
    assert_eq!(estimate.contributors.len(), 1);
    assert_eq!(why.get().claims.len(), 1);
    assert_eq!(why.get().claims[0].id, estimate.contributors[0].claim);
    clock.set(START.plus_seconds(3600.0));
    assert_eq!(summary(&node, "urn:x:room", "temperature"), Summary::Stale);
    assert_eq!(summary(&node, "urn:x:room", "name"), Summary::Unknown);
    node.close();
}

#[test]
fn what_was_acknowledged_is_there_after_the_plug_is_pulled() {
    let dir = tempfile::tempdir().unwrap();
    let (node, _) = open(&dir.path().join("a"));
    import(&node, &office(3, |_| {}));
    for n in 0..50 {
        let at = START.plus_seconds(-f64::from(n));
        tell(
            &node,
            says(
                "urn:x:room",
                "temperature",
                Value::Number(20.0 + f64::from(n) / 7.0),
                at,
            ),
        );
        tell(
            &node,
            says("urn:x:door", "open", Value::Boolean(n % 3 == 0), at),
        );
        tell(
            &node,
            says(
                "urn:x:room",
                "colour",
                Value::Json(format!("{{\"n\": {n}}}").into()),
                at,
            ),
        );
    }
    let before = everything(&node);
    // The directory as the disk has it at this instant, under the running process.
    copy_at_once(&dir.path().join("a"), &dir.path().join("killed"));
    node.close();
    drop(node);
    for again in ["killed", "a"] {
        let (node, _) = open(&dir.path().join(again));
        assert!(everything(&node) == before, "{again}");
        assert_eq!(node.imports(&Caller::OPERATOR).unwrap().get().len(), 1);
        node.close();
    }
}

#[test]
fn bad_claims_are_refused_one_by_one_and_the_others_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (node, _) = open(dir.path());
    let good = says("urn:x:room", "temperature", Value::Number(20.0), START);
    let mut furlongs = good.clone();
    let Act::Assert(stated) = &mut furlongs.statement.act else {
        unreachable!()
    };
    stated.unit = Some(Unit::new("furlong").unwrap());
    let drafts = vec![
        good.clone(),
        furlongs,
        says("urn:x:room", "temperature", Value::text("warm"), START),
        says(
            "urn:x:room",
            "temperature",
            Value::Number(20.0),
            START.plus_seconds(60.0),
        ),
        says("urn:x:room", "temperature", Value::Number(f64::NAN), START),
        says("urn:x:room", "colour", Value::Number(3.0), START),
        good,
    ];
    let receipt = node
        .submit_blocking(&Caller::OPERATOR, drafts.clone(), Mode::EachAlone)
        .unwrap();
    let codes: Vec<_> = receipt.refused.iter().map(|r| (r.index, r.code)).collect();
    assert_eq!(
        codes,
        [
            (1, ClaimCode::BadUnit),
            (2, ClaimCode::BadValue),
            (3, ClaimCode::Future),
            (4, ClaimCode::BadValue),
            (5, ClaimCode::BadValue)
        ]
    );
    assert_eq!(receipt.claims.len(), 2);
    let before = node.read(&Caller::OPERATOR).unwrap().commit();
    let receipt = node
        .submit_blocking(&Caller::OPERATOR, drafts, Mode::AllOrNothing)
        .unwrap();
    assert_eq!((receipt.claims.len(), receipt.refused.len()), (0, 5));
    assert_eq!(
        node.read(&Caller::OPERATOR).unwrap().commit(),
        before,
        "nothing was applied"
    );
    node.close();
}

#[tokio::test]
async fn listeners_hear_of_claims_and_of_time() {
    let dir = tempfile::tempdir().unwrap();
    let (node, clock) = open(dir.path());
    let mut changes = node.changes(&Caller::OPERATOR, None).unwrap();
    let draft = says("urn:x:room", "temperature", Value::Number(20.0), START);
    node.submit(&Caller::OPERATOR, vec![draft], Mode::AllOrNothing)
        .await
        .unwrap();
    let heard = |next| match next {
        twin_node::Next::Changed { changes, .. } => match &changes.get()[0].answer {
            Answer::Modelled { estimate, .. } => estimate.summary(),
            Answer::Verbatim(_) => panic!(),
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(heard(changes.next().await), Summary::Observed);
    clock.set(START.plus_seconds(1801.0));
    assert_eq!(heard(changes.next().await), Summary::Stale);
    tokio::task::spawn_blocking(move || node.close())
        .await
        .unwrap();
}
