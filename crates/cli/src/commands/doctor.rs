//! `twin doctor`: is everything there that a node needs, and is it sound?

use crate::args::Global;
use crate::client::Path;
use crate::commands::read::{now, word};
use crate::failure::{Code, Failure, Result};
use crate::interrupt;
use crate::local::{self, Opened};
use crate::output::{Output, Paint};
use crate::reach::{LOCAL_TOKEN, configuration, holds_data, locked, running};
use crate::text;
use serde_json::json;
use std::fs;
use std::net::TcpListener;
use std::path::Path as FilePath;
use twin_model::Time;
use twin_node::{Config, RecoveryReport};

/// A clock before this is not set: nothing of this program existed then.
const EARLIEST: &str = "2025-01-01T00:00:00Z";
/// Clocks of command and node may differ by this; the node refuses claims from
/// further in its future (CLM-006).
const CLOCK_S_MAX: f64 = 2.0;
/// Share of the disk budget at which bulk is refused (CLM-007).
const BUDGET_SHARE: f64 = 0.9;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Good,
    Doubtful,
    Wrong,
}

/// Speaks each check as it is made, and remembers the worst.
struct Visit<'a> {
    output: &'a Output,
    wrong: u32,
}

/// `twin doctor`.
pub(crate) fn doctor(global: &Global, output: &Output) -> Result<()> {
    interrupt::listen();
    let mut visit = Visit { output, wrong: 0 };
    clock(&mut visit);
    match configuration(global) {
        Err(failure) => visit.failed("configuration", &failure),
        Ok(config) => {
            visit.good("configuration", "every option is in its range");
            directory(&mut visit, &config.data_dir);
            store(&mut visit, &config);
        }
    }
    match visit.wrong {
        0 => Ok(()),
        wrong => Err(Failure::new(
            Code::Unhealthy,
            format!("{wrong} checks found something wrong"),
        )),
    }
}

impl Visit<'_> {
    fn say(&mut self, check: &str, outcome: Outcome, what: &str) {
        let (name, paint) = match outcome {
            Outcome::Good => ("good", Paint::Plain),
            Outcome::Doubtful => ("doubtful", Paint::Yellow),
            Outcome::Wrong => ("wrong", Paint::Red),
        };
        self.wrong += u32::from(outcome == Outcome::Wrong);
        if self.output.json {
            self.output
                .object(&json!({ "check": check, "outcome": name, "what": what }));
        } else {
            let name = self.output.paint(paint, &format!("{name:8}"));
            self.output.answer(&format!("{name}  {check:13}  {what}"));
        }
    }

    fn good(&mut self, check: &str, what: &str) {
        self.say(check, Outcome::Good, what);
    }

    fn doubtful(&mut self, check: &str, what: &str) {
        self.say(check, Outcome::Doubtful, what);
    }

    fn failed(&mut self, check: &str, failure: &Failure) {
        self.say(check, Outcome::Wrong, &failure.to_string());
    }
}

fn clock(visit: &mut Visit<'_>) {
    let now = now();
    if Time::parse(EARLIEST).is_some_and(|earliest| now < earliest) {
        visit.say(
            "clock",
            Outcome::Wrong,
            &format!("it is not {now}; set the clock"),
        );
    } else {
        visit.good("clock", &now.to_string());
    }
}

fn directory(visit: &mut Visit<'_>, directory: &FilePath) {
    let place = directory.display();
    match fs::metadata(directory) {
        Err(_) => visit.good("directory", &format!("`{place}` is not there yet")),
        Ok(metadata) if !metadata.is_dir() => {
            visit.say(
                "directory",
                Outcome::Wrong,
                &format!("`{place}` is not a directory"),
            );
        }
        Ok(metadata) if metadata.permissions().readonly() => {
            visit.say(
                "directory",
                Outcome::Wrong,
                &format!("`{place}` cannot be written"),
            );
        }
        Ok(_) => visit.good("directory", &format!("`{place}`")),
    }
    readable_by_others(visit, directory);
}

