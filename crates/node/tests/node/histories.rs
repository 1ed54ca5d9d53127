//! Any history gives the state it should: imports and their taking back in any order
//! leave what the surviving file alone would have said, and a copy of the data directory
//! at any moment opens into the state that the node had.

use crate::bench::{START, copy_at_once};
use proptest::prelude::*;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use twin_model::{
    Act, Attribute, BatchId, Caller, EntityId, Interval, SourceId, Stated, Statement, Time, Unit,
    Value,
};
use twin_node::{Answer, Config, Draft, ImportFile, ManualClock, Mode, Node, TwinFilter};
use twin_scenario::{building, defects, ifc};

/// States of one building: as built, with a room renamed, without some rooms, without
/// doors and stairs.
static VARIANTS: LazyLock<[Vec<u8>; 4]> = LazyLock::new(|| {
    [
        variant("Office", 0.0, 0.0),
        variant("Archive", 0.0, 0.0),
        variant("Office", 0.3, 0.0),
        variant("Archive", 0.0, 0.4),
    ]
});

fn variant(name: &str, drop_spaces: f64, drop_doors: f64) -> Vec<u8> {
    let options = building::Options {
        storeys: 1,
        basement: false,
        seed: 3,
    };
    let mut office = building::Building::generate(options).unwrap();
    name.clone_into(&mut office.spaces[0].name);
    let defects = defects::Options {
        drop_spaces,
        drop_doors,
        ..defects::Options::default()
    };
    let defects = defects::Defects::choose(&office, defects).unwrap();
    let options = ifc::Options {
        schema: ifc::Schema::Ifc4,
        unit: ifc::Unit::Millimetre,
        boundaries: false,
    };
    ifc::write(&office, &defects, options).into_bytes()
}

fn open(dir: &Path, at: Time) -> (Node, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(at));
    let config = Config {
        data_dir: dir.to_owned(),
        snapshot_claims: 1000,
        ..Config::default()
    };
    let (node, _) = Node::open(config, Arc::<ManualClock>::clone(&clock)).unwrap();
    (node, clock)
}

fn import(node: &Node, variant: usize) -> BatchId {
    let receipt = node.import(
        &Caller::OPERATOR,
        &ImportFile {
            name: "office.ifc",
            bytes: &VARIANTS[variant],
            mapping: None,
        },
        &mut |_| ControlFlow::Continue(()),
    );
    receipt.unwrap().record.batch
}

fn twins(node: &Node) -> Vec<twin_node::Twin> {
    let filter = TwinFilter {
        limit: 10_000,
        ..TwinFilter::default()
    };
    let reader = node.read(&Caller::OPERATOR).unwrap();
    reader.twins(&filter).unwrap().into_inner().items
}

/// What is believed, without when and by which claim it came to be.
fn beliefs(node: &Node) -> Vec<String> {
    let mut lines = Vec::new();
    for twin in twins(node) {
        for (attribute, answer) in &twin.attributes {
            let said = match answer {
                Answer::Modelled { estimate, .. } => {
                    let Some(value) = estimate.value() else {
                        continue;
                    };
                    format!("{value:?} {:?}", estimate.summary())
                }
                Answer::Verbatim(said) if said.is_empty() => continue,
                Answer::Verbatim(said) => {
                    let said = said
                        .iter()
                        .map(|line| format!("{} {:?}", line.source, line.act));
                    said.collect::<Vec<_>>().join(", ")
                }
            };
            lines.push(format!("{} {attribute} {said}", twin.id));
        }
    }
    lines
}

#[derive(Debug, Clone)]
enum Step {
    Import(usize),
    Undo,
    Claims(u8),
    Erase(u8),
    /// A source is set aside, or released if it was.
    Judge(u8),
    /// The directory is copied, opened, and compared.
    PullThePlug,
    /// An orderly end and a new start.
    Restart,
}

fn imports_and_undos() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![(0..4_usize).prop_map(Step::Import), Just(Step::Undo)];
    proptest::collection::vec(step, 1..9)
}

fn anything() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0..4_usize).prop_map(Step::Import),
        1 => Just(Step::Undo),
        4 => any::<u8>().prop_map(Step::Claims),
        2 => any::<u8>().prop_map(Step::Erase),
        1 => any::<u8>().prop_map(Step::Judge),
        3 => Just(Step::PullThePlug),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 1..14)
}

