//! Who made the file, when, and under which licence it may be used.

use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;
use twin_model::Time;

/// Metadata longer than this are not looked at.
const METADATA_BYTES_MAX: usize = 1 << 20;
/// Members of members of members that are looked through.
const DEPTH_MAX: usize = 4;
/// Longer texts are cut.
const TEXT_CHARS_MAX: usize = 500;
/// Names for the licence in the standard's extended metadata and in files as they are.
const LICENCE: &[&str] = &[
    "license",
    "licence",
    "userLicense",
    "dataLicense",
    "legalConstraints",
];
const ATTRIBUTION: &[&str] = &["attribution", "copyright"];
const MAKER: &[&str] = &[
    "organization",
    "organisation",
    "contactName",
    "individualName",
];

/// The members of `metadata` that are used.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Metadata {
    pub(super) reference_system: Option<Json>,
    reference_date: Option<Json>,
    title: Option<Json>,
    identifier: Option<Json>,
    #[serde(flatten)]
    others: Json,
    #[serde(skip)]
    extended: Json,
}

impl Metadata {
    pub(super) fn read(metadata: Option<&RawValue>, extended: Option<&RawValue>) -> Self {
        let text = |json: Option<&RawValue>| {
            json.map(|j| j.get().to_owned())
                .filter(|t| t.len() <= METADATA_BYTES_MAX)
        };
        let read = text(metadata).and_then(|text| serde_json::from_str(&text).ok());
        let extended = text(extended).and_then(|text| serde_json::from_str(&text).ok());
        Self {
            extended: extended.unwrap_or_default(),
            ..read.unwrap_or_default()
        }
    }

    /// The coordinate reference system, as written. Version 1.0 wrote a bare number.
    pub(super) fn reference_system(&self) -> Option<String> {
        match self.reference_system.as_ref()? {
            Json::String(text) => Some(text.clone()),
            Json::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// When the data were drawn up; dates are taken as midnight UTC.
    pub(super) fn observed(&self) -> Option<Time> {
        let text = self.reference_date.as_ref()?.as_str()?;
        Time::parse(text).or_else(|| Time::parse(&format!("{text}T00:00:00Z")))
    }

    pub(super) fn licence(&self) -> Option<String> {
        self.find(LICENCE)
    }

    /// Whom to credit: as the file asks, else its maker with the title of the data.
    pub(super) fn attribution(&self) -> Option<String> {
        if let Some(stated) = self.find(ATTRIBUTION) {
            return Some(stated);
        }
        let title = plain(self.title.as_ref()).or_else(|| plain(self.identifier.as_ref()));
        match (self.find(MAKER), title) {
            (Some(maker), Some(title)) => Some(format!("{maker}: {title}")),
            (maker, title) => maker.or(title),
        }
    }

    fn find(&self, names: &[&str]) -> Option<String> {
        let places = [&self.others, &self.extended];
        let mut found = names.iter().flat_map(|name| {
            places
                .iter()
                .filter_map(|place| find(place, name, DEPTH_MAX))
        });
        found.next()
    }
}

fn plain(json: Option<&Json>) -> Option<String> {
    let text = json?.as_str()?.trim();
    (!text.is_empty()).then(|| text.chars().take(TEXT_CHARS_MAX).collect())
}

/// The text of the first member of that name, members of members included.
fn find(json: &Json, name: &str, depth: usize) -> Option<String> {
    let inner: Vec<&Json> = match json {
        Json::Object(members) => {
            if let Some(text) = plain(members.get(name)) {
                return Some(text);
            }
            members.values().collect()
        }
        Json::Array(items) => items.iter().collect(),
        _ => return None,
    };
    let depth = depth.checked_sub(1)?;
    inner.into_iter().find_map(|json| find(json, name, depth))
}
