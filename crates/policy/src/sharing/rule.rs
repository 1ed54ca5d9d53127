//! One line of the list: to whom, of what, which attributes, where.

use super::release::Whereabouts;
use twin_model::catalogue::{Sensitivity, sensitivity};
use twin_model::naming::is_erased_name;
use twin_model::{Attribute, Catalogue, EntityId, EntityKind, Statement};

/// Most attributes that one rule names.
pub const ATTRIBUTES_MAX: usize = 256;

/// What a directory of things consists of: that they exist, what they are, where, and what
/// others call them. Never how they are.
pub const DIRECTORY_ATTRIBUTES: [&str; 5] =
    ["address", "identifies", "name", "sitePosition", "type"];

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recipient {
    /// The organisation with this origin.
    Peer([u8; 16]),
    /// Every member: this is what the directory is made of.
    Members,
}

/// Which of a sort of things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice<T> {
    /// All; of attributes, all that are neither security-sensitive nor personal.
    All,
    /// These.
    Only(Vec<T>),
}

impl<T: Ord> Choice<T> {
    /// Whether the rule names this one. `All` names nothing.
    pub fn names(&self, one: &T) -> bool {
        matches!(self, Self::Only(these) if these.contains(one))
    }

    fn in_order(self) -> Self {
        let Self::Only(mut these) = self else {
            return self;
        };
        these.sort();
        these.dedup();
        Self::Only(these)
    }
}

/// In which form, when a link cannot carry everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// Claim by claim, however long it takes.
    Claims,
    /// While the link is narrow, a summary of each storey stands in for its rooms.
    StoreysWhenNarrow,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Who is told.
    pub to: Recipient,
    /// Of which kinds of things.
    pub kinds: Choice<EntityKind>,
    /// Which of their attributes.
    pub attributes: Choice<Attribute>,
    /// Only of what is within this thing.
    pub area: Option<EntityId>,
    /// Whether also what was said before the rule was made.
    pub backfill: bool,
    /// In which form.
    pub form: Form,
}

/// Why something is not a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No kind of thing is named.
    #[error("the rule names no kind of thing, so it would share nothing")]
    NoKinds,
    /// No attribute is named.
    #[error("the rule names no attribute, so it would share nothing")]
    NoAttributes,
    /// None of the kinds has any of the attributes.
    #[error("`{attribute}` is no attribute of any of the kinds named, so it would never be shared")]
    NeverOf {
        /// The attribute.
        attribute: Attribute,
    },
    /// More than [`ATTRIBUTES_MAX`].
    #[error("the rule names {0} attributes, more than the {ATTRIBUTES_MAX} allowed")]
    TooManyAttributes(usize),
    /// More than [`super::RULES_MAX`].
    #[error("there are {0} rules already, standing and ended, and no more are kept")]
    TooManyRules(usize),
    /// The directory holds no values.
    #[error(
        "`{0}` is not for every member: the directory holds only address, identifies, name, sitePosition \
         and type"
    )]
    NotForMembers(Attribute),
    /// The directory is announced kind by kind.
    #[error("what every member may know of is announced kind by kind: name the kinds")]
    MembersNeedKinds,
    /// The directory holds no values, so there is nothing to sum up.
    #[error("what every member may know of has no summary")]
    MembersNeedClaims,
    /// A record that was kept contradicts itself.
    #[error("the record of rule {0} contradicts itself")]
    Inconsistent(u64),
}

impl Rule {
    /// The rule in its one form, refused if it would share nothing or what it must not.
    pub fn checked(self) -> Result<Self, Error> {
        let rule = Self {
            kinds: self.kinds.in_order(),
            attributes: self.attributes.in_order(),
            ..self
        };
        if rule.kinds == Choice::Only(Vec::new()) {
            return Err(Error::NoKinds);
        }
        rule.check_attributes()?;
        if rule.to == Recipient::Members {
            rule.check_directory()?;
        }
        Ok(rule)
    }

    fn check_attributes(&self) -> Result<(), Error> {
        let Choice::Only(attributes) = &self.attributes else {
            return Ok(());
        };
        match attributes.len() {
            0 => return Err(Error::NoAttributes),
            n if n > ATTRIBUTES_MAX => return Err(Error::TooManyAttributes(n)),
            _ => {}
        }
        let never = attributes
            .iter()
            .find(|attribute| !self.can_have(attribute));
        never.map_or(Ok(()), |attribute| {
            let attribute = attribute.clone();
            Err(Error::NeverOf { attribute })
        })
    }

    /// Whether things of these kinds can have the attribute; what is in no catalogue can be
    /// had by anything.
    fn can_have(&self, attribute: &Attribute) -> bool {
        let spec = Catalogue::BUILT_IN.get(attribute.as_str());
        match (&self.kinds, spec) {
            (Choice::Only(kinds), Some(spec)) => kinds.iter().any(|kind| spec.kinds.contains(kind)),
            _ => true,
        }
    }

    fn check_directory(&self) -> Result<(), Error> {
        if self.kinds == Choice::All {
            return Err(Error::MembersNeedKinds);
        }
        if self.form != Form::Claims {
            return Err(Error::MembersNeedClaims);
        }
        let Choice::Only(attributes) = &self.attributes else {
            return Ok(());
        };
        let value = attributes.iter().find(|a| !is_directory(a));
        value.map_or(Ok(()), |a| Err(Error::NotForMembers(a.clone())))
    }

    /// Whether the statement is one that the rule is about.
    pub(super) fn matches(&self, statement: &Statement, whereabouts: &dyn Whereabouts) -> bool {
        self.covers_attribute(&statement.attribute)
            && !is_erased_name(statement.entity.as_str())
            && self.covers_thing(&statement.entity, whereabouts)
    }

    /// Closed by default: what is sensitive, and what nobody knows the sense of, is covered
    /// only where it is named.
    pub(super) fn covers_attribute(&self, attribute: &Attribute) -> bool {
        match (&self.attributes, self.to) {
            (Choice::Only(attributes), _) => attributes.binary_search(attribute).is_ok(),
            (Choice::All, Recipient::Members) => is_directory(attribute),
            (Choice::All, Recipient::Peer(_)) => is_harmless(attribute),
        }
    }

    /// A thing of which nobody knows the kind or the place is neither of a kind nor in a place.
    pub(super) fn covers_thing(&self, thing: &EntityId, whereabouts: &dyn Whereabouts) -> bool {
        let of_kind = match &self.kinds {
            Choice::All => true,
            Choice::Only(kinds) => whereabouts.kind(thing).is_some_and(|k| kinds.contains(&k)),
        };
        let within = |area| whereabouts.is_within(thing, area);
        of_kind && self.area.as_ref().is_none_or(within)
    }
}

fn is_directory(attribute: &Attribute) -> bool {
    DIRECTORY_ATTRIBUTES.contains(&attribute.as_str())
}

fn is_harmless(attribute: &Attribute) -> bool {
    matches!(
        sensitivity(attribute.as_str()),
        Sensitivity::General | Sensitivity::Operational
    )
}
