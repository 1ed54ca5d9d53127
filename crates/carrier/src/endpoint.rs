//! A node's end of all its connections: it listens, dials, and says who arrived.

use crate::authority::Identity;
use crate::connection::Connection;
use crate::dial;
use crate::join::{self, Join, Rate};
use crate::listen;
use crate::refusal::{Counts, Refusal};
use crate::registry::{Dialled, Registry};
use crate::tls::{self, Clock};
use crate::trust::{Trust, key_of};
use rustls::{ClientConfig, ServerConfig};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::AbortHandle;

/// Arrivals that wait to be taken; until then handshakes wait, within their time.
const ARRIVALS_MAX: usize = 16;

/// The largest number and length of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest frame.
    pub frame_bytes: usize,
    /// Members that are connected.
    pub members: usize,
    /// Handshakes of others at a time. Beyond it the oldest of the address that has most goes.
    pub handshakes: usize,
    /// How long a handshake, or a request to join, may take.
    pub handshake: Duration,
    /// Strangers that ask to join at a time.
    pub strangers: usize,
    /// How often somebody may ask to join, on average.
    pub joins_per_minute: u32,
    /// The longest request to join and the longest answer.
    pub join_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: 16 * 1024,
            members: 1024,
            handshakes: 64,
            handshake: Duration::from_secs(10),
            strangers: 4,
            joins_per_minute: 30,
            join_bytes: 16 * 1024,
        }
    }
}

/// How long everything is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How often a member who is not connected is called.
    pub probe: Duration,
    /// How often one who turned us away is.
    pub refused: Duration,
    /// After this long without an answer the peer is asked whether it is there.
    pub ask: Duration,
    /// How long an answer may take, at least and, on a slow way, at most.
    pub patience_min: Duration,
    /// See `patience_min`.
    pub patience_max: Duration,
    /// How long a connection may be idle before the peer is asked whether it is there.
    pub idle: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            probe: Duration::from_millis(500),
            refused: Duration::from_secs(5),
            ask: Duration::from_millis(500),
            patience_min: Duration::from_secs(2),
            patience_max: Duration::from_secs(10),
            idle: Duration::from_secs(15),
        }
    }
}

/// What an endpoint needs to know.
#[derive(Clone)]
pub struct Setup {
    /// What we show of ourselves.
    pub identity: Identity,
    /// Who may do what.
    pub trust: Arc<dyn Trust>,
    /// Against which certificates are held.
    pub clock: Clock,
    /// How much of everything.
    pub limits: Limits,
    /// How long of everything.
    pub pace: Pace,
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup").finish_non_exhaustive()
    }
}

/// Who arrived.
#[derive(Debug)]
pub enum Arrival {
    /// A connection to a member, whoever dialled.
    Link(Box<Connection>),
    /// Somebody asks to join.
    Join(Join),
    /// A member that we called turned us away with this word: we were removed.
    Removed(u64, Vec<u8>),
}

/// The identity as TLS wants it; replaced when the certificate is renewed.
#[derive(Debug)]
struct Shown {
    identity: Identity,
    key: [u8; 32],
    server: Arc<ServerConfig>,
}

/// What all tasks of an endpoint share.
pub(crate) struct Shared {
    shown: Mutex<Shown>,
    pub(crate) trust: Arc<dyn Trust>,
    clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) pace: Pace,
    pub(crate) registry: Arc<Registry>,
    pub(crate) refused: Counts,
    /// Why members that are dialled are not connected.
    troubles: Mutex<BTreeMap<u64, Refusal>>,
    pub(crate) arrivals: mpsc::Sender<Arrival>,
    pub(crate) strangers: Semaphore,
    pub(crate) joins: Mutex<Rate>,
}

impl Shared {
    fn shown<T>(&self, read: impl FnOnce(&Shown) -> T) -> T {
        read(&self.shown.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn server(&self) -> Arc<ServerConfig> {
        self.shown(|shown| Arc::clone(&shown.server))
    }

    pub(crate) fn client(&self, trust: Arc<dyn Trust>) -> Result<ClientConfig, Refusal> {
        let identity = self.shown(|shown| shown.identity.clone());
        tls::client(&identity, trust, &self.clock)
    }

    /// Who dialled: we, or the peer.
    pub(crate) fn dialled_by_us(&self, peer: &[u8; 32]) -> Dialled {
        Dialled::by(&self.shown(|shown| shown.key), peer)
    }

    pub(crate) fn dialled_by_peer(&self, peer: &[u8; 32]) -> Dialled {
        Dialled::by(peer, &self.shown(|shown| shown.key))
    }

    pub(crate) fn note_trouble(&self, member: u64, trouble: Option<Refusal>) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        match trouble {
            Some(why) => troubles.insert(member, why),
            None => troubles.remove(&member),
        };
    }
}

/// A node's end of its connections. Everything ends when it is dropped, but connections that
/// were handed out.
pub struct Endpoint {
    shared: Arc<Shared>,
    listeners: Mutex<Vec<AbortHandle>>,
    dialled: Mutex<BTreeMap<u64, AbortHandle>>,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").finish_non_exhaustive()
    }
}

