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
/// Its configuration, in its data directory, where it needs one.
pub(crate) const CONFIG: &str = "twin.toml";
/// Clock ticks in a second of processor time, the same on every Linux (`sysconf(_SC_CLK_TCK)`).
const TICKS_PER_S: f64 = 100.0;
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

    /// Writes JSON and reads what is answered.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let headers = [self.bearer.as_str(), "content-type: application/json"];
        let request = request("POST", path, &headers, body.to_string().as_bytes());
        self.connect()?
            .ask(&request)?
            .json()
            .with_context(|| format!("POST {path}"))
    }

    /// Makes claims, one a line, and says how many were taken; an error if any was refused.
    pub(crate) fn claim(&self, lines: &str) -> Result<u64> {
        let headers = [self.bearer.as_str(), "content-type: application/x-ndjson"];
        let request = request("POST", "/v1/claims", &headers, lines.as_bytes());
        let answer = self.connect()?.ask(&request)?.json()?;
        let refused = answer["refused"].as_array().map_or(0, Vec::len);
        ensure!(refused == 0, "claims were refused: {answer}");
        answer["accepted"].as_u64().context("no count of claims")
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

    /// Processor time so far, of all its threads, in seconds.
    pub(crate) fn cpu_s(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        cpu_s(&stat).context("/proc tells no processor time")
    }

    /// Sends a signal by its name: `STOP`, `CONT`.
    pub(crate) fn signal(&self, name: &str) -> Result<()> {
        let process = self.child.id().to_string();
        shell::capture(Command::new("kill").args(["-s", name, &process]))?;
        Ok(())
    }

    /// Whether the process has ended.
    pub(crate) fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// kill -9, and waits until the process is gone.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.end()
    }

    /// The same for one that stays to be asked about.
    pub(crate) fn end(&mut self) -> Result<()> {
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

/// The command line, asking the node of a data directory.
pub(crate) fn twin(binary: &Path, data: &Path) -> Command {
    let mut command = shell::program(binary);
    let config = data.join(CONFIG);
    if config.exists() {
        command.arg("--config").arg(config);
    }
    command.arg("--data").arg(data);
    command
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
    twin(binary, data)
        .args(["serve", "--listen", "127.0.0.1:0"])
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

/// User and system time of a line of `/proc/PID/stat` (fields 14 and 15, after the name in
/// parentheses, which may hold anything).
fn cpu_s(stat: &str) -> Option<f64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut ticks = after_name.split_whitespace().skip(11);
    let user: f64 = ticks.next()?.parse().ok()?;
    let system: f64 = ticks.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_S)
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
    fn processor_time_is_told_from_a_line() {
        let line = "12 (a ) b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20";
        assert_eq!(cpu_s(line), Some(2.0));
        assert_eq!(cpu_s("12"), None);
    }

    #[test]
    fn memory_is_read_from_proc() {
        assert!(status_bytes(std::process::id(), "VmRSS:").unwrap() > 1 << 16);
    }
}
