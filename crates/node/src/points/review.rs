//! Reviewing: the list of points, with what each is taken for and what it said.

use super::said::{PointSaid, said_last};
use super::table::{Known, empty_row};
use crate::error::Error;
use crate::reader::{LIMIT_MAX, Reader};
use twin_import::points::{Row, State, write_mapping};
use twin_model::catalogue::Sensitivity;
use twin_model::{EntityId, Time};
use twin_policy::{self as policy, View};

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
    /// What it said last while nobody confirmed its place, with when it came.
    pub last: Option<(PointSaid, Time)>,
    /// The alarm that it sounds while nobody has confirmed where it is.
    pub alarm: Option<PointAlarm>,
    /// Whether part of it is kept from the caller: what it said, for it may tell of people, and
    /// from those who may not see plans what it is taken for.
    pub withheld: bool,
}

/// An alarm of which nobody confirmed where it sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointAlarm {
    /// Since when it has sounded, as far as is known.
    pub since: Option<Time>,
    /// When it was heard last.
    pub heard: Time,
}

impl PointLine {
    /// That an alarm sounds, without what would tell of the plan.
    fn alarm_alone(self) -> Self {
        Self {
            observes: None,
            attribute: None,
            unit: None,
            probability: None,
            state: PointState::Unmapped,
            reason: None,
            last: None,
            withheld: true,
            ..self
        }
    }
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

impl Reader {
    /// Points, in order of name. Alarms of unknown place are shown to all who may see alarms,
    /// with nothing but the point's name and since when; the rest to those who may see plans.
    pub fn points(&self, filter: &PointFilter) -> Result<View<PointPage>, Error> {
        let sees_plans = self.policy.may_see(Sensitivity::Security);
        self.may(&policy::Action::Read(if filter.alarming {
            Sensitivity::Operational
        } else {
            Sensitivity::Security
        }))?;
        let table = self.picture.structure().points(&self.picture);
        let limit = filter.limit.clamp(1, LIMIT_MAX);
        let mut counts = PointCounts::default();
        let (mut points, mut next) = (Vec::new(), None);
        for (name, known) in table.sorted() {
            let state = PointState::of(known);
            counts.0[state as usize] += usize::from(sees_plans);
            let is_asked = filter.state.is_none_or(|wanted| wanted == state)
                && filter.after.as_deref().is_none_or(|after| name > after);
            if !is_asked || next.is_some() {
                continue;
            }
            let line = self.point_line(name, known, state);
            if filter.alarming && line.alarm.is_none() {
                continue;
            }
            if points.len() == limit {
                next = points.last().map(|line: &PointLine| line.point.clone());
                continue;
            }
            points.push(if sees_plans { line } else { line.alarm_alone() });
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
        let attribute = row.and_then(|row| row.attribute.clone());
        let said = said_last(&self.picture, known.number);
        let is_open = matches!(state, PointState::Unmapped | PointState::Suggested);
        let sounds =
            |(said, _): &&(PointSaid, Time)| is_open && said.is_alarm(attribute.as_deref());
        let alarm = said.as_ref().filter(sounds);
        PointLine {
            id: self.id(known.number),
            point: name.to_owned(),
            observes: place.map(|id| (id.clone(), called(&id))),
            alarm: alarm.map(|(said, heard)| PointAlarm {
                since: said.since(),
                heard: *heard,
            }),
            attribute,
            unit: row.and_then(|row| row.unit.clone()),
            probability: row.and_then(|row| row.probability),
            state,
            reason: row.and_then(|row| row.reason.clone()),
            last: self.policy.look(Sensitivity::Personal, || said).flatten(),
            withheld: !self.policy.may_see(Sensitivity::Personal),
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
