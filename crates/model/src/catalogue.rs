//! The catalogue: what is known about each attribute.
//!
//! Attributes in the catalogue are *modelled*: their claims are weighed into an
//! estimate by the estimator named here. All others are *verbatim*: kept per
//! source, never fused, read back exactly as written.

use crate::value::EntityKind;

/// How claims become an estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Estimator {
    /// A number that drifts back to what is usual for its class once nobody looks:
    /// an Ornstein–Uhlenbeck process (Uhlenbeck & Ornstein 1930).
    Scalar {
        /// What is usual, in the canonical unit.
        prior_mean: f64,
        /// How far from usual it commonly is, in the canonical unit.
        prior_sd: f64,
        /// After how many seconds a measurement has lost 63 % of its say.
        correlation_time_s: f64,
        /// Standard deviation of a source that states none, in the canonical unit.
        default_sd: f64,
    },
    /// A yes or no that flips at random: a two-state Markov chain in continuous time.
    Boolean {
        /// Flips from no to yes per second.
        rate_on_hz: f64,
        /// Flips from yes to no per second.
        rate_off_hz: f64,
        /// Probability that a source says yes when it is yes.
        hit: f64,
        /// Probability that a source says yes when it is no.
        false_alarm: f64,
    },
    /// A number of people or things that come and go independently: an
    /// immigration–death process on 0..=63.
    Count {
        /// Arrivals per second into an average room.
        arrivals_hz: f64,
        /// Departures per second and person.
        departures_hz: f64,
        /// Standard deviation of a source that states none.
        default_sd: f64,
    },
    /// One of a few states, named by a word, that change at random: a Markov chain in
    /// continuous time that jumps from each state to every other equally often (the Mk
    /// model, Lewis, Syst. Biol. 50 (2001) 913; four states: Jukes & Cantor 1969).
    Category {
        /// The words, at least two and at most [`LABELS_MAX`].
        labels: &'static [&'static str],
        /// Changes of state per second.
        change_hz: f64,
        /// Probability that a source says the right word; each wrong one is as probable as
        /// any other.
        right: f64,
    },
    /// Something that does not change by itself. Sources vote; each alternative
    /// value gets a probability.
    Static {
        /// Numbers closer than this are the same value, in the canonical unit; 0
        /// for values that are not numbers.
        tolerance: f64,
        /// Probability that a source which states no uncertainty is right.
        default_reliability: f64,
    },
}

/// Most states that a category may have.
pub const LABELS_MAX: usize = 16;

/// Who may be shown the attribute; `policy` says which role sees which class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sensitivity {
    /// Anyone who may see that the building is there: names, addresses.
    General,
    /// How it is to be in a room: temperature, air.
    Operational,
    /// Plans, doors, ratings, impairments: helps an intruder.
    Security,
    /// Tells about people: presence, numbers in a room.
    Personal,
}

/// How long claims are kept when the configuration does not say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Retention {
    /// As long as the building is in the node.
    Structure,
    /// Measurements.
    Telemetry,
    /// What tells about people.
    Personal,
}

impl Retention {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Structure, Self::Telemetry, Self::Personal];

    /// The word used in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Structure => "structure",
            Self::Telemetry => "telemetry",
            Self::Personal => "personal",
        }
    }
}

/// The form that values of an attribute must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A yes or no.
    Boolean,
    /// A number in the canonical unit or one that converts to it.
    Number,
    /// A text.
    Text,
    /// Another twin.
    Entity,
    /// Several twins.
    Entities,
    /// A point.
    Point,
    /// A chain of plan points.
    Line,
    /// A plan area.
    Polygon,
    /// Anything.
    Any,
}

/// One entry of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttributeSpec {
    /// The attribute's name.
    pub name: &'static str,
    /// Which twins have it.
    pub kinds: &'static [EntityKind],
    /// The form of its values.
    pub form: Form,
    /// Canonical unit (UCUM), for numbers.
    pub unit: Option<&'static str>,
    /// Smallest and largest plausible number, in the canonical unit; what lies
    /// outside is recorded but not believed.
    pub plausible: Option<(f64, f64)>,
    /// How claims become an estimate.
    pub estimator: Estimator,
    /// Evidence older than this is stale; `None` for what does not change by itself.
    pub stale_after_s: Option<f64>,
    /// Who may be shown it.
    pub sensitivity: Sensitivity,
    /// How long its claims are kept.
    pub retention: Retention,
    /// What it means, in a sentence.
    pub meaning: &'static str,
}

