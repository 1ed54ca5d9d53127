//! Findings: what was wrong with foreign input, where, and what to do.
//!
//! Reading a file is never all-or-nothing: what could be read becomes claims, and
//! everything else becomes a finding with a code from this closed list. Each code
//! has a page in `docs/errors/`.

use crate::id::EntityId;
use std::sync::Arc;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Something is missing or doubtful; the rest is usable.
    Warning,
    /// Something could not be used at all.
    Error,
}

impl Severity {
    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $severity:ident;)*) => {
        /// What sort of problem. The list is closed; each has a page in `docs/errors/`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as written on the wire and as the name of its page.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// How much a finding of this code matters.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    /// The file is empty or is no CityJSON object.
    CityNotJson = "CTY-001", Error;
    /// The file breaks off.
    CityTruncated = "CTY-002", Error;
    /// The version is not 1.1 or 2.0.
    CityVersion = "CTY-003", Warning;
    /// The transform of the corners is missing or unusable.
    CityTransform = "CTY-004", Warning;
    /// An object or a line of a sequence cannot be read.
    CityBadObject = "CTY-005", Warning;
    /// A surface uses corners that are not there.
    CityBadIndex = "CTY-006", Warning;
    /// Parents and children do not fit together, or are not there.
    CityHierarchy = "CTY-007", Warning;
    /// An object is part of itself.
    CityCycle = "CTY-008", Error;
    /// The same id stands for two objects.
    CityDuplicateId = "CTY-009", Warning;
    /// No outline can be made of what is drawn.
    CityGeometry = "CTY-010", Warning;
    /// The outline of a surface crosses itself.
    CitySelfCrossing = "CTY-011", Warning;
    /// A limit of number or size was reached; the rest was not read.
    CityLimit = "CTY-012", Error;
    /// Corners are not plausible numbers.
    CityBadNumber = "CTY-013", Warning;
    /// Semantics do not fit the surfaces they are about.
    CitySemantics = "CTY-014", Warning;
    /// A storey, room, door or stair belongs to no building.
    CityHomeless = "CTY-015", Warning;
    /// A door cannot be placed, or leads to no room that could be found.
    CityDoorUnplaced = "CTY-016", Warning;
    /// No door of a room is known.
    CitySpaceUnreached = "CTY-017", Note;
    /// A stair ends in fewer than two rooms.
    CityStairUnplaced = "CTY-018", Warning;
    /// The file names no coordinate reference system.
    CrsMissing = "CRS-001", Warning;
    /// The coordinate reference system is not one, or is not known.
    CrsUnknown = "CRS-002", Error;
    /// Coordinates lie outside the area of their reference system.
    CrsOutside = "CRS-003", Error;
    /// The axes of the coordinates are exchanged.
    CrsSwapped = "CRS-004", Warning;
    /// The file is empty or is not a STEP file at all.
    IfcNotStep = "IFC-001", Error;
    /// The file ends before its end marker.
    IfcTruncated = "IFC-002", Error;
    /// An entity could not be read.
    IfcBadEntity = "IFC-003", Error;
    /// The schema is not IFC2x3, IFC4 or IFC4x3.
    IfcSchema = "IFC-004", Warning;
    /// A reference points to an entity that is not there.
    IfcDanglingReference = "IFC-005", Warning;
    /// Placements or parts refer to themselves.
    IfcCycle = "IFC-006", Error;
    /// A length unit is missing, unknown or implausible.
    IfcUnit = "IFC-007", Warning;
    /// The same number or GlobalId stands for two things.
    IfcDuplicateId = "IFC-008", Warning;
    /// A limit of size, depth or number was reached; the rest was not read.
    IfcLimit = "IFC-009", Error;
    /// A shape could not be turned into a plan.
    IfcGeometry = "IFC-010", Warning;
    /// A text stands where a value should be.
    IfcPlaceholder = "IFC-020", Warning;
    /// Two statements of the file contradict each other or the drawn geometry.
    IfcContradiction = "IFC-021", Warning;
    /// Something that should be stated is not.
    IfcMissing = "IFC-022", Note;
    /// A door joins no two spaces that could be found.
    IfcDoorUnplaced = "IFC-023", Warning;
    /// A space has no door, opening or contact.
    IfcSpaceUnreached = "IFC-024", Warning;
    /// Two storeys have no stair, ramp or lift between them.
    IfcVerticalUnknown = "IFC-025", Warning;
    /// A storey has no spaces; its subdivision is unknown.
    IfcSubdivisionUnknown = "IFC-026", Warning;
    /// The stated place on earth is a template value or implausible.
    IfcGeoreference = "IFC-027", Warning;
    /// The file is empty or is not OpenStreetMap data.
    OsmNotOsm = "OSM-001", Error;
    /// The file ends before its end.
    OsmTruncated = "OSM-002", Error;
    /// A block or element could not be read.
    OsmBadElement = "OSM-003", Error;
    /// The file uses a feature that is not read.
    OsmFeature = "OSM-004", Warning;
    /// Something refers to an element that is not in the file.
    OsmMissing = "OSM-005", Warning;
    /// Two elements have one id.
    OsmDuplicateId = "OSM-006", Warning;
    /// A limit of size or number was reached; the rest was not read.
    OsmLimit = "OSM-007", Error;
    /// A line or outline has too few points.
    OsmTooShort = "OSM-008", Warning;
    /// An outline is not closed.
    OsmUnclosed = "OSM-009", Warning;
    /// An outline crosses itself.
    OsmSelfCrossing = "OSM-010", Warning;
    /// A position is missing or not on earth.
    OsmPosition = "OSM-011", Warning;
    /// The value of a tag could not be understood.
    OsmValue = "OSM-012", Note;
    /// A level could not be read.
    OsmLevel = "OSM-013", Warning;
    /// An entrance or indoor piece lies in no building that could be found.
    OsmUnplaced = "OSM-014", Note;
    /// A room has no door that is known.
    OsmSpaceUnreached = "OSM-015", Note;
    /// The file is empty or is not GeoJSON.
    GeoNotGeoJson = "GEO-001", Error;
    /// The file ends before its end.
    GeoTruncated = "GEO-002", Error;
    /// A feature could not be read.
    GeoBadFeature = "GEO-003", Warning;
    /// A geometry could not be used.
    GeoGeometry = "GEO-004", Warning;
    /// An outline crosses itself.
    GeoSelfCrossing = "GEO-005", Warning;
    /// Two features have one id.
    GeoDuplicateId = "GEO-006", Warning;
    /// Features have no id.
    GeoNoId = "GEO-007", Note;
    /// The mapping file is wrong.
    GeoMapping = "GEO-008", Error;
    /// Kinds were guessed.
    GeoGuessed = "GEO-009", Note;
    /// A value does not have the form of its attribute.
    GeoValue = "GEO-010", Warning;
    /// Features fit no rule.
    GeoUnmapped = "GEO-011", Note;
    /// A limit of number was reached; the rest was not read.
    GeoLimit = "GEO-012", Error;
    /// The file is not in longitude and latitude.
    GeoReferenceSystem = "GEO-013", Warning;
    /// The file is empty or is no table of a building.
    CsvNotTable = "CSV-001", Error;
    /// A column is not known.
    CsvHeader = "CSV-002", Warning;
    /// A row does not fit the table.
    CsvRow = "CSV-003", Warning;
    /// A row does not say what it is about.
    CsvKind = "CSV-004", Warning;
    /// A cell cannot be used.
    CsvValue = "CSV-005", Warning;
    /// A row names something that is not in the table.
    CsvReference = "CSV-006", Warning;
    /// Two rows are about one thing.
    CsvDuplicate = "CSV-007", Warning;
    /// Something that a table should have is missing.
    CsvMissing = "CSV-008", Note;
    /// Two storeys have no stair or lift between them.
    CsvVerticalUnknown = "CSV-009", Warning;
    /// A limit of number was reached; the rest was not read.
    CsvLimit = "CSV-010", Error;
    /// The file is not UTF-8.
    CsvEncoding = "CSV-011", Note;
    /// A message of a point, or a line of recorded messages, cannot be read.
    PointMessage = "PNT-001", Error;
    /// A message or a member of it holds no value.
    PointNoValue = "PNT-002", Note;
    /// A limit of a message or of a mapping file was reached; the rest was not read.
    PointLimit = "PNT-003", Error;
    /// A message tells a time that cannot be used; the time of its arrival is taken.
    PointTime = "PNT-004", Note;
    /// A value does not have the form of the attribute to which its point is mapped.
    PointValue = "PNT-005", Warning;
    /// A point is mapped to no place; where it tells of is not known.
    PointUnmapped = "PNT-006", Warning;
    /// A line of a mapping file cannot be read.
    PointMapping = "PNT-007", Error;
    /// A point stands twice in a mapping file.
    PointTwice = "PNT-008", Warning;
    /// A mapping names a place that is not there, or several have the name.
    PointPlace = "PNT-009", Warning;
    /// More points spoke than can be known; what the others say is not kept.
    PointsTooMany = "PNT-010", Error;
    /// A message broker cannot be reached, or the connection to it broke.
    BrokerLost = "MQT-001", Warning;
    /// A message broker does not let us in.
    BrokerRefuses = "MQT-002", Error;
    /// A message broker does not let us hear a topic.
    BrokerTopic = "MQT-003", Error;
    /// A message broker does not keep to its protocol.
    BrokerProtocol = "MQT-004", Error;
    /// A message was too large and was left out.
    BrokerTooLarge = "MQT-005", Error;
    /// Messages wait at the broker, since they cannot be kept now.
    BrokerWaiting = "MQT-006", Warning;
    /// A message broker forgot which messages it was to keep for us.
    BrokerForgot = "MQT-007", Warning;
}

