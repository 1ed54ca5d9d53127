//! Marks the estimators: how close they come, and whether they are as sure as they may be.
//!
//! Real rooms with a person counter, real thermometers that are made to fail, and a
//! generated tower whose sensors are taken away one after another. What the estimators
//! believed is held against what was so, beside what simpler methods believed of the same
//! readings. Each measure comes out as rows: how many items, what was found, what was
//! promised, what the others reached, and a hash of what it was measured on.
//!
//! **Boundary:** NO-INVERSE-CRIME. Truth comes from others' data or from `twin-scenario`, which
//! shares nothing with the estimators; this program alone knows both sides. Nothing
//! depends on it.

mod bad;
mod benches;
mod channel;
mod compare;
mod data;
mod faults;
mod forecast;
mod gaps;
mod memory;
mod metrics;
mod occupancy;
mod peer;
mod removal;
mod ring;
mod row;
mod same;
mod space;
mod tower;
mod unobserved;

use anyhow::Result;
use clap::Parser;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(
    name = "twin-score",
    version,
    about = "Marks the estimators; `cargo xtask score fusion` runs it"
)]
struct Arguments {
    /// What to mark
    #[arg(value_enum)]
    measure: Measure,
    /// Folder of data made by others
    #[arg(long, default_value = "../shared/data")]
    data: PathBuf,
    /// A Python that has filterpy, networkx and pyproj
    #[arg(long)]
    peer: Option<PathBuf>,
    /// Seed of what is generated
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Measure {
    /// People in a real room, from its air, movement and phones
    Occupancy,
    /// Six kinds of fault put into real series
    Faults,
    /// A generated tower with sensors taken away
    Tower,
    /// Real series with readings taken away
    Gaps,
    /// The same claims in other orders, twice, across restarts, on more threads
    Same,
    /// Three nodes that tell each other what they believe
    Ring,
    /// What sensors should not say, and do
    Bad,
    /// Bytes of a state, told at several paces
    Memory,
    /// Generated files in other people's tools
    Generated,
    /// What is read of OpenStreetMap, beside libosmium
    Map,
    /// Shortest ways on real streets
    Routes,
    /// Buildings of generated towns, recognised across their files
    Identity,
    /// Points of a generated tower, and the rooms suggested for them
    Points,
    /// A message broker by others, flooded and stopped
    Broker,
    /// Cities by others, against cjio and PROJ
    City,
    /// Buildings with doors and rooms deleted: who has a way out
    Connected,
    /// Which street an exit of a generated tower leads to
    Anchors,
    /// Time to find a way from a room of a tower to a street of its district
    Pace,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let data: &Path = &arguments.data;
    let peer = arguments.peer.as_deref();
    let rows = match arguments.measure {
        Measure::Occupancy => occupancy::measure(data),
        Measure::Faults => faults::measure(data, arguments.seed),
        Measure::Tower => removal::tower(arguments.seed, peer)?,
        Measure::Gaps => gaps::measure(data, arguments.seed, peer)?,
        Measure::Same => same::measure(data, arguments.seed),
        Measure::Ring => ring::measure(&benches::benches(data, arguments.seed), arguments.seed)?,
        Measure::Memory => memory::measure(data),
        Measure::Generated => space::generated::measure(arguments.seed, peer)?,
        Measure::Map => space::osm::measure(data, peer)?,
        Measure::Anchors => {
            let mut rows = space::anchors::measure(arguments.seed)?;
            rows.extend(space::addresses::measure(data));
            rows
        }
        Measure::Pace => space::pace::measure(arguments.seed)?,
        Measure::Routes => space::routes::measure(data, arguments.seed, peer)?,
        Measure::Identity => space::identity::measure(arguments.seed)?,
        Measure::Points => space::points::measure(arguments.seed)?,
        Measure::Broker => space::broker::measure(peer)?,
        Measure::City => space::cityjson::measure(data, peer)?,
        Measure::Connected => space::connected::measure(data, arguments.seed)?,
        Measure::Bad => bad::measure(arguments.seed),
    };
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&rows)?)?;
    Ok(())
}
