//! A bare axum server to measure the node's interface against: it answers a `GET` with
//! as many bytes as the path says and a `PATCH` with the bytes it got, knows nobody,
//! stores nothing. Same library, same runtime settings as the node.
//!
//! `cargo run --release -p twin-api --example echo -- --listen 127.0.0.1:0`

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, patch};
use axum::serve::ListenerExt;
use bytes::Bytes;
use std::io::Write;

/// The largest answer that is given.
const BYTES_MAX: usize = 1 << 20;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = match (arguments.next().as_deref(), arguments.next()) {
        (Some("--listen"), Some(address)) => address,
        _ => "127.0.0.1:0".to_owned(),
    };
    // One allocation for every answer, as the node makes one for its own.
    let answer = |Path(bytes): Path<usize>| async move { vec![b'x'; bytes.min(BYTES_MAX)] };
    let router = Router::new()
        .route("/bytes/{count}", get(answer))
        .route("/echo", patch(|body: Bytes| async move { body }));
    let listener = tokio::net::TcpListener::bind(address).await?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    // As the node does: answers are written whole.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, router).await
}