/// Some claims of every sort about a few twins, some of them refused.
fn claims(seed: u8, now: Time) -> Vec<Draft> {
    (0..=seed % 7)
        .map(|n| {
            let which = seed.wrapping_mul(31).wrapping_add(n);
            let (name, value) = match which % 9 {
                0 => ("temperature", Value::Number(f64::from(which))),
                1 => ("open", Value::Boolean(which > 99)),
                2 => ("name", Value::Text(format!("room {which}").into())),
                3 => ("colour", Value::Json(format!("{which}").into())),
                4 => ("occupancy", Value::Number(f64::from(which % 9))),
                5 => ("co2", Value::Number(400.0 + f64::from(which))),
                6 => ("motion", Value::Boolean(which.is_multiple_of(2))),
                7 => ("passages", Value::Number(f64::from(which % 5) - 2.0)),
                _ => ("connects", {
                    let joined = [which % 4, which % 3].map(|n| format!("urn:x:{n}"));
                    let joined = joined.map(|id| EntityId::new(&id).unwrap());
                    Value::Entities(joined.into())
                }),
            };
            let act = match which % 11 {
                0 => Act::Retract,
                1 => Act::Absent,
                _ => Act::Assert(Stated {
                    value,
                    unit: (name == "temperature").then(|| Unit::new("Cel").unwrap()),
                    uncertainty: None,
                }),
            };
            let statement = Statement {
                entity: EntityId::new(&format!("urn:x:{}", which % 4)).unwrap(),
                attribute: Attribute::new(name).unwrap(),
                act,
                valid: Interval::ALWAYS,
                observed: now.plus_seconds(-f64::from(which % 90)),
                procedure: None,
            };
            Draft {
                source: Some(SourceId::new(&format!("urn:s:{}", which % 3)).unwrap()),
                statement,
            }
        })
        .collect()
}

/// Found by random histories: an import that had been restored by taking back a later one,
/// and was then taken back itself, took along what it had once replaced.
#[test]
fn an_import_restored_and_taken_back_leaves_the_one_before() {
    use Step::{Import, Undo};
    leaves_what_the_last_file_says(&[Import(2), Import(0), Import(2), Undo, Undo]);
}

fn leaves_what_the_last_file_says(steps: &[Step]) {
    let dir = tempfile::tempdir().unwrap();
    // Both nodes mint the same URIs: they begin as copies of one.
    let (node, _) = open(&dir.path().join("a"), START);
    node.close();
    drop(node);
    copy_at_once(&dir.path().join("a"), &dir.path().join("b"));
    let (node, clock) = open(&dir.path().join("a"), START);
    let mut standing = Vec::new();
    for (n, step) in steps.iter().enumerate() {
        clock.set(START.plus_seconds(n as f64));
        match step {
            Step::Import(variant) => standing.push((*variant, import(&node, *variant))),
            _ => {
                if let Some((_, batch)) = standing.pop() {
                    node.undo_import(&Caller::OPERATOR, batch).unwrap();
                }
            }
        }
    }
    let (alone, _) = open(&dir.path().join("b"), START);
    if let Some((variant, _)) = standing.last() {
        import(&alone, *variant);
    }
    assert_eq!(beliefs(&node), beliefs(&alone));
    node.close();
    alone.close();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    #[test]
    fn imports_and_undos_leave_what_the_last_file_says(steps in imports_and_undos()) {
        leaves_what_the_last_file_says(&steps);
    }

    #[test]
    fn a_copy_at_any_moment_opens_into_the_state_of_that_moment(steps in anything()) {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("a");
        let (mut node, mut clock) = open(&place, START);
        let mut standing = Vec::new();
        for (n, step) in steps.iter().enumerate() {
            let now = START.plus_seconds(n as f64);
            clock.set(now);
            match step {
                Step::Import(variant) => standing.push(import(&node, *variant)),
                Step::Undo => if let Some(batch) = standing.pop() {
                    node.undo_import(&Caller::OPERATOR, batch).unwrap();
                },
                Step::Claims(seed) => {
                    node.submit_blocking(&Caller::OPERATOR, claims(*seed, now), Mode::EachAlone)
                        .unwrap();
                }
                Step::Erase(which) => {
                    let all = twins(&node);
                    if let Some(twin) = all.get(usize::from(*which) % all.len().max(1)) {
                        node.erase(&Caller::OPERATOR, &twin.id, "asked for").unwrap();
                    }
                }
                Step::Judge(which) => {
                    let source = SourceId::new(&format!("urn:s:{}", which % 3)).unwrap();
                    if node.quarantine(&Caller::OPERATOR, &source, "noise").is_err() {
                        node.release_source(&Caller::OPERATOR, &source).unwrap();
                    }
                }
                Step::PullThePlug => {
                    let before = (state(&node), status(&node));
                    let copy = dir.path().join(format!("copy-{n}"));
                    copy_at_once(&place, &copy);
                    let (again, _) = open(&copy, now);
                    prop_assert_eq!(&state(&again), &before.0);
                    prop_assert_eq!(status(&again), before.1);
                    again.close();
                }
                Step::Restart => {
                    let before = (state(&node), status(&node));
                    node.close();
                    drop(node);
                    (node, clock) = open(&place, now);
                    prop_assert_eq!(&state(&node), &before.0);
                    prop_assert_eq!(status(&node), before.1);
                }
            }
        }
        node.close();
    }
}

/// Every bit of it, once nothing is worked out afresh any more.
fn state(node: &Node) -> String {
    let recomputing = || node.status(&Caller::OPERATOR).unwrap().get().recomputing;
    while recomputing().is_some() {
        std::thread::yield_now();
    }
    let imports = node.imports(&Caller::OPERATOR).unwrap().into_inner();
    format!("{:?} {imports:?}", twins(node))
}

fn status(node: &Node) -> (u64, u64) {
    let status = node.status(&Caller::OPERATOR).unwrap().into_inner();
    (status.commit.0, status.attributes)
}
