//! From what was stated to what can be weighed: form, unit and bounds.
//!
//! A sensor may speak Fahrenheit and a drawing millimetres. Before a claim is
//! weighed its number and its stated spread are brought to the catalogue's unit and
//! its form is checked. What does not fit is refused with a code that has a page; a
//! number that is merely implausible is let through, because it is recorded, flagged
//! and not believed ([`crate::Outcome::OutOfRange`]).

use twin_model::catalogue::Form;
use twin_model::{Act, AttributeSpec, Estimator, Stated, Uncertainty, Unit, Value, unit};

/// Largest accepted magnitude of a number, in the canonical unit.
pub const NUMBER_MAX: f64 = 1e15;
/// Most characters of a text that are repeated in a message.
const STATED_CHARS_MAX: usize = 64;

/// Why a statement cannot be about this attribute.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The value has another form than the attribute.
    #[error("`{attribute}` takes {expected}, not {stated}")]
    Form {
        /// The attribute.
        attribute: &'static str,
        /// The form it takes, with its article.
        expected: &'static str,
        /// The form that was stated.
        stated: &'static str,
    },
    /// The text is none of the words that the attribute knows.
    #[error("`{attribute}` is one of {labels}, not `{stated}`")]
    Label {
        /// The attribute.
        attribute: &'static str,
        /// The words it knows, in backticks, with commas between them.
        labels: String,
        /// What was stated, at most 64 characters of it.
        stated: String,
    },
    /// A number, coordinate, spread or probability is not finite or out of bounds.
    #[error("`{attribute}`: {what} `{value}` is out of bounds ({bounds})")]
    Bounds {
        /// The attribute.
        attribute: &'static str,
        /// Which part of the statement.
        what: &'static str,
        /// What was stated.
        value: f64,
        /// What is accepted.
        bounds: &'static str,
    },
    /// A shape has too few points to be one.
    #[error("`{attribute}`: a {shape} needs at least {needed} points")]
    Shape {
        /// The attribute.
        attribute: &'static str,
        /// What it should have been.
        shape: &'static str,
        /// Fewest points.
        needed: usize,
    },
    /// The unit is unknown or measures something else.
    #[error(transparent)]
    Unit(#[from] unit::Error),
    /// A unit was stated for something that has none.
    #[error("`{attribute}` has no unit, but `{stated}` was stated")]
    NoUnit {
        /// The attribute.
        attribute: &'static str,
        /// The unit that was stated.
        stated: String,
    },
}

impl Error {
    /// The code of its page in `docs/errors/`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Form { .. } | Self::Label { .. } | Self::Bounds { .. } | Self::Shape { .. } => {
                "CLM-003"
            }
            Self::Unit(_) | Self::NoUnit { .. } => "CLM-005",
        }
    }
}

/// The same act with its number and spread in the catalogue's unit and the unit left
/// out, checked for form and bounds. Acts other than an assertion come back as they are.
///
/// A number without a unit is taken to be in the canonical unit. A single twin where
/// several are expected becomes a set of one.
///
/// ```
/// use twin_model::{Act, Catalogue, Stated, Unit, Value};
/// let width = Catalogue::BUILT_IN.get("width").unwrap();
/// let drawn = Stated {
///     value: Value::Number(900.0),
///     unit: Some(Unit::new("mm").unwrap()),
///     uncertainty: None,
/// };
/// let metres = twin_fusion::canonical(width, &Act::Assert(drawn)).unwrap();
/// assert_eq!(metres, Act::Assert(Value::Number(0.9).into()));
/// let error = twin_fusion::canonical(width, &Act::Assert(Value::text("wide").into()));
/// assert_eq!(error.unwrap_err().code(), "CLM-003");
/// ```
pub fn canonical(spec: &AttributeSpec, act: &Act) -> Result<Act, Error> {
    let Act::Assert(stated) = act else {
        return Ok(act.clone());
    };
    let value = check_form(spec, &stated.value)?;
    let value = match value {
        Value::Number(n) => Value::Number(convert(spec, n, stated.unit.as_ref())?),
        other => {
            refuse_unit(spec, stated.unit.as_ref())?;
            check_shape(spec, &other)?;
            check_label(spec, &other)?;
            other
        }
    };
    Ok(Act::Assert(Stated {
        uncertainty: stated
            .uncertainty
            .map(|u| convert_uncertainty(spec, u, stated.unit.as_ref()))
            .transpose()?,
        value,
        unit: None,
    }))
}

