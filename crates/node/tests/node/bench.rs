//! A node in a directory of its own, what it is told, and how it is asked.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use twin_model::{
    Act, Attribute, Caller, EntityId, Interval, SourceId, Stated, Statement, Summary, Time, Unit,
    Value,
};
use twin_node::{Answer, Config, Draft, ImportFile, ManualClock, Mode, Node, TwinFilter};
use twin_scenario::{building, defects, ifc};

pub(crate) const START: Time = Time::from_seconds(1_800_000_000);

pub(crate) fn open(dir: &Path) -> (Node, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(START));
    let config = Config {
        data_dir: dir.to_owned(),
        ..Config::default()
    };
    let (node, _) = Node::open(config, Arc::<ManualClock>::clone(&clock)).unwrap();
    (node, clock)
}

pub(crate) fn id(text: &str) -> EntityId {
    EntityId::new(text).unwrap()
}

pub(crate) fn attribute(name: &str) -> Attribute {
    Attribute::new(name).unwrap()
}

pub(crate) fn says(entity: &str, name: &str, value: Value, observed: Time) -> Draft {
    let unit = (name == "temperature").then(|| Unit::new("Cel").unwrap());
    let statement = Statement {
        entity: id(entity),
        attribute: attribute(name),
        act: Act::Assert(Stated {
            value,
            unit,
            uncertainty: None,
        }),
        valid: Interval::ALWAYS,
        observed,
        procedure: None,
    };
    Draft {
        source: Some(SourceId::new("urn:twin:source:t1").unwrap()),
        statement,
    }
}

pub(crate) fn tell(node: &Node, draft: Draft) {
    let receipt = node
        .submit_blocking(&Caller::OPERATOR, vec![draft], Mode::AllOrNothing)
        .unwrap();
    assert_eq!(receipt.refused, []);
}

pub(crate) fn summary(node: &Node, entity: &str, name: &str) -> Summary {
    let view = node
        .read(&Caller::OPERATOR)
        .unwrap()
        .twin(&id(entity))
        .unwrap();
    let answer = view
        .get()
        .attributes
        .iter()
        .find(|(a, _)| a.as_str() == name)
        .cloned();
    match answer {
        Some((_, Answer::Modelled { estimate, .. })) => estimate.summary(),
        other => panic!("{entity} {name}: {other:?}"),
    }
}

/// Every attribute of every twin, with every bit of its estimate.
pub(crate) fn everything(node: &Node) -> String {
    let filter = TwinFilter {
        limit: 10_000,
        ..TwinFilter::default()
    };
    let view = node
        .read(&Caller::OPERATOR)
        .unwrap()
        .twins(&filter)
        .unwrap();
    format!("{:?}", view.get().items)
}

pub(crate) fn office(seed: u64, change: impl FnOnce(&mut building::Building)) -> Vec<u8> {
    let options = building::Options {
        storeys: 3,
        basement: false,
        seed,
    };
    let mut office = building::Building::generate(options).unwrap();
    change(&mut office);
    let none = defects::Defects::default();
    ifc::write(
        &office,
        &none,
        ifc::Options {
            schema: ifc::Schema::Ifc4,
            unit: ifc::Unit::Millimetre,
            boundaries: false,
        },
    )
    .into_bytes()
}

pub(crate) fn import(node: &Node, bytes: &[u8]) -> twin_node::ImportReceipt {
    node.import(
        &Caller::OPERATOR,
        &ImportFile {
            name: "office.ifc",
            bytes,
            mapping: None,
        },
        &mut |_| ControlFlow::Continue(()),
    )
    .unwrap()
}

pub(crate) fn walk(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// Names and lengths of all files.
fn listing(dir: &Path) -> Vec<(std::path::PathBuf, u64)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().filter_map(Result::ok) {
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => files.extend(listing(&entry.path())),
            Ok(metadata) => files.push((entry.path(), metadata.len())),
            Err(_) => {}
        }
    }
    files.sort();
    files
}

/// A copy of one moment: made again while the node, keeping house, changes files under it.
pub(crate) fn copy_at_once(from: &Path, to: &Path) {
    loop {
        let before = listing(from);
        let _ = std::fs::remove_dir_all(to);
        let whole = before.iter().all(|(path, _)| {
            let target = to.join(path.strip_prefix(from).unwrap());
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::copy(path, target).is_ok()
        });
        if whole && listing(from) == before {
            break;
        }
    }
}
