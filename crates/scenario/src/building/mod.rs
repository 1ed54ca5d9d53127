//! A parametric office building, as a person would draw it.
//!
//! Offices, meeting rooms and toilets along a corridor, an open-plan area that flows into it, a
//! lobby, two stairs and a lift. Room widths, door positions, heights and names differ by seed and
//! from storey to storey. Lengths are whole millimetres in the building's own axes; the building
//! as a whole is turned and moved by its [`Placement`].
//!
//! Every room reaches an exit. That holds before [`crate::defects`] are applied, and they change
//! only what is written to the file.

mod circulation;
mod doors;
mod guid;
mod outline;
mod plan;
mod tower;
mod walls;

use crate::Error;
use crate::rng::Rng;
pub use circulation::{Lift, Stair};
pub use doors::{Door, Fill, Hole, Window};
pub use guid::{global_id, is_global_id};
pub use outline::{Axis, Mm, Point, Run, area};
pub use tower::Tower;
pub use walls::{Contact, SLAB_MM, Separation, Wall};

/// What to build.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Storeys above ground, 1 to 99.
    pub storeys: usize,
    /// Whether there is a basement beneath them.
    pub basement: bool,
    /// Decides everything else.
    pub seed: u64,
}

/// Where a storey lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Below ground.
    Basement,
    /// At ground level, with the exits.
    Ground,
    /// Above ground.
    Upper,
}

/// What a room is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Usage {
    /// A room for one to four people.
    Office,
    /// A room for meetings.
    Meeting,
    /// Desks in one area with the corridor, no wall between.
    OpenPlan,
    /// The way along a storey.
    Corridor,
    /// The entrance hall.
    Lobby,
    /// A tea kitchen, open to the corridor through an opening without a door.
    Pantry,
    /// Storage or archive.
    Storage,
    /// Toilets.
    Toilet,
    /// The part of a stairwell on one storey.
    Stair,
    /// The part of a lift shaft on one storey.
    LiftShaft,
    /// Heating and ventilation plant.
    Plant,
    /// Server or switch room.
    Server,
    /// A shop with a door of its own to the street.
    Shop,
    /// The room of a flat that its front door leads into.
    Living,
    /// A room of a flat that is reached through its living room.
    Bedroom,
    /// The pressurised lobby between a stair, a firefighters' lift and the rest of a storey.
    StairLobby,
    /// Where one waits for the lifts.
    LiftLobby,
    /// Where people wait in safety half-way down a high building.
    Refuge,
    /// Where cars stand.
    Parking,
    /// A shaft for pipes and cables, without any door.
    Riser,
}

impl Usage {
    /// The word for it in truth files and room lists.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::Meeting => "meeting",
            Self::OpenPlan => "open-plan",
            Self::Corridor => "corridor",
            Self::Lobby => "lobby",
            Self::Pantry => "pantry",
            Self::Storage => "storage",
            Self::Toilet => "toilet",
            Self::Stair => "stair",
            Self::LiftShaft => "lift-shaft",
            Self::Plant => "plant",
            Self::Server => "server",
            Self::Shop => "shop",
            Self::Living => "living",
            Self::Bedroom => "bedroom",
            Self::StairLobby => "stair-lobby",
            Self::LiftLobby => "lift-lobby",
            Self::Refuge => "refuge",
            Self::Parking => "parking",
            Self::Riser => "riser",
        }
    }

    /// What draughtspeople call it; several words, because real files never agree on one.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Office => &["Office", "Office", "Workroom", "Study", "Büro"],
            Self::Meeting => &["Meeting", "Conference", "Meeting room"],
            Self::OpenPlan => &["Open office", "Open plan", "Work area"],
            Self::Corridor => &["Corridor", "Hallway", "Circulation"],
            Self::Lobby => &["Lobby", "Entrance hall", "Foyer"],
            Self::Pantry => &["Pantry", "Café", "Tea kitchen"],
            Self::Storage => &["Storage", "Archive", "Store"],
            Self::Toilet => &["WC", "Toilet", "Restroom"],
            Self::Stair => &["Stair", "Stairwell", "Staircase"],
            Self::LiftShaft => &["Lift shaft", "Lift", "Elevator"],
            Self::Plant => &["Plant room", "Technical", "HVAC"],
            Self::Server => &["Server", "IT room", "Switchgear"],
            Self::Shop => &["Shop", "Retail", "Winkel"],
            Self::Living => &["Living room", "Woonkamer", "Wohnen"],
            Self::Bedroom => &["Bedroom", "Slaapkamer", "Bedroom"],
            Self::StairLobby => &["Stair lobby", "Pressurised lobby", "Schleuse"],
            Self::LiftLobby => &["Lift lobby", "Lift hall"],
            Self::Refuge => &["Refuge area", "Refuge floor"],
            Self::Parking => &["Parking", "Car park", "Tiefgarage"],
            Self::Riser => &["Riser", "Shaft", "Schacht"],
        }
    }

    /// Floor area per person in m², where people are expected to stay.
    #[must_use]
    pub fn area_per_person_m2(self) -> Option<f64> {
        match self {
            Self::Office => Some(10.0),
            Self::OpenPlan => Some(8.0),
            Self::Meeting => Some(2.5),
            Self::Pantry => Some(3.0),
            Self::Lobby => Some(5.0),
            Self::Shop => Some(4.0),
            Self::Living | Self::Bedroom => Some(18.0),
            _ => None,
        }
    }
}

