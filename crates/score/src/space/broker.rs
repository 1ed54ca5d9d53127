//! A message broker by others that is flooded, stopped and started again while a slow node takes
//! its messages.
//!
//! Mosquitto is the broker, Paho publishes; both in their own processes. The node is one that
//! writes each batch to a file and syncs it, and refuses some. Counted is what never came, what
//! came twice, and whether anything was acknowledged that was not written yet: what was not
//! acknowledged is sent again, so after all is done nothing may be.

use crate::row::Row;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Runtime;
use twin_bridge::{Bridge, Handle, Intake, Message, Options, Refused};
use twin_model::{Finding, Time};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/space/peers/publish.py");
/// Names the broker's program, where it is not on the path.
const VARIABLE: &str = "TWIN_MOSQUITTO";
/// How often the broker is stopped and started again, and messages before each time.
const LIVES: usize = 4;
const MESSAGES: usize = 5_000;
/// Messages that the broker keeps for whoever comes later.
const KEPT: usize = 100;
/// The last message, after which none may follow.
const LAST: usize = 1_000_000;
/// Every so many batches the node takes none.
const REFUSED_EVERY: usize = 5;
/// How long the node takes for a batch: the broker is stopped while it still has much to say.
const PAUSE: Duration = Duration::from_millis(100);
/// Without a message for so long, none comes any more.
const PATIENCE: Duration = Duration::from_mins(1);

/// One row for each version of the protocol.
pub(crate) fn measure(python: Option<&Path>) -> Result<Vec<Row>> {
    let about = |version: &str| {
        Row::new(format!(
            "a broker by others, MQTT {version}: flooded, stopped {LIVES} times, to a slow node"
        ))
    };
    let versions = ["3.1.1", "5"].into_iter();
    let rows = versions.map(|version| match (mosquitto(), python) {
        (Some(program), Some(python)) => one(about(version), version, &program, python),
        (None, _) => Ok(about(version).lacking(format!("no mosquitto; `{VARIABLE}` names one"))),
        (_, None) => Ok(about(version).lacking("no Python with paho-mqtt")),
    });
    rows.collect()
}

fn mosquitto() -> Option<PathBuf> {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let usual = [PathBuf::from("/usr/sbin")];
    let folders = std::env::split_paths(&paths).chain(usual);
    let found = || folders.map(|f| f.join("mosquitto")).find(|p| p.is_file());
    named.or_else(found)
}

fn one(row: Row, version: &str, program: &Path, python: &Path) -> Result<Row> {
    let folder = tempfile::tempdir()?;
    let mut broker = Broker::new(folder.path(), program)?;
    let node = Arc::new(Node::new(&folder.path().join("taken"))?);
    let publish = |port: u16, first: usize, count: usize, retain: &[&str]| -> Result<()> {
        let mut publisher = Command::new(python);
        publisher
            .arg(SCRIPT)
            .args([port.to_string(), first.to_string(), count.to_string()]);
        let status = publisher
            .args(retain)
            .status()
            .context("Python does not start")?;
        ensure!(status.success(), "the publisher failed ({status})");
        Ok(())
    };
    publish(broker.port, LAST + 1, KEPT, &["retain"])?;
    let runtime = Runtime::new()?;
    let bridge = broker.bridge(version, &node, &runtime)?;
    node.until(|taken| taken.retained >= KEPT);
    for life in 0..LIVES {
        publish(broker.port, life * MESSAGES, MESSAGES, &[])?;
        broker.stop()?;
        broker.start()?;
    }
    let n = LIVES * MESSAGES;
    node.until(|taken| taken.count.len() >= n + KEPT);
    let status = bridge.status();
    bridge.stop();
    node.until(|_| !bridge.status().connected);
    // Whatever was not acknowledged comes again, before the last message.
    let later = Arc::new(Node::new(&folder.path().join("later"))?);
    let again = broker.bridge(version, &later, &runtime)?;
    later.until(|_| again.status().connected);
    publish(broker.port, LAST, 1, &[])?;
    later.until(|taken| taken.count.contains_key("said 1000000"));
    again.stop();
    let taken = node.lock();
    let lost = (0..n)
        .filter(|k| !taken.count.contains_key(&format!("said {k}")))
        .count();
    let said = |count: &BTreeMap<String, usize>| -> Vec<usize> {
        let said = count.iter().filter(|(name, _)| name.starts_with("said"));
        said.map(|(_, times)| *times).collect()
    };
    let twice: usize = said(&taken.count).iter().map(|times| times - 1).sum();
    let unacknowledged = said(&later.lock().count).len() - 1;
    let met = lost + twice + unacknowledged == 0;
    Ok(row
        .shown(n, format!("{lost} lost, {twice} twice, {unacknowledged} not acknowledged"))
        .held_to("none of each", met)
        .detail(format!(
            "{} batches, {} refused; {} connections, {} repeats seen through; {} kept messages marked as such",
            taken.batches, taken.refused, status.connections, status.repeated, taken.retained,
        )))
}

