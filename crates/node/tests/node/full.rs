//! A disk that is full: the node starts all the same, says what it knows and goes on by
//! itself once there is room.
use crate::bench::{START, says, summary, tell};
use std::path::Path;
use std::sync::Arc;
use twin_model::{Caller, Summary, Value};
use twin_node::{Config, Disks, Error, Health, ManualClock, Mode, Node};
use twin_store::backend::crash::CrashDisk;

const PASSWORD: &str = "a long enough password";

fn open(
    dir: &Path,
    store: &CrashDisk,
    link: &CrashDisk,
) -> Result<(Node, Arc<ManualClock>), Error> {
    let clock = Arc::new(ManualClock::at(START));
    let config = Config {
        data_dir: dir.to_owned(),
        ..Config::default()
    };
    let disks = Disks {
        store: Arc::new(store.clone()),
        link: Arc::new(link.clone()),
    };
    let (node, _) = Node::open_on(disks, config, Arc::<ManualClock>::clone(&clock))?;
    Ok((node, clock))
}

fn temperature(n: f64) -> twin_node::Draft {
    says("urn:x:room", "temperature", Value::Number(n), START)
}

/// A node with a past, which ended without notice, and its two disks.
fn past(dir: &Path) -> (CrashDisk, CrashDisk) {
    let (store, link) = (CrashDisk::new(1), CrashDisk::new(2));
    let (node, _) = open(dir, &store, &link).unwrap();
    let code = node.setup_code().unwrap();
    node.set_up(&code, "owner", PASSWORD).unwrap();
    node.found(&Caller::OPERATOR, "The tower", Vec::new())
        .unwrap();
    tell(&node, temperature(21.5));
    let disks = (store.kill(), link.kill());
    node.close();
    disks
}

#[test]
fn a_node_starts_on_a_full_disk_reads_and_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let (store, link) = past(dir.path());
    store.fill();
    link.fill();
    let (node, clock) = open(dir.path(), &store, &link).unwrap();
    assert_eq!(node.health(), Health::ReadOnly);
    let status = node.status(&Caller::OPERATOR).unwrap();
    let why = status.get().read_only.unwrap();
    assert!(why.contains("full") && why.contains("room"), "{why}");
    assert_eq!(
        summary(&node, "urn:x:room", "temperature"),
        Summary::Observed
    );
    node.log_in("owner", PASSWORD).unwrap();
    for _ in 0..3 {
        let refused = node.submit_blocking(
            &Caller::OPERATOR,
            vec![temperature(30.0)],
            Mode::AllOrNothing,
        );
        let error = refused.unwrap_err().to_string();
        assert!(error.contains("the disk is full"), "{error}");
    }
    let closed = node.organisation(&Caller::OPERATOR).unwrap_err();
    assert!(matches!(closed, Error::ReadOnly(_)), "{closed}");

    store.make_space();
    link.make_space();
    tell(&node, temperature(22.5));
    assert_eq!(node.health(), Health::Ready);
    assert_eq!(
        node.status(&Caller::OPERATOR).unwrap().get().read_only,
        None
    );
    clock.set(START.plus_seconds(10.0));
    let mut tries = (0..100).map(|_| node.organisation(&Caller::OPERATOR));
    let organisation = tries.find_map(Result::ok).expect("links are open again");
    assert_eq!(organisation.get().as_ref().unwrap().title, "The tower");

    // Nothing of it depended on a memory.
    let (store, link) = (store.power_cut(), link.power_cut());
    node.close();
    let (node, _) = open(dir.path(), &store, &link).unwrap();
    let status = node.status(&Caller::OPERATOR).unwrap();
    assert_eq!(status.get().claims, 2);
    assert_eq!(node.health(), Health::Ready);
    node.close();
}

/// The disk fills up at some write of the opening itself.
#[test]
fn opening_survives_a_disk_that_fills_up_under_it() {
    use twin_store::backend::crash::Faults;
    let dir = tempfile::tempdir().unwrap();
    let (whole, link) = past(dir.path());
    for full_at_write in 0..12 {
        let store = whole.kill();
        store.set_faults(Faults {
            full_at_write: Some(full_at_write),
            ..Faults::default()
        });
        let (node, _) = open(dir.path(), &store, &link.kill()).unwrap();
        let it = format!("full at write {full_at_write}");
        assert_eq!(
            summary(&node, "urn:x:room", "temperature"),
            Summary::Observed,
            "{it}"
        );
        store.make_space();
        tell(&node, temperature(22.0));
        let after = store.power_cut();
        node.close();
        let (node, _) = open(dir.path(), &after, &link.kill()).unwrap();
        let claims = node.status(&Caller::OPERATOR).unwrap().get().claims;
        assert_eq!(claims, 2, "{it}");
        node.close();
    }
}
