//! The four organisations of the demonstration.
//!
//! They stand in a star: only the tower has an address, the others call it. What each is
//! told stands in [`SHARES`], attribute by attribute, so that it can be read.

use super::district::{self, District, Files, Size};
use crate::broker::Broker;
use crate::federation::{self, Organisation, Share};
use crate::node;
use crate::practice::{self, Practice};
use crate::shell;
use crate::wire::Wire;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

pub(super) const TOWER: &str = "tower";
/// Those who call the tower.
const OTHERS: [&str; 3] = ["brigade", "municipality", "hospital"];

/// What the building is: for those who must find their way in it.
pub(super) const STRUCTURE: [&str; 21] = [
    "type",
    "name",
    "longName",
    "existence",
    "partOf",
    "usage",
    "area",
    "height",
    "elevation",
    "floorElevation",
    "footprint",
    "position",
    "portalKind",
    "connects",
    "span",
    "width",
    "isExternal",
    "fireExit",
    "fireRating",
    "selfClosing",
    "smokeStop",
];
/// How it is now: smoke, warmth, people, doors.
pub(super) const LIVE: [&str; 7] = [
    "smoke",
    "temperature",
    "occupancy",
    "motion",
    "passages",
    "open",
    "passable",
];
/// What the brigade sees on the spot.
pub(super) const SEEN: [&str; 3] = ["smoke", "occupancy", "passable"];
/// The town: streets to come by, land and water, and where buildings stand.
pub(super) const TOWN: [&str; 15] = [
    "type",
    "name",
    "address",
    "outline",
    "course",
    "ends",
    "streetKind",
    "walkable",
    "landUse",
    "sitePosition",
    "planRotation",
    "buildingHeight",
    "storeysAboveGround",
    "storeysBelowGround",
    "leadsTo",
];
/// What the brigade is told of which kinds of things.
pub(super) const TO_BRIGADE: [(&[&str], &[&[&str]]); 2] = [
    (
        &["building", "storey", "space", "portal"],
        &[&STRUCTURE, &LIVE],
    ),
    (&["building", "portal", "street", "area"], &[&TOWN]),
];
/// What there is, and nothing of how it is.
const DIRECTORY: [&str; 3] = ["type", "name", "address"];
const FRAME: [&str; 3] = ["type", "name", "partOf"];

/// Who, of which kinds of things, which groups of attributes.
type Line = (
    &'static str,
    &'static [&'static str],
    &'static [&'static [&'static str]],
);

/// Who is told what by the tower.
const SHARES: [Line; 6] = [
    ("members", &["building"], &[&DIRECTORY]),
    ("brigade", TO_BRIGADE[0].0, TO_BRIGADE[0].1),
    ("brigade", TO_BRIGADE[1].0, TO_BRIGADE[1].1),
    ("municipality", &["building", "storey"], &[&FRAME]),
    (
        "municipality",
        &["space"],
        &[&["type", "partOf", "temperature", "humidity"]],
    ),
    (
        "hospital",
        &["building", "storey", "space"],
        &[&FRAME, &["smoke", "occupancy"]],
    ),
];

/// Which building the tower has.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Building<'a> {
    /// Somebody's own, an IFC file.
    File(&'a Path),
    /// A generated one in its town.
    Tower(Size),
}

/// The tower and those who call it.
#[derive(Debug)]
pub(crate) struct Four {
    pub tower: Practice,
    /// Around a generated building.
    pub district: Option<District>,
    /// The only way to the tower.
    pub wire: Wire,
    pub others: Vec<Organisation>,
    /// Of the others' accounts.
    pub passwords: Vec<String>,
    folder: PathBuf,
    /// Whether it is known that the tower's node has ended.
    is_tower_down: bool,
}

impl Four {
    /// Starts them in an empty folder, joins them and shares.
    pub(crate) fn begin(folder: &Path, building: Building<'_>, release: bool) -> Result<Self> {
        let wire = Wire::new()?;
        let home = folder.join(TOWER);
        let data = home.join(practice::DATA);
        federation::configure(&data, TOWER, Some(&wire))?;
        let (tower, district) = match building {
            Building::File(file) => (Practice::begin(&home, Some(file), release)?, None),
            Building::Tower(size) => {
                let (tower, district) = in_town(&home, size, release)?;
                (tower, Some(district))
            }
        };
        federation::found(&tower.node, TOWER)?;
        federation::lead(&wire, &tower.data)?;
        let mut four = Self {
            tower,
            district,
            wire,
            others: Vec::new(),
            passwords: Vec::new(),
            folder: folder.to_path_buf(),
            is_tower_down: false,
        };
        for name in OTHERS {
            four.add(name)?;
        }
        for (to, kinds, attributes) in SHARES {
            let attributes = attributes.concat();
            let share = Share {
                to,
                kinds,
                attributes: &attributes,
                backfill: true,
            };
            federation::share(&four.tower.node, share)
                .with_context(|| format!("sharing with {to}"))?;
        }
        let seen = Share {
            to: TOWER,
            kinds: &["space", "portal"],
            attributes: &SEEN,
            backfill: false,
        };
        federation::share(four.brigade().node()?, seen)?;
        Ok(four)
    }

