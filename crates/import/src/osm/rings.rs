//! Outlines: closed ways, and the rings that relations put together from several ways.

use super::elements::{Elements, Relation, Tags};
use crate::findings::Findings;
use crate::outline;
use rustc_hash::FxHashMap;
use twin_model::{Code, Finding};

/// Comparisons of edges and points per file; beyond it outlines are taken as they are. A
/// country's outlines need a tenth of it.
const WORK_MAX: u64 = 400_000_000;

/// A ring of points, by their numbers; the last is not the first again.
pub(super) type Ring = Vec<u32>;

/// An outline with its holes.
#[derive(Clone, Debug)]
pub(super) struct Outline<'e> {
    /// `way/1`, `relation/1`, or for a further part of a relation `relation/1:way/2`.
    pub(super) key: String,
    /// The element's own name.
    pub(super) id: String,
    pub(super) tags: &'e Tags,
    /// The outer ring first, then holes.
    pub(super) rings: Vec<Ring>,
    pub(super) is_crossing: bool,
}

/// What is left of the work that one file may cause.
#[derive(Debug)]
pub(super) struct Work {
    left: u64,
    is_reported: bool,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            left: WORK_MAX,
            is_reported: false,
        }
    }
}

impl Work {
    /// Takes so much; says whether there was as much.
    pub(super) fn take(&mut self, amount: usize, findings: &mut Findings) -> bool {
        let enough = self.left >= amount as u64;
        self.left = self.left.saturating_sub(amount as u64);
        if !enough && !self.is_reported {
            self.is_reported = true;
            findings.add(Finding::new(
                Code::OsmLimit,
                "the outlines are too many and too intricate to be compared further",
            ));
        }
        enough
    }
}

/// The outline of a closed way.
pub(super) fn of_way<'e>(
    elements: &'e Elements,
    id: i64,
    tags: &'e Tags,
    refs: &[i64],
    work: &mut Work,
    findings: &mut Findings,
) -> Option<Outline<'e>> {
    let name = format!("way/{id}");
    let say = |findings: &mut Findings, code, message: &'static str| {
        findings.add(Finding::new(code, message).at_item(name.as_str()));
    };
    if refs.first() != refs.last() || refs.is_empty() {
        let message = "the outline is not closed; it was left out";
        say(findings, Code::OsmUnclosed, message);
        return None;
    }
    let Some(mut ring) = known(elements, refs) else {
        let message = "points of the outline are not in the file; it was left out";
        say(findings, Code::OsmMissing, message);
        return None;
    };
    tidy(elements, &mut ring);
    if ring.len() < 3 {
        let message = "the outline has fewer than three points; it was left out";
        say(findings, Code::OsmTooShort, message);
        return None;
    }
    let is_crossing = crosses_itself(elements, &ring, work, findings);
    if is_crossing {
        say(
            findings,
            Code::OsmSelfCrossing,
            "the outline crosses itself",
        );
    }
    Some(Outline {
        key: name.clone(),
        id: name,
        tags,
        rings: vec![ring],
        is_crossing,
    })
}

