//! Stacks copies of an IFC file into one large file: a tower out of a house.
//!
//! `ifc_stack FILE COPIES OUT`
//!
//! Every copy gets numbers and GlobalIds of its own, shares the project, site and building of
//! the first, and has its storeys lifted by a whole number of building heights, so that no copy
//! touches another. For measuring with files of a size that nobody gives away.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, copies, output] = &arguments[..] else {
        eprintln!("usage: ifc_stack FILE COPIES OUT");
        return ExitCode::from(2);
    };
    let Ok(copies) = copies.parse::<u64>() else {
        eprintln!("`{copies}` is not a number of copies");
        return ExitCode::from(2);
    };
    match stack(input, copies, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// One statement: its number, keyword, and the text from the keyword to the `;`.
struct Statement {
    id: u64,
    keyword: String,
    text: Vec<u8>,
}

fn stack(input: &str, copies: u64, output: &str) -> std::io::Result<()> {
    let bytes = std::fs::read(input)?;
    let data = find(&bytes, b"DATA;").map_or(0, |at| at + 5);
    let statements = split(&bytes[data..]);
    let shared: BTreeSet<u64> = statements
        .iter()
        .filter(|s| matches!(s.keyword.as_str(), "IFCPROJECT" | "IFCSITE" | "IFCBUILDING"))
        .map(|s| s.id)
        .collect();
    let step = statements.iter().map(|s| s.id).max().unwrap_or(0) + 1;
    let storeys = Storeys::read(&statements);
    let mut out = std::io::BufWriter::new(std::fs::File::create(output)?);
    out.write_all(&bytes[..data])?;
    writeln!(out)?;
    for copy in 0..copies {
        // Three numbers above those of the file are kept for lifted placements.
        let shift = copy * (step + 3 * (storeys.by_storey.len() as u64 + 1));
        let lift = storeys.height * copy as f64;
        let lifted = storeys
            .by_storey
            .values()
            .map(|s| (s.placement, step + 3 * s.rank + 2 + shift))
            .collect();
        let numbering = Numbering {
            shift,
            shared: &shared,
            lifted,
        };
        for statement in &statements {
            let is_top = shared.contains(&statement.id);
            let joins_top = statement.keyword == "IFCRELAGGREGATES"
                && first_reference(&statement.text).is_some_and(|r| {
                    shared.contains(&r)
                        && !storeys
                            .by_storey
                            .keys()
                            .any(|s| mentions(&statement.text, *s))
                });
            if copy > 0 && (is_top || joins_top) {
                continue;
            }
            write!(out, "#{}= ", statement.id + shift)?;
            let is_storey = storeys.by_storey.contains_key(&statement.id);
            write_renumbered(
                &mut out,
                statement,
                copy,
                &numbering,
                is_storey.then_some(lift),
            )?;
            writeln!(out, ";")?;
        }
        for storey in storeys.by_storey.values() {
            let base = step + 3 * storey.rank + shift;
            let [x, y, z] = storey.origin;
            writeln!(
                out,
                "#{base}= IFCCARTESIANPOINT(({x:?},{y:?},{:?}));",
                z + lift
            )?;
            writeln!(out, "#{}= IFCAXIS2PLACEMENT3D(#{base},$,$);", base + 1)?;
            let parent = storey
                .parent
                .map_or("$".to_owned(), |p| format!("#{}", p + shift));
            writeln!(
                out,
                "#{}= IFCLOCALPLACEMENT({parent},#{});",
                base + 2,
                base + 1
            )?;
        }
    }
    writeln!(out, "ENDSEC;\nEND-ISO-10303-21;")?;
    out.flush()
}

struct Storey {
    rank: u64,
    placement: u64,
    parent: Option<u64>,
    origin: [f64; 3],
}

struct Storeys {
    by_storey: BTreeMap<u64, Storey>,
    /// From the lowest storey to above the highest, in file units.
    height: f64,
}

impl Storeys {
    fn read(statements: &[Statement]) -> Self {
        let by_id: BTreeMap<u64, &Statement> = statements.iter().map(|s| (s.id, s)).collect();
        let references = |id: u64| {
            by_id
                .get(&id)
                .map(|s| references(&s.text))
                .unwrap_or_default()
        };
        let mut by_storey = BTreeMap::new();
        let mut heights = Vec::new();
        for storey in statements
            .iter()
            .filter(|s| s.keyword == "IFCBUILDINGSTOREY")
        {
            let placement = crate::references(&storey.text).into_iter().find(|r| {
                by_id
                    .get(r)
                    .is_some_and(|s| s.keyword == "IFCLOCALPLACEMENT")
            });
            let Some(placement) = placement else { continue };
            let parts = references(placement);
            let parent = parts.iter().copied().find(|r| {
                by_id
                    .get(r)
                    .is_some_and(|s| s.keyword == "IFCLOCALPLACEMENT")
            });
            let origin = parts
                .last()
                .and_then(|axes| references(*axes).first().copied())
                .and_then(|point| by_id.get(&point))
                .map_or([0.0; 3], |point| numbers(&point.text));
            heights.push(origin[2]);
            let rank = by_storey.len() as u64;
            by_storey.insert(
                storey.id,
                Storey {
                    rank,
                    placement,
                    parent,
                    origin,
                },
            );
        }
        let low = heights.iter().copied().fold(f64::INFINITY, f64::min);
        let high = heights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let spread = if heights.is_empty() { 0.0 } else { high - low };
        // Ten metres more than the storeys span, in whichever unit: spans of hundreds are
        // millimetres.
        let height = spread + if spread > 500.0 { 10_000.0 } else { 10.0 };
        Self { by_storey, height }
    }
}

/// What the numbers of a copy become.
struct Numbering<'s> {
    shift: u64,
    /// Statements that all copies share.
    shared: &'s BTreeSet<u64>,
    /// Placements of storeys, replaced by lifted ones.
    lifted: BTreeMap<u64, u64>,
}

