//! A message broker for the demonstration: sensors publish, one node subscribes.
//!
//! It speaks MQTT 3.1.1 (OASIS) as far as one subscriber at quality of service 1 needs it, over
//! TCP on this machine, without TLS and without passwords. It keeps every message until the node
//! says that it has it, and sends again what was not acknowledged when the node comes back: that
//! is what a demonstration with `kill -9` must show. It is no broker for anything else.

use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// So many messages are kept for a node that is away; then whoever publishes waits.
const KEPT_MAX: usize = 50_000;
/// So many are on their way at a time. Below the number of packet identifiers, so that none
/// stands for two messages.
const UNDER_WAY_MAX: usize = 1000;
/// Longest packet that a subscriber may send; its own are short.
const PACKET_BYTES_MAX: usize = 1 << 16;
/// How long whoever waits sleeps before looking whether all is over.
const LOOK: Duration = Duration::from_millis(200);

/// A running broker. It ends with the program.
#[derive(Debug, Clone)]
pub(crate) struct Broker {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// What is not acknowledged, in order.
    kept: BTreeMap<u64, Kept>,
    published: u64,
    acknowledged: u64,
    /// Counts the subscriber's connections; only the newest is served.
    connection: u64,
    /// Up to which message this connection was sent everything.
    sent: u64,
}

#[derive(Debug)]
struct Kept {
    topic: String,
    payload: Vec<u8>,
    /// Whether an earlier connection was sent it.
    is_repeat: bool,
}

/// What there is to tell of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    pub published: u64,
    /// Of which the node said that it has them on disk.
    pub acknowledged: u64,
    /// How often the node came.
    pub connections: u64,
}

