//! Where a door may be: at the place stated for it, in the wall next to that, or, if little is known,
//! anywhere in the walls of its building.

use super::scene::{ENTRANCE_REACH_M, Scene, foot};
use crate::plan::Point;
use libm::exp;

/// How well a mapped entrance is placed.
const ENTRANCE_UNCERTAINTY_M: f64 = 1.0;
/// Less surely placed than this, a door may be in any wall of its building.
const SOMEWHERE_M: f64 = 4.0;
/// Then its walls are looked at in steps of this length, more if that were too many.
const DOOR_STEP_M: f64 = 5.0;
const DOORS_MAX: f64 = 32.0;
/// The longest walls of an outline that is drawn in ever so many pieces.
const WALLS_MAX: usize = 64;

/// A place where the door may be, with the share of belief in it.
#[derive(Clone, Copy)]
pub(super) struct Door {
    pub(super) at: Point,
    pub(super) outward: Option<Point>,
    pub(super) weight: f64,
}

impl Scene {
    /// Where the door may be: as stated or at the entrance that the map shows, give or take, but
    /// always in a wall where an outline is known.
    pub(super) fn places_of_door(&self, uncertainty_m: f64, outward: Option<Point>) -> Vec<Door> {
        let origin = Point::default();
        let mapped = self.entrances.iter().copied();
        let mapped = mapped.min_by(|a, b| a.distance(origin).total_cmp(&b.distance(origin)));
        let (middle, sd_m) = match mapped {
            Some(entrance) => (entrance, uncertainty_m.min(ENTRANCE_UNCERTAINTY_M)),
            None => (origin, uncertainty_m),
        };
        if sd_m > SOMEWHERE_M
            && outward.is_none()
            && let Some(doors) = self.along_walls(middle, sd_m)
        {
            return doors;
        }
        let mut doors = Vec::new();
        for (x, across) in GAUSS_HERMITE {
            for (y, along) in GAUSS_HERMITE {
                let at = Point::new(middle.x + x * sd_m, middle.y + y * sd_m);
                doors.push(self.in_wall(at, uncertainty_m, outward, across * along));
            }
        }
        doors
    }

    /// A door that may be anywhere in the walls of a building, the rather the nearer.
    fn along_walls(&self, middle: Point, sd_m: f64) -> Option<Vec<Door>> {
        let own = self.outlines.iter().find(|o| o.contains(middle))?;
        let perimeter_m: f64 = own.edges().map(|(a, b)| a.distance(b)).sum();
        let step_m = DOOR_STEP_M.max(perimeter_m / DOORS_MAX);
        let mut walls: Vec<(Point, Point)> = own.edges().collect();
        walls.sort_by(|v, w| w.0.distance(w.1).total_cmp(&v.0.distance(v.1)));
        let mut doors = Vec::new();
        for (a, b) in walls.into_iter().take(WALLS_MAX) {
            let Some(along) = b.minus(a).unit() else {
                continue;
            };
            let count = (a.distance(b) / step_m).ceil();
            let width_m = a.distance(b) / count;
            let is_inside = own.contains(a.along(b.minus(a), 0.5).along(along.left(), 0.1));
            let left = along.left();
            let outward = if is_inside {
                Point::default().minus(left)
            } else {
                left
            };
            for k in 0..count as usize {
                let at = a.along(along, (k as f64 + 0.5) * width_m);
                let far = at.distance(middle) / sd_m;
                doors.push(Door {
                    at,
                    outward: Some(outward),
                    weight: width_m * exp(-far * far / 2.0),
                });
            }
        }
        let total: f64 = doors.iter().map(|d| d.weight).sum();
        for door in &mut doors {
            door.weight /= total;
        }
        (total > 0.0).then_some(doors)
    }

    /// A door put into the nearest wall within reach, looking out of it.
    fn in_wall(&self, at: Point, uncertainty_m: f64, outward: Option<Point>, weight: f64) -> Door {
        let reach_m = ENTRANCE_REACH_M + 3.0 * uncertainty_m;
        let walls = self
            .outlines
            .iter()
            .flat_map(|o| o.edges().map(move |e| (o, e)));
        let feet = walls.map(|(outline, (a, b))| (foot(at, a, b), outline, b.minus(a)));
        let nearest = feet.min_by(|x, y| x.0.distance(at).total_cmp(&y.0.distance(at)));
        let Some((wall, outline, direction)) = nearest.filter(|n| n.0.distance(at) <= reach_m)
        else {
            return Door {
                at,
                outward,
                weight,
            };
        };
        let normal = direction.unit().map(Point::left);
        let out = |n: Point| {
            let inside = outline.contains(wall.along(n, 0.1));
            if inside { Point::default().minus(n) } else { n }
        };
        Door {
            at: wall,
            outward: outward.or(normal.map(out)),
            weight,
        }
    }
}

/// Points and weights of a normal distribution by the Gauss–Hermite rule of three points
/// (Abramowitz and Stegun 1964, table 25.10, in standard deviations).
const GAUSS_HERMITE: [(f64, f64); 3] = [
    (-1.732_050_807_568_877_2, 1.0 / 6.0),
    (0.0, 2.0 / 3.0),
    (1.732_050_807_568_877_2, 1.0 / 6.0),
];

/// How far one must turn from the direction out of a door to face a point: 0 ahead, 1 to the
/// side, 2 behind. What is within a few steps has no direction.
pub(super) fn turned(door: &Door, to: Point) -> f64 {
    let way = to.minus(door.at);
    let cosine = door.outward.zip(way.unit()).map(|(a, b)| a.dot(b));
    cosine.map_or(0.0, |c| (1.0 - c) * (door.at.distance(to) / 3.0).min(1.0))
}
