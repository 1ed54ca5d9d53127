//! Frames: what a carrier takes at once, and the messages in it.
//!
//! A frame may get lost, come twice or late. Messages of kinds that this version does not
//! know are skipped, so that nodes of different releases can talk.

use crate::bytes::{Cursor, put_bytes, put_signed, put_varint};
use crate::error::Error;
use crate::id::{Class, StreamId};
use crate::limits::{BODY_BYTES_MAX, FRAME_BYTES_MAX, FRAME_BYTES_MIN, RANGES_MAX};
use crate::opening::Opening;
use crate::ranges::Ranges;
use crate::replica::{Root, TIP_BYTES};
use twin_model::Time;

const HELLO: u64 = 1;
const ACK: u64 = 2;
const HAVE: u64 = 3;
const OPEN: u64 = 4;
const PART: u64 = 5;
const ROOTS: u64 = 6;
const DECLINE: u64 = 7;
const BYE: u64 = 8;
const PING: u64 = 9;

const ALL_LISTED: u8 = 4;
const LAST: u8 = 8;
const ANSWER: u8 = 16;
const BRIEF: u8 = 32;
const FORKED: u8 = 1;
const TIPPED: u8 = 2;

/// Feature: short bodies are taken.
pub const TAKES_SHORT: u64 = 1;

/// Roots of the four classes.
pub type Roots = [Root; 4];

/// What each side says first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello {
    /// The lowest version that the sender speaks.
    pub version_min: u64,
    /// The highest.
    pub version_max: u64,
    /// Bits for what later versions can do within this one.
    pub features: u64,
    /// The longest frame that the sender takes.
    pub frame_bytes: usize,
    /// Drawn at random for the session: another one means that the peer restarted.
    pub session: [u8; 8],
    /// The sender's clock.
    pub clock: Time,
    /// What the sender has.
    pub roots: Roots,
}

/// Which frames arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// How long the largest waited for this message.
    pub delay_ms: u64,
    /// Packet numbers, the largest runs only.
    pub received: Ranges,
}

/// How a line names its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// By its id.
    Id(StreamId),
    /// By the number that the reader of the line gave it.
    Number(u64),
}

/// What of one stream is accounted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The stream.
    pub stream: Named,
    /// Its origin wrote two histories.
    pub is_forked: bool,
    /// How many numbers certificates cover.
    pub covered: u64,
    /// Bytes of the first missing body that are here already.
    pub began: u64,
    /// What is held or covered.
    pub accounted: Ranges,
    /// The beginning of the hash of the last bundle of these, if it is held and the line is
    /// one of a whole list.
    pub tip: Option<[u8; TIP_BYTES]>,
}

/// A part of the list of what is accounted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Have {
    /// Of which class.
    pub class: Class,
    /// The whole list is being sent; of streams not on it nothing is here.
    pub is_whole: bool,
    /// The last part of the whole list.
    pub is_last: bool,
    /// The list answers one of the reader, which is not to answer it.
    pub is_answer: bool,
    /// The streams.
    pub lines: Vec<Line>,
}

/// What is sent in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// The body of a bundle.
    Body(u64),
    /// The stub of an expired bundle.
    Stub(u64),
    /// A certificate that covers gaps up to this number.
    Gap(u64),
    /// A proof that the origin wrote two histories.
    Fork,
    /// The body of a bundle without what follows from the one before it.
    Short(u64),
}

impl Item {
    fn to_wire(self) -> (u8, u64) {
        match self {
            Self::Body(seq) => (1, seq),
            Self::Stub(seq) => (2, seq),
            Self::Gap(seq) => (3, seq),
            Self::Fork => (4, 1),
            Self::Short(seq) => (5, seq),
        }
    }

    fn from_wire(kind: u8, seq: u64) -> Option<Self> {
        match kind {
            1 => Some(Self::Body(seq)),
            2 => Some(Self::Stub(seq)),
            3 => Some(Self::Gap(seq)),
            4 if seq == 1 => Some(Self::Fork),
            5 => Some(Self::Short(seq)),
            _ => None,
        }
    }
}

