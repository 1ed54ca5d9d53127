//! The program `twin-sim`: takes the measures of the link in virtual time, and tells the
//! story of a history.

use anyhow::Result;
use clap::Parser;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use twin_sim::bare::Bare;
use twin_sim::full::Full;
use twin_sim::history::live;
use twin_sim::measure;
use twin_sim::row::Row;

#[derive(Debug, Parser)]
#[command(
    name = "twin-sim",
    version,
    about = "Takes the measures of the link; `cargo xtask score link` runs it"
)]
struct Arguments {
    /// What to measure
    #[arg(value_enum)]
    measure: Measure,
    /// Folder of data made by others
    #[arg(long, default_value = "../shared/data")]
    data: PathBuf,
    /// How many histories
    #[arg(long, default_value_t = 10_000)]
    histories: u64,
    /// Seed of the first history
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Measure {
    /// Histories of all that can go wrong
    Histories,
    /// The first alarm after a link returns
    Contact,
    /// Catching up, and how much of the capacity is used
    Catchup,
    /// Alarms over an overloaded radio
    Radio,
    /// What a sensor update costs
    Bytes,
    /// Fifty nodes that meet by chance
    Gossip,
    /// Vehicles on real streets
    Vehicles,
    /// Peers that stall or flood
    Isolation,
    /// What lies open at a node that only carries
    Relay,
    /// The same seed, the same trace
    Same,
    /// Tells what happens in the history of a seed
    Story,
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
    let data = &arguments.data;
    let rows: Vec<Row> = match arguments.measure {
        Measure::Histories => {
            measure::histories(arguments.histories, arguments.seed, measure::full_history)
        }
        Measure::Contact => measure::contact(Full::new, 200),
        Measure::Catchup => measure::catch_up(Full::new, Full::bundle_bytes),
        Measure::Radio => measure::radio(Full::new, 20, Full::bundle_bytes),
        Measure::Bytes => measure::bytes(Full::new, data),
        Measure::Gossip => measure::gossip(Bare::new, 5),
        Measure::Vehicles => measure::vehicles(Bare::new, data),
        Measure::Isolation => measure::isolation(20),
        Measure::Relay => measure::relay(Full::new, 60),
        Measure::Same => measure::same(20, measure::full_history),
        Measure::Story => return story(arguments.seed),
    };
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&rows)?)?;
    Ok(())
}

fn story(seed: u64) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let (lived, world) = live(measure::full_history(seed));
    for (at, act) in world.plans() {
        writeln!(out, "{at} {act:?}")?;
    }
    writeln!(out, "{:?}", world.cast())?;
    writeln!(
        out,
        "{} deliveries due, complete after {:?} s",
        lived.due, lived.settled_s
    )?;
    for violation in &lived.violations {
        writeln!(out, "{violation}")?;
    }
    Ok(())
}
