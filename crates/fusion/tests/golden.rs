//! Bits that must never change: estimates on every machine, and the bytes of format 2.

mod common;

use common::*;
use expect_test::{Expect, expect};
use std::fmt::Write;
use twin_fusion::State;
use twin_model::{Act, Basis, Distribution, EntityId, Interval, Polygon, Value};

/// The distribution's numbers as bits: equal here means equal everywhere.
fn bits(state: &State, name: &str, at_s: f64) -> String {
    match estimate(state, spec(name), at_s).distribution {
        Some(Distribution::Gaussian { mean, sd }) => {
            format!("{:016x} {:016x}", mean.to_bits(), sd.to_bits())
        }
        Some(Distribution::Bernoulli { p }) => format!("{:016x}", p.to_bits()),
        Some(Distribution::Counts(p)) => {
            let first = p.iter().take(4).map(|p| format!("{:08x}", p.to_bits()));
            first.collect::<Vec<_>>().join(" ")
        }
        other => format!("{other:?}"),
    }
}

fn live(name: &str) -> State {
    let mut all = Vec::new();
    for i in 0..12_u64 {
        let (source, at_s) = ((i % 3) as u32, 45.0 * i as f64);
        all.push(match name {
            "open" => yes_no(i, source, at_s, i % 4 == 0),
            "occupancy" => number(i, source, at_s, (i % 5) as f64, 0.8),
            _ => number(i, source, at_s, 20.0 + 0.37 * (i % 5) as f64, 0.4),
        });
    }
    state_of(spec(name), &all)
}

#[test]
fn estimates_have_the_same_bits_everywhere() {
    let check = |name, expected: Expect| expected.assert_eq(&bits(&live(name), name, 700.0));
    check("temperature", expect!["40348e45ecbf67ed 3fd414d3b6d358e4"]);
    check("open", expect!["3fb1710efe14bf1e"]);
    check("occupancy", expect!["3cc49385 3eba6583 3f0e4935 3d55ff96"]);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

/// What was written by version 2 must be readable as long as the version stands: do not
/// update these bytes, add new ones.
#[test]
fn states_written_by_version_two_open() {
    let check = |name, all: &[Said], expected: Expect| {
        let state = state_of(spec(name), all);
        let mut bytes = Vec::new();
        state.encode(&mut bytes);
        expected.assert_eq(&hex(&bytes));
        let stored = unhex(&hex(&bytes));
        assert_eq!(State::decode(spec(name), &mut stored.as_slice()), Ok(state));
    };
    let climb: Vec<_> = (0..5)
        .map(|i| number(i, 3, 60.0 * i as f64, 20.0, 0.5))
        .collect();
    check(
        "temperature",
        &climb,
        expect![
            "020075000201050003000000800000003f0000000000003440000000000000000001000000000000003f00000000000034400087930301000000000000003f00000000000034400087930301000000000000003f00000000000034400087930301000000000000003f00000000000034400087930301000000"
        ],
    );
    check(
        "open",
        &[yes_no(1, 0, 1.5, true)],
        expect![
            "020101010000000000000060e3160000000000000000000000f03f0100000000000000000080bf0000000100000000000000000000000000000000025e97000000000000000000000000000000000000000000"
        ],
    );
    let often: Vec<_> = (0..5)
        .map(|i| yes_no(i, 3, 60.0 * i as f64, i != 2))
        .collect();
    check(
        "open",
        &often,
        expect![
            "0201030200000000000000000e27070000000000000000000000000100000003000000000080bf00000003000000000000000095ba0a00000000000000000000f03f0100000003000000000080bf0000000400000000000000001c4e0e00000000000000000000f03f0100000003000000000080bf0000000103000000000000000000000082a2960082eeb3000000000000000000000000000000000000000000"
        ],
    );
    check(
        "serviceState",
        &[fact(1, 0, 1.5, Value::text("outOfService"))],
        expect![
            "020401010000000000000060e316000000000000000000000000400100000000000000000080bf0000000100000000000000000000000000000000035e97000000000000000000000000000000000000000000"
        ],
    );
    check(
        "occupancy",
        &[number(1, 0, 1.5, 3.0, 1.0)],
        expect![
            "02020001010000000000000060e3160000000000000000000000084001000000000000000000803f000000"
        ],
    );
    let counted: Vec<_> = (0..6)
        .map(|i| number(i, 3, 300.0 * i as f64, (i / 2) as f64, 1.0))
        .collect();
    check(
        "occupancy",
        &counted,
        expect![
            "02020100e9a4350000000059fbb2ec04e015d030bd42a87b911981ad7249646855db465639e73184303f301a300030d92fbc2fa62f952f882f7f2f772f722f6e2f6a2f682f662f642f632f622f612f612f602f602f5f2f5f2f5f2f5f2f5f2f5e2f5e2f5e2f5d2f5b2f582f522f482f3a2f242f052fda2ea12e5a2e042e9f2d2c2da92c182cef2a9b29002e00010300000017b7d138000000000400000003030000000000000000e9a43500000000000000000000f03f01000000030000000000803f0000200400000000000000008c864700000000000000000000004001000000030000000000803f0000000500000000000000002f685900000000000000000000004001000000030000000000803f000000"
        ],
    );
    let id = |text| EntityId::new(text).unwrap();
    let bounded = Said {
        valid: Interval {
            from: Some(seconds(1.0)),
            until: Some(seconds(2.0)),
        },
        basis: Basis::Inferred,
        ..fact(2, 1, 0.5, Value::entities([id("urn:a"), id("urn:b")]))
    };
    check(
        "connects",
        &[said(1, 0, 0.0, Act::Absent), bounded],
        expect![
            "020302020000000000010000000100000000000000000000000000000018010100000001000000020000000000000020a107000000000040420f000000000080841e000000000004020000000500000075726e3a610500000075726e3a62"
        ],
    );
    let triangle = Polygon {
        rings: vec![vec![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]],
    };
    check(
        "footprint",
        &[fact(1, 0, 0.0, Value::Polygon(triangle.into()))],
        expect![
            "020301000000000000010000000100000000000000000000000000000007010000000300000000000000000000000000000000000000000000000000f03f00000000000000000000000000000000000000000000f03f"
        ],
    );
    check(
        "width",
        &[number(7, 2, 0.0, 0.9, 0.005)],
        expect![
            "02030120080200000001000000070000000000000000000000000000007b14ae47e17a743f01cdccccccccccec3f"
        ],
    );
    check(
        "name",
        &[fact(7, 2, 0.0, Value::text("3.12"))],
        expect!["02030100000200000001000000070000000000000000000000000000000204000000332e3132"],
    );
}

#[test]
fn what_is_not_a_state_is_refused_with_a_reason() {
    for (bytes, expected) in [
        (&[][..], "the state ends in the middle"),
        (
            &[1, 0],
            "the state has format version 1, this program reads 2",
        ),
        (
            &[2, 1, 0],
            "the state is of estimator 1, but `temperature` has estimator 0",
        ),
        (&[2, 0, 0], "the state ends in the middle"),
    ] {
        let error = State::decode(spec("temperature"), &mut &*bytes).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}
