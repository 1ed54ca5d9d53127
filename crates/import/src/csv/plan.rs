//! From rows to a building: what each row is about, and which storeys there are.

use super::table::Row;
use super::words::{Column, Kind, column};
use crate::findings::Findings;
use crate::writer::shortened;
use std::collections::BTreeMap;
use twin_model::{Code, Finding, Unit};

/// Storeys that one stair or lift may serve.
pub(super) const SERVED_MAX: usize = 300;
/// Storeys that are named by all rows together.
const NAMED_MAX: usize = 2_000_000;
/// Largest number that a cell may hold.
const NUMBER_MAX: f64 = 1e9;
/// Names of the storey at the street, in small letters.
const STREET: [&str; 7] = [
    "0",
    "bg",
    "begane grond",
    "ground",
    "ground floor",
    "g",
    "00",
];

/// The header.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) columns: Vec<Option<Column>>,
    pub(super) names: Vec<String>,
    pub(super) units: Vec<Option<Unit>>,
    /// Columns whose unit is not known; their numbers cannot be used.
    pub(super) is_odd: Vec<bool>,
}

impl Header {
    pub(super) fn read(row: &Row, findings: &mut Findings) -> Self {
        let mut header = Self {
            columns: Vec::new(),
            names: row.cells.clone(),
            units: Vec::new(),
            is_odd: Vec::new(),
        };
        for (i, cell) in row.cells.iter().enumerate() {
            let (mut known, unit) = column(cell);
            let mut say = |message: String| {
                let finding = Finding::new(Code::CsvHeader, message).at_line(row.line);
                findings.add(
                    finding
                        .at_item(cell_name(i, row.number))
                        .in_field(shortened(cell)),
                );
            };
            if known.is_some_and(|k| header.columns.contains(&Some(k))) {
                say(
                    "the column stands twice; the first is used, this is kept as written"
                        .to_owned(),
                );
                known = None;
            } else if known.is_none() && !cell.is_empty() {
                say("the column is not known; it is kept as written".to_owned());
            }
            let unit = unit.map(|text| Unit::new(&text.replace('²', "2")));
            let is_odd = matches!(unit, Some(Err(_)));
            if is_odd && known.is_some() {
                say("the unit of the column is not known; its numbers are not used".to_owned());
            }
            header.columns.push(known);
            header.units.push(unit.and_then(Result::ok));
            header.is_odd.push(is_odd);
        }
        header
    }

    fn at(&self, wanted: Column) -> Option<usize> {
        self.columns.iter().position(|&c| c == Some(wanted))
    }
}

/// Column and row as a spreadsheet names a cell: `C7`.
pub(super) fn cell_name(column: usize, row: usize) -> String {
    let mut letters = String::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.insert(0, char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    format!("{letters}{row}")
}

/// A row with what it is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thing<'t> {
    pub(super) header: &'t Header,
    pub(super) row: &'t Row,
    pub(super) kind: Kind,
}

impl<'t> Thing<'t> {
    /// A cell that says something.
    pub(super) fn cell(&self, wanted: Column) -> Option<&'t str> {
        let cell = self.row.cells.get(self.header.at(wanted)?)?;
        (!cell.is_empty()).then_some(cell)
    }

    /// The word that says what the row is about.
    pub(super) fn word(&self) -> &'t str {
        self.cell(Column::Kind).unwrap_or_default()
    }

    pub(super) fn find(
        &self,
        findings: &mut Findings,
        code: Code,
        wanted: Column,
        message: String,
    ) {
        let mut finding = Finding::new(code, message).at_line(self.row.line);
        finding = match self.header.at(wanted) {
            Some(at) => finding
                .at_item(cell_name(at, self.row.number))
                .in_field(shortened(&self.header.names[at])),
            None => finding.at_item(format!("row {}", self.row.number)),
        };
        findings.add(finding);
    }

    /// A number with the column's unit; a finding where it is none.
    pub(super) fn number(
        &self,
        wanted: Column,
        findings: &mut Findings,
    ) -> Option<Result<(f64, Option<Unit>), &'t str>> {
        let text = self.cell(wanted)?;
        let at = self.header.at(wanted)?;
        let plain = text.replace(',', ".");
        let number = plain.trim_end_matches(['m', ' ']).parse::<f64>().ok();
        let number = number.filter(|n| n.abs() <= NUMBER_MAX && !self.header.is_odd[at]);
        if let Some(number) = number {
            return Some(Ok((number, self.header.units[at].clone())));
        }
        let message = format!("`{}` is no number that can be used", shortened(text));
        self.find(findings, Code::CsvValue, wanted, message);
        Some(Err(text))
    }
}

