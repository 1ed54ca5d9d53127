//! Properties of generated buildings over many seeds, and of the files written from them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use twin_scenario::building::{Building, Fill, Options, Point, Tower, area, is_global_id};
use twin_scenario::defects::{self, Defects};
use twin_scenario::ifc::{self, Schema, Unit};
use twin_scenario::truth::Truth;

fn building(seed: u64, storeys: usize, basement: bool) -> Building {
    Building::generate(Options {
        storeys,
        basement,
        seed,
    })
    .unwrap()
}

const PLAIN: ifc::Options = ifc::Options {
    schema: Schema::Ifc4,
    unit: Unit::Millimetre,
    boundaries: false,
};

fn text(building: &Building, defects: &Defects) -> String {
    ifc::write(building, defects, PLAIN)
}

/// The records of a file: number, type, arguments as text.
fn records(text: &str) -> Vec<(u64, String, String)> {
    let data = text
        .split("DATA;\n")
        .nth(1)
        .unwrap()
        .split("ENDSEC;")
        .next()
        .unwrap();
    let parse = |line: &str| {
        let (number, rest) = line.strip_prefix('#').unwrap().split_once('=').unwrap();
        let (kind, args) = rest.strip_suffix(");").unwrap().split_once('(').unwrap();
        (number.parse().unwrap(), kind.to_owned(), args.to_owned())
    };
    data.lines().map(parse).collect()
}

/// Numbers of the records that arguments refer to, leaving out what stands in quotes.
fn references(args: &str) -> Vec<u64> {
    let unquoted: String = args.split('\'').step_by(2).collect();
    let digits = |part: &str| {
        part.split(|c: char| !c.is_ascii_digit())
            .next()
            .unwrap()
            .to_owned()
    };
    unquoted
        .split('#')
        .skip(1)
        .map(|part| digits(part).parse().unwrap())
        .collect()
}

fn count(text: &str, kind: &str) -> usize {
    text.matches(&format!("={kind}(")).count()
}

