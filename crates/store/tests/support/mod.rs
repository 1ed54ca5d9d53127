//! Claims made up from a seed, for tests and benchmarks.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test and benchmark uses its own part of this"
)]

use bytes::Bytes;
use std::sync::Arc;
use twin_model::{
    Act, Attribute, BatchId, Claim, ClaimId, EntityId, Interval, Polygon, SourceId, Stated,
    Statement, Time, Uncertainty, Unit, Value,
};
use twin_store::Batch;

/// SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Debug, Clone)]
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }
}

/// The recorded time of a batch: one every ten seconds from a Monday in 2026 on.
pub fn recorded(batch: u64) -> Time {
    Time::from_seconds(1_767_600_000 + batch.cast_signed() * 10)
}

/// Makes batches about a building of `rooms` rooms that follow on from each other.
#[derive(Debug, Clone)]
pub struct Maker {
    rng: Rng,
    rooms: Vec<EntityId>,
    sources: Vec<SourceId>,
    temperature: Attribute,
    occupancy: Attribute,
    unit: Unit,
    procedure: Arc<str>,
    pub next: ClaimId,
    pub batch: u64,
}

impl Maker {
    pub fn new(seed: u64, rooms: usize) -> Self {
        let id = |kind: &str, i: usize| format!("urn:twin:tower:{kind}:{i}");
        Self {
            rng: Rng(seed),
            rooms: (0..rooms)
                .map(|i| EntityId::new(&id("room", i)).unwrap())
                .collect(),
            sources: (0..rooms)
                .map(|i| SourceId::new(&id("sensor", i)).unwrap())
                .collect(),
            temperature: Attribute::new("temperature").unwrap(),
            occupancy: Attribute::new("occupancy").unwrap(),
            unit: Unit::new("Cel").unwrap(),
            procedure: Arc::from("thermistor"),
            next: ClaimId {
                incarnation: 1,
                sequence: 1,
            },
            batch: 1,
        }
    }

    pub fn room(&self, i: usize) -> EntityId {
        self.rooms[i].clone()
    }

    pub fn temperature(&self) -> Attribute {
        self.temperature.clone()
    }

    /// A batch of `n` temperatures, as sensors send them.
    pub fn readings(&mut self, n: usize) -> Batch {
        self.batch_of(n, |maker, _| {
            let room = maker.rng.below(maker.rooms.len() as u64) as usize;
            let celsius = 15.0 + (maker.rng.below(1200) as f64) / 100.0;
            (
                maker.sources[room].clone(),
                Statement {
                    entity: maker.rooms[room].clone(),
                    attribute: maker.temperature.clone(),
                    act: Act::Assert(Stated {
                        value: Value::Number(celsius),
                        unit: Some(maker.unit.clone()),
                        uncertainty: None,
                    }),
                    valid: Interval::ALWAYS,
                    observed: Time(
                        recorded(maker.batch).0 - maker.rng.below(3_000_000).cast_signed(),
                    ),
                    procedure: None,
                },
            )
        })
    }

    /// A batch of `n` claims of every shape.
    pub fn mixed(&mut self, n: usize) -> Batch {
        let zeros = vec![0; self.rng.below(700) as usize * usize::from(n % 3 == 1)];
        Batch {
            note: Bytes::from(zeros),
            ..self.batch_of(n, Self::mixed_statement)
        }
    }

    fn batch_of(
        &mut self,
        n: usize,
        mut make: impl FnMut(&mut Self, usize) -> (SourceId, Statement),
    ) -> Batch {
        let (id, recorded) = (BatchId(self.batch), recorded(self.batch));
        let claims = (0..n)
            .map(|i| {
                let (source, statement) = make(self, i);
                let claim = Claim {
                    id: self.next,
                    source,
                    statement,
                    recorded,
                    batch: id,
                };
                self.next.sequence += 1;
                claim
            })
            .collect();
        self.batch += 1;
        Batch {
            id,
            kind: (id.0 % 5) as u8,
            recorded,
            note: Bytes::new(),
            claims,
        }
    }

    fn mixed_statement(&mut self, _: usize) -> (SourceId, Statement) {
        let room = self.rng.below(self.rooms.len() as u64) as usize;
        let observed = Time(recorded(self.batch).0 - self.rng.below(100_000_000_000).cast_signed());
        let shape = self.rng.below(14);
        let (attribute, act) = self.attribute_and_act(shape);
        let maybe = |rng: &mut Rng, time: Time| (rng.below(3) == 0).then_some(time);
        let valid = Interval {
            from: maybe(&mut self.rng, Time(observed.0 - 5)),
            until: maybe(&mut self.rng, Time(observed.0 + 3_600_000_000)),
        };
        let statement = Statement {
            entity: self.rooms[room].clone(),
            attribute,
            act,
            valid,
            observed,
            procedure: (self.rng.below(2) == 0).then(|| self.procedure.clone()),
        };
        (self.sources[room].clone(), statement)
    }

    fn attribute_and_act(&mut self, shape: u64) -> (Attribute, Act) {
        let attribute = |name: &str| Attribute::new(name).unwrap();
        let number = self.rng.below(100) as f64 / 7.0;
        let room = self.rooms[self.rng.below(self.rooms.len() as u64) as usize].clone();
        let ring = vec![[0.0, 0.0], [number, 0.0], [number, 2.5], [0.0, 2.5]];
        let hole = vec![[0.5, 0.5], [0.5, 0.6], [0.6, 0.5]];
        let (name, value) = match shape {
            0 => return (attribute("smoke"), Act::Absent),
            1 => return (attribute("fireRating"), Act::NotApplicable),
            2 => {
                let reason = Arc::from("sensor reports a broken wire");
                return (self.temperature.clone(), Act::Unknown { reason });
            }
            3 => return (self.occupancy.clone(), Act::Retract),
            4 => ("open", Value::Boolean(number > 7.0)),
            5 => ("name", Value::text(format!("Büro {number:.0}"))),
            6 => ("partOf", Value::Entity(room)),
            7 => {
                let other = self.rooms[0].clone();
                ("connects", Value::entities([room, other]))
            }
            8 => ("position", Value::Point([number, -1.5, 3.0])),
            9 => ("span", Value::Line([[0.0, number], [1.0, 2.0]].into())),
            10 => {
                let rings = vec![ring, hole];
                ("footprint", Value::Polygon(Arc::new(Polygon { rings })))
            }
            11 => ("vendor.data", Value::Json(Arc::from("{\"a\": [1,  2]}"))),
            12 => ("connects", Value::entities([])),
            _ => {
                let stated = Stated {
                    value: Value::Number(number),
                    unit: Some(self.unit.clone()),
                    uncertainty: Some(if number > 7.0 {
                        Uncertainty::StandardDeviation(0.25)
                    } else {
                        Uncertainty::Probability(0.75)
                    }),
                };
                return (self.temperature.clone(), Act::Assert(stated));
            }
        };
        (attribute(name), Act::Assert(value.into()))
    }
}