/// The catalogue itself: entries sorted by name.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue {
    entries: &'static [AttributeSpec],
}

impl Catalogue {
    /// The entries that come with the product.
    pub const BUILT_IN: Self = Self { entries: ENTRIES };

    /// The entry of a modelled attribute; `None` means verbatim.
    ///
    /// ```
    /// use twin_model::Catalogue;
    /// assert_eq!(Catalogue::BUILT_IN.get("temperature").unwrap().unit, Some("Cel"));
    /// assert!(Catalogue::BUILT_IN.get("colourOfTheDoorKnob").is_none());
    /// ```
    pub fn get(&self, name: &str) -> Option<&'static AttributeSpec> {
        let at = self
            .entries
            .binary_search_by(|entry| entry.name.cmp(name))
            .ok()?;
        Some(&self.entries[at])
    }

    /// Every entry, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = &'static AttributeSpec> {
        self.entries.iter()
    }
}

/// Sensitivity of attributes that are in no catalogue: nothing is known about
/// them, so they are treated like plans.
pub const VERBATIM_SENSITIVITY: Sensitivity = Sensitivity::Security;

/// What the attributes begin with that sum up an attribute of many rooms on their storey;
/// the attribute's name follows.
pub const SUMMARY_PREFIX: &str = "summary.";

/// The attribute that is summed up: `occupancy` for `summary.occupancy`.
pub fn summarised(name: &str) -> Option<&str> {
    name.strip_prefix(SUMMARY_PREFIX)
}

/// An attribute that is kept as written, of which it is yet known whom it concerns.
struct VerbatimSpec {
    name: &'static str,
    sensitivity: Sensitivity,
    retention: Retention,
}

/// What the node itself writes down verbatim; all else that is in no catalogue could be
/// anything.
static VERBATIM: &[VerbatimSpec] = &[VerbatimSpec {
    // What a sensor said of which nobody knows yet what it tells: it may have counted people.
    name: READING,
    sensitivity: Personal,
    retention: Retention::Personal,
}];

/// What a sensor said while nobody had confirmed what it tells of.
pub const READING: &str = "reading";

fn verbatim(name: &str) -> Option<&'static VerbatimSpec> {
    VERBATIM.iter().find(|spec| spec.name == name)
}

/// Who may be shown an attribute, in the catalogue or not. A summary is as sensitive as what
/// it sums up.
///
/// ```
/// use twin_model::catalogue::{Sensitivity, sensitivity};
/// assert_eq!(sensitivity("summary.occupancy"), Sensitivity::Personal);
/// assert_eq!(sensitivity("reading"), Sensitivity::Personal);
/// assert_eq!(sensitivity("colourOfTheDoorKnob"), Sensitivity::Security);
/// ```
pub fn sensitivity(name: &str) -> Sensitivity {
    let name = summarised(name).unwrap_or(name);
    match (Catalogue::BUILT_IN.get(name), verbatim(name)) {
        (Some(spec), _) => spec.sensitivity,
        (None, Some(spec)) => spec.sensitivity,
        (None, None) => VERBATIM_SENSITIVITY,
    }
}

/// How long claims about an attribute are kept, in the catalogue or not. What is in none is kept
/// like the building's structure: deleting by guess cannot be undone. A summary is kept as long
/// as what it sums up.
///
/// ```
/// use twin_model::catalogue::{Retention, retention};
/// assert_eq!(retention("temperature"), Retention::Telemetry);
/// assert_eq!(retention("reading"), Retention::Personal);
/// assert_eq!(retention("colourOfTheDoorKnob"), Retention::Structure);
/// ```
pub fn retention(name: &str) -> Retention {
    let name = summarised(name).unwrap_or(name);
    match (Catalogue::BUILT_IN.get(name), verbatim(name)) {
        (Some(spec), _) => spec.retention,
        (None, Some(spec)) => spec.retention,
        (None, None) => Retention::Structure,
    }
}