/// Whether two axis-parallel outlines share some area: cut the plane along all their coordinates
/// and look into each piece.
fn overlap(a: &[Point], b: &[Point]) -> bool {
    let cuts = |value: fn(&Point) -> i64| -> Vec<i64> {
        a.iter()
            .chain(b)
            .map(value)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    };
    let (xs, ys) = (cuts(|p| p.x), cuts(|p| p.y));
    let inside = |outline: &[Point], x: i64, y: i64| {
        // Coordinates are doubled so that the middle of a piece is a whole number.
        let edges = outline.iter().zip(outline.iter().cycle().skip(1));
        edges
            .filter(|(p, q)| p.x == q.x && 2 * p.x > x)
            .filter(|(p, q)| (2 * p.y.min(q.y)..2 * p.y.max(q.y)).contains(&y))
            .count()
            % 2
            == 1
    };
    xs.windows(2).any(|x| {
        ys.windows(2).any(|y| {
            let (x, y) = (x[0] + x[1], y[0] + y[1]);
            inside(a, x, y) && inside(b, x, y)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_building_is_whole(seed: u64, storeys in 1_usize..8, basement: bool) {
        let building = building(seed, storeys, basement);
        let truth = Truth::of(&building, &Defects::default());
        prop_assert_eq!(truth.storeys.len(), storeys + usize::from(basement));
        prop_assert_eq!(truth.cut_off(), Vec::<&str>::new());
        prop_assert!(!truth.exits.is_empty());
        let levels = truth.storeys.len();
        let stairs = if levels > 1 { 2 * (levels - 1) } else { 0 };
        prop_assert_eq!(truth.stairs.len(), stairs);
        prop_assert_eq!(truth.lifts.len(), usize::from(levels > 1));
    }

    #[test]
    fn rooms_do_not_overlap_and_stay_within_their_walls(seed: u64, storeys in 1_usize..5) {
        let building = building(seed, storeys, true);
        for (index, space) in building.spaces.iter().enumerate() {
            prop_assert!(area(&space.footprint) > 2_000_000, "{} is too small", space.number);
            prop_assert!(area(&space.footprint) <= area(&space.gross));
            for other in building.spaces[index + 1..].iter().filter(|s| s.storey == space.storey) {
                let clash = overlap(&space.footprint, &other.footprint);
                prop_assert!(!clash, "{} overlaps {}", space.number, other.number);
            }
        }
    }

    #[test]
    fn holes_lie_within_their_walls_and_apart(seed: u64) {
        let building = building(seed, 3, true);
        let mut by_wall: BTreeMap<usize, Vec<(i64, i64)>> = BTreeMap::new();
        for hole in &building.holes {
            let wall = &building.walls[hole.wall];
            prop_assert!(wall.run.lo < hole.lo && hole.lo + hole.width < wall.run.hi);
            prop_assert!(hole.sill + hole.height < wall.height);
            by_wall.entry(hole.wall).or_default().push((hole.lo, hole.lo + hole.width));
        }
        for holes in by_wall.values_mut() {
            holes.sort_unstable();
            prop_assert!(holes.windows(2).all(|pair| pair[0].1 < pair[1].0), "{:?}", holes);
        }
    }

    #[test]
    fn files_are_sound(
        seed: u64,
        storeys in 1_usize..4,
        schema in prop::sample::select(vec![Schema::Ifc2x3, Schema::Ifc4, Schema::Ifc4x3]),
        unit in prop::sample::select(vec![Unit::Millimetre, Unit::Metre, Unit::Foot]),
        boundaries: bool,
        drop in 0.0..0.9_f64,
    ) {
        let building = building(seed, storeys, false);
        let options = defects::Options { drop_doors: drop, drop_spaces: drop, ..Default::default() };
        let defects = Defects::choose(&building, options).unwrap();
        let text = ifc::write(&building, &defects, ifc::Options { schema, unit, boundaries });
        let records = records(&text);
        let mut ids = BTreeSet::new();
        for (position, (number, kind, args)) in records.iter().enumerate() {
            prop_assert_eq!(*number, position as u64 + 1);
            // What is referred to stands before, so nothing dangles and nothing is cyclic.
            prop_assert!(references(args).iter().all(|r| (1..*number).contains(r)), "{}", args);
            let first = args.strip_prefix('\'').and_then(|rest| rest.split('\'').next());
            if let Some(id) = first.filter(|id| id.len() == 22) {
                prop_assert!(is_global_id(id), "{} {}", kind, id);
                prop_assert!(ids.insert(id.to_owned()), "{} {} twice", kind, id);
            }
        }
        let truth = Truth::of(&building, &defects);
        let in_file = truth.doors.iter().filter(|door| door.in_file).count();
        prop_assert_eq!(count(&text, "IFCDOOR"), in_file);
        prop_assert_eq!(count(&text, "IFCSPACE"), truth.spaces.iter().filter(|s| s.in_file).count());
        prop_assert_eq!(count(&text, "IFCRELSPACEBOUNDARY") > 0, boundaries);
        prop_assert!(ids.len() > 50);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn towers_are_whole_and_their_files_sound(
        seed: u64,
        storeys in 6_usize..26,
        share in 0.0..0.6_f64,
    ) {
        let building = Tower { storeys, seed }.build().unwrap();
        for storey in 0..building.storeys.len() {
            let rooms: Vec<_> = building.rooms_of(storey).map(|(_, space)| space).collect();
            for (place, space) in rooms.iter().enumerate() {
                prop_assert!(area(&space.footprint) > 2_000_000, "{} is too small", space.number);
                for other in &rooms[place + 1..] {
                    let clash = overlap(&space.footprint, &other.footprint);
                    prop_assert!(!clash, "{} overlaps {}", space.number, other.number);
                }
            }
        }
        let options = defects::Options { drop_doors: share, drop_spaces: share, ..Default::default() };
        let mut defects = Defects::choose(&building, options).unwrap();
        defects.falsify(&building, share).unwrap();
        let extras = ifc::Extras { plain: true, ..Default::default() };
        let text = ifc::write_with(&building, &defects, PLAIN, &extras);
        let mut ids = BTreeSet::new();
        let mut records_of_values = BTreeSet::new();
        for (number, kind, args) in records(&text) {
            prop_assert!(references(&args).iter().all(|r| (1..number).contains(r)), "{}", args);
            let first = args.strip_prefix('\'').and_then(|rest| rest.split('\'').next());
            if let Some(id) = first.filter(|id| is_global_id(id)) {
                prop_assert!(ids.insert(id.to_owned()), "{} {} twice", kind, id);
            }
            if kind == "IFCCARTESIANPOINT" {
                prop_assert!(records_of_values.insert(args.clone()), "{} twice", args);
            }
        }
        let truth = Truth::of(&building, &defects);
        let in_file = truth.doors.iter().filter(|door| door.in_file).count();
        prop_assert_eq!(count(&text, "IFCDOOR"), in_file);
        for defect in &defects.list {
            let gone = defect.kind == "door-dropped" || defect.kind == "space-dropped";
            prop_assert_eq!(ids.contains(&defect.entity), !gone, "{:?}", defect);
            prop_assert!(defect.truth.is_none() || defect.truth != defect.written, "{:?}", defect);
        }
    }
}

#[test]
fn the_same_options_give_the_same_bytes_and_other_seeds_other_buildings() {
    let write = |seed| text(&building(seed, 3, true), &Defects::default());
    assert_eq!(write(1), write(1));
    assert_ne!(write(1), write(2));
}

#[test]
fn storeys_and_seeds_differ_in_their_rooms() {
    let building = building(3, 6, false);
    let widths = |storey: usize| -> Vec<i64> {
        building
            .rooms_of(storey)
            .map(|(_, space)| area(&space.footprint))
            .collect()
    };
    assert_ne!(widths(1), widths(2));
    let distinct: BTreeSet<i64> = (0..6).flat_map(widths).collect();
    assert!(distinct.len() > 60, "{}", distinct.len());
}

#[test]
fn the_building_has_what_an_office_has() {
    let truth = Truth::of(&building(1, 6, true), &Defects::default());
    let usages: BTreeSet<&str> = truth.spaces.iter().map(|space| space.usage).collect();
    for usage in [
        "office",
        "meeting",
        "open-plan",
        "corridor",
        "lobby",
        "toilet",
        "stair",
        "lift-shaft",
        "plant",
    ] {
        assert!(usages.contains(usage), "no {usage}");
    }
    assert!(
        truth
            .openings
            .iter()
            .any(|opening| opening.kind == "contact")
    );
    assert!(truth.exits.len() >= 3);
    assert!(
        truth
            .doors
            .iter()
            .all(|door| door.external == door.between.contains(&None))
    );
}

#[test]
fn defects_are_made_as_asked_and_each_is_on_record() {
    let building = building(5, 4, true);
    let whole = Truth::of(&building, &Defects::default());
    let all = defects::Options {
        drop_doors: 0.2,
        drop_spaces: 0.1,
        drop_stairs: true,
        placeholder_ratings: true,
        contradict_external: 7,
    };
    let defects = Defects::choose(&building, all).unwrap();
    let text = text(&building, &defects);
    let truth = Truth::of(&building, &defects);
    let of = |kind| {
        defects
            .list
            .iter()
            .filter(|defect| defect.kind == kind)
            .count()
    };

    let dropped = (whole.doors.len() as f64 * 0.2).round() as usize;
    assert_eq!(of("door-dropped"), dropped);
    assert_eq!(count(&text, "IFCDOOR"), whole.doors.len() - dropped);
    assert_eq!(
        of("space-dropped"),
        (whole.spaces.len() as f64 * 0.1).round() as usize
    );
    assert_eq!(
        count(&text, "IFCSPACE"),
        whole.spaces.len() - of("space-dropped")
    );
    assert_eq!(of("stair-dropped"), whole.stairs.len());
    assert_eq!(count(&text, "IFCSTAIR") + count(&text, "IFCSTAIRFLIGHT"), 0);
    assert_eq!(of("placeholder-rating"), whole.doors.len() - dropped);
    assert!(!text.contains("'EI 30'"), "a true rating remains");
    assert_eq!(of("contradict-external"), 7);
    // What is true does not change with what is written.
    assert_eq!(truth.doors.len(), whole.doors.len());
    assert_eq!(truth.cut_off(), Vec::<&str>::new());
    // A dropped door takes its opening along; windows and passages keep theirs.
    let fills = |fill: fn(&Fill) -> bool| building.holes.iter().filter(|h| fill(&h.fill)).count();
    let unfilled = fills(|fill| matches!(fill, Fill::Nothing));
    let windows = fills(|fill| matches!(fill, Fill::Window(_)));
    let openings = windows + unfilled + whole.doors.len() - dropped;
    assert_eq!(count(&text, "IFCOPENINGELEMENT"), openings);
}

#[test]
fn options_show_in_the_file() {
    let building = building(1, 2, false);
    let write = |options| ifc::write(&building, &Defects::default(), options);
    for (options, expect) in [
        (PLAIN, "FILE_SCHEMA(('IFC4'))"),
        (
            ifc::Options {
                schema: Schema::Ifc2x3,
                ..PLAIN
            },
            "FILE_SCHEMA(('IFC2X3'))",
        ),
        (
            ifc::Options {
                schema: Schema::Ifc4x3,
                ..PLAIN
            },
            "FILE_SCHEMA(('IFC4X3_ADD2'))",
        ),
        (PLAIN, "(*,.LENGTHUNIT.,.MILLI.,.METRE.)"),
        (
            ifc::Options {
                unit: Unit::Metre,
                ..PLAIN
            },
            "(*,.LENGTHUNIT.,$,.METRE.)",
        ),
        (
            ifc::Options {
                unit: Unit::Foot,
                ..PLAIN
            },
            ".LENGTHUNIT.,'FOOT'",
        ),
        (
            ifc::Options {
                boundaries: true,
                ..PLAIN
            },
            "IFCRELSPACEBOUNDARY(",
        ),
        (
            ifc::Options {
                boundaries: true,
                ..PLAIN
            },
            "IFCVIRTUALELEMENT(",
        ),
    ] {
        assert!(write(options).contains(expect), "{options:?}: no {expect}");
    }
    assert!(!write(PLAIN).contains("IFCRELSPACEBOUNDARY("));
}

#[test]
fn what_cannot_be_built_is_refused_with_the_option_named() {
    let generate = |storeys| {
        Building::generate(Options {
            storeys,
            basement: false,
            seed: 1,
        })
    };
    for storeys in [0, 100] {
        let error = generate(storeys).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("`--storeys` must be from 1 to 99, not `{storeys}`")
        );
    }
    let building = generate(1).unwrap();
    let default = defects::Options::default;
    for (options, expect) in [
        (
            defects::Options {
                drop_doors: 1.5,
                ..default()
            },
            "`--drop-doors` must be from 0 to 1",
        ),
        (
            defects::Options {
                drop_doors: f64::NAN,
                ..default()
            },
            "not `NaN`",
        ),
        (
            defects::Options {
                drop_spaces: -0.1,
                ..default()
            },
            "`--drop-spaces` must be from 0 to 1",
        ),
        (
            defects::Options {
                drop_doors: 1.0,
                contradict_external: 1,
                ..default()
            },
            "at most the number of doors in the file",
        ),
    ] {
        let error = Defects::choose(&building, options).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    }
}
