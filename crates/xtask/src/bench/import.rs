//! A large IFC file: a real one stacked upon itself, its numbers and ids made new.

use crate::node::{self, Node};
use crate::report::{Row, hash_files, median};
use crate::{peer, score, shell};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Size of the stacked file.
const STACKED_BYTES: u64 = 100_000_000;
const GRAPH_MAX_S: f64 = 2.0;
const VISIBLE_MAX_S: f64 = 10.0;
const PEAK_MAX_MB: f64 = 600.0;
const RATIO_MIN: f64 = 9.0;

/// Time from bytes to space graph and the peak of memory, beside the peer's bare
/// `open` of the same file, taken in turn.
pub(super) fn graph(data: &Path, repeat: u32) -> Result<Vec<Row>> {
    let file = stacked(data)?;
    let ours = shell::build("twin-import", ["--example", "ifc_summary"], true)?;
    let mut python = peer::python();
    let (mut seconds, mut peaks, mut opens) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..repeat.max(1) {
        let found = shell::capture_json(shell::program(&ours).arg(&file).arg("--json"))?;
        seconds.push(number(&found, "elapsed_s")?);
        peaks.push(number(&found, "peak_rss_kib")? * 1024.0 / 1e6);
        let open = python
            .as_deref()
            .ok()
            .map(|python| bare_open(python, &file));
        match open {
            Some(Ok(open_s)) => opens.push(open_s),
            // Its own figures stand, whatever the peer does.
            Some(Err(error)) => python = Err(error),
            None => {}
        }
    }
    let (ours_s, peak_mb, open_s) = (median(&seconds), median(&peaks), median(&opens));
    let bytes = std::fs::metadata(&file)?.len();
    let inputs = hash_files(&[&file])?;
    let size = format!("{:.0} MB IFC to space graph", bytes as f64 / 1e6);
    let n = seconds.len() as u64;
    let against = Row::new(
        format!("{size}, against the peer's bare open"),
        "≥ 9 times as fast",
    );
    let against = match &python {
        Ok(_) => against
            .found(
                n,
                format!("{:.1} times as fast", open_s / ours_s),
                open_s / ours_s >= RATIO_MIN,
            )
            .beside(format!("ifcopenshell.open {open_s:.2} s")),
        Err(reason) => against.not_measured(format!("{reason:#}")),
    };
    let rows = [
        Row::new(format!("{size}, time"), "≤ 2 s")
            .found(n, format!("{ours_s:.2} s"), ours_s <= GRAPH_MAX_S)
            .details([format!(
                "{:.0} MB/s, what the file leaves out inferred",
                bytes as f64 / 1e6 / ours_s
            )]),
        Row::new(format!("{size}, peak memory"), "≤ 600 MB").found(
            n,
            format!("{peak_mb:.0} MB"),
            peak_mb <= PEAK_MAX_MB,
        ),
        against,
    ];
    Ok(rows.into_iter().map(|row| row.on(inputs.clone())).collect())
}

/// The same file given to a running node: committed, and then read back.
pub(super) fn visible(data: &Path, repeat: u32) -> Result<Vec<Row>> {
    let file = stacked(data)?;
    let binary = node::build(true)?;
    let (mut seconds, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..repeat.max(1) {
        let node = Node::start(&binary, &shell::scratch("bench-import")?)?;
        let begun = Instant::now();
        let imported = node.import(&file)?;
        let building = imported.pointer("/done/building").and_then(Value::as_str);
        let building = building.context("the import names no building")?;
        let shown = node.get(&format!("/v1/buildings/{}", node::escaped(building)))?;
        seconds.push(begun.elapsed().as_secs_f64());
        peaks.push(node.peak_bytes()? as f64 / 1e6);
        let storeys = shown
            .get("storeys")
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        ensure!(storeys > 0, "the imported building has no storeys");
    }
    let found = median(&seconds);
    let name = "the same file through a running node: sent, committed, visible";
    Ok(vec![
        Row::new(name, "≤ 10 s")
            .found(
                seconds.len() as u64,
                format!("{found:.2} s"),
                found <= VISIBLE_MAX_S,
            )
            .on(hash_files(&[&file])?)
            .details([format!(
                "peak memory of the whole node {:.0} MB",
                median(&peaks)
            )]),
    ])
}

/// The stacked file, made once per source file.
fn stacked(data: &Path) -> Result<PathBuf> {
    let source = score::largest_below(data, ".ifc")?;
    let copies = STACKED_BYTES.div_ceil(std::fs::metadata(&source)?.len().max(1));
    let folder = shell::target_dir().join("xtask/bench");
    std::fs::create_dir_all(&folder)?;
    let stack = shell::build("twin-import", ["--example", "ifc_stack"], true)?;
    let program = shell::root().join("crates/import/examples/ifc_stack.rs");
    let file = folder.join(format!("stacked-{}.ifc", hash_files(&[&source, &program])?));
    if !file.exists() {
        // Renamed when whole, so that a half-written file is not taken for it.
        let part = file.with_extension("part");
        let mut command = shell::program(stack);
        shell::run(command.arg(source).arg(copies.to_string()).arg(&part))?;
        std::fs::rename(part, &file)?;
    }
    Ok(file)
}

/// How long the peer takes to open the file and do nothing more, in seconds.
fn bare_open(python: &Path, file: &Path) -> Result<f64> {
    const PROGRAM: &str = "import sys, time, ifcopenshell\n\
        begun = time.perf_counter()\n\
        model = ifcopenshell.open(sys.argv[1])\n\
        print(time.perf_counter() - begun)\n";
    let text = shell::capture(shell::program(python).args(["-c", PROGRAM]).arg(file))?;
    text.trim().parse().context("the peer printed no time")
}

fn number(found: &Value, name: &str) -> Result<f64> {
    let value = found.get(name).and_then(Value::as_f64);
    value.with_context(|| format!("the program told no `{name}`"))
}
