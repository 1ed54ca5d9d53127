//! Saying that two twins are one and the same thing, or that they are not.
//!
//! The owner's tower, the municipality's block and the brigade's polygon are one thing, and
//! nobody may merge them in silence: that they are one is a claim like any other, with a
//! source, a probability and a reason. It is disputed by saying that they are not, taken back
//! by its source, and told to others by the same rules as everything else.

use crate::error::Error;
use crate::node::Node;
use crate::prepare::{Draft, Mode, Receipt};
use std::sync::Arc;
use twin_model::{
    Act, Attribute, Caller, EntityId, EntityKind, Interval, Stated, Statement, Uncertainty, Value,
};

/// What the URIs of identity claims begin with; a hash of the two twins follows.
pub const IDENTITY_PREFIX: &str = "urn:twin:identity:";

const CONTEXT: &str = "twinternet node 1 identity";
/// Longest reason.
const REASON_LENGTH_MAX: usize = 1000;

/// What is said of two twins.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// One twin.
    pub one: EntityId,
    /// The other.
    pub other: EntityId,
    /// How probable it is that they are one, 0..=1; `None` says that they are not.
    pub probability: Option<f64>,
    /// Why: name, address, a visit.
    pub reason: String,
}

impl Identity {
    /// The twin that stands for the identity of two twins: the same for everybody who speaks
    /// of them, in whichever order.
    ///
    /// ```
    /// use twin_model::EntityId;
    /// use twin_node::Identity;
    /// let (a, b) = (EntityId::new("urn:a").unwrap(), EntityId::new("urn:b").unwrap());
    /// assert_eq!(Identity::id(&a, &b), Identity::id(&b, &a));
    /// ```
    pub fn id(one: &EntityId, other: &EntityId) -> EntityId {
        let (first, second) = if one <= other {
            (one, other)
        } else {
            (other, one)
        };
        let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
        hasher.update(first.as_str().as_bytes());
        // No URI holds a line break.
        hasher.update(b"\n");
        hasher.update(second.as_str().as_bytes());
        let hash = hasher.finalize().to_hex();
        let id = EntityId::new(&format!("{IDENTITY_PREFIX}{}", &hash[..16]));
        id.expect("a hash fits into a URI")
    }

    fn drafts(&self, node: &Node) -> Vec<Draft> {
        let entity = Self::id(&self.one, &self.other);
        let draft = |attribute: &str, act| Draft {
            source: None,
            statement: Statement {
                entity: entity.clone(),
                attribute: Attribute::new(attribute).expect("a catalogued name"),
                act,
                valid: Interval::ALWAYS,
                observed: node.now(),
                procedure: Some(Arc::from(self.reason.as_str())),
            },
        };
        let twins = Value::entities([self.one.clone(), self.other.clone()]);
        let said = match self.probability {
            Some(probability) => Act::Assert(Stated {
                value: twins,
                unit: None,
                uncertainty: Some(Uncertainty::Probability(probability)),
            }),
            None => Act::Absent,
        };
        let kind = Value::text(EntityKind::Thing.as_str());
        vec![
            draft("type", Act::Assert(kind.into())),
            draft("identifies", said),
        ]
    }
}

impl Node {
    /// Records that two twins are one, or that they are not. Blocks.
    ///
    /// # Errors
    /// [`Error::Invalid`] for one twin, a probability outside 0..=1, or no reason;
    /// [`Error::NotFound`] for a twin of which nothing is known.
    pub fn identify(&self, caller: &Caller, identity: &Identity) -> Result<Receipt, Error> {
        let invalid = |why: &str| Err(Error::Invalid(why.to_owned()));
        if identity.one == identity.other {
            return invalid("a twin is always the same as itself");
        }
        let is_probability = |p: f64| (0.0..=1.0).contains(&p);
        if identity.probability.is_some_and(|p| !is_probability(p)) {
            return invalid("a probability lies between 0 and 1");
        }
        let reason = identity.reason.trim();
        if reason.is_empty() || reason.len() > REASON_LENGTH_MAX {
            return invalid("say why, in at most 1000 characters");
        }
        let reader = self.read(caller)?;
        for twin in [&identity.one, &identity.other] {
            reader.number(twin, "twin")?;
        }
        drop(reader);
        let receipt = self.submit_blocking(caller, identity.drafts(self), Mode::AllOrNothing)?;
        match receipt.refused.first() {
            Some(refusal) => Err(Error::Forbidden {
                reason: refusal.message.clone(),
            }),
            None => Ok(receipt),
        }
    }
}
