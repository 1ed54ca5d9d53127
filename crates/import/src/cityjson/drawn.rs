//! How a city object is drawn: which of its surfaces tell where it stands, and how high it is.
//!
//! One building may be drawn several times, from a plain outline to a model with doors. For the
//! map only the ground counts, so the best statement of it is chosen:
//!
//! 1. surfaces that are called ground surfaces, of the most detailed geometry that has any;
//! 2. else the plan (level of detail 0);
//! 3. else, of the least detailed geometry, whatever of a solid faces upwards, or whatever of
//!    loose surfaces is not upright: the shape as seen from above.

use super::document::{Geometry, Object, Transform};
use super::ground::{CORNERS_MAX, Face, SPOT_MAX_MM, Spot, crosses_itself, twice_area};
use super::nested::{NONE, Nested};

/// The corners of a text, and how they become places.
#[derive(Debug)]
pub(super) struct Corners {
    pub(super) vertices: Vec<[f64; 3]>,
    pub(super) transform: Transform,
    /// Spots per unit of the coordinates: 1000 for metres; 10⁸ for degrees, about the same.
    pub(super) spots_per_unit: f64,
}

impl Corners {
    /// Coordinates of a corner; `None` if there is no such corner or it has none.
    pub(super) fn place(&self, index: u32) -> Option<[f64; 3]> {
        let vertex = self.vertices.get(index as usize)?;
        let place = self.transform.apply(*vertex);
        place.iter().all(|c| c.abs() < 1e12).then_some(place)
    }

    /// The corner as whole millimetres from an origin; `None` if it is too far away.
    pub(super) fn spot(&self, place: [f64; 3], origin: [f64; 2]) -> Option<Spot> {
        let far = |i: usize| (place[i] - origin[i]) * self.spots_per_unit;
        let (x, y) = (far(0).round(), far(1).round());
        (x.abs() <= SPOT_MAX_MM && y.abs() <= SPOT_MAX_MM).then_some([x as i32, y as i32])
    }

    /// A spot as coordinates of the file.
    pub(super) fn at(&self, spot: Spot, origin: [f64; 2]) -> [f64; 2] {
        std::array::from_fn(|i| origin[i] + f64::from(spot[i]) / self.spots_per_unit)
    }
}

/// What was wrong with the drawing of an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Defects {
    /// Indices of corners that are not there.
    pub(super) bad_indices: usize,
    /// Lists that are no geometry, or too large.
    pub(super) unreadable: usize,
    /// Faces whose outline crosses itself.
    pub(super) crossing: usize,
    /// Geometries whose semantics do not fit their surfaces.
    pub(super) semantics: usize,
}

impl Defects {
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            bad_indices: self.bad_indices + other.bad_indices,
            unreadable: self.unreadable + other.unreadable,
            crossing: self.crossing + other.crossing,
            semantics: self.semantics + other.semantics,
        }
    }
}

/// The faces of one object that may tell where it stands, in millimetres from `origin`.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    pub(super) ground: Vec<Face>,
    pub(super) plan: Vec<Face>,
    pub(super) above: Vec<Face>,
    /// Lowest and highest corner, of geometries that are not plans.
    pub(super) z_m: Option<(f64, f64)>,
    pub(super) defects: Defects,
}

impl Drawn {
    pub(super) fn read(object: &Object<'_>, corners: &Corners, origin: [f64; 2]) -> Self {
        let mut drawn = Self::default();
        let mut geometries: Vec<&Geometry<'_>> = object.geometry.iter().collect();
        geometries.sort_by(|a, b| a.lod().total_cmp(&b.lod()));
        for geometry in geometries {
            if matches!(
                geometry.kind.as_ref(),
                "MultiPoint" | "MultiLineString" | "GeometryInstance"
            ) {
                continue;
            }
            match Surfaces::read(geometry) {
                Some(surfaces) => drawn.take(geometry, &surfaces, corners, origin),
                None => drawn.defects.unreadable += 1,
            }
        }
        drawn
    }

