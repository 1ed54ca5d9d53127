//! OpenStreetMap XML: what the database's own interface and editors write.
//! (OpenStreetMap wiki, "OSM XML"; version 0.6.)

use super::elements::{Elements, Key, Member, Place, Tags};
use super::pbf::{nowhere, shortened};
use crate::findings::Findings;
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use std::borrow::Cow;
use std::sync::Arc;
use twin_model::{Code, Finding};

/// How far into a file its first tag is looked for.
const HEAD_BYTES: usize = 4096;
/// Tags, points or members of one element.
const PARTS_MAX: usize = 1 << 20;
/// Elements between two looks at whether to go on.
const STRIDE: usize = 20_000;

/// Whether the bytes begin as such a file.
pub(super) fn is_xml(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let opens = |w: &[u8]| w.starts_with(b"<osm") && !w[4].is_ascii_alphanumeric();
    text.trim_ascii_start().starts_with(b"<") && text.windows(5).any(opens)
}

/// An element that has begun and not yet ended.
#[derive(Default)]
struct Open {
    kind: Option<Kind>,
    id: i64,
    place: Option<Place>,
    is_deleted: bool,
    tags: Vec<(Key, Arc<str>)>,
    refs: Vec<i64>,
    members: Vec<Member>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Node,
    Way,
    Relation,
}

/// Reads all elements; `proceed` is told the share that is done and says whether to go on. The
/// truth value says whether the file was read to its end.
pub(super) fn read(
    bytes: &[u8],
    findings: &mut Findings,
    proceed: &mut dyn FnMut(f32) -> bool,
) -> Option<(Elements, bool)> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = Reader::from_str(text);
    let mut lines = Lines {
        text: text.as_bytes(),
        at: 0,
        line: 1,
    };
    let mut elements = Elements::default();
    let mut open = Open::default();
    let (mut is_whole, mut events) = (false, 0_usize);
    loop {
        let event = reader.read_event();
        let at = reader.buffer_position() as usize;
        match event {
            Ok(Event::Eof) => break,
            Ok(Event::Start(tag)) => start(&tag, &mut open, &mut elements, findings, lines.at(at)),
            Ok(Event::Empty(tag)) => {
                start(&tag, &mut open, &mut elements, findings, lines.at(at));
                end(
                    tag.local_name().as_ref(),
                    &mut open,
                    &mut elements,
                    findings,
                );
            }
            Ok(Event::End(tag)) => {
                let name = tag.local_name();
                is_whole |= name.as_ref() == "osm";
                end(name.as_ref(), &mut open, &mut elements, findings);
            }
            Ok(_) => {}
            Err(_) => {
                let line = lines.at(reader.error_position() as usize);
                let message = "the file does not follow the rules of XML from here on";
                findings.add(Finding::new(Code::OsmBadElement, message).at_line(line));
                break;
            }
        }
        events += 1;
        if events.is_multiple_of(STRIDE) && !proceed(at as f32 / text.len() as f32) {
            return None;
        }
    }
    if !is_whole {
        let message = "the file ends before its closing tag; what was whole is used";
        findings.add(Finding::new(Code::OsmTruncated, message));
    }
    Some((elements, is_whole))
}

/// Counts lines as the reader moves on.
struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn at(&mut self, position: usize) -> u64 {
        let position = position.clamp(self.at, self.text.len());
        let passed = &self.text[self.at..position];
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.at = position;
        self.line
    }
}

/// The attributes of a tag that can be read; others are as good as missing.
fn attributes<'t>(tag: &'t BytesStart<'_>) -> impl Iterator<Item = (&'t str, Cow<'t, str>)> {
    let mut list = tag.attributes();
    list.with_checks(false);
    list.flatten().filter_map(|a| {
        let value = a.normalized_value(XmlVersion::Implicit1_0).ok()?;
        Some((a.key.into_inner(), value))
    })
}

