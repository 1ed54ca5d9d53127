//! The mapping of points to places as a file that people review in a spreadsheet.
//!
//! One row says: this point is the temperature of that room, and somebody confirmed it. The
//! format is drawn in `docs/formats/points.md`.

use super::{Place, Spoken, Suggestion, payload, units};
use rustc_hash::FxHashMap;
use std::fmt::Write;
use twin_model::catalogue::Form;
use twin_model::{Catalogue, Code, EntityKind, Finding, Value};

/// Most rows of a file.
pub const ROWS_MAX: usize = 200_000;
/// Longest cell, in bytes.
const CELL_BYTES_MAX: usize = 2_048;

/// Whether somebody looked at a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A person said that it is so.
    Confirmed,
    /// Suggested from the names; nobody looked yet.
    Suggested,
    /// A person said that the point is not to be used.
    Ignored,
}

impl State {
    /// The word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Suggested => "suggested",
            Self::Ignored => "ignored",
        }
    }

    fn read(word: &str) -> Option<Self> {
        Some(match word.to_lowercase().as_str() {
            "confirmed" | "confirm" | "ok" | "yes" | "x" | "bevestigd" | "bestätigt" => {
                Self::Confirmed
            }
            "suggested" | "" | "voorgesteld" | "vorgeschlagen" => Self::Suggested,
            "ignored" | "ignore" | "no" | "genegeerd" | "ignoriert" => Self::Ignored,
            _ => return None,
        })
    }
}

/// One row: a point, and what it tells of.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Topic or name, with `#member` where a message carries several.
    pub point: String,
    /// A twin's id, or the name of a room, door or storey. `None`: somewhere in the building.
    pub place: Option<String>,
    /// The attribute that it is; `None` where it is no reading of a place.
    pub attribute: Option<String>,
    /// Unit of its numbers after `scale` and `offset`.
    pub unit: Option<String>,
    /// What its numbers are multiplied by.
    pub scale: f64,
    /// What is then added.
    pub offset: f64,
    /// Whether yes means no.
    pub negate: bool,
    /// Whether somebody looked at it.
    pub state: State,
    /// How sure a suggestion is, 0 to 1.
    pub probability: Option<f64>,
    /// Why it was suggested.
    pub reason: Option<String>,
}

impl Row {
    /// A suggestion as a row to be looked at.
    pub fn suggested(suggestion: &Suggestion) -> Self {
        Self {
            point: suggestion.point.clone(),
            place: suggestion.place.clone(),
            attribute: suggestion.attribute.map(str::to_owned),
            unit: suggestion.unit.clone(),
            scale: 1.0,
            offset: 0.0,
            negate: suggestion.negate,
            state: State::Suggested,
            probability: Some(suggestion.probability),
            reason: Some(suggestion.reason.clone()),
        }
    }

    /// What a reading of the point says about the attribute, in the unit of the row.
    ///
    /// ```
    /// use twin_import::points::{Spoken, read_mapping};
    /// use twin_model::Value;
    /// let file = b"point;place;attribute;scale\nT1;12.05;temperature;0,1\n";
    /// let (rows, _) = read_mapping(file);
    /// assert_eq!(rows[0].value(&Spoken::Number(214.0)).unwrap(), Value::Number(21.4));
    /// ```
    pub fn value(&self, spoken: &Spoken) -> Result<Value, Finding> {
        let refused = |message: String| {
            Err(Finding::new(Code::PointValue, message).at_item(self.point.as_str()))
        };
        let attribute = self.attribute.as_deref().unwrap_or_default();
        let form = Catalogue::BUILT_IN.get(attribute).map(|spec| spec.form);
        let number = |n: f64| {
            let n = n * self.scale + self.offset;
            // Tenths times a tenth are meant to be tenths: 214 × 0.1 is 21.4.
            let rounded = (n * 1e9).round() / 1e9;
            if n.abs() < 1e6 { rounded } else { n }
        };
        match (form, spoken) {
            (Some(Form::Number), Spoken::Number(n)) => match number(*n) {
                n if n.is_finite() => Ok(Value::Number(n)),
                _ => refused(format!("`{n}` is out of bounds after scale and offset")),
            },
            (Some(Form::Boolean) | None, Spoken::Boolean(yes)) => {
                Ok(Value::Boolean(*yes != self.negate))
            }
            (Some(Form::Boolean), Spoken::Number(n)) if *n == 0.0 || *n == 1.0 => {
                Ok(Value::Boolean((*n == 1.0) != self.negate))
            }
            (Some(Form::Text) | None, Spoken::Text(text)) => Ok(Value::text(text.as_str())),
            (None, Spoken::Number(n)) => Ok(Value::Number(number(*n))),
            (_, spoken) => refused(format!("`{spoken}` is no value of `{attribute}`")),
        }
    }
}