    fn take(
        &mut self,
        geometry: &Geometry<'_>,
        surfaces: &Surfaces<'_>,
        corners: &Corners,
        origin: [f64; 2],
    ) {
        self.defects.semantics += usize::from(surfaces.is_mismatched);
        let is_plan = geometry.lod() < 1.0;
        let is_solid = geometry.kind.contains("Solid");
        let mut ground = Vec::new();
        let mut above = Vec::new();
        for index in 0..surfaces.boundaries.count(1) {
            let face = self.face(surfaces, index, corners, origin, is_plan);
            let Some(face) = face else { continue };
            let up = face.rings.first().map_or(0, |ring| twice_area(ring));
            if surfaces.kind(index) == Some("GroundSurface") {
                ground.push(face.clone());
            }
            if up > 0 || (up < 0 && !is_solid) {
                above.push(face);
            }
        }
        if !ground.is_empty() {
            self.ground = ground;
        }
        if is_plan {
            self.plan = above;
        } else if self.above.is_empty() {
            self.above = above;
        }
    }

    fn face(
        &mut self,
        surfaces: &Surfaces<'_>,
        index: usize,
        corners: &Corners,
        origin: [f64; 2],
        is_plan: bool,
    ) -> Option<Face> {
        let mut face = Face::default();
        for ring in surfaces.boundaries.range(1, index) {
            let mut spots = Vec::new();
            for at in surfaces.boundaries.range(0, ring) {
                let place = corners.place(surfaces.boundaries.values[at]);
                let spot = place.and_then(|place| corners.spot(place, origin));
                let (Some(place), Some(spot)) = (place, spot) else {
                    self.defects.bad_indices += 1;
                    return None;
                };
                if !is_plan {
                    let (low, high) = self.z_m.unwrap_or((place[2], place[2]));
                    self.z_m = Some((low.min(place[2]), high.max(place[2])));
                }
                spots.push(spot);
            }
            self.defects.crossing += usize::from(!is_upright(&spots) && crosses_itself(&spots));
            face.rings.push(spots);
        }
        Some(face)
    }
}

/// Whether a ring is a wall: a line from above, which says nothing by crossing itself there. What
/// is on average less than 10 cm across is one; walls are not quite straight.
fn is_upright(ring: &[Spot]) -> bool {
    let extent = |k: usize| {
        let of = || ring.iter().map(|spot| i64::from(spot[k]));
        of().max().unwrap_or(0) - of().min().unwrap_or(0)
    };
    twice_area(ring).abs() <= 200 * (extent(0) + extent(1))
}

/// The surfaces of a geometry with what they are.
#[derive(Debug)]
pub(super) struct Surfaces<'g> {
    pub(super) boundaries: Nested,
    kinds: Vec<&'g str>,
    /// Which of the kinds each surface is.
    values: Vec<u32>,
    pub(super) is_mismatched: bool,
}

impl<'g> Surfaces<'g> {
    pub(super) fn read(geometry: &'g Geometry<'_>) -> Option<Self> {
        let boundaries = Nested::read(geometry.boundaries?.get())?;
        if boundaries.values.len() > CORNERS_MAX || boundaries.ends.len() < 2 {
            return None;
        }
        let mut surfaces = Self {
            boundaries,
            kinds: Vec::new(),
            values: Vec::new(),
            is_mismatched: false,
        };
        if let Some(semantics) = &geometry.semantics {
            let values = semantics.values.and_then(|v| Nested::read(v.get()));
            let values = values.map(|nested| nested.values).unwrap_or_default();
            surfaces.kinds = semantics.surfaces.iter().map(|s| s.kind.as_ref()).collect();
            let known = |&value: &u32| value == NONE || (value as usize) < surfaces.kinds.len();
            let fits = values.len() == surfaces.boundaries.count(1) && values.iter().all(known);
            // Semantics without values are those of nothing, as some writers leave them.
            let is_silent = values.is_empty() && surfaces.kinds.is_empty();
            surfaces.is_mismatched = !fits && !is_silent;
            if fits {
                surfaces.values = values;
            }
        }
        Some(surfaces)
    }

    /// What a surface is called, if it is called anything.
    pub(super) fn kind(&self, index: usize) -> Option<&'g str> {
        let value = *self.values.get(index)?;
        self.kinds.get(value as usize).copied()
    }
}
