//! Which bundles of other organisations were recorded here: each once, whatever happens.
//!
//! A bundle and the claims that it became stand in one batch of the log, so after a crash
//! either both are there or neither, and nothing is recorded twice.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use twin_link::{Ranges, StreamId};

/// A bundle whose claims a batch holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// The stream.
    pub(crate) stream: StreamId,
    /// The bundle's number in it.
    pub(crate) seq: u64,
}

/// Every bundle recorded so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Received(pub(crate) BTreeMap<StreamId, Ranges>);

/// The form of an arrival in notes.
#[derive(Serialize, Deserialize)]
pub(crate) struct ArrivalJson {
    stream: String,
    seq: u64,
}

/// The form of what arrived in one stream in a saved state.
#[derive(Serialize, Deserialize)]
pub(crate) struct ReceivedJson {
    stream: String,
    runs: Vec<(u64, u64)>,
}

impl Received {
    /// Takes a bundle in.
    pub(crate) fn take(&mut self, arrival: Arrival) {
        let ranges = self.0.entry(arrival.stream).or_default();
        ranges.insert(arrival.seq, arrival.seq);
    }

    /// The form in a saved state.
    pub(crate) fn to_json(&self) -> Vec<ReceivedJson> {
        let form = |(stream, ranges): (&StreamId, &Ranges)| ReceivedJson {
            stream: stream.to_string(),
            runs: ranges.iter().collect(),
        };
        self.0.iter().map(form).collect()
    }

    /// Reads a saved state.
    pub(crate) fn read(json: Vec<ReceivedJson>) -> Result<Self, String> {
        let mut received = Self::default();
        for ReceivedJson { stream, runs } in json {
            let ranges = received.0.entry(stream_id(&stream)?).or_default();
            for (from, to) in runs {
                ranges.insert(from, to);
            }
        }
        Ok(received)
    }
}

impl From<Arrival> for ArrivalJson {
    fn from(arrival: Arrival) -> Self {
        Self {
            stream: arrival.stream.to_string(),
            seq: arrival.seq,
        }
    }
}

impl ArrivalJson {
    /// The arrival, checked.
    pub(crate) fn read(&self) -> Result<Arrival, String> {
        Ok(Arrival {
            stream: stream_id(&self.stream)?,
            seq: self.seq,
        })
    }
}

fn stream_id(text: &str) -> Result<StreamId, String> {
    let digits: Option<Vec<u8>> = (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect();
    let bytes = digits.and_then(|bytes| bytes.try_into().ok());
    let id = bytes.map(StreamId);
    id.ok_or_else(|| format!("`{text}` is no stream"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_arrived_comes_back() {
        let mut received = Received::default();
        for (stream, seq) in [(1, 1), (1, 2), (1, 9), (7, 4)] {
            let stream = StreamId([stream; 16]);
            received.take(Arrival { stream, seq });
        }
        assert_eq!(Received::read(received.to_json()), Ok(received));
    }

    #[test]
    fn a_damaged_stream_is_named() {
        for stream in ["", "0", "zz", "éé", &"0".repeat(31), &"0".repeat(34)] {
            let json = ArrivalJson {
                stream: stream.to_owned(),
                seq: 1,
            };
            assert_eq!(json.read(), Err(format!("`{stream}` is no stream")));
        }
    }
}