/// Building plans are security-sensitive, the credential opens everything.
#[cfg(unix)]
fn readable_by_others(visit: &mut Visit<'_>, directory: &FilePath) {
    use std::os::unix::fs::PermissionsExt;
    let token = directory.join(LOCAL_TOKEN);
    for (path, outcome) in [(directory, Outcome::Doubtful), (&token, Outcome::Wrong)] {
        let Ok(metadata) = fs::metadata(path) else {
            continue;
        };
        if metadata.permissions().mode() & 0o077 != 0 {
            let what = format!("other users can read `{}`: chmod go= it", path.display());
            visit.say("rights", outcome, &what);
        }
    }
}

#[cfg(not(unix))]
fn readable_by_others(_: &mut Visit<'_>, _: &FilePath) {}

/// Opens the store, or asks the node that has it open.
fn store(visit: &mut Visit<'_>, config: &Config) {
    if !holds_data(&config.data_dir) {
        return port(visit, config);
    }
    match local::open_node(config) {
        Err(failure) => {
            visit.failed("store", &failure);
            files(visit, &config.data_dir);
        }
        Ok(Opened::Here((node, recovery))) => {
            node.close();
            recovered(visit, &recovery);
            files(visit, &config.data_dir);
            port(visit, config);
        }
        Ok(Opened::Locked) => match running(&config.data_dir) {
            Err(failure) => visit.failed("node", &failure),
            Ok(None) => visit.failed("node", &locked(&config.data_dir)),
            Ok(Some(client)) => {
                visit.good("node", &format!("runs at {}", client.base()));
                match client.get(&Path::new("/v1/status")) {
                    Err(failure) => visit.failed("node", &failure),
                    Ok(status) => node_status(visit, &status),
                }
            }
        },
    }
}

fn recovered(visit: &mut Visit<'_>, recovery: &RecoveryReport) {
    let RecoveryReport {
        entities,
        attributes,
        replayed,
        ..
    } = recovery;
    let what = format!(
        "opened and read: {entities} twins, {attributes} attributes, {replayed} claims from the log"
    );
    visit.good("store", &what);
    for problem in &recovery.store.problems {
        // It was got round, but a disk that changes bytes will do it again.
        visit.say("store", Outcome::Wrong, problem);
    }
}

/// Compares every byte with its checksums, also where the store does not open.
fn files(visit: &mut Visit<'_>, directory: &FilePath) {
    match local::damage(directory) {
        Err(failure) => visit.failed("files", &failure),
        Ok(damage) if damage.is_empty() => visit.good("files", "every byte is as it was written"),
        Ok(damage) => damage
            .iter()
            .for_each(|failure| visit.failed("files", failure)),
    }
}

fn node_status(visit: &mut Visit<'_>, status: &serde_json::Value) {
    let number = |key: &str| status[key].as_f64().unwrap_or(0.0);
    let (used, budget) = (number("storeBytes"), number("storeBudgetBytes"));
    let what = format!("{} of {} used", text::bytes(used), text::bytes(budget));
    if used >= BUDGET_SHARE * budget {
        visit.doubtful("disk budget", &format!("{what}; bulk is refused"));
    } else {
        visit.good("disk budget", &what);
    }
    let theirs = status["time"].as_str().and_then(Time::parse);
    let apart_s = theirs.map_or(0.0, |time| time.seconds_since(now()).abs());
    if apart_s > CLOCK_S_MAX {
        let what = format!("the node's clock is {} away", text::duration(apart_s));
        visit.doubtful("clock", &what);
    }
    visit.good("commit", &word(&status["commit"]));
}

/// Whether `twin serve` could listen.
fn port(visit: &mut Visit<'_>, config: &Config) {
    match TcpListener::bind(config.listen) {
        Ok(_) => visit.good("port", &format!("{} is free", config.listen)),
        Err(cause) => {
            let what = format!("{}: {}", config.listen, crate::failure::io_words(&cause));
            visit.doubtful("port", &what);
        }
    }
}
