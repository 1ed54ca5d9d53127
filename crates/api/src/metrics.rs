//! Counters for those who watch the node: how many requests, how fast, how they ended,
//! and how the store and its writer are.
//!
//! Every endpoint has its own counters from the start, so that counting a request is a
//! few atomic additions and looks nothing up.

use axum::http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// Upper bounds of the latency classes in seconds: 100 µs to 10 s, three to a decade,
/// the span from a read in memory to an import's first answer.
const LATENCY_BOUNDS_S: [f64; 16] = [
    0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0,
    10.0,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Resource {
    method: &'static str,
    path: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ending {
    method: &'static str,
    path: &'static str,
    status: &'static str,
}

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The counters of one endpoint.
#[derive(Debug)]
pub(crate) struct Meter {
    by_class: [Counter; 5],
    latency_s: Histogram,
    panics: Counter,
}

impl Meter {
    /// Counts a request that was answered.
    pub(crate) fn count(&self, status: StatusCode, took: Duration) {
        let class = (status.as_u16() / 100).clamp(1, 5) - 1;
        self.by_class[usize::from(class)].inc();
        self.latency_s.observe(took.as_secs_f64());
    }

    /// Counts a request that panicked; a panic means a bug.
    pub(crate) fn count_panic(&self) {
        self.panics.inc();
    }
}

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Ending, Counter>,
    latency_s: Family<Resource, Histogram, fn() -> Histogram>,
    panics: Counter,
    /// Connections that are open.
    pub(crate) connections: Gauge,
    /// Event streams that are open.
    pub(crate) streams: Gauge,
    /// Connections turned away because too many were open.
    pub(crate) turned_away: Counter,
    node: NodeGauges,
}

/// What the node counts itself, copied when somebody looks.
#[derive(Debug, Default)]
struct NodeGauges {
    commits: Gauge,
    claims: Gauge,
    refused: Gauge,
    last_commit_micros: Gauge,
    entities: Gauge,
    attributes: Gauge,
    memory_bytes: Gauge,
    store_bytes: Gauge,
    sources_doubtful: Gauge,
    sources_quarantined: Gauge,
    coverage_worst: Gauge<f64, AtomicU64>,
}

impl Metrics {
    /// Counters that stand at zero.
    pub(crate) fn new() -> Self {
        let latency: fn() -> Histogram = || Histogram::new(LATENCY_BOUNDS_S);
        let mut metrics = Self {
            registry: Registry::with_prefix("twin"),
            requests: Family::default(),
            latency_s: Family::new_with_constructor(latency),
            panics: Counter::default(),
            connections: Gauge::default(),
            streams: Gauge::default(),
            turned_away: Counter::default(),
            node: NodeGauges::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("http_requests", "Requests answered", self.requests.clone());
        registry.register(
            "http_request_duration_seconds",
            "Time from the head of a request to the head of its answer",
            self.latency_s.clone(),
        );
        registry.register(
            "http_panics",
            "Requests that ended in a bug",
            self.panics.clone(),
        );
        registry.register(
            "http_connections",
            "Open connections",
            self.connections.clone(),
        );
        registry.register(
            "http_event_streams",
            "Open event streams",
            self.streams.clone(),
        );
        registry.register(
            "http_connections_turned_away",
            "Connections closed at once because too many were open",
            self.turned_away.clone(),
        );
        let node = &self.node;
        for (name, help, gauge) in [
            (
                "writer_commits",
                "Group commits since the start",
                &node.commits,
            ),
            (
                "writer_claims",
                "Claims recorded since the start",
                &node.claims,
            ),
            (
                "writer_claims_refused",
                "Claims refused since the start",
                &node.refused,
            ),
            (
                "writer_last_commit_microseconds",
                "Duration of the last commit",
                &node.last_commit_micros,
            ),
            ("state_entities", "Twins", &node.entities),
            ("state_attributes", "Attributes of twins", &node.attributes),
            (
                "state_memory_bytes",
                "Memory of the state, as counted",
                &node.memory_bytes,
            ),
            (
                "store_bytes",
                "Bytes of the data directory",
                &node.store_bytes,
            ),
            (
                "sources_doubtful",
                "Sources of live attributes that are stuck, drifting, noisy or silent",
                &node.sources_doubtful,
            ),
            (
                "sources_quarantined",
                "Sources that are set aside",
                &node.sources_quarantined,
            ),
        ] {
            registry.register(name, help, gauge.clone());
        }
        registry.register(
            "coverage_worst_ratio",
            "Least share of readings inside intervals that should hold nine in ten; not a number before any were compared",
            node.coverage_worst.clone(),
        );
    }

    /// The counters of an endpoint.
    pub(crate) fn meter(&mut self, method: &'static str, path: &'static str) -> Arc<Meter> {
        let by_class = CLASSES.map(|status| {
            self.requests.get_or_create_owned(&Ending {
                method,
                path,
                status,
            })
        });
        let latency_s = self
            .latency_s
            .get_or_create_owned(&Resource { method, path });
        Arc::new(Meter {
            by_class,
            latency_s,
            panics: self.panics.clone(),
        })
    }

    /// Counts work for a request that panicked; a panic means a bug.
    pub(crate) fn count_panic(&self) {
        self.panics.inc();
    }

    /// Everything as Prometheus text (OpenMetrics 1.0).
    pub(crate) fn text(&self, node: &twin_node::Metrics) -> String {
        let gauge = |gauge: &Gauge, value: u64| {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        let gauges = &self.node;
        gauge(&gauges.commits, node.commits);
        gauge(&gauges.claims, node.claims);
        gauge(&gauges.refused, node.refused);
        gauge(&gauges.last_commit_micros, node.last_commit_micros);
        gauge(&gauges.entities, node.entities);
        gauge(&gauges.attributes, node.attributes);
        gauge(&gauges.memory_bytes, node.memory_bytes);
        gauge(&gauges.store_bytes, node.store_bytes);
        gauge(&gauges.sources_doubtful, node.sources_doubtful);
        gauge(&gauges.sources_quarantined, node.sources_quarantined);
        // INVARIANT: UNKNOWN-IS-A-VALUE: no share at all is neither none nor all.
        let worst = node.coverage_worst.unwrap_or(f64::NAN);
        gauges.coverage_worst.set(worst);
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
