//! Districts: what the files hold is what the truth says they hold.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use twin_scenario::district::{District, Options, Position};

fn small() -> Options {
    Options {
        tower_storeys: 8,
        buildings: 60,
        street_edges: 200,
        ..Options::default()
    }
}

fn hard(seed: u64) -> Options {
    Options {
        seed,
        drop_doors: 0.1,
        drop_spaces: 0.5,
        falsify: 0.05,
        names: false,
        ids: false,
        decoys: true,
        ..small()
    }
}

fn generate(options: &Options) -> District {
    District::generate(options).unwrap()
}

fn records(ifc: &str, kind: &str) -> usize {
    ifc.matches(&format!("={kind}(")).count()
}

/// Elements of a kind in the map: identifier, and the lines within.
fn elements<'m>(osm: &'m str, kind: &str) -> BTreeMap<&'m str, &'m str> {
    let open = format!(" <{kind} id=\"");
    let bodies = osm.split(open.as_str()).skip(1);
    let parts = bodies.map(|body| {
        let (id, rest) = body.split_once('"').unwrap();
        let end = format!("</{kind}>");
        let alone = rest.lines().next().unwrap().ends_with("/>");
        let within = if alone {
            ""
        } else {
            rest.split(end.as_str()).next().unwrap()
        };
        (id, within)
    });
    parts.collect()
}

#[test]
fn the_same_options_give_the_same_bytes_and_other_seeds_another_district() {
    let files = |seed| generate(&hard(seed)).files().unwrap();
    assert_eq!(files(3), files(3));
    for ((name, one), (_, other)) in files(3).into_iter().zip(files(4)) {
        assert_ne!(one, other, "{name}");
    }
}

#[test]
fn the_tower_file_holds_what_the_truth_says() {
    for options in [small(), hard(5)] {
        let district = generate(&options);
        let (ifc, tower) = (&district.ifc, &district.truth.tower);
        let in_file = tower.spaces.iter().filter(|space| space.in_file).count();
        assert_eq!(records(ifc, "IFCSPACE"), in_file);
        let in_file = tower.doors.iter().filter(|door| door.in_file).count();
        assert_eq!(records(ifc, "IFCDOOR"), in_file);
        assert_eq!(records(ifc, "IFCBUILDINGSTOREY"), 10);
        assert_eq!(records(ifc, "IFCTRANSPORTELEMENT"), 6);
        assert_eq!(records(ifc, "IFCSTAIR"), tower.stairs.len());
        assert_eq!(records(ifc, "IFCMAPCONVERSION"), 1);
        let exits: Vec<&String> = district.truth.exits.iter().map(|exit| &exit.door).collect();
        assert_eq!(exits, tower.exits.iter().collect::<Vec<_>>());
        assert_eq!(district.truth.rooms.len(), tower.spaces.len());
    }
}

#[test]
fn a_template_knows_no_place_on_earth() {
    let options = Options {
        position: Position::Template,
        ..small()
    };
    let district = generate(&options);
    assert_eq!(records(&district.ifc, "IFCMAPCONVERSION"), 0);
    assert!(district.ifc.contains(",(42,21,30,"));
}

#[test]
fn the_city_model_is_sound_and_holds_what_the_truth_says() {
    let district = generate(&hard(2));
    let city: Value = serde_json::from_str(&district.cityjson).unwrap();
    let objects = city["CityObjects"].as_object().unwrap();
    let vertices = city["vertices"].as_array().unwrap();
    let distinct: BTreeSet<String> = vertices.iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), vertices.len());
    let mut used = BTreeSet::new();
    for (id, object) in objects {
        for child in object["children"].as_array().into_iter().flatten() {
            assert_eq!(objects[child.as_str().unwrap()]["parents"][0], id.as_str());
        }
        for geometry in object["geometry"].as_array().unwrap() {
            collect(&geometry["boundaries"], &mut used);
        }
    }
    assert_eq!(used, (0..vertices.len() as u64).collect());
    let kind = |kind| {
        objects
            .values()
            .filter(|object| object["type"] == kind)
            .count()
    };
    assert_eq!(kind("Building"), district.counts.city_buildings);
    for needed in ["Road", "Bridge", "WaterBody", "LandUse", "BuildingPart"] {
        assert!(kind(needed) > 0, "no {needed}");
    }
    assert_eq!(kind("WaterBody"), 1);
}

