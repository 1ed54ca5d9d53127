//! Reviewing: the list of points, suggestions, and what people decide about them, one by one or
//! as a file.

use super::intake::draft;
use super::table::{Known, MAPPING, MappingJson, READING, SUGGESTING, json_of, verbatim};
use crate::error::Error;
use crate::node::{Node, permit};
use crate::picture::Picture;
use crate::prepare::{Draft, Mode, own_source};
use crate::reader::{LIMIT_MAX, Reader};
use std::sync::Arc;
use twin_import::points::{
    Place, Point, Row, State, read_mapping, resolve, suggest, write_mapping,
};
use twin_model::catalogue::Sensitivity;
use twin_model::{
    Act, Attribute, Caller, Catalogue, CommitNumber, EntityId, EntityKind, Finding, Interval,
    SourceId, Stated, Statement, Time, Uncertainty, Value,
};
use twin_policy::{self as policy, View};

/// A storey this near to the height 0 counts as the one at street level, in metres.
const STREET_LEVEL_M: f64 = 1.5;

/// How far a point has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointState {
    /// Nobody knows where it is, and nothing could be suggested.
    Unmapped,
    /// A place or quantity was suggested from its name.
    Suggested,
    /// A person confirmed it.
    Confirmed,
    /// A person said that it is of no use here.
    Ignored,
}

impl PointState {
    /// Every state.
    pub const ALL: [Self; 4] = [
        Self::Unmapped,
        Self::Suggested,
        Self::Confirmed,
        Self::Ignored,
    ];

    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unmapped => "unmapped",
            Self::Suggested => "suggested",
            Self::Confirmed => "confirmed",
            Self::Ignored => "ignored",
        }
    }

    fn of(known: &Known) -> Self {
        match known.row.as_ref() {
            None => Self::Unmapped,
            Some(row) => match row.state {
                State::Confirmed => Self::Confirmed,
                State::Ignored => Self::Ignored,
                State::Suggested if row.place.is_none() => Self::Unmapped,
                State::Suggested => Self::Suggested,
            },
        }
    }
}

/// Which points are asked for.
#[derive(Debug, Clone, Default)]
pub struct PointFilter {
    /// Only those in this state.
    pub state: Option<PointState>,
    /// Only those that sound an alarm of which nobody confirmed where it is.
    pub alarming: bool,
    /// Only those after this name.
    pub after: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// A point to review.
#[derive(Debug, Clone)]
pub struct PointLine {
    /// Its sensor's URI.
    pub id: EntityId,
    /// Its topic or name.
    pub point: String,
    /// The place that it tells of, with its name.
    pub observes: Option<(EntityId, Option<String>)>,
    /// The attribute that its values are.
    pub attribute: Option<String>,
    /// The unit of its values.
    pub unit: Option<String>,
    /// How probable a suggestion is.
    pub probability: Option<f64>,
    /// How far it has got.
    pub state: PointState,
    /// Why it was suggested.
    pub reason: Option<String>,
    /// What it said last, as JSON, while nobody confirmed its place.
    pub last: Option<(Arc<str>, Time)>,
    /// Whether that is an alarm.
    pub alarm: bool,
}

/// How many points are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PointCounts([usize; 4]);

impl PointCounts {
    /// How many are in this state.
    pub fn of(&self, state: PointState) -> usize {
        self.0[state as usize]
    }
}

/// Some of many points.
#[derive(Debug, Clone)]
pub struct PointPage {
    /// These.
    pub points: Vec<PointLine>,
    /// How many there are of each state.
    pub counts: PointCounts,
    /// Pass it as `after` to get those that follow; `None` when there are none.
    pub next: Option<String>,
}

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

impl Reader {
    /// Points, in order of name.
    pub fn points(&self, filter: &PointFilter) -> Result<View<PointPage>, Error> {
        self.may(&policy::Action::Read(Sensitivity::Security))?;
        let table = self.picture.structure().points(&self.picture);
        let limit = filter.limit.clamp(1, LIMIT_MAX);
        let mut counts = PointCounts::default();
        let (mut points, mut next) = (Vec::new(), None);
        for (name, known) in table.sorted() {
            let state = PointState::of(known);
            counts.0[state as usize] += 1;
            let is_asked = filter.state.is_none_or(|wanted| wanted == state)
                && filter.after.as_deref().is_none_or(|after| name > after);
            if !is_asked || next.is_some() {
                continue;
            }
            let line = self.point_line(name, known, state);
            if filter.alarming && !line.alarm {
                continue;
            }
            if points.len() == limit {
                next = points.last().map(|line: &PointLine| line.point.clone());
                continue;
            }
            points.push(line);
        }
        Ok(self.release(PointPage {
            points,
            counts,
            next,
        }))
    }

