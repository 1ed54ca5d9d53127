//! How a stranger asks to join: one request, one answer, and no more.

use crate::connection::Web;
use crate::dial;
use crate::endpoint::{Arrival, Shared};
use crate::listen::JOIN_PATH;
use crate::refusal::Refusal;
use crate::socket::Meter;
use crate::trust::{Chain, Trust};
use futures_util::{SinkExt, StreamExt};
use std::sync::{Arc, PoisonError};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;

/// Requests that may come at once.
const BURST: f64 = 8.0;

/// How often somebody may ask.
#[derive(Debug)]
pub(crate) struct Rate {
    per_s: f64,
    saved: f64,
    at: Instant,
}

impl Rate {
    pub(crate) fn new(per_minute: u32) -> Self {
        Self {
            per_s: f64::from(per_minute) / 60.0,
            saved: BURST,
            at: Instant::now(),
        }
    }

    fn take(&mut self, now: Instant) -> bool {
        let waited = (now - self.at).as_secs_f64();
        self.saved = (self.saved + waited * self.per_s).min(BURST);
        self.at = now;
        let may = self.saved >= 1.0;
        if may {
            self.saved -= 1.0;
        }
        may
    }
}

/// Somebody who asks to join. Dropping it says no.
#[derive(Debug)]
pub struct Join {
    /// Who asks. That the certificates hold together is checked, nothing else.
    pub chain: Chain,
    /// What it says.
    pub request: Vec<u8>,
    reply: oneshot::Sender<Vec<u8>>,
}

impl Join {
    /// Answers. Whoever asked may have gone.
    pub fn answer(self, bytes: Vec<u8>) {
        let _ = self.reply.send(bytes);
    }
}

/// Whether another one may ask now.
pub(crate) fn may_ask(shared: &Shared) -> Result<(), Refusal> {
    let mut rate = shared.joins.lock().unwrap_or_else(PoisonError::into_inner);
    let may = shared.strangers.available_permits() > 0 && rate.take(Instant::now());
    may.then_some(()).ok_or(Refusal::TooMany)
}

/// Takes a request and gives the answer back.
pub(crate) async fn answer(shared: &Shared, mut web: Web, chain: Chain) -> Result<(), Refusal> {
    let permit = shared.strangers.try_acquire();
    let _permit = permit.map_err(|_| Refusal::TooMany)?;
    let request = message(&mut web, shared.limits.join_bytes).await?;
    let (reply, replied) = oneshot::channel();
    let join = Join {
        chain,
        request,
        reply,
    };
    let sent = shared.arrivals.send(Arrival::Join(join)).await;
    sent.map_err(|_| Refusal::Broken)?;
    if let Ok(bytes) = replied.await {
        web.send(Message::Binary(bytes.into())).await?;
    }
    web.close(None).await?;
    // The other end closes, so that the answer is not lost with the connection.
    while let Some(Ok(_)) = web.next().await {}
    Ok(())
}

/// Asks.
pub(crate) async fn ask(
    shared: &Shared,
    address: &str,
    trust: Arc<dyn Trust>,
    request: Vec<u8>,
) -> Result<Vec<u8>, Refusal> {
    let bytes = shared.limits.join_bytes;
    if request.len() > bytes {
        return Err(Refusal::TooLong);
    }
    let asked = async {
        let call = dial::Call::to(address, 0).await?;
        let tls = call.secure(shared, trust, Meter::default()).await?;
        let (mut web, _) = tls.open(JOIN_PATH, bytes).await?;
        web.send(Message::Binary(request.into())).await?;
        let answer = message(&mut web, bytes).await;
        // The answer is what counts, not how we part.
        let _ = web.close(None).await;
        answer
    };
    let asked = timeout(shared.limits.handshake, asked).await;
    asked.unwrap_or(Err(Refusal::TooSlow))
}

/// One binary message.
async fn message(web: &mut Web, bytes_max: usize) -> Result<Vec<u8>, Refusal> {
    while let Some(message) = web.next().await {
        match message? {
            Message::Binary(bytes) if bytes.len() > bytes_max => return Err(Refusal::TooLong),
            Message::Binary(bytes) => return Ok(bytes.into()),
            Message::Ping(_) | Message::Pong(_) => {}
            Message::Close(_) => return Err(Refusal::ByPeer),
            Message::Text(_) | Message::Frame(_) => return Err(Refusal::Garbage),
        }
    }
    Err(Refusal::ByPeer)
}
