//! The words of the header and of the kinds, English and Dutch.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Kind,
    Name,
    Building,
    Storey,
    To,
    Elevation,
    Usage,
    Connects,
    Width,
    Height,
    Area,
    Address,
    Latitude,
    Longitude,
    Telephone,
    Role,
}

const COLUMNS: &[(Column, &[&str])] = &[
    (Column::Kind, &["kind", "type", "soort"]),
    (
        Column::Name,
        &["name", "number", "id", "naam", "nummer", "code"],
    ),
    (Column::Building, &["building", "gebouw"]),
    (
        Column::Storey,
        &[
            "storey",
            "story",
            "floor",
            "level",
            "from",
            "verdieping",
            "bouwlaag",
            "etage",
            "van",
        ],
    ),
    (Column::To, &["to", "upto", "tot", "naar", "t/m"]),
    (Column::Elevation, &["elevation", "peil"]),
    (
        Column::Usage,
        &["usage", "use", "function", "gebruik", "functie"],
    ),
    (
        Column::Connects,
        &["connects", "rooms", "verbindt", "ruimten"],
    ),
    (Column::Width, &["width", "breedte"]),
    (Column::Height, &["height", "hoogte"]),
    (Column::Area, &["area", "oppervlakte"]),
    (Column::Address, &["address", "adres"]),
    (Column::Latitude, &["latitude", "lat", "breedtegraad"]),
    (Column::Longitude, &["longitude", "lon", "lengtegraad"]),
    (Column::Telephone, &["telephone", "phone", "telefoon"]),
    (Column::Role, &["role", "rol"]),
];

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Building,
    Storey,
    Room,
    Stair,
    Lift,
    Door,
    Entrance,
    Contact,
}

impl Kind {
    /// The word used in keys and messages.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Storey => "storey",
            Self::Room => "room",
            Self::Stair => "stair",
            Self::Lift => "lift",
            Self::Door => "door",
            Self::Entrance => "entrance",
            Self::Contact => "contact",
        }
    }

    /// The kind that a word stands for.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word.to_lowercase().as_str() {
            "building" | "gebouw" | "pand" => Self::Building,
            "storey" | "story" | "floor" | "verdieping" | "bouwlaag" | "etage" => Self::Storey,
            "room" | "space" | "ruimte" | "kamer" | "corridor" | "gang" | "hal" | "lobby" => {
                Self::Room
            }
            "stair" | "stairs" | "trap" | "trappenhuis" | "escalator" | "roltrap" => Self::Stair,
            "lift" | "elevator" => Self::Lift,
            "door" | "deur" => Self::Door,
            "entrance" | "exit" | "emergency exit" | "ingang" | "uitgang" | "nooduitgang"
            | "entree" => Self::Entrance,
            "contact" | "contactpersoon" => Self::Contact,
            _ => return None,
        })
    }
}

/// The column that a header word stands for, and the unit behind it.
pub(super) fn column(header: &str) -> (Option<Column>, Option<&str>) {
    let (word, unit) = match header.split_once(['[', '(']) {
        Some((word, unit)) => (word, Some(unit.trim_end_matches([']', ')']).trim())),
        None => (header, None),
    };
    let word = word.trim().to_lowercase();
    let known = COLUMNS
        .iter()
        .find(|(_, words)| words.contains(&word.as_str()));
    (known.map(|(column, _)| *column), unit)
}

/// Whether a header has a column for the kind and one for the name or the storey.
pub(super) fn has_kind(header: &[String]) -> bool {
    let has = |wanted: &[Column]| {
        let mut columns = header.iter().filter_map(|h| column(h).0);
        columns.any(|c| wanted.contains(&c))
    };
    has(&[Column::Kind]) && has(&[Column::Name, Column::Storey])
}

/// The catalogue's word for what a room is used for, where one is known.
pub(super) fn usage(word: &str) -> Option<&'static str> {
    Some(match word.to_lowercase().as_str() {
        "corridor" | "gang" | "hallway" | "verkeersruimte" => "corridor",
        "lobby" | "hal" | "hall" | "entree" | "foyer" => "lobby",
        "stair" | "stairs" | "trap" | "trappenhuis" => "stair",
        "lift" | "elevator" => "lift",
        "shaft" | "schacht" => "shaft",
        "plant" | "technical" | "techniek" | "technische ruimte" | "installatie" => "plant",
        "toilet" | "wc" | "sanitary" | "sanitair" | "bathroom" | "badkamer" => "sanitary",
        "roof" | "dak" => "roof",
        "outside" | "buiten" | "terrace" | "terras" | "balcony" | "balkon" => "outside",
        "room" | "ruimte" | "kamer" | "office" | "kantoor" | "meeting" | "vergaderruimte"
        | "vergaderzaal" | "storage" | "berging" | "opslag" | "bedroom" | "slaapkamer" => "room",
        _ => return None,
    })
}
