//! The types of city objects, and what becomes of them.

/// What an object of a type is to the twin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Building,
    BuildingPart,
    /// What is inside a building, or belongs to it.
    Inside(Indoor),
    /// Land, water or a road, with the use that the type itself tells.
    Land(Option<&'static str>),
    /// Drawn with what it is a part of.
    LandPart,
    /// Counted only: trees, lamps, groups, extensions.
    Other,
}

/// What an object inside a building is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Indoor {
    Storey,
    /// A flat or a tenant's part: rooms that belong together.
    Unit,
    Room,
    /// Stairs, chimneys, balconies.
    Installation,
    Door,
    /// Counted only: furniture, beams, windows.
    Other,
}

/// First-level and second-level city objects of CityJSON 1.1 and 2.0.
const KINDS: &[(&str, Sort)] = &[
    ("Building", Sort::Building),
    ("BuildingPart", Sort::BuildingPart),
    ("BuildingInstallation", Sort::Inside(Indoor::Installation)),
    (
        "BuildingConstructiveElement",
        Sort::Inside(Indoor::Installation),
    ),
    ("BuildingFurniture", Sort::Inside(Indoor::Other)),
    ("BuildingStorey", Sort::Inside(Indoor::Storey)),
    ("BuildingRoom", Sort::Inside(Indoor::Room)),
    ("BuildingUnit", Sort::Inside(Indoor::Unit)),
    ("Bridge", Sort::Land(Some("bridge"))),
    ("BridgePart", Sort::LandPart),
    ("BridgeInstallation", Sort::LandPart),
    ("BridgeConstructiveElement", Sort::LandPart),
    ("BridgeRoom", Sort::LandPart),
    ("BridgeFurniture", Sort::LandPart),
    ("CityObjectGroup", Sort::Other),
    ("CityFurniture", Sort::Other),
    ("GenericCityObject", Sort::Other),
    ("LandUse", Sort::Land(None)),
    ("OtherConstruction", Sort::Other),
    ("PlantCover", Sort::Land(Some("vegetation"))),
    ("SolitaryVegetationObject", Sort::Other),
    ("TINRelief", Sort::Other),
    ("Road", Sort::Land(Some("road"))),
    ("Railway", Sort::Land(Some("railway"))),
    ("Waterway", Sort::Land(Some("water"))),
    ("TransportSquare", Sort::Land(Some("square"))),
    ("Tunnel", Sort::Land(Some("tunnel"))),
    ("TunnelPart", Sort::LandPart),
    ("TunnelInstallation", Sort::LandPart),
    ("TunnelConstructiveElement", Sort::LandPart),
    ("TunnelHollowSpace", Sort::LandPart),
    ("TunnelFurniture", Sort::LandPart),
    ("WaterBody", Sort::Land(Some("water"))),
];

/// The type as it is counted, and what becomes of it.
pub(super) fn sort_of(kind: &str) -> (&'static str, Sort) {
    let known = KINDS.iter().find(|(name, _)| *name == kind);
    // Extensions name their types with a plus sign (CityJSON 2.0.1, 8.3).
    known.copied().unwrap_or_else(|| match kind {
        _ if kind.ends_with("Door") => ("Door", Sort::Inside(Indoor::Door)),
        _ if kind.ends_with("Window") => ("Window", Sort::Inside(Indoor::Other)),
        _ => ("other", Sort::Other),
    })
}
