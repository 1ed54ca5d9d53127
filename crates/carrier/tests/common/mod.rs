//! Two organisations and what connects them.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use twin_carrier::{
    Arrival, Authority, Chain, Connection, Ended, Endpoint, Event, Identity, Join, Limits, Pace,
    Refusal, Setup, Taken, Trust, Verdict, drive,
};
use twin_model::Time;
use twin_model::time::MICROS;

pub const DAY: i64 = 24 * 3600 * MICROS;
pub const NOW: Time = Time(20_000 * DAY);

/// A test that waits longer than this hangs.
pub const HANGS: Duration = Duration::from_secs(20);

/// What is said to those who were removed.
pub const PARTING: &[u8] = &[0x5a; 150];

/// Who may do what.
struct Book(Arc<Mutex<BTreeMap<Vec<u8>, Verdict>>>);

impl Trust for Book {
    fn judge(&self, chain: &Chain) -> Verdict {
        let book = self.0.lock().expect("unpoisoned");
        let verdict = book.get(&chain.authority).copied();
        verdict.unwrap_or(Verdict::Stranger)
    }

    fn notice(&self, _: &Chain) -> Vec<u8> {
        PARTING.to_vec()
    }
}

/// What one organisation knows and shows.
pub struct Org {
    pub endpoint: Endpoint,
    pub arrivals: mpsc::Receiver<Arrival>,
    pub authority: Authority,
    pub known: Arc<Mutex<BTreeMap<Vec<u8>, Verdict>>>,
    pub clock: Arc<AtomicI64>,
}

pub fn authority(seed: u8) -> Authority {
    Authority::found(&[seed; 32], "An organisation", Time(0)).expect("an authority")
}

pub fn identity(authority: &Authority, seed: u8, from: Time, until: Time) -> Identity {
    let secret = [seed ^ 0x80; 32];
    Identity {
        secret,
        leaf: authority.issue(&secret, from, until).expect("a leaf"),
        authority: authority.certificate().to_vec(),
    }
}

pub fn valid_identity(seed: u8) -> Identity {
    let (from, until) = (Time(NOW.0 - DAY), Time(NOW.0 + DAY));
    identity(&authority(seed), seed, from, until)
}

/// Waits short enough for a test and in the same proportions.
pub fn quick() -> Pace {
    Pace {
        probe: Duration::from_millis(20),
        refused: Duration::from_millis(40),
        ask: Duration::from_millis(50),
        patience_min: Duration::from_millis(200),
        patience_max: Duration::from_secs(1),
        idle: Duration::from_millis(100),
    }
}

impl Org {
    pub fn with(identity: Identity, limits: Limits, pace: Pace) -> Self {
        let known: Arc<Mutex<BTreeMap<Vec<u8>, Verdict>>> = Arc::default();
        let clock = Arc::new(AtomicI64::new(NOW.0));
        let (book, wall) = (Arc::clone(&known), Arc::clone(&clock));
        let setup = Setup {
            identity,
            trust: Arc::new(Book(book)),
            clock: Arc::new(move || Time(wall.load(Ordering::Relaxed))),
            limits,
            pace,
        };
        let (endpoint, arrivals) = Endpoint::open(setup).expect("an endpoint");
        Self {
            endpoint,
            arrivals,
            authority: authority(0),
            known,
            clock,
        }
    }

    pub fn new(seed: u8) -> Self {
        let mut org = Self::with(valid_identity(seed), Limits::default(), Pace::default());
        org.authority = authority(seed);
        org
    }

    pub fn quick(seed: u8) -> Self {
        let mut org = Self::with(valid_identity(seed), Limits::default(), quick());
        org.authority = authority(seed);
        org
    }

    /// Takes whoever's authority was made from a seed for a member of that number.
    pub fn knows(&self, seed: u8) {
        self.judges(seed, Verdict::Known(u64::from(seed)));
    }

    pub fn judges(&self, seed: u8, verdict: Verdict) {
        let der = authority(seed).certificate().to_vec();
        self.known.lock().expect("unpoisoned").insert(der, verdict);
    }

    pub async fn listen(&self) -> SocketAddr {
        let loopback = "127.0.0.1:0".parse().expect("an address");
        self.endpoint.listen(loopback).await.expect("a port")
    }

