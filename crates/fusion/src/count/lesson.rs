//! What a direct count teaches when it settles: how it compares with what was foreseen.

use super::belief::Belief;
use super::process::{NUMBERS, Numbers};
use super::voice::{Way, source_of};
use super::witness;
use crate::lesson::{Lesson, LessonKind};
use crate::math::ln;
use crate::reading::Reading;

/// The lesson of a reading, if it is a direct count; `belief` is what was believed just
/// before it.
pub(crate) fn of(belief: &Belief, reading: &Reading) -> Option<Lesson> {
    if Way::of_voice(reading.source) != Some(Way::Count) {
        return None;
    }
    let doubt = f64::from(belief.doubt_of(reading.source).share);
    let foreseen = foresee(&belief.people, f64::from(reading.spread), doubt);
    let said = reading.value.round().clamp(0.0, (NUMBERS - 1) as f64) as usize;
    let below: f64 = foreseen[..said].iter().sum();
    Some(Lesson {
        source: source_of(reading.source),
        kind: LessonKind::Number {
            pit: (below + place_in_step(reading) * foreseen[said]).clamp(0.0, 1.0),
            crps: ranked_score(&foreseen, said),
            log_score: -ln(foreseen[said].max(f64::MIN_POSITIVE)),
            sd: deviation(&foreseen),
        },
    })
}

/// The probability of every statement: the numbers, blurred as the counter blurs them.
fn foresee(people: &Numbers, sd: f64, doubt: f64) -> Numbers {
    let blur = witness::blur(sd);
    let mut foreseen = [doubt / NUMBERS as f64; NUMBERS];
    for (n, &p) in people.iter().enumerate() {
        for (said, entry) in foreseen.iter_mut().enumerate() {
            *entry += (1.0 - doubt) * p * blur[said.abs_diff(n)];
        }
    }
    super::share::normalise(&mut foreseen);
    foreseen
}

/// A place in 0..1 that only the claim's number decides: SplitMix64 (Steele, Lea & Flood,
/// OOPSLA 2014, 453).
fn place_in_step(reading: &Reading) -> f64 {
    let mut z = reading
        .sequence
        .wrapping_add(u64::from(reading.incarnation) << 32)
        .wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Ranked probability score (Epstein, J. Appl. Meteorol. 8 (1969) 985), which for whole numbers
/// is the continuous one.
fn ranked_score(p: &Numbers, said: usize) -> f64 {
    let mut below = 0.0;
    let mut score = 0.0;
    for (n, p) in p.iter().enumerate() {
        below += p;
        let off = below - f64::from(u8::from(n >= said));
        score += off * off;
    }
    score
}

fn deviation(p: &Numbers) -> f64 {
    let moment = |of: fn(f64) -> f64| -> f64 {
        let terms = p.iter().enumerate().map(|(n, p)| of(n as f64) * p);
        terms.sum()
    };
    let mean = moment(|n| n);
    (moment(|n| n * n) - mean * mean).max(0.0).sqrt()
}
