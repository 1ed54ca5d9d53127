//! Speaks the node's HTTP interface (docs/formats/http-api.md) as any program would.
//!
//! **Invariant:** the credential goes to the given address only: no proxy, no
//! redirect.

use crate::failure::{Code, Failure, Result, io_words};
use crate::interrupt;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::time::Duration;
use ureq::http::{Method, Request, Response};
use ureq::{Agent, Body, SendBody};

/// How long to wait for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long a node may be silent before it counts as hung. An import says
/// something at least every second; a backup of a full disk may take minutes.
const SILENCE_MAX: Duration = Duration::from_mins(10);
/// Largest answer taken into memory whole: ten thousand twins, the page limit, with room.
const ANSWER_BYTES_MAX: u64 = 256 << 20;
/// Media type of a bundle file (docs/formats/carry.md).
const BUNDLES: &str = "application/vnd.twinternet.bundles";
/// Bytes that are copied at once.
const STEP_BYTES: usize = 64 << 10;
/// Twins or findings per request.
const PAGE: &str = "1000";

/// A connection to one node.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    base: String,
    token: String,
}

impl Client {
    /// A client of the node at `base` (`http://host:port`), who shows `token`.
    pub(crate) fn new(base: &str, token: &str) -> Result<Self> {
        let base = base.trim_end_matches('/');
        if !base.starts_with("http://") {
            return Err(
                Failure::new(Code::Address, format!("`{base}` is not an http address")).help(
                    "write it as http://HOST:PORT; for https put a tunnel or proxy in between",
                ),
            );
        }
        let agent = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_MAX))
            .timeout_per_read(Some(SILENCE_MAX))
            .user_agent(concat!("twin/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        let token = token.trim().to_owned();
        Ok(Self {
            agent,
            base: base.to_owned(),
            token,
        })
    }

    /// Where the node is.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Lets go of the node now: whatever is under way fails.
    pub(crate) fn on_interrupt_hang_up(&self) {
        let agent = self.agent.clone();
        interrupt::on_interrupt(move || agent.clone().shutdown());
    }

    /// Reads something.
    pub(crate) fn get(&self, path: &Path) -> Result<Value> {
        self.ask(Method::GET, path, SendBody::none(), None)
    }

    /// Removes something.
    pub(crate) fn delete(&self, path: &Path) -> Result<Value> {
        self.ask(Method::DELETE, path, SendBody::none(), None)
    }

    /// Sends one object.
    pub(crate) fn post(&self, path: &Path, body: &Value) -> Result<Value> {
        self.post_bytes(path, body.to_string().as_bytes(), "application/json")
    }

    /// Sends lines of JSON.
    pub(crate) fn post_lines(&self, path: &Path, body: &[u8]) -> Result<Value> {
        self.post_bytes(path, body, "application/x-ndjson")
    }

    /// Sends bytes of some media type.
    pub(crate) fn post_bytes(&self, path: &Path, mut body: &[u8], kind: &str) -> Result<Value> {
        let length = body.len() as u64;
        self.ask(
            Method::POST,
            path,
            SendBody::from_reader(&mut body),
            Some((kind, length)),
        )
    }

    /// Sends a file and reads one object.
    pub(crate) fn post_stream(
        &self,
        path: &Path,
        file: &mut dyn Read,
        length: u64,
    ) -> Result<Value> {
        let kind = Some((BUNDLES, length));
        self.ask(Method::POST, path, SendBody::from_reader(file), kind)
    }

    /// Sends bytes, and writes the bytes of the answer as they come.
    pub(crate) fn post_for_bytes(
        &self,
        path: &Path,
        mut body: &[u8],
        to: &mut dyn Write,
    ) -> Result<()> {
        let kind = Some((BUNDLES, body.len() as u64));
        let answer = self.send(Method::POST, path, SendBody::from_reader(&mut body), kind)?;
        self.copy(answer, to)
    }

    /// Writes the bytes of the answer as they come.
    pub(crate) fn get_bytes(&self, path: &Path, to: &mut dyn Write) -> Result<()> {
        let answer = self.send(Method::GET, path, SendBody::none(), None)?;
        self.copy(answer, to)
    }

    fn copy(&self, answer: Response<Body>, to: &mut dyn Write) -> Result<()> {
        let mut from = answer.into_body().into_reader();
        let mut step = vec![0; STEP_BYTES];
        loop {
            let bytes = from
                .read(&mut step)
                .map_err(|cause| self.broken(&io_words(&cause)))?;
            if bytes == 0 {
                return Ok(());
            }
            let written = to.write_all(&step[..bytes]);
            written.map_err(|cause| Failure::new(Code::File, io_words(&cause)))?;
        }
    }

    /// Sends a file and hands on each line of the answer as it comes.
    pub(crate) fn post_file(
        &self,
        path: &Path,
        file: &mut dyn Read,
        length: u64,
        mut line: impl FnMut(Value) -> Result<()>,
    ) -> Result<()> {
        let kind = Some(("application/octet-stream", length));
        let answer = self.send(Method::POST, path, SendBody::from_reader(file), kind)?;
        for text in BufReader::new(answer.into_body().into_reader()).lines() {
            let text = text.map_err(|cause| self.broken(&io_words(&cause)))?;
            if !text.trim().is_empty() {
                line(serde_json::from_str(&text).map_err(|_| self.strange(&text))?)?;
            }
        }
        Ok(())
    }

    /// Every item of a list that comes in pages, each handed on as it comes.
    pub(crate) fn each(
        &self,
        path: &Path,
        list: &str,
        mut item: impl FnMut(&Value) -> Result<()>,
    ) -> Result<()> {
        let mut after: Option<String> = None;
        loop {
            let mut page = path.clone().query("limit", PAGE);
            if let Some(after) = &after {
                page = page.query("after", after);
            }
            let answer = self.get(&page)?;
            let items = answer[list]
                .as_array()
                .ok_or_else(|| self.strange("no list"))?;
            items.iter().try_for_each(&mut item)?;
            let next = match &answer["next"] {
                Value::Null => return Ok(()),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            // A node that hands out the same page for ever must not hang the command.
            if items.is_empty() || after.as_ref() == Some(&next) {
                return Ok(());
            }
            after = Some(next);
        }
    }

    fn ask(
        &self,
        method: Method,
        path: &Path,
        body: SendBody<'_>,
        kind: Option<(&str, u64)>,
    ) -> Result<Value> {
        let mut answer = self.send(method, path, body, kind)?;
        self.read_json(&mut answer)
    }

    /// Sends and returns the answer if it is a good one.
    fn send(
        &self,
        method: Method,
        path: &Path,
        body: SendBody<'_>,
        kind: Option<(&str, u64)>,
    ) -> Result<Response<Body>> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        if let Some((kind, length)) = kind {
            request = request
                .header("content-type", kind)
                .header("content-length", length);
        }
        let request = request.body(body).map_err(|cause| {
            Failure::new(
                Code::Address,
                format!("`{}{path}` cannot be asked: {cause}", self.base),
            )
        })?;
        let mut answer = self
            .agent
            .run(request)
            .map_err(|cause| self.no_answer(&cause))?;
        let status = answer.status().as_u16();
        if (200..300).contains(&status) {
            return Ok(answer);
        }
        let body = self.read_json(&mut answer).unwrap_or_default();
        Err(Failure::from_answer(status, &body))
    }

    fn read_json(&self, answer: &mut Response<Body>) -> Result<Value> {
        let read = answer
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_to_vec();
        let bytes = read.map_err(|cause| self.no_answer(&cause))?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(|_| self.strange(&String::from_utf8_lossy(&bytes)))
    }

    fn no_answer(&self, cause: &ureq::Error) -> Failure {
        match cause {
            ureq::Error::Io(cause) => self.broken(&io_words(cause)),
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
                Failure::new(Code::Address, format!("`{}` is not an address", self.base))
                    .help("write it as http://HOST:PORT")
            }
            other => self.broken(&other.to_string()),
        }
    }

    fn broken(&self, why: &str) -> Failure {
        if interrupt::interrupted() {
            return Failure::interrupted("the command");
        }
        Failure::new(
            Code::Unreachable,
            format!("no answer from {}: {why}", self.base),
        )
        .help("start the node with `twin serve`, or give its address with --url")
    }

    fn strange(&self, text: &str) -> Failure {
        let start: String = text.chars().take(60).collect();
        let start = crate::output::harmless(&start);
        Failure::new(
            Code::Answer,
            format!("{} answers in no known form: `{start}`", self.base),
        )
        .help("is it a node of this version? `twin --version`, `twin doctor`")
    }
}