/// What the rows are about; those that say nothing of it are left out with a finding.
pub(super) fn things<'t>(
    header: &'t Header,
    rows: &'t [Row],
    findings: &mut Findings,
) -> Vec<Thing<'t>> {
    let mut things = Vec::new();
    for row in rows {
        let thing = |kind| Thing { header, row, kind };
        let unknown = thing(Kind::Room);
        if row.cells.len() > header.columns.len() {
            let message = "the row has more cells than there are columns; the last are left out";
            unknown.find(findings, Code::CsvRow, Column::Kind, message.to_owned());
        }
        if let Some(kind) = Kind::parse(unknown.word()) {
            things.push(thing(kind));
            continue;
        }
        let message = match unknown.word() {
            "" => "the row does not say what it is about; it is left out".to_owned(),
            word => format!(
                "`{}` is no kind of thing that is known; the row is left out",
                shortened(word)
            ),
        };
        unknown.find(findings, Code::CsvKind, Column::Kind, message);
    }
    things
}

/// A storey by name.
#[derive(Debug)]
pub(super) struct Storey<'t> {
    pub(super) name: String,
    pub(super) elevation_m: Option<f64>,
    /// Its own row, if it has one.
    pub(super) thing: Option<Thing<'t>>,
}

/// The storeys of one building from the lowest, found by name.
#[derive(Debug, Default)]
pub(super) struct Storeys<'t> {
    pub(super) list: Vec<Storey<'t>>,
    by_name: BTreeMap<String, usize>,
}

