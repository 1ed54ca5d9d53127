//! The real process, killed at random moments while claims stream in.
//!
//! A client sends small requests one after another and notes what was
//! acknowledged. The process is killed without warning, sometimes while it is
//! still recovering from the last kill, and started again. Then every claim that
//! was acknowledged must be there, and a request that was under way must have been
//! applied whole or not at all. At the end the same claims are given in the same
//! order to a node that is never interrupted, and both must believe the same.

use crate::http::{Answer, Connection};
use crate::node::{self, Node};
use crate::report::{Row, hash_text};
use crate::rng::{Rng, now_us, rfc3339};
use crate::shell;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

/// Twins that each round makes claims about.
const SPACES: u64 = 8;
const ATTRIBUTES: [&str; 4] = ["temperature", "co2", "occupancy", "smoke"];
/// Most claims of one request.
const REQUEST_CLAIMS_MAX: u64 = 25;
/// The process lives at most so long after its first acknowledgement.
const LIFE_MAX_US: u64 = 60_000;
/// One process in so many is killed before it answers at all.
const KILLED_IN_RECOVERY: u64 = 10;

/// A twin and one of its attributes.
type Place = (String, &'static str);

/// One claim that was sent.
#[derive(Debug, Clone)]
struct Sent {
    place: Place,
    observed: String,
    line: String,
}

/// What one life of the process was told.
#[derive(Debug, Default)]
struct Life {
    /// Requests in order, each acknowledged.
    acknowledged: Vec<Vec<Sent>>,
    /// The request whose answer did not come.
    under_way: Vec<Sent>,
}

/// What went wrong over all lives.
#[derive(Debug, Default)]
struct Tally {
    acknowledged: usize,
    lost: usize,
    torn: usize,
    details: Vec<String>,
}

/// Kills the process so many times and checks what it remembers.
pub(super) fn measure(kills: u32, seed: u64) -> Result<Vec<Row>> {
    let binary = node::build(true)?;
    let folder = shell::scratch("kill")?;
    let (data, reference) = (folder.join("killed"), folder.join("uninterrupted"));
    let mut rng = Rng::new(seed);
    let mut tally = Tally::default();
    let mut told: Vec<Vec<Sent>> = Vec::new();
    let mut last: Option<Life> = None;
    for number in 0..=kills {
        let node = start(&binary, &data, &mut rng)?;
        if let Some(life) = last.take() {
            told.extend(check(&node, life, &mut tally)?);
        }
        if number == kills {
            return conclude(&node, &binary, &reference, &told, tally, kills, seed);
        }
        last = Some(live(node, number, &mut rng)?);
    }
    unreachable!("the last turn of the loop returns")
}

/// Starts the process; now and then kills it at once and starts it again.
fn start(binary: &Path, data: &Path, rng: &mut Rng) -> Result<Node> {
    std::fs::create_dir_all(data)?;
    if rng.below(KILLED_IN_RECOVERY) == 0 {
        let life = Duration::from_micros(rng.below(LIFE_MAX_US));
        node::start_and_kill(binary, data, life)?;
    }
    Node::start(binary, data)
}

/// Streams claims until the kill, and returns what was told and acknowledged.
fn live(node: Node, number: u32, rng: &mut Rng) -> Result<Life> {
    let mut connection = node.connect()?;
    let (bearer, seed) = (node.bearer.clone(), rng.next());
    let (first_answered, first_answer) = mpsc::channel();
    let client = std::thread::spawn(move || {
        stream(
            &mut connection,
            &bearer,
            number,
            &mut Rng::new(seed),
            &first_answered,
        )
    });
    first_answer
        .recv_timeout(Duration::from_mins(1))
        .context("no claim was acknowledged")?;
    std::thread::sleep(Duration::from_micros(rng.below(LIFE_MAX_US)));
    node.kill()?;
    client.join().expect("the client does not panic")
}

/// Sends request after request until the connection breaks.
fn stream(
    connection: &mut Connection,
    bearer: &str,
    number: u32,
    rng: &mut Rng,
    first_answered: &mpsc::Sender<()>,
) -> Result<Life> {
    let mut life = Life::default();
    let mut observed_us = now_us();
    loop {
        let claims = request_claims(number, rng, &mut observed_us);
        let mut answer = Answer::default();
        let sent = connection.send(&bulk(bearer, &claims));
        if sent.and_then(|()| connection.receive(&mut answer)).is_err() {
            life.under_way = claims;
            return Ok(life);
        }
        let accepted = answer.json()?.get("accepted").and_then(Value::as_u64);
        ensure!(
            accepted == Some(claims.len() as u64),
            "claims were refused: {}",
            String::from_utf8_lossy(&answer.body)
        );
        life.acknowledged.push(claims);
        // Only the first matters; nobody listens for the others.
        let _ = first_answered.send(());
    }
}

fn request_claims(number: u32, rng: &mut Rng, observed_us: &mut u64) -> Vec<Sent> {
    (0..=rng.below(REQUEST_CLAIMS_MAX))
        .map(|_| {
            // Unique, so that a claim is known again by it; never ahead of the clock.
            *observed_us += 1;
            let entity = format!("urn:twin:kill:{number}:space:{}", rng.below(SPACES));
            let attribute = ATTRIBUTES[rng.below(4) as usize];
            let value = match attribute {
                "temperature" => {
                    format!("{},\"unit\":\"Cel\"", 15.0 + rng.below(1000) as f64 / 100.0)
                }
                "co2" => format!("{},\"unit\":\"[ppm]\"", 400 + rng.below(1600)),
                "occupancy" => rng.below(20).to_string(),
                _ => (rng.below(2) == 0).to_string(),
            };
            let observed = rfc3339(*observed_us);
            let line = format!(
                "{{\"source\":\"urn:twin:source:kill{}\",\"entity\":\"{entity}\",\
                 \"attribute\":\"{attribute}\",\"value\":{value},\"observed\":\"{observed}\"}}\n",
                rng.below(3)
            );
            Sent {
                place: (entity, attribute),
                observed,
                line,
            }
        })
        .collect()
}

fn bulk(bearer: &str, claims: &[Sent]) -> Vec<u8> {
    let body: String = claims.iter().map(|claim| claim.line.as_str()).collect();
    let headers = [bearer, "content-type: application/x-ndjson"];
    crate::http::request("POST", "/v1/claims", &headers, body.as_bytes())
}

/// Looks for every claim of a life, and returns the requests that are there.
fn check(node: &Node, life: Life, tally: &mut Tally) -> Result<Vec<Vec<Sent>>> {
    let all = life.acknowledged.iter().flatten().chain(&life.under_way);
    let places: BTreeSet<&Place> = all.map(|sent| &sent.place).collect();
    let mut connection = node.connect()?;
    let mut found: BTreeMap<Place, BTreeSet<String>> = BTreeMap::new();
    for place in places {
        found.insert(place.clone(), claims_at(node, &mut connection, place)?);
    }
    let is_there = |sent: &Sent| found[&sent.place].contains(&sent.observed);
    for sent in life.acknowledged.iter().flatten() {
        tally.acknowledged += 1;
        if !is_there(sent) {
            tally.lost += 1;
            tally.details.push(format!("lost: {}", sent.line.trim()));
        }
    }
    let there = life.under_way.iter().filter(|sent| is_there(sent)).count();
    let mut told = life.acknowledged;
    if there == life.under_way.len() {
        told.push(life.under_way);
    } else if there > 0 {
        tally.torn += 1;
        tally
            .details
            .push(format!("half applied: {there} of {}", life.under_way.len()));
    }
    Ok(told)
}

/// The observed times of the claims about a place.
fn claims_at(node: &Node, connection: &mut Connection, place: &Place) -> Result<BTreeSet<String>> {
    let (entity, attribute) = place;
    let path = format!(
        "/v1/entities/{}/attributes/{attribute}/why",
        node::escaped(entity)
    );
    let answer = connection.ask(&node.request("GET", &path, b""))?;
    if answer.status == 404 {
        return Ok(BTreeSet::new());
    }
    let answer = answer.json()?;
    let claims = answer
        .get("claims")
        .and_then(Value::as_array)
        .context("`why` has no claims")?;
    let times = claims
        .iter()
        .filter_map(|claim| claim.get("observed")?.as_str());
    Ok(times.map(str::to_owned).collect())
}

/// Gives the same requests to a node that is not interrupted, and compares what
/// the two believe.
fn conclude(
    killed: &Node,
    binary: &Path,
    reference: &Path,
    told: &[Vec<Sent>],
    tally: Tally,
    kills: u32,
    seed: u64,
) -> Result<Vec<Row>> {
    std::fs::create_dir_all(reference)?;
    let calm = Node::start(binary, reference)?;
    let mut connection = calm.connect()?;
    for claims in told {
        connection.ask(&bulk(&calm.bearer, claims))?.json()?;
    }
    let entities: BTreeSet<&str> = told
        .iter()
        .flatten()
        .map(|sent| sent.place.0.as_str())
        .collect();
    let mut differ = Vec::new();
    for entity in &entities {
        let path = format!("/v1/entities/{}", node::escaped(entity));
        let before = killed.get(&path)?;
        let between = calm.get(&path)?;
        let after = killed.get(&path)?;
        if let Some(problem) = difference(&before, &between, &after, "") {
            differ.push(format!("{entity}{problem}"));
        }
    }
    let inputs = hash_text(&format!("{kills} kills, seed {seed}"));
    let lost = tally.lost + tally.torn;
    let value = format!(
        "{} of {} acknowledged claims lost, {} requests half applied",
        tally.lost, tally.acknowledged, tally.torn
    );
    let equal = entities.len() - differ.len();
    Ok(vec![
        Row::new("acknowledged claims lost when the process is killed", "0")
            .found(u64::from(kills), value, lost == 0)
            .on(inputs.clone())
            .details(tally.details.into_iter().take(10)),
        Row::new(
            "estimates after the kills equal those of an uninterrupted run",
            "all",
        )
        .found(
            entities.len() as u64,
            format!("{equal} of {} twins equal", entities.len()),
            differ.is_empty(),
        )
        .on(inputs)
        .details(differ.into_iter().take(10)),
    ])
}

/// Where an answer of the calm node does not fit between two answers of the
/// killed one.
///
/// Estimates age between the questions, each number in one direction; so the
/// answer asked in between must lie between, and everything else must be equal.
fn difference(before: &Value, between: &Value, after: &Value, at: &str) -> Option<String> {
    /// What may differ: where in its log a node stands, and how old a claim is now.
    const OWN: [&str; 3] = ["commit", "claim", "evidenceAge_s"];
    /// Rounding of the last digit, relative.
    const ROUNDING: f64 = 1e-9;
    match (before, between, after) {
        (Value::Object(a), Value::Object(b), Value::Object(c)) => {
            if a.len() != b.len() {
                return Some(format!("{at}: other fields"));
            }
            let null = Value::Null;
            a.iter()
                .filter(|(name, _)| !OWN.contains(&name.as_str()))
                .find_map(|(name, a)| {
                    let (b, c) = (b.get(name).unwrap_or(&null), c.get(name).unwrap_or(&null));
                    // The time asked about is the node's own.
                    if name == "at" {
                        None
                    } else {
                        difference(a, b, c, &format!("{at} {name}"))
                    }
                })
        }
        (Value::Array(a), Value::Array(b), Value::Array(c)) if a.len() == b.len() => {
            let threes = a.iter().zip(b).zip(c).enumerate();
            threes
                .into_iter()
                .find_map(|(i, ((a, b), c))| difference(a, b, c, &format!("{at}[{i}]")))
        }
        (Value::Number(a), Value::Number(b), Value::Number(c)) => {
            let (a, b, c) = (a.as_f64()?, b.as_f64()?, c.as_f64()?);
            let slack = ROUNDING * a.abs().max(c.abs()).max(1.0);
            let fits = a.min(c) - slack <= b && b <= a.max(c) + slack;
            (!fits).then(|| format!("{at}: {b} is not between {a} and {c}"))
        }
        (a, b, c) => (a != b && c != b).then(|| format!("{at}: {b} is not {a}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn requests_follow_from_the_seed_and_no_two_claims_share_a_time() {
        let (mut one, mut two) = (1_000_000, 1_000_000);
        let a = request_claims(3, &mut Rng::new(9), &mut one);
        let b = request_claims(3, &mut Rng::new(9), &mut two);
        let lines = |claims: &[Sent]| claims.iter().map(|c| c.line.clone()).collect::<Vec<_>>();
        assert_eq!(lines(&a), lines(&b));
        let times: BTreeSet<_> = a.iter().map(|sent| &sent.observed).collect();
        assert_eq!(times.len(), a.len());
        for sent in &a {
            serde_json::from_str::<Value>(&sent.line).unwrap();
        }
    }

    #[test]
    fn ageing_is_no_difference_and_anything_else_is() {
        let check = |a: Value, b: Value, c: Value, expected: Option<&str>| {
            assert_eq!(difference(&a, &b, &c, "").as_deref(), expected);
        };
        let (old, mid, new) = (json!({"v": 20.0}), json!({"v": 20.5}), json!({"v": 21.0}));
        check(old.clone(), mid.clone(), new.clone(), None);
        check(
            old.clone(),
            new.clone(),
            mid.clone(),
            Some(" v: 21 is not between 20 and 20.5"),
        );
        check(
            json!({"commit": 1}),
            json!({"commit": 9}),
            json!({"commit": 1}),
            None,
        );
        check(
            json!({"s": "stale"}),
            json!({"s": "unknown"}),
            json!({"s": "stale"}),
            Some(" s: \"unknown\" is not \"stale\""),
        );
        check(
            json!({"a": 1}),
            json!({"a": 1, "b": 2}),
            json!({"a": 1}),
            Some(": other fields"),
        );
    }
}
