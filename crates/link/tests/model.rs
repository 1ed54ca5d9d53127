//! Every course that the exchange between three nodes in a row can take, small but complete:
//! messages lost, late, repeated and out of order, and crashes at every moment. What a node
//! does with an item is asked of the real replica and the real reader.

mod support;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use support::{NOON, append, author, identity, node_key, temperature};
use twin_link::*;

/// Items by bit: bundles 1 to 4, and the certificate for 2 and 3, which 4 supersedes.
const ITEMS: u8 = 5;
const GAP: u8 = 4;
const COVERED: u8 = 0b00110;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Node {
    durable: u8,
    /// One item that is not synced yet.
    pending: Option<u8>,
    delivered: u8,
}

/// On each of the four directions the last list and the last item that were sent; they may
/// arrive any number of times. To send anew is to lose them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct State {
    nodes: [Node; 3],
    lists: [Option<u8>; 4],
    items: [Option<u8>; 4],
}

const LINKS: [(usize, usize); 4] = [(0, 1), (1, 0), (1, 2), (2, 1)];
const BACK: [usize; 4] = [1, 0, 3, 2];

/// What is held, and what need not be.
fn accounted(durable: u8) -> u8 {
    let covered = if durable >> GAP & 1 == 1 { COVERED } else { 0 };
    durable | covered
}

/// What of ours the writer of a list lacks, the first of it.
fn lacks(ours: u8, list: u8) -> Option<u8> {
    let missing = ours & !accounted(list);
    (0..ITEMS).find(|item| missing >> item & 1 == 1)
}

struct World {
    opening: Opening,
    bundles: Vec<Bundle>,
    gap: GapCertificate,
    reader: Reader,
    /// What the real code does with an item where these are held: what is held then.
    known: BTreeMap<(u8, u8), u8>,
}

impl World {
    fn new() -> Self {
        let mut author = author(1, Class::Telemetry, Keep::Latest);
        let mut bundles = Vec::new();
        for at in 0..3 {
            let topic = author.topic(&temperature(1), Some(20.0)).expect("room");
            let records = vec![Record::reading(topic, support::later(f64::from(at)), 20.0)];
            let payload = Payload {
                written: NOON,
                records,
                ..Payload::default()
            };
            bundles.extend(append(&mut author, &payload, None));
        }
        let gap = author.certify(NOON).expect("a certificate").remove(0);
        let secret = ReaderSecret::new(&[9; 32]);
        let grant = author.grant(&node_key(1), &secret.recipient, &[3; 32]);
        let granting = Payload {
            written: NOON,
            grants: vec![grant.expect("a grant")],
            ..Payload::default()
        };
        let mut control = Author::open_plain(&[1; 32], identity(1), Class::LifeSafety);
        let granting = append(&mut control, &granting, None).remove(0);
        let member = Member {
            node: node_key(1).verifying_key(),
            authority: node_key(1).verifying_key(),
            recipient: secret.recipient.clone(),
        };
        let mut reader = Reader::new(secret, [(identity(1).origin, member)].into());
        reader.reread(&granting).expect("plain");
        Self {
            opening: author.opening(),
            bundles,
            gap,
            reader,
            known: BTreeMap::new(),
        }
    }

    fn replica(&self, durable: u8) -> Replica {
        let mut replica = Replica::default();
        replica.introduce(self.opening).expect("room");
        for (at, bundle) in self.bundles.iter().enumerate() {
            if durable >> at & 1 == 1 {
                replica.hold(bundle).expect("known");
            }
        }
        if durable >> GAP & 1 == 1 {
            replica.cover(self.opening.id(), &self.gap).expect("news");
        }
        replica
    }

    /// What is held once an item is taken in, if it is; what is superseded goes.
    fn take(&mut self, durable: u8, item: u8) -> u8 {
        if let Some(&known) = self.known.get(&(durable, item)) {
            return known;
        }
        let mut replica = self.replica(durable);
        let mut after = durable;
        if item == GAP {
            if let Ok(dropped) = replica.cover(self.opening.id(), &self.gap) {
                after |= 1 << GAP;
                for gone in dropped {
                    after &= !(1 << (gone.seq - 1));
                }
            }
        } else if replica
            .check(self.bundles[usize::from(item)].stub())
            .is_ok()
        {
            after |= 1 << item;
        }
        self.known.insert((durable, item), after);
        after
    }

