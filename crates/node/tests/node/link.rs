//! Two organisations: they come to belong together, tell each other what their rules
//! release and nothing else, once each, whatever happens in between.

use crate::bench::{attribute, id, says};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use twin_model::{Caller, EntityKind, Role, Time, Value};
use twin_node::config;
use twin_node::{Answer, Config, Error, ExportRequest, Mode, NewRule, Node, Sought, SystemClock};

/// At the latest so often it is looked again; earlier when something changed.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
const LOOKS_MAX: usize = 600;
const OPERATOR: &Caller = &Caller::OPERATOR;

struct Organisation {
    node: Node,
    dir: tempfile::TempDir,
    name: &'static str,
    can_be_called: bool,
}

impl Organisation {
    fn found(name: &'static str, can_be_called: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let node = open(dir.path(), name, can_be_called);
        node.found(OPERATOR, &format!("The {name}"), Vec::new())
            .unwrap();
        Self {
            node,
            dir,
            name,
            can_be_called,
        }
    }

    fn restarted(self) -> Self {
        self.node.close();
        let Self {
            node,
            dir,
            name,
            can_be_called,
        } = self;
        drop(node);
        let node = open(dir.path(), name, can_be_called);
        Self {
            node,
            dir,
            name,
            can_be_called,
        }
    }

    fn joins(&self, inviter: &Self) {
        let code = inviter.node.invite(OPERATOR, self.name).unwrap();
        let member = self.node.join(OPERATOR, &code.get().code).unwrap();
        assert_eq!(member.get().name, inviter.name);
        assert_eq!(member.get().fingerprint, code.get().fingerprint);
        assert!(member.get().is_peer);
    }

    fn shares(&self, to: &str, attributes: &[&str], backfill: bool) -> u64 {
        let rule = NewRule {
            to: to.to_owned(),
            kinds: None,
            attributes: Some(attributes.iter().map(|a| attribute(a)).collect()),
            area: None,
            backfill,
            may_sum_up: false,
        };
        self.node.share(OPERATOR, rule).unwrap().get().id
    }

    fn says(&self, entity: &str, name: &str, value: Value) {
        let draft = says(entity, name, value, self.node.now());
        let receipt = self
            .node
            .submit_blocking(OPERATOR, vec![draft], Mode::AllOrNothing);
        assert_eq!(receipt.unwrap().refused, []);
    }

    fn believes(&self, entity: &str, name: &str) -> Option<Value> {
        let view = self.node.read(OPERATOR).unwrap().twin(&id(entity)).ok()?;
        let attributes = &view.get().attributes;
        let (_, answer) = attributes.iter().find(|(a, _)| a.as_str() == name)?;
        match answer {
            Answer::Modelled { estimate, .. } => estimate.value(),
            Answer::Verbatim(_) => None,
        }
    }

    /// Claims on record about an attribute.
    fn claims(&self, entity: &str, name: &str) -> usize {
        let reader = self.node.read(OPERATOR).unwrap();
        let why = reader.why(&id(entity), &attribute(name), None, None);
        why.map_or(0, |why| why.get().claims.len())
    }

    /// Waits until something is so.
    fn until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let mut changes = self.node.changes(OPERATOR, None).unwrap();
        for _ in 0..LOOKS_MAX {
            if is_so(self) {
                return;
            }
            let _ = runtime
                .block_on(async { tokio::time::timeout(BETWEEN_LOOKS, changes.next()).await });
        }
        panic!("{}: never {what}", self.name);
    }
}

fn open(dir: &Path, name: &str, can_be_called: bool) -> Node {
    open_with(dir, name, can_be_called, BTreeMap::new())
}

fn open_with(
    dir: &Path,
    name: &str,
    can_be_called: bool,
    budgets: BTreeMap<String, config::Budget>,
) -> Node {
    let mut config = Config {
        data_dir: dir.to_owned(),
        organisation: name.to_owned(),
        ..Config::default()
    };
    config.link.listen = can_be_called.then(|| ([127, 0, 0, 1], 0).into());
    config.link.budgets = budgets;
    let (node, _) = Node::open(config, Arc::new(SystemClock)).unwrap();
    node.open_links().unwrap();
    node
}