/// Path and query of a request, every part percent-encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    text: String,
    asked: bool,
}

impl Path {
    /// Starts with a literal such as `/v1/entities`.
    pub(crate) fn new(literal: &str) -> Self {
        Self {
            text: literal.to_owned(),
            asked: false,
        }
    }

    /// Adds one segment.
    pub(crate) fn part(mut self, segment: &str) -> Self {
        self.text.push('/');
        encode(&mut self.text, segment);
        self
    }

    /// Adds one parameter.
    pub(crate) fn query(mut self, key: &str, value: &str) -> Self {
        self.text.push(if self.asked { '&' } else { '?' });
        self.asked = true;
        self.text.push_str(key);
        self.text.push('=');
        encode(&mut self.text, value);
        self
    }

    /// Adds one parameter if there is one.
    pub(crate) fn query_if(self, key: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.query(key, &value.to_string()),
            None => self,
        }
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// RFC 3986 §2.3: all but the unreserved characters are escaped.
fn encode(to: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            to.push(char::from(byte));
        } else {
            to.push('%');
            for nibble in [byte >> 4, byte & 15] {
                to.push(char::from(b"0123456789ABCDEF"[usize::from(nibble)]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_escaped() {
        let path = Path::new("/v1/entities")
            .part("urn:a/b?c#ü")
            .query("at", "2026-01-05T08:00:00+01:00")
            .query_if("none", None::<&str>)
            .query_if("limit", Some(3));
        assert_eq!(
            path.to_string(),
            "/v1/entities/urn%3Aa%2Fb%3Fc%23%C3%BC?at=2026-01-05T08%3A00%3A00%2B01%3A00&limit=3"
        );
    }

    #[test]
    fn only_plain_http_is_spoken() {
        for address in ["https://x", "ftp://x", "x:80", ""] {
            assert_eq!(
                Client::new(address, "").unwrap_err().code,
                "CLI-009",
                "{address}"
            );
        }
        assert_eq!(Client::new("http://x:1/", "").unwrap().base(), "http://x:1");
    }
}
