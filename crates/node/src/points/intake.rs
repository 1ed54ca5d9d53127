//! Messages in: each reading becomes a claim about the room that a person confirmed, or about
//! the sensor itself.

use super::said::{PointSaid, said_last};
use super::table::{Known, PointTable, READING};
use crate::error::Error;
use crate::importing::Mint;
use crate::node::Node;
use crate::picture::Picture;
use crate::prepare::{Draft, Mode, Refusal};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use twin_import::Mint as _;
use twin_import::points::{Reading, Recorded, Row, State, decode, is_alarm};
use twin_model::{
    Act, Attribute, Caller, Catalogue, Code, CommitNumber, EntityId, EntityKind, Finding, Interval,
    SourceId, Stated, Statement, Time, Unit, Value,
};

/// What names the points of a node among its twins.
const LINEAGE: &str = "points";
/// New points beyond this share of those known, and suggestions are worked out again.
const SUGGEST_AGAIN_SHARE: usize = 10;

/// Most points that become known by speaking; the largest buildings have some ten thousand.
const POINTS_MAX: usize = 100_000;
/// So many more may become known that sound an alarm.
const ALARMS_MORE_MAX: usize = 10_000;
/// How a claim came about that stands on what a broker had kept.
const RETAINED: &str = "kept by the broker, said at an unknown time before";

/// What came of messages. It is durable and visible.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The commit in which it became visible.
    pub commit: CommitNumber,
    /// Readings recorded as those of a place.
    pub placed: usize,
    /// Readings kept under their sensors, because nobody confirmed where they are.
    pub unplaced: usize,
    /// Those of them that a broker had kept, of no known time.
    pub undated: usize,
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
        let mut intake = Intake::new(self, &picture, table);
        for message in messages {
            intake.message(message);
        }
        let Intake {
            drafts,
            placed,
            unplaced,
            undated,
            new,
            left_out,
            mut findings,
            ..
        } = intake;
        findings.extend(left_out.finding());
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
            undated,
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
    picture: &'a Picture,
    table: &'a PointTable,
    now: Time,
    drafts: Vec<Draft>,
    placed: usize,
    unplaced: usize,
    undated: usize,
    new: FxHashMap<String, EntityId>,
    /// What points said in these messages, with when.
    said: FxHashMap<EntityId, (PointSaid, Time)>,
    left_out: LeftOut,
    findings: Vec<Finding>,
}

/// Readings of points beyond those that can be known.
#[derive(Default)]
struct LeftOut {
    readings: usize,
    alarms: usize,
    /// The first of the points, an alarm before all others.
    first: Option<String>,
}

impl LeftOut {
    fn add(&mut self, name: String, is_alarm: bool) {
        self.readings += 1;
        self.alarms += usize::from(is_alarm);
        if self.first.is_none() || (is_alarm && self.alarms == 1) {
            self.first = Some(name);
        }
    }

    /// One finding for all of them: who floods with points must not flood with findings.
    fn finding(self) -> Option<Finding> {
        let first = self.first?;
        let message = format!(
            "{} readings of new points are not kept, {} of them alarms: {POINTS_MAX} points are known",
            self.readings, self.alarms,
        );
        Some(Finding::new(Code::PointsTooMany, message).at_item(first))
    }
}

/// A point that speaks.
struct Speaker<'r> {
    id: EntityId,
    /// Its number, if it was known before.
    number: Option<u32>,
    name: &'r str,
    row: Option<&'r Row>,
}

impl<'a> Intake<'a> {
    fn new(node: &'a Node, picture: &'a Picture, table: &'a PointTable) -> Self {
        Self {
            node,
            picture,
            table,
            now: node.now(),
            drafts: Vec::new(),
            placed: 0,
            unplaced: 0,
            undated: 0,
            new: FxHashMap::default(),
            said: FxHashMap::default(),
            left_out: LeftOut::default(),
            findings: Vec::new(),
        }
    }

