//! What the driver brings along at each call: the time and randomness.
//!
//! A core that reads no clock and draws no lots does the same again when it is asked the
//! same again, which is how years of broken links are rehearsed in seconds.

use std::fmt;
use twin_model::Time;

/// The time and a source of randomness.
pub struct Env<'a> {
    /// The time now.
    pub now: Time,
    /// Fills a buffer with bytes that nobody can guess.
    pub random: &'a mut dyn FnMut(&mut [u8]),
}

impl Env<'_> {
    /// Bytes that nobody can guess.
    pub fn draw<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        (self.random)(&mut out);
        out
    }
}

impl fmt::Debug for Env<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}
