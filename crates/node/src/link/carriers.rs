//! Connections: who is let in, who is called, and what is on its way to whom.

use super::Command;
use super::seat::{DepotRows, draw};
use crate::clock::Clock;
use crate::config;
use crate::error::Error;
use arc_swap::ArcSwap;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::mpsc as channel;
use twin_carrier as carrier;
use twin_carrier::{Authority, Chain, Endpoint, Identity, Setup, Taken, Trust, Verdict};
use twin_exchange::{Env, Exchange};
use twin_link::schedule::Contract;
use twin_link::{Link, OriginId, Peer};
use twin_model::Time;
use twin_model::time::MICROS;

/// A node's certificate is valid from a day ago, because clocks differ.
const CERTIFICATE_BEFORE_S: f64 = 86_400.0;
/// For how long it is valid; it is made anew at each start.
const CERTIFICATE_LASTS_S: f64 = 364.0 * 86_400.0;
/// Frames of one connection that may wait to be taken in.
const FRAMES_WAITING_MAX: usize = 64;
/// Who was removed stays connected for so long, to be told, in seconds.
const PARTING_S: f64 = 3.0;
/// The thread looks at the time at least so often.
const SLEEP_MAX: Duration = Duration::from_secs(10);

/// What the thread was woken by.
pub(super) enum Woken {
    Command(Command),
    Connected(Box<carrier::Connection>),
    Join(carrier::Join),
    /// A member turned us away with this word.
    Removed(u64, Vec<u8>),
    Event(Name, Taken),
    Time,
    /// Nobody can say anything any more.
    Abandoned,
}

/// Who is known while it connects, by the key of its authority.
#[derive(Debug, Default, PartialEq, Eq)]
struct Known {
    members: BTreeMap<[u8; 32], u64>,
    /// Those who were removed, and our word for it.
    removed: BTreeMap<[u8; 32], Vec<u8>>,
}

/// Judges whoever connects.
struct Doorman {
    known: Arc<ArcSwap<Known>>,
    is_inviting: Arc<AtomicBool>,
}

impl Trust for Doorman {
    fn judge(&self, chain: &Chain) -> Verdict {
        let known = self.known.load();
        match known.members.get(&chain.authority_key) {
            Some(&member) => Verdict::Known(member),
            None if known.removed.contains_key(&chain.authority_key) => Verdict::Removed,
            None if self.is_inviting.load(Ordering::Relaxed) => Verdict::Stranger,
            None => Verdict::Refused,
        }
    }

    fn notice(&self, chain: &Chain) -> Vec<u8> {
        let known = self.known.load();
        let word = known.removed.get(&chain.authority_key);
        word.cloned().unwrap_or_default()
    }
}

/// Which connection: the member, and a number of its own.
pub(super) type Name = (u64, u64);

/// A connection that is up.
#[derive(Debug)]
struct Way {
    number: u64,
    down: channel::Sender<Vec<u8>>,
    has_room: bool,
}

/// What is known of a member for connecting to it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Partner {
    origin: OriginId,
    name: String,
    addresses: Vec<String>,
    is_called: bool,
}

/// All connections.
pub(super) struct Carriers {
    runtime: Runtime,
    clock: Arc<dyn Clock>,
    endpoint: Option<Arc<Endpoint>>,
    arrivals: Option<channel::Receiver<carrier::Arrival>>,
    up: channel::UnboundedSender<(Name, Taken)>,
    events: channel::UnboundedReceiver<(Name, Taken)>,
    known: Arc<ArcSwap<Known>>,
    /// Whether strangers may ask to join: while an invitation is open.
    is_inviting: Arc<AtomicBool>,
    partners: BTreeMap<u64, Partner>,
    ways: BTreeMap<u64, Way>,
    /// Connections so far.
    count: u64,
    /// Until when those who were removed stay connected: so long that they can hear of it.
    parting: BTreeMap<u64, Time>,
    /// Whether others are let in and called: not while a command has the node for itself.
    is_open: bool,
    bound: Option<SocketAddr>,
}