impl std::fmt::Display for Spoken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Boolean(yes) => write!(f, "{yes}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

const COLUMNS: [&str; 10] = [
    "point",
    "place",
    "attribute",
    "unit",
    "scale",
    "offset",
    "negate",
    "state",
    "probability",
    "reason",
];

/// The rows as a file; [`read_mapping`] reads it back.
pub fn write_mapping(rows: &[Row]) -> String {
    let mut text = COLUMNS.join(",");
    text.push_str("\r\n");
    for row in rows {
        let or_empty = |cell: &Option<String>| cell.clone().unwrap_or_default();
        let cells = [
            row.point.clone(),
            or_empty(&row.place),
            or_empty(&row.attribute),
            or_empty(&row.unit),
            row.scale.to_string(),
            row.offset.to_string(),
            row.negate.to_string(),
            row.state.as_str().to_owned(),
            row.probability.map(|p| p.to_string()).unwrap_or_default(),
            or_empty(&row.reason),
        ];
        for (at, cell) in cells.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let numeric = matches!(at, 4 | 5 | 8);
            let _ = write!(text, "{comma}{}", written(cell, numeric));
        }
        text.push_str("\r\n");
    }
    text
}

/// Cells that a spreadsheet would take for a formula begin with an apostrophe: names come from
/// devices, and a broker's guest must not run anything on a reviewer's machine.
fn written(cell: &str, numeric: bool) -> String {
    let formula = !numeric && cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\'']);
    let apostrophe = if formula { "'" } else { "" };
    if cell.contains([',', ';', '"', '\n', '\r', '\t']) {
        format!("\"{apostrophe}{}\"", cell.replace('"', "\"\""))
    } else {
        format!("{apostrophe}{cell}")
    }
}

fn unescaped(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}

/// Reads a mapping file: columns by their names in any order, divided by commas, semicolons or
/// tabs. Takes any bytes.
pub fn read_mapping(bytes: &[u8]) -> (Vec<Row>, Vec<Finding>) {
    let mut findings = Vec::new();
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut records = super::table::records(text);
    let Some((_, header)) = records.next() else {
        findings.push(Finding::new(
            Code::PointMapping,
            "the mapping file is empty",
        ));
        return (Vec::new(), findings);
    };
    let header: Vec<String> = header.iter().map(|h| h.trim().to_lowercase()).collect();
    let column = |name: &str| header.iter().position(|h| h == name);
    let columns = COLUMNS.map(column);
    if columns[0].is_none() {
        let finding = Finding::new(Code::PointMapping, "no column is called `point`").at_line(1);
        findings.push(finding);
        return (Vec::new(), findings);
    }
    let mut rows: Vec<Row> = Vec::new();
    let mut seen: FxHashMap<String, u64> = FxHashMap::default();
    for (line, record) in records {
        if rows.len() == ROWS_MAX {
            let message = format!("only {ROWS_MAX} rows are read");
            findings.push(Finding::new(Code::PointLimit, message).at_line(line));
            break;
        }
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let cell = |at: usize| {
            let cell = columns[at].and_then(|c| record.get(c));
            unescaped(cell.map_or("", |c| c.trim()))
        };
        match read_row(&cell) {
            Ok(row) => {
                let first = *seen.entry(row.point.clone()).or_insert(line);
                if first == line {
                    rows.push(row);
                } else {
                    let message =
                        format!("the point stands in line {first} already; this line is not used");
                    findings.push(
                        Finding::new(Code::PointTwice, message)
                            .at_line(line)
                            .at_item(row.point),
                    );
                }
            }
            Err((column, message)) => findings.push(
                Finding::new(Code::PointMapping, message)
                    .at_line(line)
                    .in_field(column),
            ),
        }
        if findings.len() >= 10_000 {
            findings.push(Finding::new(
                Code::PointLimit,
                "too many lines cannot be read; the rest is not read",
            ));
            break;
        }
    }
    (rows, findings)
}

