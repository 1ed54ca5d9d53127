//! Random histories of three or four organisations in real processes.
//!
//! Each organisation makes claims without pause while, chosen by a seed, wires are cut and
//! healed, processes killed and started, stopped and continued, and a disk is full. Then
//! everything is mended. Every claim that was acknowledged must be where it was made, and
//! what is there must be at every peer: nothing missing, nothing twice, nothing invented.

use super::tmpfs::Tmpfs;
use crate::federation::comparison::{Comparison, Told, told};
use crate::federation::{self, Organisation, until};
use crate::http::{Answer, Connection, request};
use crate::node;
use crate::report::{Row, hash_text};
use crate::rng::{Rng, now_us, rfc3339};
use crate::shell;
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const NAMES: [&str; 4] = ["tower", "brigade", "hospital", "water"];
const ATTRIBUTES: [&str; 5] = ["smoke", "occupancy", "open", "temperature", "remark"];
/// Twins of each organisation that a history is about.
const TWINS: u64 = 6;
const REQUEST_CLAIMS_MAX: u64 = 12;
/// A federation is used for so many histories, then a new one is founded.
const HISTORIES_TOGETHER: u32 = 10;
/// What happens in one history, and how long one thing lasts at most.
const EVENTS: u64 = 12;
const EVENT_MAX_US: u64 = 400_000;
/// Between two requests of one organisation.
const PACE: Duration = Duration::from_millis(15);
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// How long what is missing may take once everything is mended.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// Size of the disk that is filled.
const DISK_MEBIBYTES: u64 = 192;

/// What happened over all histories.
#[derive(Debug, Default)]
struct Tally {
    histories: u64,
    acknowledged: usize,
    lost: usize,
    found: Comparison,
    kills: u32,
    stops: u32,
    cuts: u32,
    full: u32,
    /// Histories after which something was still on its way when patience ended.
    late: Vec<String>,
    settled_s: Vec<f64>,
}

/// Goes through so many histories.
pub(in crate::score) fn measure(histories: u32, seed: u64) -> Result<Vec<Row>> {
    let binary = node::build(true)?;
    let folder = shell::scratch("histories")?;
    let mut rng = Rng::new(seed);
    let mut tally = Tally::default();
    let mut has_disk = true;
    let mut number = 0;
    while number < histories {
        let home = folder.join(number.to_string());
        let disk = Tmpfs::mount(&home.join("disk"), DISK_MEBIBYTES);
        has_disk &= disk.is_ok();
        let disk = disk.ok();
        let count = 3 + rng.below(2) as usize;
        let place = |name: &&str| home.join(name);
        let mut places: Vec<PathBuf> = NAMES[..count].iter().map(place).collect();
        if let Some(disk) = &disk {
            places[1] = disk.root.join(NAMES[1]);
        }
        let mut all = super::star(&binary, &NAMES[..count], &places)?;
        super::share_both_ways(&all, &ATTRIBUTES)?;
        for _ in 0..HISTORIES_TOGETHER.min(histories - number) {
            one(&mut all, disk.as_ref(), number, &mut rng, &mut tally)
                .with_context(|| format!("history {number} of seed {seed}"))?;
            eprintln!(
                "history {number}: {} claims at peers, {} differing so far",
                tally.found.same,
                tally.found.differing()
            );
            number += 1;
        }
    }
    Ok(vec![tally.row(histories, seed, has_disk)])
}

