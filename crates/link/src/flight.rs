//! Frames under way: which arrived, which are lost, and how many more may go.
//!
//! At most one frame and one bandwidth-delay product are handed to the carrier. What waits
//! here can still be overtaken by an alarm; what waits in the carrier cannot.
//!
//! Loss is found as in RFC 9002, the window follows the delay as in Vegas (Brakmo and
//! Peterson 1995): a radio loses frames for other reasons than queues.

use crate::frame::Ack;
use crate::limits::FRAMES_IN_FLIGHT_MAX;
use crate::ranges::Ranges;
use std::collections::BTreeMap;
use twin_model::Time;

/// A frame is lost when one this much later has arrived (RFC 9002 §6.1.1).
const REORDER_FRAMES: u64 = 3;
/// Longest time that the other side keeps an acknowledgement back, in microseconds.
pub(crate) const ACK_DELAY_US: i64 = 25_000;
/// Before anything is measured (RFC 9002 §6.2.2 has 333 ms; a radio frame alone takes 213).
const FIRST_RTT_US: i64 = 500_000;
/// Queue in frames below which the window grows and above which it shrinks.
const QUEUE_MIN_FRAMES: f64 = 1.0;
const QUEUE_MAX_FRAMES: f64 = 2.0;
/// On a fast link the queue is counted in time, because what looks like one is mostly the
/// other side's disk: below this the window grows, above twice this it shrinks. An alarm may
/// take thirty times as long.
const QUEUE_MIN_US: f64 = 25_000.0;
const BACKOFF_MAX: u32 = 5;
/// An acknowledgement that waits for company waits so long, in microseconds.
const LAZY_ACK_US: i64 = 45_000_000;
/// What was said quietly is said again after this long, in microseconds.
pub(crate) const QUIET_US: i64 = 120_000_000;
/// Quiet frames that are remembered: each says all that those before it said.
const QUIET_FRAMES_MAX: usize = 64;

#[derive(Debug, Clone)]
struct Sent<T> {
    at: Time,
    bytes: usize,
    cargo: Vec<T>,
}

/// What became of frames: their cargo.
#[derive(Debug)]
pub(crate) struct Settled<T> {
    pub(crate) arrived: Vec<T>,
    pub(crate) lost: Vec<T>,
}

/// Frames under way in one direction; `T` is what they carry.
#[derive(Debug, Clone)]
pub(crate) struct Flight<T> {
    next_packet: u64,
    sent: BTreeMap<u64, Sent<T>>,
    /// Frames that nobody hurries to acknowledge, beside the window.
    quiet: BTreeMap<u64, (Time, Vec<T>)>,
    bytes: usize,
    frame_bytes: usize,
    window_bytes: f64,
    is_starting: bool,
    largest_acked: u64,
    rtt_us: Option<Rtt>,
    /// Since when something is under way or lost and nothing was acknowledged.
    silent_since: Option<Time>,
    last_sent: Time,
    backoff: u32,
    /// How long the other side may keep an acknowledgement back.
    ack_delay_us: i64,
}

#[derive(Debug, Clone, Copy)]
struct Rtt {
    smooth: f64,
    deviation: f64,
    min: f64,
}

impl<T> Flight<T> {
    pub(crate) fn new(frame_bytes: usize, now: Time) -> Self {
        Self {
            next_packet: 1,
            sent: BTreeMap::new(),
            quiet: BTreeMap::new(),
            bytes: 0,
            frame_bytes,
            window_bytes: 2.0 * frame_bytes as f64,
            is_starting: true,
            largest_acked: 0,
            rtt_us: None,
            silent_since: None,
            last_sent: now,
            backoff: 0,
            ack_delay_us: ACK_DELAY_US,
        }
    }

    /// Acknowledgements may wait so much longer: for the next frame of an item.
    pub(crate) fn allow(&mut self, longer_us: i64) {
        self.ack_delay_us = ACK_DELAY_US + longer_us;
    }

    /// Both sides agreed on a length of frames.
    pub(crate) fn set_frame_bytes(&mut self, frame_bytes: usize) {
        self.frame_bytes = frame_bytes;
        self.window_bytes = self.window_bytes.min(2.0 * frame_bytes as f64);
    }

    /// Whether another frame with cargo may be handed down.
    pub(crate) fn has_room(&self) -> bool {
        self.sent.len() < FRAMES_IN_FLIGHT_MAX && (self.bytes as f64) < self.window_bytes
    }

    /// Numbers a frame. One without cargo is neither acknowledged nor repeated.
    pub(crate) fn send(&mut self, bytes: usize, cargo: Vec<T>, now: Time) -> u64 {
        let packet = self.next_packet;
        self.next_packet += 1;
        if !cargo.is_empty() {
            self.silent_since.get_or_insert(now);
            self.bytes += bytes;
            self.last_sent = now;
            let sent = Sent {
                at: now,
                bytes,
                cargo,
            };
            self.sent.insert(packet, sent);
        }
        packet
    }

