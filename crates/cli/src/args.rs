//! What can be typed after `twin`: every command, option and example, in one place.
//!
//! `docs/cli.md` is generated from this file; a test keeps the two equal.

mod link;
mod points;

pub(crate) use link::{
    Carry, CarryAction, Disclosures, Find, Link, LinkAction, Org, OrgAction, Peer, PeerAction,
    Same, Share, ShareAction,
};
pub(crate) use points::{Messages, Points};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};
use std::net::SocketAddr;
use std::path::PathBuf;
use twin_model::{Attribute, EntityId, SourceId, Time};

/// Exit codes and variables, shown below `twin --help`.
const CLOSING: &str = "\
Exit codes:
  0    done
  1    refused or failed; the reason is on standard error with its code
  2    the command line is wrong
  3    the node cannot be reached or opened: not running, locked, port in use, no data
  130  stopped by Ctrl-C

Answers go to standard output, everything else to standard error. Where a node runs in the data
directory it is asked; where none runs, the command opens the directory itself for its own time.

TWIN_LOG chooses what is logged, for example `info,twin_node=debug`; NO_COLOR switches colour off.";

/// Live twins of buildings that say how sure they are.
#[derive(Debug, Parser)]
#[command(name = "twin", version, after_help = CLOSING, propagate_version = true)]
#[command(disable_help_subcommand = true, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Data directory of the node [default: `./twin-data`]
    #[arg(long, global = true, env = "TWIN_DATA_DIR", value_name = "DIR")]
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) data: Option<PathBuf>,
    /// Ask the node at this address instead of the one in the data directory
    #[arg(long, global = true, env = "TWIN_URL", value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) url: Option<String>,
    /// API token for `--url`; better set in the environment, where other users cannot read it
    #[arg(
        long,
        global = true,
        env = "TWIN_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    pub(crate) token: Option<String>,
    /// Configuration file (`twin config default` prints one with comments)
    #[arg(long, global = true, env = "TWIN_CONFIG", value_name = "FILE")]
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// Answer in JSON: one object, for lists one object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say nothing but answers and errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say more; twice for debugging
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// Form of the log on standard error
    #[arg(long, global = true, value_enum, default_value_t = LogForm::Text, value_name = "FORM")]
    pub(crate) log: LogForm,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogForm {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// Which command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a node: its page, its interface, its memory
    Serve(Serve),
    /// Read building files into the node
    Import(Import),
    /// List what was imported
    Imports(Imports),
    /// Take an import back: what was believed before is believed again
    UndoImport(UndoImport),
    /// State something about a twin, or a file full of statements
    Claim(Box<Claim>),
    /// Play a recorded file of claims at the pace at which they once arrived
    Replay(Replay),
    /// Show an estimate and the claims it stands on
    Why(Why),
    /// Show what was the case at some time, or what was believed then
    AsOf(AsOf),
    /// Show what would be believed if something were so; nothing is recorded
    WhatIf(Box<WhatIf>),
    /// Show one twin with all its attributes
    Show(Show),
    /// List spaces and portals
    Rooms(Rooms),
    /// Find ways from a space to another or out
    Route(Route),
    /// List what was wrong with imported files
    Findings(Findings),
    /// Show how sources do: which are stuck, drifting, noisy or silent
    Health(Health),
    /// Show whether estimates hold what they promise
    Calibration(Calibration),
    /// Set a source aside, so that it counts for nothing, or release it
    Quarantine(Quarantine),
    /// List what sensors say under names of their own, and map it to rooms
    Points(Points),
    /// Send in messages of sensors
    Messages(Messages),
    /// Find twins by name, address or place, also those of other organisations
    Find(Find),
    /// Say that two twins are one and the same thing, or that they are not
    Same(Same),
    /// The organisation of this node
    Org(Org),
    /// Other organisations: invite, join, list, remove
    Peer(Peer),
    /// What goes to other organisations
    Share(Share),
    /// Show what has gone to other organisations
    Disclosures(Disclosures),
    /// Carry bundles in files where no link leads
    Carry(Carry),
    /// The links with other organisations
    Link(Link),
    /// Show how the node is
    Status(Status),
    /// Check the data directory, the configuration, the port and the clock
    Doctor(Doctor),
    /// Copy the running node's data into a directory
    Backup(Backup),
    /// Make a data directory from a backup, every byte verified
    Restore(Restore),
    /// Erase all claims about a twin; that it was erased stays on record
    Erase(Erase),
    /// API tokens of sensors and programs
    Token(Token),
    /// Accounts of people
    Account(Account),
    /// Configuration
    Config(Config),
    /// Print the completion script of a shell
    Completions(Completions),
    /// Explain an error code
    Errors(Errors),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin serve office.ifc
  twin serve --data /var/lib/twin --listen 127.0.0.1:8040
  twin serve office.ifc --open")]
pub(crate) struct Serve {
    /// Building files to read once the node runs
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
    /// Address to listen on; port 0 takes any free one [default: from the configuration]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Open the page in the browser
    #[arg(long)]
    pub(crate) open: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
A newer state of a known building updates it and says what changed. Ctrl-C cancels; nothing of the
file then remains.

Examples:
  twin import office.ifc
  twin import /mnt/bim/export.ifc --name office-2026-03.ifc
  twin import tower.ifc annex.ifc --json")]
pub(crate) struct Import {
    /// Files to read
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
    /// Name under which it is listed [default: name of the file]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin imports
  twin imports --json")]
pub(crate) struct Imports {}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin undo-import 12")]
pub(crate) struct UndoImport {
    /// Number of the import, as `twin imports` lists it
    pub(crate) batch: u64,
}

#[derive(Debug, Args)]
#[command(after_help = "\
VALUE is true, false, a number, a text, or JSON such as {\"entity\":\"urn:…\"}; the catalogue says
which form an attribute has. A file holds one claim a line in the form of docs/formats/http-api.md.

Examples:
  twin claim urn:twin:b1:space:3 temperature 21.4 --unit Cel --sd 0.3
  twin claim urn:twin:b1:portal:7 open false --probability 0.9 --observed 2026-01-05T08:03:12Z
  twin claim urn:twin:b1:portal:7 fireRating --unknown 'label painted over'
  twin claim urn:twin:b1:space:3 smoke --retract
  twin claim --file readings.ndjson
  gateway | twin claim --file -")]
pub(crate) struct Claim {
    /// The twin it is about
    #[arg(required_unless_present = "file", value_parser = parse_entity)]
    pub(crate) entity: Option<EntityId>,
    /// Which of its attributes
    #[arg(required_unless_present = "file", value_parser = parse_attribute)]
    pub(crate) attribute: Option<Attribute>,
    /// What is said
    #[arg(allow_hyphen_values = true)]
    #[arg(required_unless_present_any = ["file", "absent", "not_applicable", "unknown", "retract"])]
    #[arg(conflicts_with_all = ["absent", "not_applicable", "unknown", "retract"])]
    pub(crate) value: Option<String>,
    /// Known not to be there
    #[arg(long, conflicts_with_all = ["not_applicable", "unknown", "retract"])]
    pub(crate) absent: bool,
    /// Makes no sense for this twin
    #[arg(long, conflicts_with_all = ["unknown", "retract"])]
    pub(crate) not_applicable: bool,
    /// Not known, and why
    #[arg(long, value_name = "REASON", conflicts_with = "retract")]
    pub(crate) unknown: Option<String>,
    /// Take back what the same source said before
    #[arg(long)]
    pub(crate) retract: bool,
    /// Unit of the value (UCUM), for example Cel, [ppm], m, %
    #[arg(long, conflicts_with_all = ["absent", "not_applicable", "unknown", "retract", "file"])]
    pub(crate) unit: Option<String>,
    /// Standard deviation, in the same unit
    #[arg(long, conflicts_with = "probability")]
    #[arg(conflicts_with_all = ["absent", "not_applicable", "unknown", "retract", "file"])]
    pub(crate) sd: Option<f64>,
    /// Probability that the statement is true, 0 to 1
    #[arg(long, conflicts_with_all = ["absent", "not_applicable", "unknown", "retract", "file"])]
    pub(crate) probability: Option<f64>,
    /// When it was seen (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) observed: Option<Time>,
    /// When it begins to hold
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) valid_from: Option<Time>,
    /// When it ceases to hold
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) valid_until: Option<Time>,
    /// In whose name [default: your own]
    #[arg(long, value_name = "URI", value_parser = parse_source)]
    pub(crate) source: Option<SourceId>,
    /// How it was obtained
    #[arg(long, value_name = "TEXT")]
    pub(crate) procedure: Option<String>,
    /// Read claims from a file, one JSON object a line; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with_all = ["entity", "attribute", "value", "absent", "not_applicable",
        "unknown", "retract", "observed", "valid_from", "valid_until", "source", "procedure"])]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Every line needs the field `arrives`; its distances set the pace. With `--as-live` the times in the
