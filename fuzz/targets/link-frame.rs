//! Any bytes as frames from a peer, to a node that holds a few streams.
//!
//! Each frame begins with its length in two bytes. Whatever the peer says, the node stores
//! nothing that nobody signed, and its answers fit the frames that were agreed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use twin_link::schedule::Contract;
use twin_link::*;
use twin_model::Time;

const PEER: Peer = Peer(1);
const LINK: Link = Link {
    frame_bytes: 256,
    bytes_per_s: None,
    contract: Contract {
        bytes_per_s: 600.0,
        burst_bytes: 4800.0,
    },
};

struct Bodies(BTreeMap<(StreamId, u64), Vec<u8>>);

impl Shelf for Bodies {
    fn bytes(&self, stream: StreamId, seq: u64) -> Option<Vec<u8>> {
        self.0.get(&(stream, seq)).cloned()
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut now = Time(1_795_348_800_000_000);
    let (mut hub, shelf) = node(now);
    hub.connect(PEER, LINK, [1; 8], now);
    let mut rest = bytes;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_le_bytes(*length)).min(after.len());
        let (frame, after) = after.split_at(length);
        rest = after;
        now.0 += 20_000;
        let mut outputs = hub.take(PEER, frame, now, &shelf);
        outputs.extend(hub.tick(PEER, now, &shelf));
        outputs.extend(hub.room(PEER, now, &shelf));
        for output in outputs {
            match output {
                Output::Send(_, frame) => assert!(frame.len() <= 256),
                Output::Store(opening, bundle) => {
                    bundle.stub().verify(&opening).expect("only what is signed");
                }
                Output::Close(..) => return,
                _ => {}
            }
        }
    }
});

/// Two streams with two bundles each.
fn node(now: Time) -> (Hub, Bodies) {
    let (mut hub, mut shelf) = (Hub::default(), Bodies(BTreeMap::new()));
    for incarnation in 1..3 {
        let identity = Identity {
            origin: OriginId([1; 16]),
            incarnation: Incarnation([incarnation; 16]),
            audience: Audience::CARRIERS,
        };
        let mut author = Author::open_plain(&[1; 32], identity, Class::LifeSafety);
        for written in [now, Time(now.0 + 1)] {
            let payload = Payload {
                written,
                ..Payload::default()
            };
            for bundle in author.append(&payload, None, now).expect("a bundle") {
                let key = (bundle.header().stream, bundle.header().seq);
                shelf.0.insert(key, bundle.body());
                hub.publish(author.opening(), &bundle, now)
                    .expect("our own");
            }
        }
    }
    (hub, shelf)
}