/// The value in the attribute's form, or what is wrong with it.
fn check_form(spec: &AttributeSpec, value: &Value) -> Result<Value, Error> {
    let expected = match (spec.form, value) {
        (Form::Boolean, Value::Boolean(_))
        | (Form::Number, Value::Number(_))
        | (Form::Text, Value::Text(_))
        | (Form::Entity, Value::Entity(_))
        | (Form::Entities, Value::Entities(_))
        | (Form::Point, Value::Point(_))
        | (Form::Line, Value::Line(_))
        | (Form::Polygon, Value::Polygon(_))
        | (Form::Any, _) => return Ok(value.clone()),
        (Form::Entities, Value::Entity(id)) => return Ok(Value::entities([id.clone()])),
        (Form::Boolean, _) => "true or false",
        (Form::Number, _) => "a number",
        (Form::Text, _) => "a text",
        (Form::Entity, _) => "a twin",
        (Form::Entities, _) => "a list of twins",
        (Form::Point, _) => "a point",
        (Form::Line, _) => "a line",
        (Form::Polygon, _) => "a plan area",
    };
    Err(Error::Form {
        attribute: spec.name,
        expected,
        stated: value.kind(),
    })
}

/// Refuses a text that is none of a category's words.
fn check_label(spec: &AttributeSpec, value: &Value) -> Result<(), Error> {
    let (Estimator::Category { labels, .. }, Value::Text(text)) = (spec.estimator, value) else {
        return Ok(());
    };
    if labels.contains(&&**text) {
        return Ok(());
    }
    let quoted: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
    Err(Error::Label {
        attribute: spec.name,
        labels: quoted.join(", "),
        stated: text.chars().take(STATED_CHARS_MAX).collect(),
    })
}

fn convert(spec: &AttributeSpec, number: f64, stated: Option<&Unit>) -> Result<f64, Error> {
    check_number(spec, "the number", number)?;
    match (stated, spec.unit) {
        (None, _) => Ok(number),
        (Some(unit), Some(to)) => check_number(spec, "the number", unit.convert(number, to)?),
        (Some(_), None) => refuse_unit(spec, stated).map(|()| number),
    }
}

fn refuse_unit(spec: &AttributeSpec, stated: Option<&Unit>) -> Result<(), Error> {
    match stated {
        None => Ok(()),
        Some(unit) => Err(Error::NoUnit {
            attribute: spec.name,
            stated: unit.as_str().to_owned(),
        }),
    }
}

fn convert_uncertainty(
    spec: &AttributeSpec,
    uncertainty: Uncertainty,
    stated: Option<&Unit>,
) -> Result<Uncertainty, Error> {
    match uncertainty {
        Uncertainty::Probability(p) if (0.0..=1.0).contains(&p) => Ok(uncertainty),
        Uncertainty::Probability(p) => Err(Error::Bounds {
            attribute: spec.name,
            what: "the probability",
            value: p,
            bounds: "0 to 1",
        }),
        Uncertainty::StandardDeviation(_) if spec.form != Form::Number => Err(Error::Form {
            attribute: spec.name,
            expected: "a probability as its uncertainty",
            stated: "a standard deviation",
        }),
        Uncertainty::StandardDeviation(sd) => {
            let sd = match (stated, spec.unit) {
                (Some(unit), Some(to)) => unit.convert_difference(sd, to)?,
                _ => sd,
            };
            if (0.0..=NUMBER_MAX).contains(&sd) {
                return Ok(Uncertainty::StandardDeviation(sd));
            }
            Err(Error::Bounds {
                attribute: spec.name,
                what: "the standard deviation",
                value: sd,
                bounds: "0 to 1e15",
            })
        }
    }
}

fn check_number(spec: &AttributeSpec, what: &'static str, number: f64) -> Result<f64, Error> {
    if number.abs() <= NUMBER_MAX {
        return Ok(number);
    }
    Err(Error::Bounds {
        attribute: spec.name,
        what,
        value: number,
        bounds: "-1e15 to 1e15",
    })
}

