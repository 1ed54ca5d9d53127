//! Stairs, ramps and lifts: which storeys they join.

use super::{Label, Portal, Reading};
use crate::cityjson::kinds::Indoor;
use crate::ifc::{BY_NAME, STAIR};
use std::collections::BTreeSet;
use twin_model::Code;
use twin_space::PortalKind;
use twin_space::plan::{Plan, Point3};

/// Parts of words by which an installation is known to lead up, the most special first.
const CLIMBS: &[(&str, &[&str])] = &[
    ("escalator", &["escalator", "rolltreppe", "roltrap"]),
    ("ramp", &["ramp", "hellingbaan"]),
    (
        "stair",
        &["stair", "treppe", "trappen", "trap", "escalier", "escalera"],
    ),
];

impl Reading<'_, '_, '_> {
    /// Stairs that are objects, then stairwells and lifts that are drawn as rooms above each other.
    pub(super) fn links(&mut self, plan: &Plan<'_>, space_of: &[usize]) {
        let mut linked = BTreeSet::new();
        for object in self.of_sort(Indoor::Installation) {
            if let Some(climb) = self.climb(object) {
                self.stair(object, climb, plan, space_of, &mut linked);
            }
        }
        self.stacked("stair", PortalKind::StairLink, plan, space_of, &linked);
        self.stacked("lift", PortalKind::LiftLink, plan, space_of, &linked);
    }

    fn climb(&self, object: usize) -> Option<&'static str> {
        let words = self.words(object);
        let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        let has = |part: &&str| lower.iter().any(|word| word.contains(part));
        let known = CLIMBS.iter().find(|(_, parts)| parts.iter().any(has));
        known.map(|(climb, _)| *climb)
    }

    fn stair(
        &mut self,
        object: usize,
        climb: &'static str,
        plan: &Plan<'_>,
        space_of: &[usize],
        linked: &mut BTreeSet<(usize, usize)>,
    ) {
        let shape = self.shape(object);
        let corners: Vec<Point3> = shape.map_or_else(Vec::new, |shape| {
            shape.faces().into_iter().flatten().flatten().collect()
        });
        let landings = plan.landings(&corners);
        let label = self.label(object);
        // Without rooms there is nothing for a stair to lead to.
        if landings.len() < 2 && !self.inside.spaces.is_empty() {
            let message = "fewer than two rooms lie at the ends of the stair";
            self.find(Code::CityStairUnplaced, &label.key, message);
        }
        for (pair, number) in landings.windows(2).zip(1..) {
            let (low, high) = (pair[0], pair[1]);
            let mut spaces = vec![space_of[low.cell], space_of[high.cell]];
            let storey = self.inside.spaces[spaces[0]].storey;
            linked.insert((spaces[0], spaces[1]));
            spaces.sort_unstable();
            let key = if landings.len() == 2 {
                label.key.clone()
            } else {
                format!("{}/{number}", label.key)
            };
            self.inside.portals.push(Portal {
                label: Label {
                    key,
                    ..label.clone()
                },
                kind: PortalKind::StairLink,
                is_stated: true,
                spaces,
                probability: STAIR,
                method: "landings at its ends",
                external: None,
                storey: storey.map(|(storey, _)| storey),
                opening: None,
                position: Some([low.at.x, low.at.y, low.z_m]),
                line: Some((low.at, high.at)),
                climb: Some(climb),
            });
        }
    }

    /// Rooms of a usage above each other, unless a stair joins them already.
    fn stacked(
        &mut self,
        usage: &str,
        kind: PortalKind,
        plan: &Plan<'_>,
        space_of: &[usize],
        linked: &BTreeSet<(usize, usize)>,
    ) {
        let spaces = &self.inside.spaces;
        let members = (0..space_of.len()).filter(|&cell| spaces[space_of[cell]].usage == usage);
        for (low, high) in plan.stacked(members.collect()) {
            let (below, above) = (space_of[low], space_of[high]);
            if linked.contains(&(below, above)) {
                continue;
            }
            let spaces = &self.inside.spaces;
            let keys = [below, above].map(|space| spaces[space].label.key.as_str());
            let at = plan.cells()[low].inside_point();
            let floor_m = plan.cells()[low].z_m.0;
            self.inside.portals.push(Portal {
                label: Label {
                    key: format!("{usage}:{}:{}", keys[0], keys[1]),
                    ..Label::default()
                },
                kind,
                is_stated: false,
                spaces: vec![below.min(above), below.max(above)],
                probability: BY_NAME,
                method: "rooms of such a name above each other",
                external: None,
                storey: spaces[below].storey.map(|(storey, _)| storey),
                opening: None,
                position: at.map(|p| [p.x, p.y, floor_m]),
                line: None,
                climb: None,
            });
        }
    }
}
