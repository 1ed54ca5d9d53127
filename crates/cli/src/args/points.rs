//! What is asked of points and messages.

use clap::Args;
use std::path::PathBuf;

const STATES: [&str; 6] = [
    "unmapped",
    "suggested",
    "confirmed",
    "ignored",
    "alarming",
    "all",
];

#[derive(Debug, Args)]
#[command(after_help = "\
Without --export, --import or --suggest the points are listed.

Examples:
  twin points --state suggested
  twin points --export points.csv
  twin points --import points.csv
  twin points --state alarming --json")]
pub(crate) struct Points {
    /// Only points in this state
    #[arg(long, value_name = "STATE", value_parser = STATES, default_value = "all")]
    pub(crate) state: String,
    /// Write every point with its mapping into a file for a spreadsheet
    #[arg(long, value_name = "FILE", conflicts_with_all = ["import", "suggest"])]
    pub(crate) export: Option<PathBuf>,
    /// Take in such a file; points that nobody knew become known
    #[arg(long, value_name = "FILE", conflicts_with = "suggest")]
    pub(crate) import: Option<PathBuf>,
    /// Work out again what the points tell of on which nobody has decided
    #[arg(long)]
    pub(crate) suggest: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
A JSON object a line with `topic`, `payload` and `time`, or a table with the columns time, point
and value. What nobody has mapped is kept under its sensor.

Examples:
  twin messages readings.ndjson
  twin messages export.csv --json")]
pub(crate) struct Messages {
    /// The file
    pub(crate) file: PathBuf,
}
