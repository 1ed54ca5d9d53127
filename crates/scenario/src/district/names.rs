//! Names of streets and houses, and postal codes. None of them is meant to exist.

use crate::rng::Rng;

const FIRST: [&str; 22] = [
    "Linden",
    "Eiken",
    "Kastanje",
    "Molen",
    "Kerk",
    "School",
    "Haven",
    "Markt",
    "Water",
    "Noorder",
    "Zuider",
    "Ooster",
    "Wester",
    "Beuken",
    "Wilgen",
    "Populieren",
    "Duin",
    "Veld",
    "Weide",
    "Akker",
    "Spoor",
    "Vlinder",
];
const LAST: [&str; 6] = ["straat", "laan", "weg", "kade", "plein", "singel"];
const BEFORE: [&str; 5] = ["", "Oude ", "Nieuwe ", "Korte ", "Lange "];

/// As many different street names as asked for.
pub(super) fn streets(seed: u64, count: usize) -> Vec<String> {
    let mut all = Vec::new();
    for before in BEFORE {
        let mut some: Vec<String> = FIRST
            .iter()
            .flat_map(|first| LAST.map(|last| format!("{before}{first}{last}")))
            .collect();
        let mut rng = Rng::of(seed, &format!("street names {before}"));
        for place in 0..some.len() {
            let other = place + rng.index(some.len() - place);
            some.swap(place, other);
        }
        all.extend(some);
    }
    let numbered = (1..).map(|number| format!("Ringpad {number}"));
    all.into_iter().chain(numbered).take(count).collect()
}

/// Four digits for the street, two letters for the side and the hundred of house numbers.
pub(super) fn postcode(street: usize, number: u32) -> String {
    let letter = |value: usize| char::from(b'A' + (value % 20) as u8);
    let side = number as usize % 2;
    let digits = 2600 + street % 300;
    format!(
        "{digits} {}{}",
        letter(number as usize / 100),
        letter(side + 2)
    )
}

/// What a house is called, for the few that have a name.
pub(super) fn house(rng: &mut Rng) -> Option<&'static str> {
    let named = rng.chance(0.5);
    let name = rng.pick(&[
        "De Linde",
        "Het Baken",
        "Waterpoort",
        "De Sluis",
        "Kompas",
        "De Meander",
        "Zonnehof",
        "De Reiger",
    ]);
    named.then_some(name)
}
