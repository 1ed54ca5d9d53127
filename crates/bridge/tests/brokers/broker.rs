//! A broker for tests: it keeps messages until they are acknowledged, and can vanish, repeat,
//! flood, forget, refuse and send garbage when it is told to.
//!
//! Packets are `rumqttc`'s; the listener is on loopback, on any free port.

use bytes::BytesMut;
use rumqttc::mqttbytes::{self, v4};
use rumqttc::v5::mqttbytes::{self as mqttbytes5, v5};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// How the broker behaves; changed while it runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Manners {
    /// Name and password that let a client in; anybody where none is set.
    pub(crate) login: Option<(String, String)>,
    /// Refuses every subscription.
    pub(crate) silent: bool,
    /// Sends this instead of an answer to the next client.
    pub(crate) garbage: Option<Vec<u8>>,
    /// Sends every message so many times more.
    pub(crate) repeats: usize,
    /// Breaks the connection after so many messages, once.
    pub(crate) vanish_after: Option<usize>,
    /// Forgets its session when a client comes.
    pub(crate) forgetful: bool,
}

#[derive(Debug, Clone)]
struct Kept {
    topic: String,
    payload: Vec<u8>,
    /// On this connection.
    sent: bool,
    /// On this or an earlier one.
    ever: bool,
}

#[derive(Debug, Default)]
struct State {
    manners: Manners,
    known: bool,
    next: u16,
    kept: BTreeMap<u16, Kept>,
    /// Messages that nobody needs to acknowledge.
    loose: Vec<Kept>,
    clients: Vec<String>,
}

/// What a test may see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    pub(crate) acknowledged: usize,
    pub(crate) unacknowledged: usize,
    pub(crate) goodbyes: usize,
    pub(crate) published: usize,
}

#[derive(Clone)]
pub(crate) struct Broker {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
    seen: Arc<watch::Sender<Seen>>,
}

enum Heard {
    Hello {
        id: String,
        login: Option<(String, String)>,
    },
    Subscribe {
        number: u16,
        topics: usize,
    },
    Acknowledge(u16),
    Ping,
    Goodbye,
}

