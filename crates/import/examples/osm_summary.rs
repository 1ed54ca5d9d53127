//! Says what an OpenStreetMap file has in it and what is wrong with it.
//!
//! `osm_summary FILE [--lines]`: with `--lines` also every statement, one a line:
//! facet, twin, attribute and value, separated by tabs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;
use twin_import::{Mint, Options, osm};
use twin_model::{Act, EntityId, EntityKind, Statement, Uncertainty, Value};

struct Urn;

impl Mint for Urn {
    fn mint(&mut self, kind: EntityKind, external_id: &str) -> EntityId {
        EntityId::new(&format!("urn:{}:{external_id}", kind.as_str()))
            .unwrap_or_else(|_| EntityId::new("urn:bad").expect("a URI"))
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(path) = arguments.iter().find(|a| !a.starts_with("--")) else {
        eprintln!("usage: osm_summary FILE [--lines]");
        return ExitCode::from(2);
    };
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("cannot read `{path}`: {error}");
            return ExitCode::FAILURE;
        }
    };
    let imported = osm::import(&bytes, &Options::default(), &mut Urn);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut done = Ok(());
    if arguments.iter().any(|a| a == "--lines") {
        for facet in &imported.facets {
            for statement in &facet.statements {
                done =
                    done.and_then(|()| writeln!(out, "{}", line(facet.facet.as_str(), statement)));
            }
        }
    } else {
        for (name, count) in &imported.counts {
            done = done.and_then(|()| writeln!(out, "{name} {count}"));
        }
        let mut codes: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for finding in &imported.findings {
            *codes
                .entry((finding.code.as_str(), &finding.message))
                .or_default() += 1;
        }
        for ((code, message), count) in codes.iter().take(60) {
            done = done.and_then(|()| writeln!(out, "{code} {count} {message}"));
        }
    }
    if done.and_then(|()| out.flush()).is_err() {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn line(facet: &str, statement: &Statement) -> String {
    let said = match &statement.act {
        Act::Assert(stated) => {
            let mut text = show(&stated.value);
            if let Some(Uncertainty::Probability(p)) = stated.uncertainty {
                let _ = write!(text, "\tp={p}");
            }
            text
        }
        other => format!("{other:?}"),
    };
    format!(
        "{facet}\t{}\t{}\t{said}",
        statement.entity, statement.attribute
    )
}

fn show(value: &Value) -> String {
    let points = |list: &[[f64; 2]]| {
        let texts: Vec<String> = list.iter().map(|[x, y]| format!("{x} {y}")).collect();
        texts.join(",")
    };
    match value {
        Value::Boolean(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::Text(t) => t.to_string(),
        Value::Entity(e) => e.to_string(),
        Value::Entities(list) => {
            let ids: Vec<&str> = list.iter().map(EntityId::as_str).collect();
            ids.join(" ")
        }
        Value::Point(p) => format!("{p:?}"),
        Value::Line(line) => points(line),
        Value::Polygon(p) => {
            let rings: Vec<String> = p.rings.iter().map(|r| points(r)).collect();
            rings.join(";")
        }
        Value::Json(json) => json.to_string(),
    }
}
