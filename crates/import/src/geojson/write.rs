//! From features to statements.

use super::feature::{Feature, Position};
use super::guess;
use super::mapping::{Entry, From, Rule, fill, plain};
use crate::Facet;
use crate::crs::Reading;
use crate::findings::Findings;
use crate::outline;
use crate::writer::{AS_STATED, Writer, shortened, site_position};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use twin_model::catalogue::Form;
use twin_model::claim::Stated;
use twin_model::{Act, Catalogue, Code, EntityId, EntityKind, Finding, Uncertainty, Unit, Value};

/// Probability that an outline that crosses itself is right. A judgement.
const CROSSING: f64 = 0.5;
/// Probability that a guess at the meaning of a property is right. A judgement.
const GUESS: f64 = 0.9;
/// Properties kept of one feature beyond those that are mapped.
const KEPT_MAX: usize = 100;
/// Comparisons of edges per file; beyond it outlines are taken as they are.
const WORK_MAX: usize = 400_000_000;

/// A place to a billionth of a degree, so that equal vertices are equal.
type Corner = [i64; 2];

fn corner([x, y]: [f64; 2]) -> Corner {
    [x, y].map(|degrees| (degrees * 1e9).round() as i64)
}

/// One feature with all that was decided about it.
pub(super) struct Task<'t> {
    pub(super) feature: &'t Feature,
    pub(super) key: &'t str,
    pub(super) kind: EntityKind,
    /// `None` where everything is guessed.
    pub(super) rule: Option<&'t Rule>,
    /// Byte of the file at which it begins.
    pub(super) line: u64,
}

pub(super) struct Pen<'w, 'm> {
    pub(super) writer: &'w mut Writer<'m>,
    pub(super) findings: &'w mut Findings,
    pub(super) reading: Option<&'w Reading>,
    /// The twins of the file's features by id.
    pub(super) twins: &'w FxHashMap<String, EntityId>,
    /// How often lines of streets come through a vertex.
    pub(super) uses: FxHashMap<Corner, u8>,
    pub(super) work_left: usize,
}

impl<'w, 'm> Pen<'w, 'm> {
    pub(super) fn new(
        writer: &'w mut Writer<'m>,
        findings: &'w mut Findings,
        reading: Option<&'w Reading>,
        twins: &'w FxHashMap<String, EntityId>,
    ) -> Self {
        Self {
            writer,
            findings,
            reading,
            twins,
            uses: FxHashMap::default(),
            work_left: WORK_MAX,
        }
    }

    fn place(&self, position: Position) -> Option<[f64; 2]> {
        self.reading?.to_earth(position.0)
    }

    /// The places of a line; those that are on no map are left out.
    fn places(&self, line: &[Position]) -> Vec<[f64; 2]> {
        let mut places: Vec<[f64; 2]> = line.iter().filter_map(|&p| self.place(p)).collect();
        places.dedup();
        places
    }

    fn lines_of(&self, feature: &Feature) -> Vec<Vec<[f64; 2]>> {
        let rings = feature
            .shape
            .polygons
            .iter()
            .filter_map(|rings| rings.first());
        let lines = feature.shape.lines.iter().chain(rings);
        lines
            .map(|line| self.places(line))
            .filter(|l| l.len() >= 2)
            .collect()
    }

    /// Takes note of where a street's lines run, before any is cut.
    pub(super) fn count(&mut self, feature: &Feature) {
        for place in self.lines_of(feature).into_iter().flatten() {
            let uses = self.uses.entry(corner(place)).or_default();
            *uses = 2.min(*uses + 1);
        }
    }

    pub(super) fn write(&mut self, task: &Task<'_>) {
        if let Some(trouble) = &task.feature.trouble {
            let message = format!("the geometry cannot be used: {}", shortened(trouble));
            self.find(task, Code::GeoGeometry, message, None);
        }
        match task.kind {
            EntityKind::Street => self.street(task),
            EntityKind::Building | EntityKind::Area => self.ground(task),
            _ => self.point(task),
        }
    }