impl<'t> Storeys<'t> {
    /// All storeys that the things of a building have or name.
    pub(super) fn new(things: &[Thing<'t>], findings: &mut Findings) -> Self {
        let mut storeys = Self::default();
        for thing in things.iter().filter(|t| t.kind == Kind::Storey) {
            let name = thing.cell(Column::Name).or(thing.cell(Column::Storey));
            let Some(name) = name else {
                let message = "the storey has no name; it is left out".to_owned();
                thing.find(findings, Code::CsvValue, Column::Name, message);
                continue;
            };
            if storeys.find(name).is_some() {
                let message = format!(
                    "the storey `{}` stands twice; the first is used",
                    shortened(name)
                );
                thing.find(findings, Code::CsvDuplicate, Column::Name, message);
                continue;
            }
            let elevation = thing
                .number(Column::Elevation, findings)
                .and_then(Result::ok);
            let elevation_m = elevation.and_then(|(number, unit)| match unit {
                Some(unit) => unit.convert(number, "m").ok(),
                None => Some(number),
            });
            storeys.add(name, elevation_m, Some(*thing));
        }
        let mut left = NAMED_MAX;
        for thing in things.iter().filter(|t| t.kind != Kind::Storey) {
            let names = storeys.named(thing);
            left = left.saturating_sub(names.len());
            if left == 0 {
                let message = "the stairs and lifts serve more storeys than are read".to_owned();
                thing.find(findings, Code::CsvLimit, Column::Storey, message);
                break;
            }
            for name in names {
                if storeys.find(&name).is_none() {
                    let message =
                        format!("the storey `{}` has no row; it is added", shortened(&name));
                    thing.find(findings, Code::CsvReference, Column::Storey, message);
                    storeys.add(&name, None, None);
                }
            }
        }
        storeys.sort();
        storeys
    }

    fn add(&mut self, name: &str, elevation_m: Option<f64>, thing: Option<Thing<'t>>) {
        self.by_name.insert(name.to_lowercase(), self.list.len());
        self.list.push(Storey {
            name: name.to_owned(),
            elevation_m,
            thing,
        });
    }

    /// From the lowest: by number, else by elevation, else as listed.
    fn sort(&mut self) {
        let number = |s: &Storey<'_>| s.name.replace(',', ".").parse::<f64>().ok();
        if self
            .list
            .iter()
            .all(|s| number(s).is_some_and(f64::is_finite))
        {
            self.list.sort_by(|a, b| {
                number(a)
                    .unwrap_or(0.0)
                    .total_cmp(&number(b).unwrap_or(0.0))
            });
        } else if self.list.iter().all(|s| s.elevation_m.is_some()) {
            let at = |s: &Storey<'_>| s.elevation_m.unwrap_or(0.0);
            self.list.sort_by(|a, b| at(a).total_cmp(&at(b)));
        }
        self.by_name.clear();
        for (i, storey) in self.list.iter().enumerate() {
            self.by_name.insert(storey.name.to_lowercase(), i);
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get(&name.trim().to_lowercase()).copied()
    }

    /// The storey at the street.
    pub(super) fn street(&self) -> Option<usize> {
        if self.list.len() == 1 {
            return Some(0);
        }
        STREET.iter().find_map(|name| self.find(name))
    }

    /// Names of storeys that stand in a row.
    fn named(&self, thing: &Thing<'_>) -> Vec<String> {
        let Some(text) = thing.cell(Column::Storey) else {
            return Vec::new();
        };
        let mut names = match thing.kind {
            Kind::Stair | Kind::Lift => self.items(text),
            Kind::Room | Kind::Door | Kind::Entrance => vec![text.to_owned()],
            Kind::Building | Kind::Storey | Kind::Contact => Vec::new(),
        };
        if matches!(thing.kind, Kind::Stair | Kind::Lift) {
            names.extend(thing.cell(Column::To).map(str::to_owned));
        }
        names
    }

    /// A list of storeys: `0;1;2`, `0-5`, or one name.
    fn items(&self, text: &str) -> Vec<String> {
        let mut names = Vec::new();
        for item in text
            .split([';', '/', ','])
            .map(str::trim)
            .filter(|i| !i.is_empty())
        {
            let range = self.find(item).is_none().then(|| range(item)).flatten();
            match range {
                Some((low, high)) => names.extend((low..=high).map(|n| n.to_string())),
                None => names.push(item.to_owned()),
            }
        }
        names.truncate(SERVED_MAX);
        names
    }

    /// The storeys that a stair or lift serves, from the lowest.
    pub(super) fn served(&self, thing: &Thing<'_>) -> Vec<usize> {
        let text = thing.cell(Column::Storey).unwrap_or_default();
        let listed = self
            .items(text)
            .iter()
            .filter_map(|n| self.find(n))
            .collect::<Vec<_>>();
        let mut served = match (listed[..].first(), thing.cell(Column::To)) {
            (Some(&from), Some(to)) => match self.find(to) {
                Some(to) => (from.min(to)..=from.max(to)).take(SERVED_MAX).collect(),
                None => listed,
            },
            _ => listed,
        };
        served.sort_unstable();
        served.dedup();
        served.truncate(SERVED_MAX);
        served
    }
}

/// `0-5`, `-2-3`: whole numbers with a dash between.
fn range(text: &str) -> Option<(i32, i32)> {
    let (at, _) = text.char_indices().skip(1).find(|(_, c)| *c == '-')?;
    let low: i32 = text[..at].trim().parse().ok()?;
    let high: i32 = text[at + 1..].trim().parse().ok()?;
    let is_sane =
        low < high && usize::try_from(i64::from(high) - i64::from(low)).ok()? < SERVED_MAX;
    is_sane.then_some((low, high))
}