fn pair() -> (Organisation, Organisation) {
    let tower = Organisation::found("tower", true);
    let brigade = Organisation::found("brigade", false);
    brigade.joins(&tower);
    (tower, brigade)
}

#[test]
fn what_a_rule_releases_is_told_and_nothing_else() {
    let (tower, brigade) = pair();
    tower.says("urn:x:room", "temperature", Value::Number(20.0));
    tower.shares("brigade", &["smoke", "temperature"], false);
    tower.says("urn:x:room", "co2", Value::Number(800.0));
    tower.says("urn:x:room", "temperature", Value::Number(21.0));
    tower.says("urn:x:room", "smoke", Value::Boolean(true));
    let knows = |o: &Organisation| {
        o.believes("urn:x:room", "smoke").is_some()
            && o.believes("urn:x:room", "temperature").is_some()
    };
    brigade.until("told", knows);
    assert_eq!(brigade.believes("urn:x:room", "co2"), None);
    assert_eq!(
        brigade.claims("urn:x:room", "temperature"),
        1,
        "only what came after the rule"
    );
    let reader = brigade.node.read(OPERATOR).unwrap();
    let why = reader
        .why(&id("urn:x:room"), &attribute("smoke"), None, None)
        .unwrap();
    let source = why.get().claims[0].source.as_str().to_owned();
    assert!(
        source.starts_with("urn:twin:from:tower.") && source.ends_with(":urn:twin:source:t1"),
        "{source}"
    );
    let told: u64 = tower
        .node
        .disclosures(OPERATOR)
        .unwrap()
        .get()
        .iter()
        .map(|d| d.disclosure.count)
        .sum();
    assert_eq!(told, 2, "what left is on record");
}

#[test]
fn everything_comes_once_over_restarts() {
    let (tower, brigade) = pair();
    for n in 0..20 {
        tower.says("urn:x:room", "occupancy", Value::Number(f64::from(n)));
    }
    tower.shares("brigade", &["occupancy"], true);
    brigade.until("told of the past", |o| {
        o.claims("urn:x:room", "occupancy") == 20
    });
    let brigade = brigade.restarted();
    let tower = tower.restarted();
    // Its address is another now; it calls nobody, so it must be found anew.
    for n in 0..20 {
        tower.says("urn:x:room", "occupancy", Value::Number(f64::from(n)));
    }
    assert_eq!(brigade.claims("urn:x:room", "occupancy"), 20);
    let (mut file, mut rest) = (Vec::new(), ExportRequest::default());
    rest.have = Some(brigade.node.bundle_summary(OPERATOR).unwrap().into_inner());
    tower
        .node
        .export_bundles(OPERATOR, rest, &mut |bytes| {
            file.extend(bytes);
            Ok(())
        })
        .unwrap();
    let arrived = brigade
        .node
        .import_bundles(OPERATOR, &mut &file[..])
        .unwrap();
    assert!(arrived.get().new > 0 && arrived.get().refused == 0 && arrived.get().is_whole);
    brigade.until("told by file", |o| {
        o.claims("urn:x:room", "occupancy") == 40
    });
    let again = brigade
        .node
        .import_bundles(OPERATOR, &mut &file[..])
        .unwrap();
    assert_eq!(again.get().new, 0);
    let cut = brigade
        .node
        .import_bundles(OPERATOR, &mut &file[..file.len() / 2])
        .unwrap();
    assert!(!cut.get().is_whole);
    assert!(
        brigade
            .node
            .import_bundles(OPERATOR, &mut &b"rubbish"[..])
            .is_err()
    );
    assert_eq!(brigade.claims("urn:x:room", "occupancy"), 40);
}

