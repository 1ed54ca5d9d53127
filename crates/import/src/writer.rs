//! Writing down what was read, statement by statement.

use crate::{Facet, FacetStatements, Mint};
use rustc_hash::FxHashMap;
use std::fmt::Write;
use std::sync::Arc;
use twin_model::claim::Stated;
use twin_model::{
    Act, Attribute, Catalogue, EntityId, EntityKind, Interval, Statement, Time, Uncertainty, Unit,
    Value,
};

/// How a statement came about that the file makes in so many words.
pub(crate) const AS_STATED: &str = "as stated in the file";

/// Collects statements by facet.
pub(crate) struct Writer<'m> {
    mint: &'m mut dyn Mint,
    observed: Time,
    attributes: FxHashMap<Box<str>, Attribute>,
    procedures: FxHashMap<Box<str>, Arc<str>>,
    units: FxHashMap<&'static str, Unit>,
    facets: [Vec<Statement>; Facet::ALL.len()],
}

impl<'m> Writer<'m> {
    pub(crate) fn new(observed: Time, mint: &'m mut dyn Mint) -> Self {
        Self {
            mint,
            observed,
            attributes: FxHashMap::default(),
            procedures: FxHashMap::default(),
            units: FxHashMap::default(),
            facets: Facet::ALL.map(|_| Vec::new()),
        }
    }

    /// The twin for a thing of the file.
    pub(crate) fn mint(&mut self, kind: EntityKind, external_id: &str) -> EntityId {
        self.mint.mint(kind, external_id)
    }

    /// The twin for a thing of the file, and the statement of what it is.
    pub(crate) fn twin(&mut self, kind: EntityKind, external_id: &str) -> EntityId {
        let entity = self.mint.mint(kind, external_id);
        self.declare(&entity, "type", Value::text(kind.as_str()));
        entity
    }

    /// The twin for something that the file does not name: it is concluded.
    pub(crate) fn concluded_twin(
        &mut self,
        kind: EntityKind,
        external_id: &str,
        probability: f64,
        method: &str,
    ) -> EntityId {
        let entity = self.mint.mint(kind, external_id);
        self.conclude(&entity, "type", Value::text(kind.as_str()), 1.0, method);
        self.conclude(
            &entity,
            "existence",
            Value::Boolean(true),
            probability,
            method,
        );
        entity
    }

    /// The same for what the rest of the file, or custom, suggests.
    pub(crate) fn inferred_twin(
        &mut self,
        kind: EntityKind,
        external_id: &str,
        probability: f64,
        method: &str,
    ) -> EntityId {
        let entity = self.mint.mint(kind, external_id);
        self.infer(&entity, "type", Value::text(kind.as_str()), 1.0, method);
        self.infer(
            &entity,
            "existence",
            Value::Boolean(true),
            probability,
            method,
        );
        entity
    }

    pub(crate) fn say(
        &mut self,
        facet: Facet,
        entity: &EntityId,
        name: &str,
        act: Act,
        method: &str,
    ) {
        if !self.attributes.contains_key(name) {
            let Ok(attribute) = Attribute::new(name) else {
                return;
            };
            self.attributes.insert(name.into(), attribute);
        }
        let known = self.procedures.get(method).cloned();
        let procedure = known.unwrap_or_else(|| {
            let text: Arc<str> = Arc::from(method);
            self.procedures.insert(method.into(), text.clone());
            text
        });
        self.facets[facet as usize].push(Statement {
            entity: entity.clone(),
            attribute: self.attributes[name].clone(),
            act,
            valid: Interval::ALWAYS,
            observed: self.observed,
            procedure: Some(procedure),
        });
    }

    pub(crate) fn declare(&mut self, entity: &EntityId, name: &str, value: Value) {
        let act = Act::Assert(Stated::from(value));
        self.say(Facet::Declared, entity, name, act, AS_STATED);
    }

