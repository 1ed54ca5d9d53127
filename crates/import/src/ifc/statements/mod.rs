//! From what was read and concluded to statements and findings.

mod buildings;
mod gaps;
mod inferred;
mod portals;
mod spaces;
mod storeys;

use crate::findings::Findings;
use crate::ifc::Contradiction;
use crate::ifc::building::{Building, Thing};
use crate::ifc::file::File;
use crate::ifc::inferred::Inferred;
use crate::ifc::joins::{Joins, Place};
use crate::ifc::properties::{Stated as Property, is_placeholder};
use crate::writer::{Writer, json_text, shortened};
use crate::{FacetStatements, Mint};
use std::collections::BTreeMap;
use std::sync::Arc;
use twin_model::{Code, EntityId, EntityKind, Finding, Time, Value};

/// Metres per unit and its code.
const UNIT_CODES: [(f64, &str); 6] = [
    (1.0, "m"),
    (0.001, "mm"),
    (0.01, "cm"),
    (0.3048, "[ft_i]"),
    (0.0254, "[in_i]"),
    (1000.0, "km"),
];

/// What comes out: statements by facet, and contradictions, which are also findings.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) facets: Vec<FacetStatements>,
    pub(super) contradictions: Vec<Contradiction>,
}

pub(super) fn write(
    file: &File<'_>,
    building: &Building,
    joins: &Joins,
    inferred: &Inferred,
    observed: Time,
    mint: &mut dyn Mint,
    findings: &mut Findings,
) -> Written {
    let mut out = Writer::new(observed, mint);
    let twins = Twins::of(building, joins, inferred, &mut out);
    let mut teller = Teller {
        file,
        building,
        joins,
        inferred,
        twins,
        out,
        findings,
        contradictions: Vec::new(),
    };
    teller.edifices();
    teller.storeys();
    teller.spaces();
    teller.inside_of_storeys();
    for i in 0..joins.portals.len() {
        teller.portal(i);
    }
    teller.inferred();
    teller.gaps();
    Written {
        facets: teller.out.finish(),
        contradictions: teller.contradictions,
    }
}

/// The twin of each thing, by its number.
struct Twins {
    edifices: Vec<EntityId>,
    storeys: Vec<EntityId>,
    /// Those of the file, then inferred rooms.
    spaces: Vec<EntityId>,
    /// The inside of a storey without spaces.
    coarse: BTreeMap<usize, EntityId>,
    portals: Vec<EntityId>,
    /// Portals that are inferred or of which something is.
    links: Vec<EntityId>,
}

impl Twins {
    fn of(building: &Building, joins: &Joins, inferred: &Inferred, out: &mut Writer<'_>) -> Self {
        let rooms = inferred.rooms.iter().map(|room| &room.space);
        let spaces = building.spaces.iter().chain(rooms);
        let edifices = building.edifices.iter().map(|b| b.thing.key.as_str());
        let storeys = building.storeys.iter().map(|s| s.thing.key.as_str());
        let portals = joins.portals.iter().map(|p| p.key.as_str());
        let links = inferred.links.iter().map(|l| l.key.as_str());
        Self {
            edifices: mint_all(out, EntityKind::Building, edifices),
            storeys: mint_all(out, EntityKind::Storey, storeys),
            spaces: mint_all(out, EntityKind::Space, spaces.map(|s| s.thing.key.as_str())),
            coarse: joins
                .coarse
                .iter()
                .map(|&s| {
                    let key = format!("inside:{}", building.storeys[s].thing.key);
                    (s, out.mint(EntityKind::Space, &key))
                })
                .collect(),
            portals: mint_all(out, EntityKind::Portal, portals),
            links: mint_all(out, EntityKind::Portal, links),
        }
    }

    fn at(&self, place: Place) -> EntityId {
        match place {
            Place::Space(i) => self.spaces[i].clone(),
            Place::Storey(i) => self.coarse.get(&i).unwrap_or(&self.storeys[i]).clone(),
        }
    }
}

