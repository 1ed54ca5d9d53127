//! The demonstration as a test: what a person would look for, one thing after the other.

use super::compare::{Shared, compare};
use super::four::{Four, SEEN, TO_BRIGADE, TOWER};
use crate::federation::comparison::{Told, told};
use crate::federation::{self, until};
use crate::http::request;
use crate::node::{Node, escaped};
use crate::rng::{now_us, rfc3339};
use anyhow::{Result, ensure};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Estimates that are compared across the kill.
const COMPARED: usize = 200;

/// Looks at everything, waiting for each thing for so long at most.
pub(crate) fn check(mut four: Four, patience: Duration) -> Result<()> {
    let page = four
        .tower
        .node
        .connect()?
        .ask(&request("GET", "/", &[], b""))?;
    let built = String::from_utf8_lossy(&page.body).contains("/assets/");
    ensure!(page.status == 200 && built, "the page is not in the binary");
    four.tell()?;
    let storeys = storeys(&four.tower.node, four.building()?)?;
    eprintln!("storeys:   {}", storeys.len());
    let before = evidence(&four.tower.node, &storeys, false)?;
    // It complains when the node is gone, as it should.
    let mut replay = four.tower.replay(Stdio::null())?;
    let looked = changed_then_killed(&mut four, &storeys, &before, patience);
    let _ = replay.kill();
    replay.wait()?;
    looked?;
    apart_and_together(&mut four, &storeys, patience)
}

/// Waits for an estimate to change, asks what is believed, kills the tower's node while
/// observations go on arriving, and asks again.
fn changed_then_killed(
    four: &mut Four,
    storeys: &[String],
    before: &BTreeMap<String, String>,
    patience: Duration,
) -> Result<()> {
    let (changed, waited_s) = changed(&four.tower.node, storeys, before, false, patience)?;
    eprintln!(
        "changed:   {} estimates within {waited_s:.1} s",
        changed.len()
    );
    // Of one moment, so that the same question has one answer for ever.
    let moment = rfc3339(now_us());
    let rest = before.keys().filter(|path| !changed.contains(path));
    let mut told = BTreeMap::new();
    for path in changed.iter().chain(rest).take(COMPARED) {
        let question = format!("{path}/as-of?at={moment}&knownAt={moment}");
        let answer = as_of(&four.tower.node, &question)?;
        told.insert(question, answer);
    }
    four.kill(TOWER)?;
    four.start(TOWER)?;
    let node = &four.tower.node;
    let differing: Vec<&String> = told
        .iter()
        .filter(|(path, was)| !as_of(node, path).is_ok_and(|is| is == **was))
        .map(|(path, _)| path)
        .collect();
    ensure!(
        differing.is_empty(),
        "{} of {} answers differ after kill -9, first {}",
        differing.len(),
        told.len(),
        differing[0]
    );
    eprintln!(
        "restart:   {:.2} s, {} answers the same as before kill -9",
        node.started_in_s,
        told.len()
    );
    Ok(())
}

/// The link between tower and brigade: used, cut, driven around, healed, compared.
fn apart_and_together(four: &mut Four, storeys: &[String], patience: Duration) -> Result<()> {
    let mut replay = four.tower.replay(Stdio::null())?;
    let seen = brigade_sees(four, storeys, patience);
    let apart = seen.and_then(|()| apart(four, storeys, patience));
    let _ = replay.kill();
    replay.wait()?;
    if let Some(district) = &four.district {
        district.sensors.fall_silent();
    }
    together(four, &apart?, patience)
}

/// The brigade has the tower's storeys, and its estimates change and say whose they are.
fn brigade_sees(four: &Four, storeys: &[String], patience: Duration) -> Result<()> {
    let begun = Instant::now();
    let building = four.building()?;
    let brigade = four.brigade().node()?;
    let connected = || Ok(federation::is_connected(brigade, TOWER)?.then_some(()));
    until(
        patience,
        "the brigade is connected with the tower",
        connected,
    )?;
    until(patience, "the brigade sees every storey and space", || {
        let seen = self::storeys(brigade, building).unwrap_or_default();
        Ok(
            (seen == storeys && spaces(brigade, storeys)? == spaces(&four.tower.node, storeys)?)
                .then_some(()),
        )
    })?;
    eprintln!(
        "brigade:   sees {} storeys of the tower after {:.1} s",
        storeys.len(),
        begun.elapsed().as_secs_f64()
    );
    let before = evidence(brigade, storeys, true)?;
    let (changed, waited_s) = changed(brigade, storeys, &before, true, patience)?;
    eprintln!(
        "brigade:   {} estimates from the tower, {} changed within {waited_s:.1} s",
        before.len(),
        changed.len()
    );
    Ok(())
}

