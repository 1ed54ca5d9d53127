//! What the tests share: an origin with fixed keys, and seeded randomness.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(unreachable_pub, reason = "a module of several test crates")]

pub mod world;

use ed25519_dalek::SigningKey;
use twin_link::{
    Audience, Author, Bundle, Class, Identity, Incarnation, Keep, OriginId, Payload, SecretKey,
    Topic,
};
use twin_model::{Attribute, EntityId, SourceId, Time, Unit};

pub const NOON: Time = Time(1_795_348_800_000_000);

pub fn later(seconds: f64) -> Time {
    NOON.plus_seconds(seconds)
}

/// The node of an organisation, by a number.
pub fn node_key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

pub fn identity(number: u8) -> Identity {
    Identity {
        origin: OriginId([number; 16]),
        incarnation: Incarnation([0xA1; 16]),
        audience: Audience([0xB2; 16]),
    }
}

pub fn epoch_key(number: u8) -> SecretKey {
    SecretKey::new([number; 32])
}

/// A stream of organisation `number` in its first epoch.
pub fn author(number: u8, class: Class, keep: Keep) -> Author {
    let mut author = Author::open(&[number; 32], identity(number), class, keep);
    author
        .begin_epoch(1, epoch_key(1), NOON)
        .expect("a first epoch");
    author
}

pub fn temperature(room: usize) -> Topic {
    Topic {
        source: SourceId::new(&format!("urn:tower:sensor:{room}")).expect("a source"),
        entity: EntityId::new(&format!("urn:tower:room:{room}")).expect("an entity"),
        attribute: Attribute::new("temperature").expect("an attribute"),
        unit: Unit::new("CEL").ok(),
        procedure: None,
        uncertainty: None,
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// In `0..bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// In `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    pub fn key(&mut self) -> [u8; 32] {
        let mut out = [0; 32];
        out.chunks_mut(8)
            .for_each(|chunk| chunk.copy_from_slice(&self.next().to_le_bytes()));
        out
    }
}

/// Writes a bundle; those that name its topics come before it.
pub fn append(author: &mut Author, payload: &Payload, expires: Option<Time>) -> Vec<Bundle> {
    author.append(payload, expires, NOON).expect("a bundle")
}
