//! Connections: how many, how long they may take, and how they end.
//!
//! Whoever opens a connection and says nothing, or says it a byte at a time, or asks and
//! does not read the answer, is let go after a while; whoever comes when there are too
//! many is told so at once. A fault in one connection ends that one and no other.

use crate::App;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep, timeout};
use tower::Service;
use twin_node::Node;

/// Connections at once.
const CONNECTIONS_MAX: usize = 1024;
/// How long the head of a request may take, and how long a connection may be idle.
const HEAD_WAIT: Duration = Duration::from_secs(30);
/// Most bytes of a request's head; also how much of a body is read at once.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// Most header fields of a request.
const HEADERS_MAX: usize = 100;
/// How long a peer may leave an answer unread.
const UNREAD_MAX: Duration = Duration::from_secs(30);
/// How long requests under way may take to finish when the server ends.
const FAREWELL_MAX: Duration = Duration::from_secs(10);
/// How long to wait when the system has no more files to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What whoever comes too many is told.
const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n\
    retry-after: 60\r\nconnection: close\r\ncontent-length: 112\r\n\r\n\
    {\"code\":\"API-503\",\"message\":\"too many connections are open\",\"help\":\"close some, or wait a minute and try again\"}";

/// Answers on `listener` until `shutdown` is done, then finishes what is under way, for
/// at most ten seconds. The node stays open.
pub async fn serve(
    node: Node,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let (router, app) = crate::build(node);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let farewell = GracefulShutdown::new();
    tracing::info!(address = %listener.local_addr()?, "answering");
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                if let Ok(place) = places.clone().try_acquire_owned() {
                    connect(stream, router.clone(), &app, place, &farewell);
                } else {
                    app.metrics.turned_away.inc();
                    tokio::spawn(turn_away(stream));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    app.closing.send_replace(true);
    if timeout(FAREWELL_MAX, farewell.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time and were broken off");
    }
    Ok(())
}

fn connect(
    stream: TcpStream,
    router: Router,
    app: &App,
    place: OwnedSemaphorePermit,
    farewell: &GracefulShutdown,
) {
    // Answers are written whole; waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let service =
        service_fn(move |request: Request<Incoming>| router.clone().call(request.map(Body::new)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(
            TokioIo::new(Impatient {
                stream,
                unread: None,
            }),
            service,
        );
    let connection = farewell.watch(connection);
    let open = app.metrics.connections.clone();
    tokio::spawn(async move {
        open.inc();
        let _closed = OnDrop(|| {
            open.dec();
        });
        let _place = place;
        // Peers that go away or talk nonsense are no news.
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection broke off");
        }
    });
}

/// Runs something when it goes, whatever the reason.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

async fn turn_away(mut stream: TcpStream) {
    const PATIENCE: Duration = Duration::from_secs(1);
    let _ = timeout(PATIENCE, stream.write_all(TOO_MANY)).await;
}

/// A stream that ends when its peer leaves what was written unread for too long.
struct Impatient {
    stream: TcpStream,
    /// Runs out while the peer does not read.
    unread: Option<Pin<Box<Sleep>>>,
}

impl Impatient {
    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.unread = None;
            return written;
        }
        let unread = self
            .unread
            .get_or_insert_with(|| Box::pin(sleep(UNREAD_MAX)));
        match unread.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
        }
    }
}

impl AsyncRead for Impatient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Impatient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watch(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.watch(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.watch(context, shut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_as_long_as_it_says() {
        let text = std::str::from_utf8(TOO_MANY).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{}",
            body.len()
        );
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok());
    }

    /// Time is stopped and skips ahead while everything waits.
    #[tokio::test(start_paused = true)]
    async fn a_peer_that_does_not_read_is_let_go() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (peer, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (_peer, (stream, _)) = (peer.unwrap(), accepted.unwrap());
        let mut stream = Impatient {
            stream,
            unread: None,
        };
        let piece = vec![0; 1 << 20];
        let start = tokio::time::Instant::now();
        let error = loop {
            if let Err(error) = stream.write_all(&piece).await {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(start.elapsed() >= UNREAD_MAX);
    }
}