    fn point_line(&self, name: &str, known: &Known, state: PointState) -> PointLine {
        let row = known.row.as_ref();
        let place = row.and_then(|row| EntityId::new(row.place.as_ref()?).ok());
        let called = |id: &EntityId| {
            let number = self.picture.names.entities.find(id.as_str())?;
            let value = self.estimate(number, "name").value()?;
            Some(value.as_text()?.to_owned())
        };
        let readings = verbatim(&self.picture, known.number, READING);
        let newest = readings
            .iter()
            .max_by_key(|entry| (entry.observed, entry.claim));
        let last = newest.and_then(|entry| Some((Arc::from(json_of(&entry.act)?), entry.observed)));
        let attribute = row.and_then(|row| row.attribute.clone());
        let is_open = matches!(state, PointState::Unmapped | PointState::Suggested);
        PointLine {
            id: self.id(known.number),
            point: name.to_owned(),
            observes: place.map(|id| (id.clone(), called(&id))),
            alarm: is_open
                && attribute.as_deref() == Some("smoke")
                && last.as_ref().is_some_and(|(said, _)| is_alarm(said)),
            attribute,
            unit: row.and_then(|row| row.unit.clone()),
            probability: row.and_then(|row| row.probability),
            state,
            reason: row.and_then(|row| row.reason.clone()),
            last,
        }
    }

