//! What can be typed about other organisations: founding, joining, sharing, carrying.

use super::{parse_attribute, parse_entity};
use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;
use twin_model::{Attribute, EntityId};

const KINDS: [&str; 8] = [
    "building", "storey", "space", "portal", "sensor", "street", "area", "thing",
];

#[derive(Debug, Args)]
#[command(after_help = "\
Words may be cut short or have one letter wrong. What other organisations announce is found too, also
while they cannot be reached.

Examples:
  twin find town hall
  twin find --near 52.3702,4.8952,500 --kind building
  twin find 'Dam 1' --json")]
pub(crate) struct Find {
    /// Words of a name or an address
    #[arg(required_unless_present = "near")]
    pub(crate) text: Vec<String>,
    /// Only within so many metres of a place in degrees (WGS 84)
    #[arg(long, value_name = "LAT,LON,RADIUS", allow_hyphen_values = true)]
    #[arg(value_parser = parse_near)]
    pub(crate) near: Option<String>,
    /// Only of this kind
    #[arg(long, value_parser = KINDS)]
    pub(crate) kind: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
It is recorded as a claim of yours: others may dispute it, and rules for kind `thing` and attribute
`identifies` tell it to other organisations.

Examples:
  twin same urn:twin:brigade:tower urn:twin:owner:b1 --reason 'seen from the street'
  twin same urn:a urn:b --probability 0.7 --reason 'same address'
  twin same urn:a urn:b --not --reason 'they stand beside each other'")]
pub(crate) struct Same {
    /// One twin
    #[arg(value_name = "URI", value_parser = parse_entity)]
    pub(crate) one: EntityId,
    /// The other
    #[arg(value_name = "OTHER", value_parser = parse_entity)]
    pub(crate) other: EntityId,
    /// How probable it is that they are one
    #[arg(long, value_name = "P", default_value_t = 0.95)]
    pub(crate) probability: f64,
    /// They are not
    #[arg(long, conflicts_with = "probability")]
    pub(crate) not: bool,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin org init --title 'Fire brigade' --address wss://fire.example:8351
  twin org show")]
pub(crate) struct Org {
    #[command(subcommand)]
    pub(crate) action: OrgAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OrgAction {
    /// Found the organisation of this node, once; its keys are made and stay here
    #[command(after_help = "\
Its short name is `organisation` in the configuration.

Examples:
  twin org init --title 'Fire brigade'
  twin org init --title 'Tower' --address wss://tower.example:8351 --address wss://192.0.2.7:8351")]
    Init {
        /// What it is called, for people
        #[arg(long)]
        title: String,
        /// Where others find this node, wss://HOST:PORT [default: from the configuration]
        #[arg(long = "address", value_name = "ADDRESS", value_hint = ValueHint::Url)]
        addresses: Vec<String>,
    },
    /// Give this node new keys; what was agreed and told stays
    #[command(after_help = "\
Everyone who was invited learns of it over the link or by a bundle file. With `--stolen` nothing that
comes under the old keys is believed from then on, whoever sends it.

Examples:
  twin org keys
  twin org keys --stolen")]
    Keys {
        /// Somebody else has the old ones
        #[arg(long)]
        stolen: bool,
    },
    /// Show who this node is to others
    #[command(after_help = "\
Examples:
  twin org show
  twin org show --json")]
    Show,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin peer invite --note 'for the tower'
  twin peer join CODE
  twin peer list
  twin peer remove tower")]
pub(crate) struct Peer {
    #[command(subcommand)]
    pub(crate) action: PeerAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PeerAction {
    /// Make a code with which one other organisation can join within a day
    #[command(after_help = "\
Give the code to them alone, and read the fingerprint to each other over the telephone.

Examples:
  twin peer invite --note 'for the tower'
  twin peer invite --json")]
    Invite {
        /// For whom it is meant
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
    },
    /// Join the organisation that gave the code
    #[command(after_help = "\
Who gave the code is shown first. Compare the fingerprint with what they read to you.

Examples:
  twin peer join CODE
  twin peer join CODE --fingerprint '01234 56789 01234 56789 01234 56789'
  twin peer join CODE --yes")]
    Join {
        /// The code
        code: String,
        /// Join only if whoever gave the code has this fingerprint
        #[arg(long, value_name = "DIGITS")]
        fingerprint: Option<String>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// List who belongs, and how things stand with each
    #[command(after_help = "\
Examples:
  twin peer list
  twin peer list --json")]
    List,
    /// List the invitations that were made, without their codes
    #[command(after_help = "\
Examples:
  twin peer invitations")]
    Invitations,
    /// End the membership of a peer: nothing more goes to it or is taken from it
    #[command(after_help = "\
Examples:
  twin peer remove tower")]
    Remove {
        /// Its short name or its id
        member: String,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Nothing leaves that no rule here lets out.

Examples:
  twin share list
  twin share add brigade --attribute smoke --kind space
  twin share add members --kind building
  twin share end 3")]
pub(crate) struct Share {
    #[command(subcommand)]
    pub(crate) action: ShareAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ShareAction {
    /// List what goes to whom
    #[command(after_help = "\
Examples:
  twin share list
  twin share list --all --json")]
    List {
        /// Also what has ended
        #[arg(long)]
        all: bool,
    },
    /// Begin to share with a member, or announce to all that something exists
    #[command(after_help = "\
To `members` only goes that a thing exists: what it is, its name, its address and place.

Examples:
  twin share add brigade --kind space --attribute smoke --attribute occupancy
  twin share add brigade --area urn:twin:b1 --backfill --summaries
  twin share add members --kind building")]
    Add {
        /// A member's short name or id, or `members`
        to: String,
        /// Only of things of this kind; may be repeated
        #[arg(long = "kind", value_name = "KIND", value_parser = KINDS)]
        kinds: Vec<String>,
        /// Only this attribute; may be repeated [default: what is neither sensitive nor personal]
        #[arg(long = "attribute", value_name = "NAME", value_parser = parse_attribute)]
        attributes: Vec<Attribute>,
        /// Only of what is in this building, storey or space
        #[arg(long, value_name = "URI", value_parser = parse_entity)]
        area: Option<EntityId>,
        /// Also what was said before
        #[arg(long)]
        backfill: bool,
        /// While a link is narrow, a summary of each storey goes first
        #[arg(long)]
        summaries: bool,
    },
    /// End sharing; what has left has left
    #[command(after_help = "\
Examples:
  twin share end 3")]
    End {
        /// Number of the rule, as listed
        id: u64,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Each line is what one rule let out in an hour. It was on record before it left.

Examples:
  twin disclosures
  twin disclosures --to brigade --json")]
pub(crate) struct Disclosures {
    /// Only to this member, or `members`
    #[arg(long, value_name = "MEMBER")]
    pub(crate) to: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin carry export /mnt/stick/bundles.twin
  twin carry import /mnt/stick/bundles.twin")]
pub(crate) struct Carry {
    #[command(subcommand)]
    pub(crate) action: CarryAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CarryAction {
    /// Write what others lack into a file; nobody can read it on the way
    #[command(after_help = "\
A file that is there is gone on with: what it holds already is not written again, and what was cut
is cut off first.

Examples:
  twin carry export /mnt/stick/bundles.twin
  twin carry export /mnt/stick/bundles.twin --of tower,brigade
  twin carry export /mnt/stick/bundles.twin --have /mnt/stick/brigade.have")]
    Export {
        /// The file
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Only what this node and these members wrote, by name or id, separated by commas
        #[arg(long = "of", value_name = "MEMBER", value_delimiter = ',')]
        members: Vec<String>,
        /// What the other side has, as its `twin carry have` wrote it
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        have: Option<PathBuf>,
    },
    /// Take in what is whole in a file
    #[command(after_help = "\
A file that was cut or damaged is taken as far as it is whole, which is said; the same file can be
taken again at any time.

Examples:
  twin carry import /mnt/stick/bundles.twin")]
    Import {
        /// The file
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Write what is here, so that others carry only the rest
    #[command(after_help = "\
Examples:
  twin carry have /mnt/stick/brigade.have")]
    Have {
        /// The file; written anew
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  twin link notices
  twin link notices --json")]
pub(crate) struct Link {
    #[command(subcommand)]
    pub(crate) action: LinkAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LinkAction {
    /// List what the link has to tell, newest first
    #[command(after_help = "\
`twin errors CODE` explains each.

Examples:
  twin link notices
  twin link notices --json")]
    Notices,
}

/// Three numbers; whether they are a place the node says.
fn parse_near(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let are_numbers = parts
        .iter()
        .all(|part| part.parse::<f64>().is_ok_and(f64::is_finite));
    if parts.len() == 3 && are_numbers {
        return Ok(parts.join(","));
    }
    Err("expected latitude, longitude and metres, for example 52.3702,4.8952,500".to_owned())
}