fn mint_all<'k>(
    out: &mut Writer<'_>,
    kind: EntityKind,
    keys: impl Iterator<Item = &'k str>,
) -> Vec<EntityId> {
    keys.map(|key| out.mint(kind, key)).collect()
}

/// Tells what a file says, one sort of thing after the other.
struct Teller<'w, 'a> {
    file: &'w File<'a>,
    building: &'w Building,
    joins: &'w Joins,
    inferred: &'w Inferred,
    twins: Twins,
    out: Writer<'w>,
    findings: &'w mut Findings,
    contradictions: Vec<Contradiction>,
}

impl Teller<'_, '_> {
    fn kind(&mut self, entity: &EntityId, kind: EntityKind) {
        self.out.declare(entity, "type", Value::text(kind.as_str()));
    }

    /// A length in file units; the unit goes with it where it has a code, otherwise metres.
    fn declare_length(&mut self, entity: &EntityId, name: &str, value: f64) {
        let metres = self.file.length_m;
        match UNIT_CODES
            .iter()
            .find(|(m, _)| (m / metres - 1.0).abs() < 1e-9)
        {
            Some((_, code)) => self.out.declare_number(entity, name, value, code),
            None => self.out.declare_number(entity, name, value * metres, "m"),
        }
    }

    /// A text, or the finding that it is a placeholder.
    fn declare_text(&mut self, entity: &EntityId, key: &str, name: &str, text: Option<&str>) {
        match text {
            Some(text) if is_placeholder(text, name) => self.unknown(entity, key, name, text),
            Some(text) => self.out.declare(entity, name, Value::text(text)),
            None => {}
        }
    }

    fn declare_stated<T>(
        &mut self,
        entity: &EntityId,
        key: &str,
        name: &str,
        stated: Option<Property<T>>,
        value: impl Fn(T) -> Value,
    ) {
        match stated {
            Some(Property::Value(v)) => self.out.declare(entity, name, value(v)),
            Some(Property::Placeholder(text)) => self.unknown(entity, key, name, &text),
            None => {}
        }
    }

    fn unknown(&mut self, entity: &EntityId, key: &str, name: &str, text: &str) {
        let message = if text.is_empty() {
            "an empty text stands where a value should be".to_owned()
        } else {
            format!("`{}` stands where a value should be", shortened(text))
        };
        self.find(Code::IfcPlaceholder, message, entity, key, Some(name));
        self.out.unknown(entity, name, text);
    }

    /// Identity and the standard's property sets, which no estimator reads but people do.
    fn verbatim(&mut self, entity: &EntityId, thing: &Thing) {
        self.out
            .declare(entity, "ifcGlobalId", json_text(&thing.key));
        for (name, text) in [
            ("ifcObjectType", &thing.object_type),
            ("ifcDescription", &thing.description),
        ] {
            if let Some(text) = text {
                self.out.declare(entity, name, json_text(text));
            }
        }
        for (name, json) in &thing.verbatim {
            self.out
                .declare(entity, name, Value::Json(Arc::clone(json)));
        }
    }

    /// Two things that cannot both be true; both are kept.
    fn contradict(
        &mut self,
        entity: &EntityId,
        key: &str,
        field: &'static str,
        stated: String,
        found: String,
    ) {
        let message = format!("{stated}, but {found}; both are kept");
        self.find(Code::IfcContradiction, message, entity, key, Some(field));
        self.contradictions.push(Contradiction {
            item: key.to_owned(),
            field,
            stated,
            found,
        });
    }

    fn missing(&mut self, entity: &EntityId, key: &str, field: &str, message: &str) {
        self.find(Code::IfcMissing, message, entity, key, Some(field));
    }

    fn find(
        &mut self,
        code: Code,
        message: impl Into<Arc<str>>,
        entity: &EntityId,
        key: &str,
        field: Option<&str>,
    ) {
        let mut finding = Finding::new(code, message)
            .about(entity.clone())
            .at_item(key);
        if let Some(field) = field {
            finding = finding.in_field(field);
        }
        self.findings.add(finding);
    }
}
