//! Messages in: each reading becomes a claim about the room that a person confirmed, or about
//! the sensor itself.

use super::table::{Known, PointTable, READING};
use crate::error::Error;
use crate::importing::Mint;
use crate::node::Node;
use crate::prepare::{Draft, Mode, Refusal};
use rustc_hash::FxHashMap;
use serde_json::json;
use std::sync::Arc;
use twin_import::Mint as _;
use twin_import::points::{Reading, Recorded, Row, Spoken, State, decode};
use twin_model::{
    Act, Attribute, Caller, Catalogue, Code, CommitNumber, EntityId, EntityKind, Finding, Interval,
    SourceId, Stated, Statement, Time, Unit, Value,
};

/// What names the points of a node among its twins.
const LINEAGE: &str = "points";
/// New points beyond this share of those known, and suggestions are worked out again.
const SUGGEST_AGAIN_SHARE: usize = 10;

/// What came of messages. It is durable and visible.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The commit in which it became visible.
    pub commit: CommitNumber,
    /// Readings recorded as those of a place.
    pub placed: usize,
    /// Readings kept under their sensors, because nobody confirmed where they are.
    pub unplaced: usize,
    /// Points heard of for the first time.
    pub new_points: usize,
    /// What could not be read.
    pub findings: Vec<Finding>,
    /// Claims that were refused.
    pub refused: Vec<Refusal>,
}

impl Node {
    /// Records what messages say; returns once that is durable. Blocks.
    ///
    /// # Errors
    /// As [`Node::submit`]; a message that cannot be read is a finding, not an error.
    pub fn take_messages(&self, caller: &Caller, messages: &[Recorded]) -> Result<Taken, Error> {
        let picture = self.inner().published.load_full();
        let table = picture.structure().points(&picture);
        let mut intake = Intake::new(self, table);
        for message in messages {
            intake.message(message, |number| picture.names.entities.name(number));
        }
        let Intake {
            drafts,
            placed,
            unplaced,
            new,
            findings,
            ..
        } = intake;
        let (new_points, known) = (new.len(), table.len());
        let receipt = self.submit_blocking(caller, drafts, Mode::EachAlone)?;
        drop(picture);
        if new_points * SUGGEST_AGAIN_SHARE > known {
            self.suggest_points(caller)?;
        }
        Ok(Taken {
            commit: receipt.commit,
            placed,
            unplaced,
            new_points,
            findings,
            refused: receipt.refused,
        })
    }

    /// The twin of a point.
    pub(super) fn point_id(&self, name: &str) -> EntityId {
        let organisation = &self.config().organisation;
        let mut mint = Mint::of_lineage(organisation, self.inner().minting_key, LINEAGE);
        mint.mint(EntityKind::Sensor, name)
    }

    /// The claims that make a point known.
    pub(super) fn introduce(&self, name: &str, now: Time) -> Vec<Draft> {
        let id = self.point_id(name);
        let source = self.points_source();
        let facts = [
            ("type", Value::text(EntityKind::Sensor.as_str())),
            ("point", Value::text(name)),
        ];
        let draft = |(attribute, value)| draft(&source, &id, attribute, Stated::from(value), now);
        facts.into_iter().map(draft).collect()
    }

    fn points_source(&self) -> SourceId {
        let organisation = &self.config().organisation;
        SourceId::new(&format!("urn:twin:{organisation}:points"))
            .expect("an organisation's name is checked to fit into a URI")
    }
}

/// A claim in the making.
pub(super) fn draft(
    source: &SourceId,
    entity: &EntityId,
    attribute: &str,
    stated: Stated,
    observed: Time,
) -> Draft {
    let statement = Statement {
        entity: entity.clone(),
        attribute: Attribute::new(attribute).expect("a catalogued or checked name"),
        act: Act::Assert(stated),
        valid: Interval::ALWAYS,
        observed,
        procedure: None,
    };
    Draft {
        source: Some(source.clone()),
        statement,
    }
}