impl Numbering<'_> {
    fn of(&self, id: u64) -> u64 {
        match self.lifted.get(&id) {
            Some(lifted) => *lifted,
            None if self.shared.contains(&id) => id,
            None => id + self.shift,
        }
    }
}

/// Writes a statement with its numbers moved, its GlobalId renewed, and for a storey of a copy
/// its placement and elevation lifted.
fn write_renumbered(
    out: &mut impl Write,
    statement: &Statement,
    copy: u64,
    numbering: &Numbering<'_>,
    storey_lift: Option<f64>,
) -> std::io::Result<()> {
    let text = &statement.text;
    let mut at = 0;
    let mut strings = 0;
    let elevation = storey_lift.and_then(|_| last_comma(text));
    while at < text.len() {
        match text[at] {
            b'\'' => {
                let end = string_end(text, at);
                let string = &text[at..end];
                let names_it = strings == 0
                    && is_global_id(string)
                    && at == statement.keyword.len() + 1
                    && !numbering.shared.contains(&statement.id);
                if names_it && copy > 0 {
                    out.write_all(&renewed(string, copy))?;
                } else {
                    out.write_all(string)?;
                }
                strings += 1;
                at = end;
            }
            b'#' => {
                let (id, end) = number_at(text, at + 1);
                write!(out, "#{}", numbering.of(id))?;
                at = end;
            }
            b',' if elevation == Some(at) => {
                let stated = std::str::from_utf8(&text[at + 1..text.len() - 1]);
                match stated.ok().and_then(|s| s.trim().parse::<f64>().ok()) {
                    Some(e) => write!(out, ",{:?})", e + storey_lift.unwrap_or_default())?,
                    None => out.write_all(&text[at..])?,
                }
                return Ok(());
            }
            other => {
                out.write_all(&[other])?;
                at += 1;
            }
        }
    }
    Ok(())
}

/// Base 64 of the IFC.
const ALPHABET: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$";

/// Names of properties can be as long, but only with luck have no other characters.
fn is_global_id(quoted: &[u8]) -> bool {
    quoted.len() == 24 && quoted[1..23].iter().all(|c| ALPHABET.contains(c))
}

/// The same GlobalId with the copy's number in characters 13 to 17, base 64 of the IFC alphabet.
fn renewed(quoted: &[u8], copy: u64) -> Vec<u8> {
    let mut fresh = quoted.to_vec();
    let mut rest = copy;
    for place in (14..18).rev() {
        let old = ALPHABET
            .iter()
            .position(|c| *c == fresh[place])
            .unwrap_or(0) as u64;
        fresh[place] = ALPHABET[((old + rest) % 64) as usize];
        rest /= 64;
    }
    fresh
}

fn split(data: &[u8]) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut at = 0;
    while at < data.len() {
        if data[at..].starts_with(b"/*") {
            at += find(&data[at..], b"*/").map_or(data.len(), |e| e + 2);
            continue;
        }
        if data[at..].starts_with(b"ENDSEC") {
            break;
        }
        if data[at] != b'#' {
            at += 1;
            continue;
        }
        let (id, mut start) = number_at(data, at + 1);
        while start < data.len() && (data[start] == b'=' || data[start].is_ascii_whitespace()) {
            start += 1;
        }
        let mut end = start;
        while end < data.len() && data[end] != b';' {
            end = if data[end] == b'\'' {
                string_end(data, end)
            } else {
                end + 1
            };
        }
        let text = data[start..end].to_vec();
        let word = text
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric())
            .count();
        let keyword = String::from_utf8_lossy(&text[..word]).to_ascii_uppercase();
        statements.push(Statement { id, keyword, text });
        at = end + 1;
    }
    statements
}

fn string_end(text: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while end < text.len() {
        if text[end] == b'\'' {
            if text.get(end + 1) == Some(&b'\'') {
                end += 1;
            } else {
                return end + 1;
            }
        }
        end += 1;
    }
    text.len()
}

fn number_at(text: &[u8], at: usize) -> (u64, usize) {
    let digits = text[at..].iter().take_while(|b| b.is_ascii_digit()).count();
    let number = text[at..at + digits]
        .iter()
        .fold(0, |n, d| n * 10 + u64::from(d - b'0'));
    (number, at + digits)
}

fn references(text: &[u8]) -> Vec<u64> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'\'' => at = string_end(text, at),
            b'#' => {
                let (id, end) = number_at(text, at + 1);
                found.push(id);
                at = end;
            }
            _ => at += 1,
        }
    }
    found
}

/// The relating object of a relation: the second reference, after the owner.
fn first_reference(text: &[u8]) -> Option<u64> {
    references(text).get(1).copied()
}

fn mentions(text: &[u8], id: u64) -> bool {
    references(text).contains(&id)
}

fn numbers(text: &[u8]) -> [f64; 3] {
    let inside: Vec<&str> = std::str::from_utf8(text)
        .unwrap_or_default()
        .split(['(', ')', ','])
        .filter(|s| !s.is_empty())
        .collect();
    let number = |i: usize| {
        inside
            .get(i + 1)
            .and_then(|s| s.trim().parse().ok())
            .unwrap_or(0.0)
    };
    [number(0), number(1), number(2)]
}

fn last_comma(text: &[u8]) -> Option<usize> {
    text.iter().rposition(|b| *b == b',')
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|w| w == needle)
}
