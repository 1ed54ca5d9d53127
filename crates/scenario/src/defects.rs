//! What is left out of a file, or written falsely, on request.
//!
//! Real building files lack doors, hold template texts where a fire rating should be, and
//! contradict themselves. These are made here on purpose and each is written to the truth, so that
//! a reader of the file can be marked on finding them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::Error;
use crate::building::{Building, Door, Fill, Hole, Mm, Space};
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
    /// `door-dropped`, `space-dropped`, `stair-dropped`, `placeholder-rating`,
    /// `contradict-external`, `door-walled-up`, `width-wrong` or `name-wrong`.
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
    walled_up: BTreeSet<String>,
    widths: BTreeMap<String, Mm>,
    names: BTreeMap<String, String>,
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

    /// Falsifies the given share of the doors and of the spaces that the file has, each in one
    /// respect: a door that has been walled up since, a width, a fire rating, a statement about
    /// leading outside; a space's name.
    pub fn falsify(&mut self, building: &Building, share: f64) -> Result<(), Error> {
        if !(0.0..=1.0).contains(&share) {
            return Err(Error::OutOfRange {
                name: "--falsify",
                allowed: "from 0 to 1",
                given: share.to_string(),
            });
        }
        let mut rng = Rng::of(building.options.seed, "falsify");
        for (hole, door) in doors(building) {
            if !rng.chance(share) || !self.keeps(&door.global_id) {
                continue;
            }
            match rng.index(4) {
                // The doors to the street stay: somebody would have noticed.
                0 if !door.external => self.wall_up(door),
                0 | 1 => self.widen(door, hole.width),
                2 => self.hide_rating(door, rng.index(PLACEHOLDERS.len())),
                _ => self.contradict(door),
            }
        }
        for (place, space) in building.spaces.iter().enumerate() {
            if rng.chance(share) && self.keeps(&space.global_id) {
                // The name of a room some way on, as a slip of the pen would have it.
                let other = &building.spaces[(place + 7) % building.spaces.len()];
                self.misname(space, &other.name);
            }
        }
        Ok(())
    }

    /// Whether a door of the file has been walled up since it was drawn.
    #[must_use]
    pub fn walled_up(&self, global_id: &str) -> bool {
        self.walled_up.contains(global_id)
    }

    /// The width that the file states for a door.
    #[must_use]
    pub fn width(&self, door: &Door, true_width: Mm) -> Mm {
        self.widths
            .get(&door.global_id)
            .copied()
            .unwrap_or(true_width)
    }

    /// The name that the file states for a space.
    #[must_use]
    pub fn name<'s>(&'s self, space: &'s Space) -> &'s str {
        let written = self.names.get(&space.global_id);
        written.map_or(space.name.as_str(), String::as_str)
    }

    fn wall_up(&mut self, door: &Door) {
        self.walled_up.insert(door.global_id.clone());
        self.record(
            "door-walled-up",
            &door.global_id,
            "exists",
            ["false", "true"],
        );
    }

    fn widen(&mut self, door: &Door, true_width: Mm) {
        let written = true_width + 400;
        self.widths.insert(door.global_id.clone(), written);
        let texts = [true_width, written].map(|width| width.to_string());
        let texts = [texts[0].as_str(), texts[1].as_str()];
        self.record("width-wrong", &door.global_id, "OverallWidth", texts);
    }

    fn misname(&mut self, space: &Space, written: &str) {
        if written == space.name {
            return;
        }
        self.names
            .insert(space.global_id.clone(), written.to_owned());
        let texts = [space.name.as_str(), written];
        self.record("name-wrong", &space.global_id, "LongName", texts);
    }

    fn record(
        &mut self,
        kind: &'static str,
        entity: &str,
        property: &'static str,
        [truth, written]: [&str; 2],
    ) {
        self.list.push(Defect {
            kind,
            entity: entity.to_owned(),
            property: Some(property),
            truth: Some(truth.to_owned()),
            written: Some(written.to_owned()),
        });
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