/// Messages on their way to claims.
struct Intake<'a> {
    node: &'a Node,
    table: &'a PointTable,
    now: Time,
    drafts: Vec<Draft>,
    placed: usize,
    unplaced: usize,
    new: FxHashMap<String, EntityId>,
    findings: Vec<Finding>,
}

impl<'a> Intake<'a> {
    fn new(node: &'a Node, table: &'a PointTable) -> Self {
        Self {
            node,
            table,
            now: node.now(),
            drafts: Vec::new(),
            placed: 0,
            unplaced: 0,
            new: FxHashMap::default(),
            findings: Vec::new(),
        }
    }

    fn message(&mut self, message: &Recorded, name_of: impl Fn(u32) -> EntityId) {
        let decoded = decode(&message.payload);
        let topic = message.topic.as_str();
        let found = decoded.findings.into_iter();
        self.findings
            .extend(found.map(|finding| finding.at_item(topic)));
        for reading in decoded.readings {
            let name = match &reading.member {
                Some(member) => format!("{topic}#{member}"),
                None => topic.to_owned(),
            };
            // A device whose clock is ahead spoke now at the latest.
            let observed = reading
                .time
                .or(message.time)
                .unwrap_or(self.now)
                .min(self.now);
            let (id, row) = match self.table.get(&name) {
                Some(Known { number, row }) => (name_of(*number), row.as_ref()),
                None => (self.meet(name), None),
            };
            self.reading(&id, row, &reading, observed);
        }
    }

    fn meet(&mut self, name: String) -> EntityId {
        if let Some(id) = self.new.get(&name) {
            return id.clone();
        }
        let id = self.node.point_id(&name);
        self.drafts.extend(self.node.introduce(&name, self.now));
        self.new.insert(name, id.clone());
        id
    }

    fn reading(&mut self, sensor: &EntityId, row: Option<&Row>, reading: &Reading, observed: Time) {
        let source = SourceId::new(sensor.as_str()).expect("a URI is a URI");
        if let Some(row) = row.filter(|row| row.state == State::Ignored) {
            tracing::trace!(point = row.point, "an ignored point spoke");
            return;
        }
        let confirmed = row.filter(|row| row.state == State::Confirmed);
        let placed = confirmed.and_then(|row| self.of_place(row, &source, reading, observed));
        if let Some(claim) = placed {
            self.placed += 1;
            self.drafts.push(claim);
            return;
        }
        self.unplaced += 1;
        let value = match &reading.value {
            Spoken::Boolean(yes) => json!(yes),
            Spoken::Number(number) => json!(number),
            Spoken::Text(text) => json!(text),
        };
        let said = json!({ "value": value, "unit": reading.unit });
        let said = Value::Json(Arc::from(said.to_string()));
        self.drafts
            .push(draft(&source, sensor, READING, said.into(), observed));
    }

    /// What a reading says of the place that was confirmed; with a finding, nothing.
    fn of_place(
        &mut self,
        row: &Row,
        source: &SourceId,
        reading: &Reading,
        observed: Time,
    ) -> Option<Draft> {
        let place = EntityId::new(row.place.as_ref()?).ok()?;
        let attribute = row.attribute.as_deref()?;
        let spec = Catalogue::BUILT_IN.get(attribute)?;
        let value = match row.value(&reading.value) {
            Ok(value) => value,
            Err(finding) => {
                self.findings.push(finding);
                return None;
            }
        };
        let unit = row
            .unit
            .as_deref()
            .or(reading.unit.as_deref())
            .or(spec.unit);
        let is_number = matches!(value, Value::Number(_));
        let unit = match unit.filter(|_| is_number).map(Unit::new).transpose() {
            Ok(unit) => unit,
            Err(error) => {
                let finding = Finding::new(Code::PointValue, error.to_string());
                self.findings.push(finding.at_item(row.point.as_str()));
                return None;
            }
        };
        let stated = Stated {
            value,
            unit,
            uncertainty: None,
        };
        Some(draft(source, &place, attribute, stated, observed))
    }
}
