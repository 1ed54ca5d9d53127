//! What two candidates share or differ in, and how much that says.
//!
//! Each trait gives the logarithm of a ratio: how often buildings that are one show it, over how
//! often buildings that are two do. The first are judgements checked on real buildings; the
//! second are counted in the file where they can be, so that a name borne by every second
//! building says little.

use super::place::Near;
use super::shape::Shape;
use super::text::{Address, likeness, words};
use super::{Candidate, Evidence, Frequencies, RIVALS_UNPLACED_MAX};
use libm::{exp, log};

/// One id of one register stands for one building, but registers are copied with mistakes.
const EQUAL_ID: f64 = 20_000.0;
/// A building may have several numbers in a register, as its parts do.
const OTHER_ID: f64 = 0.03;
/// Share of equal names among names that one building has in two files; the others are written
/// differently, or are another name.
const SAME_NAME: f64 = 0.6;
const ALIKE_NAME: f64 = 8.0;
const OTHER_NAME: f64 = 0.35;
/// Names at least this alike may be one, misspelt.
const ALIKE_MIN: f64 = 0.75;
const SAME_ADDRESS: f64 = 0.8;
const SAME_STREET: f64 = 3.0;
const OTHER_NUMBER: f64 = 0.12;
const OTHER_STREET: f64 = 0.2;
/// No single count makes a trait rarer than this.
const RARE: f64 = 1e-4;
/// Share of heights of one building that agree within what roofs and measuring explain.
const HEIGHT_AGREES: f64 = 0.85;
/// Storeys that two files count differently for one building: none, one, two, more.
const STOREY_DIFFERENCE: [f64; 4] = [0.75, 0.2, 0.03, 0.02];
/// Height of a storey, metres: usual, possible (EN 1991-1-1 practice; halls have one high one).
const STOREY_USUAL_M: (f64, f64) = (2.6, 4.5);
const STOREY_POSSIBLE_M: (f64, f64) = (2.0, 6.5);
/// Logarithm of the odds by overlap of the outlines once their centres lie on each other: points
/// of a broken line. From Delft and Liechtenstein, moved and redrawn against their
/// neighbours.
const LIKENESS: [(f64, f64); 9] = [
    (0.0, -8.0),
    (0.3, -7.0),
    (0.5, -5.0),
    (0.6, -3.0),
    (0.7, -1.0),
    (0.8, 0.3),
    (0.88, 1.2),
    (0.95, 2.0),
    (1.0, 2.4),
];

/// A reason with its weight.
#[derive(Clone, Debug)]
pub(super) struct Trait {
    pub(super) text: String,
    /// Natural logarithm of the factor on the odds.
    pub(super) log_odds: f64,
}

impl Trait {
    pub(super) fn evidence(&self) -> Evidence {
        Evidence {
            text: self.text.clone(),
            log10_odds: self.log_odds * std::f64::consts::LOG10_E,
        }
    }
}

/// Hears of each trait: the natural logarithm of its factor, and its words if they are wanted.
pub(super) type Say<'s> = dyn FnMut(f64, &dyn Fn() -> String) + 's;

/// Two files ready to be compared.
pub(super) struct Context<'c> {
    left: &'c [Candidate],
    right: &'c [Candidate],
    pub(super) lefts: &'c [Shape],
    pub(super) rights: &'c [Shape],
    names: [Vec<Vec<Vec<String>>>; 2],
    addresses: [Vec<Vec<Address>>; 2],
    name_counts: Frequencies,
    address_counts: Frequencies,
    /// Mean and standard deviation of all heights.
    heights: (f64, f64),
    /// How many of the right have each number of storeys.
    storeys: Vec<u32>,
}

impl<'c> Context<'c> {
    pub(super) fn new(
        left: &'c [Candidate],
        right: &'c [Candidate],
        lefts: &'c [Shape],
        rights: &'c [Shape],
    ) -> Self {
        let names = [left, right].map(|side| {
            let of = |c: &Candidate| {
                c.names
                    .iter()
                    .map(|n| words(n))
                    .filter(|w| !w.is_empty())
                    .collect()
            };
            side.iter().map(of).collect::<Vec<Vec<Vec<String>>>>()
        });
        let addresses = [left, right].map(|side| {
            let of = |c: &Candidate| {
                c.addresses
                    .iter()
                    .filter_map(|a| Address::read(a))
                    .collect()
            };
            side.iter().map(of).collect::<Vec<Vec<Address>>>()
        });
        let name_counts = counted(names[1].iter().flatten().map(|w| w.concat()));
        let address_counts = counted(addresses[1].iter().flatten().map(key));
        let heights: Vec<f64> = left
            .iter()
            .chain(right)
            .filter_map(|c| c.height_m)
            .collect();
        let mut storeys = vec![0; STOREYS_MAX + 1];
        for count in right.iter().filter_map(|c| c.storeys) {
            storeys[whole(count)] += 1;
        }
        Self {
            left,
            right,
            lefts,
            rights,
            names,
            addresses,
            name_counts,
            address_counts,
            heights: mean_and_sd(&heights),
            storeys,
        }
    }