const BUILDING: &[EntityKind] = &[EntityKind::Building];
const STOREY: &[EntityKind] = &[EntityKind::Storey];
const SPACE: &[EntityKind] = &[EntityKind::Space];
const PORTAL: &[EntityKind] = &[EntityKind::Portal];
const SPACE_OR_PORTAL: &[EntityKind] = &[EntityKind::Space, EntityKind::Portal];
const STREET: &[EntityKind] = &[EntityKind::Street];
const AREA: &[EntityKind] = &[EntityKind::Area];
const BUILDING_OR_AREA: &[EntityKind] = &[EntityKind::Building, EntityKind::Area];
const STREET_OR_AREA: &[EntityKind] = &[EntityKind::Street, EntityKind::Area];
const SENSOR: &[EntityKind] = &[EntityKind::Sensor];
const PART: &[EntityKind] = &[EntityKind::Storey, EntityKind::Space, EntityKind::Portal];
const ANY: &[EntityKind] = &EntityKind::ALL;

/// A fact that does not change by itself. The default reliability is the share of
/// correct statements among filled fields found by Noardo et al. 2021 to be "high
/// but not to be relied on"; 0.9 leaves room for a second source to overrule.
const FACT: Estimator = Estimator::Static {
    tolerance: 0.0,
    default_reliability: 0.9,
};

const fn fact(
    name: &'static str,
    kinds: &'static [EntityKind],
    form: Form,
    sensitivity: Sensitivity,
    meaning: &'static str,
) -> AttributeSpec {
    AttributeSpec {
        name,
        kinds,
        form,
        unit: None,
        plausible: None,
        estimator: FACT,
        stale_after_s: None,
        sensitivity,
        retention: Retention::Structure,
        meaning,
    }
}

/// A number that does not change by itself: a length, an area, a count.
const fn dimension(
    name: &'static str,
    kinds: &'static [EntityKind],
    unit: &'static str,
    plausible: (f64, f64),
    tolerance: f64,
    meaning: &'static str,
) -> AttributeSpec {
    AttributeSpec {
        form: Form::Number,
        unit: Some(unit),
        plausible: Some(plausible),
        estimator: Estimator::Static {
            tolerance,
            default_reliability: 0.9,
        },
        ..fact(name, kinds, Form::Number, Sensitivity::Security, meaning)
    }
}

use Sensitivity::{General, Operational, Personal, Security};

