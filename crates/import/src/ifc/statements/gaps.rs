//! What is not there, said aloud.

use super::Teller;
use crate::writer::shortened;
use twin_model::{Code, Finding};

impl Teller<'_, '_> {
    pub(super) fn gaps(&mut self) {
        for &(low, high) in &self.joins.unlinked {
            let name = |i: usize| {
                let thing = &self.building.storeys[i].thing;
                shortened(thing.name.as_deref().unwrap_or(&thing.key))
            };
            self.findings.add(
                Finding::new(
                    Code::IfcVerticalUnknown,
                    format!("no stair, ramp or lift found between `{}` and `{}`: the vertical link is unknown", name(low), name(high)),
                )
                .about(self.twins.storeys[high].clone())
                .at_item(self.building.storeys[high].thing.key.clone()),
            );
        }
        for &i in &self.joins.unreached {
            self.findings.add(
                Finding::new(
                    Code::IfcSpaceUnreached,
                    "no door, opening, open edge or stair leads to the space",
                )
                .about(self.twins.spaces[i].clone())
                .at_item(self.building.spaces[i].thing.key.clone()),
            );
        }
        for &i in &self.joins.loose_stairs {
            self.findings.add(
                Finding::new(
                    Code::IfcVerticalUnknown,
                    "fewer than two landings found for the stair; where it leads is unknown",
                )
                .at_item(self.building.stairs[i].thing.key.clone()),
            );
        }
        if self.joins.is_exhausted {
            self.findings.add(Finding::new(
                Code::IfcLimit,
                "too many outlines lie in one place to be compared; joins are missing",
            ));
        }
        if self.joins.left_out > 0 {
            self.findings.add(Finding::new(
                Code::IfcLimit,
                format!(
                    "{} outlines are too intricate to be compared for open edges",
                    self.joins.left_out
                ),
            ));
        }
        if self.building.storeys.is_empty() {
            self.findings
                .add(Finding::new(Code::IfcMissing, "the file has no storeys").in_field("storey"));
        }
    }
}