impl Tally {
    fn row(self, histories: u32, seed: u64, has_disk: bool) -> Row {
        let differing = self.found.differing() + self.lost;
        let value = format!(
            "{} of {} released claims there, {} missing, {} twice or invented; {} acknowledged \
             claims lost where they were made",
            self.found.same,
            self.found.same + self.found.missing.len(),
            self.found.missing.len(),
            self.found.surplus.len(),
            self.lost,
        );
        let full = if has_disk {
            format!("{} full disks", self.full)
        } else {
            "full disks not measured: no file system can be mounted".to_owned()
        };
        Row::new(
            "released claims at every peer after healing, real processes",
            "100 %, none twice, none invented",
        )
        .found(
            self.histories,
            value,
            differing == 0 && self.late.is_empty() && self.found.same > 0,
        )
        .beside("the reference's Zenoh over a 25 s cut: 56 %")
        .on(hash_text(&format!("{histories} histories, seed {seed}")))
        .details([
            format!(
                "{} claims acknowledged by 3 or 4 nodes; {} kill -9, {} SIGSTOP, {} cuts, {full}",
                self.acknowledged, self.kills, self.stops, self.cuts
            ),
            format!(
                "{} measurements left out because a newer one of the same source arrived; \
                 everything was there {:.1} s after mending, median, {:.1} s at most",
                self.found.superseded,
                crate::report::median(&self.settled_s),
                crate::report::quantile(&self.settled_s, 1.0),
            ),
        ])
        .details(self.late.clone())
        .details(self.found.examples())
    }
}

/// Where an organisation's node answers now; nowhere while it is down.
#[derive(Debug, Default)]
struct Desk(Mutex<Option<(SocketAddr, String)>>);

impl Desk {
    fn open(&self, organisation: &Organisation) {
        let node = organisation.node().ok();
        let place = node.map(|node| (node.address, node.bearer.clone()));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }

    fn get(&self) -> Option<(SocketAddr, String)> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// One history: trouble while claims are made, then peace, then the comparison.
fn one(
    all: &mut [Organisation],
    disk: Option<&Tmpfs>,
    number: u32,
    rng: &mut Rng,
    tally: &mut Tally,
) -> Result<()> {
    let desks: Vec<Desk> = all.iter().map(|_| Desk::default()).collect();
    for (desk, organisation) in desks.iter().zip(all.iter()) {
        desk.open(organisation);
    }
    let names: Vec<String> = all.iter().map(|one| one.name.clone()).collect();
    let is_over = AtomicBool::new(false);
    let acknowledged = std::thread::scope(|scope| -> Result<Vec<Vec<Sent>>> {
        let speakers: Vec<_> = desks
            .iter()
            .zip(&names)
            .map(|(desk, name)| {
                let (rng, is_over) = (Rng::new(rng.next()), &is_over);
                scope.spawn(move || speak(desk, name, number, rng, is_over))
            })
            .collect();
        let outcome = trouble(all, &desks, disk, rng, tally);
        // The speakers end in any case, or the scope would wait for ever.
        is_over.store(true, Ordering::SeqCst);
        let said = speakers
            .into_iter()
            .map(|speaker| speaker.join().expect("a speaker does not panic"))
            .collect();
        outcome.map(|()| said)
    })?;
    tally.histories += 1;
    settle(all, &acknowledged, number, tally)
}

/// What was sent and acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sent {
    entity: String,
    attribute: &'static str,
    observed: String,
}

/// Makes claims until it is over, wherever the node answers.
fn speak(desk: &Desk, name: &str, number: u32, mut rng: Rng, is_over: &AtomicBool) -> Vec<Sent> {
    let mut acknowledged = Vec::new();
    let mut observed_us = now_us();
    let mut connection: Option<(SocketAddr, Connection)> = None;
    while !is_over.load(Ordering::SeqCst) {
        std::thread::sleep(PACE);
        let Some((address, bearer)) = desk.get() else {
            continue;
        };
        if connection.as_ref().is_none_or(|(at, _)| *at != address) {
            let opened = Connection::open(address, ANSWER_MAX);
            connection = opened.ok().map(|opened| (address, opened));
        }
        let Some((_, open)) = &mut connection else {
            continue;
        };
        let (sent, body) = claims(name, number, &mut rng, &mut observed_us);
        let headers = [bearer.as_str(), "content-type: application/x-ndjson"];
        let mut answer = Answer::default();
        let asked = open.send(&request("POST", "/v1/claims", &headers, body.as_bytes()));
        if asked.and_then(|()| open.receive(&mut answer)).is_err() {
            connection = None;
            continue;
        }
        // On a full disk it is refused, whole or line by line; then nothing was promised.
        let answer = answer.json().unwrap_or_default();
        if answer["accepted"].as_u64() == Some(sent.len() as u64) {
            acknowledged.extend(sent);
        }
    }
    acknowledged
}