    fn message(&mut self, message: &Recorded) {
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
            let arrived = message.time.unwrap_or(self.now);
            let observed = reading.time.unwrap_or(arrived).min(self.now);
            let is_undated = message.is_retained && reading.time.is_none();
            let speaker = match self.table.get(&name) {
                Some(Known { number, row }) => Speaker {
                    id: self.picture.names.entities.name(*number),
                    number: Some(*number),
                    name: &name,
                    row: row.as_ref(),
                },
                None => match self.meet(&name, &reading) {
                    Some(id) => Speaker {
                        id,
                        number: None,
                        name: &name,
                        row: None,
                    },
                    None => continue,
                },
            };
            self.reading(&speaker, &reading, observed, is_undated);
        }
    }

    /// The sensor of a point that nobody knew; nothing where there are too many.
    ///
    /// INVARIANT: BOUNDED: who invents names without end takes a stated number of twins, and
    /// none from those that are known. Alarms have places of their own.
    fn meet(&mut self, name: &str, reading: &Reading) -> Option<EntityId> {
        if let Some(id) = self.new.get(name) {
            return Some(id.clone());
        }
        let known = self.table.len() + self.new.len();
        if known >= POINTS_MAX {
            let is_alarm = is_alarm(name, reading);
            if !is_alarm || known >= POINTS_MAX + ALARMS_MORE_MAX {
                self.left_out.add(name.to_owned(), is_alarm);
                return None;
            }
        }
        let id = self.node.point_id(name);
        self.drafts.extend(self.node.introduce(name, self.now));
        self.new.insert(name.to_owned(), id.clone());
        Some(id)
    }

    fn reading(
        &mut self,
        speaker: &Speaker<'_>,
        reading: &Reading,
        observed: Time,
        is_undated: bool,
    ) {
        let source = SourceId::new(speaker.id.as_str()).expect("a URI is a URI");
        let row = speaker.row;
        if let Some(row) = row.filter(|row| row.state == State::Ignored) {
            tracing::trace!(point = row.point, "an ignored point spoke");
            return;
        }
        let confirmed = row.filter(|row| row.state == State::Confirmed);
        let placed = confirmed.and_then(|row| self.of_place(row, &source, reading, observed));
        // What a broker had kept is of no known time: no reading of a room, unless it sounds an
        // alarm, which is shown rather than held back.
        let placed = placed.and_then(|draft| {
            if is_undated {
                undated_alarm(draft)
            } else {
                Some(draft)
            }
        });
        if let Some(claim) = placed {
            self.placed += 1;
            self.drafts.push(claim);
            return;
        }
        self.unplaced += 1;
        self.undated += usize::from(is_undated);
        let before = self.before(speaker);
        let said = PointSaid::of(
            speaker.name,
            reading,
            observed,
            is_undated,
            before.as_ref().map(|(said, _)| said),
        );
        if is_undated && before.is_some_and(|(before, _)| before.value == said.value) {
            return;
        }
        let claimed = said.claimed();
        self.said.insert(speaker.id.clone(), (said, observed));
        self.drafts.push(draft(
            &source,
            &speaker.id,
            READING,
            claimed.into(),
            observed,
        ));
    }

    /// What the point said last, in these messages or before.
    fn before(&self, speaker: &Speaker<'_>) -> Option<(PointSaid, Time)> {
        let earlier = || said_last(self.picture, speaker.number?);
        self.said.get(&speaker.id).cloned().or_else(earlier)
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

/// The claim that somebody sounds an alarm, labelled with how little is known of its time;
/// nothing of anything else.
fn undated_alarm(mut draft: Draft) -> Option<Draft> {
    let statement = &mut draft.statement;
    let is_alarm = statement.attribute.as_str() == "smoke"
        && matches!(&statement.act, Act::Assert(stated) if stated.value == Value::Boolean(true));
    statement.procedure = Some(Arc::from(RETAINED));
    is_alarm.then_some(draft)
}
