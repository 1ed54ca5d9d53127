//! `cargo xtask bench AREA`: ours beside a peer or a physical limit, in one run.
//!
//! Absolute figures are those of the machine and of what else it does; the ratios
//! are what to compare. Medians over repeated runs, conditions beside each figure.

mod api;
mod city;
mod fusion;
mod import;
mod link;
mod restart;
mod store;

use crate::report::{Measure, Report};
use crate::shell;
use anyhow::Result;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What to measure
    #[arg(value_enum)]
    area: Area,
    /// Folder of real files [default: `TWIN_DATA`, else ../shared/data]
    #[arg(long)]
    data: Option<PathBuf>,
    /// How often each is measured; the median is shown
    #[arg(long, default_value_t = 3)]
    repeat: u32,
    /// How long each load lasts, in seconds
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Claims that go over the link in one run
    #[arg(long, default_value_t = 1_000_000)]
    entries: u64,
    /// Only the measures whose name contains this text
    #[arg(long)]
    only: Option<String>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Area {
    /// A large IFC file, a map and cities to statements, and into a running node
    Import,
    /// The commit log and the history beside the bare disk
    Store,
    /// The HTTP interface under load, and a restart
    Api,
    /// Two nodes and what goes between them, also over a cut
    Link,
    /// Estimates in memory, durable, over a whole building, and what they take
    Fusion,
}

/// Takes all measures of the area and prints them.
pub(crate) fn run(options: &Options) -> Result<()> {
    let data = shell::data_dir(options.data.as_deref());
    let import: [Measure<'_>; 4] = [
        ("graph", &|| import::graph(&data, options.repeat)),
        ("visible", &|| import::visible(&data, options.repeat)),
        ("map", &|| city::map(&data, options.repeat)),
        ("cities", &|| city::cities(&data, options.repeat)),
    ];
    let store: [Measure<'_>; 1] = [("store", &|| store::measure(options))];
    let api: [Measure<'_>; 4] = [
        ("single", &|| api::single(options)),
        ("bulk", &|| api::bulk(options, api::BULK_CLAIMS_PER_S_MIN)),
        ("visible", &|| api::visible(options)),
        ("restart", &restart::measure),
    ];
    let fusion: [Measure<'_>; 4] = [
        ("updates", &fusion::updates),
        ("durable", &|| fusion::durable(options)),
        ("field", &fusion::field),
        ("memory", &|| fusion::memory(&data)),
    ];
    let link: [Measure<'_>; 3] = [
        ("throughput", &|| link::throughput(options)),
        ("alarm", &|| link::alarm(options)),
        ("cut", &link::over_a_cut),
    ];
    let (name, measures): (_, &[Measure<'_>]) = match options.area {
        Area::Import => ("import", &import),
        Area::Store => ("store", &store),
        Area::Api => ("api", &api),
        Area::Link => ("link", &link),
        Area::Fusion => ("fusion", &fusion),
    };
    Report::of(name, measures, options.only.as_deref()).conclude(options.json)
}