/// Where the problem is, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Location {
    /// Line, counted from 1.
    pub line: Option<u64>,
    /// The twin it is about.
    pub entity: Option<EntityId>,
    /// The thing's own name in the file: `#123`, a GlobalId, a JSON pointer.
    pub item: Option<Arc<str>>,
    /// Field or attribute.
    pub field: Option<Arc<str>>,
}

/// One problem, with its place and its remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What sort of problem.
    pub code: Code,
    /// Where.
    pub location: Location,
    /// What was wrong, in a sentence without final stop.
    pub message: Arc<str>,
}

impl Finding {
    /// A finding without a place.
    pub fn new(code: Code, message: impl Into<Arc<str>>) -> Self {
        Self {
            code,
            location: Location::default(),
            message: message.into(),
        }
    }

    /// The same finding at a line.
    pub fn at_line(mut self, line: u64) -> Self {
        self.location.line = Some(line);
        self
    }

    /// The same finding about a twin.
    pub fn about(mut self, entity: EntityId) -> Self {
        self.location.entity = Some(entity);
        self
    }

    /// The same finding at a named item of the file.
    pub fn at_item(mut self, item: impl Into<Arc<str>>) -> Self {
        self.location.item = Some(item.into());
        self
    }

    /// The same finding in a field.
    pub fn in_field(mut self, field: impl Into<Arc<str>>) -> Self {
        self.location.field = Some(field.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique() {
        let mut codes: Vec<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Code::ALL.len());
    }

    #[test]
    fn every_code_has_a_page() {
        let pages = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors");
        for code in Code::ALL {
            let page = format!("{pages}/{}.md", code.as_str());
            assert!(
                std::path::Path::new(&page).exists(),
                "no page for {}",
                code.as_str()
            );
        }
    }
}
