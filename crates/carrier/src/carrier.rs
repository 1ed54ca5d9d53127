//! What the link asks of anything that carries its frames.
//!
//! A radio, a cable and a satellite differ in speed and in how they fail; the link asks the
//! same of each: deliver whole frames or none, say when there is room for one more, and say
//! when it is over. Nothing is queued below the one frame that was handed down, so an alarm
//! never waits behind what nobody needs any more.

use crate::trust::Chain;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// What a connection tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// One frame can be handed down. Said once; it stays true until a frame is handed down.
    Room,
    /// A frame arrived, whole.
    Frame(Vec<u8>),
    /// It is over; nothing else follows.
    Ended(Ended),
}

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    /// The peer left politely.
    ByPeer,
    /// We left.
    ByUs,
    /// A newer connection of the same member took its place.
    Replaced,
    /// Nothing was heard although something was outstanding.
    Silent,
    /// The way was cut.
    Broken,
    /// The peer sent what no peer sends: a frame that is too long, or no frame.
    Garbage,
}

/// A frame that was handed down when there was no room, or that is too long. It is given back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there was no room for the frame, or it is too long")]
pub struct NotTaken(pub Vec<u8>);

/// A connection to one peer. All its methods are for one task.
pub trait Carrier: Send {
    /// Who the peer is.
    fn chain(&self) -> &Chain;

    /// The longest frame that it takes.
    fn frame_bytes(&self) -> usize;

    /// Hands one frame down, after [`Event::Room`].
    fn send(&mut self, frame: Vec<u8>) -> Result<(), NotTaken>;

    /// Ends the connection once the frame that was handed down is on its way.
    fn leave(&mut self);

    /// Moves bytes, and tells what happened. After [`Event::Ended`] it must not be asked again.
    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Event>;

    /// The same while no frame can be taken in: nothing is read, so that a peer who sends too
    /// much is held back, but it hears that we are still here.
    fn poll_held(&mut self, context: &mut Context<'_>) -> Poll<Event>;
}

/// The next event. It may be dropped at any time without losing anything.
pub async fn next(carrier: &mut (impl Carrier + ?Sized)) -> Event {
    poll_fn(|context| carrier.poll_event(context)).await
}

/// An event on its way to whoever handles it. While it exists it counts against what may
/// wait of its connection.
#[derive(Debug)]
pub struct Taken {
    /// What happened.
    pub event: Event,
    _place: Option<OwnedSemaphorePermit>,
}

/// Runs one connection until it ends: frames from `down` go to the peer, events go `up` under
/// a name for the connection. At most `waiting_max` frames wait upwards, each connection for
/// itself, so that one that floods holds up only itself. It leaves when `down` is closed.
pub async fn drive<K: Clone>(
    carrier: &mut (impl Carrier + ?Sized),
    down: &mut mpsc::Receiver<Vec<u8>>,
    up: &mpsc::UnboundedSender<(K, Taken)>,
    name: K,
    waiting_max: usize,
) -> Ended {
    let places = Arc::new(Semaphore::new(waiting_max.max(1)));
    let tell = |event, place| {
        let taken = Taken {
            event,
            _place: place,
        };
        // Nobody listens any more only when the process ends.
        let _ = up.send((name.clone(), taken));
    };
    let mut place = None;
    let mut is_leaving = false;
    loop {
        let event = tokio::select! {
            biased;
            got = Arc::clone(&places).acquire_owned(), if place.is_none() => {
                place = got.ok();
                continue;
            }
            frame = down.recv(), if !is_leaving => {
                is_leaving = frame.is_none();
                if is_leaving {
                    carrier.leave();
                }
                // Whoever sends without room loses the frame; the link repeats it.
                let _ = frame.map(|frame| carrier.send(frame));
                continue;
            }
            event = poll_fn(|context| match place {
                Some(_) => carrier.poll_event(context),
                None => carrier.poll_held(context),
            }) => event,
        };
        match event {
            Event::Frame(_) => tell(event, place.take()),
            Event::Room => tell(event, None),
            Event::Ended(why) => {
                tell(event, None);
                return why;
            }
        }
    }
}