fn entity(name: &str, number: u32, twin: u64) -> String {
    format!("urn:twin:{name}:history{number}:space:{twin}")
}

fn claims(name: &str, number: u32, rng: &mut Rng, observed_us: &mut u64) -> (Vec<Sent>, String) {
    let (mut sent, mut body) = (Vec::new(), String::new());
    for _ in 0..=rng.below(REQUEST_CLAIMS_MAX) {
        // Unique, so that a claim is known again by it; never ahead of the clock.
        *observed_us += 1;
        let entity = entity(name, number, rng.below(TWINS));
        let attribute = ATTRIBUTES[rng.below(ATTRIBUTES.len() as u64) as usize];
        let value = match attribute {
            "temperature" => format!("{},\"unit\":\"Cel\"", 15.0 + rng.below(100) as f64 / 10.0),
            "occupancy" => rng.below(20).to_string(),
            "remark" => format!("\"seen {}\"", rng.next()),
            _ => (rng.below(2) == 0).to_string(),
        };
        let observed = rfc3339(*observed_us);
        let source = format!("urn:twin:source:{name}:{}", rng.below(3));
        let _ = writeln!(
            body,
            "{{\"source\":\"{source}\",\"entity\":\"{entity}\",\"attribute\":\"{attribute}\",\
             \"value\":{value},\"observed\":\"{observed}\"}}"
        );
        sent.push(Sent {
            entity,
            attribute,
            observed,
        });
    }
    (sent, body)
}

/// Troubles everybody by the seed, then mends everything.
fn trouble(
    all: &mut [Organisation],
    desks: &[Desk],
    disk: Option<&Tmpfs>,
    rng: &mut Rng,
    tally: &mut Tally,
) -> Result<()> {
    let mut stopped: BTreeSet<usize> = BTreeSet::new();
    let mut is_full = false;
    for _ in 0..EVENTS {
        let who = rng.below(all.len() as u64) as usize;
        let wire = all[0].wire.as_ref().context("no wire")?;
        match rng.below(8) {
            0 | 1 => {
                wire.cut();
                tally.cuts += 1;
            }
            2 => wire.heal(),
            3 | 4 if stopped.is_empty() => {
                all[who].kill()?;
                desks[who].open(&all[who]);
                tally.kills += 1;
            }
            5 if stopped.is_empty() && all[who].node().is_ok() => {
                all[who].node()?.signal("STOP")?;
                stopped.insert(who);
                tally.stops += 1;
            }
            6 => {
                for who in std::mem::take(&mut stopped) {
                    all[who].node()?.signal("CONT")?;
                }
                for (who, one) in all.iter_mut().enumerate() {
                    // On a full disk a node may refuse to start, as it should.
                    if who != 1 || !is_full {
                        one.start()?;
                    }
                    desks[who].open(one);
                }
            }
            7 => {
                if let Some(disk) = disk.filter(|_| !is_full) {
                    disk.fill()?;
                    is_full = true;
                    tally.full += 1;
                }
            }
            _ => {}
        }
        std::thread::sleep(Duration::from_micros(rng.below(EVENT_MAX_US)));
    }
    for who in stopped {
        all[who].node()?.signal("CONT")?;
    }
    if is_full {
        disk.context("no disk")?.free()?;
        // What a full disk made read-only is opened again, as an operator would.
        all[1].kill()?;
        desks[1].open(&all[1]);
    }
    all[0].wire.as_ref().context("no wire")?.heal();
    for (one, desk) in all.iter_mut().zip(desks) {
        one.start()?;
        desk.open(one);
    }
    Ok(())
}