#[test]
fn a_twin_that_was_announced_is_found() {
    let (tower, brigade) = pair();
    tower.says("urn:x:tower", "type", Value::text("building"));
    tower.says("urn:x:tower", "name", Value::text("Kronenburg Tower"));
    tower.says(
        "urn:x:tower",
        "address",
        Value::text("Hoofdstraat 12, Delft"),
    );
    let rule = NewRule {
        to: "members".to_owned(),
        kinds: Some(vec![EntityKind::Building]),
        attributes: Some(["type", "name", "address"].map(attribute).to_vec()),
        area: None,
        backfill: true,
        may_sum_up: false,
    };
    tower.node.share(OPERATOR, rule).unwrap();
    let sought = Sought {
        text: Some("hoofdstraat kronenburg".to_owned()),
        ..Sought::default()
    };
    let found = |o: &Organisation| {
        let found = o.node.read(OPERATOR).unwrap().find_twins(&sought);
        found.unwrap().into_inner()
    };
    brigade.until("told of the tower", |o| !found(o).is_empty());
    tower.node.close();
    let found = found(&brigade);
    assert_eq!(found[0].id, id("urn:x:tower"));
    assert!(
        found[0].sources[0]
            .as_str()
            .starts_with("urn:twin:from:tower.")
    );
}

#[test]
fn who_is_removed_is_told_nothing_more() {
    let (tower, brigade) = pair();
    tower.shares("brigade", &["temperature"], false);
    tower.says("urn:x:room", "temperature", Value::Number(20.0));
    brigade.until("told", |o| o.claims("urn:x:room", "temperature") == 1);
    tower.node.remove_member(OPERATOR, "brigade").unwrap();
    tower.says("urn:x:room", "temperature", Value::Number(30.0));
    let (mut file, request) = (Vec::new(), ExportRequest::default());
    let mut write = |bytes: Vec<u8>| {
        file.extend(bytes);
        Ok(())
    };
    tower
        .node
        .export_bundles(OPERATOR, request, &mut write)
        .unwrap();
    let _ = brigade.node.import_bundles(OPERATOR, &mut &file[..]);
    assert_eq!(brigade.claims("urn:x:room", "temperature"), 1);
    assert!(matches!(
        tower.node.remove_member(OPERATOR, "brigade"),
        Err(Error::NotFound { .. })
    ));
}

#[test]
fn what_is_erased_is_erased_with_whom_it_was_told() {
    let (tower, brigade) = pair();
    tower.shares("brigade", &["occupancy", "temperature"], false);
    tower.says("urn:x:home", "occupancy", Value::Number(1.0));
    tower.says("urn:x:room", "temperature", Value::Number(20.0));
    brigade.until("told", |o| {
        o.claims("urn:x:home", "occupancy") == 1 && o.claims("urn:x:room", "temperature") == 1
    });
    tower
        .node
        .erase(OPERATOR, &id("urn:x:home"), "asked by the person")
        .unwrap();
    brigade.until("told to erase", |o| {
        o.claims("urn:x:home", "occupancy") == 0
    });
    assert_eq!(brigade.claims("urn:x:room", "temperature"), 1);
}

