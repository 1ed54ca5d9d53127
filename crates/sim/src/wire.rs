//! What connects two nodes: a wire, a radio, a minute of two vehicles beside each other.
//!
//! Each direction has its own rate, delay and losses, because a radio that hears well may
//! be heard badly.

use crate::dice::Dice;
use twin_model::Time;

/// How much longer a late frame takes than the others.
const LATE_FACTOR: f64 = 8.0;

/// One direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Path {
    /// Capacity.
    pub bytes_per_s: f64,
    /// One way, without the time that the bytes take.
    pub delay_s: f64,
    /// Up to so much is added, by chance; frames overtake each other.
    pub jitter_s: f64,
    /// Share of frames that are lost, each by itself.
    pub loss: f64,
    /// Losses that come in bursts.
    pub burst: Option<Burst>,
    /// Share of frames that arrive twice.
    pub repeat: f64,
    /// Share of frames that arrive much later than those sent after them.
    pub late: f64,
}

/// Losses in bursts: a good and a bad state (Gilbert 1960, Elliott 1963).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Burst {
    /// Chance per frame that the bad state begins.
    pub begins: f64,
    /// Chance per frame that it ends.
    pub ends: f64,
    /// Share of frames that are lost in it.
    pub loss: f64,
}

impl Path {
    /// Nothing is lost, nothing overtakes.
    pub const fn clean(bytes_per_s: f64, delay_s: f64) -> Self {
        Self {
            bytes_per_s,
            delay_s,
            jitter_s: 0.0,
            loss: 0.0,
            burst: None,
            repeat: 0.0,
            late: 0.0,
        }
    }
}

/// Both directions, and what the nodes know of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wire {
    /// From the node with the smaller number to the other.
    pub there: Path,
    /// And back.
    pub back: Path,
    /// The longest frame.
    pub frame_bytes: usize,
    /// Whether the senders know the rate.
    pub is_budgeted: bool,
}

impl Wire {
    /// The same in both directions.
    pub const fn even(path: Path, frame_bytes: usize, is_budgeted: bool) -> Self {
        Self {
            there: path,
            back: path,
            frame_bytes,
            is_budgeted,
        }
    }

    /// A voice radio that carries data: 9.6 kbit/s, frames of 256 bytes.
    pub const fn radio() -> Self {
        Self::even(Path::clean(1200.0, 0.05), 256, true)
    }

    /// A link of 1 Mbit/s.
    pub const fn megabit() -> Self {
        Self::even(Path::clean(125_000.0, 0.05), 1400, false)
    }

    /// The same wire with so many of its frames lost in each direction.
    pub const fn losing(mut self, loss: f64) -> Self {
        self.there.loss = loss;
        self.back.loss = loss;
        self
    }
}

/// A direction as it is now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lane {
    path: Path,
    /// When all that it was handed has been sent.
    pub(crate) busy_until: Time,
    /// What is sent goes nowhere, and nobody is told.
    pub(crate) is_silent: bool,
    is_bad: bool,
}

impl Lane {
    pub(crate) fn new(path: Path, now: Time) -> Self {
        Self {
            path,
            busy_until: now,
            is_silent: false,
            is_bad: false,
        }
    }

    /// Sends a frame from `begin` on; when it arrives, as often as it does.
    pub(crate) fn send(&mut self, bytes: usize, begin: Time, dice: &mut Dice) -> Vec<Time> {
        let sent = begin.plus_seconds(bytes as f64 / self.path.bytes_per_s);
        self.busy_until = sent;
        let copies = 1 + usize::from(dice.chance(self.path.repeat));
        (0..copies)
            .filter_map(|_| {
                let is_lost = self.loses(dice) || self.is_silent;
                let delay_s = self.delay_s(dice);
                (!is_lost).then(|| sent.plus_seconds(delay_s))
            })
            .collect()
    }

    fn delay_s(&self, dice: &mut Dice) -> f64 {
        let jitter_s = dice.unit() * self.path.jitter_s;
        let late = dice.chance(self.path.late);
        let factor = if late { LATE_FACTOR } else { 1.0 };
        (self.path.delay_s + jitter_s) * factor
    }

    fn loses(&mut self, dice: &mut Dice) -> bool {
        let mut loss = self.path.loss;
        if let Some(burst) = self.path.burst {
            let turn = if self.is_bad {
                burst.ends
            } else {
                burst.begins
            };
            self.is_bad ^= dice.chance(turn);
            if self.is_bad {
                loss = loss.max(burst.loss);
            }
        }
        dice.chance(loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(path: Path) -> f64 {
        let mut dice = Dice::new(3);
        let mut lane = Lane::new(path, Time(0));
        let arrived = (0..20_000).filter(|_| !lane.send(100, Time(0), &mut dice).is_empty());
        1.0 - arrived.count() as f64 / 20_000.0
    }

    #[test]
    fn losses_are_as_stated() {
        let clean = Path::clean(1e6, 0.01);
        assert_eq!(lost(clean), 0.0);
        assert!((lost(Path { loss: 0.3, ..clean }) - 0.3).abs() < 0.02);
        // The bad state holds a fifth of the time: begins / (begins + ends).
        let burst = Some(Burst {
            begins: 0.05,
            ends: 0.2,
            loss: 1.0,
        });
        assert!((lost(Path { burst, ..clean }) - 0.2).abs() < 0.02);
    }

    #[test]
    fn bytes_take_their_time() {
        let mut lane = Lane::new(Path::clean(1200.0, 0.05), Time(0));
        let arrivals = lane.send(240, Time(0), &mut Dice::new(1));
        assert_eq!(arrivals, [Time(250_000)]);
        assert_eq!(lane.busy_until, Time(200_000));
    }
}