    pub(crate) fn declare_number(
        &mut self,
        entity: &EntityId,
        name: &str,
        value: f64,
        unit: &'static str,
    ) {
        if !value.is_finite() {
            return;
        }
        let unit = self.unit(unit);
        let stated = Stated {
            value: Value::Number(value),
            unit,
            uncertainty: None,
        };
        self.say(
            Facet::Declared,
            entity,
            name,
            Act::Assert(stated),
            AS_STATED,
        );
    }

    /// What the file states but what is not certain for a reason that `method` names.
    pub(crate) fn doubt(
        &mut self,
        entity: &EntityId,
        name: &str,
        value: Value,
        probability: f64,
        method: &str,
    ) {
        let act = self.probable(name, value, probability);
        self.say(Facet::Declared, entity, name, act, method);
    }

    /// What the drawn geometry shows.
    pub(crate) fn conclude(
        &mut self,
        entity: &EntityId,
        name: &str,
        value: Value,
        probability: f64,
        method: &str,
    ) {
        let act = self.probable(name, value, probability);
        self.say(Facet::Geometry, entity, name, act, method);
    }

    /// What the file leaves out and the rest of it, or custom, suggests.
    pub(crate) fn infer(
        &mut self,
        entity: &EntityId,
        name: &str,
        value: Value,
        probability: f64,
        method: &str,
    ) {
        let act = self.probable(name, value, probability);
        self.say(Facet::Inferred, entity, name, act, method);
    }

    /// A text that stands where a value should be.
    pub(crate) fn unknown(&mut self, entity: &EntityId, name: &str, text: &str) {
        let reason = Arc::from(shortened(text));
        self.say(
            Facet::Declared,
            entity,
            name,
            Act::Unknown { reason },
            AS_STATED,
        );
    }

    /// A value in the catalogue's unit; without a doubt of its own where it is certain.
    fn probable(&mut self, name: &str, value: Value, probability: f64) -> Act {
        let spec = Catalogue::BUILT_IN.get(name);
        let unit = spec.filter(|_| value.as_number().is_some());
        let unit = unit.and_then(|spec| spec.unit).and_then(|u| self.unit(u));
        let uncertainty = (probability < 1.0).then_some(Uncertainty::Probability(probability));
        Act::Assert(Stated {
            value,
            unit,
            uncertainty,
        })
    }

    fn unit(&mut self, code: &'static str) -> Option<Unit> {
        if !self.units.contains_key(code) {
            self.units.insert(code, Unit::new(code).ok()?);
        }
        self.units.get(code).cloned()
    }

    /// One entry per facet about which something was said, and always what the file states.
    pub(crate) fn finish(self) -> Vec<FacetStatements> {
        let facets = Facet::ALL.into_iter().zip(self.facets);
        facets
            .filter(|(facet, said)| *facet == Facet::Declared || !said.is_empty())
            .map(|(facet, statements)| FacetStatements { facet, statements })
            .collect()
    }
}

/// A place on earth as claims have it.
pub(crate) fn site_position([longitude_deg, latitude_deg]: [f64; 2]) -> Value {
    Value::Json(Arc::from(format!(
        "{{\"latitude_deg\":{latitude_deg},\"longitude_deg\":{longitude_deg}}}"
    )))
}

/// A text as a JSON value (RFC 8259 §7).
pub(crate) fn json_text(text: &str) -> Value {
    let mut out = String::with_capacity(text.len() + 2);
    push_json_text(&mut out, text);
    Value::Json(Arc::from(out))
}

pub(crate) fn push_json_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if u32::from(c) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// To a tenth of a millimetre: below it lies only the noise of conversion.
pub(crate) fn rounded(x: f64) -> f64 {
    let r = (x * 1e4).round() / 1e4;
    if r == 0.0 { 0.0 } else { r }
}

/// At most 80 characters of a foreign text, for messages.
pub(crate) fn shortened(text: &str) -> String {
    let short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        format!("{short}…")
    } else {
        short
    }
}
