//! What goes first when not everything can.
//!
//! A radio of 9.6 kbit/s carries a dozen readings a second. The alarm goes before the door,
//! the door before the temperature, and the drawing of the building goes last. What is so
//! urgent is decided here, once, for whatever keeps, sends or counts claims.

use crate::catalogue::{Catalogue, summarised};

/// How soon others need to know, the soonest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// Lives depend on it within seconds: smoke.
    LifeSafety,
    /// The operational picture: where people are, where one gets through.
    Operational,
    /// Series of measurements, of which the newest counts.
    Telemetry,
    /// What a building is, and whatever is in no catalogue.
    Bulk,
}

impl Urgency {
    /// Every degree, the most urgent first.
    pub const ALL: [Self; 4] = [
        Self::LifeSafety,
        Self::Operational,
        Self::Telemetry,
        Self::Bulk,
    ];

    /// How urgent claims of the attribute are.
    ///
    /// ```
    /// use twin_model::Urgency;
    /// assert_eq!(Urgency::of("smoke"), Urgency::LifeSafety);
    /// assert!(Urgency::of("occupancy") < Urgency::of("temperature"));
    /// ```
    pub fn of(attribute: &str) -> Self {
        match attribute {
            "smoke" => Self::LifeSafety,
            "hazard" | "motion" | "occupancy" | "open" | "passable" | "passages" | "phones"
            | "serviceState" => Self::Operational,
            // The newest summary replaces the one before it, whatever it sums up.
            _ if summarised(attribute).is_some() => Self::Telemetry,
            _ => Self::of_other(attribute),
        }
    }

    fn of_other(attribute: &str) -> Self {
        let spec = Catalogue::BUILT_IN.get(attribute);
        match spec.and_then(|spec| spec.stale_after_s) {
            Some(_) => Self::Telemetry,
            None => Self::Bulk,
        }
    }
}

/// What is still taken when the disk budget is reached: what lives depend on.
///
/// Wider than [`Urgency::LifeSafety`]: a temperature is worth keeping on a full disk because
/// nobody can ask for it again, but a thousand of them must not stand before an alarm.
pub fn is_life_safety(attribute: &str) -> bool {
    matches!(
        attribute,
        "smoke" | "passable" | "occupancy" | "open" | "temperature"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use std::fmt::Write as _;

    /// The whole catalogue, as a person would want to check it.
    #[test]
    fn each_attribute_has_its_urgency() {
        let mut table = String::new();
        for urgency in Urgency::ALL {
            let names = Catalogue::BUILT_IN.iter().map(|spec| spec.name);
            let names: Vec<_> = names.filter(|name| Urgency::of(name) == urgency).collect();
            writeln!(table, "{urgency:?}: {}", names.join(" ")).unwrap();
        }
        expect![[r"
            LifeSafety: smoke
            Operational: motion occupancy open passable passages phones serviceState
            Telemetry: co2 humidity temperature ventilation
            Bulk: accessible address area buildingHeight connects contact course elevation ends existence fireExit fireRating floorElevation footprint height identifies isExternal landUse leadsTo longName name observes outline partOf planRotation point portalKind position selfClosing sitePosition smokeStop span storeysAboveGround storeysBelowGround streetKind type usage walkable width
        "]]
        .assert_eq(&table);
        for (name, urgency) in [
            ("hazard", Urgency::Operational),
            ("summary.occupancy", Urgency::Telemetry),
            ("colourOfTheDoorKnob", Urgency::Bulk),
        ] {
            assert_eq!(Urgency::of(name), urgency, "{name}");
        }
    }
}
