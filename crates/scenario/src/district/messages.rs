//! What the tower's points say, as messages of a broker: one JSON object a line.
//!
//! Some send a bare number, some with a decimal comma, some a small object, the radio sensors a
//! large one. A few send nothing that makes sense. Values wander as rooms do on a working
//! morning; what each message was meant to say is not told, only which point sent it.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Options;
use super::points::{self, Point, Signal};
use crate::rng::{Rng, mix};
use crate::time::{SECOND_US, format_utc};

/// How often a point speaks, in minutes and in seconds.
pub(super) const EVERY_MIN: i64 = 10;
const EVERY_S: i64 = EVERY_MIN * 60;

/// One message.
struct Message<'a> {
    at_us: i64,
    topic: &'a str,
    payload: String,
}

/// All messages, in the order in which the broker delivered them.
pub(super) fn write(points: &[Point], options: &Options) -> String {
    let mut messages: Vec<Message> = Vec::new();
    for devices in points.chunk_by(|a, b| a.member.is_some() && a.topic == b.topic) {
        let device = &devices[0];
        let mut rng = Rng::of(options.seed, &format!("messages {}", device.topic));
        let mut values: Vec<f64> = devices.iter().map(|point| first(point, &mut rng)).collect();
        let phase_us = rng.whole(0, EVERY_S * 1000) * 1000;
        for time in 0..options.minutes / EVERY_MIN {
            let at_us = options.start_us + phase_us + time * EVERY_S * SECOND_US;
            for (value, point) in values.iter_mut().zip(devices) {
                *value = next(point, *value, &mut rng);
            }
            let payload = if device.member.is_some() {
                radio(devices, &values, at_us)
            } else {
                plain(device, values[0], at_us, &mut rng)
            };
            messages.push(Message {
                at_us,
                topic: &device.topic,
                payload,
            });
        }
    }
    messages.sort_by(|a, b| (a.at_us, a.topic).cmp(&(b.at_us, b.topic)));
    let mut text = String::new();
    for message in messages {
        let line = json!({
            "topic": message.topic,
            "payload": message.payload,
            "time": format_utc(message.at_us),
        });
        let _ = writeln!(text, "{line}");
    }
    text
}

/// The value before the first message.
fn first(point: &Point, rng: &mut Rng) -> f64 {
    match point.signal {
        Signal::Temperature | Signal::DuctTemperature => rng.between(18.5, 24.0),
        Signal::Setpoint => rng.whole(38, 46) as f64 / 2.0,
        Signal::Co2 => rng.between(420.0, 900.0),
        Signal::Humidity => rng.between(28.0, 55.0),
        Signal::Valve => rng.between(0.0, 100.0),
        Signal::Battery => rng.between(40.0, 100.0),
        Signal::Power => rng.between(4.0, 40.0),
        Signal::Motion | Signal::Running => f64::from(rng.chance(0.5)),
        Signal::Fault | Signal::DoorContact => f64::from(rng.chance(0.04)),
        Signal::Smoke | Signal::CallPoint => f64::from(rng.chance(0.002)),
    }
}

fn next(point: &Point, value: f64, rng: &mut Rng) -> f64 {
    match point.signal {
        Signal::Temperature | Signal::DuctTemperature => value + rng.between(-0.15, 0.3),
        Signal::Co2 => value + rng.between(-20.0, 45.0),
        Signal::Humidity => value + rng.between(-0.6, 0.6),
        Signal::Valve => (value + rng.between(-8.0, 8.0)).clamp(0.0, 100.0),
        Signal::Power => value * rng.between(0.93, 1.08),
        Signal::Motion | Signal::DoorContact if rng.chance(0.2) => 1.0 - value,
        _ => value,
    }
}

/// A message with one value, in the manner of its contractor.
fn plain(point: &Point, value: f64, at_us: i64, rng: &mut Rng) -> String {
    if rng.chance(0.004) {
        return rng.pick(&["", "---", "NaN", "offline", "#COMM"]).to_owned();
    }
    let on = value > 0.5;
    let number = match point.signal {
        Signal::Co2 => format!("{value:.0}"),
        _ => format!("{value:.1}"),
    };
    let is_state = matches!(
        point.signal,
        Signal::Motion
            | Signal::Running
            | Signal::Fault
            | Signal::DoorContact
            | Signal::Smoke
            | Signal::CallPoint
    );
    let style = mix(0, &point.topic) % 3;
    match (point.contractor, is_state, style) {
        ("bmc", ..) => if on { "BRAND" } else { "NORMAAL" }.to_owned(),
        ("acc", ..) => {
            let state = if on { "open" } else { "closed" };
            json!({"state": state, "ts": format_utc(at_us)}).to_string()
        }
        ("hlk", false, 0) => number.replace('.', ","),
        ("hlk" | "tga", true, 0) => if on { "EIN" } else { "AUS" }.to_owned(),
        ("nt", false, 0) => json!({"value": number_of(&number), "unit": point.unit}).to_string(),
        ("nt", false, 1) => {
            let value = number_of(&number);
            json!({"presentValue": value, "statusFlags": [false, false, false, false]}).to_string()
        }
        (_, true, 1) => on.to_string(),
        (_, true, _) => u8::from(on).to_string(),
        _ => number,
    }
}

fn number_of(text: &str) -> Value {
    text.parse::<f64>().map_or(Value::Null, Value::from)
}

/// An uplink as The Things Stack (v3) publishes it over MQTT.
fn radio(own: &[Point], values: &[f64], at_us: i64) -> String {
    let mut decoded = serde_json::Map::new();
    for (point, value) in own.iter().zip(values) {
        let rounded = (value * 10.0).round() / 10.0;
        let name = point.member.map(points::last).unwrap_or_default();
        decoded.insert(name.to_owned(), rounded.into());
    }
    let device = own[0].topic.split('/').nth(3).unwrap_or_default();
    json!({
        "end_device_ids": {
            "device_id": device,
            "application_ids": {"application_id": "wachter-iot"},
        },
        "received_at": format_utc(at_us),
        "uplink_message": {
            "f_port": 85,
            "f_cnt": at_us / SECOND_US % 65_536,
            "decoded_payload": decoded,
            "rx_metadata": [{"gateway_ids": {"gateway_id": "roof-1"}, "rssi": -97, "snr": 7.2}],
        },
    })
    .to_string()
}
