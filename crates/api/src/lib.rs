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
#[allow(dead_code, reason = "the route that serves tiles comes with the map")]
mod tile;
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
    reads: Arc<Semaphore>,
    works: Arc<Semaphore>,
    passwords: Arc<Semaphore>,
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
            reads: Arc::new(Semaphore::new(READS_MAX)),
            works: Arc::new(Semaphore::new(WORKS_MAX)),
            passwords: Arc::new(Semaphore::new(PASSWORDS_MAX)),
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
        turns: &Arc<Semaphore>,
        work: impl FnOnce(&Node) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let busy = || Error::new(Code::Busy, "too much is being asked at once");
        let turn = tokio::time::timeout(TURN_WAIT, turns.clone().acquire_owned()).await;
        let turn = turn.map_err(|_| busy())?.map_err(|_| busy())?;
        let app = self.clone();
        // The turn ends with the work, not with the request: work goes on when its caller
        // hangs up, and would otherwise pile up beyond every bound.
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&app.node)
        })
        .await;
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use twin_node::{Config, SystemClock};

    /// Found by attack: whoever asked to log in and hung up at once gave the turn back
    /// while the check of the password went on. Three hundred such requests, from nobody
    /// known, took three gigabytes.
    #[tokio::test]
    async fn a_turn_lasts_as_long_as_its_work() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config {
            data_dir: dir.path().join("node"),
            ..Config::default()
        };
        let (node, _) = Node::open(config, Arc::new(SystemClock)).unwrap();
        let app = App::new(node.clone(), metrics::Metrics::new());
        let (begin, begun) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let ended = Arc::new(std::sync::Mutex::new(ended));
        for _ in 0..PASSWORDS_MAX {
            let (begin, ended) = (begin.clone(), Arc::clone(&ended));
            let work = app.password_work(move |_| {
                let _ = begin.send(());
                let _ = ended.lock().map(|ended| ended.recv());
                Ok(())
            });
            // The caller hangs up once the work is under way.
            let mut work = std::pin::pin!(work);
            tokio::select! {
                biased;
                _ = &mut work => panic!("it has not ended"),
                () = std::future::ready(()) => {}
            }
            begun.recv().unwrap();
        }
        assert_eq!(app.passwords.available_permits(), 0);
        drop(end);
        while app.passwords.available_permits() == 0 {
            tokio::task::yield_now().await;
        }
        assert!(app.password_work(|_| Ok(())).await.is_ok());
        tokio::task::spawn_blocking(move || node.close())
            .await
            .unwrap();
    }
}
