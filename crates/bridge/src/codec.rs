//! Packets of MQTT 3.1.1 and 5 in one form.
//!
//! `rumqttc` reads and writes them; here a frame is cut off first, so that one that is too large
//! can be passed over instead of ending the connection: the broker would only send it again.

use crate::options::{Target, Version};
use bytes::{Buf, BytesMut};
use rumqttc::mqttbytes::v4;
use rumqttc::mqttbytes::{Protocol, QoS};
use rumqttc::v5::mqttbytes::v5;

/// Largest packet that the protocol can write.
const PACKET_BYTES_MAX: usize = 268_435_455;
/// Bytes that a message needs beside its payload: header, topic, packet number, properties.
pub(crate) const OVERHEAD_BYTES: usize = 72 * 1024;

/// What a broker says, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    Welcome {
        session_present: bool,
        keep_alive_s: Option<u16>,
    },
    /// Refused to let us in, and why.
    Refused(String),
    Message {
        topic: String,
        payload: Vec<u8>,
        /// Number under which it is acknowledged; `None` where no acknowledgement is wanted.
        number: Option<u16>,
        repeated: bool,
        retained: bool,
    },
    /// A message that is too large and was passed over.
    TooLarge {
        number: Option<u16>,
        topic: String,
        bytes: usize,
    },
    /// Which of the topics were refused.
    Subscribed(Vec<bool>),
    Alive,
    Goodbye(String),
    /// Nothing that matters.
    Other,
}

/// Reads what a broker says.
#[derive(Debug)]
pub(crate) struct Reader {
    version: Version,
    message_bytes_max: usize,
    /// Bytes of a passed-over packet that are still to come.
    skip: usize,
}

/// A broker that does not keep to the protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Broken(pub(crate) String);

impl Reader {
    pub(crate) const fn new(version: Version, message_bytes_max: usize) -> Self {
        Self {
            version,
            message_bytes_max,
            skip: 0,
        }
    }

    /// The next thing said, if all of it is there.
    pub(crate) fn next(&mut self, bytes: &mut BytesMut) -> Result<Option<Said>, Broken> {
        let passed = self.skip.min(bytes.len());
        bytes.advance(passed);
        self.skip -= passed;
        if self.skip > 0 {
            return Ok(None);
        }
        let Some((header, remaining)) = frame(bytes)? else {
            return Ok(None);
        };
        let is_message = bytes[0] >> 4 == 3;
        if remaining > self.message_bytes_max + OVERHEAD_BYTES {
            if !is_message {
                return Err(Broken(format!("a packet has {remaining} bytes")));
            }
            return Ok(self.pass_over(bytes, header, remaining));
        }
        if bytes.len() < header + remaining {
            return Ok(None);
        }
        let mut packet = bytes.split_to(header + remaining);
        let said = match self.version {
            Version::V3 => v4::Packet::read(&mut packet, PACKET_BYTES_MAX)
                .map(said_v3)
                .map_err(|error| Broken(error.to_string())),
            // A farewell without a reason has no body, which is allowed (MQTT 5, 3.14.2.1).
            Version::V5 if remaining == 0 && packet[0] >> 4 == 14 => {
                Ok(Said::Goodbye("without a reason".to_owned()))
            }
            Version::V5 => v5::Packet::read(&mut packet, None)
                .map_err(|error| Broken(error.to_string()))
                .and_then(said_v5),
        }?;
        Ok(Some(self.measured(said)))
    }

    /// A message within the frame's bounds may still have too large a payload.
    fn measured(&self, said: Said) -> Said {
        match said {
            Said::Message {
                topic,
                payload,
                number,
                ..
            } if payload.len() > self.message_bytes_max => Said::TooLarge {
                number,
                topic,
                bytes: payload.len(),
            },
            said => said,
        }
    }

    /// Topic and number of a message that is not read; `None` until they are there.
    fn pass_over(&mut self, bytes: &mut BytesMut, header: usize, remaining: usize) -> Option<Said> {
        let first = bytes[0];
        let wants_number = first & 0b110 != 0;
        let topic_bytes = usize::from(u16::from_be_bytes([
            *bytes.get(header)?,
            *bytes.get(header + 1)?,
        ]));
        let after_topic = header + 2 + topic_bytes;
        let number = if wants_number {
            let high = *bytes.get(after_topic)?;
            let low = *bytes.get(after_topic + 1)?;
            Some(u16::from_be_bytes([high, low]))
        } else {
            None
        };
        let topic = bytes.get(header + 2..after_topic)?;
        let topic = String::from_utf8_lossy(topic).into_owned();
        self.skip = header + remaining;
        let passed = self.skip.min(bytes.len());
        bytes.advance(passed);
        self.skip -= passed;
        Some(Said::TooLarge {
            number: number.filter(|n| *n != 0),
            topic,
            bytes: remaining,
        })
    }
}

