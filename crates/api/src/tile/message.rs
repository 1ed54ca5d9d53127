//! The bytes of a tile: protocol buffers, as section 4 of the specification lays them out.

use super::shape::Drawn;
use super::{EXTENT, Property};
use std::collections::BTreeMap;

const VERSION: u64 = 2;

/// Wire types of protocol buffers.
const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const DELIMITED: u64 = 2;

/// Commands of section 4.3.1.
const MOVE_TO: u32 = 1;
const LINE_TO: u32 = 2;
const CLOSE_PATH: u32 = 7;

/// One layer while features are added to it. Keys and values are told once and then meant
/// by their number.
pub(super) struct LayerWriter {
    name: &'static str,
    features: Vec<u8>,
    keys: Vec<&'static str>,
    values: BTreeMap<Vec<u8>, u64>,
    values_in_order: Vec<u8>,
}

impl LayerWriter {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            features: Vec::new(),
            keys: Vec::new(),
            values: BTreeMap::new(),
            values_in_order: Vec::new(),
        }
    }

    pub(super) fn feature(&mut self, drawn: &Drawn, properties: &[(&'static str, Property)]) {
        let mut tags = Vec::new();
        for (name, property) in properties {
            varint(&mut tags, self.key(name));
            varint(&mut tags, self.value(property));
        }
        let (kind, geometry) = geometry(drawn);
        let mut feature = Vec::new();
        delimited(&mut feature, 2, &tags);
        field(&mut feature, 3, VARINT);
        varint(&mut feature, kind);
        delimited(&mut feature, 4, &geometry);
        delimited(&mut self.features, 2, &feature);
    }

    /// Adds the layer to a tile, unless nothing is in it.
    pub(super) fn finish(self, tile: &mut Vec<u8>) {
        if self.features.is_empty() {
            return;
        }
        let mut layer = Vec::with_capacity(self.features.len() + self.values_in_order.len() + 64);
        delimited(&mut layer, 1, self.name.as_bytes());
        layer.extend(self.features);
        for key in self.keys {
            delimited(&mut layer, 3, key.as_bytes());
        }
        layer.extend(self.values_in_order);
        field(&mut layer, 5, VARINT);
        varint(&mut layer, EXTENT.into());
        field(&mut layer, 15, VARINT);
        varint(&mut layer, VERSION);
        delimited(tile, 3, &layer);
    }

    /// Layers have a handful of keys, so that looking through them is quickest.
    fn key(&mut self, name: &'static str) -> u64 {
        let known = self.keys.iter().position(|key| *key == name);
        let number = known.unwrap_or_else(|| {
            self.keys.push(name);
            self.keys.len() - 1
        });
        number as u64
    }

    fn value(&mut self, property: &Property) -> u64 {
        let bytes = value(property);
        if let Some(number) = self.values.get(&bytes) {
            return *number;
        }
        let number = self.values.len() as u64;
        delimited(&mut self.values_in_order, 4, &bytes);
        self.values.insert(bytes, number);
        number
    }
}

fn value(property: &Property) -> Vec<u8> {
    let mut bytes = Vec::new();
    match property {
        Property::Text(text) => delimited(&mut bytes, 1, text.as_bytes()),
        Property::Number(number) => {
            field(&mut bytes, 3, FIXED_64);
            bytes.extend(number.to_le_bytes());
        }
        Property::Count(count) => {
            field(&mut bytes, 5, VARINT);
            varint(&mut bytes, *count);
        }
        Property::Truth(truth) => {
            field(&mut bytes, 7, VARINT);
            varint(&mut bytes, (*truth).into());
        }
    }
    bytes
}

/// The sort of geometry, and its commands.
fn geometry(drawn: &Drawn) -> (u64, Vec<u8>) {
    let mut pen = Pen::default();
    match drawn {
        Drawn::Point(at) => {
            pen.command(MOVE_TO, 1);
            pen.go(*at);
            (1, pen.bytes)
        }
        Drawn::Lines(parts) => {
            for part in parts {
                pen.path(part);
            }
            (2, pen.bytes)
        }
        Drawn::Polygon(rings) => {
            for ring in rings {
                pen.path(ring);
                pen.command(CLOSE_PATH, 1);
            }
            (3, pen.bytes)
        }
    }
}

/// Draws from where it stands: each point is told by its distance from the last.
#[derive(Default)]
struct Pen {
    bytes: Vec<u8>,
    at: [i32; 2],
}

impl Pen {
    fn path(&mut self, points: &[[i32; 2]]) {
        let Some((first, rest)) = points.split_first() else {
            return;
        };
        self.command(MOVE_TO, 1);
        self.go(*first);
        self.command(LINE_TO, rest.len());
        for point in rest {
            self.go(*point);
        }
    }

    fn command(&mut self, command: u32, count: usize) {
        varint(&mut self.bytes, (count as u64) << 3 | u64::from(command));
    }

    fn go(&mut self, to: [i32; 2]) {
        for (to, at) in to.into_iter().zip(self.at) {
            let step = to - at;
            // Zigzag, so that small steps back are small numbers too.
            varint(&mut self.bytes, ((step << 1) ^ (step >> 31)) as u32 as u64);
        }
        self.at = to;
    }
}

fn field(bytes: &mut Vec<u8>, number: u64, wire_type: u64) {
    varint(bytes, number << 3 | wire_type);
}

fn delimited(bytes: &mut Vec<u8>, number: u64, content: &[u8]) {
    field(bytes, number, DELIMITED);
    varint(bytes, content.len() as u64);
    bytes.extend_from_slice(content);
}

fn varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}