fn check_shape(spec: &AttributeSpec, value: &Value) -> Result<(), Error> {
    let check = |c: &f64| check_number(spec, "the coordinate", *c).map(|_| ());
    let at_least = |needed, count, shape| {
        if count >= needed {
            return Ok(());
        }
        Err(Error::Shape {
            attribute: spec.name,
            shape,
            needed,
        })
    };
    match value {
        Value::Point(point) => point.iter().try_for_each(check),
        Value::Line(points) => {
            at_least(2, points.len(), "line")?;
            points.iter().flatten().try_for_each(check)
        }
        Value::Polygon(polygon) => {
            at_least(1, polygon.rings.len(), "plan area")?;
            for ring in &polygon.rings {
                at_least(3, ring.len(), "ring of a plan area")?;
                ring.iter().flatten().try_for_each(check)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use twin_model::{Catalogue, EntityId, Polygon};

    fn check(attribute: &str, stated: Stated, expected: &Expect) {
        let spec = Catalogue::BUILT_IN.get(attribute).unwrap();
        let got = match canonical(spec, &Act::Assert(stated)) {
            Ok(Act::Assert(s)) => format!("{:?} ±{:?}", s.value, s.uncertainty),
            Ok(other) => format!("{other:?}"),
            Err(e) => format!("{}: {e}", e.code()),
        };
        expected.assert_eq(&got);
    }

    fn number(value: f64, unit: Option<&str>, sd: Option<f64>) -> Stated {
        Stated {
            value: Value::Number(value),
            unit: unit.map(|u| Unit::new(u).unwrap()),
            uncertainty: sd.map(Uncertainty::StandardDeviation),
        }
    }

    #[test]
    fn numbers_and_spreads_come_to_the_canonical_unit() {
        check(
            "temperature",
            number(50.0, Some("[degF]"), Some(9.0)),
            &expect!["Number(10.0) ±Some(StandardDeviation(5.0))"],
        );
        check(
            "width",
            number(900.0, Some("mm"), None),
            &expect!["Number(0.9) ±None"],
        );
        check(
            "occupancy",
            number(3.0, None, None),
            &expect!["Number(3.0) ±None"],
        );
    }

    #[test]
    fn what_does_not_fit_is_refused_with_a_code() {
        check(
            "temperature",
            Value::Boolean(true).into(),
            &expect!["CLM-003: `temperature` takes a number, not boolean"],
        );
        check(
            "temperature",
            number(f64::NAN, None, None),
            &expect!["CLM-003: `temperature`: the number `NaN` is out of bounds (-1e15 to 1e15)"],
        );
        check(
            "temperature",
            number(20.0, None, Some(-1.0)),
            &expect![
                "CLM-003: `temperature`: the standard deviation `-1` is out of bounds (0 to 1e15)"
            ],
        );
        check(
            "temperature",
            number(20.0, Some("m"), None),
            &expect!["CLM-005: unit `m` measures length, expected temperature such as `Cel`"],
        );
        check(
            "open",
            Stated {
                uncertainty: Some(Uncertainty::StandardDeviation(0.1)),
                ..Value::Boolean(true).into()
            },
            &expect![
                "CLM-003: `open` takes a probability as its uncertainty, not a standard deviation"
            ],
        );
        check(
            "open",
            Stated {
                unit: Some(Unit::new("m").unwrap()),
                ..Value::Boolean(true).into()
            },
            &expect!["CLM-005: `open` has no unit, but `m` was stated"],
        );
        check(
            "open",
            Stated {
                uncertainty: Some(Uncertainty::Probability(1.2)),
                ..Value::Boolean(true).into()
            },
            &expect!["CLM-003: `open`: the probability `1.2` is out of bounds (0 to 1)"],
        );
        check(
            "serviceState",
            Value::text("broken").into(),
            &expect![
                "CLM-003: `serviceState` is one of `inService`, `fireService`, `outOfService`, not `broken`"
            ],
        );
        check(
            "footprint",
            Value::Polygon(
                Polygon {
                    rings: vec![vec![[0.0, 0.0]]],
                }
                .into(),
            )
            .into(),
            &expect!["CLM-003: `footprint`: a ring of a plan area needs at least 3 points"],
        );
    }

    #[test]
    fn one_twin_is_a_set_of_one_where_a_set_is_expected() {
        check(
            "connects",
            Value::Entity(EntityId::new("urn:a").unwrap()).into(),
            &expect!["Entities([urn:a]) ±None"],
        );
    }

    #[test]
    fn implausible_is_not_impossible() {
        check(
            "co2",
            number(65_535.0, None, None),
            &expect!["Number(65535.0) ±None"],
        );
    }
}
