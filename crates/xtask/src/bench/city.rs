//! Maps and cities made by others: read alone beside other people's readers, and committed by a
//! running node.

use crate::node::{self, Node};
use crate::report::{Row, hash_files, median};
use crate::{peer, score, shell};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Fewer runs than these are not told: one is over in a blink, and anything else that the
/// machine does meets it.
const REPEAT_MIN: u32 = 7;
const DECODE_RATIO_MIN: f64 = 0.9;
const COMMITTED_PER_S_MIN: f64 = 150_000.0;

/// What the measuring program tells, times in seconds.
#[derive(Deserialize)]
struct Pace {
    bytes: f64,
    elements: f64,
    peer_s: Vec<f64>,
    decode_s: Vec<f64>,
    import_s: Vec<f64>,
}

impl Pace {
    fn of(file: &Path, repeat: u32) -> Result<Self> {
        let program = shell::build("twin-import", ["--example", "import_pace"], true)?;
        let mut command = shell::program(program);
        let told = shell::capture_json(command.arg(file).arg(repeat.to_string()))?;
        serde_json::from_value(told).context("the program told something else")
    }
}

/// OpenStreetMap: decoded alone beside the library, and committed.
pub(super) fn map(data: &Path, repeat: u32) -> Result<Vec<Row>> {
    let repeat = repeat.max(REPEAT_MIN);
    let file = score::largest_below(data, ".osm.pbf")?;
    let pace = Pace::of(&file, repeat)?;
    let per_s = |seconds: &[f64]| pace.elements / median(seconds);
    let ratio = per_s(&pace.decode_s) / per_s(&pace.peer_s);
    let decoded = Row::new(
        format!("{:.0} elements of a map decoded, one thread", pace.elements),
        "≥ 0.9 of the decoding library",
    )
    .found(
        pace.decode_s.len() as u64,
        format!("{ratio:.2} times as fast"),
        ratio >= DECODE_RATIO_MIN,
    )
    .beside(format!("osmpbf {:.0} elements/s", per_s(&pace.peer_s)))
    .details([
        format!("decoded {:.0} elements/s", per_s(&pace.decode_s)),
        format!(
            "to statements, one thread {:.0} elements/s",
            per_s(&pace.import_s)
        ),
    ]);
    let rows = [decoded, committed(&file, pace.elements, repeat)?];
    let inputs = hash_files(&[&file])?;
    Ok(rows.into_iter().map(|row| row.on(inputs.clone())).collect())
}

/// From the first byte sent to the answer: read, committed, visible, and compared with the
/// buildings of other files, of which there are none.
fn committed(file: &Path, elements: f64, repeat: u32) -> Result<Row> {
    let binary = node::build(true)?;
    let (mut per_s, mut per_cpu_s, mut claims) = (Vec::new(), Vec::new(), 0);
    for _ in 0..repeat {
        let node = Node::start(&binary, &shell::scratch("bench-map")?)?;
        let (begun, used_s) = (Instant::now(), node.cpu_s()?);
        let imported = node.import(file)?;
        per_s.push(elements / begun.elapsed().as_secs_f64());
        per_cpu_s.push(elements / (node.cpu_s()? - used_s));
        let added = imported
            .pointer("/done/changes/added")
            .and_then(Value::as_u64);
        claims = added.context("the import tells no count of claims")?;
    }
    let found = median(&per_s);
    Ok(Row::new(
        "the same map through a running node: sent, committed, visible",
        "≥ 150,000 elements/s",
    )
    .found(
        per_s.len() as u64,
        format!("{found:.0} elements/s"),
        found >= COMMITTED_PER_S_MIN,
    )
    .details([
        format!("{claims} claims"),
        format!(
            "{:.0} elements in a second of processor time, all threads",
            median(&per_cpu_s)
        ),
    ]))
}

/// CityJSON to statements beside the parse of the same bytes into a tree, and cjio's load.
pub(super) fn cities(data: &Path, repeat: u32) -> Result<Vec<Row>> {
    let files: Vec<PathBuf> = score::files_below(data, ".json")
        .into_iter()
        .filter(|file| is_city(file))
        .collect();
    ensure!(
        !files.is_empty(),
        "there is no CityJSON file below `{}`",
        data.display()
    );
    let rows = files.iter().map(|file| city(file, repeat.max(REPEAT_MIN)));
    rows.collect()
}

/// The word may stand at the end of a file as well as at its beginning.
fn is_city(file: &Path) -> bool {
    let Ok(bytes) = std::fs::read(file) else {
        return false;
    };
    let word: &[u8] = b"\"CityJSON\"";
    bytes.windows(word.len()).any(|at| at == word)
}

fn city(file: &Path, repeat: u32) -> Result<Row> {
    let pace = Pace::of(file, repeat)?;
    let mb_per_s = |seconds: &[f64]| pace.bytes / 1e6 / median(seconds);
    let ratio = mb_per_s(&pace.import_s) / mb_per_s(&pace.peer_s);
    let cjio = match peer::city().and_then(|python| cjio_load(&python, file, repeat)) {
        Ok(seconds) => format!("cjio's load {:.1} MB/s", mb_per_s(&seconds)),
        Err(reason) => format!("cjio not measured: {reason:#}"),
    };
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Ok(Row::new(
        format!("{name} to statements, one thread"),
        "nothing promised",
    )
    .shown(
        pace.import_s.len() as u64,
        format!("{:.1} MB/s", mb_per_s(&pace.import_s)),
    )
    .beside(format!(
        "{ratio:.2} times the speed of a mere parse (serde_json into a tree {:.1} MB/s); {cjio}",
        mb_per_s(&pace.peer_s)
    ))
    .on(hash_files(&[file])?))
}

/// How long the peer takes to load the file and do nothing more, in seconds.
fn cjio_load(python: &Path, file: &Path, repeat: u32) -> Result<Vec<f64>> {
    const PROGRAM: &str = "import json, sys, time\n\
        from cjio import cityjson\n\
        taken = []\n\
        for _ in range(int(sys.argv[2])):\n    \
            begun = time.perf_counter()\n    \
            with open(sys.argv[1]) as file:\n        \
                cityjson.reader(file, ignore_duplicate_keys=True)\n    \
            taken.append(time.perf_counter() - begun)\n\
        print(json.dumps(taken))\n";
    let mut command = shell::program(python);
    command
        .args(["-c", PROGRAM])
        .arg(file)
        .arg(repeat.to_string());
    let told = shell::capture_json(&mut command)?;
    serde_json::from_value(told).context("the peer printed no times")
}
