//! `cargo xtask demo`: one building from its file to a living picture, on this
//! machine.
//!
//! `--headless-check` is the demonstration without an onlooker: it looks for
//! what a person would look for, pulls the plug while observations arrive, and fails
//! when anything is not found again.

use crate::http::request;
use crate::node::escaped;
use crate::practice::{ACCOUNT, Practice};
use crate::rng::{now_us, rfc3339};
use crate::{shell, web};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Between two looks at the same estimates.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// Estimates that are compared across the kill.
const COMPARED: usize = 200;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Your own building, an IFC file [default: a generated office]
    #[arg(long)]
    building: Option<PathBuf>,
    /// Build without optimisation: sooner there, slower with large buildings
    #[arg(long)]
    debug: bool,
    /// Look by itself, for so many seconds at most: storeys, a changing estimate, the
    /// same answers after kill -9; then stop
    #[arg(long, value_name = "SECONDS")]
    headless_check: Option<u64>,
}

/// Starts the node, fills it, says where to look, and keeps it alive.
pub(crate) fn run(options: &Options) -> Result<()> {
    web::build()?;
    let folder = shell::scratch("demo")?;
    let practice = Practice::begin(&folder, options.building.as_deref(), !options.debug)?;
    match options.headless_check {
        Some(seconds) => check(practice, Duration::from_secs(seconds)),
        None => show(practice),
    }
}

fn show(mut practice: Practice) -> Result<()> {
    let mut replay = practice.replay(Stdio::inherit())?;
    let data = practice.data.display();
    eprintln!("\nimported: {}", practice.imported["done"]["summary"]);
    eprintln!("page:     {}", practice.url());
    eprintln!("log in:   {ACCOUNT} / {}", practice.password);
    eprintln!("data:     {data}");
    eprintln!("\nPull the plug: kill -9 {}", practice.node.process());
    eprintln!(
        "Find it again: {} serve --data {data}",
        practice.binary.display()
    );
    eprintln!("Stop:          Ctrl-C");
    let outcome = practice.node.wait();
    let _ = replay.kill();
    replay.wait()?;
    outcome
}

/// The demonstration as a test.
pub(crate) fn check(practice: Practice, patience: Duration) -> Result<()> {
    let page = practice
        .node
        .connect()?
        .ask(&request("GET", "/", &[], b""))?;
    let built = String::from_utf8_lossy(&page.body).contains("/assets/");
    ensure!(page.status == 200 && built, "the page is not in the binary");
    let storeys = storeys(&practice)?;
    eprintln!("storeys:  {}", storeys.len());
    let before = evidence(&practice, &storeys)?;
    // It complains when the node is gone, as it should.
    let mut replay = practice.replay(Stdio::null())?;
    let killed = changed_then_killed(practice, &storeys, &before, patience);
    let _ = replay.kill();
    replay.wait()?;
    let (practice, told) = killed?;
    let differing: Vec<&String> = told
        .iter()
        .filter(|(path, was)| !as_of(&practice, path).is_ok_and(|is| is == **was))
        .map(|(path, _)| path)
        .collect();
    ensure!(
        differing.is_empty(),
        "{} of {} answers differ after kill -9, first {}",
        differing.len(),
        told.len(),
        differing[0]
    );
    eprintln!(
        "restart:  {:.2} s, {} answers the same as before kill -9",
        practice.node.started_in_s,
        told.len()
    );
    Ok(())
}

/// Waits for an estimate to change, asks what is believed, and kills the node while
/// observations go on arriving. Returns the node started again, and what it had told.
fn changed_then_killed(
    practice: Practice,
    storeys: &[String],
    before: &BTreeMap<String, String>,
    patience: Duration,
) -> Result<(Practice, BTreeMap<String, Value>)> {
    let begun = Instant::now();
    let changed = loop {
        let now = evidence(&practice, storeys)?;
        let changed = now
            .iter()
            .filter(|(path, time)| before.get(*path) != Some(time));
        let changed: Vec<String> = changed.map(|(path, _)| path.clone()).collect();
        if !changed.is_empty() {
            break changed;
        }
        if begun.elapsed() > patience {
            bail!("no estimate changed within {} s", patience.as_secs());
        }
        std::thread::sleep(LOOK_AGAIN);
    };
    eprintln!(
        "changed:  {} estimates within {:.1} s",
        changed.len(),
        begun.elapsed().as_secs_f64()
    );
    // Of one moment, so that the same question has one answer for ever.
    let moment = rfc3339(now_us());
    let rest = before.keys().filter(|path| !changed.contains(path));
    let mut told = BTreeMap::new();
    for path in changed.iter().chain(rest).take(COMPARED) {
        let question = format!("{path}/as-of?at={moment}&knownAt={moment}");
        let answer = as_of(&practice, &question)?;
        told.insert(question, answer);
    }
    Ok((practice.killed_and_started()?, told))
}

/// The estimate of a question that names its times.
fn as_of(practice: &Practice, question: &str) -> Result<Value> {
    let estimate = practice.node.get(question)?["estimate"].take();
    ensure!(
        estimate.is_object(),
        "{question} was answered without an estimate"
    );
    Ok(estimate)
}

/// The storeys of the imported building, which must have some.
fn storeys(practice: &Practice) -> Result<Vec<String>> {
    let building = practice.imported["done"]["building"].as_str();
    let building = building.context("the import names no building")?;
    let found = practice
        .node
        .get(&format!("/v1/buildings/{}", escaped(building)))?;
    let storeys = found["storeys"].as_array().into_iter().flatten();
    let storeys: Vec<String> = storeys
        .filter_map(|storey| Some(storey["id"].as_str()?.to_owned()))
        .collect();
    ensure!(!storeys.is_empty(), "the building has no storeys");
    Ok(storeys)
}

/// When the newest evidence of each number about a space was seen, by the path of the
/// attribute.
fn evidence(practice: &Practice, storeys: &[String]) -> Result<BTreeMap<String, String>> {
    let mut times = BTreeMap::new();
    for storey in storeys {
        let path = format!("/v1/storeys/{}/plan", escaped(storey));
        let plan = practice.node.get(&path)?;
        for space in plan["spaces"].as_array().into_iter().flatten() {
            let id = space["id"].as_str().unwrap_or_default();
            for (name, estimate) in space["attributes"].as_object().into_iter().flatten() {
                if let Some(time) = estimate["evidenceTime"].as_str() {
                    let path = format!("/v1/entities/{}/attributes/{name}", escaped(id));
                    times.insert(path, time.to_owned());
                }
            }
        }
    }
    Ok(times)
}
