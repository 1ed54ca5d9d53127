//! Which claims tell of people in a space though they speak of something else: the air
//! they breathe out, what moves, the phones they carry, who went through the door.
//!
//! Such a claim is evidence for its own attribute and, under the same number and source,
//! for the occupancy of the space. What it takes to read it (the room's air volume, which
//! spaces a door joins) is what was believed when that was last spoken of, so that the
//! same log always gives the same estimates (DETERMINISTIC).

use crate::cell::{AttributeCell, EntityCell};
use crate::live::Live;
use std::sync::Arc;
use twin_fusion::{Setting, Witness};
use twin_model::{AttributeSpec, Catalogue, EntityId, SourceId, Time, Value};

/// The attribute that others bear on.
pub(crate) const OCCUPANCY: &str = "occupancy";
/// Attributes of a space whose claims tell of people in it.
pub(crate) const WITNESSES: [&str; 4] = ["co2", "motion", "phones", "ventilation"];
/// Attributes of a space that say how to read those.
pub(crate) const ROOM_FACTS: [&str; 2] = ["area", "height"];
/// The attribute of a portal whose claims tell of people in the spaces it joins.
pub(crate) const PASSAGES: &str = "passages";
/// The attribute of a portal that says which spaces those are.
pub(crate) const CONNECTS: &str = "connects";

/// Spaces that a portal joins: one from which people come in positive direction, one to
/// which they go.
const JOINED_MAX: usize = 2;
/// Spaces that a portal was ever believed to join; more are forgotten, oldest first.
const EVER_JOINED_MAX: usize = 8;

/// What claims about a twin need of it to bear on people in a space.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Bearing {
    /// Air volume of a space: floor area times clear height, where both are believed.
    pub(crate) volume_m3: Option<f32>,
    /// The spaces a portal joins, in the order of its positive direction.
    pub(crate) joins: Vec<EntityId>,
    /// Every space it was ever believed to join: their people may be told of by it.
    pub(crate) ever_joined: Vec<EntityId>,
}

impl Bearing {
    pub(crate) fn heap_bytes(&self) -> usize {
        let ids = self.joins.capacity() + self.ever_joined.capacity();
        size_of::<Self>() + ids * size_of::<EntityId>()
    }

    fn join(&mut self, spaces: &[EntityId]) {
        self.joins = spaces.iter().take(JOINED_MAX).cloned().collect();
        for space in &self.joins {
            if self.ever_joined.contains(space) {
                continue;
            }
            if self.ever_joined.len() == EVER_JOINED_MAX {
                self.ever_joined.remove(0);
            }
            self.ever_joined.push(space.clone());
        }
    }
}

impl Live {
    /// The spaces whose people a claim about the attribute tells of, and how.
    pub(crate) fn told_of(&self, twin: u32, spec: &AttributeSpec) -> [Option<(u32, Witness)>; 2] {
        let witness = match spec.name {
            "co2" => Witness::Co2 {
                volume_m3: self.bearing(twin).and_then(|bearing| bearing.volume_m3),
            },
            "ventilation" => Witness::Ventilation,
            "motion" => Witness::Motion,
            "phones" => Witness::Phones,
            PASSAGES => return self.passed_into(twin),
            _ => return [None, None],
        };
        [Some((twin, witness)), None]
    }

    fn passed_into(&self, portal: u32) -> [Option<(u32, Witness)>; 2] {
        let joins = self
            .bearing(portal)
            .map_or(&[][..], |bearing| &bearing.joins);
        let space = |at: usize| {
            let number = self.names.entities.find(joins.get(at)?.as_str())?;
            // A space that was erased, or of which nobody has spoken yet, is none.
            let since = self.entities.get(number as usize)?.since;
            let is_there = (1..self.next_sequence).contains(&since);
            is_there.then_some((number, Witness::Passages { inward: at == 1 }))
        };
        [space(0), space(1)]
    }

    fn bearing(&self, twin: u32) -> Option<&Bearing> {
        self.entities.get(twin as usize)?.bearing.as_deref()
    }

    /// Takes note of what a fact now says that others' claims are read by.
    pub(crate) fn learn_bearing(&mut self, twin: u32, attribute: &str, at: Time) {
        let is_room_fact = ROOM_FACTS.contains(&attribute);
        if !is_room_fact && attribute != CONNECTS {
            return;
        }
        let mut bearing = self.bearing(twin).cloned().unwrap_or_default();
        if is_room_fact {
            bearing.volume_m3 = self.volume_m3(twin, at);
        } else {
            match self.believed(twin, CONNECTS, at) {
                Some(Value::Entities(spaces)) => bearing.join(&spaces),
                _ => bearing.join(&[]),
            }
        }
        if let Some(shared) = self.entities.get_mut(twin as usize) {
            let cell = Arc::make_mut(shared);
            let before = cell.side_bytes();
            cell.bearing = (bearing != Bearing::default()).then(|| Box::new(bearing));
            self.heap_bytes = self.heap_bytes + cell.side_bytes() - before;
        }
    }

    fn volume_m3(&self, space: u32, at: Time) -> Option<f32> {
        let [area_m2, height_m] = ROOM_FACTS.map(|name| {
            let value = self.believed(space, name, at)?;
            value.as_number().filter(|&metres| metres > 0.0)
        });
        Some((area_m2? * height_m?) as f32)
    }

    /// What is believed of a fact by the claims alone, without what was learned of their
    /// sources, which may change though nobody speaks.
    fn believed(&self, twin: u32, attribute: &str, at: Time) -> Option<Value> {
        let number = self.names.attributes.find(attribute)?;
        let cell: &EntityCell = self.entities.get(twin as usize)?;
        match cell.get(number)? {
            AttributeCell::Modelled(spec, state) => {
                let name = |source| -> SourceId { self.names.sources.name(source) };
                state.estimate(spec, at, &Setting::plain(&name)).value()
            }
            AttributeCell::Verbatim(_) => None,
        }
    }
}

/// The catalogue's entry of what others bear on.
pub(crate) fn occupancy() -> &'static AttributeSpec {
    Catalogue::BUILT_IN
        .get(OCCUPANCY)
        .expect("a catalogued name")
}