impl Broker {
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let broker = Self {
            address: listener.local_addr()?,
            shared: Arc::default(),
        };
        let shared = Arc::clone(&broker.shared);
        std::thread::spawn(move || {
            for subscriber in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || {
                    // A node that was killed ends in the middle of anything.
                    let _ = serve(&shared, subscriber);
                });
            }
        });
        Ok(broker)
    }

    /// Keeps a message until the node has it; waits while too many are kept.
    pub(crate) fn publish(&self, topic: &str, payload: &str) {
        let mut state = self.shared.lock();
        while state.kept.len() >= KEPT_MAX {
            state = self.shared.wait(state);
        }
        state.published += 1;
        let number = state.published;
        let kept = Kept {
            topic: topic.to_owned(),
            payload: payload.as_bytes().to_vec(),
            is_repeat: false,
        };
        state.kept.insert(number, kept);
        drop(state);
        self.shared.changed.notify_all();
    }

    pub(crate) fn told(&self) -> Told {
        let state = self.shared.lock();
        Told {
            published: state.published,
            acknowledged: state.acknowledged,
            connections: state.connection,
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, LOOK);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kinds of packets (MQTT 3.1.1, 2.2.1), where they stand in the first byte.
mod kind {
    pub(super) const CONNECT: u8 = 1;
    pub(super) const CONNACK: u8 = 2;
    pub(super) const PUBLISH: u8 = 3;
    pub(super) const PUBACK: u8 = 4;
    pub(super) const SUBSCRIBE: u8 = 8;
    pub(super) const SUBACK: u8 = 9;
    pub(super) const PINGREQ: u8 = 12;
    pub(super) const PINGRESP: u8 = 13;
    pub(super) const DISCONNECT: u8 = 14;
}

/// One connection of the node, from its hello to its end.
fn serve(shared: &Arc<Shared>, mut stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    // Answers and messages are written by two threads, a packet at a time.
    let out = Arc::new(Mutex::new(stream.try_clone()?));
    let say = |head: u8, body: &[u8]| write_packet(&mut *lock(&out), head, body);
    let (hello, _) = read_packet(&mut stream)?;
    ensure!(hello >> 4 == kind::CONNECT, "no hello");
    let mine = greet(shared);
    let is_known = mine > 1;
    say(kind::CONNACK << 4, &[u8::from(is_known), 0])?;
    if is_known {
        deliver_beside(shared, &out, mine);
    }
    loop {
        let (head, body) = read_packet(&mut stream)?;
        let number = || -> Result<u16> {
            let bytes = body.first_chunk().context("a packet without number")?;
            Ok(u16::from_be_bytes(*bytes))
        };
        match head >> 4 {
            kind::SUBSCRIBE => {
                // Everything there is, at quality of service 1.
                let [high, low] = number()?.to_be_bytes();
                say(kind::SUBACK << 4, &[high, low, 1])?;
                if !is_known {
                    deliver_beside(shared, &out, mine);
                }
            }
            kind::PUBACK => acknowledge(shared, number()?),
            kind::PINGREQ => say(kind::PINGRESP << 4, &[])?,
            kind::DISCONNECT => return Ok(()),
            other => bail!("a packet of kind {other}"),
        }
    }
}

/// Takes the place of any earlier connection; returns the number of this one.
fn greet(shared: &Shared) -> u64 {
    let mut state = shared.lock();
    state.connection += 1;
    let sent = std::mem::take(&mut state.sent);
    for (_, kept) in state.kept.range_mut(..=sent) {
        kept.is_repeat = true;
    }
    state.connection
}

fn deliver_beside(shared: &Arc<Shared>, out: &Arc<Mutex<TcpStream>>, mine: u64) {
    let (shared, out) = (Arc::clone(shared), Arc::clone(out));
    std::thread::spawn(move || {
        while let Some((head, body)) = next(&shared, mine) {
            if write_packet(&mut *lock(&out), head, &body).is_err() {
                break;
            }
        }
        let _ = lock(&out).shutdown(Shutdown::Both);
    });
}

/// The next message to be sent over a connection; waits for one. None once another connection
/// has come.
fn next(shared: &Shared, mine: u64) -> Option<(u8, Vec<u8>)> {
    let mut state = shared.lock();
    while state.connection == mine {
        let sent = state.sent;
        let under_way = state.kept.range(..=sent).count();
        match state.kept.range(sent + 1..).next() {
            Some((&number, kept)) if under_way < UNDER_WAY_MAX => {
                let packet = publication(number, kept);
                state.sent = number;
                return Some(packet);
            }
            _ => state = shared.wait(state),
        }
    }
    None
}

/// First byte; topic, packet identifier, payload (MQTT 3.1.1, 3.3).
fn publication(number: u64, kept: &Kept) -> (u8, Vec<u8>) {
    let head = kind::PUBLISH << 4 | u8::from(kept.is_repeat) << 3 | 1 << 1;
    let mut body = Vec::with_capacity(kept.topic.len() + kept.payload.len() + 4);
    body.extend((kept.topic.len() as u16).to_be_bytes());
    body.extend(kept.topic.as_bytes());
    body.extend(identifier(number).to_be_bytes());
    body.extend(&kept.payload);
    (head, body)
}

/// Identifiers are 1 to 65,535.
fn identifier(number: u64) -> u16 {
    (number % 65_535 + 1) as u16
}

fn acknowledge(shared: &Shared, acknowledged: u16) {
    let mut state = shared.lock();
    let sent = state.sent;
    let mut under_way = state.kept.range(..=sent);
    let number = under_way.find(|(number, _)| identifier(**number) == acknowledged);
    if let Some(number) = number.map(|(number, _)| *number) {
        state.kept.remove(&number);
        state.acknowledged += 1;
    }
    drop(state);
    shared.changed.notify_all();
}

/// A packet's first byte and what follows its length.
fn read_packet(stream: &mut impl Read) -> Result<(u8, Vec<u8>)> {
    let mut byte = [0];
    stream.read_exact(&mut byte)?;
    let head = byte[0];
    let mut length = 0_usize;
    for place in 0..4 {
        stream.read_exact(&mut byte)?;
        length |= usize::from(byte[0] & 0x7f) << (7 * place);
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    ensure!(length <= PACKET_BYTES_MAX, "a packet of {length} bytes");
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((head, body))
}

fn write_packet(stream: &mut impl Write, head: u8, body: &[u8]) -> Result<()> {
    let mut packet = vec![head];
    let mut length = body.len();
    loop {
        let rest = length >> 7;
        packet.push((length & 0x7f) as u8 | u8::from(rest > 0) << 7);
        length = rest;
        if length == 0 {
            break;
        }
    }
    packet.extend_from_slice(body);
    Ok(stream.write_all(&packet)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A subscriber that has said hello and subscribed.
    fn subscriber(broker: &Broker) -> (TcpStream, bool) {
        let mut stream = TcpStream::connect(broker.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let hello = [0, 4, b'M', b'Q', b'T', b'T', 4, 0, 0, 30, 0, 1, b'n'];
        write_packet(&mut stream, kind::CONNECT << 4, &hello).unwrap();
        let (_, welcome) = read_packet(&mut stream).unwrap();
        let topics = [0, 7, 0, 1, b'#', 1];
        write_packet(&mut stream, kind::SUBSCRIBE << 4 | 2, &topics).unwrap();
        (stream, welcome[0] == 1)
    }

    /// The next message: whether it is a repeat, its topic and its number.
    fn message(stream: &mut TcpStream) -> (bool, String, [u8; 2]) {
        loop {
            let (head, body) = read_packet(stream).unwrap();
            if head >> 4 == kind::PUBLISH {
                let length = usize::from(u16::from_be_bytes([body[0], body[1]]));
                let topic = String::from_utf8(body[2..2 + length].to_vec()).unwrap();
                return (head & 8 != 0, topic, [body[2 + length], body[3 + length]]);
            }
        }
    }

    #[test]
    fn what_was_not_acknowledged_comes_again_and_the_rest_does_not() {
        let broker = Broker::start().unwrap();
        broker.publish("a", "1");
        broker.publish("b", "2");
        let (mut first, is_known) = subscriber(&broker);
        assert!(!is_known);
        let (repeat, topic, number) = message(&mut first);
        assert_eq!((repeat, topic.as_str()), (false, "a"));
        assert_eq!(message(&mut first).1, "b");
        write_packet(&mut first, kind::PUBACK << 4, &number).unwrap();
        // Answered after the acknowledgement was read.
        write_packet(&mut first, kind::PINGREQ << 4, &[]).unwrap();
        assert_eq!(read_packet(&mut first).unwrap().0 >> 4, kind::PINGRESP);
        drop(first);
        let (mut second, is_known) = subscriber(&broker);
        assert!(is_known);
        broker.publish("c", "3");
        let (repeat, topic, _) = message(&mut second);
        assert_eq!((repeat, topic.as_str()), (true, "b"));
        let (repeat, topic, _) = message(&mut second);
        assert_eq!((repeat, topic.as_str()), (false, "c"));
        let told = broker.told();
        assert_eq!(
            (told.published, told.acknowledged, told.connections),
            (3, 1, 2)
        );
    }

    #[test]
    fn lengths_are_read_as_they_were_written() {
        for length in [0, 1, 127, 128, 16_383, 16_384] {
            let mut bytes = Vec::new();
            write_packet(&mut bytes, 0x30, &vec![7; length]).unwrap();
            let (head, body) = read_packet(&mut bytes.as_slice()).unwrap();
            assert_eq!((head, body.len()), (0x30, length));
        }
        assert!(read_packet(&mut [0x30, 0xff, 0xff, 0xff, 0x7f].as_slice()).is_err());
    }
}
