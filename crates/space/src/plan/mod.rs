//! The plan of a building: outlines of rooms and walls, and what they say about who can walk
//! where.
//!
//! Models of buildings say which rooms and doors exist, but often not which door leads from
//! which room to which. A person with the drawing in hand sees it at once: stand in the doorway,
//! look both ways. This module does the same with outlines: it looks both ways from every door,
//! finds rooms that touch without a wall between them, rooms that walls enclose, and finds the rooms at the foot and the
//! head of every stair. It knows nothing of file formats, and every answer says how well it was
//! supported, so that a wrong drawing does not become a fact.

mod cut;
mod enclosed;
mod geometry;
mod grid;
mod joins;
mod neighbours;

pub use cut::{Face, Fidelity, Point3, cut, flatten, footprint};
pub use enclosed::enclosed;
pub use geometry::{
    Bounds, Point, Polygon, Rectangle, convex_hull, segment_distance_m, signed_area_m2,
    tightest_rectangle,
};
pub use joins::{Cell, Contact, Landing, Opening, Plan, Side, Sides, Wall};
pub use neighbours::{Neighbours, Shared};
