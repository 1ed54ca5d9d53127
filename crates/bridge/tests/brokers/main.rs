//! Brokers that vanish, flood, repeat, forget, refuse and send garbage.

mod broker;

use broker::Broker;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use twin_bridge::{Bridge, Handle, Intake, Message, Options, Refused};
use twin_model::{Finding, Time};

/// A node of which a test says what it does.
#[derive(Default)]
struct Node {
    taken: Mutex<Vec<(String, Vec<u8>)>>,
    found: Mutex<Vec<&'static str>>,
    /// Answers of the next calls, the last one first; then it takes all.
    answers: Mutex<Vec<Refused>>,
    changed: watch::Sender<usize>,
    /// Calls that it has begun.
    begun: watch::Sender<usize>,
    /// Locked while it is to be busy.
    gate: Mutex<()>,
}

impl Intake for Node {
    fn take(&self, messages: Vec<Message>) -> Result<(), Refused> {
        self.begun.send_modify(|n| *n += 1);
        let _open = self.gate.lock().unwrap();
        if let Some(refused) = self.answers.lock().unwrap().pop() {
            return Err(refused);
        }
        let n = messages.len();
        let texts = messages
            .into_iter()
            .map(|m| (m.topic.to_string(), m.payload.to_vec()));
        self.taken.lock().unwrap().extend(texts);
        self.changed.send_modify(|all| *all += n);
        Ok(())
    }

    fn found(&self, finding: Finding) {
        self.found.lock().unwrap().push(finding.code.as_str());
        self.changed.send_modify(|_| {});
    }

    fn now(&self) -> Time {
        Time(1_767_603_600_000_000)
    }
}

impl Node {
    async fn until_taken(&self, n: usize) {
        self.changed
            .subscribe()
            .wait_for(|all| *all >= n)
            .await
            .unwrap();
    }

    async fn until_found(&self, code: &'static str) {
        let found = |_: &usize| self.found.lock().unwrap().contains(&code);
        self.changed.subscribe().wait_for(found).await.unwrap();
    }

    fn payloads(&self) -> Vec<String> {
        let taken = self.taken.lock().unwrap();
        taken
            .iter()
            .map(|(_, p)| String::from_utf8_lossy(p).into_owned())
            .collect()
    }
}

fn options(broker: &Broker, version: u8, more: &str) -> Options {
    let version = if version == 3 { "3.1.1" } else { "5" };
    let text = format!(
        "name = \"bms\"\nurl = \"mqtt://127.0.0.1:{}\"\nversion = \"{version}\"\nretry_min_s = 0.001\nretry_max_s = 0.01\n{more}",
        broker.port
    );
    // What a test sets again is taken from the test.
    let mut seen = Vec::new();
    let lines: Vec<&str> = text
        .lines()
        .rev()
        .filter(|line| {
            let key = line.split('=').next().unwrap().trim().to_owned();
            let first = !seen.contains(&key);
            seen.push(key);
            first
        })
        .collect();
    toml::from_str(&lines.join("\n")).unwrap()
}

fn start(
    broker: &Broker,
    version: u8,
    node: &Arc<Node>,
    more: &str,
) -> (Handle, tokio::task::JoinHandle<()>) {
    let (bridge, handle) = Bridge::new(options(broker, version, more), node.clone()).unwrap();
    (handle, tokio::spawn(bridge.run()))
}

/// Runs a test with both versions; a test that hangs fails.
fn both<F: Future<Output = ()>>(test: impl Fn(u8) -> F) {
    for version in [3, 5] {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let in_time = runtime
            .block_on(async { tokio::time::timeout(Duration::from_mins(1), test(version)).await });
        assert!(in_time.is_ok(), "it hangs with version {version}");
    }
}

#[test]
fn a_message_is_acknowledged_only_when_it_is_kept() {
    both(|version| async move {
        let (broker, node) = (
            Broker::start(version, None).await,
            Arc::new(Node::default()),
        );
        let (handle, run) = start(&broker, version, &node, "");
        let mut begun = node.begun.subscribe();
        let busy = tokio::task::block_in_place(|| {
            let gate = node.gate.lock().unwrap();
            broker.publish("a", b"1", true);
            futures(&mut begun);
            let seen = broker.seen().acknowledged;
            drop(gate);
            seen
        });
        assert_eq!(busy, 0, "acknowledged while the node was still writing");
        broker.until(|seen| seen.acknowledged == 1).await;
        assert_eq!(node.payloads(), ["1"]);
        handle.stop();
        run.await.unwrap();
        assert_eq!(handle.status().acknowledged, 1);
        broker.until(|seen| seen.goodbyes == 1).await;
    });
}