fn read_row<'c>(cell: &dyn Fn(usize) -> &'c str) -> Result<Row, (&'static str, String)> {
    let optional = |at: usize| Some(cell(at).to_owned()).filter(|c| !c.is_empty());
    for (at, name) in COLUMNS.iter().enumerate() {
        if cell(at).len() > CELL_BYTES_MAX {
            return Err((
                name,
                format!("the cell is longer than {CELL_BYTES_MAX} bytes"),
            ));
        }
    }
    let number = |at: usize, otherwise: f64| match cell(at) {
        "" => Ok(otherwise),
        text => {
            payload::number(text).ok_or_else(|| (COLUMNS[at], format!("`{text}` is no number")))
        }
    };
    let point = optional(0).ok_or(("point", "the point has no name".to_owned()))?;
    let scale = number(4, 1.0)?;
    if scale == 0.0 {
        return Err((
            "scale",
            "a scale of 0 makes every value the same".to_owned(),
        ));
    }
    let negate = match payload::scalar(cell(6)) {
        None => false,
        Some(Spoken::Boolean(yes)) => yes,
        Some(Spoken::Number(n)) if n == 0.0 || n == 1.0 => n == 1.0,
        Some(other) => return Err(("negate", format!("`{other}` is neither yes nor no"))),
    };
    let state = cell(7);
    let state = State::read(state).ok_or_else(|| {
        (
            "state",
            format!("`{state}` is not confirmed, suggested or ignored"),
        )
    })?;
    let attribute = optional(2);
    if let Some(name) = &attribute
        && twin_model::Attribute::new(name).is_err()
    {
        return Err(("attribute", format!("`{name}` is no name of an attribute")));
    }
    Ok(Row {
        point,
        place: optional(1),
        unit: optional(3).map(|u| units::known(&u).map_or(u, str::to_owned)),
        attribute,
        scale,
        offset: number(5, 0.0)?,
        negate,
        state,
        probability: match cell(8) {
            "" => None,
            _ => Some(number(8, 0.0)?.clamp(0.0, 1.0)),
        },
        reason: optional(9),
    })
}

/// The ids of the places that the rows name, in the order of the rows; `None` with a finding
/// where there is no such place or more than one.
pub fn resolve(rows: &[Row], places: &[Place]) -> (Vec<Option<String>>, Vec<Finding>) {
    let mut by_name: FxHashMap<String, Vec<usize>> = FxHashMap::default();
    let mut by_id: FxHashMap<&str, usize> = FxHashMap::default();
    for (at, place) in places.iter().enumerate() {
        by_id.insert(&place.id, at);
        let names = [&place.name, &place.long_name];
        for name in names.into_iter().chain(&place.aliases) {
            let all = by_name.entry(name.to_lowercase()).or_default();
            if !name.is_empty() && !all.contains(&at) {
                all.push(at);
            }
        }
    }
    let mut findings = Vec::new();
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(name) = &row.place else {
            found.push(None);
            continue;
        };
        if by_id.contains_key(name.as_str()) {
            found.push(Some(name.clone()));
            continue;
        }
        let all = by_name
            .get(&name.to_lowercase())
            .map_or(&[][..], Vec::as_slice);
        let fits = |at: &&usize| fits(row.attribute.as_deref(), places[**at].kind);
        let fitting: Vec<usize> = all.iter().filter(fits).copied().collect();
        let message = match fitting.as_slice() {
            [only] => {
                found.push(Some(places[*only].id.clone()));
                continue;
            }
            [] => format!("there is no place called `{name}` that the point can tell of"),
            more => format!("{} places are called `{name}`", more.len()),
        };
        found.push(None);
        if findings.len() < 10_000 {
            findings.push(Finding::new(Code::PointPlace, message).at_item(row.point.as_str()));
        }
    }
    (found, findings)
}

