//! A voice: a source, and in what way it speaks of the people in a room.
//!
//! One device may measure carbon dioxide and count phones; as a witness of people it speaks
//! with two voices, each with its own last word. A voice is kept in the place of the source's
//! number in a [`Reading`]: the way in the upper three bits, the source below.

use crate::evidence::{Evidence, Witness};
use crate::reading::{Reading, Tag, Word};
use twin_model::{AttributeSpec, Basis, Catalogue};

const WAY_SHIFT: u32 = 29;

/// In what way a voice speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Way {
    Count = 0,
    Co2 = 1,
    Ventilation = 2,
    Motion = 3,
    Phones = 4,
    Inward = 5,
    Outward = 6,
}

impl Way {
    fn of(witness: Witness) -> Self {
        match witness {
            Witness::Itself => Self::Count,
            Witness::Co2 { .. } => Self::Co2,
            Witness::Ventilation => Self::Ventilation,
            Witness::Motion => Self::Motion,
            Witness::Phones => Self::Phones,
            Witness::Passages { inward: true } => Self::Inward,
            Witness::Passages { inward: false } => Self::Outward,
        }
    }

    /// The way of a voice; `None` for a voice that nobody has.
    pub(crate) fn of_voice(voice: u32) -> Option<Self> {
        Some(match voice >> WAY_SHIFT {
            0 => Self::Count,
            1 => Self::Co2,
            2 => Self::Ventilation,
            3 => Self::Motion,
            4 => Self::Phones,
            5 => Self::Inward,
            6 => Self::Outward,
            _ => return None,
        })
    }

    /// The attribute that such a voice makes claims about.
    fn attribute(self) -> Option<&'static AttributeSpec> {
        Catalogue::BUILT_IN.get(match self {
            Self::Count => "occupancy",
            Self::Co2 => "co2",
            Self::Ventilation => "ventilation",
            Self::Motion => "motion",
            Self::Phones => "phones",
            Self::Inward | Self::Outward => "passages",
        })
    }
}

/// The node's number of a voice's source.
pub(crate) fn source_of(voice: u32) -> u32 {
    voice & ((1 << WAY_SHIFT) - 1)
}

/// The evidence as a reading of its voice, or `None` if its value does not have the form that
/// such a witness gives.
pub(crate) fn reading(spec: &AttributeSpec, evidence: &Evidence) -> Option<Reading> {
    let way = Way::of(evidence.witness);
    if evidence.source >> WAY_SHIFT != 0 {
        return None;
    }
    let mut reading = if way == Way::Count {
        Reading::new(spec, evidence)?
    } else {
        let inferred = Evidence {
            basis: Basis::Inferred,
            ..*evidence
        };
        let reading = Reading::new(way.attribute()?, &inferred)?;
        // That there is nothing to measure says nothing of people.
        match reading.word() {
            Word::Absent | Word::NotApplicable => Reading {
                tag: Tag::new(Word::Unknown, Basis::Inferred),
                ..reading
            },
            _ => reading,
        }
    };
    reading.source = (way as u32) << WAY_SHIFT | evidence.source;
    // Carbon dioxide and fresh air drift, and so have a delay; here they speak of people, of
    // whom none is kept.
    reading.delay = 0;
    if reading.word() != Word::Value {
        reading.spread = 1.0;
    }
    reading.spread = reading.spread.max(f32::MIN_POSITIVE);
    if let Witness::Co2 {
        volume_m3: Some(volume),
    } = evidence.witness
    {
        reading.weight = volume.round().clamp(0.0, f32::from(u16::MAX)) as u16;
    }
    Some(reading)
}