    /// Candidates for a building without a place: those most alike in size.
    pub(super) fn rivals(&self, left: usize) -> Vec<usize> {
        let area = self.lefts[left].area_m2;
        let mut rivals: Vec<(f64, usize)> = (0..self.rights.len())
            .map(|right| {
                let other = self.rights[right].area_m2;
                let known = area > 0.0 && other > 0.0;
                (if known { log(area / other).abs() } else { 1.0 }, right)
            })
            .filter(|(apart, right)| *apart < 1.0 || self.shares_words(left, *right))
            .collect();
        rivals.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        rivals.truncate(RIVALS_UNPLACED_MAX);
        rivals.into_iter().map(|(_, right)| right).collect()
    }

    /// Whether a name, an address or an id is the same in both.
    fn shares_words(&self, left: usize, right: usize) -> bool {
        let (a, b) = (&self.left[left], &self.right[right]);
        a.ids.iter().any(|id| b.ids.contains(id))
            || self.names[0][left]
                .iter()
                .any(|n| self.names[1][right].contains(n))
            || self.addresses[0][left]
                .iter()
                .any(|a| self.addresses[1][right].contains(a))
    }

    /// The sum of all that two candidates share or differ in, but for where they are.
    pub(super) fn log_odds(&self, left: usize, right: usize, near: Option<&Near>) -> f64 {
        let mut sum = 0.0;
        self.compare(left, right, near, &mut |log_odds, _| sum += log_odds);
        sum
    }

    /// The same, one by one and in words.
    pub(super) fn traits(&self, left: usize, right: usize, near: Option<&Near>) -> Vec<Trait> {
        let mut traits = Vec::new();
        self.compare(left, right, near, &mut |log_odds, text| {
            traits.push(Trait {
                text: text(),
                log_odds,
            });
        });
        traits
    }

    fn compare(&self, left: usize, right: usize, near: Option<&Near>, say: &mut Say<'_>) {
        if let Some(likeness) = near.and_then(|near| near.likeness) {
            say(along(&LIKENESS, likeness), &|| {
                format!(
                    "outlines cover each other to {:.0} % once laid on each other",
                    likeness * 100.0
                )
            });
        }
        self.ids(left, right, say);
        self.names(left, right, say);
        self.addresses(left, right, say);
        self.heights(left, right, say);
    }

    fn ids(&self, left: usize, right: usize, say: &mut Say<'_>) {
        let (a, b) = (&self.left[left].ids, &self.right[right].ids);
        if let Some((register, id)) = a.iter().find(|id| b.contains(id)) {
            say(log(EQUAL_ID), &|| format!("both have {register} `{id}`"));
            return;
        }
        let same_register =
            |(register, _): &&(String, String)| b.iter().any(|(other, _)| other == register);
        if let Some((register, _)) = a.iter().find(same_register) {
            say(log(OTHER_ID), &|| format!("they differ in {register}"));
        }
    }

    fn names(&self, left: usize, right: usize, say: &mut Say<'_>) {
        let (a, b) = (&self.names[0][left], &self.names[1][right]);
        if a.is_empty() || b.is_empty() {
            return;
        }
        if let Some(name) = a.iter().find(|name| b.contains(name)) {
            let count = self.name_counts.get(&name.concat()).copied().unwrap_or(1);
            say(log(SAME_NAME / self.share(count)), &|| {
                format!(
                    "both are called `{}`, as are {count} in all",
                    name.join(" ")
                )
            });
            return;
        }
        let best = a
            .iter()
            .flat_map(|a| b.iter().map(|b| likeness(a, b)))
            .fold(0.0, f64::max);
        if best >= ALIKE_MIN {
            say(log(ALIKE_NAME), &|| {
                format!("names alike to {:.0} %", best * 100.0)
            });
        } else {
            say(log(OTHER_NAME), &|| "they have different names".to_owned());
        }
    }

    fn addresses(&self, left: usize, right: usize, say: &mut Say<'_>) {
        let (a, b) = (&self.addresses[0][left], &self.addresses[1][right]);
        if a.is_empty() || b.is_empty() {
            return;
        }
        let pairs = || a.iter().flat_map(|a| b.iter().map(move |b| (a, b)));
        let same_street = || pairs().filter(|(a, b)| a.street == b.street);
        let exact = same_street().find(|(a, b)| {
            !a.numbers.is_empty() && !b.numbers.is_empty() && !a.differs_in_number(b)
        });
        if let Some((_, b)) = exact {
            let count = self.address_counts.get(&key(b)).copied().unwrap_or(1);
            say(log(SAME_ADDRESS / self.share(count)), &|| {
                format!("both have the address `{}`, as have {count} in all", key(b))
            });
        } else if same_street().any(|(a, b)| !a.differs_in_number(b)) {
            say(log(SAME_STREET), &|| {
                "the same street; one has no house number".to_owned()
            });
        } else if same_street().next().is_some() {
            say(log(OTHER_NUMBER), &|| {
                "the same street, other house numbers".to_owned()
            });
        } else {
            say(log(OTHER_STREET), &|| {
                "they stand in different streets".to_owned()
            });
        }
    }

