//! Finding the features in the text, so that one that is broken does not cost the others.

use std::borrow::Cow;

/// Features that are read.
pub(super) const FEATURES_MAX: usize = 4_000_000;

/// The pieces of a file.
#[derive(Debug, Default)]
pub(super) struct Pieces<'b> {
    pub(super) features: Vec<Piece<'b>>,
    /// `name` and `crs` of the collection, as JSON.
    pub(super) name: Option<&'b [u8]>,
    pub(super) crs: Option<&'b [u8]>,
    /// Whether the text ends where its first object does, or between two.
    pub(super) is_whole: bool,
    pub(super) is_over: bool,
}

/// One feature, or geometry, as it stands in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'b> {
    pub(super) text: &'b [u8],
    /// Where it begins.
    pub(super) at: usize,
}

/// Whether the bytes begin as GeoJSON: an object with a member `type` of one of its types.
pub(super) fn is_geojson(bytes: &[u8]) -> bool {
    const HEAD_BYTES: usize = 4096;
    const TYPES: [&str; 9] = [
        "\"FeatureCollection\"",
        "\"Feature\"",
        "\"Point\"",
        "\"MultiPoint\"",
        "\"LineString\"",
        "\"MultiLineString\"",
        "\"Polygon\"",
        "\"MultiPolygon\"",
        "\"GeometryCollection\"",
    ];
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let head = head.strip_prefix(b"\x1e").unwrap_or(head);
    let has = |text: &str| memchr::memmem::find(head, text.as_bytes()).is_some();
    head.trim_ascii_start().starts_with(b"{") && has("\"type\"") && TYPES.iter().any(|t| has(t))
}

/// Takes a text apart: a collection, a feature, a geometry, or several of them one after another
/// (RFC 8142 puts a separator before each, others a line end after).
pub(super) fn scan(bytes: &[u8]) -> Pieces<'_> {
    let mut pieces = Pieces {
        is_whole: true,
        ..Pieces::default()
    };
    let mut cursor = Cursor { bytes, at: 0 };
    cursor.skip_mark();
    while cursor.skip_between() {
        let start = cursor.at;
        if bytes[start] != b'{' || !cursor.object(&mut pieces) {
            pieces.is_whole = false;
            break;
        }
    }
    pieces
}

struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Cursor<'b> {
    fn skip_mark(&mut self) {
        if self.bytes.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
        }
    }

    /// Goes to the next text; says whether there is one.
    fn skip_between(&mut self) -> bool {
        let is_between = |b: &u8| b.is_ascii_whitespace() || *b == 0x1e;
        let rest = &self.bytes[self.at..];
        let next = rest.iter().position(|b| !is_between(b));
        self.at += next.unwrap_or(rest.len());
        next.is_some()
    }

    fn skip_space(&mut self) -> Option<u8> {
        let rest = &self.bytes[self.at..];
        let next = rest.iter().position(|b| !b.is_ascii_whitespace());
        self.at += next.unwrap_or(rest.len());
        self.bytes.get(self.at).copied()
    }

    /// Goes past a comma, if one is there.
    fn comma(&mut self) -> Option<u8> {
        if self.skip_space()? == b',' {
            self.at += 1;
        }
        self.skip_space()
    }

    /// Takes a top-level object; `false` where the text breaks off or is no JSON.
    fn object(&mut self, pieces: &mut Pieces<'b>) -> bool {
        let start = self.at;
        let mut is_collection = false;
        self.at += 1;
        while let Some(next) = self.comma() {
            if next == b'}' {
                self.at += 1;
                if !is_collection {
                    pieces.add(&self.bytes[start..self.at], start);
                }
                return true;
            }
            let Some(key) = self.key() else { return false };
            if key == b"features" && self.skip_space() == Some(b'[') {
                is_collection = true;
                if !self.features(pieces) {
                    return false;
                }
                continue;
            }
            let Some(value) = self.value() else {
                return false;
            };
            match key {
                b"name" => pieces.name = Some(value),
                b"crs" => pieces.crs = Some(value),
                _ => {}
            }
        }
        false
    }

    fn features(&mut self, pieces: &mut Pieces<'b>) -> bool {
        self.at += 1;
        while let Some(next) = self.comma() {
            if next == b']' {
                self.at += 1;
                return true;
            }
            let start = self.at;
            let Some(text) = self.value() else {
                return false;
            };
            pieces.add(text, start);
        }
        false
    }

    /// A member's name and the colon after it.
    fn key(&mut self) -> Option<&'b [u8]> {
        let text = self.value()?;
        let key = text.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        (self.skip_space()? == b':').then(|| self.at += 1)?;
        Some(key)
    }

    /// The next value, whatever it is; `None` where the text ends within it.
    fn value(&mut self) -> Option<&'b [u8]> {
        let first = self.skip_space()?;
        let start = self.at;
        match first {
            b'"' => self.text()?,
            b'{' | b'[' => {
                let mut depth = 0_usize;
                loop {
                    match self.bytes.get(self.at)? {
                        b'"' => {
                            self.text()?;
                            continue;
                        }
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth -= 1,
                        _ => {}
                    }
                    self.at += 1;
                    if depth == 0 {
                        break;
                    }
                }
            }
            _ => {
                let ends = |b: &u8| b.is_ascii_whitespace() || b",:]}".contains(b);
                let length = self.bytes[start..].iter().position(ends)?;
                // Nothing where a value should be.
                if length == 0 {
                    return None;
                }
                self.at += length;
            }
        }
        Some(&self.bytes[start..self.at])
    }

    fn text(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            let rest = self.bytes.get(self.at..)?;
            let next = memchr::memchr2(b'"', b'\\', rest)?;
            self.at += next + 1;
            if rest[next] == b'"' {
                return Some(());
            }
            self.at += 1;
        }
    }
}

impl<'b> Pieces<'b> {
    fn add(&mut self, text: &'b [u8], at: usize) {
        if self.features.len() < FEATURES_MAX {
            self.features.push(Piece { text, at });
        } else {
            self.is_over = true;
        }
    }
}

/// The text of a JSON string.
pub(super) fn text_of(json: &[u8]) -> Option<Cow<'_, str>> {
    serde_json::from_slice(json).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_taken_apart() {
        for (text, features, is_whole) in [
            (
                r#"{"type":"FeatureCollection","features":[{"a":1},{"b":"}]"}]}"#,
                2,
                true,
            ),
            (r#"{"features":[{"a":1},{"b":[1,2"#, 1, false),
            ("{\"type\":\"Feature\"}\n{\"type\":\"Feature\"}", 2, true),
            ("\u{1e}{\"type\":\"Point\"}\n", 1, true),
            ("", 0, true),
            ("[1]", 0, false),
            (r#"{"a" 1}"#, 0, false),
            (r#"{"a":"\"}"#, 0, false),
            (r#"{"a":}"#, 0, false),
        ] {
            let pieces = scan(text.as_bytes());
            assert_eq!(
                (pieces.features.len(), pieces.is_whole),
                (features, is_whole),
                "{text}"
            );
        }
    }
}