fn collect(boundaries: &Value, used: &mut BTreeSet<u64>) {
    match boundaries {
        Value::Array(parts) => parts.iter().for_each(|part| collect(part, used)),
        index => drop(used.insert(index.as_u64().unwrap())),
    }
}

#[test]
fn the_map_is_sound_and_its_streets_meet() {
    let district = generate(&small());
    let (nodes, ways) = (
        elements(&district.osm, "node"),
        elements(&district.osm, "way"),
    );
    assert_eq!(
        (nodes.len(), ways.len()),
        (district.counts.nodes, district.counts.ways)
    );
    let references = |way: &str| -> Vec<String> {
        let parts = way.split("<nd ref=\"").skip(1);
        parts
            .map(|part| part.split('"').next().unwrap().to_owned())
            .collect()
    };
    let mut joined: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (id, way) in &ways {
        let nodes_of = references(way);
        assert!(
            nodes_of.len() > 1
                && nodes_of
                    .iter()
                    .all(|node| nodes.contains_key(node.as_str()))
        );
        let area = way.contains("k=\"building") || way.contains("k=\"leisure\"");
        assert!(!area || nodes_of.first() == nodes_of.last(), "{id} is open");
        if way.contains("k=\"highway\"") {
            for pair in nodes_of.windows(2) {
                joined
                    .entry(pair[0].clone())
                    .or_default()
                    .insert(pair[1].clone());
                joined
                    .entry(pair[1].clone())
                    .or_default()
                    .insert(pair[0].clone());
            }
        }
    }
    // From the tower's main entrance one gets to nearly every street.
    let main = district
        .truth
        .exits
        .iter()
        .find(|exit| exit.kind == "main")
        .unwrap();
    let door = main
        .entrance
        .as_ref()
        .unwrap()
        .strip_prefix("node/")
        .unwrap();
    let mut reached = BTreeSet::from([door.to_owned()]);
    let mut open = vec![door.to_owned()];
    while let Some(node) = open.pop() {
        for next in joined.get(&node).into_iter().flatten() {
            if reached.insert(next.clone()) {
                open.push(next.clone());
            }
        }
    }
    assert!(
        reached.len() * 100 > joined.len() * 95,
        "{} of {}",
        reached.len(),
        joined.len()
    );
    for exit in &district.truth.exits {
        let way = ways[exit.street_way.strip_prefix("way/").unwrap()];
        let on_way = references(way);
        assert!(
            exit.street_nodes
                .iter()
                .all(|node| on_way.iter().any(|on| node[5..] == **on))
        );
        assert!(way.contains(&format!("v=\"{}\"", exit.street)));
    }
    let streets: BTreeSet<&str> = district
        .truth
        .exits
        .iter()
        .map(|e| e.street.as_str())
        .collect();
    assert!(streets.len() >= 3, "{streets:?}");
}

