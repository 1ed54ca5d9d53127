//! What lies open on the disk of a node that only carries.

use super::alarms::Make;
use crate::cast::{Cast, room_name, sensor_name};
use crate::node::Node;
use crate::row::Row;
use crate::search::Search;
use crate::wire::Wire;
use crate::world::{Act, Conditions, World};
use twin_link::Class;

/// Two nodes talk through a third that may read neither.
pub fn relay<N: Node>(make: Make<N>, batches: u32) -> Vec<Row> {
    let cast = Cast::closed(3, [(0, 2), (2, 0)]);
    let conditions = Conditions {
        keeps_trace: true,
        ..Conditions::default()
    };
    let mut world = World::new(cast, &[], conditions, 3, make);
    world.wire(0, 1, Wire::megabit());
    world.wire(1, 2, Wire::megabit());
    for i in 0..batches {
        for class in Class::ALL {
            let at = 1.0 + f64::from(i);
            world.plan(at, Act::Write(i as usize % 2 * 2, class, 5, None));
        }
    }
    world.run_for(f64::from(batches) + 60.0);
    let arrived = world.ledger.deliveries();
    let due = world.ledger.close();
    let mut search = Search::default();
    for (key, value) in world.ledger.values() {
        search.text(&room_name(key.origin, key.room));
        search.text(&sensor_name(key.origin, key.room));
        search.number(value);
    }
    for origin in [0, 2] {
        search.text(&format!("urn:tower-{origin}:"));
    }
    for attribute in ["smoke:", "occupancy", "temperature", "designLoad"] {
        search.text(attribute);
    }
    let disk = world.node(1).disk_bytes();
    let found = search.found(&disk);
    let at_reader = search.found(&world.node(2).disk_bytes());
    let row = Row::new("values, names and ids found on the disk of a node that only carries")
        .found(
            search.patterns(),
            format!("{} of {} patterns", found.len(), search.patterns()),
        )
        .held_to("0", found.is_empty() && due > 0 && !at_reader.is_empty())
        .on(format!("relay {batches}"))
        .detail(format!(
            "{} bytes searched; {arrived} entries went through to their readers, of {due} that \
             count at the end; on a reader's disk the same search finds {} patterns",
            disk.len(),
            at_reader.len()
        ));
    let examples = found
        .iter()
        .take(5)
        .map(|p| String::from_utf8_lossy(p).into_owned());
    vec![examples.fold(row, Row::detail)]
}
