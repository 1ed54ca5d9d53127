//! A small HTTP/1.1 client over a plain connection to a node on this machine.
//!
//! It exists because a load generator must cost little and do nothing behind the
//! measurer's back: no pool, no retry, no runtime. It speaks as much of HTTP as
//! the node answers: fixed-length and chunked bodies.

use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longest body that is read into memory.
const BODY_MAX_BYTES: u64 = 1 << 28;
/// Longest line of a head.
const LINE_MAX_BYTES: u64 = 1 << 16;
/// Most lines of a head.
const HEAD_MAX_LINES: usize = 200;

/// What the node answered.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; an error when the status is not a success.
    pub(crate) fn json(&self) -> Result<serde_json::Value> {
        ensure!(
            (200..300).contains(&self.status),
            "the node answered {}: {}",
            self.status,
            String::from_utf8_lossy(&self.body)
        );
        serde_json::from_slice(&self.body).context("the node answered no JSON")
    }
}

/// One connection, used for one request after another.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects; every later read and write fails after `timeout`.
    pub(crate) fn open(address: SocketAddr, timeout: Duration) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, timeout)
            .with_context(|| format!("could not connect to {address}"))?;
        stream.set_read_timeout(Some(timeout))?;
        stream.set_write_timeout(Some(timeout))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::with_capacity(1 << 15, stream),
        })
    }

    /// Sends a prepared request.
    pub(crate) fn send(&mut self, request: &[u8]) -> Result<()> {
        Ok(self.stream.get_mut().write_all(request)?)
    }

    /// Reads one whole answer into `answer`, whose memory is used again.
    pub(crate) fn receive(&mut self, answer: &mut Answer) -> Result<()> {
        let length = self.receive_head(answer)?;
        answer.body.clear();
        match length {
            Length::Fixed(bytes) => {
                ensure!(
                    bytes <= BODY_MAX_BYTES,
                    "an answer of {bytes} bytes is too long"
                );
                self.append(bytes, &mut answer.body)?;
            }
            Length::Chunked => while self.receive_chunk(&mut answer.body)? {},
            Length::None => {}
        }
        Ok(())
    }

    /// Sends a request and reads its answer.
    pub(crate) fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        self.send(request)?;
        let mut answer = Answer::default();
        self.receive(&mut answer)?;
        Ok(answer)
    }

    fn receive_head(&mut self, answer: &mut Answer) -> Result<Length> {
        let line = self.line()?;
        let mut words = line.split(' ');
        ensure!(
            words.next() == Some("HTTP/1.1"),
            "not an HTTP/1.1 answer: `{line}`"
        );
        answer.status = words
            .next()
            .unwrap_or_default()
            .parse()
            .context("no status")?;
        answer.headers.clear();
        let mut length = Length::Fixed(0);
        for _ in 0..HEAD_MAX_LINES {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(if answer.status == 204 {
                    Length::None
                } else {
                    length
                });
            }
            let (name, value) = line.split_once(':').context("a header without colon")?;
            let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
            match name.as_str() {
                "content-length" => length = Length::Fixed(value.parse().context("bad length")?),
                "transfer-encoding" => length = Length::Chunked,
                _ => {}
            }
            answer.headers.push((name, value));
        }
        bail!("an answer with more than {HEAD_MAX_LINES} headers")
    }

    /// Appends the next chunk; `false` after the last.
    fn receive_chunk(&mut self, body: &mut Vec<u8>) -> Result<bool> {
        let line = self.line()?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).context("a chunk without size")?;
        ensure!(
            body.len() as u64 + size <= BODY_MAX_BYTES,
            "an answer is too long"
        );
        self.append(size, body)?;
        ensure!(self.line()?.is_empty(), "a chunk without end");
        Ok(size > 0)
    }

    fn append(&mut self, bytes: u64, body: &mut Vec<u8>) -> Result<()> {
        let read = (&mut self.stream).take(bytes).read_to_end(body)?;
        ensure!(
            read as u64 == bytes,
            "the connection closed within an answer"
        );
        Ok(())
    }

    fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        (&mut self.stream)
            .take(LINE_MAX_BYTES)
            .read_until(b'\n', &mut line)?;
        ensure!(line.last() == Some(&b'\n'), "the connection closed");
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        String::from_utf8(line).context("a head that is not UTF-8")
    }
}

enum Length {
    Fixed(u64),
    Chunked,
    None,
}

/// Writes a request into `out`. `headers` are whole lines without line ends.
pub(crate) fn write_request(
    out: &mut Vec<u8>,
    method: &str,
    path: &str,
    headers: &[&str],
    body: &[u8],
) {
    out.clear();
    out.extend_from_slice(format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n").as_bytes());
    for header in headers {
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    out.extend_from_slice(body);
}

/// A request as bytes.
pub(crate) fn request(method: &str, path: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write_request(&mut out, method, path, headers, body);
    out
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::net::TcpListener;

    /// Answers every connection with `answers` in turn, one a request.
    pub(crate) fn serve(answers: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                std::thread::spawn(move || answer_all(stream, answers));
            }
        });
        address
    }

    fn answer_all(stream: TcpStream, answers: &[&str]) {
        let mut reader = BufReader::new(stream);
        for answer in answers.iter().cycle() {
            let (mut length, mut line) = (0, String::new());
            loop {
                line.clear();
                if reader.read_line(&mut line).unwrap_or(0) == 0 {
                    return;
                }
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.trim().parse().unwrap();
                }
                if line == "\r\n" {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            if reader.get_mut().write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }

    #[test]
    fn fixed_chunked_and_empty_bodies() {
        let address = serve(&[
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n",
        ]);
        let mut connection = Connection::open(address, Duration::from_secs(5)).unwrap();
        let ask = request("POST", "/v1/claims", &["x-a: b"], b"hello");
        let bodies: Vec<_> = (0..4)
            .map(|_| {
                let answer = connection.ask(&ask).unwrap();
                (answer.status, String::from_utf8(answer.body).unwrap())
            })
            .collect();
        let expected = [(200, "{}"), (200, "abcde"), (204, ""), (401, "")];
        assert_eq!(
            bodies,
            expected.map(|(status, body)| (status, body.to_owned()))
        );
    }

    #[test]
    fn a_cut_answer_is_an_error() {
        let address = serve(&["HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}"]);
        let mut connection = Connection::open(address, Duration::from_millis(200)).unwrap();
        assert!(connection.ask(&request("GET", "/", &[], b"")).is_err());
    }
}
