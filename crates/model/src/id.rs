//! Names of things: twins, attributes, sources, claims, batches and commits.
//!
//! Textual ids are cheap to clone (a shared string) and are parsed once, at the
//! edge; a value of one of these types is always well formed.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// Longest accepted textual id, in bytes.
pub const ID_LENGTH_MAX: usize = 512;
/// Longest accepted attribute name, in bytes.
pub const ATTRIBUTE_LENGTH_MAX: usize = 128;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not of the form `scheme:rest`.
    #[error("`{0}` is not a URI: expected `scheme:rest`, for example `urn:twin:room:12`")]
    NotAUri(String),
    /// Longer than [`ID_LENGTH_MAX`] or [`ATTRIBUTE_LENGTH_MAX`].
    #[error("the id has {0} bytes, more than the {1} allowed")]
    TooLong(usize, usize),
    /// Contains white space, a control character or one of `<>"{}|\^` and backtick.
    #[error("`{0}` contains a character that a URI must not contain")]
    BadCharacter(String),
    /// Attribute names start with a letter and go on with letters, digits, `_`, `-`, `.`, `:`.
    #[error("`{0}` is not an attribute name: a letter, then letters, digits, `_`, `-`, `.` or `:`")]
    BadAttribute(String),
}

macro_rules! textual_id {
    ($(#[$doc:meta])* $name:ident, $parse:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Parses and checks the text.
            pub fn new(text: &str) -> Result<Self, Error> {
                $parse(text)?;
                Ok(Self(Arc::from(text)))
            }

            /// The text as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

textual_id! {
    /// The URI of a twin, minted by its owner and kept for ever.
    ///
    /// ```
    /// use twin_model::EntityId;
    /// assert!(EntityId::new("urn:twin:tower:room:12").is_ok());
    /// assert!(EntityId::new("room 12").is_err());
    /// ```
    EntityId, check_uri
}

textual_id! {
    /// The URI of whoever or whatever makes claims: a sensor, an import, a person, a node.
    SourceId, check_uri
}

textual_id! {
    /// The name of an attribute, such as `temperature`.
    Attribute, check_attribute
}

fn check_uri(text: &str) -> Result<(), Error> {
    if text.len() > ID_LENGTH_MAX {
        return Err(Error::TooLong(text.len(), ID_LENGTH_MAX));
    }
    if text.chars().any(is_forbidden_in_uri) {
        return Err(Error::BadCharacter(text.to_owned()));
    }
    match text.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) && !rest.is_empty() => Ok(()),
        _ => Err(Error::NotAUri(text.to_owned())),
    }
}

/// RFC 3986 §3.1: a letter, then letters, digits, `+`, `-`, `.`.
fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

fn is_forbidden_in_uri(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`')
}

fn check_attribute(text: &str) -> Result<(), Error> {
    if text.len() > ATTRIBUTE_LENGTH_MAX {
        return Err(Error::TooLong(text.len(), ATTRIBUTE_LENGTH_MAX));
    }
    let good = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':'));
    if good {
        Ok(())
    } else {
        Err(Error::BadAttribute(text.to_owned()))
    }
}

/// A claim inside its node: which life of the node's disk, and which record in it.
///
/// A restored backup starts a new incarnation, so a number is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimId {
    /// Which life of the store, counted from 1.
    pub incarnation: u32,
    /// Position in the commit log, counted from 1 without gaps.
    pub sequence: u64,
}

impl fmt::Display for ClaimId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.incarnation, self.sequence)
    }
}

impl std::str::FromStr for ClaimId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || Error::NotAUri(text.to_owned());
        let (incarnation, sequence) = text.split_once('-').ok_or_else(bad)?;
        Ok(Self {
            incarnation: incarnation.parse().map_err(|_| bad())?,
            sequence: sequence.parse().map_err(|_| bad())?,
        })
    }
}

/// Claims that were made together and can be taken back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub u64);

/// How far the commit log has got; every answer carries the number it was read at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitNumber(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_checked() {
        for good in ["urn:a", "https://x.example/y?z=1#f", "urn:twin:ü"] {
            assert!(EntityId::new(good).is_ok(), "{good}");
        }
        for bad in [
            "", "a", ":a", "urn:", "1urn:a", "urn:a b", "urn:a\n", "urn:<a>", "urn:a`",
        ] {
            assert!(EntityId::new(bad).is_err(), "{bad}");
        }
        assert_eq!(
            EntityId::new(&format!("urn:{}", "x".repeat(600))),
            Err(Error::TooLong(604, ID_LENGTH_MAX))
        );
    }

    #[test]
    fn attribute_names_are_checked() {
        assert!(Attribute::new("isExternal").is_ok());
        assert!(Attribute::new("Pset_DoorCommon.FireRating").is_ok());
        for bad in ["", "1a", "a b", "é"] {
            assert!(Attribute::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn claim_ids_round_trip() {
        let id = ClaimId {
            incarnation: 3,
            sequence: 12_345,
        };
        assert_eq!(id.to_string().parse::<ClaimId>(), Ok(id));
        assert!("3".parse::<ClaimId>().is_err());
    }
}
