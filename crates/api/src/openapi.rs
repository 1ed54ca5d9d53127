//! The interface, machine-readable: OpenAPI 3.1, made from the list of endpoints and
//! the schemas beside this file.
//!
//! The text is checked in as `docs/formats/openapi.json`; a test compares the two, so
//! that a change of the interface shows in a change of that file.

use crate::endpoint::{Doc, Endpoint, JSON};
use crate::routes;
use serde_json::{Map, Value, json};

/// The checked-in description, as `GET /v1/openapi.json` answers it.
pub(crate) const TEXT: &str = include_str!("../../../docs/formats/openapi.json");

const SCHEMAS: &str = include_str!("openapi/schemas.json");

/// The description as the code has it now.
pub fn generate() -> String {
    let mut paths = Map::new();
    for endpoint in routes::all() {
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[endpoint.method.as_str().to_lowercase()] = operation(&endpoint);
    }
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Twinternet node",
            "version": "1",
            "summary": "The node's own interface; docs/formats/http-api.md says it in words",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "security": [{ "token": [] }, { "session": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer" },
                "session": {
                    "type": "apiKey", "in": "cookie", "name": "twin_session",
                    "description": "writes also need the header `X-Twin-Request: 1`",
                },
            },
            "schemas": schemas,
        },
    });
    format!("{document:#}\n")
}

fn operation(endpoint: &Endpoint) -> Value {
    let Doc {
        summary,
        open,
        query,
        body,
        answer,
    } = endpoint.doc;
    let in_path = endpoint.path.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        Some(
            json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }),
        )
    });
    let in_query = query.iter().map(|(name, meaning, required)| {
        json!({
            "name": name, "in": "query", "required": required, "description": meaning,
            "schema": { "type": "string" },
        })
    });
    let parameters: Vec<Value> = in_path.chain(in_query).collect();
    let mut operation = json!({
        "summary": summary,
        "parameters": parameters,
        "responses": {
            "200": { "description": "done", "content": content(answer) },
            "default": { "description": "not done", "content": content((JSON, "Error")) },
        },
    });
    if open {
        operation["security"] = json!([]);
    }
    if let Some(body) = body {
        operation["requestBody"] = json!({ "required": true, "content": content(body) });
    }
    operation
}

fn content((media, schema): (&str, &str)) -> Value {
    json!({ media: { "schema": { "$ref": format!("#/components/schemas/{schema}") } } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_checked_in_description_is_the_interface() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../docs/formats/openapi.json"
        );
        expect_test::expect_file![path].assert_eq(&generate());
    }

    /// The rows of the table of resources in the contract: `GET /v1/setup` and so on.
    fn contract() -> BTreeSet<String> {
        let text = include_str!("../../../docs/formats/http-api.md");
        let methods = ["GET", "POST", "PATCH", "DELETE"];
        let mut named = BTreeSet::new();
        for row in text.lines().filter(|line| line.starts_with("| `")) {
            let cell = row
                .split(" | ")
                .next()
                .unwrap_or_default()
                .replace("\\|", "|");
            let mut path = String::new();
            for code in cell.split('`').skip(1).step_by(2) {
                let mut words = code.split_whitespace();
                let verbs = words.next().unwrap_or_default();
                if let Some(word) = words.next().filter(|word| word.starts_with('/')) {
                    word.split('?')
                        .next()
                        .unwrap_or_default()
                        .clone_into(&mut path);
                }
                for verb in verbs.split('/').filter(|verb| methods.contains(verb)) {
                    named.insert(format!("{verb} {path}"));
                }
            }
        }
        named
    }

    #[test]
    fn the_contract_and_the_code_name_the_same_resources() {
        let built: BTreeSet<_> = routes::all()
            .iter()
            .map(|e| format!("{} {}", e.method.as_str(), e.path))
            .collect();
        assert_eq!(built, contract());
    }

    #[test]
    fn every_schema_that_is_named_is_there() {
        let schemas: Map<String, Value> = serde_json::from_str(SCHEMAS).unwrap();
        let text = generate();
        for named in text.split("#/components/schemas/").skip(1) {
            let name = named.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "no schema `{name}`");
        }
        for name in schemas.keys() {
            assert!(
                text.contains(&format!("/schemas/{name}\"")),
                "`{name}` is not used"
            );
        }
    }
}