/// Whether a place of a kind has the attribute. What is in no catalogue can be anybody's.
pub(super) fn fits(attribute: Option<&str>, kind: EntityKind) -> bool {
    let spec = attribute.and_then(|name| Catalogue::BUILT_IN.get(name));
    spec.is_none_or(|spec| spec.kinds.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    fn check(file: &str, expected: &Expect) {
        let (rows, findings) = read_mapping(file.as_bytes());
        let mut shown = String::new();
        for row in &rows {
            let or = |cell: &Option<String>| cell.clone().unwrap_or_else(|| "·".to_owned());
            let _ = writeln!(
                shown,
                "{} | {} {} {} x{} +{} {} {}",
                row.point,
                or(&row.place),
                or(&row.attribute),
                or(&row.unit),
                row.scale,
                row.offset,
                if row.negate { "negated" } else { "as sent" },
                row.state.as_str()
            );
        }
        for f in &findings {
            let line = f.location.line.unwrap_or(0);
            let _ = writeln!(shown, "{} line {line}: {}", f.code.as_str(), f.message);
        }
        expected.assert_eq(&shown);
    }

    #[test]
    fn files_of_spreadsheets() {
        check(
            "\u{feff}State;Point;Place;Attribute;Unit;Scale;Negate\r\nconfirmed;A/1;12.05;temperature;°C;0,1;\r\nignored;A/2;;;;;\r\n;'=x;Door 1;open;;;ja\r\n",
            &expect![[r"
                A/1 | 12.05 temperature Cel x0.1 +0 as sent confirmed
                A/2 | · · · x1 +0 as sent ignored
                =x | Door 1 open · x1 +0 negated suggested
            "]],
        );
        check(
            "point\tplace\nA\tR1\n\nB\tR2\n",
            &expect![[r"
            A | R1 · · x1 +0 as sent suggested
            B | R2 · · x1 +0 as sent suggested
        "]],
        );
    }

    #[test]
    fn what_is_wrong_is_told_by_line() {
        check(
            "",
            &expect![[r"
            PNT-007 line 0: the mapping file is empty
        "]],
        );
        check(
            "topic,place\nA,B\n",
            &expect![[r"
            PNT-007 line 1: no column is called `point`
        "]],
        );
        check(
            "point,scale,state,negate,attribute\nA,x,,,\nB,1,maybe,,\nC,1,,perhaps,\nD,0,,,\nE,1,,,a b\nF,1,,,co2\nF,1,,,co2\n,1,,,\n",
            &expect![[r"
                F | · co2 · x1 +0 as sent suggested
                PNT-007 line 2: `x` is no number
                PNT-007 line 3: `maybe` is not confirmed, suggested or ignored
                PNT-007 line 4: `perhaps` is neither yes nor no
                PNT-007 line 5: a scale of 0 makes every value the same
                PNT-007 line 6: `a b` is no name of an attribute
                PNT-008 line 8: the point stands in line 7 already; this line is not used
                PNT-007 line 9: the point has no name
            "]],
        );
    }

    #[test]
    fn values_take_the_form_of_their_attribute() {
        let check = |attribute: &str, spoken: Spoken, expected: &str| {
            let file = format!(
                "point,attribute,negate\nP,{attribute},{}\n",
                attribute == "open"
            );
            let (rows, _) = read_mapping(file.as_bytes());
            let value = rows[0].value(&spoken);
            let shown = value.map_or_else(|f| f.message.to_string(), |v| format!("{v:?}"));
            assert_eq!(shown, expected);
        };
        check("temperature", Spoken::Number(21.5), "Number(21.5)");
        check(
            "temperature",
            Spoken::Boolean(true),
            "`true` is no value of `temperature`",
        );
        check("open", Spoken::Boolean(true), "Boolean(false)");
        check("smoke", Spoken::Number(1.0), "Boolean(true)");
        check("smoke", Spoken::Number(3.0), "`3` is no value of `smoke`");
        check(
            "serviceState",
            Spoken::Text("outOfService".into()),
            "Text(\"outOfService\")",
        );
        check("waterLeak", Spoken::Boolean(true), "Boolean(true)");
    }

    #[test]
    fn names_of_places_are_resolved_where_they_are_clear() {
        let place = |id: &str, kind, name: &str| Place {
            id: id.to_owned(),
            kind,
            name: name.to_owned(),
            ..Place::default()
        };
        let places = [
            place("urn:a", EntityKind::Space, "12.05"),
            place("urn:b", EntityKind::Portal, "12.05"),
            place("urn:c", EntityKind::Space, "Lobby"),
            place("urn:d", EntityKind::Space, "lobby"),
        ];
        let file = b"point,place,attribute\nA,12.05,temperature\nB,12.05,open\nC,LOBBY,co2\nD,urn:d,co2\nE,13.05,co2\n";
        let (rows, _) = read_mapping(file);
        let (found, findings) = resolve(&rows, &places);
        let found: Vec<&str> = found.iter().map(|f| f.as_deref().unwrap_or("·")).collect();
        assert_eq!(found, ["urn:a", "urn:b", "·", "urn:d", "·"]);
        let told: Vec<&str> = findings.iter().map(|f| &*f.message).collect();
        assert_eq!(
            told,
            [
                "2 places are called `LOBBY`",
                "there is no place called `13.05` that the point can tell of"
            ]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            read_mapping(&bytes);
        }

        #[test]
        fn what_is_written_is_read(
            point in "[!-~]([ -~]{0,20}[!-~])?", place in "[A-Za-z0-9=+@'\",;.-]{1,12}",
            scale in 0.001f64..1000.0, offset in -100.0f64..100.0, negate: bool, p in 0.0f64..1.0,
        ) {
            let row = Row {
                point, place: Some(place), attribute: Some("co2".into()), unit: Some("[ppm]".into()),
                scale, offset, negate, state: State::Confirmed, probability: Some(p), reason: Some("a, b; \"c\"\nd".into()),
            };
            let (rows, findings) = read_mapping(write_mapping(std::slice::from_ref(&row)).as_bytes());
            prop_assert_eq!(rows, vec![row]);
            prop_assert!(findings.is_empty());
        }
    }
}
