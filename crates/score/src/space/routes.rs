//! Ways along real streets, held against the shortest paths of others.
//!
//! The streets of every map that is given, as imported from OpenStreetMap; the peer gets the same segments,
//! measures them itself along the ground and asks its own search. Steps count by their length
//! here, so segments of them are left out: their effort is more than their length.

use super::files::files;
use super::said::Map;
use crate::row::{Row, hash};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;
use twin_import::Format;
use twin_space::AsBuilt;
use twin_space::joined::{Joined, JourneyOptions, Place};
use twin_space::streets::{Segment, SegmentIndex, StreetKind, Streets};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/space/peers/routes.py");
/// Fewer segments are no net of streets.
const SEGMENTS_MIN: usize = 100;
/// Ways asked for: from so many junctions to so many each.
const ORIGINS: usize = 40;
const DESTINATIONS: usize = 50;
/// Largest difference as a share of the length.
const TOLERANCE: f64 = 1e-9;
const TARGET: &str = "equal lengths (to 1e-9), and none where there is none";

/// What the peer prints.
#[derive(Deserialize)]
struct Peer {
    networkx: String,
    pyproj: String,
    lengths_m: Vec<Option<f64>>,
    seconds: f64,
}

/// One row for every map below the folder that has streets: lengths of shortest ways, ours and
/// the peer's.
pub(crate) fn measure(data: &Path, seed: u64, python: Option<&Path>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for file in files(data, &[Format::OsmPbf, Format::OsmXml])? {
        let mut map = Map::read(&file.bytes);
        map.streets.retain(|s| s.kind != StreetKind::Steps);
        let segments = map.segments();
        if segments.len() < SEGMENTS_MIN {
            continue;
        }
        let row = about(&file.name).on(hash(&file.bytes));
        rows.push(match python {
            None => row.lacking("no Python with networkx and pyproj"),
            Some(python) => one(row, &segments, seed, python)?,
        });
    }
    if rows.is_empty() {
        rows.push(about("a map").lacking("no map with streets is there"));
    }
    Ok(rows)
}

fn about(name: &str) -> Row {
    Row::new(format!("shortest ways on the streets of `{name}`"))
}

fn one(row: Row, segments: &[Segment<'_>], seed: u64, python: &Path) -> Result<Row> {
    let questions = questions(segments, seed);
    #[expect(clippy::disallowed_methods, reason = "a score that measures")]
    let began = Instant::now();
    let surveyed = Streets::new(segments).with_landmarks();
    let joined = Joined::new(Arc::new(surveyed), Vec::new(), Vec::new());
    let built_s = began.elapsed().as_secs_f64();
    let ours: Vec<Option<f64>> = questions.iter().map(|q| length_m(&joined, *q)).collect();
    let took_s = began.elapsed().as_secs_f64() - built_s;
    let theirs = ask(python, segments, &questions)?;
    ensure!(
        theirs.lengths_m.len() == ours.len(),
        "the peer answered another number of questions"
    );
    Ok(compared(row, &ours, &theirs)
        .beside(format!(
            "networkx {} on lengths by PROJ (pyproj {}): {:.1} s for {ORIGINS} trees",
            theirs.networkx, theirs.pyproj, theirs.seconds
        ))
        .detail(format!(
            "{} segments, {} junctions; built and surveyed in {:.0} ms, {:.2} ms a way",
            segments.len(),
            joined.streets().junction_count(),
            built_s * 1e3,
            took_s * 1e3 / ours.len() as f64
        )))
}

fn compared(row: Row, ours: &[Option<f64>], theirs: &Peer) -> Row {
    let mut worst = 0.0_f64;
    let (mut apart, mut without) = (0, 0);
    for pair in ours.iter().zip(&theirs.lengths_m) {
        match pair {
            (Some(a), Some(b)) => worst = worst.max((a - b).abs() / b.max(1.0)),
            (None, None) => without += 1,
            _ => apart += 1,
        }
    }
    row.shown(
        ours.len(),
        format!("worst difference {worst:.1e} of the length; no way {without} times, {apart} times for one only"),
    )
    .held_to(TARGET, worst <= TOLERANCE && apart == 0)
}

/// Pairs of segments by chance, the way going from the first end of one to that of the other.
fn questions(segments: &[Segment<'_>], seed: u64) -> Vec<(usize, usize)> {
    let mut state = seed;
    let mut below = |count: usize| {
        // Linear congruential generator with Knuth's multiplier; its high bits are the good ones.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % count
    };
    let count = segments.len().max(1);
    let origins: Vec<usize> = (0..ORIGINS).map(|_| below(count)).collect();
    let pairs = origins
        .into_iter()
        .flat_map(|o| std::iter::repeat_n(o, DESTINATIONS));
    pairs.map(|o| (o, below(count))).collect()
}

fn length_m(joined: &Joined, (from, to): (usize, usize)) -> Option<f64> {
    let start = |segment: usize| Place::Street(SegmentIndex(segment as u32), 0.0);
    let options = JourneyOptions::default();
    let journey = joined.route(start(from), start(to), &options, &AsBuilt);
    journey.ok().map(|j| j.length_m)
}

fn ask(python: &Path, segments: &[Segment<'_>], questions: &[(usize, usize)]) -> Result<Peer> {
    let told = serde_json::json!({
        "segments": segments.iter().map(|s| (s.ends[0], s.ends[1], s.course)).collect::<Vec<_>>(),
        "questions": questions.iter().map(|q| [segments[q.0].ends[0], segments[q.1].ends[0]]).collect::<Vec<_>>(),
    });
    let mut peer = Command::new(python)
        .arg(SCRIPT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{}` does not start", python.display()))?;
    let mut into = peer.stdin.take().context("the peer has no input")?;
    serde_json::to_writer(&mut into, &told)?;
    into.flush()?;
    drop(into);
    let output = peer.wait_with_output()?;
    ensure!(
        output.status.success(),
        "the peer failed ({})",
        output.status
    );
    serde_json::from_slice(&output.stdout).context("the peer's answer is no JSON")
}