fn start(
    tag: &BytesStart<'_>,
    open: &mut Open,
    elements: &mut Elements,
    findings: &mut Findings,
    line: u64,
) {
    let name = tag.local_name();
    match name.as_ref() {
        "node" => begin(tag, Kind::Node, open, findings, line),
        "way" => begin(tag, Kind::Way, open, findings, line),
        "relation" => begin(tag, Kind::Relation, open, findings, line),
        "nd" => {
            let node = attributes(tag).find(|(key, _)| *key == "ref");
            let node = node.and_then(|(_, id)| id.parse().ok());
            match node {
                Some(node) if open.refs.len() < PARTS_MAX => open.refs.push(node),
                Some(_) => {}
                None => bad(findings, line, "a point of a way has no number"),
            }
        }
        "tag" => add_tag(tag, open),
        "member" => add_member(tag, open, findings, line),
        "osm" => {
            for (key, value) in attributes(tag) {
                let value = Some(shortened(&value).to_string());
                match key {
                    "attribution" => elements.attribution = value,
                    "license" => elements.licence = value,
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn begin(tag: &BytesStart<'_>, kind: Kind, open: &mut Open, findings: &mut Findings, line: u64) {
    *open = Open::default();
    let (mut id, mut latitude, mut longitude) = (None, None, None);
    for (key, value) in attributes(tag) {
        match key {
            "id" => id = value.parse().ok(),
            "lat" => latitude = degrees_e7(&value),
            "lon" => longitude = degrees_e7(&value),
            "visible" => open.is_deleted = value == "false",
            "action" => open.is_deleted |= value == "delete",
            _ => {}
        }
    }
    let Some(id) = id else {
        bad(findings, line, "an element has no number; it was skipped");
        return;
    };
    open.id = id;
    open.kind = Some(kind);
    open.place = latitude
        .zip(longitude)
        .and_then(|(a, b)| Place::from_e7(a, b));
    if kind == Kind::Node && open.place.is_none() && !open.is_deleted {
        findings.add(nowhere(id).at_line(line));
    }
}

fn add_tag(tag: &BytesStart<'_>, open: &mut Open) {
    let (mut known, mut text) = (None, None);
    for (key, value) in attributes(tag) {
        match key {
            "k" => known = Key::parse(&value),
            "v" => text = Some(value),
            _ => {}
        }
    }
    if let (Some(key), Some(text)) = (known, text)
        && open.tags.len() < PARTS_MAX
    {
        open.tags.push((key, shortened(&text)));
    }
}

fn add_member(tag: &BytesStart<'_>, open: &mut Open, findings: &mut Findings, line: u64) {
    let (mut way, mut is_way, mut is_inner) = (None, false, false);
    for (key, value) in attributes(tag) {
        match key {
            "type" => is_way = value == "way",
            "ref" => way = value.parse().ok(),
            "role" => is_inner = value == "inner",
            _ => {}
        }
    }
    match way {
        Some(way) if is_way && open.members.len() < PARTS_MAX => {
            open.members.push(Member { way, is_inner });
        }
        Some(_) => {}
        None => bad(findings, line, "a member of a relation has no number"),
    }
}

fn end(name: &str, open: &mut Open, elements: &mut Elements, findings: &mut Findings) {
    let kind = match name {
        "node" => Kind::Node,
        "way" => Kind::Way,
        "relation" => Kind::Relation,
        _ => return,
    };
    let done = std::mem::take(open);
    if done.kind != Some(kind) || done.is_deleted {
        return;
    }
    let tags = Tags(done.tags.into());
    match kind {
        Kind::Node => {
            if let Some(place) = done.place {
                elements.add_node(done.id, place, tags);
            }
        }
        Kind::Way => elements.add_way(done.id, tags, done.refs.into_iter()),
        Kind::Relation => elements.add_relation(done.id, tags, done.members),
    }
    let _ = findings;
}

fn bad(findings: &mut Findings, line: u64, message: &'static str) {
    findings.add(Finding::new(Code::OsmBadElement, message).at_line(line));
}

/// Degrees as written, in 1e-7 degrees, rounded at the eighth digit. Read digit by digit: a
/// binary fraction in between could move a place by one unit.
fn degrees_e7(text: &str) -> Option<i64> {
    let text = text.trim();
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !are_digits(whole) || !are_digits(part) || whole.len() + part.len() == 0 || whole.len() > 4 {
        // Some writers use exponents for places near the meridian.
        let degrees: f64 = text.parse().ok()?;
        let e7 = (degrees * 1e7).round();
        return (e7.abs() < 1e11).then_some(e7 as i64);
    }
    let digit = |i: usize| i64::from(part.as_bytes().get(i).map_or(0, |b| b - b'0'));
    let mut e7 = whole.bytes().fold(0, |n, b| n * 10 + i64::from(b - b'0'));
    for i in 0..7 {
        e7 = e7 * 10 + digit(i);
    }
    e7 += i64::from(digit(7) >= 5);
    Some(if is_negative { -e7 } else { e7 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_are_read_to_the_last_digit() {
        for (text, e7) in [
            ("49.8722158", Some(498_722_158)),
            ("-0.00000015", Some(-2)),
            (" 8 ", Some(80_000_000)),
            ("8.62823239", Some(86_282_324)),
            (".5", Some(5_000_000)),
            ("+9.5", Some(95_000_000)),
            ("1.5e-6", Some(15)),
            ("", None),
            ("-", None),
            ("north", None),
            ("NaN", None),
            ("1e300", None),
        ] {
            assert_eq!(degrees_e7(text), e7, "{text}");
        }
    }
}