static ENTRIES: &[AttributeSpec] = &[
    fact(
        "accessible",
        SPACE_OR_PORTAL,
        Form::Boolean,
        Security,
        "Usable with a wheelchair",
    ),
    fact("address", BUILDING, Form::Text, General, "Postal address"),
    dimension(
        "area",
        SPACE,
        "m2",
        (0.0, 1e7),
        0.1,
        "Floor area of a space",
    ),
    AttributeSpec {
        // Seen from the street.
        sensitivity: General,
        ..dimension(
            "buildingHeight",
            BUILDING,
            "m",
            (0.0, 2000.0),
            0.5,
            "Height above the ground",
        )
    },
    AttributeSpec {
        // Outdoor air is 420 ppm; occupied rooms commonly lie between 500 and 1200 ppm
        // (EN 16798-1:2019 categories I–III: 550–1350 ppm above outdoor at most). An
        // air change rate of 2 per hour gives half an hour of correlation.
        name: "co2",
        kinds: SPACE,
        form: Form::Number,
        unit: Some("[ppm]"),
        plausible: Some((250.0, 50_000.0)),
        estimator: Estimator::Scalar {
            prior_mean: 700.0,
            prior_sd: 300.0,
            correlation_time_s: 1800.0,
            default_sd: 50.0,
        },
        stale_after_s: Some(900.0),
        sensitivity: Operational,
        retention: Retention::Telemetry,
        meaning: "Carbon dioxide in the air",
    },
    fact(
        "connects",
        PORTAL,
        Form::Entities,
        Security,
        "The one or two spaces a portal joins",
    ),
    fact("contact", BUILDING, Form::Text, Security, "Whom to call"),
    fact(
        "course",
        STREET_OR_AREA,
        Form::Line,
        General,
        "Line on earth: points of longitude and latitude in degrees (WGS 84)",
    ),
    dimension(
        "elevation",
        STOREY,
        "m",
        (-1000.0, 10_000.0),
        0.01,
        "Height of the floor above the building's zero",
    ),
    fact(
        "ends",
        STREET,
        Form::Text,
        General,
        "Keys of the junctions at the first and the last point of the course; equal keys are one junction",
    ),
    fact(
        "existence",
        ANY,
        Form::Boolean,
        Security,
        "Whether the thing is there at all",
    ),
    fact(
        "fireExit",
        PORTAL,
        Form::Boolean,
        Security,
        "Meant as an exit in a fire",
    ),
    fact(
        "fireRating",
        PORTAL,
        Form::Text,
        Security,
        "Fire resistance class as stated",
    ),
    dimension(
        "floorElevation",
        SPACE,
        "m",
        (-1000.0, 10_000.0),
        0.01,
        "Height of a space's floor above the building's zero",
    ),
    fact(
        "footprint",
        SPACE,
        Form::Polygon,
        Security,
        "Plan area in the building's frame",
    ),
    dimension(
        "height",
        SPACE_OR_PORTAL,
        "m",
        (0.0, 1000.0),
        0.01,
        "Clear height of a space, overall height of a portal",
    ),
    AttributeSpec {
        // Offices: 30–60 % in EN 16798-1:2019 Annex B.
        name: "humidity",
        kinds: SPACE,
        form: Form::Number,
        unit: Some("%"),
        plausible: Some((0.0, 100.0)),
        estimator: Estimator::Scalar {
            prior_mean: 45.0,
            prior_sd: 12.0,
            correlation_time_s: 10_800.0,
            default_sd: 3.0,
        },
        stale_after_s: Some(1800.0),
        sensitivity: Operational,
        retention: Retention::Telemetry,
        meaning: "Relative humidity of the air",
    },
    fact(
        "identifies",
        ANY,
        Form::Entities,
        General,
        "The twins that stand for one and the same thing",
    ),
    fact(
        "isExternal",
        PORTAL,
        Form::Boolean,
        Security,
        "Leads out of the building",
    ),
    fact(
        "landUse",
        AREA,
        Form::Text,
        General,
        "What a piece of land is: water, park, residential",
    ),
    fact(
        "leadsTo",
        PORTAL,
        Form::Entities,
        Security,
        "Streets that an exit leads to",
    ),
    fact("longName", ANY, Form::Text, Security, "Descriptive name"),
    AttributeSpec {
        // A passive infrared sensor holds its "motion" for a minute or so and overlooks
        // who sits still; people in an office move visibly every few minutes.
        name: "motion",
        kinds: SPACE,
        form: Form::Boolean,
        unit: None,
        plausible: None,
        estimator: Estimator::Boolean {
            rate_on_hz: 1.0 / 3600.0,
            rate_off_hz: 1.0 / 300.0,
            hit: 0.9,
            false_alarm: 0.02,
        },
        stale_after_s: Some(600.0),
        sensitivity: Personal,
        retention: Retention::Personal,
        meaning: "Something moves in a space",
    },
    fact(
        "name",
        ANY,
        Form::Text,
        General,
        "Short name, such as a room number",
    ),
    fact(
        "observes",
        SENSOR,
        Form::Entity,
        Security,
        "The space or portal that a sensor tells of",
    ),
    AttributeSpec {
        // People stay for about an hour at a stretch; somebody comes into an empty room twice
        // a day. With the company that each attracts (`fusion`), a room is empty in 85 % of
        // all hours and holds 2.7 people in the others, as one used for half of a working week.
        name: "occupancy",
        kinds: SPACE,
        form: Form::Number,
        unit: Some("1"),
        plausible: Some((0.0, 5000.0)),
        estimator: Estimator::Count {
            arrivals_hz: 1.0 / 45_000.0,
            departures_hz: 1.0 / 3600.0,
            default_sd: 1.0,
        },
        stale_after_s: Some(900.0),
        sensitivity: Personal,
        retention: Retention::Personal,
        meaning: "People in a space",
    },
    AttributeSpec {
        // A door changes state some times an hour and is open a tenth of the time.
        name: "open",
        kinds: PORTAL,
        form: Form::Boolean,
        unit: None,
        plausible: None,
        estimator: Estimator::Boolean {
            rate_on_hz: 1.0 / 1800.0,
            rate_off_hz: 1.0 / 200.0,
            hit: 0.98,
            false_alarm: 0.01,
        },
        stale_after_s: Some(600.0),
        sensitivity: Security,
        retention: Retention::Telemetry,
        meaning: "Whether a door stands open",
    },
    fact(
        "outline",
        BUILDING_OR_AREA,
        Form::Polygon,
        General,
        "Ground plan on earth: points of longitude and latitude in degrees (WGS 84)",
    ),
    fact(
        "partOf",
        PART,
        Form::Entity,
        Security,
        "The storey or building a thing belongs to",
    ),
    AttributeSpec {
        // A way once found passable stays so for hours; once blocked, likewise.
        name: "passable",
        kinds: SPACE_OR_PORTAL,
        form: Form::Boolean,
        unit: None,
        plausible: None,
        estimator: Estimator::Boolean {
            rate_on_hz: 1.0 / 14_400.0,
            rate_off_hz: 1.0 / 86_400.0,
            hit: 0.95,
            false_alarm: 0.05,
        },
        stale_after_s: Some(3600.0),
        sensitivity: Security,
        retention: Retention::Telemetry,
        meaning: "Whether people can get through",
    },
    AttributeSpec {
        // Says nothing of the next minute: each statement is about the time since the one
        // before it, so nothing is left of it after a minute.
        name: "passages",
        kinds: PORTAL,
        form: Form::Number,
        unit: Some("1"),
        plausible: Some((-500.0, 500.0)),
        estimator: Estimator::Scalar {
            prior_mean: 0.0,
            prior_sd: 2.0,
            correlation_time_s: 60.0,
            default_sd: 0.5,
        },
        stale_after_s: Some(600.0),
        sensitivity: Personal,
        retention: Retention::Personal,
        meaning: "People through a portal since the statement before, from the first of the spaces it connects to the second; those back are subtracted",
    },
    AttributeSpec {
        // One phone per person is usual; some carry two, some none.
        name: "phones",
        kinds: SPACE,
        form: Form::Number,
        unit: Some("1"),
        plausible: Some((0.0, 5000.0)),
        estimator: Estimator::Scalar {
            prior_mean: 1.0,
            prior_sd: 2.0,
            correlation_time_s: 3600.0,
            default_sd: 0.7,
        },
        stale_after_s: Some(900.0),
        sensitivity: Personal,
        retention: Retention::Personal,
        meaning: "Phones seen in a space",
    },
    dimension(
        "planRotation",
        BUILDING,
        "deg",
        (-360.0, 360.0),
        0.1,
        "By how much the y axis of the building's frame is turned clockwise from true north",
    ),
    fact(
        "point",
        SENSOR,
        Form::Text,
        Security,
        "Topic or point name under which its values come",
    ),
    fact(
        "portalKind",
        PORTAL,
        Form::Text,
        Security,
        "door, opening, openContact, stairLink, liftLink",
    ),
    fact(
        "position",
        SPACE_OR_PORTAL,
        Form::Point,
        Security,
        "Where it is in the building's frame",
    ),
    fact(
        "selfClosing",
        PORTAL,
        Form::Boolean,
        Security,
        "Closes by itself",
    ),
    AttributeSpec {
        // Lifts, powered doors and gates stay in service for days and are switched by a key
        // or a fault; four changes a week. A controller knows its own state; a person who
        // reports another's is seldom wrong.
        name: "serviceState",
        kinds: PORTAL,
        form: Form::Text,
        unit: None,
        plausible: None,
        estimator: Estimator::Category {
            labels: &["inService", "fireService", "outOfService"],
            change_hz: 4.0 / 604_800.0,
            right: 0.97,
        },
        stale_after_s: Some(3600.0),
        sensitivity: Security,
        retention: Retention::Telemetry,
        meaning: "Whether a lift, powered door or gate serves: inService, fireService, outOfService",
    },
    fact(
        "sitePosition",
        ANY,
        Form::Any,
        General,
        "Where on earth it is: latitude_deg and longitude_deg (WGS 84); of a building, where the origin of its frame lies",
    ),
    AttributeSpec {
        // Smoke without cause is rare; once there it does not leave by itself soon. A
        // detector that sounds without smoke for ten minutes every two years says yes in
        // one of 10⁵ looks at a room without smoke; a single yes must not read as "no". Nor
        // must it beside a detector that is still silent: in four home fires, of 52 detectors
        // at 19 places 74 % were sounding, on average over the two minutes after the first
        // of their place (activation times of the smoke alarm tests, NIST TN 1455).
        name: "smoke",
        kinds: SPACE,
        form: Form::Boolean,
        unit: None,
        plausible: None,
        estimator: Estimator::Boolean {
            rate_on_hz: 1.0 / 31_536_000.0,
            rate_off_hz: 1.0 / 7200.0,
            hit: 0.74,
            false_alarm: 1e-5,
        },
        stale_after_s: Some(300.0),
        sensitivity: Operational,
        retention: Retention::Telemetry,
        meaning: "Smoke in a space",
    },
    fact(
        "smokeStop",
        PORTAL,
        Form::Boolean,
        Security,
        "Holds back smoke",
    ),
    fact(
        "span",
        PORTAL,
        Form::Line,
        Security,
        "The two jambs of a portal in plan",
    ),
    AttributeSpec {
        // Seen from the street.
        sensitivity: General,
        ..dimension(
            "storeysAboveGround",
            BUILDING,
            "1",
            (0.0, 1000.0),
            0.5,
            "Storeys above the ground",
        )
    },
    AttributeSpec {
        // Seen from the street.
        sensitivity: General,
        ..dimension(
            "storeysBelowGround",
            BUILDING,
            "1",
            (0.0, 100.0),
            0.5,
            "Storeys below the ground",
        )
    },
    fact(
        "streetKind",
        STREET,
        Form::Text,
        General,
        "What sort of street or path, in the words of OpenStreetMap: footway, residential",
    ),
    AttributeSpec {
        // Heated rooms: 20–24 °C in EN 16798-1:2019 category II. A day of correlation: with
        // three hours, held-out readings of an office series and four motes were predicted
        // worse than by their last value, with a day better in the office.
        name: "temperature",
        kinds: SPACE,
        form: Form::Number,
        unit: Some("Cel"),
        plausible: Some((-50.0, 1300.0)),
        estimator: Estimator::Scalar {
            prior_mean: 21.0,
            prior_sd: 3.0,
            correlation_time_s: 86_400.0,
            default_sd: 0.5,
        },
        stale_after_s: Some(1800.0),
        sensitivity: Operational,
        retention: Retention::Telemetry,
        meaning: "Air temperature",
    },
    fact(
        "type",
        ANY,
        Form::Text,
        General,
        "What sort of thing it is: building, storey, space, portal, sensor, street, area, thing",
    ),
    fact(
        "usage",
        SPACE,
        Form::Text,
        Security,
        "What a space is for: room, corridor, lobby, stair, lift, shaft, plant, sanitary, roof, outside",
    ),
    AttributeSpec {
        // A person's share in EN 16798-1:2019 category II is 25 m3/h; a room for a few has
        // some hundred, and none at night.
        name: "ventilation",
        kinds: SPACE,
        form: Form::Number,
        unit: Some("m3/h"),
        plausible: Some((0.0, 100_000.0)),
        estimator: Estimator::Scalar {
            prior_mean: 60.0,
            prior_sd: 60.0,
            correlation_time_s: 3600.0,
            default_sd: 10.0,
        },
        stale_after_s: Some(3600.0),
        sensitivity: Operational,
        retention: Retention::Telemetry,
        meaning: "Fresh air supplied to a space",
    },
    fact(
        "walkable",
        STREET,
        Form::Boolean,
        General,
        "People on foot may and can use it",
    ),
    dimension(
        "width",
        PORTAL,
        "m",
        (0.0, 100.0),
        0.01,
        "Overall width of a portal",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Unit;

    #[test]
    fn entries_are_sorted_so_that_they_are_found() {
        for entry in Catalogue::BUILT_IN.iter() {
            assert_eq!(
                Catalogue::BUILT_IN.get(entry.name).map(|e| e.name),
                Some(entry.name)
            );
        }
    }

    #[test]
    fn every_unit_is_known_and_every_number_has_one() {
        for entry in Catalogue::BUILT_IN.iter() {
            assert_eq!(
                entry.form == Form::Number,
                entry.unit.is_some(),
                "{}",
                entry.name
            );
            if let Some(unit) = entry.unit {
                assert!(
                    Unit::new(unit)
                        .unwrap()
                        .convert_difference(1.0, unit)
                        .is_ok()
                );
            }
        }
    }

    #[test]
    fn every_category_has_a_few_different_words() {
        for entry in Catalogue::BUILT_IN.iter() {
            let Estimator::Category { labels, right, .. } = entry.estimator else {
                continue;
            };
            assert!((2..=LABELS_MAX).contains(&labels.len()), "{}", entry.name);
            let mut sorted = labels.to_vec();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), labels.len(), "{}", entry.name);
            assert_eq!(entry.form, Form::Text, "{}", entry.name);
            assert!(right > 1.0 / labels.len() as f64, "{}", entry.name);
        }
    }
}
