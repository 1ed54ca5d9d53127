//! Calling a member until it answers.
//!
//! While a way is cut it is tried twice a second, each try beside those before: a packet that
//! is lost just before the way returns must not make the next wait, and on a slow way a try
//! must have time. As soon as one hears anything, the others give way to it.

use crate::connection::{Connection, Web, bounds};
use crate::endpoint::{Arrival, Shared};
use crate::listen::{LINK_PATH, arrive, notice_in};
use crate::refusal::Refusal;
use crate::socket::{Meter, Socket};
use crate::trust::{Chain, Trust, Verdict};
use rustls::pki_types::ServerName;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::lookup_host;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout};
use tokio_rustls::{TlsConnector, TlsStream};
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::http::Uri;

/// Tries that wait for a first byte at a time. The oldest gives way to a new one, so each has
/// two seconds.
const TRIES_MAX: usize = 4;
/// A try whose connection somebody took has so many probes for itself. No packet of it is
/// merely lost, and on a slow way each further handshake costs a second.
const PROBES_ALONE: u32 = 2;

/// Keeps a member connected, for ever.
pub(crate) async fn keep(shared: Arc<Shared>, member: u64, addresses: Vec<String>) {
    loop {
        shared.registry.absent(member).await;
        let tries = Tries::new(Arc::clone(&shared), member, addresses.clone());
        if let Some(made) = tries.run().await {
            shared.note_trouble(member, None);
            if let Err(why) = made.arrive(&shared, member).await {
                shared.note_trouble(member, Some(why));
                tokio::time::sleep(shared.pace.probe).await;
            }
        }
    }
}

/// A connection that stands.
struct Made {
    web: Web,
    chain: Chain,
    turnaround: Duration,
}

impl Made {
    async fn arrive(self, shared: &Shared, member: u64) -> Result<(), Refusal> {
        let dialled = shared.dialled_by_us(&self.chain.authority_key);
        let place = shared.registry.admit(member, dialled)?;
        let (bytes, pace) = (shared.limits.frame_bytes, shared.pace);
        let Self {
            web,
            chain,
            turnaround,
        } = self;
        let connection = Connection::new(web, chain, place, bytes, pace, turnaround);
        arrive(shared, connection).await
    }
}

/// A try under way.
struct Try {
    task: AbortHandle,
    meter: Meter,
    begun: Instant,
    /// How much it had heard, and when that last grew.
    heard: (u64, Instant),
}

impl Try {
    /// Whether it has heard something lately.
    fn is_moving(&mut self, patience: Duration) -> bool {
        let bytes = self.meter.bytes();
        if bytes > self.heard.0 {
            self.heard = (bytes, Instant::now());
        }
        bytes > 0 && self.heard.1.elapsed() < patience
    }
}

/// The tries to reach one member.
struct Tries {
    shared: Arc<Shared>,
    member: u64,
    addresses: Vec<String>,
    count: usize,
    tasks: JoinSet<Result<Made, Refusal>>,
    pending: Vec<Try>,
    first_byte: Arc<Notify>,
    clock: Interval,
}

impl Tries {
    fn new(shared: Arc<Shared>, member: u64, addresses: Vec<String>) -> Self {
        let mut clock = interval(shared.pace.probe);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            shared,
            member,
            addresses,
            count: 0,
            tasks: JoinSet::new(),
            pending: Vec::new(),
            first_byte: Arc::default(),
            clock,
        }
    }

    /// Tries until one succeeds, or the member is connected otherwise.
    async fn run(mut self) -> Option<Made> {
        let registry = Arc::clone(&self.shared.registry);
        loop {
            tokio::select! {
                () = registry.present(self.member) => return None,
                () = self.first_byte.notified() => self.prefer_the_first(),
                Some(done) = self.tasks.join_next() => match done {
                    Ok(Ok(made)) => return Some(made),
                    Ok(Err(why)) => self.failed(why),
                    // It gave way.
                    Err(_) => {}
                },
                _ = self.clock.tick() => self.try_again(),
            }
            self.pending.retain(|other| !other.task.is_finished());
        }
    }

    fn failed(&mut self, why: Refusal) {
        self.shared.note_trouble(self.member, Some(why));
        let is_verdict = !matches!(
            why,
            Refusal::Unreachable | Refusal::Broken | Refusal::TooSlow | Refusal::Crossing
        );
        if is_verdict {
            self.clock.reset_after(self.shared.pace.refused);
        }
    }

    fn is_moving(&mut self) -> bool {
        let patience = self.shared.pace.patience_min;
        self.pending
            .iter_mut()
            .any(|other| other.is_moving(patience))
    }

    fn is_young(&self) -> bool {
        let alone = self.shared.pace.probe * PROBES_ALONE;
        let newest = self.pending.last();
        newest.is_some_and(|it| it.meter.is_connected() && it.begun.elapsed() < alone)
    }

    /// One that hears something gets the way for itself.
    fn prefer_the_first(&mut self) {
        let heard = |other: &Try| other.meter.bytes() > 0;
        let Some(first) = self.pending.iter().position(heard) else {
            return;
        };
        let chosen = self.pending.swap_remove(first);
        for other in self.pending.drain(..) {
            other.task.abort();
        }
        self.pending.push(chosen);
    }

    fn try_again(&mut self) {
        if self.is_moving() || self.is_young() || self.addresses.is_empty() {
            return;
        }
        if self.pending.len() >= TRIES_MAX {
            self.pending.remove(0).task.abort();
        }
        let meter = Meter::notifying(Arc::clone(&self.first_byte));
        let address = &self.addresses[self.count % self.addresses.len()];
        let round = self.count / self.addresses.len();
        self.count += 1;
        let shared = Arc::clone(&self.shared);
        let task = attempt(shared, self.member, address.clone(), round, meter.clone());
        self.pending.push(Try {
            task: self.tasks.spawn(task),
            meter,
            begun: Instant::now(),
            heard: (0, Instant::now()),
        });
    }
}