/// Bytes of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The number that OPEN gave the stream.
    pub number: u64,
    /// Which item.
    pub item: Item,
    /// Bytes of the whole item.
    pub total: usize,
    /// Where the bytes belong.
    pub offset: usize,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Why a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bye {
    /// The peer speaks no version that we speak.
    NoCommonVersion,
    /// The peer broke the rules.
    BrokenRules,
    /// The node is shutting down.
    Leaving,
    /// A reason of a later version.
    Other(u64),
}

impl Bye {
    fn to_wire(self) -> u64 {
        match self {
            Self::NoCommonVersion => 1,
            Self::BrokenRules => 2,
            Self::Leaving => 3,
            Self::Other(code) => code,
        }
    }

    fn from_wire(code: u64) -> Self {
        match code {
            1 => Self::NoCommonVersion,
            2 => Self::BrokenRules,
            3 => Self::Leaving,
            code => Self::Other(code),
        }
    }
}

/// One thing that is said in a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// The first message.
    Hello(Hello),
    /// Frames arrived.
    Ack(Ack),
    /// What is here.
    Have(Have),
    /// A number for a stream.
    Open(u64, Opening),
    /// Bytes of an item.
    Part(Part),
    /// Digests of what is here.
    Roots(Roots),
    /// Nothing of this stream is wanted.
    Decline(StreamId),
    /// The end.
    Bye(Bye),
    /// Please acknowledge.
    Ping,
}

/// What a carrier takes at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Counts the frames of a session in one direction, from 1.
    pub packet: u64,
    /// What is said.
    pub messages: Vec<Message>,
}

impl Frame {
    /// The form that travels.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        put_varint(&mut out, self.packet);
        for message in &self.messages {
            out.extend_from_slice(&message.encode());
        }
        out
    }

    /// Reads the form that travels; skips messages of unknown kinds.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Self::read(bytes).ok_or(Error::Malformed("a frame"))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let packet = cursor.varint().filter(|&packet| packet > 0)?;
        let mut messages = Vec::new();
        if bytes.len() > FRAME_BYTES_MAX {
            return None;
        }
        while !cursor.is_empty() {
            let (kind, body) = (cursor.varint()?, cursor.bytes()?);
            if (HELLO..=PING).contains(&kind) {
                messages.push(Message::read(kind, Cursor::new(body))?);
            }
        }
        Some(Self { packet, messages })
    }
}

impl Message {
    /// The message with its kind and length.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, body) = self.body();
        let mut out = Vec::with_capacity(body.len() + 4);
        put_varint(&mut out, kind);
        put_bytes(&mut out, &body);
        out
    }

    fn body(&self) -> (u64, Vec<u8>) {
        match self {
            Self::Hello(hello) => (HELLO, hello.encode()),
            Self::Ack(ack) => (ACK, ack.encode()),
            Self::Have(have) => (HAVE, have.encode()),
            Self::Open(number, opening) => (OPEN, put_open(*number, opening)),
            Self::Part(part) => (PART, part.encode()),
            Self::Roots(roots) => (ROOTS, roots.concat()),
            Self::Decline(stream) => (DECLINE, stream.0.to_vec()),
            Self::Bye(bye) => {
                let mut out = Vec::new();
                put_varint(&mut out, bye.to_wire());
                (BYE, out)
            }
            Self::Ping => (PING, Vec::new()),
        }
    }

    fn read(kind: u64, mut cursor: Cursor<'_>) -> Option<Self> {
        let message = match kind {
            // What a later version adds to HELLO is skipped.
            HELLO => return Hello::get(&mut cursor).map(Self::Hello),
            ACK => Self::Ack(Ack::get(&mut cursor)?),
            HAVE => Self::Have(Have::get(&mut cursor)?),
            OPEN => Self::Open(
                cursor.varint()?,
                Opening::decode(cursor.take(Opening::BYTES)?).ok()?,
            ),
            PART => return Part::get(&mut cursor).map(Self::Part),
            ROOTS => Self::Roots(get_roots(&mut cursor)?),
            DECLINE => Self::Decline(StreamId(cursor.array()?)),
            BYE => Self::Bye(Bye::from_wire(cursor.varint()?)),
            _ => Self::Ping,
        };
        cursor.is_empty().then_some(message)
    }
}

