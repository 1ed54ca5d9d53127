//! What OpenStreetMap consists of: points with places, ways through them, and relations of both.
//!
//! Only tags that this importer understands are kept. Places are whole numbers of 1e-7 degrees,
//! as the database itself has them, so that nothing is lost or gained by reading.

use crate::findings::Findings;
use std::ops::Range;
use std::sync::Arc;
use twin_model::{Code, Finding};

/// Points kept; 16 bytes each. A country the size of the Netherlands has two hundred million,
/// a city of a million people about five.
pub(super) const NODES_MAX: usize = 1 << 25;
/// Points named by all ways together; 8 bytes each.
pub(super) const REFS_MAX: usize = 1 << 26;
/// Ways, and relations, and members of all relations together.
pub(super) const WAYS_MAX: usize = 1 << 23;
/// Longest text of a tag, in characters (OpenStreetMap API 0.6 allows 255).
pub(super) const TEXT_MAX: usize = 255;

macro_rules! keys {
    ($($variant:ident = $text:literal,)*) => {
        /// The tags that are understood.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Key { $(#[doc = $text] $variant,)* }

        impl Key {
            pub(super) fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }

            pub(super) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

keys! {
    Access = "access",
    AddrCity = "addr:city",
    AddrHouseName = "addr:housename",
    AddrHouseNumber = "addr:housenumber",
    AddrPlace = "addr:place",
    AddrPostcode = "addr:postcode",
    AddrStreet = "addr:street",
    Amenity = "amenity",
    Area = "area",
    Building = "building",
    BuildingLevels = "building:levels",
    BuildingLevelsUnderground = "building:levels:underground",
    Conveying = "conveying",
    Description = "description",
    Door = "door",
    Entrance = "entrance",
    Foot = "foot",
    Height = "height",
    Highway = "highway",
    Incline = "incline",
    Indoor = "indoor",
    LandUse = "landuse",
    Leisure = "leisure",
    Level = "level",
    LevelRef = "level:ref",
    Location = "location",
    MotorRoad = "motorroad",
    Name = "name",
    Natural = "natural",
    Place = "place",
    Ref = "ref",
    RepeatOn = "repeat_on",
    Room = "room",
    Sidewalk = "sidewalk",
    Stairs = "stairs",
    Stairwell = "stairwell",
    Type = "type",
    Tunnel = "tunnel",
    Waterway = "waterway",
    Wheelchair = "wheelchair",
    Width = "width",
}

/// The understood tags of one element.
#[derive(Clone, Debug, Default)]
pub(super) struct Tags(pub(super) Box<[(Key, Arc<str>)]>);

impl Tags {
    pub(super) fn get(&self, key: Key) -> Option<&str> {
        self.shared(key).map(|text| &**text)
    }

    /// The text itself, shared by all that have the same.
    pub(super) fn shared(&self, key: Key) -> Option<&Arc<str>> {
        let (_, text) = self.0.iter().find(|(k, _)| *k == key)?;
        Some(text)
    }

    pub(super) fn is(&self, key: Key, text: &str) -> bool {
        self.get(key) == Some(text)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A place on earth in 1e-7 degrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) latitude_e7: i32,
    pub(super) longitude_e7: i32,
}

impl Place {
    /// From billionths of a degree, cut off as OpenStreetMap's own tools do; `None` where that
    /// is not on earth.
    pub(super) fn from_nanodegrees(latitude: i64, longitude: i64) -> Option<Self> {
        Self::from_e7(latitude / 100, longitude / 100)
    }

    pub(super) fn from_e7(latitude: i64, longitude: i64) -> Option<Self> {
        let is_on_earth =
            latitude.unsigned_abs() <= 900_000_000 && longitude.unsigned_abs() <= 1_800_000_000;
        is_on_earth.then_some(Self {
            latitude_e7: latitude as i32,
            longitude_e7: longitude as i32,
        })
    }

    pub(super) fn latitude_deg(self) -> f64 {
        f64::from(self.latitude_e7) / 1e7
    }

    pub(super) fn longitude_deg(self) -> f64 {
        f64::from(self.longitude_e7) / 1e7
    }

    /// Longitude before latitude, as in a claim.
    pub(super) fn degrees(self) -> [f64; 2] {
        [self.longitude_deg(), self.latitude_deg()]
    }
}

/// A point and its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) id: i64,
    pub(super) place: Place,
}

/// A point with tags.
#[derive(Clone, Debug)]
pub(super) struct TaggedNode {
    pub(super) id: i64,
    pub(super) place: Place,
    pub(super) tags: Tags,
}

/// A line through points.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) id: i64,
    pub(super) tags: Tags,
    /// Its part of [`Elements::refs`].
    refs: Range<u32>,
}

/// What a relation has as a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) way: i64,
    pub(super) is_inner: bool,
}

/// A relation of the type `multipolygon`; others are only counted.
#[derive(Clone, Debug)]
pub(super) struct Relation {
    pub(super) id: i64,
    pub(super) tags: Tags,
    pub(super) members: Box<[Member]>,
}

