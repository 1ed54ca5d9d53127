//! The rows that the exchange keeps on disk, as `docs/formats/exchange.md` draws them.
//!
//! Whoever drives the exchange writes its changes in one atomic group and syncs them before
//! it says so; only then does anything leave.

use twin_link::{Audience, Class, OriginId, Shelf, StreamId};

/// The version of every value.
const VERSION: u8 = 1;

/// Something to be made durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The row with this key has this value from now on.
    Put {
        /// At most 64 bytes; the first is the table.
        key: Vec<u8>,
        /// At most some 66 KiB.
        value: Vec<u8>,
    },
    /// There is no row with this key any more.
    Delete {
        /// The key.
        key: Vec<u8>,
    },
}

/// Reads the rows that are durable.
pub trait Rows {
    /// The value of a row.
    fn get(&self, key: &[u8]) -> Option<Vec<u8>>;
    /// Every row whose key begins with `prefix`, in the order of the keys.
    fn scan(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], &[u8]));
}

/// Tables, by the first byte of a key.
pub(crate) mod table {
    pub(crate) const IDENTITY: u8 = b'I';
    pub(crate) const STATEMENT: u8 = b'K';
    pub(crate) const RULE: u8 = b'R';
    pub(crate) const LIFE: u8 = b'L';
    pub(crate) const UPTO: u8 = b'U';
    pub(crate) const MARK: u8 = b'M';
    pub(crate) const HELD: u8 = b'Q';
    pub(crate) const WRITTEN: u8 = b'W';
    pub(crate) const EPOCH: u8 = b'E';
    pub(crate) const SUBJECT: u8 = b'S';
    pub(crate) const GIVEN: u8 = b'G';
    pub(crate) const GRANTED: u8 = b'N';
    pub(crate) const OPENING: u8 = b'O';
    pub(crate) const BUNDLE: u8 = b'B';
    pub(crate) const CERTIFICATE: u8 = b'C';
    pub(crate) const FORK: u8 = b'F';
    pub(crate) const TOPICS: u8 = b'T';
    pub(crate) const PERSON: u8 = b'P';
    pub(crate) const ERASED: u8 = b'X';
    pub(crate) const DISCLOSURE: u8 = b'D';
    pub(crate) const HEARD: u8 = b'H';
    pub(crate) const INVITATION: u8 = b'V';
}

/// Builds a key.
#[derive(Debug, Clone)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    pub(crate) fn of(table: u8) -> Self {
        Self(vec![table])
    }

    pub(crate) fn stream(self, stream: StreamId) -> Self {
        self.bytes(&stream.0)
    }

    pub(crate) fn audience(self, audience: Audience) -> Self {
        self.bytes(&audience.0)
    }

    pub(crate) fn origin(self, origin: OriginId) -> Self {
        self.bytes(&origin.0)
    }

    pub(crate) fn class(self, class: Class) -> Self {
        self.bytes(&[class as u8])
    }

    pub(crate) fn number(self, number: u64) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn put(self, value: Value) -> Change {
        Change::Put {
            key: self.0,
            value: value.0,
        }
    }

    pub(crate) fn delete(self) -> Change {
        Change::Delete { key: self.0 }
    }

    pub(crate) fn read(&self, rows: &dyn Rows) -> Option<Vec<u8>> {
        rows.get(&self.0)
    }
}

/// The key of a bundle.
pub(crate) fn bundle_key(stream: StreamId, seq: u64) -> Key {
    Key::of(table::BUNDLE).stream(stream).number(seq)
}

/// Builds a value.
#[derive(Debug, Clone)]
pub(crate) struct Value(Vec<u8>);

impl Value {
    pub(crate) fn new() -> Self {
        Self(vec![VERSION])
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn number(self, number: u64) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    pub(crate) fn text(self, text: &str) -> Self {
        let length = text.len().min(usize::from(u16::MAX)) as u16;
        self.bytes(&length.to_le_bytes()).bytes(text.as_bytes())
    }
}

/// Reads a key or a value from its beginning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The fields of a key after its table.
    pub(crate) fn of_key(key: &'a [u8]) -> Self {
        Self(key.get(1..).unwrap_or(&[]))
    }

    /// The fields of a value of this version.
    pub(crate) fn of_value(value: &'a [u8]) -> Option<Self> {
        match value {
            [VERSION, rest @ ..] => Some(Self(rest)),
            _ => None,
        }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A number in a key.
    pub(crate) fn big(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// A number in a value.
    pub(crate) fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn stream(&mut self) -> Option<StreamId> {
        self.array().map(StreamId)
    }

    pub(crate) fn audience(&mut self) -> Option<Audience> {
        self.array().map(Audience)
    }

    pub(crate) fn class(&mut self) -> Option<Class> {
        let byte = self.u8()?;
        Class::ALL.get(usize::from(byte)).copied()
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let length = usize::from(u16::from_le_bytes(self.array()?));
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }
}

/// What stands in a row of bundles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Body = 0,
    Stub = 1,
}

pub(crate) fn put_bundle(stream: StreamId, seq: u64, form: Form, bytes: &[u8]) -> Change {
    let value = Value::new().bytes(&[form as u8]).bytes(bytes);
    bundle_key(stream, seq).put(value)
}

/// The form and bytes of a row of bundles.
pub(crate) fn bundle_of(value: &[u8]) -> Option<(Form, &[u8])> {
    let mut fields = Fields::of_value(value)?;
    let form = match fields.u8()? {
        0 => Form::Body,
        1 => Form::Stub,
        _ => return None,
    };
    Some((form, fields.rest()))
}

/// Where a session finds the bytes that it sends.
#[derive(Clone, Copy)]
pub(crate) struct RowShelf<'a>(pub(crate) &'a dyn Rows);

impl Shelf for RowShelf<'_> {
    fn bytes(&self, stream: StreamId, seq: u64) -> Option<Vec<u8>> {
        let value = bundle_key(stream, seq).read(self.0)?;
        bundle_of(&value).map(|(_, bytes)| bytes.to_vec())
    }
}
