//! Property sets and quantities, and texts that only look like values.

use super::file::File;
use crate::step::{Entity, Value};
use crate::writer::push_json_text;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::fmt::Write;
use std::sync::Arc;

/// Property sets kept for one thing; real things have about thirty.
const SETS_MAX: usize = 200;
/// Properties kept in one set.
const PROPERTIES_MAX: usize = 500;

/// Which sets define which things: of the thing itself, then of its type.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    own: FxHashMap<Entity, Vec<Entity>>,
    types: FxHashMap<Entity, Entity>,
}

impl Definitions {
    /// Reads the relations of the things for which `wanted` is set (by position).
    pub(super) fn read(file: &File<'_>, wanted: &[bool]) -> Self {
        let mut found = Self::default();
        let is_wanted = |e: Entity| wanted[e.position()];
        let relations: Vec<(Vec<Entity>, Vec<Entity>)> = file
            .all("IFCRELDEFINESBYPROPERTIES")
            .par_iter()
            .filter_map(|&relation| {
                let mut values = file.values(relation).skip(4);
                let find = |id| file.index.find(id);
                let objects = references(values.next()?).filter_map(find);
                let objects: Vec<Entity> = objects.filter(|&o| is_wanted(o)).collect();
                if objects.is_empty() {
                    return None;
                }
                let sets = references(values.next()?).filter_map(find);
                Some((objects, sets.take(SETS_MAX).collect()))
            })
            .collect();
        for (objects, sets) in relations {
            for object in objects {
                let own = found.own.entry(object).or_default();
                own.extend(sets.iter().take(SETS_MAX - own.len()));
            }
        }
        for &relation in file.all("IFCRELDEFINESBYTYPE") {
            let Some(by) = file.target(relation, 5) else {
                continue;
            };
            for object in file.targets(relation, 4) {
                if is_wanted(object) {
                    found.types.entry(object).or_insert(by);
                }
            }
        }
        found
    }

    /// The type of a thing.
    pub(super) fn type_of(&self, thing: Entity) -> Option<Entity> {
        self.types.get(&thing).copied()
    }

    /// All sets of a thing, its own before those of its type.
    pub(super) fn sets(&self, file: &File<'_>, thing: Entity) -> Vec<PropertySet> {
        let own = self.own.get(&thing).map_or(&[][..], Vec::as_slice);
        let of_type = self
            .type_of(thing)
            .map(|t| file.targets(t, 5))
            .unwrap_or_default();
        own.iter()
            .copied()
            .chain(of_type)
            .take(SETS_MAX)
            .filter_map(|s| read_set(file, s))
            .collect()
    }
}

/// A single reference, a list of them, or a list inside a type.
fn references(value: Value<'_>) -> impl Iterator<Item = u64> + '_ {
    let single = value.reference();
    let many = if single.is_some() {
        Value::Missing
    } else {
        value
    };
    single.into_iter().chain(many.list().references())
}

/// A property set or a set of quantities.
#[derive(Clone, Debug)]
pub(super) struct PropertySet {
    pub(super) name: String,
    pub(super) properties: Vec<(String, Property)>,
}

/// A property's value as stated.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Property {
    Truth(bool),
    /// `.U.` of a three-valued property.
    Undecided,
    Number(f64),
    Text(String),
    List(Vec<Property>),
}

fn read_set(file: &File<'_>, set: Entity) -> Option<PropertySet> {
    let members = match file.name(set) {
        "IFCPROPERTYSET" => file.targets(set, 4),
        "IFCELEMENTQUANTITY" => file.targets(set, 5),
        _ => return None,
    };
    let properties = members
        .into_iter()
        .take(PROPERTIES_MAX)
        .filter_map(|p| Some((file.text(p, 0)?, read_property(file, p)?)))
        .collect();
    Some(PropertySet {
        name: file.text(set, 2).unwrap_or_default(),
        properties,
    })
}

fn read_property(file: &File<'_>, property: Entity) -> Option<Property> {
    match file.name(property) {
        "IFCPROPERTYSINGLEVALUE" => plain(file.value(property, 2)),
        "IFCPROPERTYENUMERATEDVALUE" | "IFCPROPERTYLISTVALUE" => {
            let mut list: Vec<Property> = file
                .value(property, 2)
                .list()
                .take(PROPERTIES_MAX)
                .filter_map(plain)
                .collect();
            if list.len() == 1 {
                list.pop()
            } else {
                (!list.is_empty()).then_some(Property::List(list))
            }
        }
        "IFCQUANTITYLENGTH" | "IFCQUANTITYAREA" | "IFCQUANTITYVOLUME" | "IFCQUANTITYCOUNT"
        | "IFCQUANTITYWEIGHT" | "IFCQUANTITYTIME" => plain(file.value(property, 3)),
        _ => None,
    }
}

