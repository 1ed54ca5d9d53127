//! Configuration: one TOML file, every option with a default that is safe.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use twin_exchange::card::ADDRESSES_MAX;
use twin_link::limits::{FRAME_BYTES_MAX, FRAME_BYTES_MIN};
use twin_model::Time;
use twin_model::catalogue::Retention as Class;

/// The commented default, as `twin config default` prints it.
pub const DEFAULT_TOML: &str = include_str!("../../../twin.toml");

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("the configuration `{path}` cannot be read: {cause}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The file is not TOML, or an option is unknown or has the wrong form.
    #[error("the configuration `{path}` is not right: {cause}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Line, column and what was expected.
        cause: Box<toml::de::Error>,
    },
    /// An option has a value that makes no sense.
    #[error("`{option}` is `{value}`, but {rule}")]
    OutOfRange {
        /// Which option.
        option: &'static str,
        /// What it is set to.
        value: String,
        /// What it must be.
        rule: &'static str,
    },
}

/// Everything that can be configured.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the node keeps everything. Since 0.1.
    pub data_dir: PathBuf,
    /// Short name of the organisation; part of the URIs of the twins it mints. Since 0.1.
    pub organisation: String,
    /// Address of the page and the API. Since 0.1.
    pub listen: SocketAddr,
    /// Most bytes the data directory may take. Since 0.1.
    pub disk_budget_bytes: u64,
    /// Most bytes the current state may take in memory. Since 0.1.
    pub memory_budget_bytes: u64,
    /// Largest file that an import takes. Since 0.1.
    pub import_bytes_max: u64,
    /// After how many new claims the state is written to disk afresh. Since 0.1.
    pub snapshot_claims: u64,
    /// How long claims are kept. Since 0.1.
    pub retention: Retention,
    /// How long a log-in lasts without use, in seconds. Since 0.1.
    pub session_idle_s: u64,
    /// Links with other organisations' nodes. Since 0.1.
    pub link: Link,
    /// Brokers whose messages are taken; whoever speaks with them reads these sections. Since 0.1.
    pub mqtt: Vec<toml::Table>,
}

/// How other organisations' nodes are reached, and reach this one.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Link {
    /// Where other nodes are let in; nowhere if left out.
    pub listen: Option<SocketAddr>,
    /// Where other nodes find this one, `wss://host:port`; they are told.
    pub addresses: Vec<String>,
    /// Most bytes of others' bundles that are carried on.
    pub carried_bytes_max: u64,
    /// What may be sent over narrow links, by the name of the organisation at the other end.
    pub budgets: BTreeMap<String, Budget>,
}

/// What a link to one organisation may be asked to carry.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Bytes per second; 1200 is a radio of 9.6 kbit/s.
    pub bytes_per_s: f64,
    /// Longest frame; on slow links short ones keep alarms from waiting.
    #[serde(default = "narrow_frame_bytes")]
    pub frame_bytes: usize,
}

const fn narrow_frame_bytes() -> usize {
    256
}

impl Default for Link {
    fn default() -> Self {
        Self {
            listen: None,
            addresses: Vec::new(),
            carried_bytes_max: GIB,
            budgets: BTreeMap::new(),
        }
    }
}

/// Days that claims of each class are kept; 0 keeps them for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// What the building is.
    pub structure_days: u32,
    /// Measurements.
    pub telemetry_days: u32,
    /// What tells about people.
    pub personal_days: u32,
}

impl Retention {
    /// What was observed before this is no longer kept; `None` where it is kept for ever.
    pub(crate) fn cutoff(&self, class: Class, now: Time) -> Option<Time> {
        let days = match class {
            Class::Structure => self.structure_days,
            Class::Telemetry => self.telemetry_days,
            Class::Personal => self.personal_days,
        };
        (days > 0).then(|| now.plus_seconds(-f64::from(days) * DAY_S))
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            structure_days: 0,
            telemetry_days: 730,
            personal_days: 30,
        }
    }
}

const DAY_S: f64 = 86_400.0;
const GIB: u64 = 1 << 30;
/// A slower link carries one alarm in half a minute.
const BYTES_PER_S_MIN: f64 = 10.0;

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("twin-data"),
            organisation: "local".to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8350)),
            disk_budget_bytes: 50 * GIB,
            memory_budget_bytes: 4 * GIB,
            import_bytes_max: 2 * GIB,
            snapshot_claims: 500_000,
            retention: Retention::default(),
            session_idle_s: 12 * 3600,
            link: Link::default(),
            mqtt: Vec::new(),
        }
    }
}