    fn find(&mut self, task: &Task<'_>, code: Code, message: String, field: Option<&str>) {
        let mut finding = Finding::new(code, message)
            .at_line(task.line)
            .at_item(shortened(task.key));
        if let Some(field) = field {
            finding = finding.in_field(field);
        }
        self.findings.add(finding);
    }

    /// The twin of the nth part of a feature.
    fn twin(&mut self, task: &Task<'_>, nth: usize) -> EntityId {
        let key = if nth == 0 {
            task.key.to_owned()
        } else {
            format!("{}:{}", task.key, nth + 1)
        };
        self.writer.twin(task.kind, &key)
    }

    fn street(&mut self, task: &Task<'_>) {
        let mut nth = 0;
        for line in self.lines_of(task.feature) {
            let mut start = 0;
            for end in 1..line.len() {
                let is_shared = self.uses.get(&corner(line[end])).is_some_and(|&n| n > 1);
                if end + 1 < line.len() && !is_shared {
                    continue;
                }
                let piece = &line[start..=end];
                start = end;
                let twin = self.twin(task, nth);
                nth += 1;
                let name = |[x, y]: [f64; 2]| format!("{x},{y}");
                let ends = format!("{} {}", name(piece[0]), name(piece[piece.len() - 1]));
                self.writer
                    .declare(&twin, "course", Value::Line(piece.into()));
                self.writer.declare(&twin, "ends", Value::text(ends));
                self.attributes(task, &twin);
            }
        }
        if nth == 0 {
            let message = "a street needs a line of two points on earth; it was left out";
            self.find(task, Code::GeoGeometry, message.to_owned(), None);
        }
    }

    fn ground(&mut self, task: &Task<'_>) {
        let shape = &task.feature.shape;
        let mut nth = 0;
        for rings in &shape.polygons {
            let Some((polygon, is_crossing)) = self.polygon(task, rings) else {
                continue;
            };
            let twin = self.twin(task, nth);
            nth += 1;
            if task.kind == EntityKind::Building {
                let (centre, _) = outline::centre(&polygon.rings[0]);
                let e7 = centre.map(|x| (x * 1e7).round() / 1e7);
                self.writer.conclude(
                    &twin,
                    "sitePosition",
                    site_position(e7),
                    1.0,
                    "middle of the outline",
                );
            }
            let value = Value::Polygon(Arc::new(polygon));
            if is_crossing {
                let method = "outline that crosses itself";
                self.writer.doubt(&twin, "outline", value, CROSSING, method);
            } else {
                self.writer.declare(&twin, "outline", value);
            }
            self.attributes(task, &twin);
        }
        if nth == 0 && task.kind == EntityKind::Area {
            for line in &shape.lines {
                let course = self.places(line);
                if course.len() >= 2 {
                    let twin = self.twin(task, nth);
                    nth += 1;
                    self.writer
                        .declare(&twin, "course", Value::Line(course.into()));
                    self.attributes(task, &twin);
                }
            }
        }
        if nth == 0 {
            self.point(task);
        }
    }

    /// A thing that stands at one place, or at none.
    fn point(&mut self, task: &Task<'_>) {
        let twin = self.twin(task, 0);
        let shape = &task.feature.shape;
        let ring = shape.polygons.first().and_then(|rings| rings.first());
        let middle = ring.map(|ring| self.places(ring)).filter(|r| !r.is_empty());
        let middle = middle.map(|mut ring| {
            if ring.len() > 1 && ring.first() == ring.last() {
                ring.pop();
            }
            outline::centre(&ring).0.map(|x| (x * 1e7).round() / 1e7)
        });
        let stated = shape
            .points
            .first()
            .or(shape.lines.first().and_then(|l| l.first()));
        let stated = stated.and_then(|&p| self.place(p));
        match stated.or(middle) {
            Some(place) => self
                .writer
                .declare(&twin, "sitePosition", site_position(place)),
            None if task.feature.trouble.is_none() => {
                let message = "there is no place on earth for it; it is kept without one";
                self.find(task, Code::GeoGeometry, message.to_owned(), None);
            }
            None => {}
        }
        if task.kind == EntityKind::Portal {
            let has_kind = task
                .rule
                .is_some_and(|r| r.attributes.iter().any(|a| a.name == "portalKind"));
            if !has_kind {
                self.writer.infer(
                    &twin,
                    "portalKind",
                    Value::text("door"),
                    GUESS,
                    "most portals on a map are doors",
                );
            }
        }
        self.attributes(task, &twin);
    }

