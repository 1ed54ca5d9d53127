//! The bytes of received estimates in snapshots: `docs/formats/state.md`, version 2.

use super::{Others, RECEIVED_MAX, Received, TAGS_MAX, Tag, Tags, has_form};
use crate::codec::{
    Error, put_value, take, take_bool, take_finite, take_time, take_u8, take_u32, take_value,
};
use twin_model::{AttributeSpec, Basis, ClaimId, Distribution};

const GAUSSIAN: u8 = 0;
const BERNOULLI: u8 = 1;
const COUNTS: u8 = 2;
const ALTERNATIVES: u8 = 3;
const OWN: u8 = 0;
const FOREIGN: u8 = 1;

pub(crate) fn put_others(out: &mut Vec<u8>, others: &Others) {
    out.push(others.0.len() as u8);
    for received in &others.0 {
        out.extend(received.source.to_le_bytes());
        out.extend(received.claim.incarnation.to_le_bytes());
        out.extend(received.claim.sequence.to_le_bytes());
        out.extend(received.about.0.to_le_bytes());
        out.extend(received.evidence_time.0.to_le_bytes());
        out.push(received.basis as u8);
        put_tags(out, &received.tags);
        put_distribution(out, &received.distribution);
    }
}

pub(crate) fn take_others(spec: &AttributeSpec, bytes: &mut &[u8]) -> Result<Others, Error> {
    let count = usize::from(take_u8(bytes)?);
    if !(1..=RECEIVED_MAX).contains(&count) {
        return Err(Error::Damaged("no number of received estimates"));
    }
    let mut list: Vec<Received> = Vec::with_capacity(count);
    for _ in 0..count {
        let received = take_received(bytes)?;
        if !has_form(spec, &received.distribution) {
            return Err(Error::Damaged("an estimate of another form"));
        }
        if list.last().is_some_and(|r| r.source >= received.source) {
            return Err(Error::Damaged("received estimates out of order"));
        }
        list.push(received);
    }
    Ok(Others(list))
}

fn take_received(bytes: &mut &[u8]) -> Result<Received, Error> {
    Ok(Received {
        source: take_u32(bytes)?,
        claim: ClaimId {
            incarnation: take_u32(bytes)?,
            sequence: u64::from_le_bytes(take(bytes)?),
        },
        about: take_time(bytes)?,
        evidence_time: take_time(bytes)?,
        basis: match take_u8(bytes)? {
            0 => Basis::Observed,
            1 => Basis::Inferred,
            2 => Basis::Predicted,
            3 => Basis::Assumed,
            _ => return Err(Error::Damaged("a basis that is none")),
        },
        tags: take_tags(bytes)?,
        distribution: take_distribution(bytes)?,
    })
}

fn put_tags(out: &mut Vec<u8>, tags: &Tags) {
    out.push(u8::from(tags.has_more()));
    out.push(tags.named().len() as u8);
    for tag in tags.named() {
        let (kind, number) = match *tag {
            Tag::Own(source) => (OWN, u64::from(source)),
            Tag::Foreign(number) => (FOREIGN, number),
        };
        out.push(kind);
        out.extend(number.to_le_bytes());
    }
}

fn take_tags(bytes: &mut &[u8]) -> Result<Tags, Error> {
    let has_more = take_bool(bytes)?;
    let count = usize::from(take_u8(bytes)?);
    if count > TAGS_MAX {
        return Err(Error::Damaged("too many tags"));
    }
    let mut list = Vec::with_capacity(count);
    for _ in 0..count {
        let (kind, number) = (take_u8(bytes)?, u64::from_le_bytes(take(bytes)?));
        list.push(match (kind, u32::try_from(number)) {
            (OWN, Ok(source)) => Tag::Own(source),
            (FOREIGN, _) => Tag::Foreign(number),
            _ => return Err(Error::Damaged("a tag that is none")),
        });
    }
    if !list.is_sorted_by(|a, b| a < b) {
        return Err(Error::Damaged("tags out of order"));
    }
    let tags = Tags::of(list);
    Ok(if has_more { tags.and_more() } else { tags })
}

fn put_distribution(out: &mut Vec<u8>, distribution: &Distribution) {
    match distribution {
        Distribution::Gaussian { mean, sd } => {
            out.push(GAUSSIAN);
            out.extend(mean.to_bits().to_le_bytes());
            out.extend(sd.to_bits().to_le_bytes());
        }
        Distribution::Bernoulli { p } => {
            out.push(BERNOULLI);
            out.extend(p.to_bits().to_le_bytes());
        }
        Distribution::Counts(p) => {
            out.extend([COUNTS, p.len() as u8]);
            for p in p.iter() {
                out.extend(p.to_bits().to_le_bytes());
            }
        }
        Distribution::Alternatives(list) => {
            out.extend([ALTERNATIVES, list.len() as u8]);
            for (value, p) in list.iter() {
                put_value(out, value);
                out.extend(p.to_bits().to_le_bytes());
            }
        }
    }
}

fn take_distribution(bytes: &mut &[u8]) -> Result<Distribution, Error> {
    Ok(match take_u8(bytes)? {
        GAUSSIAN => Distribution::Gaussian {
            mean: take_finite(bytes)?,
            sd: take_finite(bytes)?,
        },
        BERNOULLI => Distribution::Bernoulli {
            p: take_finite(bytes)?,
        },
        COUNTS => {
            let count = take_u8(bytes)?;
            let p = (0..count).map(|_| take_u32(bytes).map(f32::from_bits));
            Distribution::Counts(p.collect::<Result<_, _>>()?)
        }
        ALTERNATIVES => {
            let count = take_u8(bytes)?;
            let list = (0..count).map(|_| Ok((take_value(bytes)?, take_finite(bytes)?)));
            Distribution::Alternatives(list.collect::<Result<_, Error>>()?)
        }
        _ => return Err(Error::Damaged("a distribution of unknown form")),
    })
}