#[test]
fn wrong_requests_are_answered_in_words() {
    let lone = Organisation::found("lone", true);
    let node = &lone.node;
    assert!(matches!(
        node.found(OPERATOR, "again", vec![]),
        Err(Error::Conflict(_))
    ));
    assert!(matches!(
        node.join(OPERATOR, "TWIN1-nothing"),
        Err(Error::Invalid(_))
    ));
    let own = node.invite(OPERATOR, "myself").unwrap();
    assert!(
        node.join(OPERATOR, &own.get().code).is_err(),
        "one's own code"
    );
    let rule = |to: &str, area: Option<&str>| NewRule {
        to: to.to_owned(),
        kinds: None,
        attributes: None,
        area: area.map(id),
        backfill: false,
        may_sum_up: false,
    };
    assert!(matches!(
        node.share(OPERATOR, rule("nobody", None)),
        Err(Error::NotFound { .. })
    ));
    assert!(
        node.share(OPERATOR, rule("members", Some("urn:x:nowhere")))
            .is_err()
    );
    assert!(matches!(
        node.end_share(OPERATOR, 7),
        Err(Error::NotFound { .. })
    ));
    let viewer = Caller {
        principal: twin_model::Principal::Account("somebody".into()),
        role: Role::Viewer,
    };
    assert!(matches!(
        node.invite(&viewer, "x"),
        Err(Error::Forbidden { .. })
    ));
    assert!(matches!(node.shares(&viewer), Err(Error::Forbidden { .. })));
    assert!(node.members(&viewer).unwrap().get().is_empty());
    let forged = says("urn:x:room", "smoke", Value::Boolean(false), Time(0));
    let forged = twin_node::Draft {
        source: Some(twin_model::SourceId::new("urn:twin:from:tower.00000000:urn:s").unwrap()),
        ..forged
    };
    let receipt = node
        .submit_blocking(OPERATOR, vec![forged], Mode::EachAlone)
        .unwrap();
    assert_eq!(
        receipt.refused.len(),
        1,
        "nobody speaks for another organisation"
    );
}

#[test]
fn a_restored_backup_goes_on_in_a_life_of_its_own() {
    let (tower, brigade) = pair();
    tower.shares("brigade", &["temperature"], false);
    tower.says("urn:x:room", "temperature", Value::Number(20.0));
    brigade.until("told", |o| o.claims("urn:x:room", "temperature") == 1);
    let (backup, fresh) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    tower.node.backup(OPERATOR, backup.path()).unwrap();
    // After the backup: the restored node does not know of it, and its brigade does.
    tower.says("urn:x:room", "temperature", Value::Number(21.0));
    brigade.until("told", |o| o.claims("urn:x:room", "temperature") == 2);
    tower.node.close();
    twin_node::restore(backup.path(), fresh.path(), tower.node.now()).unwrap();
    let restored = Organisation {
        node: open(fresh.path(), "tower", true),
        dir: fresh,
        name: "tower",
        can_be_called: true,
    };
    let notices = restored.node.link_notices(OPERATOR).unwrap();
    assert!(
        notices.get().iter().any(|n| n.code == "EXC-002"),
        "a new life is told"
    );
    restored.says("urn:x:room", "temperature", Value::Number(22.0));
    let mut file = Vec::new();
    let mut write = |bytes: Vec<u8>| {
        file.extend(bytes);
        Ok(())
    };
    restored.until("in a bundle", |o| {
        let told = o.node.disclosures(OPERATOR).unwrap();
        told.get().iter().map(|d| d.disclosure.count).sum::<u64>() == 2
    });
    restored
        .node
        .export_bundles(OPERATOR, ExportRequest::default(), &mut write)
        .unwrap();
    let arrived = brigade
        .node
        .import_bundles(OPERATOR, &mut &file[..])
        .unwrap();
    assert_eq!(arrived.get().refused, 0, "no second history");
    brigade.until("told by the restored", |o| {
        o.claims("urn:x:room", "temperature") == 3
    });
    assert_eq!(restored.node.verify(OPERATOR).unwrap().get(), &[]);
}

