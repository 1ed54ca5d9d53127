//! The wire format of Protocol Buffers, as far as OpenStreetMap's files use it.
//!
//! A message is a run of fields, each a number and a value; nested messages and lists are runs
//! of bytes with their length before them. Everything here borrows from the bytes given, stops
//! at their end and cannot overflow: additions of differences wrap around.
//! (Protocol Buffers, "Encoding".)

/// The bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Held<'b> {
    /// A number of variable length.
    Number(u64),
    /// A text, a list of numbers or a nested message.
    Bytes(&'b [u8]),
    /// A number of fixed length, which the format does not use.
    Fixed,
}

impl<'b> Held<'b> {
    pub(super) fn bytes(self) -> Result<&'b [u8], Broken> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(Broken),
        }
    }

    pub(super) fn number(self) -> Result<u64, Broken> {
        match self {
            Self::Number(number) => Ok(number),
            _ => Err(Broken),
        }
    }
}

/// The fields of a message, in their order.
#[derive(Clone, Debug)]
pub(super) struct Fields<'b>(pub(super) &'b [u8]);

impl<'b> Iterator for Fields<'b> {
    type Item = Result<(u64, Held<'b>), Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'b> Fields<'b> {
    fn field(&mut self) -> Result<(u64, Held<'b>), Broken> {
        let key = varint(&mut self.0).ok_or(Broken)?;
        let held = match key & 7 {
            0 => Held::Number(varint(&mut self.0).ok_or(Broken)?),
            1 => self.take(8).map(|_| Held::Fixed)?,
            2 => {
                let length = varint(&mut self.0).ok_or(Broken)?;
                Held::Bytes(self.take(usize::try_from(length).map_err(|_| Broken)?)?)
            }
            5 => self.take(4).map(|_| Held::Fixed)?,
            _ => return Err(Broken),
        };
        Ok((key >> 3, held))
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], Broken> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Broken)?;
        self.0 = rest;
        Ok(taken)
    }
}

/// Takes a number of variable length: seven bits a byte, the lowest first.
#[inline]
pub(super) fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        *bytes = rest;
        return Some(u64::from(first));
    }
    let mut number = u64::from(first & 0x7f);
    for (i, &byte) in rest.iter().enumerate().take(9) {
        number |= u64::from(byte & 0x7f) << (7 * (i + 1));
        if byte < 0x80 {
            *bytes = &rest[i + 1..];
            return Some(number);
        }
    }
    None
}

/// Signed numbers take turns with unsigned ones, so that small ones stay short.
#[inline]
pub(super) fn signed(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

/// A packed list of numbers; ends at the first that cannot be read.
#[derive(Clone, Debug, Default)]
pub(super) struct Packed<'b>(pub(super) &'b [u8]);

impl Iterator for Packed<'_> {
    type Item = u64;

    #[inline]
    fn next(&mut self) -> Option<u64> {
        varint(&mut self.0)
    }
}

/// A packed list of signed numbers, each said as the difference from the one before.
#[derive(Clone, Debug, Default)]
pub(super) struct Deltas<'b> {
    list: Packed<'b>,
    at: i64,
}

impl<'b> Deltas<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self {
            list: Packed(bytes),
            at: 0,
        }
    }
}

impl Iterator for Deltas<'_> {
    type Item = i64;

    #[inline]
    fn next(&mut self) -> Option<i64> {
        self.at = self.at.wrapping_add(signed(self.list.next()?));
        Some(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length() {
        for (bytes, number) in [
            (&[0][..], 0),
            (&[127], 127),
            (&[0x96, 1], 150),
            (
                &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
                u64::MAX,
            ),
        ] {
            let mut rest = bytes;
            assert_eq!(varint(&mut rest), Some(number));
            assert!(rest.is_empty());
        }
        assert_eq!(varint(&mut &[0x80; 12][..]), None, "no end in ten bytes");
        assert_eq!(varint(&mut &[0x80][..]), None);
        assert_eq!([0, 1, 2, 3].map(signed), [0, -1, 1, -2]);
    }

    #[test]
    fn differences_that_overflow_wrap() {
        let mut bytes = vec![0xfe];
        bytes.extend([0xff; 8]);
        bytes.extend([1, 2]);
        let list: Vec<i64> = Deltas::new(&bytes).collect();
        assert_eq!(list, [i64::MAX, i64::MIN]);
    }

    #[test]
    fn a_field_longer_than_the_message_is_broken() {
        let fields: Vec<_> = Fields(&[0x0a, 5, 1, 2]).collect();
        assert!(matches!(fields[..], [Err(Broken)]));
    }
}