/// The link is cut while observations go on; a vehicle carries what happened to the brigade,
/// which is killed in between. Returns where smoke was seen and where nobody was found.
fn apart(four: &mut Four, storeys: &[String], patience: Duration) -> Result<[Told; 2]> {
    let rooms = spaces(&four.tower.node, storeys)?;
    let mut rooms = rooms.into_iter();
    let (Some(burning), Some(searched)) = (rooms.next(), rooms.next()) else {
        anyhow::bail!("a building of fewer than two rooms");
    };
    four.wire.cut();
    let begun = Instant::now();
    let smoke = witness(&four.tower.node, "lobby", &burning, "smoke", "true")?;
    let brigade = four.brigade().node()?;
    let contact = until(patience, "the brigade notices that the link is cut", || {
        let contact = federation::member(brigade, TOWER)?["contact"].take();
        Ok((contact["connected"] == false).then_some(contact))
    })?;
    eprintln!(
        "cut:       noticed after {:.1} s; last common state {}",
        begun.elapsed().as_secs_f64(),
        contact["commonUntil"].as_str().unwrap_or("unknown")
    );
    ensure!(
        !knows(brigade, &smoke)?,
        "the brigade knows of smoke that was seen after the link was cut"
    );
    let people = witness(brigade, "crew", &searched, "occupancy", "0")?;
    four.kill("brigade")?;
    four.start("brigade")?;
    eprintln!("vehicle:   {}", four.carry("brigade")?);
    let brigade = four.brigade().node()?;
    until(
        patience,
        "the brigade knows what the vehicle carried",
        || Ok(knows(brigade, &smoke)?.then_some(())),
    )?;
    ensure!(
        !federation::is_connected(brigade, TOWER)?,
        "the link was not cut"
    );
    Ok([smoke, people])
}