    fn polygon(
        &mut self,
        task: &Task<'_>,
        rings: &[Vec<Position>],
    ) -> Option<(twin_model::Polygon, bool)> {
        let mut polygon = twin_model::Polygon::default();
        let mut is_crossing = false;
        for (nth, ring) in rings.iter().enumerate() {
            let mut places = self.places(ring);
            if places.len() < ring.len() && self.reading.is_some() && places.is_empty() {
                return None;
            }
            let is_closed = places.len() > 1 && places.first() == places.last();
            if is_closed {
                places.pop();
            }
            if places.len() < 3 {
                if self.reading.is_some() {
                    let message = "a ring has fewer than three points; it was left out";
                    self.find(task, Code::GeoGeometry, message.to_owned(), None);
                }
                if nth == 0 {
                    return None;
                }
                continue;
            }
            if !is_closed {
                let message = "a ring is not closed; its ends are joined";
                self.find(task, Code::GeoGeometry, message.to_owned(), None);
            }
            let corners: Vec<Corner> = places.iter().map(|&p| corner(p)).collect();
            is_crossing |= self.crosses_itself(&corners);
            polygon.rings.push(places);
        }
        if is_crossing {
            let message = "the outline crosses itself".to_owned();
            self.find(task, Code::GeoSelfCrossing, message, None);
        }
        (!polygon.rings.is_empty()).then_some((polygon, is_crossing))
    }

    fn crosses_itself(&mut self, corners: &[Corner]) -> bool {
        let left = &mut self.work_left;
        let mut is_tired = false;
        let crosses = outline::crosses_itself(corners, |amount| {
            is_tired |= *left > 0 && *left < amount;
            let enough = *left >= amount;
            *left = if enough { *left - amount } else { 0 };
            enough
        });
        if is_tired {
            let message = "the outlines are too many and too intricate to be looked at further";
            self.findings.add(Finding::new(Code::GeoLimit, message));
        }
        crosses
    }

    fn attributes(&mut self, task: &Task<'_>, twin: &EntityId) {
        let mut used: Vec<&str> = Vec::new();
        let guesses;
        if let Some(rule) = task.rule {
            for entry in &rule.attributes {
                self.mapped(task, twin, entry);
                if let From::Property(name) = &entry.from {
                    used.push(name);
                }
            }
            if !rule.keep {
                return;
            }
        } else {
            guesses = guess::attributes(task.feature, task.kind);
            for guess in &guesses {
                self.guessed(task, twin, guess);
                used.extend(guess.properties.iter().map(String::as_str));
            }
        }
        let all = task.feature.properties.iter();
        let rest = all.filter(|(name, value)| !value.is_null() && !used.contains(&name.as_str()));
        for (name, value) in rest.take(KEPT_MAX) {
            let plain = |c: char| {
                if c.is_ascii_alphanumeric() || "_-.:".contains(c) {
                    c
                } else {
                    '_'
                }
            };
            let name: String = name.chars().map(plain).take(100).collect();
            let json = Value::Json(Arc::from(value.to_string()));
            self.writer.declare(twin, &format!("property.{name}"), json);
        }
    }

