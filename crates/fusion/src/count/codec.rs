//! The bytes of a count in snapshots: `docs/formats/state.md`, format version 2.

use super::Count;
use super::air::{self, CELLS};
use super::belief::{AIRS_MAX, DOUBTS_MAX, Doubt, Settled};
use super::process::NUMBERS;
use super::share::Share;
use crate::codec::{
    Error, has_sd, put_readings, take as take_bytes, take_bool, take_readings, take_time, take_u8,
    take_u32,
};
use crate::reading::{Reading, Word};
use crate::window::{READINGS_MAX, window};

/// Appends the bytes of a count.
pub(crate) fn put(out: &mut Vec<u8>, count: &Count) {
    out.push(u8::from(count.settled.is_some()));
    if let Some(settled) = &count.settled {
        out.extend(settled.time.0.to_le_bytes());
        put_shares(out, &settled.people);
        out.push(settled.airs.len() as u8);
        settled.airs.iter().for_each(|air| put_air(out, air));
        out.push(settled.doubts.len() as u8);
        let doubts = settled.doubts.iter();
        doubts.for_each(|doubt| put_doubt(out, doubt));
    }
    put_readings(out, &count.readings);
}

fn put_shares(out: &mut Vec<u8>, shares: &[Share]) {
    for share in shares {
        out.extend(share.0.to_le_bytes());
    }
}

fn put_air(out: &mut Vec<u8>, air: &air::Kept) {
    out.extend(air.voice.to_le_bytes());
    out.extend(air.began.0.to_le_bytes());
    for number in [air.began_ppm, air.empty_ppm, air.empty_variance] {
        out.extend(number.to_bits().to_le_bytes());
    }
    out.extend(air.volume_m3.to_le_bytes());
    put_shares(out, &air.cells);
}

fn put_doubt(out: &mut Vec<u8>, doubt: &Doubt) {
    out.extend(doubt.voice.to_le_bytes());
    out.extend(doubt.share.to_bits().to_le_bytes());
    out.extend(doubt.since_s.to_le_bytes());
    out.extend(doubt.readings.to_le_bytes());
}

/// Reads a count from the front of `bytes`.
pub(crate) fn take(bytes: &mut &[u8]) -> Result<Count, Error> {
    let settled = if take_bool(bytes)? {
        Some(Box::new(take_settled(bytes)?))
    } else {
        None
    };
    let readings = take_readings(bytes, READINGS_MAX, has_sd)?;
    if window(&readings).iter().any(Reading::is_folded) || readings.iter().any(is_folded_retraction)
    {
        return Err(Error::Damaged("a folded reading inside the window"));
    }
    Ok(Count { settled, readings })
}

fn is_folded_retraction(reading: &Reading) -> bool {
    reading.is_folded() && reading.word() == Word::Retract
}

fn take_settled(bytes: &mut &[u8]) -> Result<Settled, Error> {
    let time = take_time(bytes)?;
    let people = take_shares::<NUMBERS>(bytes)?;
    let airs: Vec<air::Kept> = take_list(bytes, AIRS_MAX, take_air)?;
    let doubts: Vec<Doubt> = take_list(bytes, DOUBTS_MAX, take_doubt)?;
    if !airs.is_sorted_by(|a, b| a.voice < b.voice)
        || !doubts.is_sorted_by(|a, b| a.voice < b.voice)
    {
        return Err(Error::Damaged("voices out of order"));
    }
    Ok(Settled {
        time,
        people,
        airs: airs.into(),
        doubts: doubts.into(),
    })
}

fn take_list<T>(
    bytes: &mut &[u8],
    most: usize,
    take_one: fn(&mut &[u8]) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let count = usize::from(take_u8(bytes)?);
    if count > most {
        return Err(Error::Damaged("too many voices"));
    }
    (0..count).map(|_| take_one(bytes)).collect()
}

fn take_shares<const N: usize>(bytes: &mut &[u8]) -> Result<[Share; N], Error> {
    let mut shares = [Share::default(); N];
    for share in &mut shares {
        share.0 = u16::from_le_bytes(take_bytes(bytes)?);
    }
    if shares.iter().any(|share| *share > Share::ONE) {
        return Err(Error::Damaged("a probability that is none"));
    }
    Ok(shares)
}

fn take_air(bytes: &mut &[u8]) -> Result<air::Kept, Error> {
    let voice = take_u32(bytes)?;
    let began = take_time(bytes)?;
    let mut numbers = [0.0; 3];
    for number in &mut numbers {
        *number = f32::from_bits(take_u32(bytes)?);
    }
    let [began_ppm, empty_ppm, empty_variance] = numbers;
    let is_ppm = |ppm: f32| (-1e6..=1e6).contains(&ppm);
    if !(is_ppm(began_ppm) && is_ppm(empty_ppm) && (1.0..=1e9).contains(&empty_variance)) {
        return Err(Error::Damaged("air that is none"));
    }
    Ok(air::Kept {
        voice,
        began,
        began_ppm,
        empty_ppm,
        empty_variance,
        volume_m3: u16::from_le_bytes(take_bytes(bytes)?),
        cells: take_shares::<CELLS>(bytes)?,
    })
}

fn take_doubt(bytes: &mut &[u8]) -> Result<Doubt, Error> {
    let voice = take_u32(bytes)?;
    let share = f32::from_bits(take_u32(bytes)?);
    if !(0.0..=1.0).contains(&share) {
        return Err(Error::Damaged("a doubt that is none"));
    }
    Ok(Doubt {
        voice,
        share,
        since_s: take_u32(bytes)?,
        readings: take_u32(bytes)?,
    })
}