    /// What a node with these delivered hands to its application now.
    fn deliver(&self, node: Node) -> u8 {
        let mut ranges = Ranges::default();
        for at in (0..GAP).filter(|at| node.delivered >> at & 1 == 1) {
            ranges.insert(u64::from(at) + 1, u64::from(at) + 1);
        }
        let delivered = [(self.opening.id(), ranges)].into();
        let reader = self.reader.clone();
        let mut reader = reader.after_restart(delivered, BTreeSet::new());
        // Names come back by reading again.
        for at in (0..GAP).filter(|at| node.durable >> at & 1 == 1) {
            let _ = reader.reread(&self.bundles[usize::from(at)]);
        }
        let replica = self.replica(node.durable);
        let stream = replica.stream(self.opening.id()).expect("known");
        let mut fresh = 0;
        for seq in reader.waiting(self.opening.id(), stream) {
            let bundle = &self.bundles[seq as usize - 1];
            if reader.read(bundle, stream).is_ok() {
                fresh |= 1 << (seq - 1);
                assert_eq!(reader.read(bundle, stream), Err(Error::Known));
            }
        }
        fresh
    }

    fn sync(&mut self, node: Node) -> Node {
        let Some(item) = node.pending else {
            return node;
        };
        let durable = self.take(node.durable, item);
        let mut node = Node {
            durable,
            pending: None,
            ..node
        };
        let fresh = self.deliver(node);
        assert_eq!(fresh & node.delivered, 0, "delivered twice");
        node.delivered |= fresh;
        node
    }

    fn next(&mut self, state: &State) -> Vec<State> {
        let mut next = Vec::new();
        let mut add = |change: &dyn Fn(&mut State)| {
            let mut changed = *state;
            change(&mut changed);
            if changed != *state {
                next.push(changed);
            }
        };
        // The origin writes what comes next; that is durable before anybody sees it.
        let written = accounted(state.nodes[0].durable);
        if let Some(item) = (0..ITEMS).find(|item| written >> item & 1 == 0) {
            let node = self.sync(Node {
                pending: Some(item),
                ..state.nodes[0]
            });
            add(&|s| s.nodes[0] = node);
        }
        for (at, &node) in state.nodes.iter().enumerate() {
            let synced = self.sync(node);
            add(&|s| s.nodes[at] = synced);
            add(&|s| s.nodes[at].pending = None);
        }
        for (link, &(from, to)) in LINKS.iter().enumerate() {
            add(&|s| s.lists[link] = Some(s.nodes[from].durable));
            if let Some(list) = state.lists[link] {
                let item = lacks(state.nodes[to].durable, list);
                add(&|s| s.items[BACK[link]] = item.or(s.items[BACK[link]]));
            }
            if let Some(item) = state.items[link] {
                let receiver = state.nodes[to];
                let is_news = self.take(receiver.durable, item) != receiver.durable;
                if is_news && receiver.pending.is_none() {
                    add(&|s| s.nodes[to].pending = Some(item));
                }
            }
        }
        next
    }

    /// From here on messages arrive: everybody gets all that the origin has.
    fn heal(&mut self, state: &State) -> State {
        let mut state = *state;
        for _ in 0..12 {
            for (link, &(from, to)) in LINKS.iter().enumerate() {
                state.nodes[from] = self.sync(state.nodes[from]);
                state.nodes[to] = self.sync(state.nodes[to]);
                state.lists[link] = Some(state.nodes[from].durable);
                let item = lacks(state.nodes[to].durable, state.nodes[from].durable);
                if item.is_some() {
                    state.nodes[from].pending = item;
                    state.nodes[from] = self.sync(state.nodes[from]);
                }
            }
        }
        state
    }
}

#[test]
fn every_course_of_three_nodes_keeps_its_promises() {
    let mut world = World::new();
    assert_eq!(world.bundles.len(), 4);
    assert_eq!(world.gap.covered().iter().collect::<Vec<_>>(), [(2, 3)]);
    let mut seen = BTreeSet::from([State::default()]);
    let mut waiting = VecDeque::from([State::default()]);
    let mut healed: BTreeSet<[Node; 3]> = BTreeSet::new();
    let none = BTreeSet::new();
    while let Some(state) = waiting.pop_front() {
        let origin = state.nodes[0].durable;
        let written = accounted(origin);
        for node in &state.nodes {
            assert_eq!(node.durable & !written, 0, "invented: {state:?}");
            assert_eq!(node.delivered & !written, 0, "invented: {state:?}");
        }
        if healed.insert(state.nodes) {
            let roots = state
                .nodes
                .map(|node| world.replica(node.durable).root(Class::Telemetry, &none));
            for (node, root) in state.nodes.iter().zip(roots) {
                let same = accounted(node.durable) == written;
                assert_eq!(root == roots[0], same, "an unnoticed gap: {state:?}");
            }
            let end = world.heal(&state);
            for node in &end.nodes {
                assert_eq!(
                    node.durable, end.nodes[0].durable,
                    "{state:?} ends as {end:?}"
                );
                let due = end.nodes[0].durable & !(1 << GAP);
                assert_eq!(node.delivered & due, due, "{state:?} ends as {end:?}");
            }
        }
        for next in world.next(&state) {
            if seen.insert(next) {
                waiting.push_back(next);
            }
        }
    }
    println!("{} states, {} of the nodes alone", seen.len(), healed.len());
    assert!(seen.len() > 10_000);
}
