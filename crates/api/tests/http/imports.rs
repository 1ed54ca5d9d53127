//! Importing a file over HTTP.

use crate::bench::{Bench, request};
use crate::form;
use axum::body::Body;
use twin_scenario::building::{Building, Options};
use twin_scenario::defects::Defects;
use twin_scenario::ifc;

fn file() -> Vec<u8> {
    let options = Options {
        storeys: 2,
        basement: false,
        seed: 1,
    };
    let building = Building::generate(options).unwrap();
    let form = ifc::Options {
        schema: ifc::Schema::Ifc4,
        unit: ifc::Unit::Millimetre,
        boundaries: false,
    };
    ifc::write(&building, &Defects::default(), form).into_bytes()
}

async fn import(bench: &Bench, bytes: Vec<u8>) -> Vec<serde_json::Value> {
    let mut request = request("POST", "/v1/imports?name=office.ifc", &bench.operator, "");
    *request.body_mut() = Body::from(bytes);
    let answer = bench.send(request).await;
    assert_eq!(answer.status.as_u16(), 200, "{:?}", answer.json());
    assert_eq!(answer.headers["content-type"], "application/x-ndjson");
    let lines = answer.lines();
    for line in &lines {
        form::check("ImportLine", line);
    }
    lines
}

#[tokio::test]
async fn a_file_becomes_a_building_and_can_be_taken_back() {
    let bench = Bench::empty();
    let lines = import(&bench, file()).await;
    let done = &lines.last().unwrap()["done"];
    assert!(lines.len() > 1, "no progress was told");
    let building = done["building"].as_str().unwrap();
    let buildings = bench.get("/v1/buildings", &bench.operator).await.json();
    assert_eq!(buildings["buildings"][0]["id"], building);
    let findings = bench
        .get("/v1/findings?limit=5", &bench.operator)
        .await
        .json();
    form::check("Findings", &findings);
    let batch = done["batch"].as_u64().unwrap();
    let imports = bench.get("/v1/imports", &bench.operator).await.json();
    form::check("Imports", &imports);
    assert_eq!(imports["imports"][0]["undone"], false);
    let undone = bench
        .ask(
            "DELETE",
            &format!("/v1/imports/{batch}"),
            &bench.operator,
            "",
        )
        .await;
    assert_eq!(undone.outcome(), "200");
    form::check("ImportDone", &undone.json());
    let imports = bench.get("/v1/imports", &bench.operator).await.json();
    assert_eq!(imports["imports"][0]["undone"], true);
}

#[tokio::test]
async fn what_is_no_ifc_file_is_told_so() {
    let bench = Bench::empty();
    for bytes in [Vec::new(), b"PK\x03\x04".to_vec(), vec![0xff; 1000]] {
        let lines = import(&bench, bytes).await;
        let error = &lines.last().unwrap()["error"];
        assert_eq!(error["code"], "API-422", "{error}");
        assert!(
            error["message"].as_str().unwrap().contains("IFC-001"),
            "{error}"
        );
    }
    for path in [
        "/v1/imports",
        "/v1/imports?name=",
        "/v1/imports?name=a%0Ab",
        "/v1/imports?nam=a",
    ] {
        let outcome = bench.post(path, &bench.operator, "x").await.outcome();
        assert!(outcome.starts_with("400 API-400"), "{path}: {outcome}");
    }
}