/// Waits until both sides of each pair have the same, and counts what they have.
fn settle(
    all: &[Organisation],
    acknowledged: &[Vec<Sent>],
    number: u32,
    tally: &mut Tally,
) -> Result<()> {
    let begun = std::time::Instant::now();
    let (first, others) = all.split_first().context("nobody")?;
    let mut settled = Ok(());
    for other in others {
        let is_even = || {
            let ours = federation::is_even(first.node()?, &other.name)?;
            Ok((ours && federation::is_even(other.node()?, &first.name)?).then_some(()))
        };
        settled = settled.and(until(PATIENCE, "nothing is missing", is_even));
    }
    if let Err(error) = settled {
        tally.late.push(format!("history {number}: {error:#}"));
    }
    let mut made = Vec::new();
    for (writer, sent) in all.iter().zip(acknowledged) {
        let said = claims_of(writer, &writer.name, number, None)?;
        tally.acknowledged += sent.len();
        tally.lost += lost(sent, &said);
        made.push(said);
    }
    // What has just arrived is recorded a moment later.
    let mut found = compare(all, &made, number)?;
    while found.differing() > 0 && begun.elapsed() < PATIENCE {
        std::thread::sleep(LOOK_AGAIN);
        found = compare(all, &made, number)?;
    }
    tally.settled_s.push(begun.elapsed().as_secs_f64());
    tally.found.add(found);
    Ok(())
}

/// How many claims that were acknowledged are not where they were made.
fn lost(sent: &[Sent], made: &[Vec<Told>]) -> usize {
    let there: BTreeSet<(&str, &str, &str)> = made
        .iter()
        .flatten()
        .map(|told| (&*told.entity, &*told.attribute, &*told.observed))
        .collect();
    let is_there = |s: &&Sent| there.contains(&(&*s.entity, s.attribute, &*s.observed));
    sent.iter().filter(|sent| !is_there(sent)).count()
}

/// Holds what each has made against what each of its peers has received of it.
fn compare(all: &[Organisation], made: &[Vec<Vec<Told>>], number: u32) -> Result<Comparison> {
    let mut found = Comparison::default();
    let first = &all.first().context("nobody")?.name;
    for (writer, made) in all.iter().zip(made) {
        let peers = all.iter().filter(|reader| {
            reader.name != writer.name && (reader.name == *first || writer.name == *first)
        });
        for reader in peers {
            let received = claims_of(reader, &writer.name, number, Some(&writer.name))?;
            for (made, received) in made.iter().zip(received) {
                found.take(made.clone(), received);
            }
        }
    }
    Ok(found)
}

/// The claims that a node holds about the twins of a writer, attribute by attribute.
fn claims_of(
    at: &Organisation,
    writer: &str,
    number: u32,
    from: Option<&str>,
) -> Result<Vec<Vec<Told>>> {
    let node = at.node()?;
    let mut connection = node.connect()?;
    let mut all = Vec::new();
    for twin in 0..TWINS {
        for attribute in ATTRIBUTES {
            let entity = entity(writer, number, twin);
            all.push(told(node, &mut connection, &entity, attribute, from)?);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_says_the_same_but_for_the_time() {
        let (mut a, mut b) = (1_000, 1_000);
        let first = claims("tower", 3, &mut Rng::new(5), &mut a);
        assert_eq!(first, claims("tower", 3, &mut Rng::new(5), &mut b));
        assert!(a > 1_000 && first.1.lines().count() == first.0.len());
    }

    #[test]
    fn a_missing_claim_misses_the_target() {
        let told = Told {
            entity: "e".into(),
            attribute: "smoke".into(),
            source: "s".into(),
            observed: "1".into(),
            said: "true".into(),
        };
        let mut tally = Tally {
            histories: 1,
            ..Tally::default()
        };
        tally.found.take(vec![told.clone()], vec![told.clone()]);
        tally.found.take(vec![told], Vec::new());
        let row = tally.row(1, 1, false);
        assert_eq!(row.verdict, crate::report::Verdict::Missed, "{row:?}");
    }
}
