//! Writes the text form of IFC files (STEP, ISO 10303-21).
//!
//! Only writing, and only what IFC needs: numbered records with positional arguments. The
//! caller knows the schema; this module knows the syntax.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The number of a record, written `#12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(u32);

/// One positional argument of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Arg {
    /// Not given: `$`.
    Null,
    /// Derived by the schema: `*`.
    Derived,
    /// Another record.
    Ref(Id),
    /// A string, any Unicode.
    Text(String),
    /// An enumeration item, without its dots.
    Enum(&'static str),
    /// A whole number.
    Int(i64),
    /// A real number; must be finite.
    Real(f64),
    /// `.T.` or `.F.`.
    Bool(bool),
    /// A value with its type named, as a select type demands.
    Typed(&'static str, Box<Arg>),
    /// A list or set.
    List(Vec<Arg>),
}

impl From<Id> for Arg {
    fn from(id: Id) -> Self {
        Self::Ref(id)
    }
}
impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<&String> for Arg {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}
impl From<f64> for Arg {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}
impl From<&[Id]> for Arg {
    fn from(ids: &[Id]) -> Self {
        Self::List(ids.iter().copied().map(Arg::Ref).collect())
    }
}
impl<const N: usize> From<[f64; N]> for Arg {
    fn from(values: [f64; N]) -> Self {
        Self::List(values.into_iter().map(Arg::Real).collect())
    }
}
impl<const N: usize> From<[Id; N]> for Arg {
    fn from(ids: [Id; N]) -> Self {
        Self::from(ids.as_slice())
    }
}
impl From<Option<Id>> for Arg {
    fn from(id: Option<Id>) -> Self {
        id.map_or(Self::Null, Self::Ref)
    }
}

/// Records that mean nothing but their values, so that equal ones can be one.
const VALUES: [&str; 9] = [
    "IFCDIRECTION",
    "IFCCARTESIANPOINT",
    "IFCAXIS2PLACEMENT2D",
    "IFCAXIS2PLACEMENT3D",
    "IFCRECTANGLEPROFILEDEF",
    "IFCEXTRUDEDAREASOLID",
    "IFCPROPERTYSINGLEVALUE",
    "IFCQUANTITYAREA",
    "IFCQUANTITYLENGTH",
];

/// A STEP file under construction.
#[derive(Debug, Default)]
pub struct File {
    data: String,
    last: u32,
    /// Where equal values are written once: the records of values so far.
    shared: Option<BTreeMap<String, Id>>,
}

impl File {
    /// A file in which equal points, directions, solids and properties are written once.
    #[must_use]
    pub fn sharing() -> Self {
        Self {
            shared: Some(BTreeMap::new()),
            ..Self::default()
        }
    }

    /// Adds a record of the given type and returns its number.
    pub fn add(&mut self, kind: &str, args: &[Arg]) -> Id {
        let Some(shared) = self.shared.as_mut().filter(|_| VALUES.contains(&kind)) else {
            return self.write(kind, args);
        };
        let mut record = format!("{kind}(");
        write_list(&mut record, args);
        if let Some(id) = shared.get(&record) {
            return *id;
        }
        let id = self.write(kind, args);
        if let Some(shared) = &mut self.shared {
            shared.insert(record, id);
        }
        id
    }

    fn write(&mut self, kind: &str, args: &[Arg]) -> Id {
        self.last += 1;
        let _ = write!(self.data, "#{}={kind}(", self.last);
        write_list(&mut self.data, args);
        self.data.push_str(");\n");
        Id(self.last)
    }

    /// The whole file. `view` is the model view definition named in the header.
    #[must_use]
    pub fn finish(self, schema: &str, name: &str, timestamp: &str, view: &str) -> String {
        let mut text = String::with_capacity(self.data.len() + 400);
        text.push_str("ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION((");
        write_text(&mut text, &format!("ViewDefinition [{view}]"));
        text.push_str("),'2;1');\nFILE_NAME(");
        write_text(&mut text, name);
        let _ = write!(
            text,
            ",'{timestamp}',(''),(''),'twin-scenario','twin-scenario','');\n\
             FILE_SCHEMA(('{schema}'));\nENDSEC;\nDATA;\n"
        );
        text.push_str(&self.data);
        text.push_str("ENDSEC;\nEND-ISO-10303-21;\n");
        text
    }
}

fn write_list(out: &mut String, args: &[Arg]) {
    for (position, arg) in args.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        write_arg(out, arg);
    }
}

