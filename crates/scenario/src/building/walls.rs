//! Where rooms touch, and the walls that stand there.

use super::outline::{self, Edge, Inset, Mm, Run};
use super::{Building, Usage, global_id};

/// The thickness of floors and roof.
pub const SLAB_MM: Mm = 300;
/// The thickness of outer walls.
const OUTER_MM: Mm = 300;

/// What stands where two rooms touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separation {
    /// Nothing: one walks across.
    Open,
    /// A wall of this thickness.
    Wall(Mm),
}

/// A straight stretch along which a room touches another, or the outside.
#[derive(Debug, Clone)]
pub struct Contact {
    /// The storey's position.
    pub storey: usize,
    /// Where.
    pub run: Run,
    /// One room.
    pub a: usize,
    /// The other, or the outside.
    pub b: Option<usize>,
    /// What stands there.
    pub separation: Separation,
    /// The wall's position in [`Building::walls`].
    pub wall: Option<usize>,
    /// +1 if room `a` lies towards the larger fixed coordinate of the run, else −1.
    pub a_side: Mm,
}

/// A straight wall.
#[derive(Debug, Clone)]
pub struct Wall {
    /// Its identifier.
    pub global_id: String,
    /// The storey's position.
    pub storey: usize,
    /// Its centre line.
    pub run: Run,
    /// Its thickness.
    pub thickness: Mm,
    /// Its height.
    pub height: Mm,
    /// Whether it faces the outside.
    pub external: bool,
}

impl Building {
    pub(super) fn find_contacts(&mut self, storey: usize, first: usize, lobby_open: bool) {
        let edges: Vec<Vec<Edge>> = self.spaces[first..]
            .iter()
            .map(|space| outline::edges(&space.gross))
            .collect();
        let mut insets: Vec<Vec<Inset>> = Vec::new();
        for (own, own_edges) in edges.iter().enumerate() {
            let a = first + own;
            let mut of_room = Vec::new();
            for &edge in own_edges {
                let mut stretches = Vec::new();
                for (other, other_edges) in edges.iter().enumerate().filter(|(i, _)| *i != own) {
                    for run in other_edges.iter().filter_map(|e| outline::shared(&edge, e)) {
                        let b = first + other;
                        let separation = self.separation(a, b, lobby_open);
                        stretches.push((run, half(separation)));
                        if a < b {
                            self.push_contact(storey, run, edge, (a, Some(b)), separation);
                        }
                    }
                }
                for run in uncovered(edge.run, &stretches) {
                    stretches.push((run, 0));
                    self.push_contact(storey, run, edge, (a, None), Separation::Wall(OUTER_MM));
                }
                of_room.push(Inset { edge, stretches });
            }
            insets.push(of_room);
        }
        for (own, inset) in insets.into_iter().enumerate() {
            self.spaces[first + own].footprint = outline::inset(inset);
        }
    }

    fn push_contact(
        &mut self,
        storey: usize,
        run: Run,
        edge: Edge,
        (a, b): (usize, Option<usize>),
        separation: Separation,
    ) {
        let a_side = edge.inward;
        self.contacts.push(Contact {
            storey,
            run,
            a,
            b,
            separation,
            wall: None,
            a_side,
        });
    }

    fn separation(&self, a: usize, b: usize, lobby_open: bool) -> Separation {
        let either = |usage| self.spaces[a].usage == usage || self.spaces[b].usage == usage;
        let both = |usage| self.spaces[a].usage == usage && self.spaces[b].usage == usage;
        let open_to_corridor = either(Usage::OpenPlan) || either(Usage::Lobby) && lobby_open;
        if either(Usage::Corridor) && open_to_corridor || both(Usage::Parking) {
            Separation::Open
        } else if either(Usage::Stair) || either(Usage::LiftShaft) || either(Usage::StairLobby) {
            Separation::Wall(200)
        } else if either(Usage::Toilet)
            || either(Usage::Plant)
            || either(Usage::Server)
            || either(Usage::Riser)
        {
            Separation::Wall(150)
        } else {
            Separation::Wall(100)
        }
    }

    /// Joins stretches of wall that continue each other into one wall.
    pub(super) fn build_walls(&mut self, storey: usize) {
        let mut order: Vec<(bool, Mm, Run, usize)> = Vec::new();
        for (index, contact) in self.contacts.iter().enumerate() {
            if let (true, Separation::Wall(thickness)) =
                (contact.storey == storey, contact.separation)
            {
                order.push((contact.b.is_none(), thickness, contact.run, index));
            }
        }
        order.sort_unstable();
        let height = self.storeys[storey].height;
        for (external, thickness, mut run, contact) in order {
            if external {
                run.at -= self.contacts[contact].a_side * thickness / 2;
            }
            let continues = self.walls.last_mut().filter(|wall| {
                wall.storey == storey
                    && (wall.external, wall.thickness) == (external, thickness)
                    && (wall.run.axis, wall.run.at, wall.run.hi) == (run.axis, run.at, run.lo)
            });
            match continues {
                Some(wall) => wall.run.hi = run.hi,
                None => self.walls.push(Wall {
                    global_id: global_id(self.options.seed, &format!("wall {storey} {run:?}")),
                    storey,
                    run,
                    thickness,
                    height: if external { height } else { height - SLAB_MM },
                    external,
                }),
            }
            self.contacts[contact].wall = Some(self.walls.len() - 1);
        }
        // Outer walls along x close the corners.
        for wall in self
            .walls
            .iter_mut()
            .filter(|wall| wall.storey == storey && wall.external)
        {
            if wall.run.axis == outline::Axis::X {
                wall.run.lo -= OUTER_MM;
                wall.run.hi += OUTER_MM;
            }
        }
    }
}

fn half(separation: Separation) -> Mm {
    match separation {
        Separation::Open => 0,
        Separation::Wall(thickness) => thickness / 2,
    }
}

/// What remains of an edge when the stretches shared with other rooms are taken away.
fn uncovered(run: Run, covered: &[(Run, Mm)]) -> Vec<Run> {
    let mut covered: Vec<Run> = covered.iter().map(|(run, _)| *run).collect();
    covered.sort_unstable();
    let mut rest = Vec::new();
    let mut lo = run.lo;
    for taken in covered {
        if lo < taken.lo {
            rest.push(Run {
                lo,
                hi: taken.lo,
                ..run
            });
        }
        lo = taken.hi;
    }
    if lo < run.hi {
        rest.push(Run { lo, ..run });
    }
    rest
}
