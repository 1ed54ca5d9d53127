//! Two ends of a link of datagrams within a process: frames are lost, late or out of order,
//! never torn. It stands for a packet radio, whose frames are short.

use super::{Profile, splitmix};
use crate::carrier::{Carrier, Ended, Event, NotTaken};
use crate::trust::Chain;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep, sleep_until};

/// Frames on the way in one direction. What comes on top is lost, as on the air.
const FLYING_MAX: usize = 1024;

/// How a link of datagrams is, alike in both directions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Datagrams {
    /// Rate and delay; jitter may let frames overtake each other.
    pub profile: Profile,
    /// The longest frame.
    pub frame_bytes: usize,
    /// Which share of the frames is lost.
    pub loss: f64,
    /// The same seed loses the same frames.
    pub seed: u64,
}

/// One end of a link of datagrams.
#[derive(Debug)]
pub struct DatagramEnd {
    peer: Chain,
    how: Datagrams,
    noise: u64,
    out: Option<mpsc::Sender<(Instant, Vec<u8>)>>,
    into: mpsc::Receiver<(Instant, Vec<u8>)>,
    /// What has not arrived yet, by when it does.
    flying: BTreeMap<(Instant, u64), Vec<u8>>,
    count: u64,
    /// When what was handed down has left.
    free_at: Instant,
    has_room: bool,
    alarm: Pin<Box<Sleep>>,
}

/// Both ends; each sees the certificates that the other is said to have.
pub fn datagrams(how: Datagrams, ends: [Chain; 2]) -> (DatagramEnd, DatagramEnd) {
    let (there, from_there) = mpsc::channel(FLYING_MAX);
    let (back, from_back) = mpsc::channel(FLYING_MAX);
    let [one, other] = ends;
    (
        DatagramEnd::new(how, other, how.seed, there, from_back),
        DatagramEnd::new(how, one, !how.seed, back, from_there),
    )
}

impl DatagramEnd {
    fn new(
        how: Datagrams,
        peer: Chain,
        noise: u64,
        out: mpsc::Sender<(Instant, Vec<u8>)>,
        into: mpsc::Receiver<(Instant, Vec<u8>)>,
    ) -> Self {
        let now = Instant::now();
        Self {
            peer,
            how,
            noise,
            out: Some(out),
            into,
            flying: BTreeMap::new(),
            count: 0,
            free_at: now,
            has_room: false,
            alarm: Box::pin(sleep_until(now)),
        }
    }

