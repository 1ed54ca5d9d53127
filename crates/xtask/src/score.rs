//! `cargo xtask score AREA`: every quality measure of an area against its target.
//!
//! Each row says what was found, on how many items, what the target is, what a
//! peer found on the same input, and which input that was. The command fails when
//! a target is missed.

mod access;
mod bad;
mod claims;
pub(crate) mod fusion;
mod import;
mod kill;
mod link;
mod page;
mod real;

use crate::report::{Measure, Report};
use crate::shell;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What to score
    #[arg(value_enum)]
    area: Area,
    /// Folder of files to score on [default: `TWIN_DATA`, else ../shared/data]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Simulated power cuts
    #[arg(long, default_value_t = 10_000)]
    cuts: u32,
    /// Kills of the real process
    #[arg(long, default_value_t = 500)]
    kills: u32,
    /// Simulated histories of the link
    #[arg(long, default_value_t = 10_000)]
    histories: u64,
    /// Histories of real processes
    #[arg(long, default_value_t = 50)]
    real_histories: u32,
    /// Cuts of a real link
    #[arg(long, default_value_t = 40)]
    link_cuts: u32,
    /// Seed of the workloads
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only the measures whose name contains this text
    #[arg(long)]
    only: Option<String>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Area {
    /// One building from its file to a believed, living picture
    Spine,
    /// Estimates against truth, data by others and their peers
    Fusion,
    /// Cities and buildings as one graph, against other people's tools and generated truth
    Space,
    /// Nodes that must agree, whatever befalls their links, disks and clocks
    Link,
}

/// Takes all measures of the area and prints them.
pub(crate) fn run(options: &Options) -> Result<()> {
    let data = shell::data_dir(options.data.as_deref());
    let spine: [Measure<'_>; 7] = [
        ("import", &|| import::measure(&data)),
        ("power cuts", &|| claims::power_cuts(options.cuts)),
        ("kills", &|| kill::measure(options.kills, options.seed)),
        ("page: statuses", &page::statuses),
        ("page: living", &page::living),
        ("access", &access::unauthenticated),
        ("bad input", &|| bad::measure(options.seed)),
    ];
    let estimates = |measure: &'static str| fusion::measure(measure, &data, options.seed);
    let fusion: [Measure<'_>; 7] = [
        ("occupancy", &|| estimates("occupancy")),
        ("faults", &|| estimates("faults")),
        ("tower", &|| estimates("tower")),
        ("gaps", &|| estimates("gaps")),
        ("ring", &|| estimates("ring")),
        ("same", &|| estimates("same")),
        ("bad input", &|| estimates("bad")),
    ];
    let simulated =
        |measure: &'static str| link::measure(measure, &data, options.histories, options.seed);
    let (real, cuts) = (options.real_histories, options.link_cuts);
    let link: [Measure<'_>; 13] = [
        ("histories", &|| simulated("histories")),
        ("contact", &|| simulated("contact")),
        ("catchup", &|| simulated("catchup")),
        ("radio", &|| simulated("radio")),
        ("bytes", &|| simulated("bytes")),
        ("gossip", &|| simulated("gossip")),
        ("vehicles", &|| simulated("vehicles")),
        ("isolation", &|| simulated("isolation")),
        ("relay", &|| simulated("relay")),
        ("same", &|| simulated("same")),
        ("processes: histories", &|| {
            real::histories::measure(real, options.seed)
        }),
        ("processes: contact", &|| {
            real::returns::measure(cuts, options.seed)
        }),
        ("processes: relay", &|| real::relay::measure(options.seed)),
    ];
    let places = |measure: &'static str| fusion::of_city(measure, &data, options.seed);
    let space: [Measure<'_>; 11] = [
        ("city", &|| places("city")),
        ("map", &|| places("map")),
        ("routes", &|| places("routes")),
        ("anchors", &|| places("anchors")),
        ("pace", &|| places("pace")),
        ("generated", &|| places("generated")),
        ("connected", &|| places("connected")),
        ("identity", &|| places("identity")),
        ("points", &|| places("points")),
        ("broker", &|| fusion::of_broker(&data, options.seed)),
        ("page", &page::first_storey),
    ];
    let (name, measures): (_, &[Measure<'_>]) = match options.area {
        Area::Spine => ("spine", &spine),
        Area::Fusion => ("fusion", &fusion),
        Area::Space => ("space", &space),
        Area::Link => ("link", &link),
    };
    Report::of(name, measures, options.only.as_deref()).conclude(options.json)
}

/// The largest of them.
pub(crate) fn largest_below(folder: &Path, ending: &str) -> Result<PathBuf> {
    let size = |file: &PathBuf| std::fs::metadata(file).map_or(0, |found| found.len());
    let largest = files_below(folder, ending).into_iter().max_by_key(size);
    largest.with_context(|| {
        let folder = folder.display();
        format!("there is no file ending in {ending} below `{folder}`")
    })
}

/// Files below a folder whose name ends so, in order; none when it is not there.
pub(crate) fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().to_lowercase().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