/// Length of the fixed header and of what follows it (MQTT 5, 1.5.5).
fn frame(bytes: &[u8]) -> Result<Option<(usize, usize)>, Broken> {
    let mut remaining = 0;
    for (at, byte) in bytes.iter().skip(1).take(4).enumerate() {
        remaining |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(Some((at + 2, remaining)));
        }
    }
    if bytes.len() > 4 {
        return Err(Broken("the length of a packet has no end".to_owned()));
    }
    Ok(None)
}

fn said_v3(packet: v4::Packet) -> Said {
    match packet {
        v4::Packet::ConnAck(ack) if ack.code == v4::ConnectReturnCode::Success => Said::Welcome {
            session_present: ack.session_present,
            keep_alive_s: None,
        },
        v4::Packet::ConnAck(ack) => Said::Refused(format!("{:?}", ack.code)),
        v4::Packet::Publish(publish) => Said::Message {
            number: (publish.qos != QoS::AtMostOnce).then_some(publish.pkid),
            topic: publish.topic,
            payload: publish.payload.to_vec(),
            repeated: publish.dup,
            retained: publish.retain,
        },
        v4::Packet::SubAck(ack) => Said::Subscribed(
            ack.return_codes
                .iter()
                .map(|code| matches!(code, v4::SubscribeReasonCode::Failure))
                .collect(),
        ),
        v4::Packet::PingResp => Said::Alive,
        _ => Said::Other,
    }
}

fn said_v5(packet: v5::Packet) -> Result<Said, Broken> {
    Ok(match packet {
        v5::Packet::ConnAck(ack) if ack.code == v5::ConnectReturnCode::Success => Said::Welcome {
            session_present: ack.session_present,
            keep_alive_s: ack.properties.and_then(|p| p.server_keep_alive),
        },
        v5::Packet::ConnAck(ack) => Said::Refused(format!("{:?}", ack.code)),
        v5::Packet::Publish(publish) => {
            let topic = String::from_utf8(publish.topic.to_vec())
                .map_err(|_| Broken("a topic is no text".to_owned()))?;
            if topic.is_empty() {
                return Err(Broken(
                    "a message has no topic, nor was an alias agreed".to_owned(),
                ));
            }
            Said::Message {
                topic,
                payload: publish.payload.to_vec(),
                number: (publish.pkid != 0).then_some(publish.pkid),
                repeated: publish.dup,
                retained: publish.retain,
            }
        }
        v5::Packet::SubAck(ack) => Said::Subscribed(
            ack.return_codes
                .iter()
                .map(|code| !matches!(code, v5::SubscribeReasonCode::Success(_)))
                .collect(),
        ),
        v5::Packet::PingResp(_) => Said::Alive,
        v5::Packet::Disconnect(goodbye) => Said::Goodbye(format!("{:?}", goodbye.reason_code)),
        _ => Said::Other,
    })
}