#[test]
fn two_organisations_say_of_two_twins_that_they_are_one() {
    let (tower, brigade) = pair();
    let announce = |o: &Organisation| {
        let rule = NewRule {
            to: "members".to_owned(),
            kinds: Some(vec![EntityKind::Building, EntityKind::Thing]),
            attributes: Some(["type", "name", "identifies"].map(attribute).to_vec()),
            area: None,
            backfill: true,
            may_sum_up: false,
        };
        o.node.share(OPERATOR, rule).unwrap();
    };
    tower.says("urn:x:tower", "type", Value::text("building"));
    tower.says("urn:x:tower", "name", Value::text("Kronenburg Tower"));
    announce(&tower);
    brigade.says("urn:y:block", "type", Value::text("building"));
    brigade.says("urn:y:block", "name", Value::text("Block 12"));
    let sought = Sought {
        text: Some("kronenburg".to_owned()),
        ..Sought::default()
    };
    let found = |o: &Organisation| {
        let found = o.node.read(OPERATOR).unwrap().find_twins(&sought);
        found.unwrap().into_inner()
    };
    brigade.until("told of the tower", |o| !found(o).is_empty());
    let mut identity = twin_node::Identity {
        one: id("urn:y:block"),
        other: id("urn:x:tower"),
        probability: Some(0.9),
        reason: "seen from the street".to_owned(),
    };
    brigade.node.identify(OPERATOR, &identity).unwrap();
    announce(&brigade);
    let probability = |o: &Organisation| {
        let identities = &found(o)[0].identities;
        identities
            .iter()
            .find(|(twin, _)| *twin == id("urn:y:block"))
            .map(|(_, p)| *p)
    };
    tower.until("told that they are one", |o| {
        probability(o).is_some_and(|p| p > 0.5)
    });
    let before = probability(&tower).unwrap();
    identity.probability = None;
    identity.reason = "another street".to_owned();
    tower.node.identify(OPERATOR, &identity).unwrap();
    let after = probability(&tower).unwrap_or(0.0);
    assert!(
        after < before,
        "a dispute makes it less probable: {before} {after}"
    );
    identity.other = id("urn:y:block");
    assert!(matches!(
        tower.node.identify(OPERATOR, &identity),
        Err(Error::Invalid(_))
    ));
    identity.other = id("urn:x:nowhere");
    assert!(matches!(
        tower.node.identify(OPERATOR, &identity),
        Err(Error::NotFound { .. })
    ));
}

/// A node that was only dropped, not closed, must let go of its directory: its threads hold
/// each other's ends, and once did so for ever.
#[test]
fn a_node_that_is_dropped_lets_go() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(dir.path(), "tower", true);
    node.found(OPERATOR, "The tower", Vec::new()).unwrap();
    drop(node);
    for _ in 0..1000 * LOOKS_MAX {
        let config = Config {
            data_dir: dir.path().to_owned(),
            ..Config::default()
        };
        if Node::open(config, Arc::new(SystemClock)).is_ok() {
            return;
        }
        std::thread::yield_now();
    }
    panic!("the directory is still held");
}

/// A radio that carries four hundred bytes a second, and a storey whose people come and go.
#[test]
fn a_narrow_link_is_told_of_storeys() {
    let dir = tempfile::tempdir().unwrap();
    let radio = config::Budget {
        bytes_per_s: 400.0,
        frame_bytes: 256,
    };
    let budgets = BTreeMap::from([("brigade".to_owned(), radio)]);
    let node = open_with(dir.path(), "tower", true, budgets);
    node.found(OPERATOR, "The tower", Vec::new()).unwrap();
    let tower = Organisation {
        node,
        dir,
        name: "tower",
        can_be_called: true,
    };
    let brigade = Organisation::found("brigade", false);
    brigade.joins(&tower);
    tower.says("urn:x:house", "type", Value::text("building"));
    tower.says("urn:x:floor", "type", Value::text("storey"));
    tower.says("urn:x:floor", "partOf", Value::Entity(id("urn:x:house")));
    tower.says("urn:x:room", "type", Value::text("space"));
    tower.says("urn:x:room", "partOf", Value::Entity(id("urn:x:floor")));
    let rule = NewRule {
        to: "brigade".to_owned(),
        kinds: None,
        attributes: Some(vec![attribute("occupancy")]),
        area: Some(id("urn:x:house")),
        backfill: false,
        may_sum_up: true,
    };
    tower.node.share(OPERATOR, rule).unwrap();
    let is_coarse = |o: &Organisation| o.node.members(OPERATOR).unwrap().get()[0].is_coarse;
    assert!(!is_coarse(&tower));
    let now = tower.node.now();
    let people = |n: i64| {
        let at = Time(now.0 - 10_000 + n);
        says("urn:x:room", "occupancy", Value::Number((n % 7) as f64), at)
    };
    let flood: Vec<_> = (0..9_000).map(people).collect();
    let receipt = tower
        .node
        .submit_blocking(OPERATOR, flood, Mode::AllOrNothing);
    assert_eq!(receipt.unwrap().refused, []);
    tower.until("told to be coarse", is_coarse);
    let summary = |o: &Organisation| {
        let reader = o.node.read(OPERATOR).unwrap();
        let view = reader.twin(&id("urn:x:floor")).ok()?.into_inner();
        let mut attributes = view.attributes.into_iter();
        let (_, answer) = attributes.find(|(a, _)| a.as_str() == "summary.occupancy")?;
        match answer {
            Answer::Verbatim(lines) => lines.into_iter().next(),
            Answer::Modelled { .. } => None,
        }
    };
    brigade.until("told of the storey", |o| summary(o).is_some());
    let line = summary(&brigade).unwrap();
    assert!(line.source.as_str().starts_with("urn:twin:from:tower."));
    assert!(line.source.as_str().ends_with(":urn:twin:node"));
    let said = format!("{:?}", line.act);
    assert!(said.contains("\\\"of\\\":1"), "{said}");
}

