//! From objects to buildings and pieces of land: what belongs together, where it stands.

use super::document::{Document, Object, Transform};
use super::drawn::{Corners, Defects, Drawn};
use super::facts::{self, Attributes};
use super::ground::{self, Piece};
use super::hierarchy::Hierarchy;
use super::inside::{self, Inside};
use super::kinds::{Indoor, Sort, sort_of};
use super::nested;
use crate::crs::Reading;
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use twin_model::{Code, Finding, Polygon};

/// Attributes of one object are kept as written up to this length.
const ATTRIBUTES_BYTES_MAX: usize = 4096;
/// Lower than this nothing is a building.
const HEIGHT_MIN_M: f64 = 1.0;
const HEIGHT_MAX_M: f64 = 2000.0;

/// A building with its parts.
#[derive(Debug, Default)]
pub(super) struct Edifice {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) address: Option<String>,
    pub(super) bag_id: Option<String>,
    pub(super) roof: Option<String>,
    pub(super) height_m: Option<f64>,
    pub(super) drawn_height_m: Option<f64>,
    pub(super) storeys_above: Option<f64>,
    pub(super) storeys_below: Option<f64>,
    pub(super) attributes: Option<String>,
    pub(super) ground: Ground,
    pub(super) inside: Option<Inside>,
    /// Whether the file has no such building, only rooms that must be in one.
    pub(super) is_homeless: bool,
}

/// A piece of land or water, a road, a bridge.
#[derive(Debug)]
pub(super) struct Land {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) usage: String,
    pub(super) attributes: Option<String>,
    pub(super) ground: Ground,
}

/// Where a thing stands.
#[derive(Debug, Default)]
pub(super) struct Ground {
    /// Its largest piece.
    pub(super) outline: Option<Polygon>,
    /// Further pieces, not connected to it.
    pub(super) others: Vec<Polygon>,
    /// Whether points are longitude and latitude; else metres from a corner of their own.
    pub(super) is_on_earth: bool,
}

/// What one text says.
#[derive(Debug, Default)]
pub(super) struct Digest {
    pub(super) edifices: Vec<Edifice>,
    pub(super) lands: Vec<Land>,
    /// How many objects there are of each type.
    pub(super) counts: BTreeMap<&'static str, u64>,
    pub(super) findings: Vec<Finding>,
    pub(super) is_whole: bool,
}

/// What the head of a file says for all of its objects.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) transform: Transform,
    pub(super) reading: Option<Reading>,
}

/// Reads the objects of one text.
pub(super) fn digest(document: &Document<'_>, head: &Head) -> Digest {
    let mut findings = Vec::new();
    let corners = corners(document, head, &mut findings);
    let objects = objects(document, &mut findings);
    let hierarchy = Hierarchy::read(&objects, &mut findings);
    let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    for (_, object) in &objects {
        *counts.entry(sort_of(&object.kind).0).or_default() += 1;
    }
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let roots = shared_roots(&objects, &hierarchy.roots);
    for (i, root) in roots.iter().enumerate() {
        members.entry(*root).or_default().push(i);
    }
    let members: Vec<(usize, Vec<usize>)> = members.into_iter().collect();
    let city = City {
        objects: &objects,
        corners: &corners,
        hierarchy: &hierarchy,
        head,
    };
    let read: Vec<Read> = members
        .par_iter()
        .map(|(root, members)| city.read(*root, members))
        .collect();
    let mut digest = Digest {
        counts,
        findings,
        is_whole: document.error.is_none(),
        ..Digest::default()
    };
    for read in read {
        digest.findings.extend(read.findings);
        if let Some(inside) = read.edifice.as_ref().and_then(|e| e.inside.as_ref()) {
            for (what, count) in inside.counts() {
                *digest.counts.entry(what).or_default() += count;
            }
        }
        digest.edifices.extend(read.edifice);
        digest.lands.extend(read.land);
    }
    digest
}

