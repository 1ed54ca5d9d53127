//! What a reading is worth beside what others say.
//!
//! A source that is doubted, or that has just leapt while the others stood still, is not
//! shut out: it counts less, the more so the surer the doubt, as long as somebody better is
//! there to listen to.

use super::filter::Measured;
use super::memory::FOLDED_MAX;
use crate::health::{Channel, DOUBTED, Others};
use crate::reading::Reading;
use twin_model::{AttributeSpec, Time};

/// Others' readings older than this are no witnesses, where the catalogue names no limit.
const WITNESS_S: f64 = 1800.0;
/// A doubted source among others that are not counts for at most this much less.
const PENALTY_MAX: f64 = 1e4;

/// The record of a source.
pub(super) fn channel_of(channels: &[Channel], source: u32) -> Option<&Channel> {
    let at = channels.binary_search_by(|c| c.source.cmp(&source));
    at.ok().map(|at| &channels[at])
}

/// The reading without its source's known bias, and its variance as learned, beside the
/// readings of `heard`.
pub(super) fn measured(
    spec: &AttributeSpec,
    channels: &[Channel],
    channel: &Channel,
    reading: &Reading,
    heard: &[Reading],
) -> Measured {
    let stated = reading.sd() * reading.sd();
    let penalty = penalty(spec, channels, channel, reading.observed, heard);
    Measured {
        value: reading.value - channel.known_bias(),
        variance: stated * f64::from(channel.noise) * penalty,
        observed: reading.observed,
    }
}

/// By how much a doubted source counts less while one less doubted speaks.
pub(super) fn penalty(
    spec: &AttributeSpec,
    channels: &[Channel],
    channel: &Channel,
    at: Time,
    heard: &[Reading],
) -> f64 {
    let (doubt, leap) = (channel.doubt(), channel.own.get());
    if doubt < 0.01 && leap == 0.0 {
        return 1.0;
    }
    let limit_s = spec.stale_after_s.unwrap_or(WITNESS_S);
    let mut least = (doubt, leap);
    for other in heard.iter().rev() {
        let is_fresh = at.seconds_since(other.observed).abs() <= limit_s;
        if other.source == channel.source || !other.is_evidence() || !is_fresh {
            continue;
        }
        if let Some(other) = channel_of(channels, other.source) {
            least = (least.0.min(other.doubt()), least.1.min(other.own.get()));
        }
    }
    let doubted = if least.0 < 0.5 * doubt {
        let odds = doubt / (1.0 - doubt);
        10.0 * odds * odds
    } else {
        0.0
    };
    (1.0 + doubted + (leap - least.1)).min(PENALTY_MAX)
}

/// What the others said before a reading that is still fresh. Doubted ones are asked only
/// where all are.
pub(super) fn others(
    spec: &AttributeSpec,
    channels: &[Channel],
    reading: &Reading,
    before: &[Reading],
) -> Option<Others> {
    let limit_s = spec.stale_after_s.unwrap_or(WITNESS_S);
    let mut values = [reading.value; FOLDED_MAX + 1];
    let mut count = 0;
    for other in before {
        let is_fresh = reading.observed.seconds_since(other.observed) <= limit_s;
        let is_doubted = channel_of(channels, other.source).is_some_and(|c| c.doubt() >= DOUBTED);
        if other.is_evidence() && other.source != reading.source && is_fresh && !is_doubted {
            count += 1;
            values[count] = other.value;
        }
    }
    let reference = match count {
        0 => return None,
        1 => values[1],
        _ => median(&mut values[..=count]),
    };
    Some(Others {
        difference: reading.value - reference,
        count: count as u32,
    })
}

/// The middle one, or the mean of the two in the middle.
pub(super) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        0.5 * (values[middle - 1] + values[middle])
    }
}