    pub fn dial(&self, member: u8, to: SocketAddr) {
        self.endpoint.dial(u64::from(member), vec![url(to)]);
    }

    /// The next connection, driven.
    pub async fn line(&mut self) -> Line {
        drive_line(self.link().await, 16)
    }

    /// The next request to join.
    pub async fn request(&mut self) -> Join {
        let arrival = tokio::time::timeout(HANGS, self.arrivals.recv()).await;
        match arrival.expect("no hanging").expect("an arrival") {
            Arrival::Join(join) => join,
            other => panic!("no request: {other:?}"),
        }
    }

    pub async fn link(&mut self) -> Connection {
        let arrival = tokio::time::timeout(HANGS, self.arrivals.recv()).await;
        match arrival.expect("no hanging").expect("an arrival") {
            Arrival::Link(connection) => *connection,
            other => panic!("no connection: {other:?}"),
        }
    }

    pub fn refused(&self, why: Refusal) -> u64 {
        self.endpoint.refused().get(&why).copied().unwrap_or(0)
    }

    /// Lets other tasks go on until something was refused for a reason so many times.
    pub async fn refuses(&self, why: Refusal, times: u64) {
        let refused = async {
            while self.refused(why) < times {
                tokio::task::yield_now().await;
            }
        };
        let refused = tokio::time::timeout(HANGS, refused).await;
        refused.unwrap_or_else(|_| panic!("not {why:?} but {:?}", self.endpoint.refused()));
    }

    pub async fn is_troubled_by(&self, member: u8) -> Refusal {
        let troubled = async {
            loop {
                match self.endpoint.troubles().get(&u64::from(member)) {
                    Some(&why) => return why,
                    None => tokio::task::yield_now().await,
                }
            }
        };
        tokio::time::timeout(HANGS, troubled)
            .await
            .expect("trouble")
    }
}

pub fn url(to: SocketAddr) -> String {
    format!("wss://{to}")
}

/// Two that know each other, the first of which listens.
pub async fn pair() -> (Org, Org) {
    let (one, two) = (Org::new(1), Org::new(2));
    one.knows(2);
    two.knows(1);
    let at = one.listen().await;
    two.dial(1, at);
    (one, two)
}

/// A connection that is driven by a task of its own, as a node does it.
pub struct Line {
    pub down: mpsc::Sender<Vec<u8>>,
    up: mpsc::UnboundedReceiver<((), Taken)>,
    frames: VecDeque<Vec<u8>>,
    has_room: bool,
    ended: Option<Ended>,
}

pub fn drive_line(mut connection: Connection, waiting_max: usize) -> Line {
    let (down, mut from_above) = mpsc::channel(1);
    let (to_above, up) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        drive(&mut connection, &mut from_above, &to_above, (), waiting_max).await
    });
    Line {
        down,
        up,
        frames: VecDeque::new(),
        has_room: false,
        ended: None,
    }
}

impl Line {
    async fn turn(&mut self) {
        let event = tokio::time::timeout(HANGS, self.up.recv()).await;
        let ((), taken) = event.expect("no hanging").expect("an event");
        match taken.event {
            Event::Room => self.has_room = true,
            Event::Frame(frame) => self.frames.push_back(frame),
            Event::Ended(why) => self.ended = Some(why),
        }
    }

    /// Sends once there is room.
    pub async fn send(&mut self, frame: Vec<u8>) {
        while !self.has_room && self.ended.is_none() {
            self.turn().await;
        }
        self.has_room = false;
        // After the end nobody takes it.
        let _ = self.down.send(frame).await;
    }

    /// The next frame, or why there is none.
    pub async fn frame(&mut self) -> Result<Vec<u8>, Ended> {
        loop {
            match (self.frames.pop_front(), self.ended) {
                (Some(frame), _) => return Ok(frame),
                (None, Some(why)) => return Err(why),
                (None, None) => self.turn().await,
            }
        }
    }

    pub fn ended_already(&self) -> bool {
        self.ended.is_some()
    }

    pub async fn ended(&mut self) -> Ended {
        while self.ended.is_none() {
            self.turn().await;
        }
        self.ended.expect("an end")
    }
}