#[test]
fn every_identity_names_things_that_are_there() {
    for options in [small(), hard(7)] {
        let district = generate(&options);
        let city: Value = serde_json::from_str(&district.cityjson).unwrap();
        let (nodes, ways) = (
            elements(&district.osm, "node"),
            elements(&district.osm, "way"),
        );
        let there = |id: &str| {
            let (scheme, id) = id.split_once(':').unwrap();
            match (scheme, id.split_once('/')) {
                ("ifc", _) => district.ifc.contains(&format!("('{id}',")),
                ("cityjson", _) => city["CityObjects"].get(id).is_some(),
                ("osm", Some(("way", id))) => ways.contains_key(id),
                ("osm", Some(("node", id))) => nodes.contains_key(id),
                _ => false,
            }
        };
        let identity = &district.truth.identity;
        for pair in &identity.pairs {
            let dropped = pair.kind == "entrance" && options.drop_doors > 0.0;
            assert!(dropped || there(&pair.a), "{pair:?}");
            assert!(there(&pair.b), "{pair:?}");
        }
        for decoy in &identity.decoys {
            assert!(there(&decoy.a) && there(&decoy.b), "{decoy:?}");
            let both =
                |pair: &&twin_scenario::district::Pair| pair.a == decoy.a && pair.b == decoy.b;
            assert_eq!(identity.pairs.iter().find(both), None);
        }
        let same = identity
            .pairs
            .iter()
            .filter(|p| p.relation == "same" && p.kind == "building");
        let same: Vec<_> = same.collect();
        let (a, b) = same
            .iter()
            .map(|p| (&p.a, &p.b))
            .unzip::<_, _, BTreeSet<_>, Vec<_>>();
        // Apart from the tower, which is in three files, nobody is two.
        assert!(a.len() + 1 >= same.len() && b.len() == same.len());
        for falsified in &district.truth.falsified {
            assert_ne!(falsified.truth, falsified.written);
            let scheme = if falsified.file == "streets.osm" {
                "osm"
            } else {
                "cityjson"
            };
            assert!(
                there(&format!("{scheme}:{}", falsified.entity)),
                "{falsified:?}"
            );
        }
    }
}

#[test]
fn without_names_and_identifiers_nothing_tells() {
    let district = generate(&hard(1));
    for (file, word) in [
        (&district.cityjson, "adres"),
        (&district.cityjson, "NL.IMBAG"),
        (&district.cityjson, "straatnaam"),
        (&district.osm, "addr:"),
        (&district.osm, "ref:bag"),
        (&district.osm, "k=\"name\""),
        (&district.ifc, "IFCPOSTALADDRESS"),
        (&district.ifc, "BuildingID"),
        (&district.ifc, "De Wachter"),
    ] {
        assert!(!file.contains(word), "{word}");
    }
    let named = generate(&small());
    assert!(named.osm.contains("addr:street") && named.cityjson.contains("NL.IMBAG.Pand."));
    assert!(named.ifc.contains("BuildingID") && named.ifc.contains("De Wachter"));
}

#[test]
fn rooms_are_connected_truly_and_as_drawn() {
    let whole = generate(&small()).truth;
    let usage: BTreeMap<&str, &str> = whole
        .tower
        .spaces
        .iter()
        .map(|space| (space.global_id.as_str(), space.usage))
        .collect();
    for room in &whole.rooms {
        let shaft = ["riser", "lift-shaft"].contains(&usage[room.global_id.as_str()]);
        assert!(
            room.connected || shaft,
            "{}",
            usage[room.global_id.as_str()]
        );
        assert_eq!(room.connected_as_drawn, Some(room.connected));
    }
    let torn = generate(&hard(1)).truth;
    let count = |matching: fn(&twin_scenario::district::Room) -> bool| {
        torn.rooms.iter().filter(|room| matching(room)).count()
    };
    assert!(count(|room| room.connected && room.connected_as_drawn == Some(false)) > 20);
    assert!(count(|room| !room.connected) > 20);
}

#[test]
fn what_cannot_be_made_is_refused_with_the_option_named() {
    for (options, expect) in [
        (
            Options {
                buildings: 0,
                ..small()
            },
            "`--buildings` must be from 1 to 20000, not `0`",
        ),
        (
            Options {
                tower_storeys: 5,
                ..small()
            },
            "`--tower-storeys` must be from 6 to 99",
        ),
        (
            Options {
                street_edges: 200_000,
                ..small()
            },
            "`--street-edges`",
        ),
        (
            Options {
                drop_doors: 1.1,
                ..small()
            },
            "`--drop-doors` must be from 0 to 1",
        ),
        (
            Options {
                falsify: f64::NAN,
                ..small()
            },
            "`--falsify` must be from 0 to 1",
        ),
        (
            Options {
                shift_m: -1.0,
                ..small()
            },
            "`--shift-m` must be from 0 to 20",
        ),
        (
            Options {
                minutes: 5,
                ..small()
            },
            "`--minutes` must be from 10 to 1440",
        ),
    ] {
        let error = District::generate(&options).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    }
}