    /// Evenly between nothing and one.
    fn chance(&mut self) -> f64 {
        (splitmix(&mut self.noise) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn occupies(&self, bytes: usize) -> Duration {
        let rate = self.how.profile.bits_per_s;
        rate.map_or(Duration::ZERO, |rate| {
            Duration::from_secs_f64(bytes as f64 * 8.0 / rate)
        })
    }

    /// Takes up what the other end has sent. Ready when it has gone.
    fn poll_flying(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while let Poll::Ready(sent) = self.into.poll_recv(context) {
            let Some((at, frame)) = sent else {
                return Poll::Ready(());
            };
            self.count += 1;
            if self.flying.len() < FLYING_MAX {
                self.flying.insert((at, self.count), frame);
            }
        }
        Poll::Pending
    }

    fn landed(&mut self, now: Instant) -> Option<Vec<u8>> {
        let first = self.flying.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// When something happens by itself.
    fn wake(&self, may_read: bool) -> Option<Instant> {
        let first = self.flying.first_key_value().filter(|_| may_read);
        let lands = first.map(|((at, _), _)| *at);
        let leaves = (!self.has_room).then_some(self.free_at);
        [lands, leaves].into_iter().flatten().min()
    }

    fn poll_room(&mut self, now: Instant) -> Option<Event> {
        if self.out.is_none() && now >= self.free_at {
            return Some(Event::Ended(Ended::ByUs));
        }
        let is_new = !self.has_room && now >= self.free_at;
        self.has_room |= is_new;
        is_new.then_some(Event::Room)
    }

    fn poll_all(&mut self, context: &mut Context<'_>, may_read: bool) -> Poll<Event> {
        let has_gone = self.poll_flying(context).is_ready();
        loop {
            let now = Instant::now();
            if let Some(frame) = may_read.then(|| self.landed(now)).flatten() {
                return Poll::Ready(Event::Frame(frame));
            }
            if has_gone && self.flying.is_empty() {
                return Poll::Ready(Event::Ended(Ended::ByPeer));
            }
            if let Some(event) = self.poll_room(now) {
                return Poll::Ready(event);
            }
            let Some(wake) = self.wake(may_read) else {
                return Poll::Pending;
            };
            self.alarm.as_mut().reset(wake);
            if self.alarm.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

impl Carrier for DatagramEnd {
    fn chain(&self) -> &Chain {
        &self.peer
    }

    fn frame_bytes(&self) -> usize {
        self.how.frame_bytes
    }

    fn send(&mut self, frame: Vec<u8>) -> Result<(), NotTaken> {
        let now = Instant::now();
        if !self.has_room || frame.len() > self.how.frame_bytes {
            return Err(NotTaken(frame));
        }
        self.has_room = false;
        self.free_at = self.free_at.max(now) + self.occupies(frame.len());
        let late = self.how.profile.jitter.mul_f64(self.chance());
        let lands = self.free_at + self.how.profile.delay + late;
        let is_lost = self.chance() < self.how.loss;
        let out = self.out.as_ref().filter(|_| !is_lost);
        // What the other end cannot take is lost like any other.
        let _ = out.map(|out| out.try_send((lands, frame)));
        Ok(())
    }

    fn leave(&mut self) {
        self.out = None;
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        self.poll_all(context, true)
    }

    fn poll_held(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        self.poll_all(context, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::carrier::next;

    fn nobody() -> Chain {
        Chain {
            authority: Vec::new(),
            authority_key: [0; 32],
            leaf: Vec::new(),
        }
    }

    fn radio(loss: f64, jitter_ms: u64) -> (DatagramEnd, DatagramEnd) {
        let profile = Profile {
            jitter: Duration::from_millis(jitter_ms),
            ..Profile::radio()
        };
        let how = Datagrams {
            profile,
            frame_bytes: 256,
            loss,
            seed: 5,
        };
        datagrams(how, [nobody(), nobody()])
    }

    /// Sends so many frames of 120 bytes; which arrive, and after how many milliseconds.
    async fn send(loss: f64, jitter_ms: u64, frames: u8) -> Vec<(u8, u128)> {
        let (mut sends, mut takes) = radio(loss, jitter_ms);
        let begun = Instant::now();
        let sending = async {
            for i in 0..frames {
                while next(&mut sends).await != Event::Room {}
                sends.send(vec![i; 120]).expect("room");
            }
            sends.leave();
            while next(&mut sends).await != Event::Ended(Ended::ByUs) {}
        };
        let mut arrived = Vec::new();
        let taking = async {
            loop {
                match next(&mut takes).await {
                    Event::Frame(frame) => arrived.push((frame[0], begun.elapsed().as_millis())),
                    Event::Ended(_) => return,
                    Event::Room => {}
                }
            }
        };
        tokio::join!(sending, taking);
        arrived
    }

    #[tokio::test(start_paused = true)]
    async fn a_frame_of_120_bytes_takes_100_ms_and_50_to_get_there() {
        // A timer of the runtime is late by up to a millisecond, and this does not add up.
        let arrived = send(0.0, 0, 100).await;
        for (&(number, at), i) in arrived.iter().zip(0_u8..) {
            let due = 150 + 100 * u128::from(i);
            assert_eq!(number, i);
            assert!((due..due + 100).contains(&at), "{i}: {at} ms");
        }
        assert_eq!(arrived.len(), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn a_share_is_lost_and_the_same_seed_loses_the_same() {
        let arrived = send(0.3, 0, 200).await;
        assert!((120..160).contains(&arrived.len()), "{}", arrived.len());
        assert_eq!(arrived, send(0.3, 0, 200).await);
    }

    #[tokio::test(start_paused = true)]
    async fn jitter_lets_frames_overtake() {
        let mut arrived: Vec<u8> = send(0.0, 400, 50).await.iter().map(|a| a.0).collect();
        assert!(!arrived.is_sorted());
        arrived.sort_unstable();
        assert_eq!(arrived, (0..50).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_landed_waits_while_nothing_is_taken_in() {
        let (mut sends, mut takes) = radio(0.0, 0);
        assert_eq!(next(&mut sends).await, Event::Room);
        sends.send(vec![9]).expect("room");
        let held = std::future::poll_fn(|context| takes.poll_held(context));
        assert_eq!(held.await, Event::Room);
        let held = std::future::poll_fn(|context| takes.poll_held(context));
        let held = tokio::time::timeout(Duration::from_secs(1), held).await;
        assert!(held.is_err(), "{held:?}");
        assert_eq!(next(&mut takes).await, Event::Frame(vec![9]));
    }

    #[tokio::test(start_paused = true)]
    async fn no_frame_without_room_or_beyond_the_longest() {
        let (mut sends, _takes) = radio(0.0, 0);
        assert!(sends.send(vec![1]).is_err());
        assert_eq!(next(&mut sends).await, Event::Room);
        assert!(sends.send(vec![0; 257]).is_err());
        assert!(sends.send(vec![0; 256]).is_ok());
        assert!(sends.send(vec![1]).is_err());
    }
}
