//! Where things are, as far as is believed: what a sharing rule asks about a claim.

use crate::picture::Picture;
use twin_model::{EntityId, EntityKind};
use twin_policy::sharing::Whereabouts;

/// Things may be parts of parts, but not in a circle.
const LEVELS_MAX: usize = 8;

impl Whereabouts for Picture {
    fn kind(&self, entity: &EntityId) -> Option<EntityKind> {
        let number = self.names.entities.find(entity.as_str())?;
        self.structure().kind(number)
    }

    fn is_within(&self, entity: &EntityId, area: &EntityId) -> bool {
        let find = |id: &EntityId| self.names.entities.find(id.as_str());
        let (Some(entity), Some(area)) = (find(entity), find(area)) else {
            return false;
        };
        let above = std::iter::successors(Some(entity), |at| self.structure().container(*at));
        above.take(LEVELS_MAX).any(|at| at == area)
    }
}
