//! What an estimate stands on, so that nothing counts twice.

use std::fmt;

/// Most tags of one estimate.
pub const TAGS_MAX: usize = 16;

/// A source of evidence, wherever it belongs. What is told apart are sources rather than
/// single claims: the claims of one source share its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tag {
    /// One of this node's own sources, by its number. Whoever takes an estimate in from
    /// another node puts this for a tag that it gave out itself.
    Own(u32),
    /// Somebody else's, opaque, the same wherever it is passed on.
    Foreign(u64),
}

/// The sources that an estimate stands on: some by tag, and perhaps more.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Tags {
    sorted: Vec<Tag>,
    has_more: bool,
}

impl Tags {
    /// Nothing known of what it stands on: it may be anything.
    pub fn unknown() -> Self {
        Self {
            sorted: Vec::new(),
            has_more: true,
        }
    }

    /// Exactly these; beyond [`TAGS_MAX`] the rest is only "more".
    ///
    /// ```
    /// use twin_fusion::{Tag, Tags};
    /// let one = Tags::of([Tag::Own(1), Tag::Foreign(7)]);
    /// let other = Tags::of([Tag::Own(2)]);
    /// assert!(one.is_disjoint(&other));
    /// assert!(!one.is_disjoint(&one.union(&other)));
    /// // What is not known completely is never known to be something else.
    /// assert!(!Tags::unknown().is_disjoint(&other));
    /// ```
    pub fn of(tags: impl IntoIterator<Item = Tag>) -> Self {
        let mut sorted: Vec<Tag> = tags.into_iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        let has_more = sorted.len() > TAGS_MAX;
        sorted.truncate(TAGS_MAX);
        Self { sorted, has_more }
    }

    /// The same, and more that is not named.
    pub fn and_more(self) -> Self {
        Self {
            has_more: true,
            ..self
        }
    }

    /// The named ones, rising.
    pub fn named(&self) -> &[Tag] {
        &self.sorted
    }

    /// Whether it stands on more than is named.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// What both stand on together.
    pub fn union(&self, other: &Self) -> Self {
        let both = Self::of(self.sorted.iter().chain(&other.sorted).copied());
        if self.has_more || other.has_more {
            both.and_more()
        } else {
            both
        }
    }

    /// Whether both are known completely and have nothing in common.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        let is_complete = !self.has_more && !other.has_more;
        is_complete
            && !self
                .sorted
                .iter()
                .any(|tag| other.sorted.binary_search(tag).is_ok())
    }
}

impl fmt::Debug for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        list.entries(&self.sorted);
        if self.has_more {
            list.entry(&"and more");
        }
        list.finish()
    }
}