/// Waits for the next call of the node from a thread that may block.
fn futures(begun: &mut watch::Receiver<usize>) {
    tokio::runtime::Handle::current()
        .block_on(begun.wait_for(|n| *n >= 1))
        .unwrap();
}

#[test]
fn a_broker_that_vanishes_costs_nothing() {
    both(|version| async move {
        let (broker, node) = (
            Broker::start(version, None).await,
            Arc::new(Node::default()),
        );
        broker.behave(|m| m.vanish_after = Some(30));
        for n in 0..100 {
            broker.publish("a", n.to_string().as_bytes(), true);
        }
        let (handle, run) = start(&broker, version, &node, "");
        broker.until(|seen| seen.unacknowledged == 0).await;
        assert!(broker.seen().connections >= 2);
        let mut payloads = node.payloads();
        payloads.sort();
        payloads.dedup();
        assert_eq!(payloads.len(), 100);
        assert!(node.found.lock().unwrap().contains(&"MQT-001"));
        let clients = broker.clients();
        assert!(
            clients.iter().all(|id| id == "twinternet-bms"),
            "{clients:?}"
        );
        handle.stop();
        run.await.unwrap();
    });
}

#[test]
fn what_is_repeated_is_taken_once() {
    both(|version| async move {
        let (broker, node) = (
            Broker::start(version, None).await,
            Arc::new(Node::default()),
        );
        broker.behave(|m| m.repeats = 4);
        for n in 0..20 {
            broker.publish("a", n.to_string().as_bytes(), true);
        }
        let (handle, run) = start(&broker, version, &node, "");
        let mut status = handle.watch();
        status.wait_for(|s| s.received == 100).await.unwrap();
        broker.until(|seen| seen.unacknowledged == 0).await;
        handle.stop();
        run.await.unwrap();
        assert_eq!(
            node.payloads(),
            (0..20).map(|n| n.to_string()).collect::<Vec<_>>()
        );
        assert_eq!(handle.status().repeated, 80);
    });
}

#[test]
fn a_flood_is_held_back_and_nothing_is_dropped() {
    both(|version| async move {
        let (broker, node) = (
            Broker::start(version, None).await,
            Arc::new(Node::default()),
        );
        let (handle, run) = start(
            &broker,
            version,
            &node,
            "queue_messages_max = 50\nbatch_messages_max = 20",
        );
        let status = handle.watch();
        let most = tokio::task::block_in_place(|| {
            let gate = node.gate.lock().unwrap();
            for n in 0..20_000 {
                broker.publish("a", n.to_string().as_bytes(), n % 2 == 0);
            }
            let mut status = status.clone();
            let full = status.wait_for(|s| s.received >= 50);
            let full = tokio::runtime::Handle::current()
                .block_on(full)
                .unwrap()
                .received;
            drop(gate);
            full
        });
        assert_eq!(most, 50, "more than the queue holds was read");
        node.until_taken(20_000).await;
        handle.stop();
        run.await.unwrap();
        let mut taken: Vec<u32> = node.payloads().iter().map(|p| p.parse().unwrap()).collect();
        taken.sort_unstable();
        assert_eq!(taken, (0..20_000).collect::<Vec<u32>>());
    });
}

#[test]
fn garbage_is_reported_and_the_broker_tried_again() {
    both(|version| async move {
        let (broker, node) = (
            Broker::start(version, None).await,
            Arc::new(Node::default()),
        );
        broker.behave(|m| m.garbage = Some(vec![0xff; 16]));
        broker.publish("a", b"1", true);
        let (handle, run) = start(&broker, version, &node, "");
        node.until_taken(1).await;
        assert_eq!(*node.found.lock().unwrap(), ["MQT-004"]);
        handle.stop();
        run.await.unwrap();
    });
}

#[test]
fn whoever_is_not_let_in_says_so_and_waits() {
    both(|version| async move {
        let (broker, node) = (
            Broker::start(version, None).await,
            Arc::new(Node::default()),
        );
        broker.behave(|m| m.login = Some(("u".into(), "secret".into())));
        broker.publish("a", b"1", true);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "secret\n").unwrap();
        let wrong = start(&broker, version, &node, "user = \"u\"");
        node.until_found("MQT-002").await;
        assert!(node.payloads().is_empty());
        wrong.0.stop();
        wrong.1.await.unwrap();
        let more = format!("user = \"u\"\npassword_file = {file:?}");
        let (handle, run) = start(&broker, version, &node, &more);
        node.until_taken(1).await;
        handle.stop();
        run.await.unwrap();
    });
}

