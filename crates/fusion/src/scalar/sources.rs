//! What a reading is worth beside what others say.
//!
//! A source that is doubted, or that has just leapt while the others stood still, is not
//! shut out: it counts less, the more so the surer the doubt, as long as somebody better is
//! there to listen to.

use super::filter::Measured;
use crate::health::{Channel, DOUBTED, Others};
use crate::reading::Reading;
use crate::window::FOLDED_MAX;
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
        value: reading.value - correction(channels, channel),
        variance: stated * (f64::from(channel.noise) + penalty.doubted + penalty.leapt),
        observed: reading.observed,
    }
}

/// What is taken off the readings of a source: how much it reads above what all of them say
/// together. All of them together are taken to be right, so that the biases cannot wander off
/// in company.
pub(super) fn correction(channels: &[Channel], channel: &Channel) -> f64 {
    if channel.witnesses == 0 {
        return 0.0;
    }
    let (mut sum, mut total) = (0.0, 0.0);
    for other in channels {
        let other = if other.source == channel.source {
            channel
        } else {
            other
        };
        let (bias, weight) = other.offset();
        sum += weight * bias;
        total += weight;
    }
    if total > 0.0 {
        channel.offset().0 - sum / total
    } else {
        0.0
    }
}

/// Notes that a source which spoke has followed others that had leapt before.
pub(super) fn confirm(
    channels: &mut [Channel],
    reading: &Reading,
    own: Option<Reading>,
    before: &[Reading],
) {
    let Some(own) = own else {
        return;
    };
    for channel in channels {
        if channel.source == reading.source || channel.own.get() == 0.0 {
            continue;
        }
        let of_source = |r: &&Reading| r.source == channel.source && r.is_evidence();
        if let Some(newest) = before.iter().rfind(of_source) {
            channel.confirm_leap(newest.value - own.value, newest.value - reading.value);
        }
    }
}

/// Variances that come on top of a source's own, in stated ones, while somebody better speaks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Penalty {
    /// Because its record speaks against it.
    pub(super) doubted: f64,
    /// Because it has leapt while the others stood still; which may be news.
    pub(super) leapt: f64,
}

impl Penalty {
    pub(super) const NONE: Self = Self {
        doubted: 0.0,
        leapt: 0.0,
    };
}

/// What a source has to bear beside the readings of `heard`.
pub(super) fn penalty(
    spec: &AttributeSpec,
    channels: &[Channel],
    channel: &Channel,
    at: Time,
    heard: &[Reading],
) -> Penalty {
    let (doubt, leap) = (channel.doubt(), channel.own.get());
    if doubt < 0.01 && leap == 0.0 {
        return Penalty::NONE;
    }
    let limit_s = spec.stale_after_s.unwrap_or(WITNESS_S);
    let (mut least_doubt, mut leapt) = (doubt, 0.0);
    let mut is_alone = true;
    for other in heard.iter().rev() {
        let is_fresh = at.seconds_since(other.observed).abs() <= limit_s;
        if other.source == channel.source || !other.is_evidence() || !is_fresh {
            continue;
        }
        if let Some(other) = channel_of(channels, other.source) {
            least_doubt = other.doubt().min(least_doubt);
            leapt = other.own.get().max(leapt);
            is_alone = is_alone && other.is_mute();
        }
    }
    let odds = doubt / (1.0 - doubt);
    let doubted = if least_doubt < 0.5 * doubt {
        (10.0 * odds * odds).min(PENALTY_MAX)
    } else {
        0.0
    };
    // Where another has leapt as well, something has happened.
    let alone = if is_alone {
        0.0
    } else {
        (leap - leapt).max(0.0)
    };
    Penalty {
        doubted,
        leapt: 0.5 * alone * alone,
    }
}

/// What the others said before a reading that is still fresh. Doubted ones are not asked.
pub(super) fn others(
    spec: &AttributeSpec,
    channels: &[Channel],
    reading: &Reading,
    before: &[Reading],
) -> Option<Others> {
    let limit_s = spec.stale_after_s.unwrap_or(WITNESS_S);
    let mut values = [reading.value; FOLDED_MAX + 1];
    let (mut count, mut leapt) = (0, 0.0);
    for other in before {
        let is_fresh = reading.observed.seconds_since(other.observed) <= limit_s;
        if !other.is_evidence() || other.source == reading.source || !is_fresh {
            continue;
        }
        let channel = channel_of(channels, other.source);
        if channel.is_none_or(|c| c.doubt() < DOUBTED) {
            count += 1;
            values[count] = other.value;
            leapt = channel.map_or(0.0, |c| c.own.get()).max(leapt);
        }
    }
    let reference = match count {
        0 => return None,
        1 => values[1],
        _ => median(&mut values[..=count]),
    };
    Some(Others {
        difference: reading.value - reference,
        leapt,
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
