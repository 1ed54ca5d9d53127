//! Tables: a building for those who have no model of it.
//!
//! A caretaker knows the storeys, the stairs, the lifts, the doors and whom to call. A
//! spreadsheet with a row for each is enough for a twin in which one can find a room, leave it by
//! a stair and meet the fire brigade at an entrance. What the table leaves out (onto what a room
//! opens, where a stair ends) is concluded, as a source of its own with its probability, and
//! never taken for fact. The table is drawn in `docs/formats/building-csv.md`.

mod plan;
mod table;
mod words;
mod write;

use crate::findings::Findings;
use crate::writer::{Writer, shortened};
use crate::{Imported, Mint, Options};
use plan::{Header, Storeys, Thing, things};
use std::collections::BTreeMap;
use table::Table;
use twin_model::{Code, Finding, Time};
use words::{Column, Kind};
use write::Edifice;

/// Whether the bytes begin as such a table.
pub fn is_table(bytes: &[u8]) -> bool {
    table::is_table(bytes)
}

/// Reads a table. Any bytes are accepted; there is always a result.
///
/// ```
/// use twin_import::{Mint, Options, csv::import};
/// use twin_model::{EntityId, EntityKind};
///
/// struct Urn;
/// impl Mint for Urn {
///     fn mint(&mut self, _: EntityKind, external_id: &str) -> EntityId {
///         EntityId::new(&format!("urn:example:{}", external_id.replace(' ', "_"))).unwrap()
///     }
/// }
///
/// let table = b"soort;naam;van;tot\ngebouw;Stadhuis\ntrap;A;0;3\n";
/// let imported = import(table, &Options::default(), &mut Urn);
/// assert!(imported.counts.contains(&("storey", 2)));
/// ```
pub fn import(bytes: &[u8], options: &Options<'_>, mint: &mut dyn Mint) -> Imported {
    let mut findings = Findings::default();
    let mut imported = Imported::default();
    let table = table::read(bytes);
    imported.is_whole = table.open_quote.is_none() && !table.is_over;
    let proceed = |share: f32| options.progress.is_none_or(|p| p(share));
    if !is_known(&table) {
        let message = "the file is empty or has no column that says what each row is about";
        findings.add(Finding::new(Code::CsvNotTable, message));
    } else if !proceed(0.2) {
        imported.cancelled = true;
    } else {
        report_form(&table, &mut findings);
        let mut writer = Writer::new(options.observed.unwrap_or(Time::MIN), mint);
        let mut counts = BTreeMap::new();
        write(&table, &mut writer, &mut findings, &mut counts);
        imported.counts = counts.into_iter().collect();
        imported.facets = writer.finish();
    }
    imported.findings = findings.finish();
    imported
}

fn is_known(table: &Table) -> bool {
    table
        .rows
        .first()
        .is_some_and(|row| words::has_kind(&row.cells))
}

fn report_form(table: &Table, findings: &mut Findings) {
    if table.is_legacy {
        let message = "the file is not UTF-8; it is read as Windows-1252";
        findings.add(Finding::new(Code::CsvEncoding, message));
    }
    if let Some(line) = table.open_quote {
        let message = "a quote does not end; all after it is one cell";
        findings.add(Finding::new(Code::CsvRow, message).at_line(line));
    }
    if table.is_over {
        let message = "the table has more rows or columns than are read; the others are missing";
        findings.add(Finding::new(Code::CsvLimit, message));
    }
}

fn write(
    table: &Table,
    writer: &mut Writer<'_>,
    findings: &mut Findings,
    counts: &mut BTreeMap<&'static str, u64>,
) {
    let header = Header::read(&table.rows[0], findings);
    let things = things(&header, &table.rows[1..], findings);
    for (name, things) in buildings(&things, findings) {
        let storeys = Storeys::new(&things, findings);
        let name = name.as_deref();
        Edifice::new(name, storeys, writer, findings, counts).write(&things);
    }
}

/// Things by building: the one that a row names, else the only one, else one without a name.
fn buildings<'t>(
    things: &[Thing<'t>],
    findings: &mut Findings,
) -> Vec<(Option<String>, Vec<Thing<'t>>)> {
    let mut list: Vec<(Option<String>, Vec<Thing<'t>>)> = Vec::new();
    let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
    for thing in things.iter().filter(|t| t.kind == Kind::Building) {
        let name = thing.cell(Column::Name).or(thing.cell(Column::Building));
        let small = name.unwrap_or_default().to_lowercase();
        if by_name.contains_key(&small) {
            let message = format!(
                "the building `{}` stands twice; the first is used",
                shortened(name.unwrap_or_default())
            );
            thing.find(findings, Code::CsvDuplicate, Column::Name, message);
            continue;
        }
        by_name.insert(small, list.len());
        list.push((name.map(str::to_owned), vec![*thing]));
    }
    let only = (list.len() == 1).then_some(0);
    for thing in things.iter().filter(|t| t.kind != Kind::Building) {
        let named = thing.cell(Column::Building);
        let small = named.map(str::to_lowercase);
        let known = small.as_ref().and_then(|n| by_name.get(n).copied());
        let at = known
            .or(only.filter(|_| named.is_none()))
            .unwrap_or_else(|| {
                let key = small.unwrap_or_default();
                *by_name.entry(key).or_insert_with(|| {
                    let message = match named {
                        Some(name) => {
                            format!("the building `{}` has no row; it is added", shortened(name))
                        }
                        None => "there is no row for the building; it has no name and no address"
                            .to_owned(),
                    };
                    thing.find(findings, Code::CsvMissing, Column::Building, message);
                    list.push((named.map(str::to_owned), Vec::new()));
                    list.len() - 1
                })
            });
        list[at].1.push(*thing);
    }
    list
}