fn write_arg(out: &mut String, arg: &Arg) {
    match arg {
        Arg::Null => out.push('$'),
        Arg::Derived => out.push('*'),
        Arg::Ref(id) => {
            let _ = write!(out, "#{}", id.0);
        }
        Arg::Text(text) => write_text(out, text),
        Arg::Enum(item) => {
            let _ = write!(out, ".{item}.");
        }
        Arg::Int(value) => {
            let _ = write!(out, "{value}");
        }
        Arg::Real(value) => write_real(out, *value),
        Arg::Bool(value) => out.push_str(if *value { ".T." } else { ".F." }),
        Arg::Typed(kind, value) => {
            let _ = write!(out, "{kind}(");
            write_arg(out, value);
            out.push(')');
        }
        Arg::List(items) => {
            out.push('(');
            write_list(out, items);
            out.push(')');
        }
    }
}

/// Part 21 demands a decimal point in every real, and an upper-case exponent.
fn write_real(out: &mut String, value: f64) {
    debug_assert!(value.is_finite(), "a STEP file cannot hold {value}");
    let value = if value == 0.0 { 0.0 } else { value };
    let text = format!("{value:?}").to_uppercase();
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => {
            let _ = write!(out, "{digits}.E{exponent}");
        }
        _ => out.push_str(
            text.strip_suffix(".0")
                .map_or(&text, |_| &text[..text.len() - 1]),
        ),
    }
}

/// Quotes and backslashes are doubled; what is not ASCII is written as UTF-16 in `\X2\…\X0\`.
fn write_text(out: &mut String, text: &str) {
    out.push('\'');
    let mut wide = false;
    for c in text.chars() {
        let plain = (' '..='~').contains(&c);
        if plain == wide {
            out.push_str(if plain { "\\X0\\" } else { "\\X2\\" });
            wide = !plain;
        }
        match c {
            '\'' => out.push_str("''"),
            '\\' => out.push_str("\\\\"),
            _ if plain => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "{unit:04X}");
                }
            }
        }
    }
    out.push_str(if wide { "\\X0\\'" } else { "'" });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arg: impl Into<Arg>, expect: &str) {
        let mut out = String::new();
        write_arg(&mut out, &arg.into());
        assert_eq!(out, expect);
    }

    #[test]
    fn arguments_are_written_as_part_21_says() {
        check(Arg::Null, "$");
        check(Arg::Derived, "*");
        check(1.0, "1.");
        check(-0.0, "0.");
        check(0.3048, "0.3048");
        check(1e-7, "1.E-7");
        check(2.5e20, "2.5E20");
        check(-1250.5, "-1250.5");
        check("it's a \\", "'it''s a \\\\'");
        check("Caf\u{e9} 2", "'Caf\\X2\\00E9\\X0\\ 2'");
        check("\u{1f600}", "'\\X2\\D83DDE00\\X0\\'");
        check("a\nb", "'a\\X2\\000A\\X0\\b'");
        check(
            Arg::Typed("IFCLABEL", Box::new("x".into())),
            "IFCLABEL('x')",
        );
        check(
            Arg::List(vec![Arg::Bool(true), Arg::Enum("AREA"), Arg::Int(-3)]),
            "(.T.,.AREA.,-3)",
        );
        check([Id(3), Id(4)], "(#3,#4)");
    }

    #[test]
    fn a_file_has_header_and_data() {
        let mut file = File::default();
        let point = file.add("IFCCARTESIANPOINT", &[[0.0, 0.0].into()]);
        file.add("IFCPOLYLINE", &[[point, point].into()]);
        let text = file.finish("IFC4", "a.ifc", "2026-01-01T00:00:00", "ReferenceView_V1.2");
        assert_eq!(
            text,
            "ISO-10303-21;\nHEADER;\n\
             FILE_DESCRIPTION(('ViewDefinition [ReferenceView_V1.2]'),'2;1');\n\
             FILE_NAME('a.ifc','2026-01-01T00:00:00',(''),(''),'twin-scenario','twin-scenario','');\n\
             FILE_SCHEMA(('IFC4'));\nENDSEC;\nDATA;\n\
             #1=IFCCARTESIANPOINT((0.,0.));\n#2=IFCPOLYLINE((#1,#1));\n\
             ENDSEC;\nEND-ISO-10303-21;\n"
        );
    }
}