fn plain(value: Value<'_>) -> Option<Property> {
    Some(match value.untyped() {
        Value::Text(_) => Property::Text(value.text()?.trim().to_owned()),
        Value::Integer(i) => Property::Number(i as f64),
        Value::Real(x) => Property::Number(x),
        Value::Enumeration(_) => match value.truth() {
            Some(truth) => Property::Truth(truth),
            None if value.word()? == "U" => Property::Undecided,
            None => Property::Text(value.word()?.to_owned()),
        },
        _ => return None,
    })
}

impl PropertySet {
    /// Whether the name belongs to the standard's own sets.
    fn is_standard(&self) -> bool {
        ["Pset_", "Qto_"].iter().any(|p| self.name.starts_with(p)) || self.name == "BaseQuantities"
    }

    /// Name of the attribute that holds the set as it is, and the set as JSON; only for sets of
    /// the standard that have properties.
    pub(super) fn verbatim(&self) -> Option<(String, Arc<str>)> {
        if !self.is_standard() || self.properties.is_empty() {
            return None;
        }
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() { c } else { '_' }
        };
        let name = self.name.chars().map(plain).take(100).collect();
        Some((name, Arc::from(self.json())))
    }

    /// The set as a JSON object. A property that occurs twice keeps its first value.
    fn json(&self) -> String {
        let mut out = String::from("{");
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in &self.properties {
            if seen.contains(&name.as_str()) {
                continue;
            }
            if !seen.is_empty() {
                out.push(',');
            }
            seen.push(name);
            push_json_text(&mut out, name);
            out.push(':');
            value.push_json(&mut out);
        }
        out.push('}');
        out
    }
}

impl Property {
    fn push_json(&self, out: &mut String) {
        match self {
            Self::Truth(t) => out.push_str(if *t { "true" } else { "false" }),
            Self::Undecided => out.push_str("null"),
            Self::Number(x) => {
                let _ = write!(out, "{x}");
            }
            Self::Text(t) => push_json_text(out, t),
            Self::List(list) => {
                out.push('[');
                for (i, p) in list.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    p.push_json(out);
                }
                out.push(']');
            }
        }
    }
}

/// What a property says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stated<T> {
    /// A value.
    Value(T),
    /// A text that stands where a value should be.
    Placeholder(String),
}

/// The first of `names` that any of the sets states, own sets first. Sets of the standard are
/// searched; a private set counts only when no standard one has the property.
fn find<'s>(sets: &'s [PropertySet], set_names: &[&str], name: &str) -> Option<&'s Property> {
    let within = |s: &&PropertySet| set_names.contains(&s.name.as_str());
    sets.iter()
        .filter(within)
        .flat_map(|s| &s.properties)
        .find(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, p)| p)
}

/// A truth value, also one written as a word.
pub(super) fn truth(sets: &[PropertySet], set_names: &[&str], name: &str) -> Option<Stated<bool>> {
    Some(match find(sets, set_names, name)? {
        Property::Truth(t) => Stated::Value(*t),
        Property::Undecided => Stated::Placeholder("undecided".to_owned()),
        Property::Number(x) if *x == 0.0 || *x == 1.0 => Stated::Value(*x == 1.0),
        Property::Text(t) => match t.to_lowercase().as_str() {
            "yes" | "true" | "ja" | "oui" | "y" | "j" => Stated::Value(true),
            "no" | "false" | "nein" | "nee" | "non" | "n" => Stated::Value(false),
            _ => Stated::Placeholder(t.clone()),
        },
        other => Stated::Placeholder(format!("{other:?}")),
    })
}

/// A text that is not a placeholder.
pub(super) fn text(sets: &[PropertySet], set_names: &[&str], name: &str) -> Option<Stated<String>> {
    Some(match find(sets, set_names, name)? {
        Property::Text(t) if is_placeholder(t, name) => Stated::Placeholder(t.clone()),
        Property::Text(t) => Stated::Value(t.clone()),
        Property::Number(x) => Stated::Value(x.to_string()),
        Property::Truth(t) => Stated::Value(t.to_string()),
        Property::Undecided => Stated::Placeholder("undecided".to_owned()),
        Property::List(_) => return None,
    })
}

/// A finite number.
pub(super) fn number(sets: &[PropertySet], set_names: &[&str], name: &str) -> Option<f64> {
    match find(sets, set_names, name)? {
        Property::Number(x) => Some(*x),
        _ => None,
    }
}