/// The outlines of a multipolygon: one for each outer ring.
/// (OpenStreetMap wiki, "Relation:multipolygon".)
pub(super) fn of_relation<'e>(
    elements: &'e Elements,
    relation: &'e Relation,
    work: &mut Work,
    findings: &mut Findings,
) -> Vec<Outline<'e>> {
    let id = format!("relation/{}", relation.id);
    let (outer, outer_whole) = assemble(elements, relation, false, &id, findings);
    let (inner, inner_whole) = assemble(elements, relation, true, &id, findings);
    if !(outer_whole && inner_whole) {
        let message = "some rings of the relation are not closed; they were left out";
        findings.add(Finding::new(Code::OsmUnclosed, message).at_item(id.as_str()));
    }
    let first_way = outer.iter().map(|(way, _)| *way).min();
    let mut outlines: Vec<Outline<'e>> = Vec::with_capacity(outer.len());
    for (way, ring) in outer {
        let is_crossing = crosses_itself(elements, &ring, work, findings);
        if is_crossing {
            let message = "an outline of the relation crosses itself";
            findings.add(Finding::new(Code::OsmSelfCrossing, message).at_item(id.as_str()));
        }
        let key = if Some(way) == first_way {
            id.clone()
        } else {
            format!("{id}:way/{way}")
        };
        outlines.push(Outline {
            key,
            id: id.clone(),
            tags: &relation.tags,
            rings: vec![ring],
            is_crossing,
        });
    }
    let boxes: Vec<Bounds> = outlines
        .iter()
        .map(|o| Bounds::of(elements, &o.rings[0]))
        .collect();
    for (_, hole) in inner {
        // A point between two of the hole's own, so that a shared corner does not decide.
        let (a, b) = (elements.place(hole[0]), elements.place(hole[1]));
        let middle = [
            f64::midpoint(a.longitude_deg(), b.longitude_deg()),
            f64::midpoint(a.latitude_deg(), b.latitude_deg()),
        ];
        let around = (0..outlines.len()).find(|&i| {
            boxes[i].holds(middle)
                && work.take(outlines[i].rings[0].len(), findings)
                && ring_holds(elements, &outlines[i].rings[0], middle)
        });
        if let Some(i) = around {
            outlines[i].rings.push(hole);
        }
    }
    outlines
}

fn known(elements: &Elements, refs: &[i64]) -> Option<Ring> {
    refs.iter().map(|&id| elements.node(id)).collect()
}

/// Takes off the closing point and points that lie where the one before does.
fn tidy(elements: &Elements, ring: &mut Ring) {
    ring.dedup_by_key(|node| elements.place(*node));
    let is_closed = |ring: &Ring| elements.place(ring[0]) == elements.place(ring[ring.len() - 1]);
    while ring.len() > 1 && is_closed(ring) {
        ring.pop();
    }
}

/// Puts ways with common ends together to rings, each with its smallest way; and says whether
/// all of them closed.
fn assemble(
    elements: &Elements,
    relation: &Relation,
    is_inner: bool,
    id: &str,
    findings: &mut Findings,
) -> (Vec<(i64, Ring)>, bool) {
    let mut lines: Vec<(i64, Ring)> = Vec::new();
    let mut missing = 0;
    let mut members: Vec<i64> = relation
        .members
        .iter()
        .filter(|m| m.is_inner == is_inner)
        .map(|m| m.way)
        .collect();
    members.sort_unstable();
    members.dedup();
    for way in members {
        let line = elements
            .way(way)
            .and_then(|w| known(elements, elements.refs(w)));
        match line {
            Some(line) if line.len() >= 2 => lines.push((way, line)),
            Some(_) => {}
            None => missing += 1,
        }
    }
    if missing > 0 {
        let message = format!("{missing} ways of the relation are not in the file, or not whole");
        findings.add(Finding::new(Code::OsmMissing, message).at_item(id));
    }
    let mut at_end: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
    for (i, (_, line)) in lines.iter().enumerate() {
        for end in [line[0], line[line.len() - 1]] {
            at_end.entry(end).or_default().push(i);
        }
    }
    let mut is_used = vec![false; lines.len()];
    let mut rings = Vec::new();
    let mut all_closed = missing == 0;
    for start in 0..lines.len() {
        if is_used[start] {
            continue;
        }
        is_used[start] = true;
        let (way, mut ring) = lines[start].clone();
        while ring[0] != ring[ring.len() - 1] {
            let end = ring[ring.len() - 1];
            // Used lines are dropped from the list as they are met, so that a point at which
            // thousands of lines end is not gone through thousands of times.
            let candidates = at_end.entry(end).or_default();
            let next = loop {
                match candidates.pop() {
                    Some(i) if is_used[i] => {}
                    other => break other,
                }
            };
            let Some(next) = next else { break };
            is_used[next] = true;
            let line = &lines[next].1;
            if line[0] == end {
                ring.extend(&line[1..]);
            } else {
                ring.extend(line.iter().rev().skip(1));
            }
        }
        let is_closed = ring[0] == ring[ring.len() - 1];
        tidy(elements, &mut ring);
        all_closed &= is_closed;
        if is_closed && ring.len() >= 3 {
            rings.push((way, ring));
        }
    }
    (rings, all_closed)
}

