//! Other organisations over HTTP: one node alone with everything that can be asked wrongly,
//! and two that come to belong together.

use crate::bench::{Answer, Bench, enc, request, send};
use crate::form;
use axum::Router;
use axum::body::Body;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use twin_model::{Caller, Role};
use twin_node::{Config, Node, SystemClock};

async fn asked(bench: &Bench, method: &str, path: &str, body: &str) -> Answer {
    bench.ask(method, path, &bench.operator, body).await
}

/// What came of a request: the code where it was refused.
async fn outcome(bench: &Bench, method: &str, path: &str, body: &str) -> String {
    let answer = asked(bench, method, path, body).await;
    let outcome = answer.outcome();
    outcome
        .split(' ')
        .take(2)
        .collect::<Vec<_>>()
        .join(" ")
        .replace(':', "")
}

#[tokio::test]
async fn nothing_of_others_works_before_an_organisation_is_founded() {
    let bench = Bench::empty();
    let answer = bench.get("/v1/organisation", &bench.operator).await.json();
    form::check("Organisation", &answer);
    assert_eq!(answer["organisation"], Value::Null);
    for (path, list) in [
        ("/v1/members", "members"),
        ("/v1/shares", "shares"),
        ("/v1/disclosures", "disclosures"),
        ("/v1/link/notices", "notices"),
    ] {
        let answer = bench.get(path, &bench.operator).await.json();
        assert_eq!(answer[list], json!([]), "{path}");
    }
    let share = r#"{"to":"members"}"#;
    for (method, path, body) in [
        ("POST", "/v1/invitations", "{}"),
        ("POST", "/v1/shares", share),
        ("DELETE", "/v1/members/tower", ""),
        ("GET", "/v1/bundles", ""),
        ("GET", "/v1/bundles/have", ""),
    ] {
        assert_eq!(
            outcome(&bench, method, path, body).await,
            "409 LNK-001",
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn an_organisation_is_founded_once_and_invites() {
    let bench = Bench::empty();
    let bad = r#"{"title":"Tower","addresses":["http://tower"]}"#;
    assert_eq!(
        outcome(&bench, "POST", "/v1/organisation", bad).await,
        "400 API-400"
    );
    let founding = r#"{"title":"Tower","addresses":["wss://tower.example:8351"]}"#;
    let founded = asked(&bench, "POST", "/v1/organisation", founding)
        .await
        .json();
    form::check("Organisation", &founded);
    let own = &founded["organisation"];
    assert_eq!(
        (&own["name"], &own["title"]),
        (&json!("local"), &json!("Tower"))
    );
    let again = bench.get("/v1/organisation", &bench.operator).await.json();
    assert_eq!(founded, again);
    let mut before = again;
    for request in ["{}", r#"{"stolen":true}"#] {
        let renewed = asked(&bench, "POST", "/v1/organisation/keys", request).await;
        let renewed = renewed.json();
        form::check("Organisation", &renewed);
        let (was, is) = (&before["organisation"], &renewed["organisation"]);
        assert_ne!(was["id"], is["id"], "another node to others: {request}");
        assert_eq!(
            was["fingerprint"], is["fingerprint"],
            "of the same organisation"
        );
        before = renewed;
    }
    assert_eq!(
        outcome(&bench, "POST", "/v1/organisation", founding).await,
        "409 API-409"
    );

    let invitation = asked(
        &bench,
        "POST",
        "/v1/invitations",
        r#"{"note":"the brigade"}"#,
    )
    .await;
    let invitation = invitation.json();
    form::check("Invitation", &invitation);
    assert_eq!(invitation["fingerprint"], own["fingerprint"]);
    let list = asked(&bench, "GET", "/v1/invitations", "").await.json();
    form::check("Invitations", &list);
    assert_eq!(list["invitations"][0]["note"], "the brigade");
    let code = invitation["code"].as_str().unwrap();
    assert!(!list.to_string().contains(code), "a code is shown twice");

    let look = json!({ "code": code, "look": true }).to_string();
    let seen = asked(&bench, "POST", "/v1/members", &look).await.json();
    form::check("Joined", &seen);
    assert_eq!(seen["inviter"]["fingerprint"], own["fingerprint"]);
    assert_eq!(seen["inviter"]["addresses"], own["addresses"]);
    for body in [
        json!({ "code": code }),
        json!({ "code": "rubbish" }),
        json!({ "code": "", "look": true }),
        json!({ "code": code[..code.len() - 1], "look": true }),
    ] {
        let outcome = outcome(&bench, "POST", "/v1/members", &body.to_string()).await;
        assert_eq!(outcome, "422 API-422", "{body}");
    }
    assert_eq!(
        outcome(&bench, "DELETE", "/v1/members/nobody", "").await,
        "404 API-404"
    );
    let members = bench.get("/v1/members", &bench.operator).await.json();
    form::check("Members", &members);
    assert_eq!(members["members"], json!([]));
}

#[tokio::test]
async fn rules_of_sharing_are_made_listed_and_ended() {
    let bench = Bench::furnished().await;
    asked(&bench, "POST", "/v1/organisation", r#"{"title":"Tower"}"#).await;
    let rule = r#"{"to":"members","kinds":["building"],"backfill":true}"#;
    let made = asked(&bench, "POST", "/v1/shares", rule).await.json();
    form::check("Shared", &made);
    assert_eq!(made["share"]["to"], "members");
    assert!(
        made["share"]["sentence"]
            .as_str()
            .unwrap()
            .contains("buildings"),
        "{made}"
    );
    for (body, expected) in [
        (r#"{"to":"brigade"}"#, "404 API-404"),
        (r#"{"to":"members","kinds":["house"]}"#, "400 API-400"),
        (
            r#"{"to":"members","attributes":["no name"]}"#,
            "400 API-400",
        ),
        (r#"{"to":"members","area":"no uri"}"#, "400 API-400"),
        (r#"{"to":"members","area":"urn:nowhere"}"#, "404 API-404"),
        (r#"{"to":"members","attributes":["smoke"]}"#, "422 API-422"),
        (r#"{"kinds":["space"]}"#, "400 API-400"),
        (r#"{"to":"members","for":"ever"}"#, "400 API-400"),
    ] {
        assert_eq!(
            outcome(&bench, "POST", "/v1/shares", body).await,
            expected,
            "{body}"
        );
    }
    let id = made["share"]["id"].as_u64().unwrap();
    for (path, expected) in [
        ("/v1/shares/first".to_owned(), "400 API-400"),
        ("/v1/shares/99".to_owned(), "404 API-404"),
        (format!("/v1/shares/{id}"), "200"),
    ] {
        assert_eq!(
            outcome(&bench, "DELETE", &path, "").await,
            expected,
            "{path}"
        );
    }
    let list = asked(&bench, "GET", "/v1/shares", "").await.json();
    form::check("Shares", &list);
    assert_eq!(list["shares"][0]["standing"], false);
}

#[tokio::test]
async fn twins_are_found_by_words_and_place() {
    let bench = Bench::furnished().await;
    let place = r#"{"entity":"urn:b","attribute":"sitePosition","value":{"latitude_deg":52.37,"longitude_deg":4.89},"observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:b","attribute":"address","value":"Dam 1","observed":"2026-01-05T07:00:00Z"}"#;
    let done = asked(&bench, "POST", "/v1/claims", place).await.json();
    assert_eq!(done["refused"], json!([]), "{done}");
    let viewer = bench.token(Role::Viewer);
    for path in [
        "/v1/find?text=town",
        "/v1/find?text=dam&kind=building",
        "/v1/find?near=52.37,4.89,500",
    ] {
        let answer = bench.get(path, &viewer).await.json();
        form::check("Found", &answer);
        assert_eq!(answer["found"][0]["id"], "urn:b", "{path}: {answer}");
        assert_eq!(answer["found"][0]["address"], "Dam 1");
        assert_eq!(answer["found"][0]["from"], json!([]));
    }
    for (path, expected) in [
        ("/v1/find", "422 API-422"),
        ("/v1/find?text=", "422 API-422"),
        ("/v1/find?near=52.37,4.89", "400 API-400"),
        ("/v1/find?near=here,there,500", "400 API-400"),
        ("/v1/find?near=152,4.89,500", "422 API-422"),
        ("/v1/find?text=town&kind=house", "400 API-400"),
        ("/v1/find?txt=town", "400 API-400"),
    ] {
        assert_eq!(outcome(&bench, "GET", path, "").await, expected, "{path}");
    }
}

#[tokio::test]
async fn two_twins_are_said_to_be_one() {
    let bench = Bench::furnished().await;
    let said = r#"{"one":"urn:r1","other":"urn:r2","probability":0.9,"reason":"one wall less"}"#;
    let answer = asked(&bench, "POST", "/v1/identities", said).await.json();
    form::check("Identified", &answer);
    let identity = answer["identity"].as_str().unwrap();
    let found = asked(&bench, "GET", "/v1/find?text=0.01", "").await.json();
    form::check("Found", &found);
    assert_eq!(
        found["found"][0]["identities"][0]["id"], "urn:r2",
        "{found}"
    );
    let not = r#"{"one":"urn:r2","other":"urn:r1","probability":null,"reason":"two doors"}"#;
    let answer = asked(&bench, "POST", "/v1/identities", not).await.json();
    assert_eq!(
        answer["identity"], identity,
        "the order of two twins matters"
    );
    for (body, expected) in [
        (
            r#"{"one":"urn:r1","other":"urn:r1","reason":"x"}"#,
            "422 API-422",
        ),
        (
            r#"{"one":"urn:r1","other":"urn:r2","reason":""}"#,
            "422 API-422",
        ),
        (
            r#"{"one":"urn:r1","other":"urn:r2","probability":2,"reason":"x"}"#,
            "422 API-422",
        ),
        (
            r#"{"one":"urn:r1","other":"urn:nowhere","reason":"x"}"#,
            "404 API-404",
        ),
        (
            r#"{"one":"urn:r1","other":"no uri","reason":"x"}"#,
            "400 API-400",
        ),
        (r#"{"one":"urn:r1","other":"urn:r2"}"#, "400 API-400"),
    ] {
        let outcome = outcome(&bench, "POST", "/v1/identities", body).await;
        assert_eq!(outcome, expected, "{body}");
    }
}

/// A stick comes back to who filled it: everything is known.
#[tokio::test]
async fn a_bundle_file_goes_out_and_comes_in() {
    let bench = Bench::furnished().await;
    asked(&bench, "POST", "/v1/organisation", r#"{"title":"Tower"}"#).await;
    let rule = r#"{"to":"members","kinds":["building"],"backfill":true}"#;
    asked(&bench, "POST", "/v1/shares", rule).await;
    let file = asked(&bench, "GET", "/v1/bundles", "").await;
    assert_eq!(
        file.headers["content-type"],
        "application/vnd.twinternet.bundles"
    );
    assert!(file.bytes.starts_with(b"TWINCARRY"));
    let have = asked(&bench, "GET", "/v1/bundles/have", "").await.bytes;
    assert!(have.starts_with(b"TWINCARRY"));
    for (bytes, is_cut) in [
        (file.bytes.clone(), false),
        (file.bytes.slice(..file.bytes.len() - 1), true),
    ] {
        let taken = post_bytes(&bench, "/v1/bundles", &bytes).await.json();
        form::check("BundlesTaken", &taken);
        assert_eq!(taken["cut"], is_cut, "{taken}");
        assert_eq!(taken["bundles"]["new"], 0, "{taken}");
        assert_eq!(taken["bundles"]["refused"], 0, "{taken}");
    }
    let rest = post_bytes(&bench, "/v1/bundles/missing?continued=true", &have).await;
    assert!(!rest.bytes.starts_with(b"TWINCARRY"), "the head came again");
    for (path, bytes, expected) in [
        ("/v1/bundles", &b"rubbish"[..], "422 API-422"),
        ("/v1/bundles", b"", "422 API-422"),
        ("/v1/bundles/missing", b"rubbish", "422 API-422"),
        ("/v1/bundles/missing?of=nobody", &have, "404 API-404"),
        ("/v1/bundles/missing?continued=maybe", &have, "400 API-400"),
    ] {
        let outcome = post_bytes(&bench, path, bytes).await.outcome();
        assert!(outcome.starts_with(expected), "{path}: {outcome}");
    }
}

async fn post_bytes(bench: &Bench, path: &str, bytes: &[u8]) -> Answer {
    let mut request = request("POST", path, &bench.operator, "");
    *request.body_mut() = Body::from(bytes.to_vec());
    bench.send(request).await
}

#[tokio::test]
async fn each_role_may_what_its_role_may() {
    let bench = Bench::empty();
    let roles = [
        Role::Viewer,
        Role::Responder,
        Role::Steward,
        Role::Owner,
        Role::Source,
    ];
    let tokens = roles.map(|role| bench.token(role));
    // A digit for each role: whether it is let through to what it asks for.
    for (method, path, body, expected) in [
        ("GET", "/v1/find?text=a", "", "11110"),
        ("GET", "/v1/organisation", "", "11110"),
        ("GET", "/v1/members", "", "11110"),
        ("GET", "/v1/link/notices", "", "11110"),
        ("POST", "/v1/organisation", r#"{"title":""}"#, "00010"),
        ("GET", "/v1/invitations", "", "00110"),
        ("POST", "/v1/invitations", "{}", "00110"),
        (
            "POST",
            "/v1/members",
            r#"{"code":"x","look":true}"#,
            "00110",
        ),
        ("POST", "/v1/members", r#"{"code":"x"}"#, "00110"),
        ("DELETE", "/v1/members/x", "", "00110"),
        ("GET", "/v1/shares", "", "00110"),
        ("POST", "/v1/shares", r#"{"to":"x"}"#, "00110"),
        ("DELETE", "/v1/shares/1", "", "00110"),
        ("GET", "/v1/disclosures", "", "00110"),
        ("GET", "/v1/bundles", "", "01110"),
        ("GET", "/v1/bundles/have", "", "01110"),
        ("POST", "/v1/bundles", "x", "01110"),
        ("POST", "/v1/bundles/missing", "", "01110"),
    ] {
        let mut may = String::new();
        for token in &tokens {
            let answer = bench.ask(method, path, token, body).await;
            may.push(if answer.status == 403 { '0' } else { '1' });
        }
        assert_eq!(may, expected, "{method} {path}");
    }
}

/// A node with an organisation that lets others in.
struct Organisation {
    node: Node,
    router: Router,
    operator: String,
    _dir: TempDir,
}

impl Organisation {
    async fn founded(name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config {
            data_dir: dir.path().join("node"),
            organisation: name.to_owned(),
            ..Config::default()
        };
        config.link.listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        let (node, _) = Node::open(config, Arc::new(SystemClock)).unwrap();
        let organisation = Self {
            router: twin_api::router(node.clone()),
            operator: node.operator_secret().unwrap(),
            node: node.clone(),
            _dir: dir,
        };
        let body = json!({ "title": name.to_uppercase() });
        organisation.post("/v1/organisation", &body).await;
        let opened = tokio::task::spawn_blocking(move || node.open_links())
            .await
            .unwrap();
        assert!(opened.unwrap().is_some(), "nobody is let in");
        organisation
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let request = request(method, path, &self.operator, body);
        let answer = send(&self.router, request).await;
        assert_eq!(answer.outcome(), "200", "{method} {path}");
        answer.json()
    }

    async fn get(&self, path: &str) -> Value {
        self.ask("GET", path, "").await
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", path, &body.to_string()).await
    }

    async fn claim(&self, entity: &str, attribute: &str, value: Value) {
        let observed = self.node.now().to_string();
        let claim = json!({ "entity": entity, "attribute": attribute, "value": value,
            "observed": observed });
        let done = self.post("/v1/claims", &claim).await;
        assert_eq!(done["refused"], json!([]), "{done}");
    }

    /// Asks after each change until something is so.
    async fn until(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        const PATIENCE: Duration = Duration::from_mins(1);
        let mut changes = self.node.changes(&Caller::OPERATOR, None).unwrap();
        let waiting = async {
            loop {
                let answer = send(&self.router, request("GET", path, &self.operator, "")).await;
                if answer.status == 200 && is_so(&answer.json()) {
                    return answer.json();
                }
                // Not everything that is waited for is a change of an estimate.
                let _ = tokio::time::timeout(Duration::from_millis(100), changes.next()).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        waited.unwrap_or_else(|_| panic!("{path} never became so"))
    }
}

impl Drop for Organisation {
    fn drop(&mut self) {
        let node = self.node.clone();
        let _ = std::thread::spawn(move || node.close()).join();
    }
}

#[tokio::test]
async fn two_organisations_join_share_find_and_part() {
    let (tower, brigade) = (
        Organisation::founded("tower").await,
        Organisation::founded("brigade").await,
    );
    let code = tower.post("/v1/invitations", &json!({})).await["code"].clone();
    let joined = brigade.post("/v1/members", &json!({ "code": code })).await;
    form::check("Joined", &joined);
    assert_eq!(joined["member"]["name"], "tower");
    assert_eq!(joined["member"]["isPeer"], true);
    let is_connected = |answer: &Value| answer["members"][0]["contact"]["connected"] == true;
    let members = tower.until("/v1/members", is_connected).await;
    form::check("Members", &members);
    assert_eq!(members["members"][0]["name"], "brigade");

    let smoke = json!({ "to": "brigade", "attributes": ["smoke"] });
    form::check("Shared", &tower.post("/v1/shares", &smoke).await);
    let directory = json!({ "to": "members", "kinds": ["building"] });
    tower.post("/v1/shares", &directory).await;
    tower.claim("urn:b", "type", json!("building")).await;
    tower.claim("urn:b", "name", json!("Town hall")).await;
    tower.claim("urn:r1", "type", json!("space")).await;
    tower.claim("urn:r1", "smoke", json!(true)).await;

    let room = format!("/v1/entities/{}", enc("urn:r1"));
    let has_smoke = |twin: &Value| twin["attributes"]["smoke"]["value"] == true;
    let twin = brigade.until(&room, has_smoke).await;
    form::check("TwinAnswer", &twin);
    assert_eq!(twin["attributes"]["smoke"]["from"], json!(["tower"]));
    let own = tower.get(&room).await;
    assert_eq!(own["attributes"]["smoke"]["from"], Value::Null);
    let why = brigade.get(&format!("{room}/attributes/smoke/why")).await;
    form::check("Why", &why);
    let source = &why["sources"][0];
    assert_eq!(source["organisation"]["name"], "tower", "{why}");
    assert_eq!(source["organisation"]["id"], joined["member"]["id"]);
    assert!(
        source["source"]
            .as_str()
            .unwrap()
            .starts_with("urn:twin:from:tower.")
    );

    let found = brigade
        .until("/v1/find?text=town", |a| a["found"][0]["id"] == "urn:b")
        .await;
    form::check("Found", &found);
    assert_eq!(found["found"][0]["from"][0]["name"], "tower");
    let told = tower.get("/v1/disclosures?to=brigade").await;
    form::check("Disclosures", &told);
    assert_eq!(told["disclosures"][0]["toName"], "brigade", "{told}");
    let first = tower.get("/v1/disclosures?limit=1").await;
    let next = first["next"].as_str().expect("there are two");
    let second = tower
        .get(&format!("/v1/disclosures?limit=1&after={next}"))
        .await;
    assert_ne!(first["disclosures"], second["disclosures"]);
    form::check("LinkNotices", &tower.get("/v1/link/notices").await);

    tower.ask("DELETE", "/v1/members/brigade", "").await;
    assert_eq!(tower.get("/v1/members").await["members"], json!([]));
    tower.claim("urn:r2", "type", json!("space")).await;
    tower.claim("urn:r2", "smoke", json!(true)).await;
    // Not by a link and not by a stick.
    let stick = send(
        &tower.router,
        request("GET", "/v1/bundles", &tower.operator, ""),
    )
    .await;
    let mut taking = request("POST", "/v1/bundles", &brigade.operator, "");
    *taking.body_mut() = Body::from(stick.bytes);
    assert_eq!(send(&brigade.router, taking).await.status, 200);
    let unknown = format!("/v1/entities/{}", enc("urn:r2"));
    let unknown = request("GET", &unknown, &brigade.operator, "");
    assert_eq!(send(&brigade.router, unknown).await.status, 404);
}
