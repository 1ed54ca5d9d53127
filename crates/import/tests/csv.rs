//! Small tables of buildings, and what becomes of them.
#![allow(
    clippy::needless_raw_string_hashes,
    reason = "expectations are written by the tool"
)]

mod told;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use told::{Urn, is_sound, told};
use twin_import::{Facet, Format, Imported, Options, csv};
use twin_model::{Act, Value};

fn read(bytes: &[u8]) -> Imported {
    csv::import(bytes, &Options::default(), &mut Urn)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the usual form of an expectation"
)]
fn check(table: &str, expect: Expect) {
    expect.assert_eq(&told(&read(table.as_bytes()), |name| name != "type"));
}

/// The table that the documentation shows.
fn documented() -> String {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/formats/building-csv.md"
    );
    let page = std::fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("```csv\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_documented_table() {
    check(
        &documented(),
        expect![[r#"
            declared building/Town_hall name: "Town hall"
            declared building/Town_hall address: "Markt 87, 2611 GS Delft"
            declared building/Town_hall/storey/0 name: "0"
            declared building/Town_hall/storey/0 partOf: building/Town_hall
            declared building/Town_hall/storey/1 name: "1"
            declared building/Town_hall/storey/1 partOf: building/Town_hall
            declared building/Town_hall/room/0/Lobby name: "Lobby"
            declared building/Town_hall/room/0/Lobby partOf: building/Town_hall/storey/0
            declared building/Town_hall/room/0/Lobby usage: "lobby"
            declared building/Town_hall/room/1/1.01 name: "1.01"
            declared building/Town_hall/room/1/1.01 partOf: building/Town_hall/storey/1
            declared building/Town_hall/room/1/1.01 usage: "room"
            declared building/Town_hall/room/1/1.01 statedUsage: "office"
            declared building/Town_hall/room/1/1.02 name: "1.02"
            declared building/Town_hall/room/1/1.02 partOf: building/Town_hall/storey/1
            declared building/Town_hall/room/1/1.02 usage: "corridor"
            declared building/Town_hall/stair/A/0 name: "A"
            declared building/Town_hall/stair/A/1 name: "A"
            declared building/Town_hall/stair/A/0-1 name: "A"
            declared building/Town_hall/lift/L1/0 name: "L1"
            declared building/Town_hall/lift/L1/1 name: "L1"
            declared building/Town_hall/lift/L1/0-1 name: "L1"
            declared building/Town_hall/door/1/row_11 portalKind: "door"
            declared building/Town_hall/door/1/row_11 partOf: building/Town_hall/storey/1
            declared building/Town_hall/door/1/row_11 width: 90 cm
            declared building/Town_hall/entrance/0/Main name: "Main"
            declared building/Town_hall/entrance/0/Main portalKind: "door"
            declared building/Town_hall/entrance/0/Main partOf: building/Town_hall/storey/0
            declared building/Town_hall/entrance/0/Main width: 180 cm
            declared building/Town_hall/entrance/0/Main isExternal: true
            declared building/Town_hall contact: "Reception, +31 15 555 0100"
            inferred building/Town_hall storeysAboveGround: 2 1 p=0.80
            inferred building/Town_hall/stair/A/0 existence: true p=0.95
            inferred building/Town_hall/stair/A/0 usage: "stair"
            inferred building/Town_hall/stair/A/0 partOf: building/Town_hall/storey/0
            inferred building/Town_hall/stair/A/1 existence: true p=0.95
            inferred building/Town_hall/stair/A/1 usage: "stair"
            inferred building/Town_hall/stair/A/1 partOf: building/Town_hall/storey/1
            inferred building/Town_hall/stair/A/0-1 existence: true p=0.95
            inferred building/Town_hall/stair/A/0-1 portalKind: "stairLink"
            inferred building/Town_hall/stair/A/0-1 connects: building/Town_hall/stair/A/0 + building/Town_hall/stair/A/1 p=0.95
            inferred building/Town_hall/stair/A/0-1 partOf: building/Town_hall/storey/0
            inferred building/Town_hall/lift/L1/0 existence: true p=0.95
            inferred building/Town_hall/lift/L1/0 usage: "lift"
            inferred building/Town_hall/lift/L1/0 partOf: building/Town_hall/storey/0
            inferred building/Town_hall/lift/L1/1 existence: true p=0.95
            inferred building/Town_hall/lift/L1/1 usage: "lift"
            inferred building/Town_hall/lift/L1/1 partOf: building/Town_hall/storey/1
            inferred building/Town_hall/lift/L1/0-1 existence: true p=0.95
            inferred building/Town_hall/lift/L1/0-1 portalKind: "liftLink"
            inferred building/Town_hall/lift/L1/0-1 connects: building/Town_hall/lift/L1/0 + building/Town_hall/lift/L1/1 p=0.95
            inferred building/Town_hall/lift/L1/0-1 partOf: building/Town_hall/storey/0
            inferred building/Town_hall/door/1/row_11 connects: building/Town_hall/room/1/1.01 + building/Town_hall/room/1/1.02 p=0.70
            inferred building/Town_hall/entrance/0/Main connects: building/Town_hall/room/0/Lobby p=0.80
            inferred open/building/Town_hall/stair/A/0 existence: true p=0.90
            inferred open/building/Town_hall/stair/A/0 portalKind: "openContact"
            inferred open/building/Town_hall/stair/A/0 partOf: building/Town_hall/storey/0
            inferred open/building/Town_hall/stair/A/0 connects: building/Town_hall/room/0/Lobby + building/Town_hall/stair/A/0 p=0.95
            inferred open/building/Town_hall/stair/A/1 existence: true p=0.90
            inferred open/building/Town_hall/stair/A/1 portalKind: "openContact"
            inferred open/building/Town_hall/stair/A/1 partOf: building/Town_hall/storey/1
            inferred open/building/Town_hall/stair/A/1 connects: building/Town_hall/room/1/1.02 + building/Town_hall/stair/A/1 p=0.95
            inferred open/building/Town_hall/lift/L1/0 existence: true p=0.90
            inferred open/building/Town_hall/lift/L1/0 portalKind: "openContact"
            inferred open/building/Town_hall/lift/L1/0 partOf: building/Town_hall/storey/0
            inferred open/building/Town_hall/lift/L1/0 connects: building/Town_hall/lift/L1/0 + building/Town_hall/room/0/Lobby p=0.95
            inferred open/building/Town_hall/lift/L1/1 existence: true p=0.90
            inferred open/building/Town_hall/lift/L1/1 portalKind: "openContact"
            inferred open/building/Town_hall/lift/L1/1 partOf: building/Town_hall/storey/1
            inferred open/building/Town_hall/lift/L1/1 connects: building/Town_hall/lift/L1/1 + building/Town_hall/room/1/1.02 p=0.95
        "#]],
    );
}

/// Which spaces can be walked between, through any portal that anybody believes in.
fn reached(imported: &Imported) -> BTreeSet<String> {
    let mut joins: Vec<Vec<String>> = Vec::new();
    let mut exits = BTreeSet::new();
    let mut connects: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for s in imported.facets.iter().flat_map(|f| &f.statements) {
        let Act::Assert(stated) = &s.act else {
            continue;
        };
        match (s.attribute.as_str(), &stated.value) {
            ("connects", Value::Entities(ids)) => {
                let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                connects.insert(s.entity.to_string(), ids.clone());
                joins.push(ids);
            }
            ("isExternal", Value::Boolean(true)) => {
                exits.insert(s.entity.to_string());
            }
            _ => {}
        }
    }
    let mut reached: BTreeSet<String> = exits
        .iter()
        .filter_map(|e| connects.get(e))
        .flatten()
        .cloned()
        .collect();
    loop {
        let before = reached.len();
        for join in &joins {
            if join.iter().any(|s| reached.contains(s)) {
                reached.extend(join.iter().cloned());
            }
        }
        if reached.len() == before {
            return reached;
        }
    }
}

#[test]
fn every_room_of_the_documented_table_leads_out() {
    let imported = read(documented().as_bytes());
    let reached = reached(&imported);
    for room in ["0/Lobby", "1/1.01", "1/1.02"] {
        let id = format!("urn:building/Town_hall/room/{room}");
        assert!(reached.contains(&id), "{id} in {reached:?}");
    }
}

#[test]
fn dutch_words_and_old_spreadsheets() {
    let table = "soort,naam,bouwlaag,tot,gebruik,verbindt,\"breedte (cm)\",opmerking\r\n\
        gebouw,Caf\u{e9} De Zaal,,,,,,\r\n\
        verdieping,begane grond,,,,,,\r\nverdieping,eerste,,,,,,let op\r\n\
        trappenhuis,T1,begane grond,eerste,,,,\r\nroltrap,R1,begane grond;eerste,,,,,\r\n\
        ruimte,Zaal,eerste,,vergaderzaal,,,\r\ngang,Gang,eerste,,,,,\r\n\
        deur,D1,eerste,,,Zaal/Gang,\"92,5\",\r\nnooduitgang,,eerste,,,Zaal,,\r\n\
        ingang,Voordeur,,,,,,\r\n";
    let bytes: Vec<u8> = table.chars().map(|c| c as u8).collect();
    let expect = expect![[r#"
        declared building/Café_De_Zaal name: "Café De Zaal"
        declared building/Café_De_Zaal/storey/begane_grond name: "begane grond"
        declared building/Café_De_Zaal/storey/begane_grond partOf: building/Café_De_Zaal
        declared building/Café_De_Zaal/storey/eerste name: "eerste"
        declared building/Café_De_Zaal/storey/eerste partOf: building/Café_De_Zaal
        declared building/Café_De_Zaal/storey/eerste column.opmerking: "let op"
        declared building/Café_De_Zaal/room/eerste/Zaal name: "Zaal"
        declared building/Café_De_Zaal/room/eerste/Zaal partOf: building/Café_De_Zaal/storey/eerste
        declared building/Café_De_Zaal/room/eerste/Zaal usage: "room"
        declared building/Café_De_Zaal/room/eerste/Zaal statedUsage: "vergaderzaal"
        declared building/Café_De_Zaal/room/eerste/Gang name: "Gang"
        declared building/Café_De_Zaal/room/eerste/Gang partOf: building/Café_De_Zaal/storey/eerste
        declared building/Café_De_Zaal/room/eerste/Gang usage: "corridor"
        declared building/Café_De_Zaal/stair/T1/begane_grond name: "T1"
        declared building/Café_De_Zaal/stair/T1/eerste name: "T1"
        declared building/Café_De_Zaal/stair/T1/begane_grond-eerste name: "T1"
        declared building/Café_De_Zaal/stair/R1/begane_grond name: "R1"
        declared building/Café_De_Zaal/stair/R1/eerste name: "R1"
        declared building/Café_De_Zaal/stair/R1/begane_grond-eerste name: "R1"
        declared building/Café_De_Zaal/stair/R1/begane_grond-eerste climb: "escalator"
        declared building/Café_De_Zaal/door/eerste/D1 name: "D1"
        declared building/Café_De_Zaal/door/eerste/D1 portalKind: "door"
        declared building/Café_De_Zaal/door/eerste/D1 partOf: building/Café_De_Zaal/storey/eerste
        declared building/Café_De_Zaal/door/eerste/D1 width: 92.5 cm
        declared building/Café_De_Zaal/door/eerste/D1 connects: building/Café_De_Zaal/room/eerste/Gang + building/Café_De_Zaal/room/eerste/Zaal
        declared building/Café_De_Zaal/entrance/eerste/row_10 portalKind: "door"
        declared building/Café_De_Zaal/entrance/eerste/row_10 partOf: building/Café_De_Zaal/storey/eerste
        declared building/Café_De_Zaal/entrance/eerste/row_10 isExternal: true
        declared building/Café_De_Zaal/entrance/eerste/row_10 fireExit: true
        declared building/Café_De_Zaal/entrance/eerste/row_10 connects: building/Café_De_Zaal/room/eerste/Zaal
        declared building/Café_De_Zaal/entrance/Voordeur name: "Voordeur"
        declared building/Café_De_Zaal/entrance/Voordeur portalKind: "door"
        declared building/Café_De_Zaal/entrance/Voordeur partOf: building/Café_De_Zaal
        declared building/Café_De_Zaal/entrance/Voordeur isExternal: true
        inferred building/Café_De_Zaal/stair/T1/begane_grond usage: "stair"
        inferred building/Café_De_Zaal/stair/T1/begane_grond partOf: building/Café_De_Zaal/storey/begane_grond
        inferred building/Café_De_Zaal/stair/T1/eerste usage: "stair"
        inferred building/Café_De_Zaal/stair/T1/eerste partOf: building/Café_De_Zaal/storey/eerste
        inferred building/Café_De_Zaal/stair/T1/begane_grond-eerste portalKind: "stairLink"
        inferred building/Café_De_Zaal/stair/T1/begane_grond-eerste connects: building/Café_De_Zaal/stair/T1/begane_grond + building/Café_De_Zaal/stair/T1/eerste p=0.95
        inferred building/Café_De_Zaal/stair/T1/begane_grond-eerste partOf: building/Café_De_Zaal/storey/begane_grond
        inferred building/Café_De_Zaal/stair/R1/begane_grond usage: "stair"
        inferred building/Café_De_Zaal/stair/R1/begane_grond partOf: building/Café_De_Zaal/storey/begane_grond
        inferred building/Café_De_Zaal/stair/R1/eerste usage: "stair"
        inferred building/Café_De_Zaal/stair/R1/eerste partOf: building/Café_De_Zaal/storey/eerste
        inferred building/Café_De_Zaal/stair/R1/begane_grond-eerste portalKind: "stairLink"
        inferred building/Café_De_Zaal/stair/R1/begane_grond-eerste connects: building/Café_De_Zaal/stair/R1/begane_grond + building/Café_De_Zaal/stair/R1/eerste p=0.95
        inferred building/Café_De_Zaal/stair/R1/begane_grond-eerste partOf: building/Café_De_Zaal/storey/begane_grond
        inferred building/Café_De_Zaal/inside/begane_grond partOf: building/Café_De_Zaal/storey/begane_grond
        inferred building/Café_De_Zaal/entrance/Voordeur connects: building/Café_De_Zaal/inside/begane_grond p=0.80
        inferred open/building/Café_De_Zaal/stair/T1/begane_grond portalKind: "openContact"
        inferred open/building/Café_De_Zaal/stair/T1/begane_grond partOf: building/Café_De_Zaal/storey/begane_grond
        inferred open/building/Café_De_Zaal/stair/T1/begane_grond connects: building/Café_De_Zaal/inside/begane_grond + building/Café_De_Zaal/stair/T1/begane_grond p=0.95
        inferred open/building/Café_De_Zaal/stair/T1/eerste portalKind: "openContact"
        inferred open/building/Café_De_Zaal/stair/T1/eerste partOf: building/Café_De_Zaal/storey/eerste
        inferred open/building/Café_De_Zaal/stair/T1/eerste connects: building/Café_De_Zaal/room/eerste/Gang + building/Café_De_Zaal/stair/T1/eerste p=0.95
        inferred open/building/Café_De_Zaal/stair/R1/begane_grond portalKind: "openContact"
        inferred open/building/Café_De_Zaal/stair/R1/begane_grond partOf: building/Café_De_Zaal/storey/begane_grond
        inferred open/building/Café_De_Zaal/stair/R1/begane_grond connects: building/Café_De_Zaal/inside/begane_grond + building/Café_De_Zaal/stair/R1/begane_grond p=0.95
        inferred open/building/Café_De_Zaal/stair/R1/eerste portalKind: "openContact"
        inferred open/building/Café_De_Zaal/stair/R1/eerste partOf: building/Café_De_Zaal/storey/eerste
        inferred open/building/Café_De_Zaal/stair/R1/eerste connects: building/Café_De_Zaal/room/eerste/Gang + building/Café_De_Zaal/stair/R1/eerste p=0.95
        CSV-011 - the file is not UTF-8; it is read as Windows-1252
        CSV-002 line 1 H1 [opmerking] the column is not known; it is kept as written
    "#]];
    expect.assert_eq(&told(&read(&bytes), |name| {
        !["type", "existence"].contains(&name)
    }));
}

#[test]
fn tables_that_are_wrong() {
    check(
        "kind;name;storey;to;connects;width [parsec];name;latitude;longitude;height\n\
         storey;0\nstorey;0\nstorey\nstorey;2\nstorey;5\nbridge;x\n;lonely\n\
         stair;S;0;7\nstair;T;0\nroom;A;0\nroom;A;0\nroom;B\nroom;A;2\n\
         door;D;5;;A\ndoor;E;0;;C;3\ndoor;F;0\nroom;H;0;;;;;;;tall\n\
         entrance;G;0;;;;;95;4\nroom;I;0;;;;;;;1;2;3\nbuilding;Other;\"\n",
        expect![[r#"
            declared building/Other name: "Other"
            declared building/Other/storey/0 name: "0"
            declared building/Other/storey/0 partOf: building/Other
            declared building/Other/storey/2 name: "2"
            declared building/Other/storey/2 partOf: building/Other
            declared building/Other/storey/5 name: "5"
            declared building/Other/storey/5 partOf: building/Other
            declared building/Other/storey/7 name: "7"
            declared building/Other/storey/7 partOf: building/Other
            declared building/Other/room/0/A name: "A"
            declared building/Other/room/0/A partOf: building/Other/storey/0
            declared building/Other/room/B name: "B"
            declared building/Other/room/B partOf: building/Other
            declared building/Other/room/2/A name: "A"
            declared building/Other/room/2/A partOf: building/Other/storey/2
            declared building/Other/room/0/H name: "H"
            declared building/Other/room/0/H partOf: building/Other/storey/0
            declared building/Other/room/0/H height: Unknown { reason: "tall" }
            declared building/Other/room/0/I name: "I"
            declared building/Other/room/0/I partOf: building/Other/storey/0
            declared building/Other/room/0/I height: 1 m
            declared building/Other/stair/S/0 name: "S"
            declared building/Other/stair/S/2 name: "S"
            declared building/Other/stair/S/5 name: "S"
            declared building/Other/stair/S/7 name: "S"
            declared building/Other/stair/S/0-2 name: "S"
            declared building/Other/stair/S/2-5 name: "S"
            declared building/Other/stair/S/5-7 name: "S"
            declared building/Other/stair/T/0 name: "T"
            declared building/Other/door/5/D name: "D"
            declared building/Other/door/5/D portalKind: "door"
            declared building/Other/door/5/D partOf: building/Other/storey/5
            declared building/Other/door/0/E name: "E"
            declared building/Other/door/0/E portalKind: "door"
            declared building/Other/door/0/E partOf: building/Other/storey/0
            declared building/Other/door/0/F name: "F"
            declared building/Other/door/0/F portalKind: "door"
            declared building/Other/door/0/F partOf: building/Other/storey/0
            declared building/Other/entrance/0/G name: "G"
            declared building/Other/entrance/0/G portalKind: "door"
            declared building/Other/entrance/0/G partOf: building/Other/storey/0
            declared building/Other/entrance/0/G isExternal: true
            inferred building/Other storeysAboveGround: 4 1 p=0.80
            inferred building/Other/stair/S/0 existence: true p=0.95
            inferred building/Other/stair/S/0 usage: "stair"
            inferred building/Other/stair/S/0 partOf: building/Other/storey/0
            inferred building/Other/stair/S/2 existence: true p=0.95
            inferred building/Other/stair/S/2 usage: "stair"
            inferred building/Other/stair/S/2 partOf: building/Other/storey/2
            inferred building/Other/stair/S/5 existence: true p=0.95
            inferred building/Other/stair/S/5 usage: "stair"
            inferred building/Other/stair/S/5 partOf: building/Other/storey/5
            inferred building/Other/stair/S/7 existence: true p=0.95
            inferred building/Other/stair/S/7 usage: "stair"
            inferred building/Other/stair/S/7 partOf: building/Other/storey/7
            inferred building/Other/stair/S/0-2 existence: true p=0.95
            inferred building/Other/stair/S/0-2 portalKind: "stairLink"
            inferred building/Other/stair/S/0-2 connects: building/Other/stair/S/0 + building/Other/stair/S/2 p=0.95
            inferred building/Other/stair/S/0-2 partOf: building/Other/storey/0
            inferred building/Other/stair/S/2-5 existence: true p=0.95
            inferred building/Other/stair/S/2-5 portalKind: "stairLink"
            inferred building/Other/stair/S/2-5 connects: building/Other/stair/S/2 + building/Other/stair/S/5 p=0.95
            inferred building/Other/stair/S/2-5 partOf: building/Other/storey/2
            inferred building/Other/stair/S/5-7 existence: true p=0.95
            inferred building/Other/stair/S/5-7 portalKind: "stairLink"
            inferred building/Other/stair/S/5-7 connects: building/Other/stair/S/5 + building/Other/stair/S/7 p=0.95
            inferred building/Other/stair/S/5-7 partOf: building/Other/storey/5
            inferred building/Other/stair/T/0 existence: true p=0.95
            inferred building/Other/stair/T/0 usage: "stair"
            inferred building/Other/stair/T/0 partOf: building/Other/storey/0
            inferred building/Other/inside/0 existence: true p=0.95
            inferred building/Other/inside/0 partOf: building/Other/storey/0
            inferred building/Other/entrance/0/G connects: building/Other/inside/0 p=0.80
            inferred open/building/Other/stair/S/0 existence: true p=0.90
            inferred open/building/Other/stair/S/0 portalKind: "openContact"
            inferred open/building/Other/stair/S/0 partOf: building/Other/storey/0
            inferred open/building/Other/stair/S/0 connects: building/Other/inside/0 + building/Other/stair/S/0 p=0.95
            inferred building/Other/inside/2 existence: true p=0.95
            inferred building/Other/inside/2 partOf: building/Other/storey/2
            inferred open/building/Other/stair/S/2 existence: true p=0.90
            inferred open/building/Other/stair/S/2 portalKind: "openContact"
            inferred open/building/Other/stair/S/2 partOf: building/Other/storey/2
            inferred open/building/Other/stair/S/2 connects: building/Other/inside/2 + building/Other/stair/S/2 p=0.95
            inferred building/Other/inside/5 existence: true p=0.95
            inferred building/Other/inside/5 partOf: building/Other/storey/5
            inferred open/building/Other/stair/S/5 existence: true p=0.90
            inferred open/building/Other/stair/S/5 portalKind: "openContact"
            inferred open/building/Other/stair/S/5 partOf: building/Other/storey/5
            inferred open/building/Other/stair/S/5 connects: building/Other/inside/5 + building/Other/stair/S/5 p=0.95
            inferred building/Other/inside/7 existence: true p=0.95
            inferred building/Other/inside/7 partOf: building/Other/storey/7
            inferred open/building/Other/stair/S/7 existence: true p=0.90
            inferred open/building/Other/stair/S/7 portalKind: "openContact"
            inferred open/building/Other/stair/S/7 partOf: building/Other/storey/7
            inferred open/building/Other/stair/S/7 connects: building/Other/inside/7 + building/Other/stair/S/7 p=0.95
            inferred open/building/Other/stair/T/0 existence: true p=0.90
            inferred open/building/Other/stair/T/0 portalKind: "openContact"
            inferred open/building/Other/stair/T/0 partOf: building/Other/storey/0
            inferred open/building/Other/stair/T/0 connects: building/Other/inside/0 + building/Other/stair/T/0 p=0.95
            inferred open/building/Other/room/0/A existence: true p=0.70
            inferred open/building/Other/room/0/A portalKind: "openContact"
            inferred open/building/Other/room/0/A partOf: building/Other/storey/0
            inferred open/building/Other/room/0/A connects: building/Other/inside/0 + building/Other/room/0/A p=0.95
            inferred open/building/Other/room/2/A existence: true p=0.70
            inferred open/building/Other/room/2/A portalKind: "openContact"
            inferred open/building/Other/room/2/A partOf: building/Other/storey/2
            inferred open/building/Other/room/2/A connects: building/Other/inside/2 + building/Other/room/2/A p=0.95
            inferred open/building/Other/room/0/H existence: true p=0.70
            inferred open/building/Other/room/0/H portalKind: "openContact"
            inferred open/building/Other/room/0/H partOf: building/Other/storey/0
            inferred open/building/Other/room/0/H connects: building/Other/inside/0 + building/Other/room/0/H p=0.95
            inferred open/building/Other/room/0/I existence: true p=0.70
            inferred open/building/Other/room/0/I portalKind: "openContact"
            inferred open/building/Other/room/0/I partOf: building/Other/storey/0
            inferred open/building/Other/room/0/I connects: building/Other/inside/0 + building/Other/room/0/I p=0.95
            CSV-003 line 21 - a quote does not end; all after it is one cell
            CSV-002 line 1 G1 [name] the column stands twice; the first is used, this is kept as written
            CSV-004 line 7 A7 [kind] `bridge` is no kind of thing that is known; the row is left out
            CSV-004 line 8 A8 [kind] the row does not say what it is about; it is left out
            CSV-003 line 20 A20 [kind] the row has more cells than there are columns; the last are left out
            CSV-007 line 3 B3 [name] the storey `0` stands twice; the first is used
            CSV-005 line 4 B4 [name] the storey has no name; it is left out
            CSV-006 line 9 C9 [storey] the storey `7` has no row; it is added
            CSV-007 line 12 B12 [name] the room `A` stands twice; the first is used
            CSV-006 line 13 C13 [storey] the room names no storey; it belongs to the building
            CSV-005 line 18 J18 [height] `tall` is no number that can be used
            CSV-006 line 10 C10 [storey] the stair serves fewer than two storeys that are known
            CSV-006 line 15 E15 [connects] no one room is called `A`
            CSV-005 line 16 F16 [width [parsec]] the column's unit does not fit `width`
            CSV-006 line 16 E16 [connects] no one room is called `C`
            CSV-006 line 17 E17 [connects] the door says of no room that it leads there
            CSV-005 line 19 H19 [latitude] latitude 95 and longitude 4 are not on earth
        "#]],
    );
    check(
        "kind,name\nroom,A\n",
        expect![[r#"
        declared building//room/A name: "A"
        declared building//room/A partOf: building/
        CSV-008 line 2 row 2 there is no row for the building; it has no name and no address
        CSV-006 line 2 row 2 the room names no storey; it belongs to the building
        CSV-008 - the table has no entrance: how one gets in is unknown
    "#]],
    );
    check(
        "name,colour\nA,red\n",
        expect![[r#"
        CSV-001 - the file is empty or has no column that says what each row is about
    "#]],
    );
    check(
        "",
        expect![[r#"
        CSV-001 - the file is empty or has no column that says what each row is about
    "#]],
    );
}

#[test]
fn several_buildings() {
    check(
        "kind,name,building,storey\nbuilding,North\nbuilding,South\nstorey,0,North\nstorey,0,South\n\
         room,A,north,0\nroom,B,West,0\nroom,C,,0\n",
        expect![[r#"
            declared building/North name: "North"
            declared building/North/storey/0 name: "0"
            declared building/North/storey/0 partOf: building/North
            declared building/North/room/0/A name: "A"
            declared building/North/room/0/A partOf: building/North/storey/0
            declared building/South name: "South"
            declared building/South/storey/0 name: "0"
            declared building/South/storey/0 partOf: building/South
            declared building/West name: "West"
            declared building/West/storey/0 name: "0"
            declared building/West/storey/0 partOf: building/West
            declared building/West/room/0/B name: "B"
            declared building/West/room/0/B partOf: building/West/storey/0
            declared building//storey/0 name: "0"
            declared building//storey/0 partOf: building/
            declared building//room/0/C name: "C"
            declared building//room/0/C partOf: building//storey/0
            inferred building/North storeysAboveGround: 1 1 p=0.80
            inferred building/North/inside/0 existence: true p=0.95
            inferred building/North/inside/0 partOf: building/North/storey/0
            inferred open/building/North/room/0/A existence: true p=0.70
            inferred open/building/North/room/0/A portalKind: "openContact"
            inferred open/building/North/room/0/A partOf: building/North/storey/0
            inferred open/building/North/room/0/A connects: building/North/inside/0 + building/North/room/0/A p=0.95
            inferred building/South storeysAboveGround: 1 1 p=0.80
            inferred building/West storeysAboveGround: 1 1 p=0.80
            inferred building/West/inside/0 existence: true p=0.95
            inferred building/West/inside/0 partOf: building/West/storey/0
            inferred open/building/West/room/0/B existence: true p=0.70
            inferred open/building/West/room/0/B portalKind: "openContact"
            inferred open/building/West/room/0/B partOf: building/West/storey/0
            inferred open/building/West/room/0/B connects: building/West/inside/0 + building/West/room/0/B p=0.95
            inferred building/ storeysAboveGround: 1 1 p=0.80
            inferred building//inside/0 existence: true p=0.95
            inferred building//inside/0 partOf: building//storey/0
            inferred open/building//room/0/C existence: true p=0.70
            inferred open/building//room/0/C portalKind: "openContact"
            inferred open/building//room/0/C partOf: building//storey/0
            inferred open/building//room/0/C connects: building//inside/0 + building//room/0/C p=0.95
            CSV-008 line 7 C7 [building] the building `West` has no row; it is added
            CSV-008 line 8 C8 [building] there is no row for the building; it has no name and no address
            CSV-008 - the table has no entrance: how one gets in is unknown
            CSV-008 - the table has no entrance: how one gets in is unknown
            CSV-006 line 7 D7 [storey] the storey `0` has no row; it is added
            CSV-008 - the table has no entrance: how one gets in is unknown
            CSV-006 line 8 D8 [storey] the storey `0` has no row; it is added
            CSV-008 - the table has no entrance: how one gets in is unknown
        "#]],
    );
}

#[test]
fn lists_and_ranges_of_storeys() {
    for (table, links) in [
        ("kind;name;storey\nlift;L;0-3", "0-1 1-2 2-3"),
        ("kind;name;storey\nlift;L;-2-0", "-1-0 -2--1"),
        ("kind;name;storey\nlift;L;3/0/1", "0-1 1-3"),
        ("kind;name;storey;to\nlift;L;3;1\nstorey;2", "1-2 2-3"),
        ("kind;name;storey\nstorey;0-3\nlift;L;0-3", ""),
    ] {
        let imported = read(table.as_bytes());
        let twins: BTreeSet<&str> = imported
            .facets
            .iter()
            .flat_map(|f| &f.statements)
            .filter(|s| s.attribute.as_str() == "connects" && s.entity.as_str().contains("/lift/"))
            .filter_map(|s| s.entity.as_str().strip_prefix("urn:building//lift/L/"))
            .collect();
        let found = twins.into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(found, links, "{table}");
    }
}

#[test]
fn tables_are_recognised() {
    assert_eq!(Format::detect("hall.csv", b""), Some(Format::Csv));
    assert_eq!(
        Format::detect("hall.txt", documented().as_bytes()),
        Some(Format::Csv)
    );
    assert_eq!(Format::detect("hall.txt", b"a,b\n1,2"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(is_sound(&read(&bytes)));
        let text = [b"kind;name;storey;to;connects;elevation\n", &bytes[..]].concat();
        prop_assert!(is_sound(&read(&text)));
    }

    #[test]
    fn any_mixture_of_cells_is_survived(
        rows in proptest::collection::vec(proptest::collection::vec(prop_oneof![
            Just("storey"), Just("stair"), Just("room"), Just("door"), Just("entrance"), Just("lift"),
            Just("building"), Just("0"), Just("1"), Just("0-9"), Just("A"), Just("1e308"), Just("-1,5"),
            Just(""), Just("\""), Just("A;B"),
        ], 0..8), 0..20),
    ) {
        let mut table = String::from("kind,name,storey,to,connects,elevation,latitude,longitude\n");
        for row in rows {
            table.push_str(&row.join(","));
            table.push('\n');
        }
        let imported = read(table.as_bytes());
        prop_assert!(is_sound(&imported));
        // Nothing is concluded as if it were stated.
        for facet in &imported.facets {
            for s in &facet.statements {
                let is_concluded = s.entity.as_str().contains("/inside/") || s.entity.as_str().contains("open/");
                prop_assert!(!is_concluded || facet.facet == Facet::Inferred);
            }
        }
    }
}