fn crosses_itself(
    elements: &Elements,
    ring: &Ring,
    work: &mut Work,
    findings: &mut Findings,
) -> bool {
    let e7 = |&node: &u32| {
        let place = elements.place(node);
        [place.longitude_e7, place.latitude_e7].map(i64::from)
    };
    let ring: Vec<[i64; 2]> = ring.iter().map(e7).collect();
    outline::crosses_itself(&ring, |amount| work.take(amount, findings))
}

/// A rectangle of degrees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) south_west: [f64; 2],
    pub(super) north_east: [f64; 2],
}

impl Bounds {
    pub(super) fn of(elements: &Elements, ring: &[u32]) -> Self {
        let mut bounds = Self {
            south_west: [f64::INFINITY; 2],
            north_east: [f64::NEG_INFINITY; 2],
        };
        for &node in ring {
            let place = elements.place(node).degrees();
            for (i, &x) in place.iter().enumerate() {
                bounds.south_west[i] = bounds.south_west[i].min(x);
                bounds.north_east[i] = bounds.north_east[i].max(x);
            }
        }
        bounds
    }

    pub(super) fn holds(&self, place: [f64; 2]) -> bool {
        (0..2).all(|i| self.south_west[i] <= place[i] && place[i] <= self.north_east[i])
    }
}

/// Whether a place lies within a ring (crossings of a ray; Shimrat 1962).
pub(super) fn ring_holds(elements: &Elements, ring: &[u32], [x, y]: [f64; 2]) -> bool {
    let place = |i: usize| elements.place(ring[i % ring.len()]).degrees();
    let mut is_inside = false;
    for i in 0..ring.len() {
        let ([ax, ay], [bx, by]) = (place(i), place(i + 1));
        if (ay > y) != (by > y) && x < ax + (y - ay) / (by - ay) * (bx - ax) {
            is_inside = !is_inside;
        }
    }
    is_inside
}

impl Outline<'_> {
    /// Whether a place lies within the outer ring and in no hole.
    pub(super) fn holds(&self, elements: &Elements, place: [f64; 2]) -> bool {
        let mut within = self.rings.iter().map(|r| ring_holds(elements, r, place));
        within.next() == Some(true) && !within.any(|in_hole| in_hole)
    }

    pub(super) fn points(&self) -> usize {
        self.rings.iter().map(Vec::len).sum()
    }

    /// As a claim has it, in degrees.
    pub(super) fn polygon(&self, elements: &Elements) -> twin_model::Polygon {
        let degrees = |ring: &Ring| ring.iter().map(|&n| elements.place(n).degrees()).collect();
        twin_model::Polygon {
            rings: self.rings.iter().map(degrees).collect(),
        }
    }

    /// The centre of gravity of the outer ring to 1e-7 degrees, and the ring's area in square
    /// degrees.
    pub(super) fn centre(&self, elements: &Elements) -> ([f64; 2], f64) {
        let e7 = |&node: &u32| {
            let place = elements.place(node);
            [place.longitude_e7, place.latitude_e7].map(f64::from)
        };
        let ring: Vec<[f64; 2]> = self.rings[0].iter().map(e7).collect();
        let (centre, area) = outline::centre(&ring);
        (centre.map(|x| x.round() / 1e7), area / 1e14)
    }
}
