//! The last few words of each source, for quantities where a source's newest word is
//! what counts.
//!
//! A door contact that says "open" every second knows no more after a minute than
//! after the first second, and a camera that has overlooked somebody overlooks him
//! again in the next frame: the errors of one source are almost wholly correlated in
//! time. So each source counts once, with its newest word, and agreement of *several*
//! sources is what makes an estimate sure. (Where errors are wholly correlated, an older
//! measurement adds nothing to the newest; where the correlation is unknown, assuming
//! independence claims too much: Julier & Uhlmann, Proc. ACC 1997, 2369.) Two earlier
//! words are kept so that the newest can be taken back. As nothing is folded away, the
//! order of arrival does not matter.

use crate::answer;
use crate::reading::{Reading, Readings, SOURCES_MAX, Survey, Tag, Word, standing};
use crate::state::Outcome;
use twin_model::{AttributeSpec, Time};

/// Words kept of each source: enough to take back two, and to be two places out of order.
pub(crate) const PER_SOURCE: usize = 3;
/// Words kept in all, at most.
pub(crate) const READINGS_MAX: usize = SOURCES_MAX * PER_SOURCE;

/// The words, sorted.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Words(pub(crate) Readings);

impl Words {
    pub(crate) fn readings(&self) -> &[Reading] {
        &self.0
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.heap_bytes()
    }

    /// When the newest word becomes stale, if that is to come after `after`.
    pub(crate) fn next_change(&self, spec: &AttributeSpec, after: Time) -> Option<Time> {
        answer::next_change(spec, &self.survey(spec), after)
    }

    pub(crate) fn outcome_of(&self, reading: &Reading) -> Outcome {
        let same_source = || self.0.iter().filter(|r| r.source == reading.source);
        if reading.word() == Word::Retract {
            let standing = standing(&self.0);
            let mut places = self.0.iter().enumerate();
            let is_there = places.any(|(at, r)| {
                r.source == reading.source && standing.has(at) && r.order(reading).is_lt()
            });
            return if is_there {
                Outcome::Accepted
            } else {
                Outcome::NothingToRetract
            };
        }
        if reading.tag.has(Tag::OUT_OF_RANGE) {
            return Outcome::OutOfRange;
        }
        if same_source().any(|r| r.order(reading).is_gt()) {
            return Outcome::Superseded;
        }
        Outcome::Accepted
    }

    pub(crate) fn survey(&self, spec: &AttributeSpec) -> Survey {
        Survey::of(spec, &self.0, standing(&self.0))
    }
}

/// BOUNDED: beyond [`SOURCES_MAX`] sources, the one that has been silent longest goes.
pub(crate) fn bound_sources(list: &mut Vec<Reading>) {
    let is_newest =
        |at: usize, list: &[Reading]| list[at + 1..].iter().all(|r| r.source != list[at].source);
    let newest = |list: &[Reading]| -> Vec<usize> {
        (0..list.len()).filter(|&at| is_newest(at, list)).collect()
    };
    if list.len() <= SOURCES_MAX {
        return;
    }
    let last_words = newest(list);
    if last_words.len() > SOURCES_MAX {
        let silent = list[last_words[0]].source;
        list.retain(|r| r.source != silent);
    }
}