fn put_open(number: u64, opening: &Opening) -> Vec<u8> {
    let mut out = Vec::with_capacity(40);
    put_varint(&mut out, number);
    out.extend_from_slice(&opening.encode());
    out
}

fn get_roots(cursor: &mut Cursor<'_>) -> Option<Roots> {
    let mut roots = Roots::default();
    for root in &mut roots {
        *root = cursor.array()?;
    }
    Some(roots)
}

impl Hello {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(80);
        put_varint(&mut out, self.version_min);
        put_varint(&mut out, self.version_max);
        put_varint(&mut out, self.features);
        put_varint(&mut out, self.frame_bytes as u64);
        out.extend_from_slice(&self.session);
        put_signed(&mut out, self.clock.0);
        out.extend_from_slice(&self.roots.concat());
        out
    }

    fn get(cursor: &mut Cursor<'_>) -> Option<Self> {
        let hello = Self {
            version_min: cursor.varint()?,
            version_max: cursor.varint()?,
            features: cursor.varint()?,
            frame_bytes: usize::try_from(cursor.varint()?).ok()?,
            session: cursor.array()?,
            clock: Time(cursor.signed()?),
            roots: get_roots(cursor)?,
        };
        (hello.frame_bytes >= FRAME_BYTES_MIN).then_some(hello)
    }
}

impl Ack {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(16);
        let mut runs: Vec<(u64, u64)> = self.received.iter().collect();
        runs.reverse();
        put_varint(&mut out, self.received.last());
        put_varint(&mut out, self.delay_ms);
        put_varint(&mut out, runs.len() as u64);
        let mut below = self.received.last() + 1;
        for (from, to) in runs {
            put_varint(&mut out, below - 1 - to);
            put_varint(&mut out, to - from + 1);
            below = from;
        }
        out
    }

    fn get(cursor: &mut Cursor<'_>) -> Option<Self> {
        let largest = cursor.varint()?;
        let delay_ms = cursor.varint()?;
        let count = cursor.count(2).filter(|&n| n <= RANGES_MAX)?;
        let mut received = Ranges::default();
        let mut below = largest.checked_add(1)?;
        for _ in 0..count {
            let to = below.checked_sub(1)?.checked_sub(cursor.varint()?)?;
            let from = to.checked_sub(cursor.varint()?.checked_sub(1)?)?;
            received.insert(from, to);
            below = from;
        }
        Some(Self { delay_ms, received })
    }
}

impl Have {
    fn encode(&self) -> Vec<u8> {
        let flag = |is: bool, bit: u8| if is { bit } else { 0 };
        let flags = flag(self.is_whole, ALL_LISTED)
            | flag(self.is_last, LAST)
            | flag(self.is_answer, ANSWER);
        let brief: Option<Vec<(u64, u64)>> = self.lines.iter().map(Line::brief).collect();
        let Some(brief) = brief.filter(|brief| !brief.is_empty()) else {
            let mut out = vec![self.class as u8 | flags];
            self.lines.iter().for_each(|line| line.put(&mut out));
            return out;
        };
        let mut out = vec![self.class as u8 | flags | BRIEF];
        for (number, head) in brief {
            put_varint(&mut out, number);
            put_varint(&mut out, head);
        }
        out
    }

    fn get(cursor: &mut Cursor<'_>) -> Option<Self> {
        let flags = cursor.u8()?;
        let mut lines = Vec::new();
        while !cursor.is_empty() {
            lines.push(match flags & BRIEF {
                0 => Line::get(cursor)?,
                _ => Line::get_brief(cursor)?,
            });
        }
        Some(Self {
            class: Class::from_wire(flags & 3)?,
            is_whole: flags & ALL_LISTED != 0,
            is_last: flags & LAST != 0,
            is_answer: flags & ANSWER != 0,
            lines,
        })
    }
}

