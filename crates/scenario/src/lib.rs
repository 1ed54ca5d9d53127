//! Generates practice buildings and practice sensor readings, and keeps the right answers aside.
//!
//! A building comes out as an ordinary IFC file, as if an architect had sent it; readings come
//! out as ordinary messages, as if sensors had sent them, with the faults that real sensors
//! have. The *truth* file beside each says what is really there, so that anything that reads
//! the files can be marked.
//!
//! **Invariant:** NO-INVERSE-CRIME. What generates the truth shares no code, equations or
//! parameters with what is scored against it: this crate depends on no other crate of the
//! workspace, and its dynamics are its own.
//!
//! **Invariant:** DETERMINISTIC. The same options give the same bytes, on every run.
//!
//! | module | holds |
//! |---|---|
//! | [`building`] | the parametric office building: storeys, rooms, walls, doors, stairs, lift |
//! | [`district`] | a tower in a town, as four parties would send it: IFC, CityJSON, OSM, points |
//! | [`defects`] | what is left out of the file, or written falsely, on request |
//! | [`faults`] | six kinds of fault, put into series of readings that anybody made |
//! | [`ifc`] | the building as a STEP file (IFC2x3, IFC4 or IFC4.3) |
//! | [`truth`] | the building as it really is, as JSON |
//! | [`observe`] | people, air and fire in any building, and the sensors that report them |
//! | [`step`], [`rng`], [`time`] | the file syntax, the seeded chance, the calendar |

pub mod building;
pub mod defects;
pub mod district;
pub mod faults;
pub mod ifc;
pub mod observe;
pub mod rng;
pub mod step;
pub mod time;
pub mod truth;

/// What can be wrong with a request for a scenario.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A number or share lies outside what the generator can do.
    #[error("`{name}` must be {allowed}, not `{given}`")]
    OutOfRange {
        /// The option's name as typed.
        name: &'static str,
        /// The accepted range, in words.
        allowed: &'static str,
        /// What was asked for.
        given: String,
    },
    /// A moment is not written as `2026-01-05T08:00:00Z`.
    #[error("`{0}` is not a moment in UTC such as `2026-01-05T08:00:00Z`")]
    Moment(String),
    /// A fire is not written as `ROOM@MINUTE`.
    #[error("`{0}` is not a fire such as `urn:room:12@25` (room, then minute after the start)")]
    Fire(String),
    /// A fire is asked for in a room that the room list does not have, or has twice.
    #[error("`{room}` names {found} spaces of the room list; a fire needs exactly one")]
    FireRoom {
        /// The room as typed: a whole identifier or its end.
        room: String,
        /// How many spaces it names.
        found: usize,
    },
    /// The room list is not the JSON array that is expected.
    #[error("the room list cannot be read: {0}")]
    RoomList(#[from] serde_json::Error),
    /// The room list names the same entity twice.
    #[error("`{0}` stands twice in the room list")]
    RoomTwice(String),
    /// The room list has an area that is no area.
    #[error("`{id}` has an area of `{area}`; expected more than 0 and at most 100000 m²")]
    RoomArea {
        /// The space.
        id: String,
        /// The area as given, in m².
        area: f64,
    },
    /// There is nothing to observe.
    #[error("the room list has no space, so there is nothing to observe")]
    NoSpaces,
    /// The output could not be written.
    #[error("the observations cannot be written: {0}")]
    Write(#[from] std::io::Error),
}