    /// Numbers a frame that says only what later ones will say again, so that its
    /// acknowledgement can wait for company.
    pub(crate) fn send_quietly(&mut self, cargo: Vec<T>, now: Time) -> u64 {
        let packet = self.next_packet;
        self.next_packet += 1;
        self.quiet.insert(packet, (now, cargo));
        while self.quiet.len() > QUIET_FRAMES_MAX {
            self.quiet.pop_first();
        }
        packet
    }

    /// What was said quietly and not acknowledged since `before`: to be said again.
    pub(crate) fn unheard(&mut self, before: Time) -> Vec<T> {
        let old = self.quiet.iter().filter(|(_, (at, _))| *at <= before);
        let old: Vec<u64> = old.map(|(&packet, _)| packet).collect();
        let old = old
            .into_iter()
            .filter_map(|packet| self.quiet.remove(&packet));
        old.flat_map(|(_, cargo)| cargo).collect()
    }

    /// When something that was said quietly has not been acknowledged for too long.
    pub(crate) fn quiet_timeout(&self) -> Option<Time> {
        let (_, (first, _)) = self.quiet.first_key_value()?;
        Some(Time(first.0 + QUIET_US))
    }

    /// The number that the next frame will have.
    pub(crate) fn next_packet(&self) -> u64 {
        self.next_packet
    }

    /// Takes an acknowledgement in. `None` if it names frames that were never sent.
    pub(crate) fn acknowledge(&mut self, ack: &Ack, now: Time) -> Option<Settled<T>> {
        if ack.received.last() >= self.next_packet {
            return None;
        }
        let mut settled = Settled {
            arrived: Vec::new(),
            lost: Vec::new(),
        };
        let mut newest = None;
        for (from, to) in ack.received.iter() {
            let heard: Vec<u64> = self.quiet.range(from..=to).map(|(&p, _)| p).collect();
            let heard = heard.into_iter().filter_map(|p| self.quiet.remove(&p));
            settled.arrived.extend(heard.flat_map(|(_, cargo)| cargo));
            let packets: Vec<u64> = self.sent.range(from..=to).map(|(&p, _)| p).collect();
            for packet in packets {
                newest = self.take(packet).map(|sent| {
                    settled.arrived.extend(sent.cargo);
                    (sent.at, sent.bytes)
                });
            }
        }
        if let Some((at, _)) = newest {
            let delay_us = i64::try_from(ack.delay_ms).unwrap_or(0).min(1000) * 1000;
            self.silent_since = (!self.sent.is_empty()).then_some(now);
            self.backoff = 0;
            self.largest_acked = self.largest_acked.max(ack.received.last());
            self.measure((now.0 - at.0 - delay_us).max(1) as f64);
        }
        settled.lost = self.find_lost(now);
        // Frames overtake each other, but not by this many.
        let passed = ack.received.last().saturating_sub(REORDER_FRAMES);
        while let Some(entry) = self.quiet.first_entry().filter(|e| *e.key() < passed) {
            settled.lost.extend(entry.remove().1);
        }
        Some(settled)
    }

    fn take(&mut self, packet: u64) -> Option<Sent<T>> {
        let sent = self.sent.remove(&packet)?;
        self.bytes -= sent.bytes;
        Some(sent)
    }

    /// RFC 6298, and the window of Vegas.
    fn measure(&mut self, sample: f64) {
        let rtt = self.rtt_us.get_or_insert(Rtt {
            smooth: sample,
            deviation: sample / 2.0,
            min: sample,
        });
        rtt.deviation += ((sample - rtt.smooth).abs() - rtt.deviation) / 4.0;
        rtt.smooth += (sample - rtt.smooth) / 8.0;
        rtt.min = rtt.min.min(sample);
        let frame = self.frame_bytes as f64;
        let queue_frames = self.window_bytes * (1.0 - rtt.min / sample) / frame;
        let queue_us = sample - rtt.min;
        // Per window of acknowledged frames: one frame more or less, doubled while starting.
        let frames = (self.window_bytes / frame).max(1.0);
        if queue_frames > QUEUE_MAX_FRAMES && queue_us > 2.0 * QUEUE_MIN_US {
            self.is_starting = false;
            self.window_bytes -= frame / frames;
        } else if self.is_starting {
            self.window_bytes += frame;
        } else if queue_frames < QUEUE_MIN_FRAMES || queue_us < QUEUE_MIN_US {
            self.window_bytes += frame / frames;
        }
        let most = (FRAMES_IN_FLIGHT_MAX * self.frame_bytes) as f64;
        self.window_bytes = self.window_bytes.clamp(2.0 * frame, most);
    }

    fn find_lost(&mut self, now: Time) -> Vec<T> {
        let patience_us = self.rtt_us.map_or(FIRST_RTT_US as f64, |rtt| rtt.smooth) * 9.0 / 8.0;
        let largest = self.largest_acked;
        let is_lost = |(packet, sent): &(&u64, &Sent<T>)| {
            let late = (now.0 - sent.at.0) as f64 > patience_us;
            *packet + REORDER_FRAMES <= largest || late
        };
        let before = self.sent.range(..largest);
        let lost: Vec<u64> = before.filter(is_lost).map(|(&packet, _)| packet).collect();
        self.take_all(&lost)
    }