/// The link heals, and both sides have the same claims.
fn together(four: &Four, [smoke, people]: &[Told; 2], patience: Duration) -> Result<()> {
    let (tower, brigade) = (&four.tower.node, four.brigade().node()?);
    four.wire.heal();
    let begun = Instant::now();
    let name = &four.brigade().name;
    until(
        patience,
        "nothing is missing after the link is back",
        || {
            let known = knows(brigade, smoke)? && received(tower, people, name)?;
            let is_even = federation::is_even(brigade, TOWER)? && federation::is_even(tower, name)?;
            Ok((known && is_even).then_some(()))
        },
    )?;
    eprintln!(
        "healed:    nothing missing after {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    // What has just arrived is recorded a moment later.
    let settled = |from, to, name: &str, shared: &[Shared<'_>]| {
        let mut compared = compare(from, to, name, shared)?;
        while compared.differing() > 0 && begun.elapsed() < patience {
            compared = compare(from, to, name, shared)?;
        }
        anyhow::Ok(compared)
    };
    let there = settled(tower, brigade, TOWER, &TO_BRIGADE)?;
    let back = settled(brigade, tower, name, &[(&["space", "portal"], &[&SEEN])])?;
    let differing = there.differing() + back.differing();
    eprintln!(
        "compared:  {} claims of the tower and {} of the brigade on both sides, {} older \
         measurements left out by design, differing: {differing}",
        there.same, back.same, there.superseded
    );
    for (whose, compared) in [(TOWER, &there), (name, &back)] {
        if compared.differing() > 0 {
            eprintln!("differing: {whose}: {}", compared.tally());
            for example in compared.examples() {
                eprintln!("           {example}");
            }
        }
    }
    ensure!(differing == 0, "the two sides differ");
    ensure!(
        there.same > 0 && back.same > 0,
        "there was nothing to compare"
    );
    Ok(())
}

/// A person says something about a room now.
fn witness(node: &Node, who: &str, room: &str, attribute: &str, value: &str) -> Result<Told> {
    let source = format!("urn:twin:source:{who}");
    let observed = rfc3339(now_us());
    node.claim(&format!(
        "{{\"source\":\"{source}\",\"entity\":\"{room}\",\"attribute\":\"{attribute}\",\
         \"value\":{value},\"observed\":\"{observed}\"}}\n"
    ))?;
    Ok(Told {
        entity: room.to_owned(),
        attribute: attribute.to_owned(),
        source,
        observed,
        said: String::new(),
    })
}

/// Whether a node was told so by the tower.
fn knows(node: &Node, witnessed: &Told) -> Result<bool> {
    received(node, witnessed, TOWER)
}

fn received(node: &Node, witnessed: &Told, from: &str) -> Result<bool> {
    let Told {
        entity, attribute, ..
    } = witnessed;
    let told = told(node, &mut node.connect()?, entity, attribute, Some(from))?;
    Ok(told
        .iter()
        .any(|told| told.source == witnessed.source && told.observed == witnessed.observed))
}

/// Waits until evidence is newer than it was; returns of what, and after how long.
fn changed(
    node: &Node,
    storeys: &[String],
    before: &BTreeMap<String, String>,
    is_received: bool,
    patience: Duration,
) -> Result<(Vec<String>, f64)> {
    let begun = Instant::now();
    let changed = until(patience, "an estimate changes", || {
        let now = evidence(node, storeys, is_received)?;
        let changed = now
            .iter()
            .filter(|(path, time)| before.get(*path) != Some(time));
        let changed: Vec<String> = changed.map(|(path, _)| path.clone()).collect();
        Ok((!changed.is_empty()).then_some(changed))
    })?;
    Ok((changed, begun.elapsed().as_secs_f64()))
}

/// The estimate of a question that names its times.
fn as_of(node: &Node, question: &str) -> Result<Value> {
    let estimate = node.get(question)?["estimate"].take();
    ensure!(
        estimate.is_object(),
        "{question} was answered without an estimate"
    );
    Ok(estimate)
}

/// The storeys of a building, which must have some.
fn storeys(node: &Node, building: &str) -> Result<Vec<String>> {
    let found = node.get(&format!("/v1/buildings/{}", escaped(building)))?;
    let storeys = found["storeys"].as_array().into_iter().flatten();
    let storeys: Vec<String> = storeys
        .filter_map(|storey| Some(storey["id"].as_str()?.to_owned()))
        .collect();
    ensure!(!storeys.is_empty(), "the building has no storeys");
    Ok(storeys)
}

fn plan(node: &Node, storey: &str) -> Result<Value> {
    node.get(&format!("/v1/storeys/{}/plan", escaped(storey)))
}

/// The spaces of all storeys, in order of their names.
fn spaces(node: &Node, storeys: &[String]) -> Result<BTreeSet<String>> {
    let mut all = BTreeSet::new();
    for storey in storeys {
        let plan = plan(node, storey)?;
        let spaces = plan["spaces"].as_array().into_iter().flatten();
        all.extend(spaces.filter_map(|space| Some(space["id"].as_str()?.to_owned())));
    }
    Ok(all)
}

/// When the newest evidence of each number about a space was seen, by the path of the
/// attribute; if it was received, only where the estimate says that it is the tower's.
fn evidence(
    node: &Node,
    storeys: &[String],
    is_received: bool,
) -> Result<BTreeMap<String, String>> {
    let mut times = BTreeMap::new();
    for storey in storeys {
        let plan = plan(node, storey)?;
        for space in plan["spaces"].as_array().into_iter().flatten() {
            let id = space["id"].as_str().unwrap_or_default();
            for (name, estimate) in space["attributes"].as_object().into_iter().flatten() {
                let from = estimate["from"].as_array().into_iter().flatten();
                let is_the_towers = from.into_iter().any(|from| from == TOWER);
                let time = estimate["evidenceTime"].as_str();
                if let Some(time) = time.filter(|_| !is_received || is_the_towers) {
                    let path = format!("/v1/entities/{}/attributes/{name}", escaped(id));
                    times.insert(path, time.to_owned());
                }
            }
        }
    }
    Ok(times)
}
