//! Statistics and properties of generated observations.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::Value;
use twin_scenario::observe::{self, Load, Options, Rooms, Sensor, Summary};
use twin_scenario::time::parse_utc_us;

/// Twelve offices, a meeting room, a pantry and a toilet along a corridor, and their doors.
fn rooms() -> Rooms {
    let mut list =
        vec![r#"{"id":"urn:t:c","kind":"space","area_m2":60,"usage":"corridor"}"#.into()];
    let usage = |n| match n {
        12 => "meeting",
        13 => "pantry",
        14 => "toilet",
        _ => "office",
    };
    for n in 0..15 {
        list.push(format!(
            r#"{{"id":"urn:t:r{n:02}","kind":"space","area_m2":{},"usage":"{}"}}"#,
            18 + n,
            usage(n)
        ));
        list.push(format!(
            r#"{{"id":"urn:t:d{n:02}","kind":"portal","between":["urn:t:r{n:02}","urn:t:c"]}}"#
        ));
    }
    list.push(r#"{"id":"urn:t:out","kind":"portal","between":["urn:t:c"]}"#.into());
    Rooms::parse(&format!("[{}]", list.join(","))).unwrap()
}

fn options() -> Options {
    Options {
        seed: 1,
        start_us: parse_utc_us("2026-01-05T08:00:00Z").unwrap(),
        minutes: 60,
        fire: None,
        gaps: 0.0,
        duplicates: 0.0,
        late: 0.0,
        late_max_s: 600,
        faults: 0.0,
        load: None,
    }
}

struct Run {
    lines: Vec<String>,
    claims: Vec<Value>,
    truths: Vec<Value>,
    summary: Summary,
    sensors: Vec<Sensor>,
}

fn run(options: &Options) -> Run {
    let (mut out, mut truth) = (Vec::new(), Vec::new());
    let (summary, sensors) = observe::write(&rooms(), options, &mut out, &mut truth).unwrap();
    let parse = |bytes: &[u8]| -> Vec<Value> {
        let text = std::str::from_utf8(bytes).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let lines = String::from_utf8(out.clone())
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    Run {
        lines,
        claims: parse(&out),
        truths: parse(&truth),
        summary,
        sensors,
    }
}

fn moment(claim: &Value, field: &str) -> i64 {
    parse_utc_us(claim[field].as_str().unwrap()).unwrap()
}

/// A claim without its arrival, which is what a repetition repeats.
fn content(line: &str) -> &str {
    line.split(",\"arrives\"").next().unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let (a, b) = (run(&options()), run(&options()));
    assert_eq!((a.lines, a.truths), (b.lines, b.truths));
    assert_ne!(
        run(&Options {
            seed: 2,
            ..options()
        })
        .claims,
        a.claims
    );
}

#[test]
fn claims_have_the_wire_format_and_truth_covers_every_minute() {
    let run = run(&options());
    let units: BTreeMap<&str, &str> = [
        ("temperature", "Cel"),
        ("co2", "[ppm]"),
        ("humidity", "%"),
        ("occupancy", "1"),
    ]
    .into();
    let mut seen = BTreeSet::new();
    for claim in &run.claims {
        let attribute = claim["attribute"].as_str().unwrap();
        let portal = claim["entity"].as_str().unwrap().starts_with("urn:t:d")
            || claim["entity"] == "urn:t:out";
        assert_eq!(portal, attribute == "open", "{claim}");
        assert_eq!(
            claim["unit"].as_str(),
            units.get(attribute).copied(),
            "{claim}"
        );
        assert_eq!(
            claim["value"].is_boolean(),
            claim["unit"].is_null(),
            "{claim}"
        );
        assert_eq!(
            claim["uncertainty"]["sd"].is_number(),
            claim["value"].is_number(),
            "{claim}"
        );
        assert!(moment(claim, "observed") < moment(claim, "arrives"));
        seen.insert(attribute);
    }
    assert_eq!(seen.len(), 6);
    // 16 spaces with 5 attributes, 16 portals with 1, 60 minutes.
    assert_eq!(run.truths.len(), (16 * 5 + 16) * 60);
    let at: BTreeSet<&str> = run
        .truths
        .iter()
        .map(|t| t["at"].as_str().unwrap())
        .collect();
    assert_eq!(at.len(), 60);
}

#[test]
fn each_sensor_is_one_source_for_one_attribute() {
    let run = run(&options());
    let mut of_source: BTreeMap<&str, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for claim in &run.claims {
        let field = |name: &str| claim[name].as_str().unwrap();
        of_source
            .entry(field("source"))
            .or_default()
            .insert((field("entity"), field("attribute")));
    }
    assert!(of_source.values().all(|observed| observed.len() == 1));
    assert!(of_source.len() <= run.sensors.len() && of_source.len() > 60);
}

#[test]
fn silence_repetition_and_delay_happen_as_often_as_asked() {
    let options = Options {
        minutes: 600,
        gaps: 0.1,
        duplicates: 0.05,
        late: 0.08,
        late_max_s: 900,
        ..options()
    };
    let run = run(&options);
    let originals = (run.summary.claims - run.summary.duplicates) as f64;
    let near = |found: u64, of: f64, share: f64, slack: f64| {
        let found = found as f64 / of;
        assert!((found - share).abs() < slack, "{found} for {share}");
    };
    near(run.summary.duplicates, originals, 0.05, 0.005);
    near(run.summary.late, originals, 0.08, 0.006);
    near(
        run.summary.silenced,
        originals + run.summary.silenced as f64,
        0.1,
        0.03,
    );

    // The summary tells what is in the stream.
    assert_eq!(run.summary.claims, run.lines.len() as u64);
    let distinct: BTreeSet<&str> = run.lines.iter().map(|line| content(line)).collect();
    assert_eq!(
        distinct.len() as u64,
        run.summary.claims - run.summary.duplicates
    );
    let arrivals: Vec<i64> = run.claims.iter().map(|c| moment(c, "arrives")).collect();
    assert!(
        arrivals.windows(2).all(|pair| pair[0] <= pair[1]),
        "not in order of arrival"
    );
    let delay = |c: &Value| moment(c, "arrives") - moment(c, "observed");
    let held = run
        .claims
        .iter()
        .filter(|claim| delay(claim) >= 30_000_000)
        .count() as f64;
    assert!(
        held >= run.summary.late as f64 && held < 1.2 * run.summary.late as f64,
        "{held}"
    );
    assert!(run.claims.iter().all(|claim| delay(claim) <= 930_000_000));
    let observed: Vec<i64> = run.claims.iter().map(|c| moment(c, "observed")).collect();
    assert!(
        observed.windows(2).any(|pair| pair[0] > pair[1]),
        "nothing out of order"
    );
}

#[test]
fn what_is_ruled_out_does_not_happen_and_silence_can_be_total() {
    let all = run(&Options {
        gaps: 1.0,
        ..options()
    })
    .summary;
    assert_eq!((all.claims, all.silenced > 1000), (0, true));
    let none = run(&options()).summary;
    assert_eq!(
        (
            none.silenced,
            none.duplicates,
            none.late,
            none.claims > 1000
        ),
        (0, 0, 0, true)
    );
}

#[test]
fn without_faults_sensors_are_as_wrong_as_they_say() {
    let run = run(&options());
    let truth: BTreeMap<(String, String, i64), f64> = run
        .truths
        .iter()
        .filter_map(|t| {
            let key = |name: &str| t[name].as_str().unwrap().to_owned();
            Some((
                (
                    key("entity"),
                    key("attribute"),
                    moment(t, "at") / 60_000_000,
                ),
                t["value"].as_f64()?,
            ))
        })
        .collect();
    let mut squares = Vec::new();
    for claim in run
        .claims
        .iter()
        .filter(|claim| claim["attribute"] == "temperature")
    {
        let key = |name: &str| claim[name].as_str().unwrap().to_owned();
        let minute = moment(claim, "observed") / 60_000_000;
        let error =
            claim["value"].as_f64().unwrap() - truth[&(key("entity"), key("attribute"), minute)];
        squares.push((error / claim["uncertainty"]["sd"].as_f64().unwrap()).powi(2));
    }
    let mean = squares.iter().sum::<f64>() / squares.len() as f64;
    assert!((0.3..3.0).contains(&mean), "{mean}");
}

#[test]
fn broken_sensors_are_on_record_and_stuck_ones_repeat_themselves() {
    let run = run(&Options {
        faults: 1.0,
        minutes: 240,
        ..options()
    });
    assert!(run.sensors.iter().all(|sensor| sensor.fault.is_some()));
    let kinds: BTreeSet<String> = run
        .sensors
        .iter()
        .map(|sensor| format!("{:?}", sensor.fault))
        .collect();
    assert_eq!(kinds.len(), 6, "{kinds:?}");
    let stuck = run
        .sensors
        .iter()
        .filter(|sensor| sensor.fault == Some(observe::Fault::Stuck));
    for sensor in stuck {
        let from = parse_utc_us(sensor.fault_from.as_deref().unwrap()).unwrap();
        let own = run
            .claims
            .iter()
            .filter(|claim| claim["source"] == sensor.source.as_str());
        let values: BTreeSet<String> = own
            .filter(|claim| moment(claim, "observed") >= from)
            .map(|claim| claim["value"].to_string())
            .collect();
        assert!(values.len() <= 1, "{} {values:?}", sensor.source);
    }
}

#[test]
fn people_come_to_work_and_a_fire_drives_them_out() {
    let day = Options {
        start_us: parse_utc_us("2026-01-06T10:00:00Z").unwrap(),
        minutes: 40,
        fire: Some("r03@10".into()),
        ..options()
    };
    let run = run(&day);
    let at = |minute: i64, attribute: &str, entity: &str| -> f64 {
        let of = run.truths.iter().filter(|t| {
            (moment(t, "at") - day.start_us) / 60_000_000 == minute
                && t["attribute"] == attribute
                && t["entity"].as_str().unwrap().ends_with(entity)
        });
        of.map(|t| {
            t["value"]
                .as_f64()
                .unwrap_or(f64::from(u8::from(t["value"] == true)))
        })
        .sum()
    };
    assert!(at(5, "occupancy", "") >= 10.0);
    assert_eq!((at(9, "smoke", ""), at(20, "smoke", "r03")), (0.0, 1.0));
    assert!(at(39, "smoke", "") > 1.0, "smoke stays in its room");
    assert!(at(20, "temperature", "r03") > 100.0);
    assert_eq!(at(39, "occupancy", ""), 0.0);
    assert!(
        run.claims
            .iter()
            .any(|c| c["attribute"] == "smoke" && c["value"] == true)
    );
}

#[test]
fn nobody_works_on_a_sunday_night() {
    let night = Options {
        start_us: parse_utc_us("2026-01-04T03:00:00Z").unwrap(),
        ..options()
    };
    let people = run(&night)
        .truths
        .into_iter()
        .filter(|t| t["attribute"] == "occupancy");
    assert_eq!(
        people.map(|t| t["value"].as_f64().unwrap()).sum::<f64>(),
        0.0
    );
}

#[test]
fn a_load_stream_has_its_rate_and_no_repeated_moment_of_a_source() {
    for (claims_per_s, claims) in [(50_000, 30_000), (3, 100), (7, 1), (1, 25)] {
        let load = Some(Load {
            claims_per_s,
            claims,
        });
        let run = run(&Options { load, ..options() });
        assert_eq!(run.lines.len() as u64, claims);
        let first = moment(&run.claims[0], "arrives");
        let last = moment(&run.claims[run.claims.len() - 1], "arrives");
        assert_eq!(first, options().start_us);
        assert_eq!(
            last - first,
            ((claims - 1) as i128 * 1_000_000 / claims_per_s as i128) as i64
        );
        let moments: BTreeSet<String> = run
            .claims
            .iter()
            .map(|c| format!("{} {}", c["source"], c["observed"]))
            .collect();
        assert_eq!(moments.len() as u64, claims);
    }
}

#[test]
fn what_cannot_be_observed_is_refused_with_the_option_named() {
    let load = |claims_per_s, claims| {
        Some(Load {
            claims_per_s,
            claims,
        })
    };
    for (options, expect) in [
        (
            Options {
                gaps: 1.1,
                ..options()
            },
            "`--gaps` must be from 0 to 1, not `1.1`",
        ),
        (
            Options {
                duplicates: f64::NAN,
                ..options()
            },
            "`--duplicates` must be",
        ),
        (
            Options {
                late: -1.0,
                ..options()
            },
            "`--late` must be",
        ),
        (
            Options {
                faults: 2.0,
                ..options()
            },
            "`--faults` must be",
        ),
        (
            Options {
                minutes: 0,
                ..options()
            },
            "`--minutes` must be from 1 to 44640",
        ),
        (
            Options {
                late_max_s: 10,
                ..options()
            },
            "`--late-max` must be from 31",
        ),
        (
            Options {
                load: load(0, 1),
                ..options()
            },
            "`--rate` must be",
        ),
        (
            Options {
                load: load(1, 0),
                ..options()
            },
            "`--claims` must be",
        ),
        (
            Options {
                load: load(1, 1_000_000_000),
                ..options()
            },
            "at most a month",
        ),
        (
            Options {
                fire: Some("r03".into()),
                ..options()
            },
            "`r03` is not a fire",
        ),
        (
            Options {
                fire: Some("r03@x".into()),
                ..options()
            },
            "`r03@x` is not a fire",
        ),
        (
            Options {
                fire: Some("r99@3".into()),
                ..options()
            },
            "`r99` names 0 spaces",
        ),
    ] {
        let result = observe::write(&rooms(), &options, &mut Vec::new(), &mut Vec::new());
        let error = result.unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_day_is_plausible(seed: u64, day in 0_i64..2000, shares in 0.0..=1.0_f64) {
        let start_us = options().start_us + day * 86_400_000_000 + day * 7_654_321;
        let day = Options {
            seed, start_us, minutes: 30, gaps: shares, duplicates: shares, late: shares,
            faults: shares, ..options()
        };
        let run = run(&day);
        for truth in &run.truths {
            let Some(value) = truth["value"].as_f64() else { continue };
            let range = match truth["attribute"].as_str().unwrap() {
                "temperature" => 5.0..45.0,
                "co2" => 380.0..6000.0,
                "humidity" => 0.0..100.1,
                _ => 0.0..200.0,
            };
            prop_assert!(range.contains(&value), "{}", truth);
        }
    }

    #[test]
    fn no_room_list_makes_the_reader_panic(text in "[\\[\\]{}\":,a-z0-9.\\-]{0,60}") {
        let _ = Rooms::parse(&text);
    }
}
