//! The district around the tower: what the town's files and the tower's sensors add to the
//! owner's plan.
//!
//! Three files by three hands tell of one place, and are recognised as such; the streets lead
//! to the doors of the tower. Its sensors speak over MQTT under names that five contractors gave
//! them. Rooms are only suggested for them. What is suggested surely is confirmed here by the
//! call that a person's page makes; the rest stays open for whoever looks at the page.

use super::sensors::{Said, Sensors};
use crate::broker::Broker;
use crate::federation::until;
use crate::node::{self, Node, escaped};
use crate::practice::Practice;
use crate::rng::{now_us, rfc3339};
use crate::shell;
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Each point has spoken once when the node is first looked at.
const PAST_MINUTES: u64 = 10;
/// How long sensors go on speaking.
const MINUTES: u64 = 140;
/// Suggestions so sure may be shown as sure (docs/formats/points.md).
const SURE_MIN: f64 = 0.95;
/// As many decisions as the page sends at once.
const DECIDED_MAX: usize = 1000;
/// Two buildings held to be one.
const ONE_MIN: f64 = 0.5;
/// A page of a list.
const PAGE: usize = 1000;
/// How long the node may take over the first messages and for a value to reach its room.
const PATIENCE: Duration = Duration::from_mins(3);
/// Of a storey so many rooms are tried before the one below it.
const ROOMS_TRIED: usize = 10;

/// How large a district is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Of the tower, above ground.
    pub storeys: usize,
    /// In the town.
    pub buildings: usize,
    /// Stretches of street, about.
    pub street_edges: usize,
}

/// The files of a generated district.
#[derive(Debug)]
pub(super) struct Files(PathBuf);

impl Files {
    /// Generates a tower, its town, and what its sensors say from now on.
    pub(super) fn generate(scenario: &Path, folder: &Path, size: Size) -> Result<Self> {
        let folder = folder.join("district");
        let start = rfc3339(now_us() - PAST_MINUTES * 60_000_000);
        let mut generate = shell::program(scenario);
        generate.args(["district", "--tower-storeys", &size.storeys.to_string()]);
        generate.args(["--buildings", &size.buildings.to_string()]);
        generate.args(["--street-edges", &size.street_edges.to_string()]);
        // To the second: the generator's own resolution.
        generate.args(["--start", &format!("{}Z", &start[..19])]);
        generate.args(["--minutes", &MINUTES.to_string(), "--out"]);
        shell::capture(generate.arg(&folder))?;
        Ok(Self(folder))
    }

    /// The owner's model of the tower.
    pub(super) fn tower(&self) -> PathBuf {
        self.0.join("tower.ifc")
    }
}

/// Lets a node that is about to be started subscribe at a broker.
pub(super) fn subscribe(data: &Path, broker: &Broker) -> Result<()> {
    let section = format!(
        "\n[[mqtt]]\nname = \"bms\"\nurl = \"mqtt://{}\"\nversion = \"3.1.1\"\nretry_max_s = 2\n",
        broker.address
    );
    let config = std::fs::File::options()
        .append(true)
        .open(data.join(node::CONFIG));
    Ok(config?.write_all(section.as_bytes())?)
}

/// A town that was imported, and sensors that speak.
#[derive(Debug)]
pub(crate) struct District {
    pub sensors: Sensors,
    /// How many points were confirmed here.
    confirmed: usize,
}

impl District {
    /// Imports the town into the node of the tower, lets the sensors speak, and confirms what is
    /// suggested surely.
    pub(super) fn begin(files: &Files, broker: Broker, tower: &Practice) -> Result<Self> {
        let node = &tower.node;
        for name in ["city.city.json", "streets.osm"] {
            let imported = node.import(&files.0.join(name))?;
            eprintln!("imported: {}", imported["done"]["summary"]);
        }
        let messages = Said::read(&files.0.join("messages.ndjson"))?;
        let sensors = Sensors::speak(broker, messages);
        until(PATIENCE, "the node has the first messages", || {
            let told = sensors.broker.told();
            let first = sensors.past as u64;
            Ok((told.acknowledged >= first).then_some(()))
        })?;
        node.post("/v1/points/suggestions", &json!({}))?;
        let sure = review(node)?;
        ensure!(!sure.is_empty(), "no point was suggested surely");
        arrives(node, &sensors, &sure)?;
        Ok(Self {
            sensors,
            confirmed: sure.len(),
        })
    }

    /// What there is to tell of it, for the node and building of the tower.
    pub(super) fn tell(&self, node: &Node, building: &str) -> Result<()> {
        recognised(node, building)?;
        way(node, building)?;
        let counts = &node.get("/v1/points?state=unmapped&limit=1")?["counts"];
        let count = |state: &str| counts[state].as_u64().unwrap_or_default();
        eprintln!(
            "points:    {} placed, all {} by this demonstration through the call that a person's \
             page makes; {} open for a person, of them {} with a suggestion",
            count("confirmed"),
            self.confirmed,
            count("suggested") + count("unmapped"),
            count("suggested"),
        );
        let told = self.sensors.broker.told();
        eprintln!(
            "sensors:   {} messages over MQTT, {} acknowledged once they were on disk; the broker \
             is the demonstration's own, on this machine, without TLS",
            told.published, told.acknowledged
        );
        Ok(())
    }
}