claims are moved so that the file begins now, and pressed together by `--speed`.

Examples:
  twin replay observations.ndjson
  twin replay observations.ndjson --speed 60 --as-live
  twin replay observations.ndjson --speed max")]
pub(crate) struct Replay {
    /// File of claims, one JSON object a line
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// How many times faster than it happened, or `max`
    #[arg(long, default_value = "1", value_name = "N", value_parser = parse_speed)]
    pub(crate) speed: Speed,
    /// Move all times so that the file begins now
    #[arg(long)]
    pub(crate) as_live: bool,
}

/// How fast to replay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Speed {
    /// So many times faster than it happened.
    Times(f64),
    /// Without waiting.
    Max,
}

/// The two times of a question.
#[derive(Debug, Args)]
pub(crate) struct Times {
    /// About when (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) at: Option<Time>,
    /// With what was known when (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) known_at: Option<Time>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin why urn:twin:b1:space:3 temperature
  twin why urn:twin:b1:portal:7 isExternal --json
  twin why urn:twin:b1:space:3 smoke --at 2026-01-05T08:10:00Z --known-at 2026-01-05T08:10:00Z")]
pub(crate) struct Why {
    /// The twin
    #[arg(value_parser = parse_entity)]
    pub(crate) entity: EntityId,
    /// Which of its attributes
    #[arg(value_parser = parse_attribute)]
    pub(crate) attribute: Attribute,
    #[command(flatten)]
    pub(crate) times: Times,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin as-of urn:twin:b1:space:3 temperature --at 2026-01-05T08:00:00Z
  twin as-of urn:twin:b1:space:3 smoke --at 2026-01-05T08:10:00Z --known-at 2026-01-05T08:11:00Z")]
pub(crate) struct AsOf {
    /// The twin
    #[arg(value_parser = parse_entity)]
    pub(crate) entity: EntityId,
    /// Which of its attributes
    #[arg(value_parser = parse_attribute)]
    pub(crate) attribute: Attribute,
    /// About when (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) at: Time,
    /// With what was known when (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) known_at: Option<Time>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
What is supposed is said as with `twin claim`; nothing is recorded. Without --ask everything that it
changes is shown.

Examples:
  twin what-if urn:twin:b1:portal:7 open true
  twin what-if urn:twin:b1:space:3 temperature 60 --ask urn:twin:b1:space:4 --about temperature
  twin what-if --file supposed.ndjson --at 2026-01-05T09:00:00Z --json")]
pub(crate) struct WhatIf {
    #[command(flatten)]
    pub(crate) claim: Claim,
    /// The twin asked about
    #[arg(long, value_name = "URI", value_parser = parse_entity, requires = "about")]
    pub(crate) ask: Option<EntityId>,
    /// Which of its attributes
    #[arg(long, value_name = "NAME", value_parser = parse_attribute, requires = "ask")]
    pub(crate) about: Option<Attribute>,
    /// About when (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) at: Option<Time>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin health
  twin health --state doubtful
  twin health --entity urn:twin:b1:space:3 --json")]
pub(crate) struct Health {
    /// Only of this twin
    #[arg(long, value_name = "URI", value_parser = parse_entity)]
    pub(crate) entity: Option<EntityId>,
    /// Only of this attribute
    #[arg(long, value_name = "NAME", value_parser = parse_attribute)]
    pub(crate) attribute: Option<Attribute>,
    /// Only in this state; `doubtful` is all but `ok`
    #[arg(long, value_parser = ["ok", "stuck", "drifting", "noisy", "silent", "doubtful"])]
    pub(crate) state: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin calibration
  twin calibration --sources
  twin calibration --json")]
pub(crate) struct Calibration {
    /// Also by source
    #[arg(long)]
    pub(crate) sources: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
What a source says while it is set aside is recorded. Estimates are worked out afresh as if it had
never been heard; `twin status` says how far that has got.

Examples:
  twin quarantine
  twin quarantine urn:twin:source:t12 --reason 'reads 3 K too much since the works'
  twin quarantine urn:twin:source:t12 --release")]
pub(crate) struct Quarantine {
    /// The source; without it those that were set aside are listed
    #[arg(value_parser = parse_source, requires = "deed")]
    pub(crate) source: Option<SourceId>,
    /// Why it is set aside; stays on record
    #[arg(long, group = "deed", requires = "source")]
    pub(crate) reason: Option<String>,
    /// Let it be heard again
    #[arg(long, group = "deed", requires = "source")]
    pub(crate) release: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin show urn:twin:b1:space:3
  twin show urn:twin:b1:space:3 --json")]
pub(crate) struct Show {
    /// The twin
    #[arg(value_parser = parse_entity)]
    pub(crate) entity: EntityId,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin rooms
  twin rooms --building urn:twin:b1 --json
  twin rooms --array > rooms.json")]
pub(crate) struct Rooms {
    /// Only of this building
    #[arg(long, value_name = "URI", value_parser = parse_entity)]
    pub(crate) building: Option<EntityId>,
    /// As one JSON array, in the form that `twin-scenario observations` reads
    #[arg(long, conflicts_with = "json")]
    pub(crate) array: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin route urn:twin:b1:space:3
  twin route urn:twin:b1:space:3 urn:twin:b1:space:9 --avoid urn:twin:b1:space:5
  twin route urn:twin:b1:space:3 exit --unknown --json
  twin route urn:twin:b1:space:3 street --unknown
  twin route 52.0116,4.3571 urn:twin:b1:space:3 --unknown")]
pub(crate) struct Route {
    /// The space or street to start from, `LATITUDE,LONGITUDE`, or `street` for any street that
    /// the building at the other end leads to
    #[arg(value_parser = parse_route_end, allow_hyphen_values = true)]
    pub(crate) from: String,
    /// The same, or `exit` for outside by the nearest exit
    #[arg(default_value = "exit", value_parser = parse_route_end, allow_hyphen_values = true)]
    pub(crate) to: String,
    /// Spaces and portals not to use, separated by commas
    #[arg(long, value_name = "URI", value_delimiter = ',', value_parser = parse_entity)]
    pub(crate) avoid: Vec<EntityId>,
    /// Also go through what is not known to be passable
    #[arg(long)]
    pub(crate) unknown: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin findings
  twin findings --severity warning --code IFC-021
  twin findings --building urn:twin:b1 --json")]
pub(crate) struct Findings {
    /// Only of this building
    #[arg(long, value_name = "URI", value_parser = parse_entity)]
    pub(crate) building: Option<EntityId>,
    /// Only this code, for example IFC-021
    #[arg(long)]
    pub(crate) code: Option<String>,
    /// Only of this severity
    #[arg(long, value_parser = ["error", "warning", "note"])]
    pub(crate) severity: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin status
  twin status --json")]
pub(crate) struct Status {}

#[derive(Debug, Args)]
#[command(after_help = "\
Ends with exit code 1 if anything is wrong.

Examples:
  twin doctor
  twin doctor --data /var/lib/twin --json")]
pub(crate) struct Doctor {}

#[derive(Debug, Args)]
#[command(after_help = "\
The directory is on the machine of the node.

Examples:
  twin backup /mnt/backup/2026-01-05")]
pub(crate) struct Backup {
    /// Directory to write to; must be empty or not exist
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) directory: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin restore /mnt/backup/2026-01-05 twin-data")]
pub(crate) struct Restore {
    /// The backup
    #[arg(value_name = "BACKUP", value_hint = ValueHint::DirPath)]
    pub(crate) backup: PathBuf,
    /// The data directory to make; must be empty or not exist
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) directory: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin erase urn:twin:b1:space:3 --reason 'request of the tenant, 2026-01-05'")]
pub(crate) struct Erase {
    /// The twin whose claims are erased
    #[arg(value_parser = parse_entity)]
    pub(crate) entity: EntityId,
    /// Why; stays on record
    #[arg(long)]
    pub(crate) reason: String,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin token add --source urn:twin:source:gateway-1 --label 'gateway in the basement'
  twin token list
  twin token remove 3")]
pub(crate) struct Token {
    #[command(subcommand)]
    pub(crate) action: TokenAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenAction {
    /// Make a token; its secret is printed once
    #[command(after_help = "\
Examples:
  twin token add --source urn:twin:source:gateway-1 --label 'gateway in the basement'
  twin token add --role viewer --label 'wall display'")]
    Add {
        /// The source in whose name claims may be made
        #[arg(long, value_name = "URI", value_parser = parse_source)]
        #[arg(required_unless_present = "role", required_if_eq("role", "source"))]
        source: Option<SourceId>,
        /// Role of whoever holds the token [default: source]
        #[arg(long, value_parser = ROLES)]
        role: Option<String>,
        /// What it is for
        #[arg(long)]
        label: String,
    },
    /// List the tokens, without their secrets
    #[command(after_help = "\
Examples:
  twin token list --json")]
    List,
    /// Make a token invalid at once
    #[command(after_help = "\
Examples:
  twin token remove 3")]
    Remove {
        /// Id of the token, as listed
        id: String,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin account add ada --role steward
  twin account list")]
pub(crate) struct Account {
    #[command(subcommand)]
    pub(crate) action: AccountAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountAction {
    /// Make an account; the password is asked for, or read from standard input
    #[command(after_help = "\
Examples:
  twin account add ada --role steward
  pass show twin/ada | twin account add ada --role steward")]
    Add {
        /// Name to log in with
        name: String,
        /// What the person may do
        #[arg(long, default_value = "viewer", value_parser = ROLES)]
        role: String,
    },
    /// List the accounts
    #[command(after_help = "\
Examples:
  twin account list --json")]
    List,
    /// Remove an account; its sessions end at once
    #[command(after_help = "\
Examples:
  twin account remove ada")]
    Remove {
        /// Name of the account
        name: String,
    },
}

const ROLES: [&str; 5] = ["owner", "steward", "responder", "viewer", "source"];

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin config default > twin.toml
  twin config check --config twin.toml")]
pub(crate) struct Config {
    #[command(subcommand)]
    pub(crate) action: ConfigAction,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum ConfigAction {
    /// Print the settings in force
    #[command(after_help = "\
Examples:
  twin config show --config twin.toml --json")]
    Show,
    /// Check a configuration file and explain what is wrong with it
    #[command(after_help = "\
Examples:
  twin config check --config twin.toml")]
    Check,
    /// Print the default configuration with comments
    #[command(after_help = "\
Examples:
  twin config default > twin.toml")]
    Default,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin completions bash > ~/.local/share/bash-completion/completions/twin
  twin completions zsh > ~/.zfunc/_twin
  twin completions fish > ~/.config/fish/completions/twin.fish")]
pub(crate) struct Completions {
    /// Which shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin errors CLI-002
  twin errors --json")]
pub(crate) struct Errors {
    /// The code; without it all codes are listed
    pub(crate) code: Option<String>,
}

fn parse_entity(text: &str) -> Result<EntityId, String> {
    EntityId::new(text).map_err(|error| error.to_string())
}

fn parse_source(text: &str) -> Result<SourceId, String> {
    SourceId::new(text).map_err(|error| error.to_string())
}

fn parse_attribute(text: &str) -> Result<Attribute, String> {
    Attribute::new(text).map_err(|error| error.to_string())
}

fn parse_time(text: &str) -> Result<Time, String> {
    Time::parse(text)
        .ok_or_else(|| "expected RFC 3339, for example 2026-01-05T08:03:12Z".to_owned())
}

fn parse_route_end(text: &str) -> Result<String, String> {
    let is_place = || {
        let place = text.split_once(',');
        place.is_some_and(|(a, b)| {
            a.trim().parse::<f64>().is_ok() && b.trim().parse::<f64>().is_ok()
        })
    };
    if matches!(text, "exit" | "street") || is_place() {
        return Ok(text.to_owned());
    }
    parse_entity(text).map(|id| id.to_string())
}

fn parse_speed(text: &str) -> Result<Speed, String> {
    match text.parse::<f64>() {
        _ if text == "max" => Ok(Speed::Max),
        Ok(times) if times.is_finite() && times > 0.0 => Ok(Speed::Times(times)),
        _ => Err("expected a number above 0, or `max`".to_owned()),
    }
}
