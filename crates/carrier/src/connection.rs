//! Frames over WebSocket over TLS: one frame is one binary message.

use crate::carrier::{Carrier, Ended, Event, NotTaken};
use crate::endpoint::Pace;
use crate::liveness::{Due, Liveness};
use crate::registry::Place;
use crate::socket::Socket;
use crate::trust::Chain;
use futures_util::{Sink, Stream};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_rustls::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

pub(crate) type Web = WebSocketStream<TlsStream<Socket>>;

/// Bytes read from the network at a time.
const READ_BYTES: usize = 16 * 1024;

/// Nothing longer than `bytes` is taken or kept.
pub(crate) fn bounds(bytes: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * bytes + 1024)
        .max_message_size(Some(bytes))
        .max_frame_size(Some(bytes))
}

/// A connection to a member.
#[derive(Debug)]
pub struct Connection {
    web: Web,
    chain: Chain,
    member: u64,
    frame_bytes: usize,
    /// The frame that was handed down and is not yet with the kernel.
    frame: Option<Vec<u8>>,
    /// What the connection itself has to say.
    signal: Option<Message>,
    is_flushing: bool,
    has_room: bool,
    leaving: Leaving,
    liveness: Liveness,
    alarm: Pin<Box<Sleep>>,
    /// When to say that we are here although nothing is read.
    heartbeat: Instant,
    pace: Pace,
    place: Place,
}

/// How far leaving has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    No,
    Asked,
    Saying,
}

impl Connection {
    pub(crate) fn new(
        web: Web,
        chain: Chain,
        place: Place,
        frame_bytes: usize,
        pace: Pace,
        turnaround: Duration,
    ) -> Self {
        let now = Instant::now();
        let heard = web.get_ref().get_ref().0.meter().bytes();
        Self {
            web,
            chain,
            member: place.member(),
            frame_bytes,
            frame: None,
            signal: None,
            is_flushing: false,
            has_room: false,
            leaving: Leaving::No,
            liveness: Liveness::new(pace, turnaround, heard, now),
            alarm: Box::pin(sleep_until(now + pace.ask)),
            heartbeat: now + pace.ask,
            pace,
            place,
        }
    }

    /// The member at the other end, by the number that [`Trust`](crate::Trust) gave it.
    pub fn member(&self) -> u64 {
        self.member
    }

    fn socket(&self) -> &Socket {
        self.web.get_ref().get_ref().0
    }

    fn hear(&mut self) {
        let bytes = self.socket().meter().bytes();
        self.liveness.heard(bytes, Instant::now());
    }

    /// Moves what was handed down towards the network. Ready when there is something to tell.
    fn poll_down(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        match self.try_down(context) {
            Poll::Ready(Ok(event)) => Poll::Ready(event),
            Poll::Ready(Err(error)) => Poll::Ready(Event::Ended(ended(&error))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn try_down(&mut self, context: &mut Context<'_>) -> Poll<Result<Event, Error>> {
        loop {
            while self.frame.is_some() || self.signal.is_some() {
                ready!(Pin::new(&mut self.web).poll_ready(context))?;
                let frame = self.frame.take().map(|frame| Message::Binary(frame.into()));
                if let Some(message) = frame.or_else(|| self.signal.take()) {
                    Pin::new(&mut self.web).start_send(message)?;
                    self.is_flushing = true;
                }
            }
            if self.is_flushing {
                ready!(Pin::new(&mut self.web).poll_flush(context))?;
                self.is_flushing = false;
            }
            match self.leaving {
                Leaving::No => {}
                Leaving::Asked => {
                    self.leaving = Leaving::Saying;
                    self.signal = Some(Message::Close(None));
                    continue;
                }
                Leaving::Saying => return Poll::Ready(Ok(Event::Ended(Ended::ByUs))),
            }
            if self.has_room {
                return Poll::Pending;
            }
            ready!(self.socket().poll_room(context)).map_err(Error::Io)?;
            self.has_room = true;
            return Poll::Ready(Ok(Event::Room));
        }
    }

    fn poll_up(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        loop {
            let read = Pin::new(&mut self.web).poll_next(context);
            self.hear();
            let event = match read {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None | Some(Ok(Message::Close(_)))) => Event::Ended(Ended::ByPeer),
                Poll::Ready(Some(Err(error))) => Event::Ended(ended(&error)),
                Poll::Ready(Some(Ok(Message::Binary(frame)))) => Event::Frame(frame.into()),
                Poll::Ready(Some(Ok(Message::Text(_) | Message::Frame(_)))) => {
                    Event::Ended(Ended::Garbage)
                }
                // The answer to a ping goes with the next flush.
                Poll::Ready(Some(Ok(_))) => {
                    self.is_flushing = true;
                    continue;
                }
            };
            return Poll::Ready(event);
        }
    }

    /// Ready when the peer is taken for gone.
    fn poll_alive(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        loop {
            match self.liveness.due(Instant::now()) {
                Due::Nothing => {}
                Due::Ask => self.signal = Some(Message::Ping(Bytes::new())),
                Due::Dead => return Poll::Ready(Event::Ended(Ended::Silent)),
            }
            let wake = self.liveness.wake();
            if self.poll_alarm(wake, context).is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn poll_alarm(&mut self, at: Instant, context: &mut Context<'_>) -> Poll<()> {
        if self.alarm.deadline() != at {
            self.alarm.as_mut().reset(at);
        }
        self.alarm.as_mut().poll(context)
    }

    fn poll_place(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        self.place.poll_ended(context).map(Event::Ended)
    }
}

impl Carrier for Connection {
    fn chain(&self) -> &Chain {
        &self.chain
    }

    fn frame_bytes(&self) -> usize {
        self.frame_bytes
    }

    fn send(&mut self, frame: Vec<u8>) -> Result<(), NotTaken> {
        let is_free = self.has_room && self.leaving == Leaving::No;
        if !is_free || frame.len() > self.frame_bytes {
            return Err(NotTaken(frame));
        }
        self.has_room = false;
        self.frame = Some(frame);
        self.liveness.sent(Instant::now());
        Ok(())
    }

    fn leave(&mut self) {
        if self.leaving == Leaving::No {
            self.leaving = Leaving::Asked;
            self.liveness.sent(Instant::now());
        }
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        if let Poll::Ready(ended) = self.poll_place(context) {
            return Poll::Ready(ended);
        }
        // Reading first: what has arrived counts before silence is judged.
        if let Poll::Ready(event) = self.poll_up(context) {
            return Poll::Ready(event);
        }
        if let Poll::Ready(ended) = self.poll_alive(context) {
            return Poll::Ready(ended);
        }
        self.poll_down(context)
    }

    fn poll_held(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        if let Poll::Ready(ended) = self.poll_place(context) {
            return Poll::Ready(ended);
        }
        loop {
            let now = Instant::now();
            if now >= self.heartbeat {
                self.heartbeat = now + self.pace.ask;
                // RFC 6455 §5.5.3: an answer that nobody asked for is a heartbeat.
                self.signal = Some(Message::Pong(Bytes::new()));
            }
            if self.poll_alarm(self.heartbeat, context).is_pending() {
                break;
            }
        }
        self.poll_down(context)
    }
}

fn ended(error: &Error) -> Ended {
    use tokio_tungstenite::tungstenite::error::ProtocolError;
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => Ended::ByPeer,
        Error::Io(_)
        | Error::Tls(_)
        | Error::Protocol(
            ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing,
        ) => Ended::Broken,
        _ => Ended::Garbage,
    }
}
