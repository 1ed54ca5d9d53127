//! The command `twin-scenario`: writes practice buildings and practice observations.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand, ValueEnum};
use twin_scenario::building::{self, Building};
use twin_scenario::defects::{self, Defects};
use twin_scenario::district::{self, District};
use twin_scenario::ifc;
use twin_scenario::observe::{self, Rooms};
use twin_scenario::time;
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
    /// Write a town with a tower: IFC, CityJSON and OpenStreetMap, and what is true of it
    #[command(after_help = DISTRICT_EXAMPLES)]
    District(DistrictArgs),
    /// Write what the sensors of a building would say on a given day
    #[command(after_help = OBSERVATIONS_EXAMPLES)]
    Observations(ObservationsArgs),
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
#[allow(clippy::struct_excessive_bools)] // Each is a switch of the command line.
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

const DISTRICT_EXAMPLES: &str = "\
Examples:
  A tower of 44 storeys among 119 other buildings, and what is true of them:
    twin-scenario district --seed 1 --out district
  The same with a tenth of the tower's doors and half of its spaces deleted, a fiftieth of all
  facts falsified, and nothing but shapes and places to tell buildings by:
    twin-scenario district --seed 1 --drop-doors 0.1 --drop-spaces 0.5 --falsify 0.02 \\
      --no-names --no-ids --decoys --out district
  A large net of streets around it:
    twin-scenario district --seed 1 --street-edges 100000 --out district";

