//! Following the log: every claim once, in order, however it is read and wherever it stands.

mod support;

use proptest::prelude::*;
use std::io::Write;
use support::Maker;
use twin_model::Claim;
use twin_store::backend::Memory;
use twin_store::{Opened, Options, open};

fn small() -> Options {
    Options {
        segment_bytes: 4096,
        ..Options::default()
    }
}

#[derive(Debug, Clone)]
enum Step {
    Append(usize),
    Read(usize),
    /// Saves the state and seals closed log files, as housekeeping does; those that two
    /// saved states cover go.
    Seal,
    /// Opens the store and the follower again.
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1_usize..40).prop_map(Step::Append),
        3 => (1_usize..60).prop_map(Step::Read),
        1 => Just(Step::Seal),
        1 => Just(Step::Reopen),
    ]
}

fn sequences(claims: &[Claim]) -> Vec<u64> {
    claims.iter().map(|claim| claim.id.sequence).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn every_claim_comes_once_and_in_order(steps in prop::collection::vec(step(), 1..60)) {
        let disk = Memory::new();
        let mut maker = Maker::new(7, 5);
        let mut store: Opened = open(disk.clone(), small()).unwrap();
        let mut follower = store.reader.follow(1);
        let (mut written, mut read) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Append(n) => {
                    let batch = maker.readings(n);
                    written.extend(batch.claims.iter().cloned());
                    store.writer.append(&[batch]).unwrap();
                }
                Step::Read(n) => read.extend(follower.read(n).unwrap()),
                Step::Seal => {
                    let commit = store.reader.commit();
                    let state = |out: &mut dyn Write| out.write_all(b"state");
                    store.snapshots.write(commit, 1, &mut { state }).unwrap();
                    store.maintenance.seal().unwrap();
                }
                Step::Reopen => {
                    let next = follower.next_sequence();
                    drop(follower);
                    drop(store);
                    store = open(disk.clone(), small()).unwrap();
                    follower = store.reader.follow(next);
                }
            }
        }
        read.extend(follower.read(usize::MAX).unwrap());
        prop_assert_eq!(sequences(&read), sequences(&written));
        prop_assert_eq!(read, written);
        prop_assert!(follower.read(1).unwrap().is_empty());
    }
}

#[test]
fn what_is_not_there_yet_comes_when_it_is() {
    let mut maker = Maker::new(1, 3);
    let mut store = open(Memory::new(), small()).unwrap();
    let mut follower = store.reader.follow(1);
    assert!(follower.read(10).unwrap().is_empty());
    for n in [3, 1, 200, 2] {
        let batch = maker.readings(n);
        store.writer.append(std::slice::from_ref(&batch)).unwrap();
        assert_eq!(follower.read(usize::MAX).unwrap(), batch.claims);
    }
}

#[test]
fn it_can_begin_anywhere() {
    let mut maker = Maker::new(1, 3);
    let mut store = open(Memory::new(), small()).unwrap();
    let batches: Vec<_> = (0..5).map(|_| maker.readings(7)).collect();
    store.writer.append(&batches).unwrap();
    let all: Vec<Claim> = batches.into_iter().flat_map(|b| b.claims).collect();
    for next in 1..=36 {
        let read = store.reader.follow(next).read(usize::MAX).unwrap();
        assert_eq!(read, all[next as usize - 1..], "from {next}");
    }
}
