//! The sensors of the tower: recorded messages, published to a broker when their time has come.

use crate::broker::Broker;
use crate::rng::{now_us, rfc3339};
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Between two looks at the clock.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Times of one form compare as texts, here to the second.
const SECOND_CHARS: usize = 19;

/// One message.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Said {
    pub topic: String,
    pub payload: String,
    time: String,
}

impl Said {
    /// A file of messages, in order of their time.
    pub(super) fn read(file: &Path) -> Result<Vec<Self>> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("`{}` cannot be read", file.display()))?;
        let lines = text.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().context("not a message")
    }

    fn is_due(&self, now: &str) -> bool {
        self.time.get(..SECOND_CHARS) <= now.get(..SECOND_CHARS)
    }
}

/// Sensors that speak until the program ends or they are told to be silent.
#[derive(Debug)]
pub(crate) struct Sensors {
    pub(super) broker: Broker,
    /// How many messages were of the past when they began.
    pub(super) past: usize,
    messages: Arc<[Said]>,
    is_silent: Arc<AtomicBool>,
}

impl Sensors {
    /// Publishes what is of the past at once and the rest in its time.
    pub(super) fn speak(broker: Broker, messages: Vec<Said>) -> Self {
        let now = rfc3339(now_us());
        let sensors = Self {
            broker,
            past: messages.iter().filter(|said| said.is_due(&now)).count(),
            messages: messages.into(),
            is_silent: Arc::default(),
        };
        let (broker, messages) = (sensors.broker.clone(), Arc::clone(&sensors.messages));
        let is_silent = Arc::clone(&sensors.is_silent);
        std::thread::spawn(move || {
            for said in messages.iter() {
                while is_silent.load(Ordering::Relaxed) || !said.is_due(&rfc3339(now_us())) {
                    std::thread::sleep(LOOK_AGAIN);
                }
                broker.publish(&said.topic, &said.payload);
            }
        });
        sensors
    }

    /// From now on nothing is said, so that two sides can be compared.
    pub(super) fn fall_silent(&self) {
        self.is_silent.store(true, Ordering::Relaxed);
    }

    /// What a point says next. Only of those that have their topic to themselves.
    pub(super) fn next_of(&self, point: &Value) -> Option<&Said> {
        let name = point["point"].as_str()?;
        let mut later = self.messages.iter().skip(self.past);
        later.find(|said| said.topic == name && said.payload.parse().is_ok_and(f64::is_finite))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(time: &str, topic: &str, payload: &str) -> Said {
        let line = json!({"topic": topic, "payload": payload, "time": time}).to_string();
        serde_json::from_str(&line).unwrap()
    }

    #[test]
    fn the_past_is_told_at_once_and_the_future_is_not() {
        let messages = vec![
            said("2026-01-05T08:00:00.035Z", "a", "21.5"),
            said("9999-01-05T08:00:00Z", "a", "NaN"),
            said("9999-01-05T08:00:01Z", "a", "22.5"),
        ];
        let sensors = Sensors::speak(Broker::start().unwrap(), messages);
        assert_eq!(sensors.past, 1);
        let next = sensors.next_of(&json!({"point": "a"})).unwrap();
        assert_eq!(next.payload, "22.5", "what is no number proves nothing");
        assert!(sensors.next_of(&json!({"point": "a#b"})).is_none());
    }
}
