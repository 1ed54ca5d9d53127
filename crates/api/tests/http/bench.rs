//! A node with a small building, and a way to ask it.

use crate::form;
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use std::pin::Pin;
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;
use twin_model::{Caller, Role, SourceId, Time};
use twin_node::{Config, ManualClock, NewToken, Node};

/// When everything happens.
pub(crate) const NOW: &str = "2026-01-05T08:00:00Z";

/// The node, its clock and a token for every role.
pub(crate) struct Bench {
    pub(crate) node: Node,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) router: Router,
    pub(crate) operator: String,
    _dir: TempDir,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.bytes)))
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        let text = std::str::from_utf8(&self.bytes).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// `200`, or `API-404 the message`.
    pub(crate) fn outcome(&self) -> String {
        if self.status == StatusCode::OK {
            return "200".to_owned();
        }
        let error = self.json();
        form::check("Error", &error);
        let place = error["where"]["field"]
            .as_str()
            .map(|f| format!(" [{f}]"))
            .unwrap_or_default();
        format!(
            "{} {}{place}: {}",
            self.status.as_u16(),
            error["code"].as_str().unwrap(),
            error["message"].as_str().unwrap()
        )
    }
}

impl Bench {
    /// An empty node.
    pub(crate) fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = Config {
            data_dir: dir.path().join("node"),
            ..Config::default()
        };
        let clock = Arc::new(ManualClock::at(Time::parse(NOW).unwrap()));
        let (node, _) = Node::open(config, clock.clone()).unwrap();
        let operator = node.operator_secret().unwrap();
        let router = twin_api::router(node.clone());
        Self {
            node,
            clock,
            router,
            operator,
            _dir: dir,
        }
    }

    /// A node that knows the building of [`BUILDING`].
    pub(crate) async fn furnished() -> Self {
        let bench = Self::empty();
        let answer = bench.post("/v1/claims", &bench.operator, BUILDING).await;
        assert_eq!(answer.json()["refused"], json!([]), "{:?}", answer.json());
        bench
    }

    /// A credential in a role: a token for owners and for the source
    /// `urn:twin:source:t1`, a session's cookie for others.
    pub(crate) fn token(&self, role: Role) -> String {
        let source = (role == Role::Source).then(|| SourceId::new("urn:twin:source:t1").unwrap());
        if matches!(role, Role::Source | Role::Owner) {
            let new = NewToken {
                label: "test".to_owned(),
                role,
                source,
            };
            return self.node.add_token(&Caller::OPERATOR, new).unwrap().1;
        }
        let (name, password) = (role.as_str(), "a long enough password");
        let made = self
            .node
            .add_account(&Caller::OPERATOR, name, password, role);
        made.unwrap();
        format!(
            "twin_session={}",
            self.node.log_in(name, password).unwrap().secret
        )
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        send(&self.router, request).await
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, token: &str, body: &str) -> Answer {
        self.send(request(method, path, token, body)).await
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        self.ask("GET", path, token, "").await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: &str) -> Answer {
        self.ask("POST", path, token, body).await
    }

    /// Opens a stream.
    pub(crate) async fn listen(&self, path: &str, token: &str) -> Stream {
        let response = self
            .router
            .clone()
            .oneshot(request("GET", path, token, ""))
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Stream(response.into_body())
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // Closing blocks, which a thread of the runtime may not.
        let node = self.node.clone();
        let _ = std::thread::spawn(move || node.close()).join();
    }
}

/// Asks and takes the whole answer.
pub(crate) async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 64 << 20).await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        bytes,
    }
}

pub(crate) fn request(method: &str, path: &str, token: &str, body: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    let request = match token {
        "" => request,
        cookie if cookie.starts_with("twin_session=") => request
            .header("cookie", cookie)
            .header("x-twin-request", "1"),
        token => request.header("authorization", format!("Bearer {token}")),
    };
    request.body(Body::from(body.to_owned())).unwrap()
}

/// An answer that is read as it comes.
pub(crate) struct Stream(Body);

impl Stream {
    /// The next piece; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<String> {
        let frame = std::future::poll_fn(|context| Pin::new(&mut self.0).poll_frame(context));
        let frame = frame.await?.unwrap();
        Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
    }
}

/// Percent-encodes an id for a path.
pub(crate) fn enc(id: &str) -> String {
    id.replace(':', "%3A")
}

/// Two storeys, two rooms and a stair on the lower, a door between the rooms.
pub(crate) const BUILDING: &str = r#"
{"entity":"urn:b","attribute":"type","value":"building","observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:b","attribute":"name","value":"Town \"hall\"","observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:b:0","attribute":"type","value":"storey","observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:b:0","attribute":"partOf","value":{"entity":"urn:b"},"observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:b:0","attribute":"name","value":"Ground","observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:b:0","attribute":"elevation","value":0,"unit":"m","observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:b:1","attribute":"type","value":"storey","observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:b:1","attribute":"partOf","value":{"entity":"urn:b"},"observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:b:1","attribute":"elevation","value":3.2,"unit":"m","observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:r1","attribute":"type","value":"space","observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:r1","attribute":"partOf","value":{"entity":"urn:b:0"},"observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:r1","attribute":"name","value":"0.01","observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:r1","attribute":"usage","value":"room","observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:r1","attribute":"footprint","value":{"polygon":[[[0,0],[4,0],[4,3],[0,3]]]},"observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:r1","attribute":"colour","value":{"ral": 9010, "note":"a\tb"},"observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:r2","attribute":"type","value":"space","observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:r2","attribute":"partOf","value":{"entity":"urn:b:0"},"observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:r2","attribute":"footprint","value":{"polygon":[[[4,0],[8,0],[8,3],[4,3]]]},"observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:d1","attribute":"type","value":"portal","observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:d1","attribute":"partOf","value":{"entity":"urn:b:0"},"observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:d1","attribute":"portalKind","value":"door","observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:d1","attribute":"connects","value":{"entities":["urn:r1","urn:r2"]},"observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:d1","attribute":"span","value":{"line":[[4,1],[4,2]]},"observed":"2026-01-05T07:00:00Z"}
{"entity":"urn:d1","attribute":"passable","value":true,"observed":"2026-01-05T07:59:00Z"}
"#;