/// One storey.
#[derive(Debug, Clone)]
pub struct Storey {
    /// Its identifier.
    pub global_id: String,
    /// Its name.
    pub name: String,
    /// Where it lies.
    pub level: Level,
    /// The height of its floor above the ground floor.
    pub elevation: Mm,
    /// From its floor to the next.
    pub height: Mm,
}

/// One room, or the part of a shaft or stairwell on one storey.
#[derive(Debug, Clone)]
pub struct Space {
    /// Its identifier.
    pub global_id: String,
    /// The storey's position in [`Building::storeys`].
    pub storey: usize,
    /// The room number.
    pub number: String,
    /// The room name.
    pub name: String,
    /// What it is for.
    pub usage: Usage,
    /// The outline up to the middle of its inner walls.
    pub gross: Vec<Point>,
    /// The outline between the walls, which the file states.
    pub footprint: Vec<Point>,
    /// Clear height.
    pub height: Mm,
    off_open_plan: bool,
    /// The only room from which it is entered, where that is not the corridor.
    entered_from: Option<usize>,
    /// Without any door.
    sealed: bool,
}

/// How the building's own axes lie in the file's coordinates.
#[derive(Debug, Clone, Copy)]
pub struct Placement {
    /// East of the building's corner, in metres.
    pub east_m: f64,
    /// North of the building's corner, in metres.
    pub north_m: f64,
    /// Anticlockwise turn, in degrees.
    pub turn_deg: f64,
}

impl Placement {
    /// Coordinates in metres of a point of the building.
    #[must_use]
    pub fn to_file_m(&self, point: Point) -> [f64; 2] {
        let (sin, cos) = self.turn_deg.to_radians().sin_cos();
        let (x, y) = (point.x as f64 / 1000.0, point.y as f64 / 1000.0);
        [
            self.east_m + cos * x - sin * y,
            self.north_m + sin * x + cos * y,
        ]
    }
}

/// The whole building as it really is.
#[derive(Debug, Clone)]
pub struct Building {
    /// What was asked for.
    pub options: Options,
    /// Its name.
    pub name: String,
    /// How it lies in the file's coordinates.
    pub placement: Placement,
    /// What lies between the outer walls: the lowest and the highest corner, by storey.
    pub plates: Vec<[Point; 2]>,
    /// From the lowest up.
    pub storeys: Vec<Storey>,
    /// All rooms, storey by storey.
    pub spaces: Vec<Space>,
    /// Where rooms touch each other or the outside.
    pub contacts: Vec<Contact>,
    /// All walls.
    pub walls: Vec<Wall>,
    /// The holes in them: doors, windows and openings.
    pub holes: Vec<Hole>,
    /// One per stairwell and pair of storeys.
    pub stairs: Vec<Stair>,
    /// None in a building of one storey.
    pub lifts: Vec<Lift>,
    /// Whether stairs are entered through lobbies only.
    stair_lobbies: bool,
}

