//! The recent readings of a number or a count, and the newest of those that have settled.
//!
//! What was said in the last ten minutes stays as it was said, so that a reading which comes
//! late finds its place and the order of arrival does not matter. What is older *settles*, one
//! reading after the other in order of observation: its value joins what is believed, and of
//! each source only the newest such reading is still kept. Both stand in one sorted list, the
//! settled ones first.

use crate::reading::{Reading, Tag, Word, standing, taker_of};
use crate::state::Outcome;
use twin_model::Time;

/// Readings kept apart, at most, however many sources speak; beyond it the oldest settles
/// early. Were it fewer for one alone, what has settled would hang on when the second was heard.
pub(crate) const WINDOW_MAX: usize = 16;
/// Readings this much older than the newest settle.
const WINDOW_S: f64 = 600.0;
/// Settled readings kept, at most two for a source: its newest evidence and its newest word
/// that is none.
pub(crate) const FOLDED_MAX: usize = 16;
/// Readings kept in all, at most.
pub(crate) const READINGS_MAX: usize = FOLDED_MAX + WINDOW_MAX;

/// The readings that have not settled: the end of the list.
pub(crate) fn window(readings: &[Reading]) -> &[Reading] {
    let folded = readings.iter().take_while(|r| r.is_folded()).count();
    &readings[folded..]
}

/// The place of the oldest reading of the window, if it is time for it to settle.
pub(crate) fn overdue(readings: &[Reading]) -> Option<usize> {
    let window = window(readings);
    let (oldest, newest) = (window.first()?, window.last()?);
    let is_old = newest.observed.seconds_since(oldest.observed) >= WINDOW_S;
    (is_old || window.len() > WINDOW_MAX).then_some(readings.len() - window.len())
}

/// Whether a reading belongs before what has settled, the newest of it at `settled`.
pub(crate) fn is_late(readings: &[Reading], settled: Option<Time>, reading: &Reading) -> bool {
    settled.is_some_and(|settled| reading.observed < settled)
        || readings
            .iter()
            .any(|r| r.is_folded() && r.order(reading).is_gt())
}

/// What becomes of a reading that has its place in the window.
pub(crate) fn outcome_of(readings: &[Reading], reading: &Reading) -> Outcome {
    if reading.tag.has(Tag::OUT_OF_RANGE) {
        Outcome::OutOfRange
    } else if reading.word() == Word::Retract && !has_reading_of(readings, reading.source) {
        Outcome::NothingToRetract
    } else {
        Outcome::Accepted
    }
}

/// What becomes of a reading that came late and takes part.
pub(crate) fn outcome_of_late(reading: &Reading) -> Outcome {
    match (reading.is_evidence(), reading.tag.has(Tag::OUT_OF_RANGE)) {
        (true, _) => Outcome::Late,
        (false, true) => Outcome::OutOfRange,
        (false, false) => Outcome::Accepted,
    }
}

fn has_reading_of(readings: &[Reading], source: u32) -> bool {
    let standing = standing(readings);
    let mut window = readings.iter().enumerate();
    window.any(|(at, r)| r.source == source && !r.is_folded() && standing.has(at))
}

/// Removes the reading at a place if it was taken back, together with its retraction, and
/// without a trace; and a retraction of what is no longer there. Whether it did.
pub(crate) fn remove_taken_back(list: &mut Vec<Reading>, at: usize) -> bool {
    if list[at].word() == Word::Retract {
        list.remove(at);
        return true;
    }
    let Some(retraction) = taker_of(list, at) else {
        return false;
    };
    list.remove(retraction);
    list.remove(at);
    true
}

/// The place of the settled reading of the same source and kind before the one at `at`.
pub(crate) fn former_of(list: &[Reading], at: usize) -> Option<usize> {
    let reading = &list[at];
    list[..at].iter().position(|r| {
        r.source == reading.source && r.is_evidence() == reading.is_evidence() && r.is_folded()
    })
}

/// BOUNDED: the words of the sources that have been silent longest are forgotten; what they
/// said has settled.
pub(crate) fn bound_folded(list: &mut Vec<Reading>) {
    while list.len() - window(list).len() > FOLDED_MAX {
        list.remove(0);
    }
}