#[derive(Args)]
#[allow(clippy::struct_excessive_bools)] // Each is a switch of the command line.
struct DistrictArgs {
    /// Which district: everything follows from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many buildings, the tower among them, 1 to 20000
    #[arg(long, default_value_t = 120)]
    buildings: usize,
    /// The tower's storeys above ground, 6 to 99
    #[arg(long, default_value_t = 44)]
    tower_storeys: usize,
    /// About how many stretches of street, 100 to 120000
    #[arg(long, default_value_t = 600)]
    street_edges: usize,
    /// Leave out this share of the tower's doors, 0 to 1, their walls drawn closed
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    drop_doors: f64,
    /// Leave out this share of the tower's spaces, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    drop_spaces: f64,
    /// Write this share of facts falsely, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    falsify: f64,
    /// By how many metres positions are off at most, 0 to 20
    #[arg(long, value_name = "METRES", default_value_t = 3.0)]
    shift_m: f64,
    /// Leave out names and addresses
    #[arg(long)]
    no_names: bool,
    /// Leave out the identifiers of the public register
    #[arg(long)]
    no_ids: bool,
    /// More mirrored twins and equal blocks, and a second tower
    #[arg(long)]
    decoys: bool,
    /// Let the tower's file know no more of its place on earth than its template did
    #[arg(long)]
    template_site: bool,
    /// The first moment of the messages, in UTC
    #[arg(long, value_name = "MOMENT", default_value = "2026-01-05T08:00:00Z")]
    start: String,
    /// For how long messages are sent, 10 to 1440; each point speaks every 10 minutes
    #[arg(long, default_value_t = 30)]
    minutes: i64,
    /// The folder to write to
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

const OBSERVATIONS_EXAMPLES: &str = "\
Examples:
  An hour of a Monday morning, and what is true in each minute of it:
    twin-scenario observations --rooms rooms.json --seed 1 --minutes 60 \\
      --start 2026-01-05T08:00:00Z --out obs.ndjson --truth obs.truth.ndjson
  The same with a fire in one room after 20 minutes, told by the end of its identifier:
    twin-scenario observations --rooms rooms.json --fire space:12@20 --out obs.ndjson
  A million claims at 50,000 a second, for a load test:
    twin-scenario observations --rooms rooms.json --rate 50000 --claims 1000000 --out load.ndjson

The room list is a JSON array such as
  [{\"id\": \"urn:a:space:1\", \"kind\": \"space\", \"area_m2\": 20.5, \"usage\": \"office\"},
   {\"id\": \"urn:a:portal:1\", \"kind\": \"portal\", \"between\": [\"urn:a:space:1\"]}]
in which everything but `id` and `kind` may be left out.";

#[derive(Args)]
struct ObservationsArgs {
    /// The rooms and doors to observe, as a JSON array
    #[arg(long, value_name = "FILE")]
    rooms: PathBuf,
    /// Which day: weather, people, sensors and their faults follow from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// For how long, 1 to 44640
    #[arg(long, default_value_t = 60, conflicts_with = "rate")]
    minutes: i64,
    /// The first moment, in UTC
    #[arg(long, value_name = "MOMENT", default_value = "2026-01-05T08:00:00Z")]
    start: String,
    /// A fire: the room (its identifier or the end of it) and the minute after the start
    #[arg(long, value_name = "ROOM@MINUTE")]
    fire: Option<String>,
    /// Share of readings lost because sensors fall silent, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.03)]
    gaps: f64,
    /// Share of claims that arrive twice, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.01)]
    duplicates: f64,
    /// Share of claims that arrive late, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.02)]
    late: f64,
    /// How late at most, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    late_max: i64,
    /// Share of sensors that break during the time, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.05)]
    faults: f64,
    /// An even stream of this many claims a second instead of the sensors' own rates
    #[arg(long, value_name = "N", requires = "claims")]
    rate: Option<u64>,
    /// How many claims the even stream has
    #[arg(long, value_name = "TOTAL", requires = "rate")]
    claims: Option<u64>,
    /// The claims to write, one a line, in order of arrival
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Where to write the true value of every attribute in every minute
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// Where to write what is true about the sensors: bias, noise, faults
    #[arg(long, value_name = "FILE")]
    sensors: Option<PathBuf>,
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
        Command::District(args) => write_district(args),
        Command::Observations(args) => write_observations(args),
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

fn write_district(args: &DistrictArgs) -> anyhow::Result<Summary> {
    let district = District::generate(&district::Options {
        seed: args.seed,
        buildings: args.buildings,
        tower_storeys: args.tower_storeys,
        street_edges: args.street_edges,
        drop_doors: args.drop_doors,
        drop_spaces: args.drop_spaces,
        falsify: args.falsify,
        shift_m: args.shift_m,
        names: !args.no_names,
        ids: !args.no_ids,
        decoys: args.decoys,
        position: if args.template_site {
            district::Position::Template
        } else {
            district::Position::Map
        },
        start_us: time::parse_utc_us(&args.start)?,
        minutes: args.minutes,
    })?;
    let mut bytes = 0;
    for (name, content) in district.files()? {
        let path = args.out.join(name);
        let folder = path.parent().unwrap_or(&args.out);
        fs::create_dir_all(folder)
            .with_context(|| format!("`{}` cannot be made", folder.display()))?;
        bytes += content.len();
        save(&path, &content)?;
    }
    let truth = &district.truth;
    let mut summary = Summary::new();
    summary.insert("out".into(), args.out.display().to_string().into());
    summary.insert("bytes".into(), bytes.into());
    for (name, count) in [
        ("storeys", truth.tower.storeys.len()),
        ("spaces", truth.tower.spaces.len()),
        ("doors", truth.tower.doors.len()),
        ("exits", truth.exits.len()),
        ("city_buildings", district.counts.city_buildings),
        ("map_buildings", district.counts.map_buildings),
        ("street_edges", district.counts.street_edges),
        ("nodes", district.counts.nodes),
        ("ways", district.counts.ways),
        ("points", truth.points.len()),
        ("messages", district.messages.lines().count()),
        ("pairs", truth.identity.pairs.len()),
        ("decoys", truth.identity.decoys.len()),
        ("falsified", truth.falsified.len()),
    ] {
        summary.insert(name.into(), count.into());
    }
    Ok(summary)
}

fn write_observations(args: &ObservationsArgs) -> anyhow::Result<Summary> {
    let json = fs::read_to_string(&args.rooms)
        .with_context(|| format!("`{}` cannot be read", args.rooms.display()))?;
    let rooms = Rooms::parse(&json).with_context(|| format!("`{}`", args.rooms.display()))?;
    let load = match (args.rate, args.claims) {
        (Some(claims_per_s), Some(claims)) => Some(observe::Load {
            claims_per_s,
            claims,
        }),
        _ => None,
    };
    let options = observe::Options {
        seed: args.seed,
        start_us: time::parse_utc_us(&args.start)?,
        minutes: args.minutes,
        fire: args.fire.clone(),
        gaps: args.gaps,
        duplicates: args.duplicates,
        late: args.late,
        late_max_s: args.late_max,
        faults: args.faults,
        load,
    };
    options.check(&rooms)?;
    let mut out = create(&args.out)?;
    let mut truth: Box<dyn io::Write> = match &args.truth {
        Some(path) => Box::new(create(path)?),
        None => Box::new(io::sink()),
    };
    let (written, sensors) = observe::write(&rooms, &options, &mut out, &mut truth)?;
    out.flush()?;
    truth.flush()?;
    if let Some(path) = &args.sensors {
        let mut json = serde_json::to_vec_pretty(&sensors)?;
        json.push(b'\n');
        save(path, &json)?;
    }
    let mut summary = Summary::new();
    summary.insert("out".into(), args.out.display().to_string().into());
    summary.insert("sensors".into(), sensors.len().into());
    summary.insert("claims".into(), written.claims.into());
    summary.insert("duplicates".into(), written.duplicates.into());
    summary.insert("late".into(), written.late.into());
    summary.insert("silenced".into(), written.silenced.into());
    summary.insert("truths".into(), written.truths.into());
    Ok(summary)
}

fn create(path: &Path) -> anyhow::Result<io::BufWriter<fs::File>> {
    let file = fs::File::create(path);
    let file = file.with_context(|| format!("`{}` cannot be written", path.display()))?;
    Ok(io::BufWriter::with_capacity(1 << 20, file))
}

fn save(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    fs::write(path, bytes).with_context(|| format!("`{}` cannot be written", path.display()))
}