async fn attempt(
    shared: Arc<Shared>,
    member: u64,
    address: String,
    round: usize,
    meter: Meter,
) -> Result<Made, Refusal> {
    let judge = Arc::clone(&shared.trust);
    let trust = move |chain: &Chain| match judge.judge(chain) {
        Verdict::Known(known) if known == member => Verdict::Known(member),
        _ => Verdict::Refused,
    };
    let made = async {
        let call = Call::to(&address, round).await?;
        let tls = call.secure(&shared, Arc::new(trust), meter).await?;
        let begun = Instant::now();
        let opened = tls.open(LINK_PATH, shared.limits.frame_bytes).await;
        let (web, chain) = opened.map_err(|away| tell(&shared, member, away))?;
        Ok(Made {
            web,
            chain,
            turnaround: begun.elapsed(),
        })
    };
    let made = timeout(shared.limits.handshake, made).await;
    made.unwrap_or(Err(Refusal::TooSlow))
}

/// Where to call.
pub(crate) struct Call {
    name: ServerName<'static>,
    authority: String,
    to: SocketAddr,
}

impl Call {
    /// Looks an address up; of several that a name has, the one whose turn it is.
    pub(crate) async fn to(address: &str, round: usize) -> Result<Self, Refusal> {
        let uri: Uri = address.parse().map_err(|_| Refusal::BadAddress)?;
        let authority = uri.authority().ok_or(Refusal::BadAddress)?;
        let is_plain = uri.path_and_query().is_none_or(|rest| rest == "/");
        if uri.scheme_str() != Some("wss") || !is_plain || authority.as_str().contains('@') {
            return Err(Refusal::BadAddress);
        }
        let host = authority.host().trim_matches(['[', ']']);
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Refusal::BadAddress)?;
        let found = lookup_host((host, authority.port_u16().unwrap_or(443))).await;
        let found: Vec<SocketAddr> = found.map_err(|_| Refusal::Unreachable)?.collect();
        let turn = round.checked_rem(found.len()).ok_or(Refusal::Unreachable)?;
        Ok(Self {
            name,
            authority: authority.to_string(),
            to: found[turn],
        })
    }

    /// Connects and shakes hands.
    pub(crate) async fn secure(
        self,
        shared: &Shared,
        trust: Arc<dyn Trust>,
        meter: Meter,
    ) -> Result<Secured, Refusal> {
        let config = shared.client(trust)?;
        let socket = Socket::connect(self.to, meter).await;
        let socket = socket.map_err(|_| Refusal::Unreachable)?;
        let tls = TlsConnector::from(Arc::new(config));
        let tls = tls.connect(self.name, socket).await?;
        Ok(Secured {
            chain: Chain::of_peer(tls.get_ref().1.peer_certificates())?,
            authority: self.authority,
            tls: TlsStream::Client(tls),
        })
    }
}

/// Why a peer whose certificate is sound did not let us in.
pub(crate) struct TurnedAway {
    why: Refusal,
    /// Its word that we were removed.
    notice: Option<Vec<u8>>,
}

impl From<TurnedAway> for Refusal {
    fn from(away: TurnedAway) -> Self {
        match away.notice {
            Some(_) => Self::Removed,
            None => away.why,
        }
    }
}

/// Hands a notice on. If nobody takes it now, the next call brings it again.
fn tell(shared: &Shared, member: u64, away: TurnedAway) -> Refusal {
    if let Some(notice) = &away.notice {
        let arrival = Arrival::Removed(member, notice.clone());
        let _ = shared.arrivals.try_send(arrival);
    }
    away.into()
}

/// A connection whose other end is known.
pub(crate) struct Secured {
    tls: TlsStream<Socket>,
    chain: Chain,
    authority: String,
}

impl Secured {
    /// Asks for a path.
    pub(crate) async fn open(self, path: &str, bytes: usize) -> Result<(Web, Chain), TurnedAway> {
        let url = format!("wss://{}{path}", self.authority);
        let opened = client_async_with_config(url, self.tls, Some(bounds(bytes))).await;
        let (web, _) = opened.map_err(|error| TurnedAway {
            notice: match &error {
                tungstenite::Error::Http(answer) => notice_in(answer),
                _ => None,
            },
            why: error.into(),
        })?;
        Ok((web, self.chain))
    }
}