impl Building {
    /// Draws the building that belongs to the options.
    pub fn generate(options: Options) -> Result<Self, Error> {
        if !(1..=99).contains(&options.storeys) {
            return Err(Error::OutOfRange {
                name: "--storeys",
                allowed: "from 1 to 99",
                given: options.storeys.to_string(),
            });
        }
        let seed = options.seed;
        let mut rng = Rng::of(seed, "shell");
        let storeys = storeys(options, &mut rng);
        let shell = plan::Shell::draw(&mut rng, storeys.len());
        let placement = Placement {
            east_m: f64::from(rng.whole(-200, 200) as i32) / 10.0,
            north_m: f64::from(rng.whole(-200, 200) as i32) / 10.0,
            turn_deg: rng.whole(0, 69) as f64 / 2.0,
        };
        let corner = Point {
            x: shell.length,
            y: shell.depth(),
        };
        let mut building = Self {
            options,
            name: format!("Office {seed}"),
            placement,
            plates: vec![[Point { x: 0, y: 0 }, corner]; storeys.len()],
            storeys,
            spaces: Vec::new(),
            contacts: Vec::new(),
            walls: Vec::new(),
            holes: Vec::new(),
            stairs: Vec::new(),
            lifts: Vec::new(),
            stair_lobbies: false,
        };
        let plant_storey = if options.basement {
            0
        } else {
            building.storeys.len() - 1
        };
        for storey in 0..building.storeys.len() {
            let mut rng = Rng::of(seed, &format!("storey {storey}"));
            let level = building.storeys[storey].level;
            let cells = shell.storey(&mut rng, level, storey == plant_storey);
            let first = building.spaces.len();
            building.name_rooms(storey, cells, &mut rng);
            building.find_contacts(storey, first, shell.lobby_open);
            building.build_walls(storey);
            building.cut_holes(storey, &mut rng);
        }
        building.connect_storeys();
        Ok(building)
    }

    /// The rooms of one storey, with their positions in [`Self::spaces`].
    pub fn rooms_of(&self, storey: usize) -> impl Iterator<Item = (usize, &Space)> {
        self.spaces
            .iter()
            .enumerate()
            .filter(move |(_, space)| space.storey == storey)
    }

    fn name_rooms(&mut self, storey: usize, cells: Vec<plan::Cell>, rng: &mut Rng) {
        let Storey { level, height, .. } = self.storeys[storey];
        let ground = self.ground();
        let mut count = 0;
        for cell in cells {
            // Numbers have gaps, as they do once rooms have been joined or renamed.
            count += if rng.chance(0.1) { 2 } else { 1 };
            let prefix = if level == Level::Basement {
                "B".into()
            } else {
                (storey - ground).to_string()
            };
            let number = match (cell.usage, cell.riser) {
                (Usage::Stair | Usage::LiftShaft, Some(riser)) => format!("{prefix}.{riser}"),
                _ => format!("{prefix}.{count:02}"),
            };
            let through = matches!(cell.usage, Usage::Stair | Usage::LiftShaft);
            self.spaces.push(Space {
                global_id: global_id(self.options.seed, &format!("space {number}")),
                storey,
                number,
                name: (*rng.pick(&cell.usage.names().iter().collect::<Vec<_>>())).to_owned(),
                usage: cell.usage,
                footprint: cell.outline.clone(),
                gross: cell.outline,
                height: if through { height } else { height - SLAB_MM },
                off_open_plan: cell.off_open_plan,
                entered_from: None,
                sealed: false,
            });
        }
    }

    /// The position of the ground floor.
    #[must_use]
    pub fn ground(&self) -> usize {
        let below = |storey: &&Storey| storey.level == Level::Basement;
        self.storeys.iter().take_while(below).count()
    }
}

fn storeys(options: Options, rng: &mut Rng) -> Vec<Storey> {
    // The ground floor is high enough for a door beneath the stair's half landing.
    let ground_height = rng.whole(45, 48) * 100;
    let upper_height = rng.whole(33, 37) * 100;
    let scheme = rng.index(3);
    let mut storeys = Vec::new();
    let mut push = |name: String, level, elevation, height| {
        let global_id = global_id(options.seed, &format!("storey {elevation}"));
        storeys.push(Storey {
            global_id,
            name,
            level,
            elevation,
            height,
        });
    };
    if options.basement {
        let height = rng.whole(32, 36) * 100;
        push(
            ["Basement", "Level -1", "Kelder"][scheme].into(),
            Level::Basement,
            -height,
            height,
        );
    }
    push(
        ["Ground floor", "Level 0", "Begane grond"][scheme].into(),
        Level::Ground,
        0,
        ground_height,
    );
    for number in 1..i64::try_from(options.storeys).unwrap_or(i64::MAX) {
        let name = ["Floor", "Level", "Verdieping"][scheme];
        let elevation = ground_height + (number - 1) * upper_height;
        push(
            format!("{name} {number}"),
            Level::Upper,
            elevation,
            upper_height,
        );
    }
    storeys
}
