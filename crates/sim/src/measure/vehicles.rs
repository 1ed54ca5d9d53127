//! What vehicles carry, on the streets of a real place, beside what was possible at all.

use super::alarms::Make;
use crate::cast::Cast;
use crate::dice::Dice;
use crate::fleet::{Contact, Fleet};
use crate::node::Node;
use crate::oracle::{Errand, Rule, arrival};
use crate::row::Row;
use crate::streets::Streets;
use crate::wire::{Path as Lane, Wire};
use crate::world::{Act, Conditions, NOON, World};
use anyhow::Result;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use twin_link::Class;

const FLEET: Fleet = Fleet {
    stations: 12,
    vehicles: 30,
    reach_m: 150.0,
    seconds: 4.0 * 3600.0,
};
/// As the ONE simulator's default interface: 250 kB/s.
const BYTES_PER_S: f64 = 250_000.0;
/// How long a message has to arrive.
const USEFUL_S: f64 = 2.0 * 3600.0;
/// Classes of which every entry counts.
const CLASSES: [Class; 3] = [Class::LifeSafety, Class::Operational, Class::Bulk];

/// What was delivered, of what could have been.
#[derive(Debug, Default, Clone, Copy)]
struct Share {
    possible: usize,
    done: usize,
}

impl Share {
    fn ratio(self) -> f64 {
        self.done as f64 / self.possible as f64
    }
}

/// Vehicles on the streets of Liechtenstein: as announced, and with half of the announced
/// contacts not happening.
pub fn vehicles<N: Node>(make: Make<N>, data: &Path) -> Vec<Row> {
    match on_streets(make, data) {
        Ok(rows) => rows,
        Err(error) => {
            vec![Row::new("delivery by vehicles on real streets").lacking(format!("{error:#}"))]
        }
    }
}

fn on_streets<N: Node>(make: Make<N>, data: &Path) -> Result<Vec<Row>> {
    let file = data.join("space/osm/liechtenstein-latest.osm.pbf");
    let streets = Streets::read(&file)?;
    let contacts = FLEET.contacts(&streets, 1);
    let mut dice = Dice::new(77);
    let half: Vec<Contact> = contacts
        .iter()
        .copied()
        .filter(|_| dice.chance(0.5))
        .collect();
    let mut rows = Vec::new();
    for (name, happened) in [("", &contacts), (", half of the contacts fall out", &half)] {
        rows.extend(drive(make, name, happened, &contacts, &streets));
    }
    Ok(rows)
}

fn cast() -> Cast {
    let next = |at: usize, by: usize| (at + by) % FLEET.stations;
    let pairs = (0..FLEET.stations).flat_map(|at| [(at, next(at, 1)), (at, next(at, 5))]);
    Cast::closed(FLEET.stations + FLEET.vehicles, pairs)
}

fn drive<N: Node>(
    make: Make<N>,
    name: &str,
    happened: &[Contact],
    announced: &[Contact],
    streets: &Streets,
) -> Vec<Row> {
    let conditions = Conditions {
        sync_s: 0.01,
        ..Conditions::default()
    };
    let mut world = World::new(cast(), &[], conditions, 5, make);
    let wire = Wire::even(Lane::clean(BYTES_PER_S, 0.01), 1400, false);
    for contact in happened {
        world.plan(contact.from_s, Act::Meet(contact.a, contact.b, wire));
        world.plan(contact.to_s, Act::Part(contact.a, contact.b));
    }
    for station in 0..FLEET.stations {
        let mut at = 60.0;
        while at < FLEET.seconds - 600.0 {
            for (class, count) in CLASSES.into_iter().zip([1, 20, 200]) {
                let when = at + world.dice.between(0.0, 300.0);
                world.plan(when, Act::Write(station, class, count, None));
            }
            at += 300.0;
        }
    }
    world.run_for(FLEET.seconds);
    // One errand for each batch and reader: entries of a batch travel together.
    let mut errands = Vec::new();
    let mut batches = BTreeSet::new();
    for (key, written, delivered) in world.ledger.all() {
        if !batches.insert((key.origin, key.class, written)) {
            continue;
        }
        for to in world.cast().readers(key.origin) {
            let errand = Errand {
                from: key.origin,
                to,
                at_s: written.seconds_since(NOON),
            };
            let took = delivered.get(&to).map(|at| at.seconds_since(written));
            errands.push((key.class, errand, took));
        }
    }
    let share = |class: Option<Class>, contacts: &[Contact]| {
        let of_class = errands
            .par_iter()
            .filter(|(c, ..)| class.is_none_or(|class| class == *c));
        let (possible, done) = of_class
            .map(|(_, errand, took)| {
                let possible = is_in_time(arrival(contacts, *errand, Rule::Everybody), *errand);
                let done = took.is_some_and(|took| took <= USEFUL_S);
                (usize::from(possible), usize::from(possible && done))
            })
            .reduce(|| (0, 0), |x, y| (x.0 + y.0, x.1 + y.1));
        Share { possible, done }
    };
    let by_rule = |rule: Rule| {
        let arrived = errands.par_iter();
        let arrived = arrived.filter(|(_, e, _)| is_in_time(arrival(happened, *e, rule), *e));
        arrived.count()
    };
    let (all, alarms) = (
        share(None, happened),
        share(Some(Class::LifeSafety), happened),
    );
    let planned = share(None, announced);
    let inputs = format!("{happened:?}");
    let beside = format!(
        "of {} errands within 2 h: oracle {}, spray and wait with 6 copies {}, direct {}",
        errands.len(),
        all.possible,
        by_rule(Rule::Spray(6)),
        by_rule(Rule::Direct)
    );
    let conditions = format!(
        "{} contacts of {} stations and {} vehicles in 4 h on {} crossings; {} bytes sent; of \
         what the announced contacts allowed {:.3}",
        happened.len(),
        FLEET.stations,
        FLEET.vehicles,
        streets.places.len(),
        world.bytes_sent,
        planned.ratio()
    );
    let row = |what: &str, share: Share, target: f64| {
        Row::new(format!(
            "{what} carried by vehicles, of what was possible{name}"
        ))
        .found(share.possible, format!("{:.4}", share.ratio()))
        .held_to(format!("≥ {target}"), share.ratio() >= target)
        .beside(beside.clone())
        .on(&inputs)
        .detail(conditions.clone())
    };
    vec![row("entries", all, 0.95), row("alarms", alarms, 0.99)]
}

fn is_in_time(arrival_s: Option<f64>, errand: Errand) -> bool {
    arrival_s.is_some_and(|at| at - errand.at_s <= USEFUL_S)
}