/// How many elements of each sort a file has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Points.
    pub nodes: u64,
    /// Ways.
    pub ways: u64,
    /// Relations.
    pub relations: u64,
}

/// All that was read of a file.
#[derive(Debug, Default)]
pub struct Elements {
    pub(super) count: Count,
    pub(super) licence: Option<String>,
    pub(super) attribution: Option<String>,
    /// When the data was drawn from the database: seconds since 1970.
    pub(super) drawn_up_s: Option<i64>,
    /// By id, once [`Elements::put_in_order`] was called.
    pub(super) nodes: Vec<Node>,
    pub(super) tagged: Vec<TaggedNode>,
    pub(super) ways: Vec<Way>,
    pub(super) relations: Vec<Relation>,
    refs: Vec<i64>,
    is_over: bool,
}

impl Elements {
    /// How many elements were read, deleted ones left out.
    pub fn count(&self) -> Count {
        self.count
    }

    pub(super) fn add_node(&mut self, id: i64, place: Place, tags: Tags) {
        self.count.nodes += 1;
        if self.nodes.len() >= NODES_MAX {
            self.is_over = true;
            return;
        }
        self.nodes.push(Node { id, place });
        if !tags.is_empty() {
            self.tagged.push(TaggedNode { id, place, tags });
        }
    }

    pub(super) fn add_way(&mut self, id: i64, tags: Tags, refs: impl Iterator<Item = i64>) {
        self.count.ways += 1;
        if self.ways.len() >= WAYS_MAX {
            self.is_over = true;
            return;
        }
        let start = self.refs.len();
        self.refs.extend(refs.take(REFS_MAX - start));
        self.is_over |= self.refs.len() == REFS_MAX;
        let refs = start as u32..self.refs.len() as u32;
        self.ways.push(Way { id, tags, refs });
    }

    pub(super) fn add_relation(&mut self, id: i64, tags: Tags, members: Vec<Member>) {
        self.count.relations += 1;
        if self.relations.len() >= WAYS_MAX {
            self.is_over = true;
        } else if tags.is(Key::Type, "multipolygon") {
            let members = members.into();
            self.relations.push(Relation { id, tags, members });
        }
    }

    /// Appends what stood in a later block.
    pub(super) fn append(&mut self, block: Self) {
        self.is_over |= block.is_over
            || self.nodes.len() + block.nodes.len() > NODES_MAX
            || self.refs.len() + block.refs.len() > REFS_MAX
            || self.ways.len() + block.ways.len() > WAYS_MAX
            || self.relations.len() + block.relations.len() > WAYS_MAX;
        self.count.nodes += block.count.nodes;
        self.count.ways += block.count.ways;
        self.count.relations += block.count.relations;
        if self.is_over {
            return;
        }
        self.nodes.extend(block.nodes);
        self.tagged.extend(block.tagged);
        self.relations.extend(block.relations);
        let shift = self.refs.len() as u32;
        self.refs.extend(block.refs);
        self.ways.extend(block.ways.into_iter().map(|way| Way {
            refs: way.refs.start + shift..way.refs.end + shift,
            ..way
        }));
    }

    pub(super) fn refs(&self, way: &Way) -> &[i64] {
        &self.refs[way.refs.start as usize..way.refs.end as usize]
    }

    /// Sorts everything by id and keeps the first of those that have the same.
    pub(super) fn put_in_order(&mut self, findings: &mut Findings) {
        if self.is_over {
            findings.add(Finding::new(
                Code::OsmLimit,
                "the file has more elements than are read; the later ones are missing",
            ));
        }
        sort_once(&mut self.nodes, |n| n.id, "node", findings);
        sort_once(&mut self.tagged, |n| n.id, "", findings);
        sort_once(&mut self.ways, |w| w.id, "way", findings);
        sort_once(&mut self.relations, |r| r.id, "relation", findings);
    }

    /// Number of a point in [`Elements::nodes`].
    pub(super) fn node(&self, id: i64) -> Option<u32> {
        let at = self.nodes.binary_search_by_key(&id, |n| n.id).ok()?;
        Some(at as u32)
    }

    pub(super) fn way(&self, id: i64) -> Option<&Way> {
        let at = self.ways.binary_search_by_key(&id, |w| w.id).ok()?;
        Some(&self.ways[at])
    }

    pub(super) fn place(&self, node: u32) -> Place {
        self.nodes[node as usize].place
    }
}

/// Files are in order as a rule; then this costs one look. A sort that says nothing (`what` is
/// empty) repeats one that said it.
fn sort_once<T>(
    list: &mut Vec<T>,
    id: impl Fn(&T) -> i64,
    what: &'static str,
    findings: &mut Findings,
) {
    if list.windows(2).all(|pair| id(&pair[0]) < id(&pair[1])) {
        return;
    }
    list.sort_by_key(&id);
    list.dedup_by(|later, first| {
        let is_same = id(later) == id(first);
        if is_same && !what.is_empty() {
            let message = "the id stands for two elements; the first is used";
            findings.add(
                Finding::new(Code::OsmDuplicateId, message)
                    .at_item(format!("{what}/{}", id(first))),
            );
        }
        is_same
    });
}