impl Broker {
    pub(crate) async fn start(version: u8, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let broker = Self {
            port: listener.local_addr().unwrap().port(),
            state: Arc::default(),
            seen: Arc::new(watch::channel(Seen::default()).0),
        };
        let this = broker.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (this, tls) = (this.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => this.serve(version, stream).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => this.serve(version, stream).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        broker
    }

    pub(crate) fn behave(&self, change: impl FnOnce(&mut Manners)) {
        change(&mut self.state.lock().unwrap().manners);
    }

    pub(crate) fn clients(&self) -> Vec<String> {
        self.state.lock().unwrap().clients.clone()
    }

    /// A message that must be acknowledged, or not.
    pub(crate) fn publish(&self, topic: &str, payload: &[u8], acknowledged: bool) {
        let mut state = self.state.lock().unwrap();
        let kept = Kept {
            topic: topic.to_owned(),
            payload: payload.to_vec(),
            sent: false,
            ever: false,
        };
        if acknowledged {
            loop {
                state.next = state.next.wrapping_add(1).max(1);
                if !state.kept.contains_key(&state.next) {
                    break;
                }
            }
            let number = state.next;
            state.kept.insert(number, kept);
        } else {
            state.loose.push(kept);
        }
        let left = state.kept.len();
        drop(state);
        self.seen.send_modify(|seen| {
            seen.published += 1;
            seen.unacknowledged = left;
        });
    }

    pub(crate) async fn until(&self, wanted: impl FnMut(&Seen) -> bool) {
        self.seen.subscribe().wait_for(wanted).await.unwrap();
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// One client, from its hello to its end.
    async fn serve(
        &self,
        version: u8,
        mut stream: impl AsyncRead + AsyncWrite + Unpin,
    ) -> Option<()> {
        let mut incoming = BytesMut::new();
        let mut seen = self.seen.subscribe();
        let Heard::Hello { id, login } = hear(version, &mut stream, &mut incoming).await? else {
            return None;
        };
        let (manners, present) = self.greet(id);
        self.seen.send_modify(|seen| seen.connections += 1);
        if let Some(garbage) = manners.garbage {
            stream.write_all(&garbage).await.ok()?;
            return None;
        }
        let welcome = manners.login.is_none() || manners.login == login;
        stream
            .write_all(&connack(version, welcome, present))
            .await
            .ok()?;
        if !welcome {
            return None;
        }
        let mut vanish = manners.vanish_after;
        loop {
            for (bytes, last) in self.due(version, &manners, &mut vanish) {
                stream.write_all(&bytes).await.ok()?;
                if last {
                    self.state.lock().unwrap().manners.vanish_after = None;
                    return None;
                }
            }
            tokio::select! {
                heard = hear(version, &mut stream, &mut incoming) => match heard? {
                    Heard::Subscribe { number, topics } => {
                        stream.write_all(&suback(version, number, topics, manners.silent)).await.ok()?;
                    }
                    Heard::Acknowledge(number) => self.acknowledged(number),
                    Heard::Ping => stream.write_all(&[0xd0, 0]).await.ok()?,
                    Heard::Goodbye => {
                        self.seen.send_modify(|seen| seen.goodbyes += 1);
                        return None;
                    }
                    Heard::Hello { .. } => return None,
                },
                changed = seen.changed() => changed.ok()?,
            }
        }
    }

    fn greet(&self, id: String) -> (Manners, bool) {
        let mut state = self.state.lock().unwrap();
        state.clients.push(id);
        if state.manners.forgetful {
            state.kept.clear();
            state.known = false;
        }
        let present = state.known;
        state.known = true;
        // What was sent and not acknowledged is sent again.
        for kept in state.kept.values_mut() {
            kept.sent = false;
        }
        let manners = state.manners.clone();
        state.manners.garbage = None;
        drop(state);
        (manners, present)
    }

    /// Packets to be sent now; the last one of a vanishing broker is marked.
    fn due(
        &self,
        version: u8,
        manners: &Manners,
        vanish: &mut Option<usize>,
    ) -> Vec<(Vec<u8>, bool)> {
        let mut state = self.state.lock().unwrap();
        let first = std::mem::take(&mut state.loose);
        let mut due: Vec<(Vec<u8>, bool)> = first
            .iter()
            .map(|kept| (publish(version, kept, None, false), false))
            .collect();
        let mut numbers: Vec<u16> = state.kept.keys().copied().collect();
        numbers.sort_unstable();
        for number in numbers {
            let kept = state.kept.get_mut(&number).unwrap();
            if kept.sent {
                continue;
            }
            let again = kept.ever;
            kept.sent = true;
            kept.ever = true;
            for repeat in 0..=manners.repeats {
                let bytes = publish(version, kept, Some(number), again || repeat > 0);
                let last = vanish.as_mut().is_some_and(|left| {
                    *left = left.saturating_sub(1);
                    *left == 0
                });
                due.push((bytes, last));
                if last {
                    return due;
                }
            }
        }
        due
    }

    fn acknowledged(&self, number: u16) {
        let mut state = self.state.lock().unwrap();
        state.kept.remove(&number);
        let left = state.kept.len();
        drop(state);
        self.seen.send_modify(|seen| {
            seen.acknowledged += 1;
            seen.unacknowledged = left;
        });
    }
}

async fn hear(
    version: u8,
    stream: &mut (impl AsyncRead + Unpin),
    bytes: &mut BytesMut,
) -> Option<Heard> {
    loop {
        if let Some(heard) = parse(version, bytes) {
            return Some(heard);
        }
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
}

fn parse(version: u8, bytes: &mut BytesMut) -> Option<Heard> {
    if version == 3 {
        return Some(match v4::Packet::read(bytes, 1 << 20).ok()? {
            v4::Packet::Connect(hello) => Heard::Hello {
                id: hello.client_id,
                login: hello.login.map(|l| (l.username, l.password)),
            },
            v4::Packet::Subscribe(s) => Heard::Subscribe {
                number: s.pkid,
                topics: s.filters.len(),
            },
            v4::Packet::PubAck(ack) => Heard::Acknowledge(ack.pkid),
            v4::Packet::PingReq => Heard::Ping,
            _ => Heard::Goodbye,
        });
    }
    // A farewell without a reason, which the codec does not read.
    if bytes.starts_with(&[0xe0, 0]) {
        return Some(Heard::Goodbye);
    }
    Some(match v5::Packet::read(bytes, None).ok()? {
        v5::Packet::Connect(hello, _, login) => Heard::Hello {
            id: hello.client_id,
            login: login.map(|l| (l.username, l.password)),
        },
        v5::Packet::Subscribe(s) => Heard::Subscribe {
            number: s.pkid,
            topics: s.filters.len(),
        },
        v5::Packet::PubAck(ack) => Heard::Acknowledge(ack.pkid),
        v5::Packet::PingReq(_) => Heard::Ping,
        _ => Heard::Goodbye,
    })
}

fn connack(version: u8, welcome: bool, present: bool) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    if version == 3 {
        let code = if welcome {
            v4::ConnectReturnCode::Success
        } else {
            v4::ConnectReturnCode::BadUserNamePassword
        };
        v4::ConnAck::new(code, present).write(&mut bytes).unwrap();
    } else {
        let code = if welcome {
            v5::ConnectReturnCode::Success
        } else {
            v5::ConnectReturnCode::BadUserNamePassword
        };
        v5::ConnAck {
            session_present: present,
            code,
            properties: None,
        }
        .write(&mut bytes)
        .unwrap();
    }
    bytes.to_vec()
}

fn suback(version: u8, number: u16, topics: usize, refused: bool) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    if version == 3 {
        let code = if refused {
            v4::SubscribeReasonCode::Failure
        } else {
            v4::SubscribeReasonCode::Success(mqttbytes::QoS::AtLeastOnce)
        };
        v4::SubAck::new(number, vec![code; topics])
            .write(&mut bytes)
            .unwrap();
    } else {
        let code = if refused {
            v5::SubscribeReasonCode::NotAuthorized
        } else {
            v5::SubscribeReasonCode::Success(mqttbytes5::QoS::AtLeastOnce)
        };
        let ack = v5::SubAck {
            pkid: number,
            return_codes: vec![code; topics],
            properties: None,
        };
        ack.write(&mut bytes).unwrap();
    }
    bytes.to_vec()
}

fn publish(version: u8, kept: &Kept, number: Option<u16>, again: bool) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    if version == 3 {
        let qos = if number.is_some() {
            mqttbytes::QoS::AtLeastOnce
        } else {
            mqttbytes::QoS::AtMostOnce
        };
        let mut publish = v4::Publish::new(&kept.topic, qos, kept.payload.clone());
        publish.pkid = number.unwrap_or(0);
        publish.dup = again;
        publish.write(&mut bytes).unwrap();
    } else {
        let qos = if number.is_some() {
            mqttbytes5::QoS::AtLeastOnce
        } else {
            mqttbytes5::QoS::AtMostOnce
        };
        let mut publish = v5::Publish::new(&kept.topic, qos, kept.payload.clone(), None);
        publish.pkid = number.unwrap_or(0);
        publish.dup = again;
        publish.write(&mut bytes).unwrap();
    }
    bytes.to_vec()
}
