//! A bare axum server to measure the node's interface against: it reads the request
//! whole and answers every `PATCH` with the bytes of one file and every `GET` with those
//! of another; it knows nobody and stores nothing. Same library, same runtime settings
//! as the node.
//!
//! `cargo run --release -p twin-api --example echo -- [--listen 127.0.0.1:0] PATCHED GOT`
//! prints the address that it answers on.

use axum::Router;
use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use axum::serve::ListenerExt;
use bytes::Bytes;
use std::io::{Error, ErrorKind, Write};

/// What the node sends with its answers, too.
const KIND: [(HeaderName, &str); 1] = [(CONTENT_TYPE, "application/json")];

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut address = "127.0.0.1:0".to_owned();
    if arguments.len() == 4 && arguments[0] == "--listen" {
        address.clone_from(&arguments[1]);
        arguments.drain(..2);
    }
    let [patched, got] = arguments.as_slice() else {
        let usage = "usage: echo [--listen ADDRESS] PATCHED GOT";
        return Err(Error::new(ErrorKind::InvalidInput, usage));
    };
    let patched = Bytes::from(std::fs::read(patched)?);
    let got = Bytes::from(std::fs::read(got)?);
    let answers =
        get(|| async move { (KIND, got) }).patch(|_whole: Bytes| async move { (KIND, patched) });
    let router = Router::new().route("/v1/entities/{id}", answers);
    let listener = tokio::net::TcpListener::bind(address).await?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    // As the node does: answers are written whole.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, router).await
}
