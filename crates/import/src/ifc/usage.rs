//! What a space is for, read from its names.

use super::building::Space;

/// Words that tell what a space is for, in the languages of the files met so far.
pub(super) fn usage(space: &Space) -> &'static str {
    if space.is_outside() {
        return "outside";
    }
    let texts = [
        &space.long_name,
        &space.thing.name,
        &space.thing.object_type,
    ];
    usage_by_words(texts.into_iter().flatten().map(String::as_str))
}

/// The same from any texts about a space, the most telling first.
pub(crate) fn usage_by_words<'t>(texts: impl Iterator<Item = &'t str>) -> &'static str {
    for text in texts {
        let lower = text.to_lowercase();
        let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
        for (usage, whole, parts) in USAGES {
            let hit =
                words.iter().any(|w| whole.contains(w)) || parts.iter().any(|p| lower.contains(p));
            if hit {
                return usage;
            }
        }
    }
    "room"
}

/// Usage, whole words, parts of words. Order matters: "stair lobby" is a lobby's neighbour, but
/// "lift lobby" is no lift.
const USAGES: &[(&str, &[&str], &[&str])] = &[
    (
        "lobby",
        &["lobby", "foyer", "vestibule", "hal"],
        &["lobby", "windfang", "entrance hall", "empfang"],
    ),
    (
        "lift",
        &["lift", "elev", "elevator", "aufzug", "ascenseur", "hiss"],
        &["elevator", "aufzug", "liftschacht", "liftkoker"],
    ),
    (
        "stair",
        &["stair", "stairs", "trap", "trapp", "escalier", "str"],
        &["stair", "treppe", "trappen"],
    ),
    (
        "shaft",
        &["shaft", "riser", "duct", "koker", "void"],
        &["schacht"],
    ),
    (
        "corridor",
        &[
            "corridor",
            "hall",
            "hallway",
            "passage",
            "flur",
            "gang",
            "couloir",
            "korridor",
            "circulation",
            "diele",
        ],
        &["corridor", "hallway", "flur"],
    ),
    (
        "sanitary",
        &[
            "wc", "toilet", "toilets", "bath", "bathroom", "bad", "shower", "restroom", "washroom",
            "lavatory", "douche", "men", "women",
        ],
        &["toilet", "bathroom", "restroom", "badkamer"],
    ),
    (
        "plant",
        &[
            "plant",
            "mechanical",
            "mech",
            "electrical",
            "elec",
            "technik",
            "hvac",
            "utility",
            "boiler",
            "server",
        ],
        &["technikraum", "techniek", "mechanical", "electrical"],
    ),
    ("roof", &["roof", "dach", "dak", "toit"], &["dachboden"]),
    (
        "outside",
        &[
            "terrace", "balcony", "balkon", "terrasse", "terras", "patio", "exterior", "outside",
        ],
        &[],
    ),
];