    /// Says what there is to see.
    pub(crate) fn tell(&self) -> Result<()> {
        eprintln!("\nimported:  {}", self.tower.imported["done"]["summary"]);
        match &self.district {
            Some(district) => district.tell(&self.tower.node, self.building()?),
            None => Ok(()),
        }
    }

    /// The building of the tower.
    pub(super) fn building(&self) -> Result<&str> {
        let building = self.tower.imported["done"]["building"].as_str();
        building.context("the import names no building")
    }

    fn add(&mut self, name: &str) -> Result<()> {
        let data = self.folder.join(name).join(practice::DATA);
        let other = Organisation::begin(&self.tower.binary, &data, name, false)?;
        federation::join(&self.tower.node, other.node()?)
            .with_context(|| format!("`{name}` joins"))?;
        self.passwords.push(practice::account(other.node()?)?);
        self.others.push(other);
        Ok(())
    }

    pub(super) fn brigade(&self) -> &Organisation {
        &self.others[0]
    }

    fn other(&mut self, name: &str) -> Result<&mut Organisation> {
        let others = self.others.iter_mut();
        others
            .into_iter()
            .find(|other| other.name == name)
            .with_context(|| format!("there is no `{name}`"))
    }

    /// kill -9.
    pub(super) fn kill(&mut self, name: &str) -> Result<()> {
        match name {
            TOWER => {
                self.is_tower_down = true;
                self.tower.node.end()
            }
            _ => self.other(name)?.kill(),
        }
    }

    /// Opens the data of one that was killed, and returns where its page is.
    pub(super) fn start(&mut self, name: &str) -> Result<String> {
        if name != TOWER {
            let other = self.other(name)?;
            other.start()?;
            return Ok(format!("http://{}/", other.node()?.address));
        }
        if !self.tower.node.has_ended()? {
            bail!("the tower is running");
        }
        let (binary, data) = (&self.tower.binary, &self.tower.data);
        self.tower.node = federation::start(binary, data, TOWER, Some(&self.wire))?;
        self.is_tower_down = false;
        Ok(self.tower.url())
    }

    /// Who has ended since it was asked last.
    pub(super) fn ended(&mut self) -> Result<Vec<String>> {
        let mut ended = Vec::new();
        if !self.is_tower_down && self.tower.node.has_ended()? {
            self.is_tower_down = true;
            ended.push(TOWER.to_owned());
        }
        for other in &mut self.others {
            if other.has_ended()? {
                ended.push(other.name.clone());
            }
        }
        Ok(ended)
    }

    /// A vehicle drives from another to the tower with a list of what is there, and back
    /// with what is missing. Returns what was said about it.
    pub(super) fn carry(&mut self, to: &str) -> Result<String> {
        let (list, load) = (
            self.folder.join("vehicle.have"),
            self.folder.join("vehicle"),
        );
        // What was left of an earlier drive would be gone on with.
        let _ = std::fs::remove_file(&load);
        let other = self.other(to)?;
        shell::capture(other.twin().args(["--quiet", "carry", "have"]).arg(&list))?;
        let mut export = self.tower.twin();
        export.args(["--quiet", "carry", "export"]).arg(&load);
        shell::capture(export.arg("--have").arg(&list))?;
        let bytes = std::fs::metadata(&load)?.len();
        let mut import = self.other(to)?.twin();
        let said = shell::capture(import.args(["--json", "carry", "import"]).arg(&load))?;
        Ok(format!("carried {bytes} bytes to {to}: {}", said.trim()))
    }
}

/// A generated tower in its town, the sensors of which speak.
fn in_town(home: &Path, size: Size, release: bool) -> Result<(Practice, District)> {
    // Built first, so that no sensor speaks while a compiler runs.
    node::build(release)?;
    let scenario = practice::scenario(release)?;
    let files = Files::generate(&scenario, home, size)?;
    let broker = Broker::start()?;
    district::subscribe(&home.join(practice::DATA), &broker)?;
    let tower = Practice::begin(home, Some(&files.tower()), release)?;
    let district = District::begin(&files, broker, &tower)?;
    Ok((tower, district))
}
