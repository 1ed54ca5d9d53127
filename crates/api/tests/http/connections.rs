//! Real connections over loopback: answering, ending, and peers that dawdle.

use crate::bench::Bench;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Reads until `mark` was seen or the peer closed.
async fn read_until(stream: &mut TcpStream, mark: &str) -> String {
    let mut seen = Vec::new();
    let mut piece = [0; 4096];
    while !String::from_utf8_lossy(&seen).contains(mark) {
        match stream.read(&mut piece).await.unwrap() {
            0 => break,
            n => seen.extend_from_slice(&piece[..n]),
        }
    }
    String::from_utf8(seen).unwrap()
}

#[tokio::test]
async fn the_server_answers_and_ends_with_its_streams() {
    let bench = Bench::furnished().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ended) = oneshot::channel::<()>();
    let shutdown = async move { drop(ended.await) };
    let server = tokio::spawn(twin_api::serve(bench.node.clone(), listener, shutdown));

    let mut plain = TcpStream::connect(address).await.unwrap();
    plain
        .write_all(b"GET /v1/health HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let health = read_until(&mut plain, "\"ready\"").await;
    assert!(health.starts_with("HTTP/1.1 200 OK"), "{health}");

    let mut broken = TcpStream::connect(address).await.unwrap();
    broken
        .write_all(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
        .await
        .unwrap();
    let refused = read_until(&mut broken, "no such text").await;
    assert!(refused.starts_with("HTTP/1.1 400"), "{refused}");

    // A body that says it is larger than is accepted is refused before it is sent.
    let mut large = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /v1/claims HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 99999999\r\n\r\n",
        bench.operator
    );
    large.write_all(head.as_bytes()).await.unwrap();
    let refused = read_until(&mut large, "API-413").await;
    assert!(refused.starts_with("HTTP/1.1 413"), "{refused}");

    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n",
        bench.operator
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    read_until(&mut stream, "retry: 2000").await;
    end.send(()).unwrap();
    // The stream has no end of its own; the server must end it to end itself.
    read_until(&mut stream, "no such text").await;
    let finished = tokio::time::timeout(Duration::from_secs(8), server).await;
    finished.expect("the server did not end").unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