    fn heights(&self, left: usize, right: usize, say: &mut Say<'_>) {
        let (a, b) = (&self.left[left], &self.right[right]);
        if let (Some(one), Some(other)) = (a.height_m, b.height_m) {
            say(log(self.height_ratio(one, other)), &|| {
                format!("{one:.1} m and {other:.1} m high")
            });
        }
        if let (Some(one), Some(other)) = (a.storeys, b.storeys) {
            say(log(self.storey_ratio(one, other)), &|| {
                format!("{one} and {other} storeys above ground")
            });
        }
        let mixed =
            |height: Option<f64>, storeys: Option<f64>| height.zip(storeys.filter(|s| *s >= 1.0));
        let both = |a: &Candidate| a.height_m.is_some() && a.storeys.is_some();
        let crosswise = mixed(a.height_m, b.storeys).or_else(|| mixed(b.height_m, a.storeys));
        if let Some((height_m, storeys)) = crosswise.filter(|_| !both(a) && !both(b)) {
            say(log(storey_height_ratio(height_m / storeys)), &|| {
                format!("{storeys} storeys in one, {height_m:.1} m in the other")
            });
        }
    }

    /// Heights of one building differ with what is measured, eaves or ridge, more for higher ones.
    fn height_ratio(&self, one: f64, other: f64) -> f64 {
        let scale = 0.5 + 0.06 * one.max(other);
        let same = exp(-(one - other).abs() / scale) / (2.0 * scale);
        let (mean, sd) = self.heights;
        let z = (other - mean) / sd;
        let any = exp(-z * z / 2.0) / (sd * (2.0 * std::f64::consts::PI).sqrt());
        let background = any.max(1e-3 / sd);
        (HEIGHT_AGREES * same / background + (1.0 - HEIGHT_AGREES) * 0.3).clamp(0.05, 50.0)
    }

    fn storey_ratio(&self, one: f64, other: f64) -> f64 {
        let difference = whole((one - other).abs());
        let all: u32 = self.storeys.iter().sum();
        let at = |n: usize| self.storeys.get(n).copied().unwrap_or(0);
        let one = whole(one);
        let as_far = match difference {
            0 => at(one),
            d => one.checked_sub(d).map_or(0, at) + at(one + d),
        };
        let any = (f64::from(as_far) + 0.5) / (f64::from(all) + 5.0);
        let same = STOREY_DIFFERENCE[difference.min(3)];
        (same / any).clamp(0.05, 50.0)
    }

    /// Share of the right candidates that a count is, never quite nothing.
    fn share(&self, count: usize) -> f64 {
        (count as f64 / (self.right.len() as f64 + 1.0)).clamp(RARE, 1.0)
    }
}

const STOREYS_MAX: usize = 200;

fn whole(count: f64) -> usize {
    (count.round().max(0.0) as usize).min(STOREYS_MAX)
}

fn storey_height_ratio(storey_m: f64) -> f64 {
    let within = |(low, high): (f64, f64)| storey_m >= low && storey_m <= high;
    if within(STOREY_USUAL_M) {
        1.4
    } else if within(STOREY_POSSIBLE_M) {
        0.6
    } else {
        0.15
    }
}

fn key(address: &Address) -> String {
    let numbers: Vec<String> = address.numbers.iter().map(u32::to_string).collect();
    format!("{} {}", address.street, numbers.join("-"))
}

fn counted(texts: impl Iterator<Item = String>) -> Frequencies {
    texts.fold(Frequencies::new(), |mut counts, text| {
        *counts.entry(text).or_default() += 1;
        counts
    })
}

fn mean_and_sd(numbers: &[f64]) -> (f64, f64) {
    let n = numbers.len().max(1) as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    let variance = numbers.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    (mean, variance.sqrt().max(2.0))
}

/// The value at `x` of a broken line.
pub(super) fn along(line: &[(f64, f64)], x: f64) -> f64 {
    let after = line
        .iter()
        .position(|(at, _)| *at > x)
        .unwrap_or(line.len());
    if after == 0 {
        return line[0].1;
    }
    if after == line.len() {
        return line[after - 1].1;
    }
    let ((x0, y0), (x1, y1)) = (line[after - 1], line[after]);
    y0 + (x - x0) / (x1 - x0) * (y1 - y0)
}
