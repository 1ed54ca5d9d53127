//! For whom a stream is written: one audience per peer, and one for all members.
//!
//! What a peer is told beyond the directory is for that peer alone, so each peer has an
//! audience of its own; the directory is for everybody who belongs.

use twin_link::{Audience, OriginId};

const CONTEXT: &str = "twinternet exchange 1 audience";

/// Everything that `origin` tells `peer` alone.
pub fn of_peer(origin: OriginId, peer: OriginId) -> Audience {
    hash(&[&origin.0, &peer.0])
}

/// What `origin` announces to all members.
pub fn of_members() -> Audience {
    hash(&[b"members"])
}

fn hash(parts: &[&[u8]]) -> Audience {
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    for part in parts {
        hasher.update(part);
    }
    let mut out = [0; 16];
    out.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Audience(out)
}