/// Whether a text only fills a field: nothing, dashes, "n/a", "to be defined", something between
/// angle brackets or slashes (`// BUILDING/NAME //` of an authoring tool's template), or the name
/// of the property itself ("Fire Rating" as the fire rating of every door in two widely copied
/// sample buildings).
pub(crate) fn is_placeholder(text: &str, property_name: &str) -> bool {
    let lower = text.trim().to_lowercase();
    let letters = |s: &str| {
        s.chars()
            .filter(|c| c.is_alphanumeric())
            .collect::<String>()
    };
    let core = letters(&lower);
    core.is_empty()
        || core == letters(&property_name.to_lowercase())
        || (lower.starts_with('<') && lower.ends_with('>'))
        || is_fenced(text.trim())
        || (lower.starts_with("enter ") && lower.len() < 40)
        || FILLERS.contains(&core.as_str())
}

/// Whether a text is a field's name in capitals between slashes, hashes, braces, brackets or
/// percent signs, as templates have it: `// BUILDING/NAME //`, `##STOREY##`, `{{PROJECT_NAME}}`,
/// `%NAME%`. One slash or hash is no fence: `/A` and `#12` are names.
fn is_fenced(text: &str) -> bool {
    const FENCES: [(&str, &str); 8] = [
        ("//", "//"),
        ("##", "##"),
        ("{{", "}}"),
        ("${", "}"),
        ("[[", "]]"),
        ("<<", ">>"),
        ("__", "__"),
        ("%", "%"),
    ];
    let inner = FENCES
        .iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close));
    inner.is_some_and(|inner| {
        inner.chars().any(char::is_alphabetic) && !inner.chars().any(char::is_lowercase)
    })
}

/// Letters and digits only, lower case; English, German, Dutch, French.
const FILLERS: &[&str] = &[
    "na",
    "nna",
    "tbd",
    "tbc",
    "tba",
    "tobedefined",
    "tobedetermined",
    "tobeconfirmed",
    "todo",
    "undefined",
    "notdefined",
    "unspecified",
    "notspecified",
    "unknown",
    "unset",
    "notset",
    "notapplicable",
    "default",
    "value",
    "text",
    "string",
    "label",
    "null",
    "nil",
    "nan",
    "empty",
    "x",
    "xx",
    "xxx",
    "xxxx",
    "userdefined",
    "other",
    "sample",
    "example",
    "placeholder",
    "projectname",
    "projectnumber",
    "projectstatus",
    "buildingname",
    "clientname",
    "projektname",
    "projektnummer",
    "gebäudename",
    "ka",
    "keineangabe",
    "nichtdefiniert",
    "unbekannt",
    "offen",
    "undefiniert",
    "nvt",
    "onbekend",
    "ntb",
    "naderbepalen",
    "nadertebepalen",
    "nietbekend",
    "inconnu",
    "sansobjet",
    "nondefini",
    "nondéfini",
    "àdéfinir",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders() {
        for text in [
            "",
            " ",
            "-",
            "--",
            "?",
            "n/a",
            "N.A.",
            "Fire Rating",
            "fire_rating",
            "FireRating",
            "TBD",
            "t.b.d.",
            "<Unspecified>",
            "<None>",
            "undefined",
            "Not defined",
            "keine Angabe",
            "n.v.t.",
            "xxx",
            "...",
            "// BUILDING/NAME //",
            "//BUILDING//",
            "##STOREY_NAME##",
            "{{NAME}}",
            "${ROOM}",
            "%RATING%",
            "Project Name",
        ] {
            assert!(is_placeholder(text, "FireRating"), "{text}");
        }
        for text in [
            "EI30",
            "30",
            "60 min",
            "F 90-A",
            "WBDBO 60",
            "T30-RS",
            "none",
            "0",
            "REI 120",
            "2HR",
            "/A",
            "#12",
            "EI30/EI60",
            "// see drawing A //",
            "50%",
        ] {
            assert!(!is_placeholder(text, "FireRating"), "{text}");
        }
    }

    #[test]
    fn json_is_escaped() {
        let set = PropertySet {
            name: "Pset_X".into(),
            properties: vec![
                ("a\"b".into(), Property::Text("back\\slash\n".into())),
                ("n".into(), Property::Number(1.5)),
                ("n".into(), Property::Number(2.0)),
                (
                    "l".into(),
                    Property::List(vec![Property::Truth(true), Property::Undecided]),
                ),
            ],
        };
        assert_eq!(
            set.json(),
            r#"{"a\"b":"back\\slash\u000a","n":1.5,"l":[true,null]}"#
        );
    }
}
