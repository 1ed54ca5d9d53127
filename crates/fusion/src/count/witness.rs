//! What each witness says of the number of people: P(what it says | n) for every n.
//!
//! Somebody who counts may miss a few. A motion sensor overlooks those who sit still, and
//! fires at a curtain. Phones are seen of some of the people, and now and then of somebody
//! beyond the wall.

use super::process::{NUMBERS, Numbers};
use crate::math::normal_cdf;
use std::array::from_fn;

/// Probability that a person's phone is seen: three in four carry one that can be (three of four
/// regular occupants in room 925038 of the Windesheim series), seven in ten of those answer.
/// It is not learned: many phones on few people explain what is said as well as few phones on
/// many do, and learned beside the number, but apart from it, the two drift to few people.
const PHONE_SEEN: f64 = 0.5;
/// How alike people are in this: the two parameters of the beta binomial sum to this.
const PHONE_ALIKE: f64 = 12.0;
/// Probability that one phone more is seen, of somebody who is not in the room.
const PHONE_STRANGER: f64 = 0.01;
/// Share of statements about phones that say nothing, as any number up to nine would.
const PHONE_OUTLIER_SHARE: f64 = 0.02;
const PHONE_OUTLIERS: f64 = 10.0;
/// Probability that a person is seen to move within the minutes that one statement covers. In
/// room 917810 of the Windesheim series a passive infrared sensor saw motion in half of the
/// quarter-hours in which there were people, most often more than one.
const MOTION_HIT: f64 = 0.35;
/// Probability that something moves in an empty room.
const MOTION_FALSE_ALARM: f64 = 0.04;
/// A door counter misses or repeats at least this often; standard deviation.
const PASSAGE_SD_LEAST: f64 = 0.1;
/// The last number.
const MOST: i32 = 63;

/// A counter that is right but for its spread: the normal's mass on the unit interval
/// around n. A reading beyond 63 counts as 63.
pub(crate) fn counted(value: f64, sd: f64) -> Numbers {
    let z = value.clamp(0.0, f64::from(MOST));
    let sd = sd.max(0.1);
    let edges: [f64; NUMBERS + 1] = from_fn(|n| below((n as f64 - 0.5 - z) / sd));
    from_fn(|n| (edges[n + 1] - edges[n]).max(0.0))
}

/// Standard normal; beyond eight standard deviations nothing is left.
fn below(sds: f64) -> f64 {
    if sds.abs() > 8.0 {
        return f64::from(u8::from(sds > 0.0));
    }
    normal_cdf(sds)
}

/// The same by how far a whole number said is from n.
pub(crate) fn blur(sd: f64) -> Numbers {
    counted(0.0, sd)
}

/// A motion sensor that works.
pub(crate) fn motion(moves: bool) -> Numbers {
    let mut still = 1.0 - MOTION_FALSE_ALARM;
    from_fn(|_| {
        let p = if moves { 1.0 - still } else { still };
        still *= 1.0 - MOTION_HIT;
        p
    })
}

/// Phones: a beta binomial share of the people, perhaps a stranger, or anything.
pub(crate) fn phones(value: f64) -> Numbers {
    let seen = value.round().clamp(0.0, f64::from(MOST)) as usize;
    let own = beta_binomial(seen);
    let with_stranger = match seen {
        0 => [0.0; NUMBERS],
        _ => beta_binomial(seen - 1),
    };
    from_fn(|n| {
        let p = (1.0 - PHONE_STRANGER) * own[n] + PHONE_STRANGER * with_stranger[n];
        (1.0 - PHONE_OUTLIER_SHARE) * p + PHONE_OUTLIER_SHARE / PHONE_OUTLIERS
    })
}

/// Variance of the number of people where so many phones are seen and any number of people
/// is as likely: k + 1 successes of a known share (negative binomial).
pub(crate) fn phones_variance(value: f64) -> f64 {
    (value.max(0.0) + 1.0) * (1.0 - PHONE_SEEN) / (PHONE_SEEN * PHONE_SEEN)
}

/// P(`seen` of n), by the ratio of each to the one before.
fn beta_binomial(seen: usize) -> Numbers {
    let (a, all) = (PHONE_SEEN * PHONE_ALIKE, PHONE_ALIKE);
    let mut p = [0.0; NUMBERS];
    p[seen] = (0..seen).fold(1.0, |p, i| p * (a + i as f64) / (all + i as f64));
    for n in seen..NUMBERS - 1 {
        let unseen = (n - seen) as f64;
        let ratio = (n + 1) as f64 / (unseen + 1.0) * (unseen + all - a) / (n as f64 + all);
        p[n + 1] = p[n] * ratio;
    }
    p
}

/// So many more came in than went out: the distribution moves, and what would fall below
/// none or above the last number stays at the edge.
pub(crate) fn move_by(people: &Numbers, net: f64, sd: f64) -> Numbers {
    let sd = sd.max(PASSAGE_SD_LEAST);
    let net = net.clamp(-f64::from(MOST), f64::from(MOST));
    let first = ((net - 4.0 * sd).floor() as i32).max(-MOST);
    let last = ((net + 4.0 * sd).ceil() as i32).min(MOST);
    let mut moved = [0.0; NUMBERS];
    for by in first..=last {
        let below = |edge: f64| normal_cdf((f64::from(by) + edge - net) / sd);
        let mass = below(0.5) - below(-0.5);
        for (n, &p) in (0..).zip(people) {
            moved[(n + by).clamp(0, MOST) as usize] += p * mass;
        }
    }
    moved
}
