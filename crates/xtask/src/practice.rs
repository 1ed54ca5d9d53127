//! A running node with a building and its observations, for the demonstration and
//! for tests of the page.

use crate::node::{self, Node};
use crate::rng::{now_us, rfc3339};
use crate::shell;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The account under which people and tests log in.
pub(crate) const ACCOUNT: &str = "owner";
/// The data directory in the folder of an organisation.
pub(crate) const DATA: &str = "data";
/// How long the observations have gone on when the node is first looked at.
const PAST_MINUTES: u64 = 15;
/// How long they go on after.
const FUTURE_MINUTES: u64 = 120;
/// Of so many rooms and doors there are observations: those of a whole tower would show
/// nothing else, and take longer.
const OBSERVED_MAX: usize = 400;

/// A node that believes something.
#[derive(Debug)]
pub(crate) struct Practice {
    pub node: Node,
    pub data: PathBuf,
    pub password: String,
    /// What the import said when it was done.
    pub imported: Value,
    /// Observations that arrive from now on.
    pub future: PathBuf,
    /// The program that runs.
    pub binary: PathBuf,
}

impl Practice {
    /// Starts a node in an empty folder, imports the building (a generated one
    /// where none is given) and gives it the observations of the last minutes.
    pub(crate) fn begin(folder: &Path, building: Option<&Path>, release: bool) -> Result<Self> {
        let binary = node::build(release)?;
        let scenario = scenario(release)?;
        let building = match building {
            Some(file) => file.to_path_buf(),
            None => generate(&scenario, folder)?,
        };
        let data = folder.join(DATA);
        std::fs::create_dir_all(&data)?;
        let node = Node::start(&binary, &data)?;
        let imported = node.import(&building)?;
        let password = account(&node)?;
        let (past, future) = observe(&binary, &scenario, &data, folder)?;
        let practice = Self {
            node,
            data,
            password,
            imported,
            future,
            binary,
        };
        shell::capture(
            practice
                .twin()
                .args(["--quiet", "claim", "--file"])
                .arg(past),
        )?;
        Ok(practice)
    }

    /// The command line, asking this node.
    pub(crate) fn twin(&self) -> Command {
        node::twin(&self.binary, &self.data)
    }

    /// Plays the observations that are still to come, at the pace they arrive.
    pub(crate) fn replay(&self, complaints: Stdio) -> Result<Child> {
        let mut command = self.twin();
        command
            .args(["--quiet", "replay", "--as-live"])
            .arg(&self.future);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Ok(command.stderr(complaints).spawn()?)
    }

    /// Where the page is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.node.address)
    }
}

/// The program that generates buildings and what happens in them.
pub(crate) fn scenario(release: bool) -> Result<PathBuf> {
    shell::build("twin-scenario", ["--bin", "twin-scenario"], release)
}

fn generate(scenario: &Path, folder: &Path) -> Result<PathBuf> {
    let file = folder.join("office.ifc");
    let mut command = shell::program(scenario);
    command.args([
        "building",
        "--storeys",
        "4",
        "--basement",
        "--drop-doors",
        "0.05",
    ]);
    command
        .args([
            "--placeholder-ratings",
            "--contradict-external",
            "2",
            "--out",
        ])
        .arg(&file);
    shell::capture(&mut command)?;
    Ok(file)
}

/// Generates observations of the imported rooms, and splits them at this moment.
fn observe(
    binary: &Path,
    scenario: &Path,
    data: &Path,
    folder: &Path,
) -> Result<(PathBuf, PathBuf)> {
    let rooms = folder.join("rooms.json");
    let mut list = shell::program(binary);
    let listed = shell::capture(list.arg("--data").arg(data).args(["rooms", "--array"]))?;
    std::fs::write(&rooms, first(&listed)?)?;
    let all = folder.join("observations.ndjson");
    let now = now_us();
    let start = rfc3339(now - PAST_MINUTES * 60_000_000);
    let mut generate = shell::program(scenario);
    // To the second: the generator's own resolution.
    generate.args(["observations", "--start", &format!("{}Z", &start[..19])]);
    generate.args(["--minutes", &(PAST_MINUTES + FUTURE_MINUTES).to_string()]);
    generate.arg("--rooms").arg(&rooms).arg("--out").arg(&all);
    shell::capture(&mut generate)?;
    let text = std::fs::read_to_string(&all)?;
    let (past, future) = split(&text, &rfc3339(now));
    let files = (folder.join("past.ndjson"), folder.join("future.ndjson"));
    std::fs::write(&files.0, past)?;
    std::fs::write(&files.1, future)?;
    Ok(files)
}

/// The first of a list of rooms and doors.
fn first(listed: &str) -> Result<String> {
    let mut rooms: Vec<Value> = serde_json::from_str(listed).context("no list of rooms")?;
    rooms.truncate(OBSERVED_MAX);
    Ok(serde_json::to_string(&rooms)?)
}

/// Lines that have arrived by a moment, and the others.
fn split(lines: &str, now: &str) -> (String, String) {
    let (mut past, mut future) = (String::new(), String::new());
    for line in lines.lines() {
        let arrives = line.split("\"arrives\":\"").nth(1).unwrap_or_default();
        // Times of one form compare as texts, here to the second.
        let part = if arrives.get(..19) < now.get(..19) {
            &mut past
        } else {
            &mut future
        };
        part.push_str(line);
        part.push('\n');
    }
    (past, future)
}

/// Makes the account of the owner, and returns its password.
pub(crate) fn account(node: &Node) -> Result<String> {
    let password = password()?;
    let account = json!({"name": ACCOUNT, "password": password, "role": "owner"});
    node.post("/v1/accounts", &account)?;
    Ok(password)
}

/// A password that nobody can guess, from the system's random source.
fn password() -> Result<String> {
    let mut bytes = [0; 16];
    let mut random = std::fs::File::open("/dev/urandom").context("no random source")?;
    std::io::Read::read_exact(&mut random, &mut bytes)?;
    Ok(blake3::hash(&bytes).to_hex()[..16].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn observations_are_split_by_their_arrival() {
        let lines =
            "{\"arrives\":\"2026-01-05T08:00:00.5Z\"}\n{\"arrives\":\"2026-01-05T08:00:02Z\"}\n";
        let (past, future) = split(lines, "2026-01-05T08:00:01.000000Z");
        assert_eq!(past.lines().count(), 1);
        assert!(future.contains("08:00:02"));
    }

    #[test]
    fn passwords_differ() {
        assert_ne!(password().unwrap(), password().unwrap());
    }
}