/// Storeys and rooms that name the same missing building are together: of each such group the
/// first is the outermost.
fn shared_roots(objects: &[(String, Object<'_>)], roots: &[usize]) -> Vec<usize> {
    let mut first_of: BTreeMap<&str, usize> = BTreeMap::new();
    let mut leads = |root: usize| {
        let (_, object) = &objects[root];
        let is_homeless = matches!(sort_of(&object.kind).1, Sort::Inside(_));
        match object.parents.first().filter(|_| is_homeless) {
            Some(missing) => *first_of.entry(missing).or_insert(root),
            None => root,
        }
    };
    roots.iter().map(|&root| leads(root)).collect()
}

fn corners(document: &Document<'_>, head: &Head, findings: &mut Vec<Finding>) -> Corners {
    let text = document.vertices.map_or("", |vertices| vertices.get());
    let (vertices, bad) = nested::points(text);
    if bad > 0 {
        findings.push(Finding::new(
            Code::CityBadNumber,
            format!(
                "corners that are not three plausible numbers: {bad}; what uses them is not drawn"
            ),
        ));
    }
    // Some writers give each feature of a sequence a transform of its own.
    let own = document.transform.and_then(Transform::read);
    let is_geographic = head
        .reading
        .as_ref()
        .is_some_and(|r| r.crs().is_geographic());
    Corners {
        vertices,
        transform: own.unwrap_or(head.transform),
        spots_per_unit: if is_geographic { 1e8 } else { 1e3 },
    }
}

fn objects<'a>(document: &Document<'a>, findings: &mut Vec<Finding>) -> Vec<(String, Object<'a>)> {
    let read: Vec<_> = document
        .objects
        .par_iter()
        .map(|(id, json)| (id, serde_json::from_str::<Object<'_>>(json.get())))
        .collect();
    let mut seen: FxHashSet<&str> = FxHashSet::default();
    let mut objects = Vec::with_capacity(read.len());
    for (id, object) in read {
        let finding = match object {
            Err(error) => Finding::new(
                Code::CityBadObject,
                format!("the object cannot be read: {error}"),
            ),
            Ok(_) if !seen.insert(id) => Finding::new(
                Code::CityDuplicateId,
                "the id stands for two objects; the first is used",
            ),
            Ok(object) => {
                objects.push((id.clone(), object));
                continue;
            }
        };
        findings.push(finding.at_item(id.as_str()));
    }
    if document.objects_left_out > 0 {
        findings.push(Finding::new(
            Code::CityLimit,
            format!(
                "{} objects are more than can be read",
                document.objects_left_out
            ),
        ));
    }
    objects
}

/// Everything of one text that objects are read from.
pub(super) struct City<'c, 'a> {
    pub(super) objects: &'c [(String, Object<'a>)],
    pub(super) corners: &'c Corners,
    pub(super) hierarchy: &'c Hierarchy,
    pub(super) head: &'c Head,
}

#[derive(Debug, Default)]
struct Read {
    edifice: Option<Edifice>,
    land: Option<Land>,
    findings: Vec<Finding>,
}

impl City<'_, '_> {
    /// One outermost object with everything that is part of it.
    fn read(&self, root: usize, members: &[usize]) -> Read {
        let (id, object) = &self.objects[root];
        let mut read = Read::default();
        match sort_of(&object.kind).1 {
            Sort::Building => read.edifice = Some(self.edifice(root, members, &mut read.findings)),
            Sort::BuildingPart => {
                read.findings.push(
                    Finding::new(
                        Code::CityHierarchy,
                        "a part of a building that belongs to none; it is taken as a building",
                    )
                    .at_item(id.as_str()),
                );
                read.edifice = Some(self.edifice(root, members, &mut read.findings));
            }
            Sort::Land(land_use) => {
                let attributes = Attributes::read(object.attributes);
                let stated = attributes.land_use();
                let usage = land_use.map(str::to_owned).or(stated);
                let (ground, _) = self.ground(id, members, &mut read.findings);
                read.land = Some(Land {
                    id: id.clone(),
                    name: attributes.name(),
                    usage: usage.unwrap_or_else(|| "land".to_owned()),
                    attributes: verbatim(object),
                    ground,
                });
            }
            Sort::Inside(sort) => {
                read.edifice = self.homeless(root, members, sort, &mut read.findings);
            }
            Sort::LandPart | Sort::Other => {}
        }
        read
    }

    /// What a text says of the inside of a building that it does not have.
    fn homeless(
        &self,
        root: usize,
        members: &[usize],
        sort: Indoor,
        findings: &mut Vec<Finding>,
    ) -> Option<Edifice> {
        let id = &self.objects[root].0;
        if sort == Indoor::Other {
            return None;
        }
        let key = format!("site:{id}");
        let inside = inside::read(self, &key, members, self.origin(members), None, findings)
            .filter(Inside::has_spaces);
        let fate = if inside.is_some() {
            "it is kept in a building of its own"
        } else {
            "it is left out"
        };
        let message = format!("the object belongs to no building of the file; {fate}");
        findings.push(Finding::new(Code::CityHomeless, message).at_item(id.as_str()));
        inside.map(|inside| Edifice {
            id: key,
            is_homeless: true,
            inside: Some(inside),
            ..Edifice::default()
        })
    }

    /// A building: what it states itself, else what its parts state; of numbers the largest.
    fn edifice(&self, root: usize, members: &[usize], findings: &mut Vec<Finding>) -> Edifice {
        let (id, object) = &self.objects[root];
        let is_shell = |&&i: &&usize| {
            matches!(
                sort_of(&self.objects[i].1.kind).1,
                Sort::Building | Sort::BuildingPart
            )
        };
        let shell: Vec<usize> = members.iter().filter(is_shell).copied().collect();
        let (ground, z_m) = self.ground(id, &shell, findings);
        let mut edifice = Edifice {
            id: id.clone(),
            attributes: verbatim(object),
            ground,
            ..Edifice::default()
        };
        let drawn = z_m.map(|(low, high)| high - low);
        edifice.drawn_height_m = drawn.filter(|h| (HEIGHT_MIN_M..HEIGHT_MAX_M).contains(h));
        // The building itself speaks first, then its parts in the order of the file.
        let parts = shell.iter().filter(|i| **i != root);
        for &i in std::iter::once(&root).chain(parts) {
            edifice.hear(&self.objects[i]);
        }
        // One frame for the outline and what is inside of it.
        let origin = self.origin(&shell).or_else(|| self.origin(members));
        let ground_m = z_m.map(|(low, _)| low);
        edifice.inside = inside::read(self, id, members, origin, ground_m, findings);
        edifice
    }

    fn ground(
        &self,
        id: &str,
        members: &[usize],
        findings: &mut Vec<Finding>,
    ) -> (Ground, Option<(f64, f64)>) {
        if members
            .iter()
            .all(|&i| self.objects[i].1.geometry.is_empty())
        {
            return (Ground::default(), None);
        }
        let origin = self.origin(members).unwrap_or_default();
        let drawn: Vec<Drawn> = members
            .iter()
            .map(|&i| Drawn::read(&self.objects[i].1, self.corners, origin))
            .collect();
        let z_m = drawn
            .iter()
            .filter_map(|d| d.z_m)
            .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let defects = drawn
            .iter()
            .map(|d| d.defects)
            .fold(Defects::default(), Defects::and);
        report(id, defects, findings);
        // Where any part states its ground, parts without one are roofs, dormers and chimneys.
        let best = [
            |d: &Drawn| d.ground.clone(),
            |d: &Drawn| d.plan.clone(),
            |d: &Drawn| d.above.clone(),
        ]
        .into_iter()
        .map(|choose| drawn.iter().flat_map(choose).collect::<Vec<_>>())
        .find(|faces| !faces.is_empty());
        let pieces = ground::pieces(&best.unwrap_or_default());
        if pieces.is_empty() {
            findings.push(
                Finding::new(
                    Code::CityGeometry,
                    "no outline can be made of what is drawn",
                )
                .at_item(id),
            );
        }
        (self.placed(id, pieces, origin, findings), z_m)
    }

    /// The first corner of anything drawn.
    pub(super) fn origin(&self, members: &[usize]) -> Option<[f64; 2]> {
        members.iter().find_map(|&i| {
            self.objects[i].1.geometry.iter().find_map(|geometry| {
                let nested = nested::Nested::read(geometry.boundaries?.get())?;
                let place = nested.values.iter().find_map(|v| self.corners.place(*v))?;
                Some([place[0], place[1]])
            })
        })
    }

    /// On earth, or as metres from the origin where that is not known.
    fn placed(
        &self,
        id: &str,
        pieces: Vec<Piece>,
        origin: [f64; 2],
        findings: &mut Vec<Finding>,
    ) -> Ground {
        if pieces.is_empty() {
            return Ground::default();
        }
        let reading = self.head.reading.as_ref();
        let place = |spot: ground::Spot| match reading {
            Some(reading) => reading
                .to_earth(self.corners.at(spot, origin))
                .map(|p| p.map(rounded_deg)),
            None => Some(spot.map(|mm| f64::from(mm) / self.corners.spots_per_unit)),
        };
        let polygon = |piece: Piece| {
            let ring = |ring: Vec<ground::Spot>| ring.into_iter().map(place).collect::<Option<_>>();
            let rings = piece.into_iter().map(ring).collect::<Option<_>>()?;
            Some(Polygon { rings })
        };
        let mut polygons: Vec<Polygon> = pieces.into_iter().filter_map(polygon).collect();
        if polygons.is_empty() {
            findings.push(
                Finding::new(
                    Code::CrsOutside,
                    "the object lies on no map of its reference system",
                )
                .at_item(id),
            );
            return Ground::default();
        }
        let others = polygons.split_off(1);
        Ground {
            outline: polygons.pop(),
            others,
            is_on_earth: reading.is_some(),
        }
    }
}

impl Edifice {
    fn hear(&mut self, (id, object): &(String, Object<'_>)) {
        let attributes = Attributes::read(object.attributes);
        let larger = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).reduce(f64::max);
        let say = |known: &mut Option<String>, said: Option<String>| {
            *known = known.take().or(said);
        };
        say(&mut self.name, attributes.name());
        say(
            &mut self.address,
            facts::address(object.address).or_else(|| attributes.address_line()),
        );
        say(&mut self.bag_id, attributes.bag_id(id));
        say(&mut self.roof, attributes.roof());
        self.height_m = larger(self.height_m, attributes.height_m());
        self.storeys_above = larger(self.storeys_above, attributes.storeys_above());
        self.storeys_below = larger(self.storeys_below, attributes.storeys_below());
    }
}

pub(super) fn verbatim(object: &Object<'_>) -> Option<String> {
    let json = object.attributes?.get();
    (json.len() <= ATTRIBUTES_BYTES_MAX && json.len() > 2).then(|| json.to_owned())
}

/// To a billionth of a degree, a tenth of a millimetre.
fn rounded_deg(x: f64) -> f64 {
    (x * 1e9).round() / 1e9
}

/// Tells what was wrong with the drawing of an object.
pub(super) fn report(id: &str, defects: Defects, findings: &mut Vec<Finding>) {
    let cases: [(usize, Code, &str); 4] = [
        (
            defects.bad_indices,
            Code::CityBadIndex,
            "surfaces that use corners that are not there or too far away, left out",
        ),
        (
            defects.unreadable,
            Code::CityGeometry,
            "geometries that cannot be read or are too large, left out",
        ),
        (
            defects.crossing,
            Code::CitySelfCrossing,
            "surfaces whose outline crosses itself; what it encloses is used",
        ),
        (
            defects.semantics,
            Code::CitySemantics,
            "geometries with semantics that do not fit their surfaces; these are not used",
        ),
    ];
    for (count, code, what) in cases {
        if count > 0 {
            findings.push(Finding::new(code, format!("{what}: {count}")).at_item(id));
        }
    }
}