    fn mapped(&mut self, task: &Task<'_>, twin: &EntityId, entry: &Entry) {
        let properties = &task.feature.properties;
        let value = match &entry.from {
            From::Property(name) => properties.get(name).cloned(),
            From::Constant(value) => Some(value.clone()),
            From::Template(text) => {
                let filled = fill(text, |name| properties.get(name).and_then(plain));
                filled.map(Into::into)
            }
        };
        let Some(value) =
            value.filter(|v| !v.is_null() && v.as_str().is_none_or(|t| !t.trim().is_empty()))
        else {
            return;
        };
        let Some(spec) = entry.spec else {
            let json = Value::Json(Arc::from(value.to_string()));
            self.state(twin, &entry.name, json, None, entry.probability, AS_STATED);
            return;
        };
        match self.value(spec.form, &value, entry) {
            Some(value) => {
                let unit = entry.unit.clone();
                self.state(twin, &entry.name, value, unit, entry.probability, AS_STATED);
            }
            None => self.unusable(task, twin, &entry.name, &value),
        }
    }

    fn state(
        &mut self,
        twin: &EntityId,
        name: &str,
        value: Value,
        unit: Option<Unit>,
        probability: f64,
        method: &'static str,
    ) {
        let uncertainty = (probability < 1.0).then_some(Uncertainty::Probability(probability));
        let stated = Stated {
            unit: unit.filter(|_| value.as_number().is_some()),
            value,
            uncertainty,
        };
        self.writer
            .say(Facet::Declared, twin, name, Act::Assert(stated), method);
    }

    fn unusable(
        &mut self,
        task: &Task<'_>,
        twin: &EntityId,
        name: &str,
        value: &serde_json::Value,
    ) {
        let text = plain(value).unwrap_or_else(|| value.to_string());
        let message = format!("`{}` is not what `{name}` can hold", shortened(&text));
        self.find(task, Code::GeoValue, message, Some(name));
        self.writer.unknown(twin, name, &text);
    }

    fn value(&self, form: Form, value: &serde_json::Value, entry: &Entry) -> Option<Value> {
        match form {
            Form::Number => number(value).map(Value::Number),
            Form::Boolean => truth(value, &entry.yes, &entry.no).map(Value::Boolean),
            Form::Text => plain(value).map(Value::text),
            Form::Entity => Some(Value::Entity(self.twins.get(&plain(value)?)?.clone())),
            Form::Entities => Some(Value::entities([self.twins.get(&plain(value)?)?.clone()])),
            Form::Any => Some(Value::Json(Arc::from(value.to_string()))),
            Form::Point | Form::Line | Form::Polygon => None,
        }
    }

    fn guessed(&mut self, task: &Task<'_>, twin: &EntityId, guess: &guess::Guess) {
        let spec = Catalogue::BUILT_IN.get(guess.attribute);
        let Some(spec) = spec.filter(|s| s.kinds.contains(&task.kind)) else {
            return;
        };
        let value = match spec.form {
            Form::Number => number(&guess.value).map(Value::Number),
            _ => plain(&guess.value).map(Value::text),
        };
        let Some(value) = value else {
            self.unusable(task, twin, guess.attribute, &guess.value);
            return;
        };
        let unit = spec.unit.and_then(|code| Unit::new(code).ok());
        let method = "guessed from the name of the property";
        self.state(twin, guess.attribute, value, unit, GUESS, method);
    }
}

/// A number, also as text, also with a decimal comma.
fn number(value: &serde_json::Value) -> Option<f64> {
    let text = match value {
        serde_json::Value::Number(number) => return number.as_f64().filter(|n| n.is_finite()),
        serde_json::Value::String(text) => text.trim().replace(',', "."),
        _ => return None,
    };
    let number: f64 = text.trim_end_matches([' ', 'm']).parse().ok()?;
    number.is_finite().then_some(number)
}

fn truth(value: &serde_json::Value, yes: &[String], no: &[String]) -> Option<bool> {
    let text = plain(value)?;
    if yes.contains(&text) {
        return Some(true);
    }
    if no.contains(&text) {
        return Some(false);
    }
    match text.to_lowercase().as_str() {
        "true" | "yes" | "y" | "ja" | "j" | "1" => Some(true),
        "false" | "no" | "n" | "nee" | "nein" | "0" => Some(false),
        _ => None,
    }
}
