//! Checks answers against the schemas of the checked-in description: the part of JSON
//! Schema that they use, and a refusal of any part that they do not.

use serde_json::{Map, Value};
use std::sync::LazyLock;

/// The checked-in description.
pub(crate) static INTERFACE: LazyLock<Value> = LazyLock::new(|| {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/formats/openapi.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
});

/// Panics unless `value` has the form of the named schema.
pub(crate) fn check(schema: &str, value: &Value) {
    if let Err(problem) = fits(named(schema), value) {
        panic!("not a `{schema}`: {problem}\n{value:#}");
    }
}

/// Every operation: method, path, what is said of it.
pub(crate) fn operations() -> impl Iterator<Item = (String, &'static str, &'static Value)> {
    let paths = INTERFACE["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, said)| (method.to_uppercase(), path.as_str(), said))
    })
}

fn named(name: &str) -> &'static Value {
    let schema = &INTERFACE["components"]["schemas"][name];
    assert!(!schema.is_null(), "no schema `{name}`");
    schema
}

fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    for (word, rule) in schema.as_object().unwrap() {
        keeps(word, rule, schema, value)?;
    }
    Ok(())
}

fn keeps(word: &str, rule: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let ok = match word {
        "$ref" => {
            return fits(
                named(rule.as_str().unwrap().rsplit('/').next().unwrap()),
                value,
            );
        }
        "anyOf" => {
            let tries: Vec<_> = rule
                .as_array()
                .unwrap()
                .iter()
                .map(|s| fits(s, value))
                .collect();
            if tries.iter().any(Result::is_ok) {
                return Ok(());
            }
            return Err(format!("none of {tries:?}"));
        }
        "type" => is_of(value, rule.as_str().unwrap()),
        "enum" => rule.as_array().unwrap().contains(value),
        "const" => rule == value,
        "minimum" => value.as_f64() >= rule.as_f64(),
        "format" => match (rule.as_str().unwrap(), value.as_str()) {
            ("date-time", Some(text)) => twin_model::Time::parse(text).is_some(),
            ("uri", Some(text)) => text.contains(':'),
            _ => false,
        },
        "required" => rule
            .as_array()
            .unwrap()
            .iter()
            .all(|n| value.get(n.as_str().unwrap()).is_some()),
        "minProperties" => value.as_object().map(Map::len) >= rule.as_u64().map(|n| n as usize),
        "maxProperties" => value.as_object().map(Map::len) <= rule.as_u64().map(|n| n as usize),
        "items" => return each(value, rule),
        "properties" => return properties(rule, value),
        "additionalProperties" => return others(rule, schema, value),
        "description" => true,
        other => panic!("the schemas use `{other}`, which this test does not know"),
    };
    if ok {
        Ok(())
    } else {
        Err(format!("`{word}: {rule}` is not kept by {value}"))
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("unknown type `{other}`"),
    }
}

fn each(values: &Value, schema: &Value) -> Result<(), String> {
    let values = values.as_array().ok_or("not an array")?;
    values.iter().try_for_each(|value| fits(schema, value))
}

fn properties(rules: &Value, value: &Value) -> Result<(), String> {
    for (name, rule) in rules.as_object().unwrap() {
        if let Some(inner) = value.get(name) {
            fits(rule, inner).map_err(|problem| format!("{name}: {problem}"))?;
        }
    }
    Ok(())
}

fn others(rule: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let known = |name: &String| schema["properties"].get(name).is_some();
    let Some(object) = value.as_object() else {
        return Err("not an object".into());
    };
    for (name, inner) in object.iter().filter(|(name, _)| !known(name)) {
        match rule {
            Value::Bool(false) => return Err(format!("`{name}` is not in the schema")),
            rule => fits(rule, inner).map_err(|problem| format!("{name}: {problem}"))?,
        }
    }
    Ok(())
}
