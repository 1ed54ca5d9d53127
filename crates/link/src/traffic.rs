//! How a link keeps up: what it carries, and what still waits for it.
//!
//! Whoever looks at the page sees that the radio to the brigade carries a kilobyte a second
//! and that telemetry waits two minutes; the node sees the same and says less.

use twin_model::Time;
use twin_model::time::MICROS;

/// Over how many seconds goodput is averaged: long enough for a radio of thirty frames in
/// that time, short enough to notice a change before much has piled up.
const WINDOW_S: i64 = 8;

/// What waits in one class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Queued {
    /// Bytes that are not handed to the carrier yet, or were lost.
    pub bytes: u64,
    /// Bundles that these belong to.
    pub bundles: u64,
    /// Since when the oldest of them waits; from before the connection, since then.
    pub oldest: Option<Time>,
}

impl Queued {
    pub(crate) fn add(&mut self, bytes: u64, since: Time) {
        self.bytes += bytes;
        self.bundles += 1;
        self.oldest = Some(self.oldest.map_or(since, |oldest| oldest.min(since)));
    }
}

/// How the link to one peer keeps up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traffic {
    /// Bytes of bundles, certificates and proofs that the peer acknowledged per second, over
    /// the last eight seconds. What the link could carry, where something waited.
    pub goodput_bytes_per_s: f64,
    /// What waits, by class.
    pub queued: [Queued; 4],
}

/// Counts bytes by the second.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    began: Time,
    /// Bytes of the second `second` and of those before it, by their numbers modulo the
    /// length.
    bytes: [u64; WINDOW_S as usize],
    second: i64,
}

impl Meter {
    pub(crate) fn new(now: Time) -> Self {
        Self {
            began: now,
            bytes: [0; WINDOW_S as usize],
            second: second(now),
        }
    }

    pub(crate) fn began(&self) -> Time {
        self.began
    }

    pub(crate) fn count(&mut self, bytes: usize, now: Time) {
        self.advance(now);
        self.bytes[slot(self.second)] += bytes as u64;
    }

    pub(crate) fn bytes_per_s(&mut self, now: Time) -> f64 {
        self.advance(now);
        let part_of_second = (now.0.rem_euclid(MICROS)) as f64 / MICROS as f64;
        let window_s = (WINDOW_S - 1) as f64 + part_of_second;
        let lasted_s = now.seconds_since(self.began).max(1.0);
        self.bytes.iter().sum::<u64>() as f64 / window_s.min(lasted_s)
    }

    fn advance(&mut self, now: Time) {
        let passed = (second(now) - self.second).clamp(0, WINDOW_S);
        for step in 1..=passed {
            self.bytes[slot(second(now) - passed + step)] = 0;
        }
        self.second = self.second.max(second(now));
    }
}

fn second(time: Time) -> i64 {
    time.0.div_euclid(MICROS)
}

fn slot(second: i64) -> usize {
    second.rem_euclid(WINDOW_S) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Time {
        Time(1_795_348_800_000_000).plus_seconds(seconds)
    }

    #[test]
    fn a_steady_flow_is_its_rate_and_silence_is_none() {
        let mut meter = Meter::new(at(0.3));
        for i in 0..200 {
            meter.count(100, at(0.3 + f64::from(i) * 0.1));
        }
        let rate = meter.bytes_per_s(at(20.3));
        assert!((rate - 1000.0).abs() < 30.0, "{rate}");
        let half = meter.bytes_per_s(at(24.3));
        assert!((400.0..650.0).contains(&half), "{half}");
        assert_eq!(meter.bytes_per_s(at(40.0)), 0.0);
        meter.count(80, at(40.5));
        let rate = meter.bytes_per_s(at(41.0));
        assert!((rate - 80.0 / 7.0).abs() < 1e-9, "{rate}");
    }

    #[test]
    fn a_clock_that_goes_back_does_no_harm() {
        let mut meter = Meter::new(at(10.0));
        meter.count(100, at(5.0));
        assert_eq!(meter.bytes_per_s(at(10.5)), 100.0);
    }
}
