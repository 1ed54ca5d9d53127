//! When it is worth saying that bundles need not be had any more.
//!
//! A certificate spares whoever lacks a bundle its bytes, and lets everybody delete it.
//! Where all have it already the second can wait: each certificate takes a signature and a
//! receipt on every link, as much as a fifth of the readings in a bundle.

use super::Epochs;
use crate::ledger::{After, Ledger};
use twin_link::{Ranges, StreamId};
use twin_model::Time;
use twin_model::time::MICROS;

/// So many bundles that nobody needs are certified although nobody lacks them.
const TOGETHER: u64 = 256;
/// Fewer are after this long.
const WAIT_S: i64 = 3600;

impl Epochs {
    /// Certificates for what need not be had any more, where `is_missed` says that somebody
    /// lacks it, where it is much, or where it has waited long.
    pub(crate) fn certify(
        &mut self,
        is_missed: &dyn Fn(StreamId, &Ranges) -> bool,
        now: Time,
        ledger: &mut Ledger,
    ) {
        for open in self.all_open_mut() {
            let needless = open.author.needless(now);
            if needless.is_empty() {
                open.needless_since = None;
                continue;
            }
            let since = *open.needless_since.get_or_insert(now);
            let has_waited = !(0..WAIT_S * MICROS).contains(&(now.0 - since.0));
            let stream = open.author.stream();
            // What was pruned has lost its keys and rows: only the certificate remembers it.
            let is_due = has_waited
                || needless.count() >= TOGETHER
                || open.author.has_pruned(&needless)
                || is_missed(stream, &needless);
            if !is_due {
                continue;
            }
            open.needless_since = None;
            let opening = open.author.opening();
            for certificate in open.author.certify(now).unwrap_or_default() {
                ledger.certificate(&opening, &certificate);
                ledger.then(After::Certify(stream, certificate));
            }
        }
    }
}