/// What was said of a storey in place of its rooms is not shown as if it were so still.
#[test]
fn a_summary_that_has_run_out_is_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let (node, clock) = crate::bench::open(dir.path());
    let name = "summary.occupancy";
    let said = Value::Json(r#"{"of":40,"known":31,"low":50,"high":66}"#.into());
    crate::bench::tell(&node, says("urn:x:floor", name, said, crate::bench::START));
    crate::bench::tell(
        &node,
        says(
            "urn:x:floor",
            "name",
            Value::text("wet"),
            crate::bench::START,
        ),
    );
    let shown = || {
        let reader = node.read(OPERATOR).unwrap();
        let twin = reader.twin(&id("urn:x:floor")).unwrap().into_inner();
        let is_shown = |sought: &str| twin.attributes.iter().any(|(a, _)| a.as_str() == sought);
        (is_shown(name), is_shown("name"))
    };
    assert_eq!(shown(), (true, true));
    clock.set(crate::bench::START.plus_seconds(119.0));
    assert_eq!(shown(), (true, true));
    clock.set(crate::bench::START.plus_seconds(120.0));
    assert_eq!(shown(), (false, true));
}

/// The tower's node gets new keys, twice; the brigade goes on to hear it, under the same name.
#[test]
fn a_node_with_new_keys_goes_on() {
    let (tower, brigade) = pair();
    tower.shares("brigade", &["temperature"], false);
    tower.says("urn:x:room", "temperature", Value::Number(20.0));
    brigade.until("told", |o| o.claims("urn:x:room", "temperature") == 1);
    tower.node.rotate_key(OPERATOR).unwrap();
    tower.says("urn:x:room", "temperature", Value::Number(21.0));
    brigade.until("told", |o| o.claims("urn:x:room", "temperature") == 2);
    tower.node.revoke(OPERATOR).unwrap();
    tower.says("urn:x:room", "temperature", Value::Number(22.0));
    brigade.until("told", |o| o.claims("urn:x:room", "temperature") == 3);
    let reader = brigade.node.read(OPERATOR).unwrap();
    let why = reader.why(&id("urn:x:room"), &attribute("temperature"), None, None);
    let why = why.unwrap();
    let claims = &why.get().claims;
    let names = claims.iter().filter(|c| c.source == claims[0].source);
    assert_eq!(names.count(), 3, "the tower keeps its name");
    brigade.node.remove_member(OPERATOR, "tower").unwrap();
    let members = brigade.node.members(OPERATOR).unwrap();
    assert!(members.get().is_empty());
    let viewer = Caller {
        role: Role::Viewer,
        ..OPERATOR.clone()
    };
    assert!(tower.node.rotate_key(&viewer).is_err());
}