    fn take_all(&mut self, packets: &[u64]) -> Vec<T> {
        let sent = packets.iter().filter_map(|&packet| self.take(packet));
        sent.collect::<Vec<_>>()
            .into_iter()
            .flat_map(|sent| sent.cargo)
            .collect()
    }

    /// When silence means that what is under way is lost (RFC 9002 §6.2).
    pub(crate) fn timeout(&self) -> Option<Time> {
        let first = Rtt {
            smooth: FIRST_RTT_US as f64,
            deviation: FIRST_RTT_US as f64 / 2.0,
            min: 0.0,
        };
        let rtt = self.rtt_us.unwrap_or(first);
        let wait = rtt.smooth + (4.0 * rtt.deviation).max(1000.0) + self.ack_delay_us as f64;
        let wait = (wait * f64::from(1 << self.backoff)) as i64;
        let from = self
            .silent_since
            .map_or(self.last_sent, |since| since.max(self.last_sent));
        (!self.sent.is_empty()).then_some(Time(from.0.saturating_add(wait)))
    }

    /// Gives up on what is under way if the time for it has come.
    pub(crate) fn on_timeout(&mut self, now: Time) -> Vec<T> {
        if self.timeout().is_none_or(|timeout| now < timeout) {
            return Vec::new();
        }
        self.backoff = (self.backoff + 1).min(BACKOFF_MAX);
        let all: Vec<u64> = self.sent.keys().copied().collect();
        self.take_all(&all)
    }

    /// Since when the peer should have acknowledged something and has not.
    pub(crate) fn silent_since(&self) -> Option<Time> {
        self.silent_since
    }
}

/// Which frames arrived here, and when to say so.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrivals {
    received: Ranges,
    unacknowledged: u32,
    largest_at: Option<Time>,
    due: Option<Time>,
    /// A frame came out of its turn: the other side is to know at once.
    is_urgent: bool,
    /// When frames that are in no hurry are acknowledged by themselves.
    lazily_due: Option<Time>,
}

/// How a frame wants to be acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Asks {
    /// It is an acknowledgement itself.
    Nothing,
    /// Some time, with others.
    Lazily,
    /// Soon.
    Soon,
}

impl Arrivals {
    /// Notes a frame; false if it came before.
    pub(crate) fn note(&mut self, packet: u64, asks: Asks, now: Time) -> bool {
        let is_new = !self.received.contains(packet);
        let in_order = packet == self.received.last() + 1;
        if packet > self.received.last() {
            self.largest_at = Some(now);
        }
        self.received.insert(packet, packet);
        // Only the latest runs are ever acknowledged; older ones need not be kept apart.
        while self.received.runs() > 2 * ACK_RUNS_MAX {
            let first = self.received.iter().nth(1).map_or(0, |(from, _)| from);
            self.received.insert(1, first);
        }
        if asks == Asks::Lazily {
            self.lazily_due.get_or_insert(Time(now.0 + LAZY_ACK_US));
        }
        if asks == Asks::Soon {
            self.unacknowledged += 1;
            let soon = Time(now.0 + ACK_DELAY_US);
            self.is_urgent |= !in_order;
            let at_once = self.unacknowledged >= 2 || self.is_urgent;
            let due = if at_once { now } else { soon };
            self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
        }
        is_new
    }

    pub(crate) fn due(&self) -> Option<Time> {
        [self.due, self.lazily_due].into_iter().flatten().min()
    }

    /// More of an item follows: the acknowledgement can wait for it.
    pub(crate) fn wait_for_more(&mut self, longer_us: i64, now: Time) {
        if !self.is_urgent && self.unacknowledged == 1 {
            self.due = Some(Time(now.0 + ACK_DELAY_US + longer_us));
        }
    }

    /// What arrived is about to be durable: the acknowledgement can go with the receipt.
    pub(crate) fn wait_for_receipt(&mut self, now: Time) {
        if !self.is_urgent && self.due.is_some_and(|due| due <= now) {
            self.due = Some(Time(now.0 + ACK_DELAY_US));
        }
    }

    /// The acknowledgement, if there is anything to acknowledge.
    pub(crate) fn take(&mut self, now: Time) -> Option<Ack> {
        let is_lazy = self.lazily_due.is_some_and(|due| due <= now);
        if self.due.take().is_none() && !is_lazy {
            return None;
        }
        self.lazily_due = None;
        self.is_urgent = false;
        self.unacknowledged = 0;
        let waited_us = self.largest_at.map_or(0, |at| now.0 - at.0).max(0);
        let mut received = Ranges::default();
        let runs: Vec<_> = self.received.iter().collect();
        for &(from, to) in runs.iter().rev().take(ACK_RUNS_MAX) {
            received.insert(from, to);
        }
        Some(Ack {
            delay_ms: (waited_us / 1000).cast_unsigned(),
            received,
        })
    }
}

/// Runs in an ACK: enough for a loss of a third of thirty frames.
const ACK_RUNS_MAX: usize = 12;
