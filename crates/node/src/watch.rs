//! How sources do: every source of every live attribute with what its readings have shown
//! of it. For whoever looks after sensors.

use crate::answer::{HealthFilter, HealthLine, Page};
use crate::cell::AttributeCell;
use crate::error::Error;
use crate::picture::Picture;
use crate::reader::{LIMIT_MAX, Reader};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use twin_fusion::field::Crosscheck;
use twin_model::{AttributeSpec, EntityId, HealthState, SourceHealth, SourceId, Time};
use twin_policy::View;

/// The place of a line in the list of all: twin, attribute, source, by their numbers.
type Place = (u32, u32, u32);

impl Reader {
    /// What is thought of sources now, by twin, attribute and source in order of their
    /// first appearance. Only attributes that the caller may see.
    pub fn source_health(&self, filter: &HealthFilter) -> Result<View<Page<HealthLine>>, Error> {
        let only = match &filter.entity {
            Some(id) => Some(self.number(id, "twin")?),
            None => None,
        };
        let after = filter.after.as_deref().map(parse_place).transpose()?;
        let limit = filter.limit.clamp(1, LIMIT_MAX);
        let (mut items, mut next) = (Vec::new(), None);
        let mut last = None;
        self.each_source(only, after, &mut |place, spec, health| {
            if !filter.accepts(spec, &health) {
                return true;
            }
            if items.len() == limit {
                next = last.map(|(t, a, s): Place| format!("{t}-{a}-{s}"));
                return false;
            }
            last = Some(place);
            items.push(self.health_line(place, spec, health));
            true
        });
        Ok(self.release(Page { items, next }))
    }

    fn health_line(
        &self,
        (twin, _, source): Place,
        spec: &'static AttributeSpec,
        health: SourceHealth,
    ) -> HealthLine {
        HealthLine {
            source: self.picture.names.sources.name(source),
            entity: self.id(twin),
            spec,
            health,
            is_set_aside: self.picture.quarantine.holds(source),
        }
    }

    /// Every source of every live attribute that the caller may see, until `take` has had
    /// enough.
    fn each_source(
        &self,
        only: Option<u32>,
        after: Option<Place>,
        take: &mut dyn FnMut(Place, &'static AttributeSpec, SourceHealth) -> bool,
    ) {
        let first = only.or(after.map(|(twin, ..)| twin)).unwrap_or(0);
        let end = only.map_or(self.picture.entities.len() as u32, |twin| twin + 1);
        for twin in first..end {
            let Some(cell) = self.picture.entity(twin) else {
                continue;
            };
            for (attribute, cell) in &cell.attributes {
                let AttributeCell::Modelled(spec, state) = &**cell else {
                    continue;
                };
                if !self.policy.may_see(spec.sensitivity) {
                    continue;
                }
                let contradiction = self.picture.contradiction(twin, spec, self.at);
                for (source, mut health) in state.health(spec, self.at) {
                    if let Some(check) = contradiction {
                        suspect(&mut health, &check);
                    }
                    let place = (twin, *attribute, source);
                    if after.is_none_or(|after| place > after) && !take(place, spec, health) {
                        return;
                    }
                }
            }
        }
    }

    /// What is thought of each source of one attribute of one twin now.
    pub(crate) fn health_by_source(
        &self,
        twin: &EntityId,
        name: &str,
    ) -> BTreeMap<SourceId, SourceHealth> {
        let number = self.picture.names.entities.find(twin.as_str());
        match number.and_then(|number| self.cell(number, name)) {
            Some(AttributeCell::Modelled(spec, state)) => state
                .health(spec, self.at)
                .into_iter()
                .map(|(source, health)| (self.picture.names.sources.name(source), health))
                .collect(),
            _ => BTreeMap::new(),
        }
    }
}

/// What the neighbours of a measured space say against its sensor.
fn suspect(health: &mut SourceHealth, check: &Crosscheck) {
    if health.state == HealthState::Ok {
        health.state = HealthState::Drifting;
    }
    health.doubt = health.doubt.max(1.0 - check.weight);
}

/// Seconds for which a count of doubtful sources is good enough for a graph.
const COUNT_EVERY_S: f64 = 60.0;

/// How many sources were in doubt when last counted: to count takes a look at every live
/// attribute, which is too much for every glance at the metrics.
#[derive(Debug, Default)]
pub(crate) struct Watched(Mutex<Option<(Time, u64)>>);

impl Watched {
    pub(crate) fn doubtful(&self, picture: &Picture, now: Time) -> u64 {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *counted {
            Some((at, count)) if now.seconds_since(at).abs() < COUNT_EVERY_S => count,
            _ => {
                let count = count_doubtful(picture, now);
                *counted = Some((now, count));
                count
            }
        }
    }
}

fn count_doubtful(picture: &Picture, now: Time) -> u64 {
    let cells = picture.entities.iter().flat_map(|twin| &twin.attributes);
    let doubtful = cells.map(|(_, cell)| match &**cell {
        AttributeCell::Modelled(spec, state) => {
            let health = state.health(spec, now);
            let doubtful = health.iter().filter(|(_, h)| h.state != HealthState::Ok);
            doubtful.count() as u64
        }
        AttributeCell::Verbatim(_) => 0,
    });
    doubtful.sum()
}

impl HealthFilter {
    fn accepts(&self, spec: &AttributeSpec, health: &SourceHealth) -> bool {
        let attribute = self.attribute.as_ref();
        attribute.is_none_or(|attribute| attribute.as_str() == spec.name)
            && self.state.is_none_or(|state| state == health.state)
            && !(self.is_doubtful && health.state == HealthState::Ok)
    }
}

fn parse_place(text: &str) -> Result<Place, Error> {
    let bad = || Error::Invalid(format!("`{text}` is not the `next` of a page before"));
    let mut parts = text.split('-').map(str::parse);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(Ok(twin)), Some(Ok(attribute)), Some(Ok(source)), None) => {
            Ok((twin, attribute, source))
        }
        _ => Err(bad()),
    }
}
