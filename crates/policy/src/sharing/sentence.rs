//! The sentence that a rule is: the same on the command line, on the page, and on the record
//! of what was told.

use super::rule::{Choice, DIRECTORY_ATTRIBUTES, Form, Recipient, Rule};
use std::fmt::Write as _;
use twin_model::catalogue::{Sensitivity, sensitivity};
use twin_model::{Attribute, EntityKind};

impl Rule {
    /// The rule as a sentence. `to` is what the other organisation is called, `area` what
    /// the area is; where it has no name, its URI stands.
    pub fn sentence(&self, to: &str, area: Option<&str>) -> String {
        let whole = match self.to {
            Recipient::Members => format!(
                "Every member may know of {} and of their {}",
                self.things(area),
                self.attribute_words()
            ),
            Recipient::Peer(_) => format!(
                "{to} gets {} of {}",
                self.attribute_words(),
                self.things(area)
            ),
        };
        let since = if self.backfill {
            "all that was ever said, and what will be"
        } else {
            "what is said from now on"
        };
        let narrow = match self.form {
            Form::Claims => "",
            Form::StoreysWhenNarrow => {
                " Over a link too narrow for that, a summary of each storey goes first."
            }
        };
        format!("{whole}: {since}.{narrow}{}", self.warning())
    }

    fn things(&self, area: Option<&str>) -> String {
        let kinds = match &self.kinds {
            Choice::All => "everything".to_owned(),
            Choice::Only(kinds) => list(kinds.iter().map(|kind| plural(*kind))),
        };
        match (area, &self.area) {
            (_, None) => format!("{kinds} anywhere"),
            (Some(name), Some(_)) => format!("{kinds} in {name}"),
            (None, Some(id)) => format!("{kinds} in `{id}`"),
        }
    }

    fn attribute_words(&self) -> String {
        match (&self.attributes, self.to) {
            (Choice::Only(names), _) => list(names.iter().map(Attribute::as_str)),
            (Choice::All, Recipient::Members) => list(DIRECTORY_ATTRIBUTES.into_iter()),
            (Choice::All, Recipient::Peer(_)) => {
                "whatever is neither security-sensitive nor personal".to_owned()
            }
        }
    }

    fn warning(&self) -> String {
        let mut warning = String::new();
        for (class, words) in [
            (Sensitivity::Security, "This helps an intruder"),
            (Sensitivity::Personal, "This tells about people"),
        ] {
            let names = self.named(class);
            if !names.is_empty() {
                let names = list(names.into_iter());
                let _ = write!(warning, " {words}: {names}.");
            }
        }
        warning
    }

    fn named(&self, class: Sensitivity) -> Vec<&str> {
        match (&self.attributes, self.to) {
            // A directory's words are public by purpose, though no catalogue has them.
            (Choice::All, _) | (_, Recipient::Members) => Vec::new(),
            (Choice::Only(names), _) => names
                .iter()
                .map(Attribute::as_str)
                .filter(|name| sensitivity(name) == class)
                .collect(),
        }
    }
}

fn plural(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Building => "buildings",
        EntityKind::Storey => "storeys",
        EntityKind::Space => "rooms",
        EntityKind::Portal => "doors",
        EntityKind::Sensor => "sensors",
        EntityKind::Street => "streets",
        EntityKind::Area => "areas of land and water",
        EntityKind::Thing => "other things",
    }
}

fn list<'a>(words: impl ExactSizeIterator<Item = &'a str>) -> String {
    let last = words.len().saturating_sub(1);
    let mut text = String::new();
    for (at, word) in words.enumerate() {
        match at {
            0 => {}
            _ if at == last => text += " and ",
            _ => text += ", ",
        }
        text += word;
    }
    text
}
