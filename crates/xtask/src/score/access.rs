//! What somebody without a credential can read: nothing of any building.

use crate::http::{Answer, Connection, request};
use crate::node::{self, Node};
use crate::report::{Row, hash_files};
use crate::shell;
use anyhow::{Context, Result};
use serde_json::Value;

/// Open by design, and empty of buildings: see `docs/formats/http-api.md`.
const OPEN: [&str; 3] = ["/v1/health", "/v1/setup", "/v1/session"];
/// Requests that must be refused: none, a wrong one, one of another kind.
const CREDENTIALS: [&[&str]; 4] = [
    &[],
    &["authorization: Bearer wrong"],
    &["authorization: Basic b3duZXI6b3duZXI="],
    &["cookie: twin_session=wrong", "x-twin-request: 1"],
];
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Asks every path of the interface without a credential that holds.
pub(super) fn unauthenticated() -> Result<Vec<Row>> {
    let folder = shell::scratch("access")?;
    let building = folder.join("office.ifc");
    let scenario = shell::build("twin-scenario", ["--bin", "twin-scenario"], true)?;
    let mut generate = shell::program(scenario);
    shell::capture(
        generate
            .args(["building", "--storeys", "2", "--out"])
            .arg(&building),
    )?;
    let node = Node::start(&node::build(true)?, &folder)?;
    let imported = node.import(&building)?;
    let id = imported.pointer("/done/building").and_then(Value::as_str);
    let id = id.context("the import names no building")?;
    let interface = shell::root().join("docs/formats/openapi.json");
    let described: Value = serde_json::from_slice(&std::fs::read(&interface)?)?;
    let (mut asked, mut wrong) = (0, Vec::new());
    for (method, path) in operations(&described) {
        let path = filled(&path, id);
        for credential in CREDENTIALS {
            let answer = ask(&node, &method, &path, credential)?;
            asked += 1;
            let told = String::from_utf8_lossy(&answer.body).contains("urn:");
            if told || (answer.status != 401 && !OPEN.contains(&path.as_str())) {
                wrong.push(format!(
                    "{method} {path} with {credential:?}: {}",
                    answer.status
                ));
            }
        }
    }
    // The page itself is for everyone, and the same for every building.
    let page = ask(&node, "get", "/", &[])?;
    asked += 1;
    if page.status != 200 || String::from_utf8_lossy(&page.body).contains("urn:") {
        wrong.push(format!("get /: {}", page.status));
    }
    Ok(vec![
        Row::new(
            "requests without a valid credential that tell of a building",
            "0",
        )
        .found(
            asked,
            format!("{} of {asked}", wrong.len()),
            wrong.is_empty(),
        )
        .on(hash_files(&[interface])?)
        .details(wrong.into_iter().take(20)),
    ])
}

fn ask(node: &Node, method: &str, path: &str, headers: &[&str]) -> Result<Answer> {
    let mut connection: Connection = node.connect()?;
    connection.ask(&request(&method.to_uppercase(), path, headers, b""))
}

/// Every method of every path that the interface describes.
fn operations(described: &Value) -> Vec<(String, String)> {
    let paths = described
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    paths
        .flat_map(|(path, item)| {
            let methods = METHODS.iter().filter(|method| item.get(**method).is_some());
            methods.map(|method| ((*method).to_owned(), path.clone()))
        })
        .collect()
}

/// The path with something real in place of its parameters.
fn filled(path: &str, id: &str) -> String {
    let mut filled = String::new();
    for part in path.split_inclusive('/') {
        let (name, slash) = part
            .strip_suffix('/')
            .map_or((part, ""), |name| (name, "/"));
        match name {
            "{id}" => filled += &node::escaped(id),
            "{name}" => filled += "temperature",
            name if name.starts_with('{') => filled += "1",
            name => filled += name,
        }
        filled += slash;
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_method_of_every_path_is_asked() {
        let described = json!({"paths": {
            "/v1/a": {"get": {}, "summary": "x"},
            "/v1/b/{id}": {"patch": {}, "delete": {}},
        }});
        let found = operations(&described);
        let found: Vec<_> = found
            .iter()
            .map(|(m, p)| (m.as_str(), p.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("get", "/v1/a"),
                ("patch", "/v1/b/{id}"),
                ("delete", "/v1/b/{id}")
            ]
        );
    }

    #[test]
    fn parameters_are_filled() {
        let path = filled("/v1/entities/{id}/attributes/{name}/why", "urn:a b");
        assert_eq!(path, "/v1/entities/urn:a%20b/attributes/temperature/why");
        assert_eq!(filled("/v1/imports/{batch}", "x"), "/v1/imports/1");
    }
}