/// The broker's process and what it keeps.
struct Broker {
    program: PathBuf,
    configuration: PathBuf,
    port: u16,
    process: Child,
}

impl Broker {
    fn new(folder: &Path, program: &Path) -> Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let configuration = folder.join("mosquitto.conf");
        let kept = folder.display();
        let text = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\n\
             persistence_location {kept}/\nmax_queued_messages 0\nlog_type none\nuser root\n"
        );
        std::fs::write(&configuration, text)?;
        let process = spawn(program, &configuration)?;
        let broker = Self {
            program: program.to_owned(),
            configuration,
            port,
            process,
        };
        broker.until_there()?;
        Ok(broker)
    }

    fn start(&mut self) -> Result<()> {
        self.process = spawn(&self.program, &self.configuration)?;
        self.until_there()
    }

    /// Asks it to end: it writes down what it has promised, as before a restart of its machine.
    fn stop(&mut self) -> Result<()> {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        self.process.wait()?;
        Ok(())
    }

    fn until_there(&self) -> Result<()> {
        for _ in 0..600 {
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        anyhow::bail!("`{}` does not listen", self.program.display())
    }

    fn bridge(&self, version: &str, node: &Arc<Node>, runtime: &Runtime) -> Result<Handle> {
        let options = serde_json::json!({
            "name": "bms",
            "url": format!("mqtt://127.0.0.1:{}", self.port),
            "version": version,
            "topics": ["tower/#"],
            "batch_messages_max": 200,
            "queue_messages_max": 1000,
            "retry_min_s": 0.05,
            "retry_max_s": 0.5,
        });
        let options: Options = serde_json::from_value(options)?;
        let (bridge, handle) = Bridge::new(options, Arc::<Node>::clone(node))?;
        runtime.spawn(bridge.run());
        Ok(handle)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(program: &Path, configuration: &Path) -> Result<Child> {
    let mut broker = Command::new(program);
    broker
        .arg("-c")
        .arg(configuration)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let started = broker.spawn();
    started.with_context(|| format!("`{}` does not start", program.display()))
}

/// A node that is slow, and writes down what it takes.
struct Node {
    taken: Mutex<Taken>,
    changed: Condvar,
}

struct Taken {
    file: File,
    /// How often each message came.
    count: BTreeMap<String, usize>,
    retained: usize,
    batches: usize,
    refused: usize,
}

impl Node {
    fn new(file: &Path) -> Result<Self> {
        Ok(Self {
            taken: Mutex::new(Taken {
                file: File::create(file)?,
                count: BTreeMap::new(),
                retained: 0,
                batches: 0,
                refused: 0,
            }),
            changed: Condvar::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something is so, or nothing comes any more.
    fn until(&self, is_so: impl Fn(&Taken) -> bool) {
        let mut quiet = Duration::ZERO;
        let step = Duration::from_millis(100);
        let mut taken = self.lock();
        while !is_so(&taken) && quiet < PATIENCE {
            let before = taken.batches;
            let waited = self.changed.wait_timeout(taken, step);
            taken = waited.unwrap_or_else(PoisonError::into_inner).0;
            quiet = if taken.batches == before {
                quiet + step
            } else {
                Duration::ZERO
            };
        }
    }
}

impl Intake for Node {
    fn take(&self, messages: Vec<Message>) -> std::result::Result<(), Refused> {
        std::thread::sleep(PAUSE);
        let mut taken = self.lock();
        taken.batches += 1;
        if taken.batches.is_multiple_of(REFUSED_EVERY) {
            taken.refused += 1;
            return Err(Refused::Later("it is busy".to_owned()));
        }
        let later = |cause: std::io::Error| Refused::Later(cause.to_string());
        for message in &messages {
            let kind = if message.topic.starts_with("tower/said/") {
                "said"
            } else {
                "kept"
            };
            let name = format!("{kind} {}", String::from_utf8_lossy(&message.payload));
            writeln!(taken.file, "{name}").map_err(later)?;
            *taken.count.entry(name).or_default() += 1;
            taken.retained += usize::from(message.retained);
        }
        taken.file.sync_data().map_err(later)?;
        self.changed.notify_all();
        Ok(())
    }

    fn found(&self, _: Finding) {}

    fn now(&self) -> Time {
        Time::from_seconds(1_767_603_600)
    }
}