impl Config {
    /// Reads a file; options that are not in it keep their defaults.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|cause| Error::Unreadable {
            path: path.to_owned(),
            cause,
        })?;
        let config: Self = toml::from_str(&text).map_err(|cause| Error::Malformed {
            path: path.to_owned(),
            cause: Box::new(cause),
        })?;
        config.check()?;
        Ok(config)
    }

    /// Checks what the types cannot.
    pub fn check(&self) -> Result<(), Error> {
        let out_of_range = |option, value: String, rule| {
            Err(Error::OutOfRange {
                option,
                value,
                rule,
            })
        };
        let name_ok = !self.organisation.is_empty()
            && self.organisation.len() <= 63
            && self
                .organisation
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !name_ok {
            let rule = "it must be 1 to 63 lower-case letters, digits or hyphens";
            return out_of_range("organisation", self.organisation.clone(), rule);
        }
        if self.disk_budget_bytes < 64 << 20 {
            let rule = "less than 64 MiB holds no log and its snapshot";
            return out_of_range(
                "disk_budget_bytes",
                self.disk_budget_bytes.to_string(),
                rule,
            );
        }
        if self.memory_budget_bytes < 16 << 20 {
            let rule = "less than 16 MiB holds no building";
            return out_of_range(
                "memory_budget_bytes",
                self.memory_budget_bytes.to_string(),
                rule,
            );
        }
        if self.snapshot_claims < 1000 {
            let rule = "fewer than 1000 would write the state all the time";
            return out_of_range("snapshot_claims", self.snapshot_claims.to_string(), rule);
        }
        self.link.check()
    }
}

/// Whether it is an address at which a node can be found.
pub(crate) fn is_address(text: &str) -> bool {
    let place = text.strip_prefix("wss://");
    place.is_some_and(|place| place.contains(':') && !place.contains('/'))
}

impl Link {
    fn check(&self) -> Result<(), Error> {
        let out_of_range = |option, value: String, rule| {
            Err(Error::OutOfRange {
                option,
                value,
                rule,
            })
        };
        if let Some(bad) = self.addresses.iter().find(|a| !is_address(a)) {
            let rule = "an address is `wss://host:port`";
            return out_of_range("link.addresses", bad.clone(), rule);
        }
        if self.addresses.len() > ADDRESSES_MAX {
            let rule = "at most 4 are told to others";
            return out_of_range("link.addresses", self.addresses.len().to_string(), rule);
        }
        let frames = FRAME_BYTES_MIN..=FRAME_BYTES_MAX;
        for (name, budget) in &self.budgets {
            if budget.bytes_per_s.is_nan() || budget.bytes_per_s < BYTES_PER_S_MIN {
                let rule = "below 10 bytes per second no alarm gets through in time";
                let value = format!("{} for {name}", budget.bytes_per_s);
                return out_of_range("link.budgets.bytes_per_s", value, rule);
            }
            if !frames.contains(&budget.frame_bytes) {
                let rule = "a frame has 200 to 16384 bytes";
                let value = format!("{} for {name}", budget.frame_bytes);
                return out_of_range("link.budgets.frame_bytes", value, rule);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_default_is_the_default() {
        assert_eq!(
            toml::from_str::<Config>(DEFAULT_TOML).unwrap(),
            Config::default()
        );
    }

    #[test]
    fn mistakes_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("twin.toml");
        for (text, expected) in [
            ("lissten = '127.0.0.1:1'", "lissten"),
            ("listen = 'everywhere'", "listen"),
            ("organisation = 'Big Co'", "lower-case"),
            ("disk_budget_bytes = 1", "64 MiB"),
            ("[retention]\nhealth_days = 3", "health_days"),
            ("[link]\naddresses = ['http://a:1']", "wss://host:port"),
            ("[link]\naddresses = ['wss://a']", "wss://host:port"),
            ("[link.budgets.a]\nbytes_per_s = 1", "10 bytes"),
            ("[link.budgets.a]\nbytes_per_s = nan", "10 bytes"),
            (
                "[link.budgets.a]\nbytes_per_s = 1200\nframe_bytes = 20",
                "200 to 16384",
            ),
        ] {
            std::fs::write(&path, text).unwrap();
            let message = Config::load(&path).unwrap_err().to_string();
            assert!(message.contains(expected), "{text}: {message}");
        }
        assert!(Config::load(&dir.path().join("nothing.toml")).is_err());
    }
}
