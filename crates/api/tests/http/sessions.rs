//! The first account, logging in and out, tokens and accounts.

use crate::bench::{Answer, Bench, request};
use crate::form;
use axum::body::Body;
use axum::http::Request;
use serde_json::json;

const PASSWORD: &str = "a long enough password";

fn json_request(method: &str, path: &str, body: &serde_json::Value) -> Request<Body> {
    let mut request = request(method, path, "", &body.to_string());
    request
        .headers_mut()
        .insert("content-type", "application/json".parse().unwrap());
    request
}

fn with_cookie(
    method: &str,
    path: &str,
    cookie: &str,
    own_page: bool,
    body: &str,
) -> Request<Body> {
    let mut request = request(method, path, "", body);
    request
        .headers_mut()
        .insert("cookie", cookie.parse().unwrap());
    if own_page {
        request
            .headers_mut()
            .insert("x-twin-request", "1".parse().unwrap());
    }
    request
}

/// `twin_session=…` of an answer.
fn cookie(answer: &Answer) -> String {
    let set = answer.headers["set-cookie"].to_str().unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    set.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_life_of_a_session() {
    let bench = Bench::empty();
    assert_eq!(
        bench.get("/v1/setup", "").await.json(),
        json!({"needed": true})
    );
    let code = bench.node.setup_code().unwrap();
    let account = |code: &str| json!({"code": code, "name": "ada", "password": PASSWORD});
    let wrong = bench
        .send(json_request("POST", "/v1/setup", &account("guess")))
        .await;
    assert!(
        wrong.outcome().starts_with("403 API-403"),
        "{}",
        wrong.outcome()
    );
    let made = bench
        .send(json_request("POST", "/v1/setup", &account(&code)))
        .await;
    assert_eq!(made.json(), json!({"needed": false}));
    let again = bench
        .send(json_request("POST", "/v1/setup", &account(&code)))
        .await;
    assert!(
        again.outcome().starts_with("409 API-409"),
        "{}",
        again.outcome()
    );

    let log_in = |password: &str| {
        json_request(
            "POST",
            "/v1/session",
            &json!({"name": "ada", "password": password}),
        )
    };
    let refused = bench.send(log_in("a wrong password, long")).await;
    assert!(
        refused.outcome().starts_with("401 API-401"),
        "{}",
        refused.outcome()
    );
    let answer = bench.send(log_in(PASSWORD)).await;
    form::check("Session", &answer.json());
    assert_eq!(answer.json(), json!({"name": "ada", "role": "owner"}));
    let cookie = cookie(&answer);

    let who = bench
        .send(with_cookie("GET", "/v1/session", &cookie, false, ""))
        .await;
    assert_eq!(who.json(), answer.json());
    // A foreign page can make a browser send the cookie, but not the header.
    let token = r#"{"role":"owner"}"#;
    let foreign = bench
        .send(with_cookie("POST", "/v1/tokens", &cookie, false, token))
        .await;
    assert!(
        foreign.outcome().starts_with("403 API-403"),
        "{}",
        foreign.outcome()
    );
    let own = bench
        .send(with_cookie("POST", "/v1/tokens", &cookie, true, token))
        .await;
    form::check("NewToken", &own.json());

    let out = bench
        .send(with_cookie("DELETE", "/v1/session", &cookie, true, ""))
        .await;
    assert_eq!(out.outcome(), "200");
    assert!(
        out.headers["set-cookie"]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    let gone = bench
        .send(with_cookie("GET", "/v1/session", &cookie, false, ""))
        .await;
    assert!(gone.outcome().starts_with("401"), "{}", gone.outcome());
}

#[tokio::test]
async fn a_form_of_a_foreign_page_logs_nobody_in() {
    let bench = Bench::empty();
    for path in ["/v1/session", "/v1/setup"] {
        let body = r#"{"code":"x","name":"ada","password":"x"}"#;
        let answer = bench.post(path, "", body).await;
        assert!(
            answer.outcome().starts_with("400 API-400"),
            "{}",
            answer.outcome()
        );
    }
}

#[tokio::test]
async fn tokens_and_accounts() {
    let bench = Bench::empty();
    let ask = async |method: &str, path: &str, body: &str| {
        bench.ask(method, path, &bench.operator, body).await
    };
    let made = ask(
        "POST",
        "/v1/tokens",
        r#"{"role":"source","source":"urn:s","label":"hall"}"#,
    )
    .await;
    form::check("NewToken", &made.json());
    let (id, secret) = (made.json()["id"].clone(), made.json()["secret"].clone());
    let list = ask("GET", "/v1/tokens", "").await;
    form::check("Tokens", &list.json());
    assert!(!String::from_utf8_lossy(&list.bytes).contains(secret.as_str().unwrap()));
    let gone = ask(
        "DELETE",
        &format!("/v1/tokens/{}", id.as_str().unwrap()),
        "",
    )
    .await;
    form::check("Done", &gone.json());
    let refused = bench.get("/v1/session", secret.as_str().unwrap()).await;
    assert!(refused.outcome().starts_with("401"));

    let body = json!({"name": "eve", "password": PASSWORD, "role": "viewer"}).to_string();
    form::check("Account", &ask("POST", "/v1/accounts", &body).await.json());
    let list = ask("GET", "/v1/accounts", "").await;
    form::check("Accounts", &list.json());
    assert_eq!(
        list.json(),
        json!({"accounts": [{"name": "eve", "role": "viewer"}]})
    );
    form::check("Done", &ask("DELETE", "/v1/accounts/eve", "").await.json());
    for (method, path, body, expected) in [
        ("DELETE", "/v1/accounts/eve", "", "404 API-404"),
        (
            "POST",
            "/v1/accounts",
            r#"{"name":"x","password":"short","role":"viewer"}"#,
            "422 API-422",
        ),
        (
            "POST",
            "/v1/accounts",
            r#"{"name":"x","password":"short","role":"king"}"#,
            "400 API-400 [role]",
        ),
        ("POST", "/v1/accounts", r#"{"name":"x"}"#, "400 API-400"),
        (
            "POST",
            "/v1/accounts",
            r#"{"name":"x","name":"y"}"#,
            "400 API-400",
        ),
        ("POST", "/v1/accounts", r#"["x","y","z"]"#, "400 API-400"),
        ("POST", "/v1/tokens", r#"{"role":"source"}"#, "422 API-422"),
        (
            "POST",
            "/v1/tokens",
            r#"{"role":"source","source":"me"}"#,
            "400 API-400 [source]",
        ),
        (
            "POST",
            "/v1/backups",
            r#"{"directory":"here"}"#,
            "400 API-400 [directory]",
        ),
        (
            "POST",
            "/v1/erasures",
            r#"{"entity":"urn:x"}"#,
            "400 API-400",
        ),
        ("DELETE", "/v1/imports/first", "", "400 API-400 [batch]"),
        ("DELETE", "/v1/imports/77", "", "404 API-404"),
    ] {
        let outcome = ask(method, path, body).await.outcome();
        assert!(
            outcome.starts_with(expected),
            "{method} {path} {body}: {outcome}"
        );
    }
}

#[tokio::test]
async fn erasure_and_backup() {
    let bench = Bench::furnished().await;
    let dir = tempfile::tempdir().unwrap();
    let backup = json!({"directory": dir.path().join("copy")}).to_string();
    let answer = bench.post("/v1/backups", &bench.operator, &backup).await;
    assert_eq!(answer.outcome(), "200");
    form::check("Backup", &answer.json());
    assert!(dir.path().join("copy").exists());
    let erase = r#"{"entity":"urn:r1","reason":"asked by the tenant"}"#;
    let answer = bench.post("/v1/erasures", &bench.operator, erase).await;
    assert_eq!(answer.outcome(), "200");
    form::check("Erasure", &answer.json());
    assert_eq!(answer.json()["claims"], 6);
}