impl Carriers {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("twin-carrier")
            .enable_all()
            .build()
            .map_err(|cause| Error::Io {
                what: "starting the carriers",
                cause,
            })?;
        let (up, events) = channel::unbounded_channel();
        Ok(Self {
            runtime,
            clock,
            endpoint: None,
            arrivals: None,
            up,
            events,
            known: Arc::default(),
            is_inviting: Arc::default(),
            partners: BTreeMap::new(),
            ways: BTreeMap::new(),
            count: 0,
            parting: BTreeMap::new(),
            is_open: false,
            bound: None,
        })
    }

    /// An organisation is there: from now on it can show who it is.
    pub(super) fn found(&mut self, exchange: &Exchange, now: Time) -> Result<(), Error> {
        let identity = identity(exchange, now)?;
        if let Some(endpoint) = &self.endpoint {
            return endpoint
                .renew(identity)
                .map_err(|e| Error::Link(e.to_string()));
        }
        let doorman = Doorman {
            known: Arc::clone(&self.known),
            is_inviting: Arc::clone(&self.is_inviting),
        };
        let clock = Arc::clone(&self.clock);
        let setup = Setup {
            identity,
            trust: Arc::new(doorman),
            clock: Arc::new(move || clock.now()),
            limits: carrier::Limits::default(),
            pace: carrier::Pace::default(),
        };
        let opened = {
            let _inside = self.runtime.enter();
            Endpoint::open(setup)
        };
        let (endpoint, arrivals) = opened.map_err(|e| Error::Link(e.to_string()))?;
        self.endpoint = Some(Arc::new(endpoint));
        self.arrivals = Some(arrivals);
        Ok(())
    }

    /// Whether others are let in and called.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Opens the door at an address, if there is one, once; from now on members are called.
    pub(super) fn listen(&mut self, at: Option<SocketAddr>) -> Result<Option<SocketAddr>, Error> {
        self.is_open = true;
        let (Some(at), Some(endpoint), None) = (at, &self.endpoint, self.bound) else {
            return Ok(self.bound);
        };
        let bound = self.runtime.block_on(endpoint.listen(at));
        let bound = bound.map_err(|cause| Error::Io {
            what: "opening the door for other nodes",
            cause,
        })?;
        self.bound = Some(bound);
        tracing::info!(%bound, "other nodes are let in");
        Ok(self.bound)
    }

    pub(super) fn endpoint(&self) -> Option<(&Runtime, &Arc<Endpoint>)> {
        Some((&self.runtime, self.endpoint.as_ref()?))
    }

    /// Waits until something happens or it is time.
    pub(super) fn wait(
        &mut self,
        commands: &mut channel::Receiver<Command>,
        wake: Option<Time>,
        now: Time,
    ) -> Woken {
        let until =
            wake.map(|wake| Duration::from_micros(wake.0.saturating_sub(now.0).max(0) as u64));
        let sleep = until.unwrap_or(SLEEP_MAX).min(SLEEP_MAX);
        let (events, arrivals) = (&mut self.events, &mut self.arrivals);
        self.runtime.block_on(async {
            let arrival = async {
                match arrivals {
                    Some(arrivals) => arrivals.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                command = commands.recv() => command.map_or(Woken::Abandoned, Woken::Command),
                Some((name, taken)) = events.recv() => Woken::Event(name, taken),
                Some(arrival) = arrival => arrived(arrival),
                () = tokio::time::sleep(sleep) => Woken::Time,
            }
        })
    }

    /// What has happened already.
    pub(super) fn try_next(&mut self, commands: &mut channel::Receiver<Command>) -> Option<Woken> {
        if let Ok((name, taken)) = self.events.try_recv() {
            return Some(Woken::Event(name, taken));
        }
        if let Ok(command) = commands.try_recv() {
            return Some(Woken::Command(command));
        }
        self.arrivals.as_mut()?.try_recv().ok().map(arrived)
    }

    /// A connection is up: frames can go back and forth.
    pub(super) fn connected(
        &mut self,
        mut connection: Box<carrier::Connection>,
        config: &config::Link,
    ) -> Option<(Peer, OriginId, Link)> {
        let member = connection.member();
        let partner = self.partners.get(&member)?;
        let budget = config.budgets.get(&partner.name);
        let carried = carrier::Carrier::frame_bytes(&*connection);
        let link = Link {
            frame_bytes: budget.map_or(carried, |b| b.frame_bytes.min(carried)),
            bytes_per_s: budget.map(|b| b.bytes_per_s),
            contract: Contract::default(),
        };
        let (down, mut frames) = channel::channel(1);
        self.count += 1;
        let name = (member, self.count);
        let way = Way {
            number: self.count,
            down,
            has_room: false,
        };
        self.ways.insert(member, way);
        let up = self.up.clone();
        self.runtime.spawn(async move {
            carrier::drive(&mut *connection, &mut frames, &up, name, FRAMES_WAITING_MAX).await
        });
        tracing::info!(member = partner.name, "a link is up");
        Some((Peer(member), partner.origin, link))
    }

    /// Whether it is the connection to the member that counts: a newer one replaces it.
    pub(super) fn counts(&self, (member, number): Name) -> bool {
        self.ways
            .get(&member)
            .is_some_and(|way| way.number == number)
    }

    pub(super) fn has_room(&mut self, member: u64) {
        if let Some(way) = self.ways.get_mut(&member) {
            way.has_room = true;
        }
    }

    /// The members whose connection takes a frame now, and whether one takes none.
    pub(super) fn ready(&self) -> (Vec<Peer>, bool) {
        let ready = self.ways.iter().filter(|(_, way)| way.has_room);
        let ready: Vec<Peer> = ready.map(|(&member, _)| Peer(member)).collect();
        let is_any_busy = ready.len() < self.ways.len();
        (ready, is_any_busy)
    }

    /// The connection to a member is gone.
    pub(super) fn ended(&mut self, member: u64) {
        self.ways.remove(&member);
    }

    pub(super) fn drop_all(&mut self) {
        self.ways.clear();
    }

    /// Lets the exchange fill the room that there is.
    pub(super) fn pump(&mut self, exchange: &mut Exchange, rows: &DepotRows, env: &mut Env<'_>) {
        for (&peer, way) in &mut self.ways {
            if way.has_room {
                exchange.room(Peer(peer), rows, env);
            }
        }
        for (Peer(peer), frame) in exchange.frames() {
            if let Some(way) = self.ways.get_mut(&peer) {
                way.has_room = false;
                // A frame that finds no room is repeated by the session.
                let _ = way.down.try_send(frame);
            }
        }
        for (Peer(peer), why) in exchange.closes() {
            tracing::info!(peer, ?why, "a link is closed");
            self.ways.remove(&peer);
            exchange.disconnect(Peer(peer), env);
        }
    }

    /// Keeps in step with who belongs: who may connect, and who is called.
    pub(super) fn follow(&mut self, exchange: &Exchange, is_inviting: bool, now: Time) {
        self.is_inviting.store(is_inviting, Ordering::Relaxed);
        let mut known = Known {
            members: BTreeMap::new(),
            removed: exchange.partings().collect(),
        };
        let mut partners = BTreeMap::new();
        for member in exchange.members() {
            let origin = member.card.origin();
            if origin == exchange.origin() || member.is_retired || member.revocation.is_some() {
                continue;
            }
            let authority = member.card.authority.to_bytes();
            let tag = tag(&authority);
            known.members.insert(authority, tag);
            let partner = Partner {
                origin,
                name: member.card.name().to_owned(),
                addresses: member.card.particulars.addresses.clone(),
                is_called: false,
            };
            partners.insert(tag, partner);
        }
        if **self.known.load() != known {
            self.known.store(Arc::new(known));
        }
        self.call(partners, now);
    }

    /// When somebody who was removed has had time to hear of it.
    pub(super) fn next_parting(&self) -> Option<Time> {
        self.parting.values().min().copied()
    }

    /// Whether somebody who does not belong stays connected a moment more.
    fn is_parting(&mut self, tag: u64, now: Time) -> bool {
        let until = now.plus_seconds(PARTING_S);
        let is_connected = self.ways.contains_key(&tag);
        let until = *self.parting.entry(tag).or_insert(until);
        // A clock that was set back does not keep it longer.
        is_connected && now < until && until <= now.plus_seconds(PARTING_S)
    }

    fn call(&mut self, mut partners: BTreeMap<u64, Partner>, now: Time) {
        let Some(endpoint) = self.endpoint.clone() else {
            return;
        };
        let runtime = self.runtime.handle().clone();
        let _inside = runtime.enter();
        for (&tag, partner) in &mut partners {
            let before = self.partners.get(&tag);
            let is_same = before.is_some_and(|b| b.addresses == partner.addresses);
            partner.is_called = is_same && before.is_some_and(|b| b.is_called);
            if self.is_open && !partner.is_called && !partner.addresses.is_empty() {
                endpoint.dial(tag, partner.addresses.clone());
                partner.is_called = true;
            }
        }
        self.parting.retain(|tag, _| !partners.contains_key(tag));
        let gone = self.partners.keys().chain(self.parting.keys());
        let gone: BTreeSet<u64> = gone.copied().collect();
        for tag in gone.into_iter().filter(|tag| !partners.contains_key(tag)) {
            if !self.is_parting(tag, now) {
                self.parting.remove(&tag);
                endpoint.hang_up(tag);
            }
        }
        self.partners = partners;
    }
}