/// Confirms what is suggested surely; returns it.
fn review(node: &Node) -> Result<Vec<Value>> {
    let mut sure = each(node, "/v1/points?state=suggested", "points")?;
    sure.retain(|point| {
        let is_sure = point["probability"].as_f64().is_some_and(|p| p >= SURE_MIN);
        is_sure && point["observes"].is_object() && point["attribute"].is_string()
    });
    for some in sure.chunks(DECIDED_MAX) {
        let decide = |point: &Value| {
            json!({"id": point["id"], "observes": point["observes"]["id"],
                "attribute": point["attribute"], "unit": point["unit"], "state": "confirmed"})
        };
        let points: Vec<Value> = some.iter().map(decide).collect();
        node.post("/v1/points", &json!({"points": points}))?;
    }
    Ok(sure)
}

/// Lets one of the confirmed thermometers speak, and waits until its room tells what it said.
fn arrives(node: &Node, sensors: &Sensors, confirmed: &[Value]) -> Result<()> {
    let thermometers = confirmed
        .iter()
        .filter(|point| point["attribute"] == "temperature");
    let spoken = thermometers.filter_map(|point| Some((point, sensors.next_of(point)?)));
    let (point, said) = { spoken }.next().context("no thermometer was placed")?;
    sensors.broker.publish(&said.topic, &said.payload);
    let room = point["observes"]["id"].as_str().unwrap_or_default();
    let why = format!("/v1/entities/{}/attributes/temperature/why", escaped(room));
    until(
        PATIENCE,
        "the value of a placed sensor reaches its room",
        || {
            let told = node.get(&why)?;
            let mut sources = told["sources"].as_array().into_iter().flatten();
            Ok(sources
                .any(|told| told["source"] == point["id"])
                .then_some(()))
        },
    )
}

/// How many buildings of one file are known to be those of another.
fn recognised(node: &Node, tower: &str) -> Result<()> {
    let pairs = each(node, "/v1/identities?state=all", "identities")?;
    let is_one = |pair: &&Value| pair["probability"].as_f64().is_some_and(|p| p >= ONE_MIN);
    let ones: Vec<&Value> = pairs.iter().filter(is_one).collect();
    let sides = |pair: &Value| [pair["one"]["id"].clone(), pair["other"]["id"].clone()];
    let buildings: BTreeSet<String> = { ones.iter() }
        .flat_map(|pair| sides(pair))
        .map(|id| id.to_string())
        .collect();
    let towers = ones
        .iter()
        .filter(|pair| sides(pair).contains(&json!(tower)));
    let towers = towers.count();
    eprintln!(
        "one place: {} pairs of buildings of three files are recognised as one ({} drawings); the \
         tower with {towers} others; {} pairs less sure are for a person",
        ones.len(),
        buildings.len(),
        pairs.len() - ones.len(),
    );
    ensure!(towers > 0, "the tower was not recognised in the town");
    Ok(())
}

/// A way from a room of the highest storey with rooms for people into the street.
fn way(node: &Node, building: &str) -> Result<()> {
    let found = node.get(&format!("/v1/buildings/{}", escaped(building)))?;
    let storeys = found["storeys"].as_array().into_iter().flatten();
    for storey in storeys.rev() {
        let id = storey["id"].as_str().unwrap_or_default();
        let plan = node.get(&format!("/v1/storeys/{}/plan", escaped(id)))?;
        let rooms = plan["spaces"].as_array().into_iter().flatten();
        let of_people = rooms.filter(|room| room["attributes"]["usage"]["value"] == "room");
        for room in of_people.take(ROOMS_TRIED) {
            if way_from(node, room, storey)? {
                return Ok(());
            }
        }
    }
    bail!("no room of the tower has a way into the street")
}

/// Whether there is a way into the street from a room; it is told.
fn way_from(node: &Node, room: &Value, storey: &Value) -> Result<bool> {
    let from = escaped(room["id"].as_str().unwrap_or_default());
    let begun = Instant::now();
    let routes = node.get(&format!("/v1/routes?from={from}&to=street&unknown=true"))?;
    let took_ms = begun.elapsed().as_secs_f64() * 1e3;
    let route = routes["routes"]
        .as_array()
        .and_then(|routes| routes.first());
    if let Some(route) = route {
        let name = |twin: &Value| twin["value"].as_str().unwrap_or("?").to_owned();
        let (room, storey) = (name(&room["attributes"]["name"]), name(&storey["name"]));
        tell_way(&format!("{room} on {storey}"), route, took_ms);
    }
    Ok(route.is_some())
}

fn tell_way(from: &str, route: &Value, took_ms: f64) {
    let steps = route["steps"].as_array().map_or(&[][..], Vec::as_slice);
    let street = steps.iter().find(|step| step.get("exit").is_some());
    let street = street.and_then(|step| step["streetName"].as_str());
    let length = route["length_m"].as_f64();
    let known = route["probability"].as_f64();
    eprintln!(
        "way:       from room {from} into {}: {} m in {} steps, passable with probability {} as \
         far as known, {} doors on it that nobody has tried; answered in {took_ms:.0} ms",
        street.unwrap_or("a street without a name"),
        length.map_or("?".to_owned(), |m| format!("{m:.0}")),
        steps.len(),
        known.map_or("?".to_owned(), |p| format!("{p:.2}")),
        route["unknown"].as_array().map_or(0, Vec::len),
    );
}

/// All of a list that comes in pages.
fn each(node: &Node, path: &str, field: &str) -> Result<Vec<Value>> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let mut page = node.get(&format!("{path}&limit={PAGE}{after}"))?;
        all.append(page[field].as_array_mut().context("no list")?);
        match page["next"].as_str() {
            Some(next) => after = format!("&after={}", escaped(next)),
            None => return Ok(all),
        }
    }
}
