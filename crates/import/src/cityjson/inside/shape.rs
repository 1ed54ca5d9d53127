//! The surfaces of an object on the plan of its building.

use crate::cityjson::city::City;
use crate::cityjson::document::{Geometry, Object};
use crate::cityjson::drawn::{Corners, Defects, Surfaces};
use crate::crs::Reading;
use twin_space::earth::Frame;
use twin_space::plan::{Face, Point, Point3};

/// How corners of the file come to lie on the plan of one building: metres east, north and above
/// its lowest corner.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site<'c> {
    corners: &'c Corners,
    /// How coordinates lie on earth, and the plan; nothing without a reference system.
    placed: Option<(&'c Reading, Frame)>,
    origin: [f64; 2],
    ground_m: f64,
}

impl<'c> Site<'c> {
    /// Of the objects of one building; `ground_m` is the height of its lowest corner, if known.
    pub(super) fn of(
        city: &City<'c, '_>,
        members: &[usize],
        origin: [f64; 2],
        ground_m: Option<f64>,
    ) -> Self {
        let reading = city.head.reading.as_ref();
        let frame = Self::earth(city, origin).map(|[longitude_deg, latitude_deg]| Frame {
            latitude_deg,
            longitude_deg,
            rotation_deg: 0.0,
        });
        let mut site = Self {
            corners: city.corners,
            placed: reading.zip(frame),
            origin,
            ground_m: 0.0,
        };
        let objects = members.iter().map(|&member| &city.objects[member].1);
        let lowest = || objects.filter_map(|o| site.lowest_m(o)).reduce(f64::min);
        site.ground_m = ground_m.or_else(lowest).unwrap_or(0.0);
        site
    }

    /// Coordinates of the file as longitude and latitude, where that is known.
    pub(super) fn earth(city: &City<'_, '_>, at: [f64; 2]) -> Option<[f64; 2]> {
        let place = city.head.reading.as_ref()?.to_earth(at)?;
        // To a billionth of a degree, a tenth of a millimetre, as it is written down.
        Some(place.map(|degrees| (degrees * 1e9).round() / 1e9))
    }

    /// A corner of the file on the plan.
    fn place(&self, corner: u32) -> Option<Point3> {
        let [x, y, z] = self.corners.place(corner)?;
        let [east_m, north_m] = match self.placed {
            Some((reading, frame)) => frame.to_plan(reading.to_earth([x, y])?),
            None => [x - self.origin[0], y - self.origin[1]],
        };
        let is_near = Point::new(east_m, north_m).is_sane();
        is_near.then_some([east_m, north_m, z - self.ground_m])
    }

    fn lowest_m(&self, object: &Object<'_>) -> Option<f64> {
        let geometries = object.geometry.iter().filter(|g| is_drawn(g));
        let surfaces = geometries.filter_map(Surfaces::read);
        let corners = surfaces.flat_map(|s| s.boundaries.values);
        let heights = corners.filter_map(|corner| self.corners.place(corner));
        heights.map(|[_, _, z]| z).reduce(f64::min)
    }
}

/// One surface: what it is called, its rings on the plan and its corners in the file.
#[derive(Debug)]
pub(super) struct Surface<'o> {
    pub(super) kind: Option<&'o str>,
    pub(super) rings: Face,
    pub(super) corners: Vec<u32>,
}

/// An object as it is drawn in most detail.
#[derive(Debug)]
pub(super) struct Shape<'o> {
    pub(super) surfaces: Vec<Surface<'o>>,
    /// Whether only a plan is drawn (level of detail 0).
    pub(super) is_plan: bool,
}

impl<'o> Shape<'o> {
    /// Nothing where no geometry of the object can be used.
    pub(super) fn read(
        object: &'o Object<'_>,
        site: &Site<'_>,
        defects: &mut Defects,
    ) -> Option<Self> {
        let mut geometries: Vec<&Geometry<'_>> = object.geometry.iter().collect();
        geometries.sort_by(|a, b| b.lod().total_cmp(&a.lod()));
        let mut drawn = geometries.into_iter().filter(|g| is_drawn(g));
        drawn.find_map(|geometry| {
            let Some(surfaces) = Surfaces::read(geometry) else {
                defects.unreadable += 1;
                return None;
            };
            defects.semantics += usize::from(surfaces.is_mismatched);
            let numbers = 0..surfaces.boundaries.count(1);
            let read = numbers.filter_map(|number| {
                let surface = surface(&surfaces, number, site);
                defects.bad_indices += usize::from(surface.is_none());
                surface
            });
            let shape = Self {
                surfaces: read.collect(),
                is_plan: geometry.lod() < 1.0,
            };
            (!shape.surfaces.is_empty()).then_some(shape)
        })
    }

    pub(super) fn faces(&self) -> Vec<Face> {
        self.surfaces.iter().map(|s| s.rings.clone()).collect()
    }

    pub(super) fn of_kind(&self, kinds: &[&str]) -> Vec<&Surface<'o>> {
        let is_one = |s: &&Surface<'_>| s.kind.is_some_and(|kind| kinds.contains(&kind));
        self.surfaces.iter().filter(is_one).collect()
    }

    /// Lowest and highest corner, in metres.
    pub(super) fn z_m(&self) -> (f64, f64) {
        heights(self.surfaces.iter())
    }
}

/// Lowest and highest corner of some surfaces, in metres.
pub(super) fn heights<'s, 'o: 's>(surfaces: impl Iterator<Item = &'s Surface<'o>>) -> (f64, f64) {
    let corners = surfaces.flat_map(|s| s.rings.iter().flatten());
    corners.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), corner| {
        (low.min(corner[2]), high.max(corner[2]))
    })
}

fn is_drawn(geometry: &Geometry<'_>) -> bool {
    !matches!(
        geometry.kind.as_ref(),
        "MultiPoint" | "MultiLineString" | "GeometryInstance"
    )
}

fn surface<'o>(surfaces: &Surfaces<'o>, number: usize, site: &Site<'_>) -> Option<Surface<'o>> {
    let lists = &surfaces.boundaries;
    let (mut rings, mut corners) = (Face::new(), Vec::new());
    for ring in lists.range(1, number) {
        let of_ring = &lists.values[lists.range(0, ring)];
        let places = of_ring.iter().map(|&corner| site.place(corner));
        rings.push(places.collect::<Option<_>>()?);
        corners.extend_from_slice(of_ring);
    }
    Some(Surface {
        kind: surfaces.kind(number),
        rings,
        corners,
    })
}
