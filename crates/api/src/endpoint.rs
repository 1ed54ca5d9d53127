//! One resource and method: how it is reached, how it is documented, how it is measured.
//!
//! The router and the machine-readable description of the interface are made from the
//! same list of [`Endpoint`]s, so neither can say what the other does not.

use crate::App;
use crate::error::Error;
use crate::metrics::{Meter, Metrics};
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::time::Instant;

/// How a request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Method {
    Get,
    Post,
    Patch,
    Delete,
}

impl Method {
    /// The word of HTTP.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    const fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Patch => MethodFilter::PATCH,
            Self::Delete => MethodFilter::DELETE,
        }
    }
}

/// What the description of the interface says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doc {
    /// What it does, in a sentence.
    pub(crate) summary: &'static str,
    /// Whether anybody may ask, known or not.
    pub(crate) open: bool,
    /// Parameters of the query: name, meaning, whether required.
    pub(crate) query: &'static [(&'static str, &'static str, bool)],
    /// Media type and schema of the body.
    pub(crate) body: Option<(&'static str, &'static str)>,
    /// Media type and schema of the answer.
    pub(crate) answer: (&'static str, &'static str),
}

/// Media type of most bodies and answers.
pub(crate) const JSON: &str = "application/json";
/// Media type of one JSON object a line.
pub(crate) const NDJSON: &str = "application/x-ndjson";

impl Doc {
    /// Something that answers a known caller with JSON of the named schema.
    pub(crate) const fn new(summary: &'static str, schema: &'static str) -> Self {
        Self {
            summary,
            open: false,
            query: &[],
            body: None,
            answer: (JSON, schema),
        }
    }

    /// Anybody may ask.
    pub(crate) const fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// With these parameters.
    pub(crate) const fn query(
        mut self,
        query: &'static [(&'static str, &'static str, bool)],
    ) -> Self {
        self.query = query;
        self
    }

    /// With a body of this media type and schema.
    pub(crate) const fn body(mut self, media: &'static str, schema: &'static str) -> Self {
        self.body = Some((media, schema));
        self
    }

    /// With an answer of another media type.
    pub(crate) const fn answers(mut self, media: &'static str) -> Self {
        self.answer.0 = media;
        self
    }
}

type Mount = Box<dyn FnOnce(Arc<Meter>) -> MethodRouter<App>>;

/// One resource and method.
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) doc: Doc,
    mount: Mount,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.as_str(), self.path)
    }
}

/// What the handlers of axum return.
type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

impl Endpoint {
    /// An endpoint that `handler` answers.
    pub(crate) fn new<H, T>(method: Method, path: &'static str, doc: Doc, handler: H) -> Self
    where
        H: Handler<T, App, Future = Answering>,
        T: 'static,
    {
        let mount = Box::new(move |meter| on(method.filter(), Measured { handler, meter }));
        Self {
            method,
            path,
            doc,
            mount,
        }
    }

    /// Makes it reachable and measured.
    pub(crate) fn mount(
        self,
        router: axum::Router<App>,
        metrics: &mut Metrics,
    ) -> axum::Router<App> {
        let meter = metrics.meter(self.method.as_str(), self.path);
        router.route(self.path, (self.mount)(meter))
    }
}

/// A handler whose calls are counted and timed, and whose panics end nothing but the
/// one request: the answer is `API-500`, and the count of panics goes up.
#[derive(Clone)]
struct Measured<H> {
    handler: H,
    meter: Arc<Meter>,
}

impl<H, T> Handler<T, App> for Measured<H>
where
    H: Handler<T, App, Future = Answering>,
{
    type Future = Measuring;

    fn call(self, request: Request, app: App) -> Measuring {
        let start = Instant::now();
        Measuring {
            answering: self.handler.call(request, app),
            meter: self.meter,
            start,
        }
    }
}

/// The call under way.
struct Measuring {
    answering: Answering,
    meter: Arc<Meter>,
    start: Instant,
}

impl Future for Measuring {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Response> {
        let poll = || self.answering.as_mut().poll(context);
        // The handler is dropped with its state after a panic; what it shares with
        // others is behind locks that survive poisoning.
        let mut response = match catch_unwind(AssertUnwindSafe(poll)) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(response)) => response,
            Err(_) => {
                self.meter.count_panic();
                Error::internal().into_response()
            }
        };
        self.meter.count(response.status(), self.start.elapsed());
        guard(&mut response);
        Poll::Ready(response)
    }
}

/// Nothing about a building stays in a cache, and nothing is taken for a script.
pub(crate) fn guard(response: &mut Response) {
    const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
    const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.entry(header::CACHE_CONTROL).or_insert(NO_STORE);
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;
    use tower::ServiceExt;
    use twin_node::{Config, Node, SystemClock};

    async fn broken() -> Response {
        panic!("a bug")
    }

    async fn sound() -> &'static str {
        "sound"
    }

    /// One request that meets a bug must not take the others with it.
    #[tokio::test]
    async fn a_panic_ends_one_request_and_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config {
            data_dir: dir.path().join("node"),
            ..Config::default()
        };
        let (node, _) = Node::open(config, Arc::new(SystemClock)).unwrap();
        let mut metrics = Metrics::new();
        let doc = Doc::new("for this test", "Anything");
        let router = Endpoint::new(Method::Get, "/broken", doc, broken)
            .mount(axum::Router::new(), &mut metrics);
        let router = Endpoint::new(Method::Get, "/sound", doc, sound).mount(router, &mut metrics);
        let app = App::new(node.clone(), metrics);
        let router = router.with_state(app.clone());
        let ask = async |path: &str| {
            let request = Request::builder()
                .uri(path)
                .body(axum::body::Body::empty())
                .unwrap();
            router.clone().oneshot(request).await.unwrap().status()
        };
        assert_eq!(ask("/broken").await, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(ask("/sound").await, StatusCode::OK);
        let counted = node
            .metrics(&twin_model::Caller::OPERATOR)
            .unwrap()
            .into_inner();
        let text = app.metrics.text(&counted);
        assert!(text.contains("twin_http_panics_total 1"), "{text}");
        assert!(text.contains(r#"path="/broken",status="5xx"} 1"#), "{text}");
        std::thread::spawn(move || node.close()).join().unwrap();
    }
}
