//! What an importer told, in a form that people can read and compare.

use std::fmt::Write;
use twin_import::{Imported, Mint};
use twin_model::{Act, EntityId, EntityKind, Uncertainty, Value};

/// Twins named after the ids of the file.
pub(crate) struct Urn;

impl Mint for Urn {
    fn mint(&mut self, _: EntityKind, external_id: &str) -> EntityId {
        let plain = |c: char| {
            if c.is_alphanumeric() || "/:.-_~".contains(c) {
                c
            } else {
                '_'
            }
        };
        let id: String = external_id.chars().map(plain).collect();
        EntityId::new(&format!("urn:{id}")).unwrap()
    }
}

fn show(value: &Value) -> String {
    let short = |id: &EntityId| id.as_str().trim_start_matches("urn:").to_owned();
    match value {
        Value::Boolean(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::Text(t) => format!("{t:?}"),
        Value::Entity(e) => short(e),
        Value::Entities(es) => es.iter().map(short).collect::<Vec<_>>().join(" + "),
        Value::Point(p) => format!("{p:?}"),
        Value::Line(l) => format!("{l:?}"),
        Value::Polygon(p) => format!("{:?}", p.rings),
        Value::Json(j) => j.to_string(),
    }
}

/// Statements about the attributes that are wanted, then the findings.
pub(crate) fn told(imported: &Imported, is_wanted: impl Fn(&str) -> bool) -> String {
    let mut out = String::new();
    for facet in &imported.facets {
        for s in &facet.statements {
            if !is_wanted(s.attribute.as_str()) {
                continue;
            }
            let said = match &s.act {
                Act::Assert(stated) => {
                    let unit = stated.unit.as_ref();
                    let unit = unit.map_or(String::new(), |u| format!(" {}", u.as_str()));
                    let p = match stated.uncertainty {
                        Some(Uncertainty::Probability(p)) => format!(" p={p:.2}"),
                        _ => String::new(),
                    };
                    format!("{}{unit}{p}", show(&stated.value))
                }
                other => format!("{other:?}"),
            };
            let (facet, twin) = (facet.facet.as_str(), &s.entity.as_str()[4..]);
            writeln!(out, "{facet} {twin} {}: {said}", s.attribute).unwrap();
        }
    }
    for f in &imported.findings {
        let line = f
            .location
            .line
            .map_or(String::new(), |l| format!(" line {l}"));
        let item = f.location.item.as_deref().unwrap_or("-");
        let field = f
            .location
            .field
            .as_deref()
            .map_or(String::new(), |f| format!(" [{f}]"));
        writeln!(out, "{}{line} {item}{field} {}", f.code.as_str(), f.message).unwrap();
    }
    out
}

/// Whether all numbers are finite and all outlines and courses lie on earth.
pub(crate) fn is_sound(imported: &Imported) -> bool {
    let on_earth = |&[lon, lat]: &[f64; 2]| lon.abs() <= 180.0 && lat.abs() <= 90.0;
    let mut statements = imported.facets.iter().flat_map(|f| &f.statements);
    statements.all(|s| match &s.act {
        Act::Assert(stated) => match &stated.value {
            Value::Number(n) => n.is_finite(),
            Value::Point(p) => p.iter().all(|c| c.is_finite()),
            Value::Line(l) if s.attribute.as_str() == "course" => l.iter().all(on_earth),
            Value::Line(l) => l.iter().flatten().all(|c| c.is_finite()),
            Value::Polygon(p) if s.attribute.as_str() == "outline" => {
                p.rings.iter().flatten().all(on_earth)
            }
            _ => true,
        },
        _ => true,
    })
}
