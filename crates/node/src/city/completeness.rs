//! How much is known of a building, storey by storey, and how surely its rooms lead out.

use crate::error::Error;
use crate::picture::Picture;
use crate::reader::Reader;
use crate::routing::Plan;
use twin_import::Facet;
use twin_model::catalogue::Sensitivity;
use twin_model::{EntityId, EntityKind};
use twin_policy::{self as policy, View};
use twin_space::{self as space, ConnectivityOptions, PortalRecord, SpaceRecord};

/// What is known of a building.
#[derive(Debug, Clone)]
pub struct Completeness {
    /// Its storeys, lowest first.
    pub storeys: Vec<CompletenessLine>,
}

/// What is known of a storey.
#[derive(Debug, Clone)]
pub struct CompletenessLine {
    /// The storey.
    pub id: EntityId,
    /// What is known and what is not, in numbers.
    pub counts: space::StoreyCompleteness,
    /// Probability that a room is connected to an exit, over its rooms, without lifts.
    pub connected: Option<Connected>,
}

/// How surely the rooms of a storey lead out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Connected {
    /// Of the room in the middle.
    pub median: f64,
    /// Of the worst room.
    pub least: f64,
    /// Of the worst room, if everything that nobody knows is shut.
    pub least_if_closed: f64,
}

impl Reader {
    /// How complete what is known of a building is.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown building.
    pub fn completeness(&self, building: &EntityId) -> Result<View<Completeness>, Error> {
        self.may(&policy::Action::Read(Sensitivity::Security))?;
        let number = self.find(building, EntityKind::Building)?;
        let structure = self.picture.structure();
        let storeys = structure.storeys(number);
        let plan = structure.plan(&self.picture, number);
        let graph = self.present_graph(&plan);
        let (spaces, portals) = records(&self.picture, &plan);
        let counted = space::Completeness::of(&graph, storeys.len(), &spaces, &portals);
        let connections = graph.connections(&ConnectivityOptions::default());
        let lines = storeys.iter().zip(counted.storeys).zip(0..);
        let lines = lines.map(|((&storey, counts), at)| {
            let rooms = graph.spaces().iter().zip(&connections);
            let here = rooms.filter(|(room, _)| {
                let is_room = !matches!(
                    room.kind,
                    space::SpaceKind::Shaft | space::SpaceKind::Outside
                );
                is_room && room.storey == Some(at)
            });
            let chances: Vec<space::Connection> = here.map(|(_, &chance)| chance).collect();
            CompletenessLine {
                id: self.id(storey),
                counts,
                connected: connected(&chances),
            }
        });
        Ok(self.release(Completeness {
            storeys: lines.collect(),
        }))
    }
}

fn connected(chances: &[space::Connection]) -> Option<Connected> {
    let mut sorted: Vec<f64> = chances.iter().map(|chance| chance.likely).collect();
    sorted.sort_by(f64::total_cmp);
    let closed = chances.iter().map(|chance| chance.if_closed);
    Some(Connected {
        median: *sorted.get(sorted.len() / 2)?,
        least: *sorted.first()?,
        least_if_closed: closed.fold(1.0, f64::min),
    })
}

/// How each space and portal of a plan came to be known.
fn records(picture: &Picture, plan: &Plan) -> (Vec<SpaceRecord>, Vec<PortalRecord>) {
    let inferred = format!(":{}", Facet::Inferred.as_str());
    let is_inferred = |number: u32| {
        let estimate = picture.estimate(number, "type", picture.recorded);
        estimate.is_some_and(|estimate| {
            let mut told = estimate.contributors.iter();
            told.all(|contributor| contributor.source.as_str().ends_with(&inferred))
        })
    };
    let is_known = |number, name| picture.value(number, name, picture.recorded).is_some();
    let spaces = plan.space_numbers().iter().map(|&number| SpaceRecord {
        is_inferred: is_inferred(number),
    });
    let portals = plan.portal_numbers().iter().map(|&number| PortalRecord {
        is_inferred: is_inferred(number),
        has_width: is_known(number, "width"),
        has_rating: is_known(number, "fireRating"),
    });
    (spaces.collect(), portals.collect())
}