#[test]
fn what_the_node_cannot_keep_is_offered_again() {
    both(|version| async move {
        let (broker, node) = (
            Broker::start(version, None).await,
            Arc::new(Node::default()),
        );
        node.answers
            .lock()
            .unwrap()
            .extend([Refused::Later("disk".into()), Refused::Later("disk".into())]);
        for n in 0..5 {
            broker.publish("a", n.to_string().as_bytes(), true);
        }
        let (handle, run) = start(&broker, version, &node, "");
        broker.until(|seen| seen.unacknowledged == 0).await;
        assert_eq!(node.payloads(), ["0", "1", "2", "3", "4"]);
        assert!(node.found.lock().unwrap().contains(&"MQT-006"));
        assert_eq!(broker.seen().acknowledged, 5);
        handle.stop();
        run.await.unwrap();
    });
}

#[test]
fn a_node_that_closes_leaves_its_messages_with_the_broker() {
    both(|version| async move {
        let (broker, node) = (
            Broker::start(version, None).await,
            Arc::new(Node::default()),
        );
        node.answers.lock().unwrap().push(Refused::Closing);
        broker.publish("a", b"1", true);
        let (_, run) = start(&broker, version, &node, "");
        run.await.unwrap();
        assert_eq!(broker.seen().acknowledged, 0);
        // After the restart the same client is given what it did not acknowledge.
        broker.behave(|_| {});
        let again = Arc::new(Node::default());
        let (handle, run) = start(&broker, version, &again, "");
        again.until_taken(1).await;
        broker.until(|seen| seen.unacknowledged == 0).await;
        handle.stop();
        run.await.unwrap();
    });
}

#[test]
fn a_forgetful_broker_is_reported_and_what_waits_is_kept() {
    both(|version| async move {
        let (broker, node) = (
            Broker::start(version, None).await,
            Arc::new(Node::default()),
        );
        broker.behave(|m| {
            m.forgetful = true;
            m.vanish_after = Some(3);
        });
        let (handle, run) = start(&broker, version, &node, "");
        broker.until(|seen| seen.connections == 1).await;
        for n in 0..3 {
            broker.publish("a", n.to_string().as_bytes(), true);
        }
        node.until_found("MQT-007").await;
        node.until_taken(3).await;
        handle.stop();
        run.await.unwrap();
    });
}

#[test]
fn topics_that_are_refused_and_messages_that_are_too_large_are_found() {
    both(|version| async move {
        let (broker, node) = (
            Broker::start(version, None).await,
            Arc::new(Node::default()),
        );
        broker.behave(|m| m.silent = true);
        broker.publish("big", &vec![b'x'; 200_000], true);
        broker.publish("big", &vec![b'x'; 2_000], true);
        broker.publish("small", b"1", true);
        let more = "message_bytes_max = 1000\nkeep_alive_s = 1";
        let (handle, run) = start(&broker, version, &node, more);
        broker.until(|seen| seen.unacknowledged == 0).await;
        node.until_found("MQT-003").await;
        assert!(node.found.lock().unwrap().contains(&"MQT-005"));
        assert_eq!(node.payloads(), ["1"]);
        assert_eq!(handle.status().too_large, 2);
        handle.stop();
        run.await.unwrap();
    });
}

#[test]
fn a_broker_that_is_not_there_is_tried_until_it_is() {
    both(|version| async move {
        let node = Arc::new(Node::default());
        // The port of a listener that is gone.
        let mut nobody = Broker::start(version, None).await;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        nobody.port = listener.local_addr().unwrap().port();
        drop(listener);
        let (handle, run) = start(&nobody, version, &node, "");
        node.until_found("MQT-001").await;
        assert!(!handle.status().connected);
        handle.stop();
        run.await.unwrap();
    });
}

#[test]
fn tls_reaches_only_whom_the_authority_vouches_for() {
    both(|version| async move {
        let ours = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let others = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, certificate: &rcgen::Certificate| {
            use base64::Engine;
            let path = folder.path().join(name);
            let text = base64::engine::general_purpose::STANDARD.encode(certificate.der());
            let lines = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
            std::fs::write(&path, lines).unwrap();
            path
        };
        let (good, bad) = (file("good", &ours.cert), file("bad", &others.cert));
        let key =
            rustls::pki_types::PrivateKeyDer::try_from(ours.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![ours.cert.der().clone()], key)
            .unwrap();
        let broker = Broker::start(version, Some(Arc::new(config).into())).await;
        broker.publish("a", b"1", true);
        let node = Arc::new(Node::default());
        let url = format!("url = \"mqtts://127.0.0.1:{}\"", broker.port);
        let (handle, run) = start(
            &broker,
            version,
            &node,
            &format!("{url}\nca_file = {bad:?}"),
        );
        node.until_found("MQT-001").await;
        handle.stop();
        run.await.unwrap();
        assert!(node.payloads().is_empty());
        let (handle, run) = start(
            &broker,
            version,
            &node,
            &format!("{url}\nca_file = {good:?}"),
        );
        node.until_taken(1).await;
        handle.stop();
        run.await.unwrap();
    });
}