    /// Every point with its mapping, as a file for a spreadsheet.
    pub fn point_file(&self) -> Result<View<String>, Error> {
        self.may(&policy::Action::Read(Sensitivity::Security))?;
        let table = self.picture.structure().points(&self.picture);
        let rows: Vec<Row> = table
            .sorted()
            .into_iter()
            .map(|(name, known)| known.row.clone().unwrap_or_else(|| empty_row(name)))
            .collect();
        Ok(self.release(write_mapping(&rows)))
    }
}

/// Whether a reading says yes, however it spells it.
fn is_alarm(said: &str) -> bool {
    let said: serde_json::Value = serde_json::from_str(said).unwrap_or_default();
    let value = &said["value"];
    value.as_bool() == Some(true) || value.as_f64() == Some(1.0)
}

fn empty_row(point: &str) -> Row {
    Row {
        point: point.to_owned(),
        place: None,
        attribute: None,
        unit: None,
        scale: 1.0,
        offset: 0.0,
        negate: false,
        state: State::Suggested,
        probability: None,
        reason: None,
    }
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

    /// Works out what every point tells of on which nobody has decided; returns of how many
    /// something else is suggested than before. Blocks.
    pub fn suggest_points(&self, caller: &Caller) -> Result<usize, Error> {
        permit(caller, &policy::Action::Import)?;
        let picture = self.inner().published.load_full();
        let table = picture.structure().points(&picture);
        // Those that were decided help to learn how the site names its points.
        let all = table.sorted();
        let points: Vec<Point> = all
            .iter()
            .map(|(name, known)| Point {
                name: (*name).to_owned(),
                samples: samples(&picture, known),
                ..Point::default()
            })
            .collect();
        let suggestions = suggest(&points, &places(&picture));
        let (now, mut drafts, mut changed) = (self.now(), Vec::new(), 0);
        let organisation = &self.config().organisation;
        let source = SourceId::new(&format!("urn:twin:{organisation}{SUGGESTING}"))
            .expect("an organisation's name is checked to fit into a URI");
        for (suggestion, (_, known)) in suggestions.iter().zip(&all) {
            let row = Row::suggested(suggestion);
            let is_decided = known
                .row
                .as_ref()
                .is_some_and(|r| r.state != State::Suggested);
            let is_empty = row.place.is_none() && row.attribute.is_none();
            if is_decided || known.row.as_ref() == Some(&row) || (is_empty && known.row.is_none()) {
                continue;
            }
            changed += 1;
            let id = picture.names.entities.name(known.number);
            drafts.extend(mapping_drafts(&source, &id, &row, now));
        }
        drop(picture);
        if !drafts.is_empty() {
            self.submit_blocking(&Caller::OPERATOR, drafts, Mode::EachAlone)?;
        }
        Ok(changed)
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
fn mapping_drafts(source: &SourceId, sensor: &EntityId, row: &Row, now: Time) -> Vec<Draft> {
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

/// What a point said last, to tell what its values look like.
fn samples(picture: &Picture, known: &Known) -> Vec<String> {
    let readings = verbatim(picture, known.number, READING).iter();
    let said = readings.filter_map(|entry| json_of(&entry.act));
    let value = |said: &str| {
        let said: serde_json::Value = serde_json::from_str(said).ok()?;
        match &said["value"] {
            serde_json::Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    };
    said.filter_map(value).collect()
}

/// Every place of which points can tell.
fn places(picture: &Picture) -> Vec<Place> {
    let structure = picture.structure();
    let mut places = Vec::new();
    for &building in &structure.buildings {
        if !structure.has_inside(building) {
            continue;
        }
        places.push(place(picture, building, EntityKind::Building, None));
        let storeys = structure.storeys(building);
        let ground = ground(picture, storeys);
        for (&storey, at) in storeys.iter().zip(0_i32..) {
            let level = ground.map(|ground| at - ground);
            places.push(place(picture, storey, EntityKind::Storey, level));
        }
        let spaces = structure.spaces_of_building(building);
        places.extend(spaces.map(|n| place(picture, n, EntityKind::Space, None)));
        let portals = structure.portals_of_building(building);
        places.extend(portals.map(|n| place(picture, n, EntityKind::Portal, None)));
    }
    places
}

/// Which of the storeys, lowest first, is at street level.
fn ground(picture: &Picture, storeys: &[u32]) -> Option<i32> {
    let height = |&storey: &u32| {
        let value = picture.value(storey, "elevation", picture.recorded)?;
        Some(value.as_number()?.abs())
    };
    let heights = (0..).zip(storeys.iter().map(height));
    let known = heights.filter_map(|(at, height)| Some((at, height?)));
    let nearest = known.min_by(|a, b| a.1.total_cmp(&b.1))?;
    (nearest.1 < STREET_LEVEL_M).then_some(nearest.0)
}

fn place(picture: &Picture, number: u32, kind: EntityKind, level: Option<i32>) -> Place {
    let text = |name| {
        let value = picture.value(number, name, picture.recorded);
        let text = value.as_ref().and_then(Value::as_text);
        text.unwrap_or_default().to_owned()
    };
    let joins = match picture.value(number, "connects", picture.recorded) {
        Some(Value::Entities(ids)) => ids.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    let above = picture.structure().container(number);
    Place {
        id: picture.names.entities.name(number).to_string(),
        kind,
        name: text("name"),
        long_name: text("longName"),
        part_of: above.map(|above| picture.names.entities.name(above).to_string()),
        level,
        usage: text("usage"),
        aliases: Vec::new(),
        joins,
    }
}
