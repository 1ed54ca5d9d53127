//! What is left out of a file, or written falsely, on request.
//!
//! Real building files lack doors, hold template texts where a fire rating should be, and
//! contradict themselves. These are made here on purpose and each is written to the truth, so that
//! a reader of the file can be marked on finding them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::Error;
use crate::building::{Building, Door, Fill, Hole};
use crate::rng::Rng;

/// Which defects to make.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// The share of doors to leave out, each with its opening: the wall is drawn closed.
    pub drop_doors: f64,
    /// The share of spaces to leave out; their walls and doors stay.
    pub drop_spaces: f64,
    /// Leave out all stairs; the spaces of the stairwells stay.
    pub drop_stairs: bool,
    /// Replace the fire rating of every door by a template text.
    pub placeholder_ratings: bool,
    /// How many doors say the opposite of the truth about leading outside.
    pub contradict_external: usize,
}

/// Template texts that draughting programs leave where nobody has filled in a fire rating.
const PLACEHOLDERS: [&str; 8] = [
    "Fire Rating",
    "FireRating",
    "<FireRating>",
    "n/a",
    "TBD",
    "-",
    "XX",
    "0",
];

/// One defect, as it is told in the truth.
#[derive(Debug, Clone, Serialize)]
pub struct Defect {
    /// `door-dropped`, `space-dropped`, `stair-dropped`, `placeholder-rating` or
    /// `contradict-external`.
    pub kind: &'static str,
    /// The GlobalId of the thing concerned.
    pub entity: String,
    /// The property concerned, where it is not the whole thing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property: Option<&'static str>,
    /// What is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truth: Option<String>,
    /// What the file says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
}

/// The defects of one file.
#[derive(Debug, Clone, Default)]
pub struct Defects {
    dropped: BTreeSet<String>,
    ratings: BTreeMap<String, &'static str>,
    contradicted: BTreeSet<String>,
    /// All of them, in a fixed order.
    pub list: Vec<Defect>,
}

impl Defects {
    /// Chooses the defects for a building, by the building's seed.
    pub fn choose(building: &Building, options: Options) -> Result<Self, Error> {
        for (name, share) in [
            ("--drop-doors", options.drop_doors),
            ("--drop-spaces", options.drop_spaces),
        ] {
            if !(0.0..=1.0).contains(&share) {
                let given = share.to_string();
                return Err(Error::OutOfRange {
                    name,
                    allowed: "from 0 to 1",
                    given,
                });
            }
        }
        let mut defects = Self::default();
        let seed = building.options.seed;
        let all: Vec<(&Hole, &Door)> = doors(building).collect();

        let count = (all.len() as f64 * options.drop_doors).round() as usize;
        for index in Rng::of(seed, "drop doors").sample(all.len(), count) {
            defects.drop("door-dropped", &all[index].1.global_id);
        }
        let count = (building.spaces.len() as f64 * options.drop_spaces).round() as usize;
        for index in Rng::of(seed, "drop spaces").sample(building.spaces.len(), count) {
            defects.drop("space-dropped", &building.spaces[index].global_id);
        }
        for stair in building.stairs.iter().filter(|_| options.drop_stairs) {
            defects.drop("stair-dropped", &stair.global_id);
        }

        let left: Vec<&Door> = all
            .iter()
            .map(|(_, door)| *door)
            .filter(|door| defects.keeps(&door.global_id))
            .collect();
        if options.placeholder_ratings {
            let mut rng = Rng::of(seed, "placeholders");
            for door in &left {
                defects.hide_rating(door, rng.index(PLACEHOLDERS.len()));
            }
        }
        if options.contradict_external > left.len() {
            return Err(Error::OutOfRange {
                name: "--contradict-external",
                allowed: "at most the number of doors in the file",
                given: options.contradict_external.to_string(),
            });
        }
        let mut rng = Rng::of(seed, "contradict");
        for index in rng.sample(left.len(), options.contradict_external) {
            defects.contradict(left[index]);
        }
        Ok(defects)
    }

    /// Whether the thing with this GlobalId is in the file.
    #[must_use]
    pub fn keeps(&self, global_id: &str) -> bool {
        !self.dropped.contains(global_id)
    }

    /// The fire rating that the file states for a door.
    #[must_use]
    pub fn rating(&self, door: &Door) -> Option<&'static str> {
        self.ratings
            .get(&door.global_id)
            .copied()
            .or(door.fire_rating)
    }

    /// What the file states about a door's leading outside.
    #[must_use]
    pub fn external(&self, door: &Door) -> bool {
        door.external != self.contradicted.contains(&door.global_id)
    }

    fn drop(&mut self, kind: &'static str, global_id: &str) {
        self.dropped.insert(global_id.to_owned());
        let entity = global_id.to_owned();
        self.list.push(Defect {
            kind,
            entity,
            property: None,
            truth: None,
            written: None,
        });
    }

    fn hide_rating(&mut self, door: &Door, choice: usize) {
        let text = PLACEHOLDERS[choice];
        self.ratings.insert(door.global_id.clone(), text);
        self.list.push(Defect {
            kind: "placeholder-rating",
            entity: door.global_id.clone(),
            property: Some("FireRating"),
            truth: door.fire_rating.map(str::to_owned),
            written: Some(text.to_owned()),
        });
    }

    fn contradict(&mut self, door: &Door) {
        self.contradicted.insert(door.global_id.clone());
        self.list.push(Defect {
            kind: "contradict-external",
            entity: door.global_id.clone(),
            property: Some("IsExternal"),
            truth: Some(door.external.to_string()),
            written: Some((!door.external).to_string()),
        });
    }
}

/// All doors with the holes they stand in.
pub(crate) fn doors(building: &Building) -> impl Iterator<Item = (&Hole, &Door)> {
    building.holes.iter().filter_map(|hole| match &hole.fill {
        Fill::Door(door) => Some((hole, door)),
        Fill::Nothing | Fill::Window(_) => None,
    })
}
