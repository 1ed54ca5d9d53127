//! What a bare node keeps.

use crate::node::{Entry, Key};
use std::collections::BTreeMap;
use twin_link::{
    Bundle, Equivocation, GapCertificate, Opening, Ranges, Replica, Shelf, StreamId, Stub,
};
use twin_model::Time;

/// A bundle, or what is left of it.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) opening: Opening,
    pub(super) is_stub: bool,
    pub(super) bytes: Vec<u8>,
}

/// What survives a power cut.
#[derive(Debug, Clone, Default)]
pub(super) struct Disk {
    pub(super) bundles: BTreeMap<(StreamId, u64), Stored>,
    certificates: Vec<(Opening, Vec<u8>)>,
    proofs: Vec<Vec<u8>>,
    delivered: BTreeMap<StreamId, Ranges>,
    /// What the application made of what it got, stored together with that it did.
    notes: Vec<u8>,
}

/// What waits to be written.
#[derive(Debug, Clone)]
pub(super) enum Write {
    Own(Opening, Bundle, Vec<Key>),
    OwnGap(Opening, GapCertificate),
    Store(Opening, Bundle),
    StoreStub(Opening, Stub),
    Gap(Opening, GapCertificate),
    Proof(Equivocation),
    Shrink(Opening, Stub),
    Delete(StreamId, u64),
}

impl Shelf for Disk {
    fn bytes(&self, stream: StreamId, seq: u64) -> Option<Vec<u8>> {
        let stored = self.bundles.get(&(stream, seq))?;
        Some(stored.bytes.clone())
    }
}

impl Disk {
    pub(super) fn apply(&mut self, write: &Write) {
        match write {
            Write::Own(opening, bundle, _) | Write::Store(opening, bundle) => {
                let key = (bundle.header().stream, bundle.header().seq);
                self.store(key, *opening, false, bundle.body());
            }
            Write::StoreStub(opening, stub) | Write::Shrink(opening, stub) => {
                let key = (stub.header.stream, stub.header.seq);
                self.store(key, *opening, true, stub.encode());
            }
            Write::OwnGap(opening, gap) | Write::Gap(opening, gap) => {
                self.certificates.push((*opening, gap.encode()));
            }
            Write::Proof(proof) => self.proofs.push(proof.encode()),
            Write::Delete(stream, seq) => {
                self.bundles.remove(&(*stream, *seq));
            }
        }
    }

    fn store(&mut self, key: (StreamId, u64), opening: Opening, is_stub: bool, bytes: Vec<u8>) {
        let stored = Stored {
            opening,
            is_stub,
            bytes,
        };
        self.bundles.insert(key, stored);
    }

    pub(super) fn deliver(&mut self, stream: StreamId, seq: u64, entries: &[Entry]) {
        self.delivered.entry(stream).or_default().insert(seq, seq);
        for entry in entries {
            let note = format!("{entry:?}\n");
            self.notes.extend_from_slice(note.as_bytes());
        }
    }

    pub(super) fn delivered_ranges(&self) -> BTreeMap<StreamId, Ranges> {
        self.delivered.clone()
    }

    pub(super) fn last_of(&self, stream: StreamId) -> Option<Stub> {
        let mut of = self.bundles.range((stream, 0)..=(stream, u64::MAX));
        let ((_, seq), stored) = of.next_back()?;
        if stored.is_stub {
            return Stub::decode(stream, *seq, &stored.bytes).ok();
        }
        let bundle = Bundle::from_body(stream, *seq, &stored.bytes).ok()?;
        Some(*bundle.stub())
    }

    /// What the disk says is there.
    pub(super) fn replica(&self, now: Time) -> Replica {
        let mut replica = Replica::default();
        for ((stream, seq), stored) in &self.bundles {
            replica.introduce(stored.opening).expect("room");
            if stored.is_stub {
                let stub = Stub::decode(*stream, *seq, &stored.bytes).expect("a stub");
                // A clock that was set back says that it has not expired yet: it is asked
                // for again.
                let _ = replica.hold_stub(&stub, now);
            } else {
                let bundle = Bundle::from_body(*stream, *seq, &stored.bytes).expect("a bundle");
                replica.check(bundle.stub()).expect("sound");
                replica.hold(&bundle).expect("known");
            }
        }
        for (opening, bytes) in &self.certificates {
            replica.introduce(*opening).expect("room");
            let gap = GapCertificate::decode(bytes).expect("a certificate");
            let _ = replica.cover(opening.id(), &gap);
        }
        for proof in &self.proofs {
            let proof = Equivocation::decode(proof).expect("a proof");
            let _ = replica.quarantine(proof);
        }
        replica
    }

    pub(super) fn all_bytes(&self) -> Vec<u8> {
        let mut all = Vec::new();
        for ((stream, seq), stored) in &self.bundles {
            all.extend_from_slice(&stream.0);
            all.extend_from_slice(&seq.to_le_bytes());
            all.extend_from_slice(&stored.opening.encode());
            all.extend_from_slice(&stored.bytes);
        }
        for (opening, bytes) in &self.certificates {
            all.extend_from_slice(&opening.encode());
            all.extend_from_slice(bytes);
        }
        self.proofs
            .iter()
            .for_each(|proof| all.extend_from_slice(proof));
        all.extend_from_slice(&self.notes);
        all
    }
}