impl Endpoint {
    /// An endpoint that is closed: it neither listens nor dials yet.
    pub fn open(setup: Setup) -> Result<(Self, mpsc::Receiver<Arrival>), Refusal> {
        let (arrivals, receiver) = mpsc::channel(ARRIVALS_MAX);
        let shared = Shared {
            shown: Mutex::new(show(setup.identity, &setup.trust, &setup.clock)?),
            trust: setup.trust,
            clock: setup.clock,
            limits: setup.limits,
            pace: setup.pace,
            registry: Arc::new(Registry::new(setup.limits.members)),
            refused: Counts::default(),
            troubles: Mutex::default(),
            arrivals,
            strangers: Semaphore::new(setup.limits.strangers),
            joins: Mutex::new(Rate::new(setup.limits.joins_per_minute)),
        };
        let endpoint = Self {
            shared: Arc::new(shared),
            listeners: Mutex::default(),
            dialled: Mutex::default(),
        };
        Ok((endpoint, receiver))
    }

    /// From now on a renewed certificate is shown.
    pub fn renew(&self, identity: Identity) -> Result<(), Refusal> {
        let renewed = show(identity, &self.shared.trust, &self.shared.clock)?;
        let mut shown = self.shared.shown.lock();
        let shown = shown.as_deref_mut().map_err(|_| Refusal::Broken)?;
        *shown = renewed;
        Ok(())
    }

    /// Opens the door at an address; where, if the port is 0, is told.
    pub async fn listen(&self, at: SocketAddr) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(at).await?;
        let bound = listener.local_addr()?;
        let task = tokio::spawn(listen::serve(Arc::clone(&self.shared), listener));
        let mut listeners = self
            .listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        listeners.push(task.abort_handle());
        Ok(bound)
    }

    /// Keeps a member connected: calls it at `wss://host:port`, one address after the other,
    /// for as long as it is not connected.
    pub fn dial(&self, member: u64, addresses: Vec<String>) {
        let task = dial::keep(Arc::clone(&self.shared), member, addresses);
        let task = tokio::spawn(task).abort_handle();
        let mut dialled = self.dialled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = dialled.insert(member, task) {
            before.abort();
        }
    }

    /// Ends the connection with a member and calls it no more.
    pub fn hang_up(&self, member: u64) {
        let mut dialled = self.dialled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = dialled.remove(&member) {
            task.abort();
        }
        drop(dialled);
        self.shared.note_trouble(member, None);
        self.shared.registry.end(member);
    }

    /// Asks the node at one of the addresses to let us join: one request, one answer. `trust`
    /// says whether it is the node that we mean.
    pub async fn join(
        &self,
        address: &str,
        trust: Arc<dyn Trust>,
        request: Vec<u8>,
    ) -> Result<Vec<u8>, Refusal> {
        join::ask(&self.shared, address, trust, request).await
    }

    /// How often whom was refused, since the beginning.
    pub fn refused(&self) -> BTreeMap<Refusal, u64> {
        self.shared.refused.read()
    }

    /// Why members that are called are not connected.
    pub fn troubles(&self) -> BTreeMap<u64, Refusal> {
        let troubles = self.shared.troubles.lock();
        troubles.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        let listeners = self.listeners.get_mut();
        let listeners = listeners.unwrap_or_else(PoisonError::into_inner);
        let dialled = self.dialled.get_mut();
        let dialled = dialled.unwrap_or_else(PoisonError::into_inner);
        for task in listeners.iter().chain(dialled.values()) {
            task.abort();
        }
    }
}

fn show(identity: Identity, trust: &Arc<dyn Trust>, clock: &Clock) -> Result<Shown, Refusal> {
    let server = tls::server(&identity, Arc::clone(trust), clock)?;
    let key = key_of(&identity.authority).ok_or(Refusal::BadCertificate)?;
    Ok(Shown {
        identity,
        key,
        server: Arc::new(server),
    })
}
