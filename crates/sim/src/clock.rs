//! A node's clock, which is not the world's: it is wrong, drifts, and jumps when somebody
//! sets it.

use twin_model::Time;
use twin_model::time::MICROS;

/// What a node's clock shows as a function of true time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clock {
    offset_us: i64,
    /// Parts per million that it runs fast.
    drift_ppm: f64,
    /// Since when, in true time.
    since: Time,
}

impl Clock {
    /// A clock that was `offset_s` ahead at `since`.
    pub fn new(offset_s: f64, drift_ppm: f64, since: Time) -> Self {
        Self {
            offset_us: (offset_s * MICROS as f64) as i64,
            drift_ppm,
            since,
        }
    }

    /// A clock that is right.
    pub fn right(since: Time) -> Self {
        Self::new(0.0, 0.0, since)
    }

    /// What it shows.
    pub fn shows(&self, now: Time) -> Time {
        let run_us = (now.0 - self.since.0) as f64 * self.drift_ppm * 1e-6;
        Time(now.0 + self.offset_us + run_us as i64)
    }

    /// When, in true time, it will show something; never before `now`.
    pub fn when(&self, shows: Time, now: Time) -> Time {
        let ahead_us = (shows.0 - self.shows(now).0).max(0) as f64;
        Time(now.0 + libm::ceil(ahead_us / (1.0 + self.drift_ppm * 1e-6)) as i64)
    }

    /// Somebody sets it by so much.
    pub fn jump(&mut self, seconds: f64) {
        self.offset_us += (seconds * MICROS as f64) as i64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_drifts_and_jumps() {
        let mut clock = Clock::new(2.0, 100.0, Time(0));
        let later = Time(10_000 * MICROS);
        assert_eq!(clock.shows(later), Time(10_003 * MICROS));
        clock.jump(-3.0);
        assert_eq!(clock.shows(later), later);
        let alarm = Time(later.0 + MICROS);
        let when = clock.when(alarm, later);
        assert!(clock.shows(when) >= alarm && when.0 - later.0 <= MICROS);
        assert_eq!(clock.when(Time(0), later), later);
    }
}