impl Line {
    /// Leaves off the last runs until the line has at most `bytes`.
    pub(crate) fn fit(&mut self, bytes: usize) {
        while self.accounted.runs() > RANGES_MAX || self.bytes() > bytes {
            let Some((from, to)) = self.accounted.last_run() else {
                return;
            };
            self.accounted.remove(from, to);
            self.tip = None;
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let mut out = Vec::new();
        self.put(&mut out);
        out.len()
    }

    /// Number of the stream and head, if that is all that the line says.
    fn brief(&self) -> Option<(u64, u64)> {
        let Named::Number(number) = self.stream else {
            return None;
        };
        let head = self.accounted.contiguous();
        let is_all = self.covered == 0
            && self.began == 0
            && !self.is_forked
            && self.tip.is_none()
            && self.accounted.count() == head;
        is_all.then_some((number, head))
    }

    fn get_brief(cursor: &mut Cursor<'_>) -> Option<Self> {
        let number = cursor.varint().filter(|&number| number > 0)?;
        let mut accounted = Ranges::default();
        accounted.insert(1, cursor.varint()?);
        Some(Self {
            stream: Named::Number(number),
            is_forked: false,
            covered: 0,
            began: 0,
            accounted,
            tip: None,
        })
    }

    fn put(&self, out: &mut Vec<u8>) {
        match self.stream {
            Named::Id(stream) => {
                put_varint(out, 0);
                out.extend_from_slice(&stream.0);
            }
            Named::Number(number) => put_varint(out, number),
        }
        let flag = |is: bool, bit: u8| if is { bit } else { 0 };
        out.push(flag(self.is_forked, FORKED) | flag(self.tip.is_some(), TIPPED));
        put_varint(out, self.covered);
        put_varint(out, self.began);
        let head = self.accounted.contiguous();
        put_varint(out, head);
        let above: Vec<_> = self.accounted.iter().filter(|run| run.0 > head).collect();
        put_varint(out, above.len() as u64);
        let mut end = head;
        for (from, to) in above {
            put_varint(out, from - end - 1);
            put_varint(out, to - from + 1);
            end = to;
        }
        out.extend_from_slice(self.tip.as_ref().map_or(&[][..], |tip| tip));
    }

    fn get(cursor: &mut Cursor<'_>) -> Option<Self> {
        let stream = match cursor.varint()? {
            0 => Named::Id(StreamId(cursor.array()?)),
            number => Named::Number(number),
        };
        let flags = cursor.u8()?;
        let (covered, began) = (cursor.varint()?, cursor.varint()?);
        let mut end = cursor.varint()?;
        let mut accounted = Ranges::default();
        accounted.insert(1, end);
        for _ in 0..cursor.count(2).filter(|&n| n <= RANGES_MAX)? {
            let from = end.checked_add(cursor.varint()?)?.checked_add(1)?;
            end = from.checked_add(cursor.varint()?.checked_sub(1)?)?;
            accounted.insert(from, end);
        }
        let tip = if flags & TIPPED != 0 {
            Some(cursor.array()?)
        } else {
            None
        };
        Some(Self {
            stream,
            is_forked: flags & FORKED != 0,
            covered,
            began,
            accounted,
            tip,
        })
    }
}

impl Part {
    /// Bytes of the message around the bytes of the item, at most.
    pub(crate) fn overhead(number: u64, item: Item, total: usize, offset: usize) -> usize {
        let part = Self {
            number,
            item,
            total,
            offset,
            bytes: Vec::new(),
        };
        // Kind, and a length of up to three bytes.
        part.encode().len() + 4
    }

    fn encode(&self) -> Vec<u8> {
        let (kind, seq) = self.item.to_wire();
        let mut out = Vec::with_capacity(self.bytes.len() + 16);
        put_varint(&mut out, self.number);
        out.push(kind);
        put_varint(&mut out, seq);
        put_varint(&mut out, self.total as u64);
        put_varint(&mut out, self.offset as u64);
        out.extend_from_slice(&self.bytes);
        out
    }

    fn get(cursor: &mut Cursor<'_>) -> Option<Self> {
        let number = cursor.varint()?;
        let (kind, seq) = (cursor.u8()?, cursor.varint()?);
        let item = Item::from_wire(kind, seq)?;
        let total = usize::try_from(cursor.varint()?).ok()?;
        let offset = usize::try_from(cursor.varint()?).ok()?;
        let bytes = cursor.rest().to_vec();
        let end = offset.checked_add(bytes.len())?;
        (end <= total && total <= BODY_BYTES_MAX && !bytes.is_empty()).then_some(Self {
            number,
            item,
            total,
            offset,
            bytes,
        })
    }
}
