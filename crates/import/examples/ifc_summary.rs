//! Says what an IFC file has in it, how its rooms are joined, and what is wrong with it.
//!
//! `ifc_summary FILE [--json]`
#![allow(
    clippy::disallowed_methods,
    reason = "a measuring program: it reads the clock on purpose"
)]

use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::os::unix::fs::FileExt;
use std::process::ExitCode;
use std::time::Instant;
use twin_import::ifc::{Imported, import};
use twin_import::{Mint, Options};
use twin_model::{EntityId, EntityKind};

struct Urn;

impl Mint for Urn {
    fn mint(&mut self, kind: EntityKind, external_id: &str) -> EntityId {
        EntityId::new(&format!("urn:ifc:{}:{external_id}", kind.as_str()))
            .unwrap_or_else(|_| EntityId::new("urn:ifc:bad").expect("a URI"))
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let json = arguments.iter().any(|a| a == "--json");
    let Some(path) = arguments.iter().find(|a| !a.starts_with("--")) else {
        eprintln!("usage: ifc_summary FILE [--json]");
        return ExitCode::from(2);
    };
    let begun = Instant::now();
    let bytes = match read_whole(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("cannot read `{path}`: {error}");
            return ExitCode::FAILURE;
        }
    };
    let read_s = begun.elapsed().as_secs_f64();
    let imported = import(&bytes, &Options::default(), &mut Urn);
    let elapsed_s = begun.elapsed().as_secs_f64();
    if json {
        println!("{}", as_json(&imported, bytes.len(), read_s, elapsed_s));
    } else {
        print!("{}", as_text(&imported, elapsed_s));
    }
    ExitCode::SUCCESS
}

/// Reads a file with one thread per stretch: most of the time goes into handing out memory, which
/// two cores do twice as fast.
fn read_whole(path: &str) -> std::io::Result<Vec<u8>> {
    const STRETCH: usize = 4 << 20;
    let file = std::fs::File::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let mut bytes = vec![0; length];
    bytes
        .par_chunks_mut(STRETCH)
        .enumerate()
        .try_for_each(|(i, stretch)| file.read_exact_at(stretch, (i * STRETCH) as u64))?;
    Ok(bytes)
}

fn findings_by_code(imported: &Imported) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for finding in &imported.findings {
        *counts.entry(finding.code.as_str()).or_insert(0) += 1;
    }
    counts
}

/// Peak resident memory of this process in kibibytes, where the system says.
fn peak_rss_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn text(s: &str) -> String {
    let mut out = String::from("\"");
    for c in s.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn object<K: AsRef<str>>(members: impl IntoIterator<Item = (K, String)>) -> String {
    let list: Vec<String> = members
        .into_iter()
        .map(|(k, v)| format!("{}:{v}", text(k.as_ref())))
        .collect();
    format!("{{{}}}", list.join(","))
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(","))
}

fn pairs(portals: &[(String, Vec<String>)]) -> String {
    object(
        portals
            .iter()
            .map(|(k, v)| (k.as_str(), list(v.iter().map(|s| text(s))))),
    )
}

fn as_json(imported: &Imported, bytes: usize, read_s: f64, elapsed_s: f64) -> String {
    let s = &imported.summary;
    let c = &s.counts;
    let counts = [
        ("buildings", c.buildings),
        ("storeys", c.storeys),
        ("spaces", c.spaces),
        ("doors", c.doors),
        ("windows", c.windows),
        ("openings", c.openings),
        ("stairs", c.stairs),
        ("stair_flights", c.stair_flights),
        ("ramps", c.ramps),
        ("transports", c.transports),
        ("walls", c.walls),
        ("space_boundaries", c.space_boundaries),
    ];
    let contradictions = s.contradictions.iter().map(|c| {
        object([
            ("item", text(&c.item)),
            ("field", text(c.field)),
            ("stated", text(&c.stated)),
            ("found", text(&c.found)),
        ])
    });
    let statements = imported
        .facets
        .iter()
        .map(|f| (f.facet.as_str(), f.statements.len().to_string()));
    object([
        ("schemas", list(s.schemas.iter().map(|s| text(s)))),
        ("bytes", bytes.to_string()),
        ("entities", s.entities.to_string()),
        ("counts", object(counts.map(|(k, n)| (k, n.to_string())))),
        ("door_spaces", pairs(&s.door_spaces)),
        ("other_portals", pairs(&s.other_portals)),
        (
            "findings",
            object(
                findings_by_code(imported)
                    .into_iter()
                    .map(|(k, n)| (k, n.to_string())),
            ),
        ),
        ("contradictions", list(contradictions)),
        ("statements", object(statements)),
        ("read_s", format!("{read_s:.6}")),
        ("elapsed_s", format!("{elapsed_s:.6}")),
        (
            "peak_rss_kib",
            peak_rss_kib().map_or("null".to_owned(), |k| k.to_string()),
        ),
    ])
}

fn as_text(imported: &Imported, elapsed_s: f64) -> String {
    let s = &imported.summary;
    let c = &s.counts;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{}: {} storeys, {} spaces, {} doors, {} stairs, {} windows, {} openings in {elapsed_s:.3} s",
        s.schemas.join(" "),
        c.storeys,
        c.spaces,
        c.doors,
        c.stairs,
        c.windows,
        c.openings,
    );
    for (door, spaces) in &s.door_spaces {
        let _ = writeln!(out, "  {door}: {}", spaces.join(" | "));
    }
    for (portal, spaces) in &s.other_portals {
        let _ = writeln!(out, "  {portal}: {}", spaces.join(" | "));
    }
    for finding in &imported.findings {
        let item = finding.location.item.as_deref().unwrap_or("");
        let field = finding.location.field.as_deref().unwrap_or("");
        let _ = writeln!(
            out,
            "{} {item} {field} {}",
            finding.code.as_str(),
            finding.message
        );
    }
    out
}