/// A packet that we send.
#[derive(Clone, Copy)]
pub(crate) enum Say<'t> {
    Hello(&'t Target),
    Subscribe(&'t Target),
    Acknowledge(u16),
    Ping,
    Goodbye,
}

impl Say<'_> {
    pub(crate) fn write(self, version: Version, to: &mut BytesMut) -> Result<(), Broken> {
        let written = match version {
            Version::V3 => self
                .v3()
                .write(to, PACKET_BYTES_MAX)
                .map_err(|e| e.to_string()),
            Version::V5 => self.v5().write(to, None).map_err(|e| e.to_string()),
        };
        written.map(|_| ()).map_err(Broken)
    }

    fn v3(self) -> v4::Packet {
        match self {
            Self::Hello(target) => v4::Packet::Connect(v4::Connect {
                protocol: Protocol::V4,
                keep_alive: target.options.keep_alive_s,
                client_id: target.client_id.clone(),
                clean_session: false,
                last_will: None,
                login: target
                    .login()
                    .map(|(user, word)| v4::Login::new(user, word)),
            }),
            Self::Subscribe(target) => {
                let filters = target
                    .options
                    .topics
                    .iter()
                    .map(|topic| v4::SubscribeFilter::new(topic.clone(), QoS::AtLeastOnce));
                let mut subscribe = v4::Subscribe::new_many(filters);
                subscribe.pkid = 1;
                v4::Packet::Subscribe(subscribe)
            }
            Self::Acknowledge(number) => v4::Packet::PubAck(v4::PubAck::new(number)),
            Self::Ping => v4::Packet::PingReq,
            Self::Goodbye => v4::Packet::Disconnect,
        }
    }

    fn v5(self) -> v5::Packet {
        use rumqttc::v5::mqttbytes::QoS;
        match self {
            Self::Hello(target) => {
                let mut properties = v5::ConnectProperties::new();
                properties.session_expiry_interval = Some(target.options.session_expiry_s);
                let waiting = target.options.queue_messages_max.min(65_535);
                properties.receive_maximum = u16::try_from(waiting).ok();
                let largest = target.options.message_bytes_max + OVERHEAD_BYTES;
                properties.max_packet_size = u32::try_from(largest).ok();
                let connect = v5::Connect {
                    keep_alive: target.options.keep_alive_s,
                    client_id: target.client_id.clone(),
                    clean_start: false,
                    properties: Some(properties),
                };
                let login = target.login();
                let login = login.map(|(user, word)| v5::Login::new(user, word));
                v5::Packet::Connect(connect, None, login)
            }
            Self::Subscribe(target) => {
                let topics = target.options.topics.iter();
                let filters = topics.map(|t| v5::Filter::new(t.clone(), QoS::AtLeastOnce));
                let mut subscribe = v5::Subscribe::new_many(filters, None);
                subscribe.pkid = 1;
                v5::Packet::Subscribe(subscribe)
            }
            Self::Acknowledge(number) => v5::Packet::PubAck(v5::PubAck::new(number, None)),
            Self::Ping => v5::Packet::PingReq(v5::PingReq),
            Self::Goodbye => v5::Packet::Disconnect(v5::Disconnect::new(
                v5::DisconnectReasonCode::NormalDisconnection,
            )),
        }
    }
}

impl Target {
    /// Name and password, where there is a name.
    fn login(&self) -> Option<(String, String)> {
        let user = self.options.user.clone()?;
        Some((user, self.password.clone().unwrap_or_default()))
    }
}

/// Reads any bytes as both versions; for `cargo xtask fuzz`.
pub fn read_any(bytes: &[u8]) {
    for version in [Version::V3, Version::V5] {
        let mut reader = Reader::new(version, 64);
        let mut bytes = BytesMut::from(bytes);
        while let Ok(Some(_)) = reader.next(&mut bytes) {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rumqttc::v5::mqttbytes::QoS as QoS5;

    fn publish(version: Version, payload: usize) -> BytesMut {
        let mut bytes = BytesMut::new();
        let payload = vec![b'x'; payload];
        match version {
            Version::V3 => {
                let mut publish = v4::Publish::new("a/b", QoS::AtLeastOnce, payload);
                publish.pkid = 7;
                publish.write(&mut bytes).unwrap();
            }
            Version::V5 => {
                let mut publish = v5::Publish::new("a/b", QoS5::AtLeastOnce, payload, None);
                publish.pkid = 7;
                publish.write(&mut bytes).unwrap();
            }
        }
        bytes
    }

    /// What is said when the bytes come one by one.
    fn heard(reader: &mut Reader, bytes: &[u8]) -> Vec<Said> {
        let mut buffer = BytesMut::new();
        let mut said = Vec::new();
        for byte in bytes {
            buffer.extend_from_slice(&[*byte]);
            said.extend(reader.next(&mut buffer).unwrap());
        }
        assert!(buffer.is_empty());
        said
    }

    #[test]
    fn messages_are_read_byte_by_byte() {
        for version in [Version::V3, Version::V5] {
            let mut reader = Reader::new(version, 100);
            let said = heard(&mut reader, &publish(version, 3));
            let [Said::Message { topic, number, .. }] = said.as_slice() else {
                panic!("{said:?}");
            };
            assert_eq!((topic.as_str(), *number), ("a/b", Some(7)));
        }
    }

    #[test]
    fn a_message_that_is_too_large_is_passed_over() {
        for version in [Version::V3, Version::V5] {
            for size in [101, OVERHEAD_BYTES + 101] {
                let mut reader = Reader::new(version, 100);
                let mut bytes = publish(version, size);
                bytes.extend_from_slice(&publish(version, 1));
                let said = heard(&mut reader, &bytes);
                let [Said::TooLarge { topic, number, .. }, Said::Message { .. }] = said.as_slice()
                else {
                    panic!("{said:?}");
                };
                assert_eq!((topic.as_str(), *number), ("a/b", Some(7)));
            }
        }
    }

    #[test]
    fn lengths_without_end_are_refused() {
        let mut reader = Reader::new(Version::V3, 100);
        let mut bytes = BytesMut::from(&[0x30, 0xff, 0xff, 0xff, 0xff, 0xff][..]);
        assert!(reader.next(&mut bytes).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            read_any(&bytes);
        }
    }
}
