//! One attribute of one twin, told and asked as a node does it.

use twin_fusion::{Evidence, Lesson, Outcome, Setting, State, Witness};
use twin_model::{
    Act, AttributeSpec, Basis, Catalogue, ClaimId, Estimate, Flag, HealthState, Interval,
    SourceHealth, SourceId, Stated, Time, Uncertainty, Value,
};

/// How long a reading usually takes from the sensor to the log.
const LATENCY_S: f64 = 1.0;

/// One reading, in the canonical unit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) source: u32,
    pub(crate) at: Time,
    pub(crate) value: Value,
    pub(crate) sd: Option<f64>,
    pub(crate) witness: Witness,
}

impl Said {
    /// A number about the attribute itself, without a stated spread.
    pub(crate) fn number(source: u32, at: Time, value: f64) -> Self {
        Self {
            source,
            at,
            value: Value::Number(value),
            sd: None,
            witness: Witness::Itself,
        }
    }

    pub(crate) fn as_number(&self) -> f64 {
        match self.value {
            Value::Number(n) => n,
            Value::Boolean(b) => f64::from(u8::from(b)),
            _ => f64::NAN,
        }
    }

    pub(crate) fn act(&self) -> Act {
        Act::Assert(Stated {
            value: self.value.clone(),
            unit: None,
            uncertainty: self.sd.map(Uncertainty::StandardDeviation),
        })
    }
}

/// The state of one attribute and what it was told with.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    pub(crate) spec: AttributeSpec,
    pub(crate) state: State,
    pub(crate) lessons: Vec<Lesson>,
    told: u64,
}

/// The catalogue's entry.
pub(crate) fn spec(attribute: &str) -> AttributeSpec {
    *Catalogue::BUILT_IN
        .get(attribute)
        .expect("an attribute of the catalogue")
}

/// So many seconds after 1970.
pub(crate) fn time(seconds: f64) -> Time {
    Time::from_seconds(0).plus_seconds(seconds)
}

fn name(source: u32) -> SourceId {
    SourceId::new(&format!("urn:twin:source:{source}")).expect("a well-formed URI")
}

impl Channel {
    pub(crate) fn new(spec: AttributeSpec) -> Self {
        Self {
            spec,
            state: State::new(&spec),
            lessons: Vec::new(),
            told: 0,
        }
    }

    /// Takes in a reading that arrives at once.
    pub(crate) fn tell(&mut self, said: &Said) -> Outcome {
        self.tell_at(said, said.at.plus_seconds(LATENCY_S))
    }

    /// Takes in a reading that is recorded at `recorded`.
    pub(crate) fn tell_at(&mut self, said: &Said, recorded: Time) -> Outcome {
        self.told += 1;
        let claim = ClaimId {
            incarnation: 1,
            sequence: self.told,
        };
        self.tell_as(said, claim, recorded)
    }

    /// Takes in a reading as that claim.
    pub(crate) fn tell_as(&mut self, said: &Said, claim: ClaimId, recorded: Time) -> Outcome {
        let act = said.act();
        let evidence = Evidence {
            claim,
            source: said.source,
            act: &act,
            valid: Interval::ALWAYS,
            observed: said.at,
            recorded,
            basis: Basis::Observed,
            witness: said.witness,
        };
        self.state.update(&self.spec, &evidence, &mut self.lessons)
    }

    pub(crate) fn estimate(&self, at: Time) -> Estimate {
        self.state.estimate(&self.spec, at, &Setting::plain(&name))
    }

    /// What is believed without what other owners sent.
    pub(crate) fn estimate_own(&self, at: Time) -> Estimate {
        self.state
            .estimate_own(&self.spec, at, &Setting::plain(&name))
    }

    /// Mean and standard deviation of a number or count.
    pub(crate) fn moments(&self, at: Time) -> Option<(f64, f64)> {
        self.estimate(at).distribution?.moments()
    }

    pub(crate) fn has(&self, flag: Flag, at: Time) -> bool {
        self.estimate(at).flags.has(flag)
    }

    /// What is thought of a source.
    pub(crate) fn health(&self, source: u32, at: Time) -> Option<SourceHealth> {
        let all = self.state.health(&self.spec, at);
        all.into_iter().find(|(s, _)| *s == source).map(|(_, h)| h)
    }

    /// Whether something is said against a source: that it is not well, or off by more than it
    /// may be.
    pub(crate) fn blames(&self, source: u32, bias_max: f64, at: Time) -> bool {
        self.health(source, at)
            .is_some_and(|h| h.state != HealthState::Ok || h.bias.abs() > bias_max)
    }
}