#[test]
fn every_point_speaks_every_ten_minutes_from_the_first_moment_on() {
    let told = |start_us, minutes| {
        let district = generate(&Options {
            start_us,
            minutes,
            ..small()
        });
        district
            .messages
            .lines()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    // Noon of 1 March 2026.
    let (short, long) = (
        told(1_772_366_400_000_000, 10),
        told(1_772_366_400_000_000, 60),
    );
    assert_eq!(long.len(), 6 * short.len());
    assert!(
        short[0].contains("\"time\":\"2026-03-01T12:00:"),
        "{}",
        short[0]
    );
    assert!(
        long.last()
            .unwrap()
            .contains("\"time\":\"2026-03-01T12:59:")
    );
}

#[test]
fn every_point_tells_of_something_that_is_there_and_says_so_only_in_the_truth() {
    let district = generate(&hard(3));
    let truth = &district.truth;
    let spaces = truth
        .tower
        .spaces
        .iter()
        .map(|s| (s.global_id.as_str(), s.in_file));
    let doors = truth
        .tower
        .doors
        .iter()
        .map(|d| (d.global_id.as_str(), d.in_file));
    let storeys = truth
        .tower
        .storeys
        .iter()
        .map(|s| (s.global_id.as_str(), true));
    let lifts = truth
        .tower
        .lifts
        .iter()
        .map(|l| (l.global_id.as_str(), true));
    let places: BTreeMap<&str, bool> = spaces.chain(doors).chain(lifts).chain(storeys).collect();
    let mut names = BTreeSet::new();
    for point in &truth.points {
        assert!(names.insert(&point.point), "{}", point.point);
        match &point.place {
            Some(place) => assert_eq!(places[place.as_str()], point.in_file, "{}", point.point),
            None => assert!(!point.in_file && point.place_kind == "none"),
        }
    }
    let contractors: BTreeSet<&str> = truth.points.iter().map(|p| p.contractor).collect();
    assert_eq!(contractors.len(), 6);
    assert_eq!(district.points.lines().count(), truth.points.len() + 1);
    assert!(!district.points.contains(&truth.tower.spaces[0].global_id));
    for kind in ["measurement", "setpoint", "alarm", "command", "diagnostic"] {
        assert!(
            truth.points.iter().any(|point| point.kind == kind),
            "no {kind}"
        );
    }
}

#[test]
fn every_message_is_of_a_point_and_in_order() {
    let district = generate(&small());
    let topics: BTreeSet<&str> = district
        .truth
        .points
        .iter()
        .map(|p| p.topic.as_str())
        .collect();
    let mut heard = BTreeSet::new();
    let mut last_us = 0;
    for line in district.messages.lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        let topic = topics.get(message["topic"].as_str().unwrap()).unwrap();
        heard.insert(*topic);
        assert!(message["payload"].is_string());
        let time = message["time"].as_str().unwrap();
        let time_us = twin_scenario::time::parse_utc_us(time).unwrap();
        assert!(last_us <= time_us, "{time}");
        last_us = time_us;
    }
    assert_eq!(heard, topics);
}

#[test]
fn a_tower_of_44_storeys_has_about_three_thousand_points() {
    for seed in [1, 2] {
        let options = Options {
            seed,
            ..Options::default()
        };
        let district = generate(&options);
        let count = district.truth.points.len();
        assert!((2_700..3_300).contains(&count), "{count}");
        assert!((2_200..2_900).contains(&district.truth.tower.spaces.len()));
        assert!(district.ifc.len() < 25_000_000);
        let misspelt = district
            .truth
            .points
            .iter()
            .filter(|point| point.misspelt)
            .count();
        assert!((15..80).contains(&misspelt), "{misspelt}");
    }
}
