//! What bytes on wires are spent on.

use std::fmt;
use twin_link::frame::{Frame, Item, Message};

/// Around the content of a bundle that is encrypted and expires: version, flags, the hash of
/// the one before, epoch, expiry, nonce, length, tag and signature; and of a short body:
/// expiry, nonce, tag and signature (`docs/formats/link.md`).
const AROUND_WHOLE: u64 = 1 + 1 + 16 + 1 + 5 + 12 + 2 + 16 + 64;
const AROUND_SHORT: u64 = 1 + 12 + 16 + 64;

/// Bytes of frames, by what they are for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    /// What stands around the contents of bundles: signature, chain, tag, nonce, expiry.
    pub around: u64,
    /// What is said in them.
    pub said: u64,
    /// Where in which bundle bytes belong, and the numbers of streams.
    pub places: u64,
    /// Certificates, stubs and proofs.
    pub certificates: u64,
    /// What is held.
    pub receipts: u64,
    /// Quiet checks that nothing is missing.
    pub checks: u64,
    /// Which frames arrived.
    pub acknowledgements: u64,
    /// Numbers of frames.
    pub frames: u64,
}

impl Account {
    /// Takes a frame to account.
    pub fn enter(&mut self, bytes: &[u8]) {
        let Ok(frame) = Frame::decode(bytes) else {
            return;
        };
        let mut left = bytes.len() as u64;
        for message in &frame.messages {
            let size = message.encode().len() as u64;
            left -= size;
            match message {
                Message::Part(part) => {
                    let said = part.bytes.len() as u64;
                    self.places += size - said;
                    match part.item {
                        Item::Body(_) | Item::Short(_) => self.said += said,
                        _ => self.certificates += said,
                    }
                    if part.offset + part.bytes.len() == part.total {
                        let around = match part.item {
                            Item::Body(_) => AROUND_WHOLE,
                            Item::Short(_) => AROUND_SHORT,
                            _ => 0,
                        };
                        // Its first bytes were entered before.
                        self.around += around;
                        self.said = self.said.saturating_sub(around);
                    }
                }
                Message::Open(..) => self.places += size,
                Message::Have(_) => self.receipts += size,
                Message::Ack(_) => self.acknowledgements += size,
                _ => self.checks += size,
            }
        }
        self.frames += left;
    }

    /// What came since an earlier account.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            around: self.around - earlier.around,
            said: self.said - earlier.said,
            places: self.places - earlier.places,
            certificates: self.certificates - earlier.certificates,
            receipts: self.receipts - earlier.receipts,
            checks: self.checks - earlier.checks,
            acknowledgements: self.acknowledgements - earlier.acknowledgements,
            frames: self.frames - earlier.frames,
        }
    }
}

/// Per update.
#[derive(Debug, Clone, Copy)]
pub struct PerUpdate(pub Account, pub usize);

impl fmt::Display for PerUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(account, updates) = self;
        let per = |bytes: u64| bytes as f64 / *updates as f64;
        write!(
            f,
            "{:.2} said, {:.2} signature and the like, {:.2} places, {:.2} certificates, {:.2} receipts, {:.2} checks, {:.2} acknowledgements, {:.2} frames",
            per(account.said),
            per(account.around),
            per(account.places),
            per(account.certificates),
            per(account.receipts),
            per(account.checks),
            per(account.acknowledgements),
            per(account.frames),
        )
    }
}