fn arrived(arrival: carrier::Arrival) -> Woken {
    match arrival {
        carrier::Arrival::Link(connection) => Woken::Connected(connection),
        carrier::Arrival::Join(join) => Woken::Join(join),
        carrier::Arrival::Removed(member, word) => Woken::Removed(member, word),
    }
}

/// A member's number here: the beginning of its authority's key.
fn tag(authority: &[u8; 32]) -> u64 {
    let mut tag = [0; 8];
    tag.copy_from_slice(&authority[..8]);
    u64::from_le_bytes(tag)
}

/// What this node shows of itself, with a fresh key.
fn identity(exchange: &Exchange, now: Time) -> Result<Identity, Error> {
    let refused = |e: carrier::AuthorityError| Error::Link(e.to_string());
    let particulars = &exchange.card().particulars;
    let seed = exchange.authority_seed();
    let authority = Authority::open(&seed, &particulars.name, particulars.certificate.clone());
    let authority = authority.map_err(refused)?;
    let mut secret = [0; 32];
    draw(&mut secret);
    let from = now.plus_seconds(-CERTIFICATE_BEFORE_S);
    let until = Time(from.0 + (CERTIFICATE_LASTS_S * MICROS as f64) as i64);
    let leaf = authority.issue(&secret, from, until).map_err(refused)?;
    Ok(Identity {
        secret,
        leaf,
        authority: particulars.certificate.clone(),
    })
}
