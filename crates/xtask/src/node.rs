//! A real node as another program sees it: a process, an address, a credential.

use crate::http::{Answer, Connection, request};
use crate::shell;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a node may take from its start until it answers.
const START_MAX: Duration = Duration::from_mins(2);
/// What it writes to standard error, in its data directory.
const LOG: &str = "serve.log";
const NAP: Duration = Duration::from_millis(2);
const TIMEOUT: Duration = Duration::from_mins(2);

/// A running `twin serve`, killed when dropped.
#[derive(Debug)]
pub(crate) struct Node {
    child: Child,
    pub address: SocketAddr,
    /// The header line that names the caller.
    pub bearer: String,
    /// From the start of the process until it answered, in seconds.
    pub started_in_s: f64,
    data: PathBuf,
}

/// The binary, built for measuring or for testing; `TWIN_BINARY` names another that
/// is there already, such as the one that is installed.
pub(crate) fn build(release: bool) -> Result<PathBuf> {
    if let Some(binary) = std::env::var_os("TWIN_BINARY") {
        return Ok(PathBuf::from(binary));
    }
    shell::build("twin-cli", ["--bin", "twin"], release)
}

impl Node {
    /// Starts a node on a data directory and waits until it answers.
    pub(crate) fn start(binary: &Path, data: &Path) -> Result<Self> {
        let begun = Instant::now();
        let endpoint = data.join("endpoint");
        // One of an earlier process would be taken for ours.
        let _ = std::fs::remove_file(&endpoint);
        let mut node = Self {
            child: spawn(binary, data)?,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            bearer: String::new(),
            started_in_s: 0.0,
            data: data.to_path_buf(),
        };
        while begun.elapsed() < START_MAX {
            if let Some(status) = node.child.try_wait()? {
                bail!("the node ended at its start ({status}): {}", node.log());
            }
            if node.is_ready(&endpoint) {
                node.started_in_s = begun.elapsed().as_secs_f64();
                return Ok(node);
            }
            std::thread::sleep(NAP);
        }
        bail!(
            "the node did not answer within {} s: {}",
            START_MAX.as_secs(),
            node.log()
        )
    }

    fn is_ready(&mut self, endpoint: &Path) -> bool {
        let Ok(text) = std::fs::read_to_string(endpoint) else {
            return false;
        };
        let url = text.lines().next().unwrap_or_default();
        let Ok(address) = url
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .parse()
        else {
            return false;
        };
        self.address = address;
        let Ok(token) = std::fs::read_to_string(self.data.join("local.token")) else {
            return false;
        };
        self.bearer = format!("authorization: Bearer {}", token.trim());
        self.ask("GET", "/v1/health", b"")
            .is_ok_and(|answer| answer.status == 200)
    }

    /// A connection to it.
    pub(crate) fn connect(&self) -> Result<Connection> {
        Connection::open(self.address, TIMEOUT)
    }

    /// Asks once, as the operator, over a connection of its own.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &[u8]) -> Result<Answer> {
        self.connect()?.ask(&self.request(method, path, body))
    }

    /// A request of the operator.
    pub(crate) fn request(&self, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        request(method, path, &[&self.bearer], body)
    }

    /// Reads JSON.
    pub(crate) fn get(&self, path: &str) -> Result<Value> {
        self.ask("GET", path, b"")?
            .json()
            .with_context(|| format!("GET {path}"))
    }

    /// Imports a file and returns the last line of the answer.
    pub(crate) fn import(&self, file: &Path) -> Result<Value> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let body = std::fs::read(file)?;
        let answer = self.ask(
            "POST",
            &format!("/v1/imports?name={}", escaped(&name)),
            &body,
        )?;
        ensure!(
            answer.status == 200,
            "the import was answered {}",
            answer.status
        );
        let text = String::from_utf8_lossy(&answer.body);
        let last = text.trim_end().lines().next_back().unwrap_or_default();
        let last: Value = serde_json::from_str(last).context("the import told nothing")?;
        ensure!(last.get("done").is_some(), "the import failed: {last}");
        Ok(last)
    }

    /// Resident memory, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        status_bytes(self.child.id(), "VmRSS:")
    }

    /// The largest resident memory so far, in bytes.
    pub(crate) fn peak_bytes(&self) -> Result<u64> {
        status_bytes(self.child.id(), "VmHWM:")
    }

    /// The number of the process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the process ends by itself or by somebody's hand.
    pub(crate) fn wait(&mut self) -> Result<()> {
        let status = self.child.wait()?;
        eprintln!("the node has ended ({status})");
        Ok(())
    }

    /// kill -9, and waits until the process is gone.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// What it wrote to standard error last.
    fn log(&self) -> String {
        let text = std::fs::read(self.data.join(LOG)).unwrap_or_default();
        shell::tail(&String::from_utf8_lossy(&text), 2000).to_owned()
    }
}

/// Starts a process and kills it after that time, whether it answers yet or not.
pub(crate) fn start_and_kill(binary: &Path, data: &Path, life: Duration) -> Result<()> {
    let mut child = spawn(binary, data)?;
    std::thread::sleep(life);
    child.kill()?;
    child.wait()?;
    Ok(())
}

fn spawn(binary: &Path, data: &Path) -> Result<Child> {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(data.join(LOG))?;
    Command::new(binary)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .with_context(|| format!("could not start `{}`", binary.display()))
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may be gone already; there is nobody to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn status_bytes(process: u32, field: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kib: u64 = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .with_context(|| format!("/proc tells no {field}"))?
        .trim()
        .parse()?;
    Ok(kib * 1024)
}

/// A text as part of a path or query (RFC 3986, unreserved characters kept).
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_escaped() {
        assert_eq!(escaped("urn:a b/é"), "urn:a%20b%2F%C3%A9");
    }

    #[test]
    fn memory_is_read_from_proc() {
        assert!(status_bytes(std::process::id(), "VmRSS:").unwrap() > 1 << 16);
    }
}
