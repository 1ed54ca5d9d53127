//! The types of city objects, and what becomes of them.

/// What an object of a type is to the twin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Building,
    BuildingPart,
    /// Storeys, units, rooms and furniture.
    Inside,
    /// Land, water or a road, with the use that the type itself tells.
    Land(Option<&'static str>),
    /// Drawn with what it is a part of.
    LandPart,
    /// Counted only: trees, lamps, groups, extensions.
    Other,
}

/// First-level and second-level city objects of CityJSON 1.1 and 2.0.
const KINDS: &[(&str, Sort)] = &[
    ("Building", Sort::Building),
    ("BuildingPart", Sort::BuildingPart),
    ("BuildingInstallation", Sort::Inside),
    ("BuildingConstructiveElement", Sort::Inside),
    ("BuildingFurniture", Sort::Inside),
    ("BuildingStorey", Sort::Inside),
    ("BuildingRoom", Sort::Inside),
    ("BuildingUnit", Sort::Inside),
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
    known.copied().unwrap_or(("other", Sort::Other))
}
