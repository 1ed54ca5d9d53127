//! The door: who may come in, and how far.
//!
//! Whoever stands in the doorway without speaking is pushed out by the next, so that no
//! number of them keeps a member out.

use crate::connection::{Connection, bounds};
use crate::endpoint::{Arrival, Shared};
use crate::join;
use crate::refusal::Refusal;
use crate::registry::Dialled;
use crate::socket::{Meter, Socket};
use crate::trust::{Chain, NOTICE_BYTES_MAX, Verdict};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::{TlsAcceptor, TlsStream};
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderValue, Response as Answer, StatusCode};

/// Where frames are exchanged.
pub(crate) const LINK_PATH: &str = "/link/1";
/// Where strangers may ask.
pub(crate) const JOIN_PATH: &str = "/join/1";
/// Where a removal is told: the signed word, in hexadecimal digits.
const NOTICE_HEADER: &str = "twin-removed";
/// When the machine can take no more connections, they are asked for again after this.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// Somebody in the doorway.
struct Waiting {
    from: IpAddr,
    task: AbortHandle,
}

pub(crate) async fn serve(shared: Arc<Shared>, listener: TcpListener) {
    let mut tasks = JoinSet::new();
    let mut waiting: Vec<Waiting> = Vec::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((tcp, from)) => {
                    if waiting.len() >= shared.limits.handshakes {
                        push_out(&mut waiting, &shared);
                    }
                    let task = tasks.spawn(welcome(Arc::clone(&shared), tcp));
                    waiting.push(Waiting { from: from.ip(), task });
                }
                Err(_) => sleep(ACCEPT_AGAIN).await,
            },
            Some(_) = tasks.join_next() => waiting.retain(|other| !other.task.is_finished()),
        }
    }
}

/// Pushes out the oldest of the address from which most are waiting.
fn push_out(waiting: &mut Vec<Waiting>, shared: &Shared) {
    let mut counts: BTreeMap<IpAddr, usize> = BTreeMap::new();
    for other in waiting.iter() {
        *counts.entry(other.from).or_default() += 1;
    }
    let crowd = counts.into_iter().max_by_key(|&(_, count)| count);
    let oldest = waiting
        .iter()
        .position(|other| crowd.is_some_and(|(from, _)| other.from == from));
    if let Some(oldest) = oldest {
        waiting.remove(oldest).task.abort();
        shared.refused.add(Refusal::TooMany);
    }
}

async fn welcome(shared: Arc<Shared>, tcp: TcpStream) {
    let outcome = timeout(shared.limits.handshake, greet(&shared, tcp)).await;
    if let Err(why) = outcome.unwrap_or(Err(Refusal::TooSlow)) {
        shared.refused.add(why);
    }
}

/// What somebody came for.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    Link(u64),
    Join,
}

async fn greet(shared: &Shared, tcp: TcpStream) -> Result<(), Refusal> {
    let begun = Instant::now();
    let socket = Socket::new(tcp, Meter::default())?;
    let tls = TlsAcceptor::from(shared.server()).accept(socket).await?;
    let chain = Chain::of_peer(tls.get_ref().1.peer_certificates())?;
    let verdict = shared.trust.judge(&chain);
    let dialled = shared.dialled_by_peer(&chain.authority_key);

    let bytes = shared.limits.frame_bytes.max(shared.limits.join_bytes);
    let mut purpose = Err(Refusal::Garbage);
    let notice = match verdict {
        Verdict::Removed => shared.trust.notice(&chain),
        _ => Vec::new(),
    };
    #[allow(
        clippy::result_large_err,
        reason = "the handshake is written so that it gives a response back"
    )]
    let decide = |request: &Request, response: Response| {
        purpose = admit(shared, request.uri().path(), verdict, dialled);
        match purpose {
            Ok(_) => Ok(response),
            Err(why) => Err(turned_away(why, &notice)),
        }
    };
    let stream = TlsStream::Server(tls);
    let web = accept_hdr_async_with_config(stream, decide, Some(bounds(bytes))).await;
    let web = match (web, purpose) {
        (Ok(web), _) => web,
        (Err(error), Ok(_) | Err(Refusal::Garbage)) => return Err(error.into()),
        (Err(_), Err(why)) => return Err(why),
    };
    match purpose? {
        Purpose::Join => join::answer(shared, web, chain).await,
        Purpose::Link(member) => {
            let place = shared.registry.admit(member, dialled)?;
            let (bytes, pace) = (shared.limits.frame_bytes, shared.pace);
            let turnaround = begun.elapsed() / 2;
            let connection = Connection::new(web, chain, place, bytes, pace, turnaround);
            arrive(shared, connection).await
        }
    }
}

/// Hands a connection to whoever takes arrivals.
pub(crate) async fn arrive(shared: &Shared, connection: Connection) -> Result<(), Refusal> {
    let arrival = Arrival::Link(Box::new(connection));
    let sent = shared.arrivals.send(arrival).await;
    sent.map_err(|_| Refusal::Broken)
}

/// Whether a peer may use a path now.
fn admit(
    shared: &Shared,
    path: &str,
    verdict: Verdict,
    dialled: Dialled,
) -> Result<Purpose, Refusal> {
    match (path, verdict) {
        (LINK_PATH, Verdict::Known(member)) => {
            shared.registry.check(member, dialled)?;
            Ok(Purpose::Link(member))
        }
        (LINK_PATH, Verdict::Removed) => Err(Refusal::Removed),
        (JOIN_PATH, Verdict::Known(_) | Verdict::Stranger | Verdict::Removed) => {
            join::may_ask(shared)?;
            Ok(Purpose::Join)
        }
        (_, Verdict::Refused) => Err(Refusal::Untrusted),
        _ => Err(Refusal::WrongPath),
    }
}

fn turned_away(why: Refusal, notice: &[u8]) -> ErrorResponse {
    let mut response = ErrorResponse::new(None);
    if why == Refusal::Removed
        && let Ok(notice) = HeaderValue::from_str(&hex(notice))
    {
        response.headers_mut().insert(NOTICE_HEADER, notice);
    }
    *response.status_mut() = match why {
        Refusal::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Refusal::Crossing => StatusCode::CONFLICT,
        _ => StatusCode::FORBIDDEN,
    };
    response
}

/// The notice in the answer of one who turned us away.
pub(crate) fn notice_in<T>(answer: &Answer<T>) -> Option<Vec<u8>> {
    let digits = answer.headers().get(NOTICE_HEADER)?.as_bytes();
    let is_whole = digits.len() % 2 == 0 && digits.len() <= 2 * NOTICE_BYTES_MAX;
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = digits.chunks_exact(2);
    let bytes = pairs.map(|pair| Some((digit(pair[0])? << 4 | digit(pair[1])?) as u8));
    bytes.collect::<Option<Vec<u8>>>().filter(|_| is_whole)
}

fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}
