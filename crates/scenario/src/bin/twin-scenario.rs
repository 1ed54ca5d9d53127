//! The command `twin-scenario`: writes practice buildings and practice observations.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand, ValueEnum};
use twin_scenario::building::{self, Building};
use twin_scenario::defects::{self, Defects};
use twin_scenario::ifc;
use twin_scenario::truth::Truth;

#[derive(Parser)]
#[command(name = "twin-scenario", version, about, long_about = LONG_ABOUT)]
struct Cli {
    /// Print the summary as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const LONG_ABOUT: &str = "Generates practice buildings (IFC files) and practice sensor readings \
    (claims, one a line), each with the truth in a file beside it. The same options always give \
    the same bytes.";

#[derive(Subcommand)]
enum Command {
    /// Write an office building as an IFC file
    #[command(after_help = BUILDING_EXAMPLES)]
    Building(BuildingArgs),
}

const BUILDING_EXAMPLES: &str = "\
Examples:
  A building of six storeys, and what is true about it:
    twin-scenario building --storeys 6 --seed 1 --out office.ifc --truth office.truth.json
  The same with a fifth of its doors deleted:
    twin-scenario building --storeys 6 --seed 1 --drop-doors 0.2 --out office.ifc
  In feet and IFC2x3, with a basement and space boundaries:
    twin-scenario building --unit ft --schema ifc2x3 --basement --boundaries --out office.ifc";

#[derive(Args)]
struct BuildingArgs {
    /// Storeys above ground, 1 to 99
    #[arg(long, default_value_t = 4)]
    storeys: usize,
    /// Add a basement
    #[arg(long)]
    basement: bool,
    /// Which building: room widths, doors, names and defects follow from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Schema of the file
    #[arg(long, value_enum, default_value_t = SchemaArg::Ifc4)]
    schema: SchemaArg,
    /// Unit of its lengths
    #[arg(long, value_enum, default_value_t = UnitArg::Mm)]
    unit: UnitArg,
    /// State which walls, doors and windows bound each space
    #[arg(long)]
    boundaries: bool,
    /// Leave out this share of the doors, 0 to 1, their walls drawn closed
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    drop_doors: f64,
    /// Leave out this share of the spaces, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    drop_spaces: f64,
    /// Leave out all stairs
    #[arg(long)]
    drop_stairs: bool,
    /// Put template texts such as `<FireRating>` in place of fire ratings
    #[arg(long)]
    placeholder_ratings: bool,
    /// Let this many doors say the opposite of the truth about leading outside
    #[arg(long, value_name = "N", default_value_t = 0)]
    contradict_external: usize,
    /// The IFC file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Where to write the truth, as JSON
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum SchemaArg {
    Ifc2x3,
    Ifc4,
    Ifc4x3,
}

#[derive(Clone, Copy, ValueEnum)]
enum UnitArg {
    Mm,
    M,
    Ft,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let summary = match &cli.command {
        Command::Building(args) => write_building(args),
    };
    let printed = summary.and_then(|summary| print(&summary, cli.json));
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if standard error is closed.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What a command did, as pairs of a name and a value.
type Summary = serde_json::Map<String, serde_json::Value>;

fn print(summary: &Summary, json: bool) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(summary)?)?;
    } else {
        for (name, value) in summary {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            writeln!(out, "{:<14} {text}", name.replace('_', " "))?;
        }
    }
    Ok(())
}

fn write_building(args: &BuildingArgs) -> anyhow::Result<Summary> {
    let options = building::Options {
        storeys: args.storeys,
        basement: args.basement,
        seed: args.seed,
    };
    let building = Building::generate(options)?;
    let defects = Defects::choose(
        &building,
        defects::Options {
            drop_doors: args.drop_doors,
            drop_spaces: args.drop_spaces,
            drop_stairs: args.drop_stairs,
            placeholder_ratings: args.placeholder_ratings,
            contradict_external: args.contradict_external,
        },
    )?;
    let schema = match args.schema {
        SchemaArg::Ifc2x3 => ifc::Schema::Ifc2x3,
        SchemaArg::Ifc4 => ifc::Schema::Ifc4,
        SchemaArg::Ifc4x3 => ifc::Schema::Ifc4x3,
    };
    let unit = match args.unit {
        UnitArg::Mm => ifc::Unit::Millimetre,
        UnitArg::M => ifc::Unit::Metre,
        UnitArg::Ft => ifc::Unit::Foot,
    };
    let text = ifc::write(
        &building,
        &defects,
        ifc::Options {
            schema,
            unit,
            boundaries: args.boundaries,
        },
    );
    save(&args.out, text.as_bytes())?;
    let truth = Truth::of(&building, &defects);
    if let Some(path) = &args.truth {
        let mut json = serde_json::to_vec_pretty(&truth)?;
        json.push(b'\n');
        save(path, &json)?;
    }
    let mut summary = Summary::new();
    summary.insert("out".into(), args.out.display().to_string().into());
    summary.insert("bytes".into(), text.len().into());
    summary.insert("storeys".into(), truth.storeys.len().into());
    summary.insert("spaces".into(), truth.spaces.len().into());
    summary.insert("doors".into(), truth.doors.len().into());
    summary.insert("stairs".into(), truth.stairs.len().into());
    summary.insert("exits".into(), truth.exits.len().into());
    summary.insert("defects".into(), truth.defects.len().into());
    Ok(summary)
}

fn save(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    fs::write(path, bytes).with_context(|| format!("`{}` cannot be written", path.display()))
}
