//! Whether the other end is still there.
//!
//! A cut cable says nothing. So whoever sent something and heard nothing asks, and after two
//! seconds of silence takes the way for cut; on a slow way, where an answer takes longer,
//! proportionally later.

use crate::endpoint::Pace;
use std::time::Duration;
use tokio::time::Instant;

/// How many of the longest recent turnarounds are waited for.
const TURNAROUNDS: u32 = 4;

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    /// To ask whether the peer is there.
    Ask,
    /// It is not.
    Dead,
}

/// Watches the bytes that come.
#[derive(Debug)]
pub(crate) struct Liveness {
    pace: Pace,
    heard_bytes: u64,
    heard_at: Instant,
    /// Since when something is outstanding.
    owed_since: Option<Instant>,
    has_asked: bool,
    /// The longest recent time between something sent and something heard.
    turnaround: Duration,
}

impl Liveness {
    pub(crate) fn new(pace: Pace, turnaround: Duration, heard_bytes: u64, now: Instant) -> Self {
        Self {
            pace,
            heard_bytes,
            heard_at: now,
            owed_since: None,
            has_asked: false,
            turnaround,
        }
    }

    /// Something was sent to which an answer is due.
    pub(crate) fn sent(&mut self, now: Instant) {
        self.owed_since.get_or_insert(now);
    }

    /// So many bytes were heard in all.
    pub(crate) fn heard(&mut self, bytes: u64, now: Instant) {
        if bytes == self.heard_bytes {
            return;
        }
        if let Some(since) = self.owed_since.take() {
            // Forgets a slow spell by a quarter with each answer.
            self.turnaround = (now - since).max(self.turnaround * 3 / 4);
        }
        self.heard_bytes = bytes;
        self.heard_at = now;
        self.has_asked = false;
    }

    fn patience(&self) -> Duration {
        let slow = self.turnaround * TURNAROUNDS;
        slow.clamp(self.pace.patience_min, self.pace.patience_max)
    }

    /// When to look again.
    pub(crate) fn wake(&self) -> Instant {
        match self.owed_since {
            Some(since) if self.has_asked => since + self.patience(),
            Some(since) => since + self.pace.ask,
            None => self.heard_at + self.pace.idle,
        }
    }

    /// What is due; asking counts as done.
    pub(crate) fn due(&mut self, now: Instant) -> Due {
        if now < self.wake() {
            return Due::Nothing;
        }
        if self.has_asked && self.owed_since.is_some() {
            return Due::Dead;
        }
        self.has_asked = true;
        self.sent(now);
        Due::Ask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn watch(turnaround_ms: u64) -> (Liveness, Instant) {
        let now = Instant::now();
        let watch = Liveness::new(Pace::default(), ms(turnaround_ms), 0, now);
        (watch, now)
    }

    /// Plays time in steps of 10 ms; when it asked and when it gave up.
    fn play(watch: &mut Liveness, from: Instant) -> (u128, u128) {
        let (mut asked, mut step) = (0, 0);
        loop {
            match watch.due(from + ms(step)) {
                Due::Nothing => {}
                Due::Ask => asked = u128::from(step),
                Due::Dead => return (asked, u128::from(step)),
            }
            step += 10;
        }
    }

    #[test]
    fn silence_after_something_sent_lasts_two_seconds() {
        let (mut watch, now) = watch(1);
        watch.sent(now);
        assert_eq!(play(&mut watch, now), (500, 2000));
    }

    #[test]
    fn an_idle_peer_is_asked_now_and_then() {
        let (mut watch, now) = watch(1);
        assert_eq!(play(&mut watch, now), (15_000, 17_000));
    }

    #[test]
    fn a_slow_way_gets_more_patience_and_a_very_slow_one_not_for_ever() {
        for (turnaround, patience) in [(900, 3600), (60_000, 10_000)] {
            let (mut watch, now) = watch(turnaround);
            watch.sent(now);
            assert_eq!(play(&mut watch, now).1, patience);
        }
    }

    #[test]
    fn whatever_is_heard_counts() {
        let (mut watch, now) = watch(1);
        watch.sent(now);
        assert_eq!(watch.due(now + ms(500)), Due::Ask);
        watch.heard(1, now + ms(1900));
        assert_eq!(watch.due(now + ms(2100)), Due::Nothing);
        // The answer took 1.9 s, so the next may take four times that.
        watch.sent(now + ms(3000));
        assert_eq!(play(&mut watch, now + ms(3000)).1, 7600);
    }
}
