//! What people decide about points, one by one or as a file.

use super::intake::draft;
use super::suggesting::places;
use super::table::{MAPPING, MappingJson, empty_row};
use crate::error::Error;
use crate::node::{Node, permit};
use crate::prepare::{Draft, Mode, own_source};
use std::sync::Arc;
use twin_import::points::{Row, State, read_mapping, resolve};
use twin_model::{
    Act, Attribute, Caller, Catalogue, CommitNumber, EntityId, Finding, Interval, SourceId, Stated,
    Statement, Time, Uncertainty, Value,
};
use twin_policy as policy;

/// What a person decides about a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Its sensor.
    pub id: EntityId,
    /// The place that it tells of.
    pub observes: Option<EntityId>,
    /// The attribute that its values are.
    pub attribute: Option<String>,
    /// The unit of its values.
    pub unit: Option<String>,
    /// Whether it is of use: else it is ignored.
    pub is_confirmed: bool,
}

/// What came of a mapping file.
#[derive(Debug, Clone)]
pub struct Mapped {
    /// The commit in which it became visible.
    pub commit: CommitNumber,
    /// Lines that were used.
    pub rows: usize,
    /// What was wrong with the others.
    pub findings: Vec<Finding>,
}

impl Node {
    /// Records what a person decided about points, all of it or nothing. Blocks.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown point or place; [`Error::Invalid`] for a confirmation
    /// without a place or attribute.
    pub fn decide_points(
        &self,
        caller: &Caller,
        decisions: &[Decision],
    ) -> Result<CommitNumber, Error> {
        permit(caller, &policy::Action::Import)?;
        let reader = self.read(caller)?;
        let picture = &reader.picture;
        let table = picture.structure().points(picture);
        let mut drafts = Vec::new();
        for decision in decisions {
            let number = reader.number(&decision.id, "point")?;
            let point = picture.value(number, "point", picture.recorded);
            let name = point.as_ref().and_then(Value::as_text);
            let name = name.ok_or_else(|| Error::NotFound {
                what: "point",
                id: decision.id.to_string(),
            })?;
            let known = table.get(name).and_then(|known| known.row.clone());
            let mut row = known.unwrap_or_else(|| empty_row(name));
            decide(&mut row, decision)?;
            if let Some(place) = &decision.observes {
                reader.number(place, "place")?;
            }
            drafts.extend(self.stated(caller, &row)?);
        }
        let receipt = self.submit_blocking(caller, drafts, Mode::AllOrNothing)?;
        match receipt.refused.first() {
            Some(refusal) => Err(Error::Invalid(refusal.message.clone())),
            None => Ok(receipt.commit),
        }
    }

    /// Takes in a mapping file: points that nobody knew become known. Blocks.
    pub fn map_points(&self, caller: &Caller, file: &[u8]) -> Result<Mapped, Error> {
        permit(caller, &policy::Action::Import)?;
        let (mut rows, mut findings) = read_mapping(file);
        let picture = self.inner().published.load_full();
        let (places, more) = resolve(&rows, &places(&picture));
        findings.extend(more);
        for (row, place) in rows.iter_mut().zip(places) {
            row.place = place;
            if row.state == State::Confirmed && (row.place.is_none() || row.attribute.is_none()) {
                row.state = State::Suggested;
            }
        }
        let table = picture.structure().points(&picture);
        let now = self.now();
        let mut drafts = Vec::new();
        for row in &rows {
            if table.get(&row.point).is_none() {
                drafts.extend(self.introduce(&row.point, now));
            }
            // A line on which nothing was decided says nothing.
            if row.state != State::Suggested {
                drafts.extend(self.stated(caller, row)?);
            }
        }
        drop(picture);
        let receipt = self.submit_blocking(caller, drafts, Mode::EachAlone)?;
        self.suggest_points(caller)?;
        Ok(Mapped {
            commit: receipt.commit,
            rows: rows.len(),
            findings,
        })
    }

    /// The claims by which a person states what a point tells of.
    fn stated(&self, caller: &Caller, row: &Row) -> Result<Vec<Draft>, Error> {
        let source = own_source(caller).ok_or(Error::Unauthenticated)?;
        let row = Row {
            probability: None,
            reason: None,
            ..row.clone()
        };
        Ok(mapping_drafts(
            &source,
            &self.point_id(&row.point),
            &row,
            self.now(),
        ))
    }
}

fn decide(row: &mut Row, decision: &Decision) -> Result<(), Error> {
    if !decision.is_confirmed {
        row.state = State::Ignored;
        return Ok(());
    }
    row.state = State::Confirmed;
    row.place = decision.observes.as_ref().map(ToString::to_string);
    row.attribute.clone_from(&decision.attribute);
    if decision.unit.is_some() {
        row.unit.clone_from(&decision.unit);
    }
    if row.place.is_none() || row.attribute.is_none() {
        let message = format!("`{}`: say of which place and what it tells", row.point);
        return Err(Error::Invalid(message));
    }
    let attribute = row.attribute.as_deref().unwrap_or_default();
    if Catalogue::BUILT_IN.get(attribute).is_none() {
        let message = format!(
            "`{}`: nothing is known of the attribute `{attribute}`",
            row.point
        );
        return Err(Error::Invalid(message));
    }
    Ok(())
}

/// The mapping itself, and the place in the graph of twins.
pub(super) fn mapping_drafts(
    source: &SourceId,
    sensor: &EntityId,
    row: &Row,
    now: Time,
) -> Vec<Draft> {
    let text = Value::Json(Arc::from(MappingJson::text(row)));
    let mapping = draft(source, sensor, MAPPING, text.into(), now);
    let place = row
        .place
        .as_deref()
        .and_then(|place| EntityId::new(place).ok());
    let observes = match place.filter(|_| row.state != State::Ignored) {
        Some(place) => Act::Assert(Stated {
            value: Value::Entity(place),
            unit: None,
            uncertainty: row.probability.map(Uncertainty::Probability),
        }),
        None => Act::Absent,
    };
    let statement = Statement {
        entity: sensor.clone(),
        attribute: Attribute::new("observes").expect("a catalogued name"),
        act: observes,
        valid: Interval::ALWAYS,
        observed: now,
        procedure: row.reason.as_deref().map(Arc::from),
    };
    let source = Some(source.clone());
    vec![mapping, Draft { source, statement }]
}
