//! The HTTP face of the node: what browsers, gateways, scripts and the command line
//! speak to.
//!
//! A browser asks here for the plan of a storey and hears what changes; a gateway sends
//! its observations here; the answers say what is believed, how surely, and what may not
//! be told. The contract is `docs/formats/http-api.md`; its machine-readable form,
//! `docs/formats/openapi.json`, is made from the same list of endpoints as the router.
//!
//! [`serve`] answers on a listener that the caller has bound; this crate opens no port.
//!
//! **Invariant (RELEASE-ONLY):** but for whether the node is up and whether it needs its
//! first account, no request is answered without a known caller, and what is answered
//! comes out of a `View`.
//! **Invariant (BOUNDED):** connections, streams, bodies, lines, waiting work and the
//! patience with slow peers all have limits, stated beside the code that keeps them.
//! **Boundary:** nothing but the façade of `twin-node` is used; JSON stays in `wire`.

use axum::Router;
use axum::response::{IntoResponse, Response};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use twin_node::Node;

mod answer;
mod assets;
mod auth;
pub mod claims;
mod endpoint;
mod error;
mod metrics;
pub mod openapi;
mod request;
mod routes;
mod server;
mod wire;

pub use server::serve;

use error::{Code, Error};

/// Reads that may wait for the disk or write much, at once. More wait their turn.
const READS_MAX: usize = 16;
/// Works that change more than claims, at once.
const WORKS_MAX: usize = 4;
/// Passwords checked at once: each takes some tens of megabytes on purpose.
const PASSWORDS_MAX: usize = 2;
/// How long a request waits for its turn.
const TURN_WAIT: Duration = Duration::from_secs(20);
/// Event streams at once.
const STREAMS_MAX: usize = 256;

/// Everything the handlers share. Cloning gives another handle to the same.
#[derive(Debug, Clone)]
pub(crate) struct App(Arc<Shared>);

/// What [`App`] is a handle to.
#[derive(Debug)]
pub(crate) struct Shared {
    node: Node,
    metrics: metrics::Metrics,
    streams: Arc<Semaphore>,
    importing: Arc<Semaphore>,
    reads: Semaphore,
    works: Semaphore,
    passwords: Semaphore,
    /// Becomes true when the server is to end, so that streams end too.
    closing: watch::Sender<bool>,
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl App {
    fn new(node: Node, metrics: metrics::Metrics) -> Self {
        Self(Arc::new(Shared {
            node,
            metrics,
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            importing: Arc::new(Semaphore::new(1)),
            reads: Semaphore::new(READS_MAX),
            works: Semaphore::new(WORKS_MAX),
            passwords: Semaphore::new(PASSWORDS_MAX),
            closing: watch::Sender::new(false),
        }))
    }

    /// A read that takes long or touches the disk, where it may block.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Node) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.blocking(&self.reads, read).await
    }

    /// A change that takes long, where it may block.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Node) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.blocking(&self.works, work).await
    }

    /// Work with a password, slow on purpose.
    async fn password_work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Node) -> Result<T, twin_node::Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.blocking(&self.passwords, |node| work(node).map_err(Error::from))
            .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        turns: &Semaphore,
        work: impl FnOnce(&Node) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let busy = || Error::new(Code::Busy, "too much is being asked at once");
        let turn = tokio::time::timeout(TURN_WAIT, turns.acquire()).await;
        let _turn = turn.map_err(|_| busy())?.map_err(|_| busy())?;
        let app = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&app.node)).await;
        done.unwrap_or_else(|_| {
            self.metrics.count_panic();
            Err(Error::internal())
        })
    }
}

/// Every resource of the contract and the page, over `node`. For tests and for other
/// servers; it keeps no limits on connections.
pub fn router(node: Node) -> Router {
    build(node).0
}

fn build(node: Node) -> (Router, App) {
    let mut metrics = metrics::Metrics::new();
    let router = routes::all()
        .into_iter()
        .fold(Router::new(), |router, endpoint| {
            endpoint.mount(router, &mut metrics)
        })
        .fallback(assets::page)
        .method_not_allowed_fallback(wrong_method);
    let app = App::new(node, metrics);
    (router.with_state(app.clone()), app)
}

async fn wrong_method() -> Response {
    let error = Error::new(Code::Method, "this path has no such method");
    let mut response = error.into_response();
    endpoint::guard(&mut response);
    response
}
