//! Buildings of two files, told apart and put together.
#![allow(
    clippy::needless_raw_string_hashes,
    reason = "expectations are written by the tool"
)]

use expect_test::expect;
use proptest::prelude::*;
use std::fmt::Write as _;
use twin_space::earth::{Frame, distance_m};
use twin_space::matching::{Candidate, Matching, Place, match_buildings};

/// Where the town lies, its plan turned a little so that nothing runs due north.
const TOWN: Frame = Frame {
    latitude_deg: 52.01,
    longitude_deg: 4.36,
    rotation_deg: 17.0,
};

/// An L-shaped house of some size at a place of the town, in metres.
fn corner_house(x: f64, y: f64, size_m: f64) -> Vec<[f64; 2]> {
    let s = size_m;
    vec![
        [x, y],
        [x + s, y],
        [x + s, y + 0.5 * s],
        [x + 0.4 * s, y + 0.5 * s],
        [x + 0.4 * s, y + s],
        [x, y + s],
    ]
}

fn block(x: f64, y: f64, w: f64, h: f64) -> Vec<[f64; 2]> {
    vec![[x, y], [x + w, y], [x + w, y + h], [x, y + h]]
}

fn on_earth(ring: &[[f64; 2]]) -> Candidate {
    Candidate {
        place: Place::Earth(vec![ring.iter().map(|p| TOWN.to_earth(*p)).collect()]),
        ..Candidate::default()
    }
}

fn as_drawn(ring: Vec<[f64; 2]>) -> Candidate {
    Candidate {
        place: Place::Plan(vec![ring]),
        ..Candidate::default()
    }
}

fn moved(ring: &[[f64; 2]], by: [f64; 2]) -> Vec<[f64; 2]> {
    ring.iter().map(|p| [p[0] + by[0], p[1] + by[1]]).collect()
}

/// Pairs above one half, as `left-right`.
fn decided(matching: &Matching) -> String {
    let mut pairs: Vec<_> = matching
        .decided(0.5)
        .into_iter()
        .map(|i| (matching.pairs[i].left, matching.pairs[i].right))
        .collect();
    pairs.sort_unstable();
    let texts: Vec<_> = pairs.iter().map(|(l, r)| format!("{l}-{r}")).collect();
    texts.join(" ")
}

/// Twelve houses of different sizes along two streets.
fn town() -> Vec<Vec<[f64; 2]>> {
    (0..12)
        .map(|i| {
            let at = f64::from(i % 6) * 22.0;
            corner_house(at, f64::from(i / 6) * 40.0, 9.0 + f64::from(i * 5 % 7))
        })
        .collect()
}

fn all_on_earth(rings: &[Vec<[f64; 2]>]) -> Vec<Candidate> {
    rings.iter().map(|ring| on_earth(ring)).collect()
}

#[test]
fn a_shifted_survey_is_recognised_with_its_shift() {
    let town = town();
    let shifted: Vec<_> = town.iter().map(|r| moved(r, [2.0, -1.5])).collect();
    let matching = match_buildings(&all_on_earth(&town), &all_on_earth(&shifted));
    assert_eq!(matching.decided(0.9).len(), 12);
    let is_right = |p: &twin_space::matching::Pair| p.left == p.right || p.probability < 0.1;
    assert!(matching.pairs.iter().all(is_right));
    let east_north = TOWN.direction([2.0, -1.5]);
    for (found, true_m) in matching.shift_m.iter().zip(east_north) {
        assert!((found - true_m).abs() < 0.3, "{:?}", matching.shift_m);
    }
}

#[test]
fn a_house_that_only_one_file_has_takes_no_neighbour() {
    let left = all_on_earth(&town());
    let mut right = left.clone();
    right.remove(4);
    let matching = match_buildings(&left, &right);
    assert_eq!(matching.decided(0.5).len(), 11);
    let of_it = |p: &&twin_space::matching::Pair| p.left == 4;
    assert!(
        matching
            .pairs
            .iter()
            .filter(of_it)
            .all(|p| p.probability < 0.2)
    );
}

/// A row of equal houses, of which one file lacks an end: position decides, not the first best.
#[test]
fn rows_of_equal_houses_keep_their_order() {
    let row: Vec<_> = (0..8)
        .map(|i| on_earth(&block(f64::from(i) * 6.0, 0.0, 6.0, 9.0)))
        .collect();
    let matching = match_buildings(&row, &row[1..]);
    expect!["1-0 2-1 3-2 4-3 5-4 6-5 7-6"].assert_eq(&decided(&matching));
}

#[test]
fn ids_names_and_addresses_are_weighed() {
    let there = |name: &str, address: &str, id: &str| Candidate {
        names: vec![name.to_owned()],
        addresses: vec![address.to_owned()],
        ids: vec![("bagId".to_owned(), id.to_owned())],
        ..on_earth(&block(0.0, 0.0, 10.0, 10.0))
    };
    let church = there("Oude Kerk", "Hof 1", "1");
    let one = |right: Candidate| {
        let matching = match_buildings(std::slice::from_ref(&church), &[right]);
        matching.pairs.into_iter().next()
    };
    let same = one(there("OUDE KERK", "Hof 1, 2611 Delft", "1")).unwrap();
    let other = one(there("Stadhuis", "Markt 3", "2")).unwrap();
    assert!(same.probability > 0.999 && other.probability < same.probability);
    let mut text = String::new();
    for reason in same.evidence.iter().chain(&other.evidence) {
        writeln!(text, "{:+.2} {}", reason.log10_odds, reason.text).unwrap();
    }
    expect![[r#"
        +4.30 both have bagId `1`
        +4.09 centres lie 0.0 m apart
        +1.04 outlines cover each other to 100 % once laid on each other
        +0.20 both have the address `hof 1`, as have 1 in all
        +0.08 both are called `oude kerk`, as are 1 in all
        +4.09 centres lie 0.0 m apart
        -1.52 they differ in bagId
        +1.04 outlines cover each other to 100 % once laid on each other
        -0.70 they stand in different streets
        -0.46 they have different names
    "#]]
    .assert_eq(&text);
    // Two buildings far apart are not one because they are called alike.
    let far = Candidate {
        place: Place::Earth(vec![block(4.5, 52.2, 0.0001, 0.0001)]),
        ..church.clone()
    };
    assert_eq!(one(far), None);
}

/// Two candidates in one place share what there is: one building cannot be two.
#[test]
fn rivals_share_the_probability() {
    let house = on_earth(&block(0.0, 0.0, 10.0, 8.0));
    let matching = match_buildings(
        std::slice::from_ref(&house),
        &[house.clone(), house.clone()],
    );
    let sum: f64 = matching.pairs.iter().map(|p| p.probability).sum();
    assert!(sum <= 1.0 + 1e-9, "{sum}");
    assert!((matching.pairs[0].probability - matching.pairs[1].probability).abs() < 1e-9);
    assert_eq!(matching.decided(0.6).len(), 0);
}

/// A drawing of unknown place among the outlines of a town, beside its own mirror image.
#[test]
fn a_drawing_is_laid_onto_its_outline() {
    let place = Frame {
        latitude_deg: 52.0101,
        longitude_deg: 4.3602,
        rotation_deg: 221.0,
    };
    let drawing = vec![
        [5.0, 5.0],
        [45.0, 5.0],
        [45.0, 18.0],
        [22.0, 18.0],
        [22.0, 40.0],
        [5.0, 40.0],
    ];
    let outline = Candidate {
        place: Place::Earth(vec![drawing.iter().map(|p| place.to_earth(*p)).collect()]),
        ..Candidate::default()
    };
    let mirrored: Vec<[f64; 2]> = drawing.iter().map(|p| [-p[0] + 150.0, p[1]]).collect();
    let mut right = all_on_earth(&town());
    right.push(on_earth(&mirrored));
    right.push(outline);
    let matching = match_buildings(&[as_drawn(drawing)], &right);
    let best = &matching.pairs[0];
    assert_eq!(best.right, right.len() - 1, "{:?}", matching.pairs);
    assert!(best.probability > 0.7, "{best:?}");
    let laid = best.placements[0];
    assert!(laid.probability > 0.99 && laid.overlap > 0.97, "{laid:?}");
    let origin = [laid.frame.longitude_deg, laid.frame.latitude_deg];
    let truth = [place.longitude_deg, place.latitude_deg];
    assert!(distance_m(origin, truth) < 0.5, "{laid:?}");
    assert!(
        (laid.frame.rotation_deg - place.rotation_deg).abs() < 0.5,
        "{laid:?}"
    );
}

/// A rectangle fits its outline two ways, and nothing in it says which.
#[test]
fn a_symmetric_drawing_keeps_both_ways() {
    let left = as_drawn(block(0.0, 0.0, 60.0, 20.0));
    let right = on_earth(&block(100.0, 50.0, 60.0, 20.0));
    let matching = match_buildings(&[left], &[right]);
    let ways = &matching.pairs[0].placements;
    let likely: Vec<_> = ways.iter().filter(|w| w.probability > 0.1).collect();
    assert_eq!(likely.len(), 2, "{ways:?}");
    assert!(
        likely.iter().all(|w| (w.probability - 0.5).abs() < 0.05),
        "{ways:?}"
    );
    let turn = (likely[0].frame.rotation_deg - likely[1].frame.rotation_deg).abs();
    assert!((turn - 180.0).abs() < 1.0, "{ways:?}");
}

#[test]
fn what_has_no_place_or_is_none_matches_nothing_and_harms_nothing() {
    let odd: Vec<Candidate> = [
        Place::Unknown,
        Place::Point([400.0, 0.0]),
        Place::Earth(vec![]),
        Place::Earth(vec![vec![[f64::NAN, 0.0], [1.0, 1.0], [2.0, 0.0]]]),
        Place::Plan(vec![vec![[0.0, 0.0], [f64::INFINITY, 1.0], [2.0, 0.0]]]),
    ]
    .into_iter()
    .map(|place| Candidate {
        place,
        ..Candidate::default()
    })
    .collect();
    let town = all_on_earth(&town());
    for matching in [match_buildings(&odd, &town), match_buildings(&town, &odd)] {
        assert!(
            matching.pairs.iter().all(|p| p.probability < 0.5),
            "{matching:?}"
        );
    }
    assert!(match_buildings(&[], &town).pairs.is_empty());
}

fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let ring = prop::collection::vec([0.0..80.0_f64, 0.0..80.0_f64], 3..7);
    let height = prop::option::of(2.0..60.0_f64);
    let candidate = (ring, any::<bool>(), height, prop::option::of("[a-c]{1,2}"));
    let candidate = candidate.prop_map(|(ring, placed, height_m, name)| Candidate {
        height_m,
        names: name.into_iter().collect(),
        ..if placed {
            on_earth(&ring)
        } else {
            as_drawn(ring)
        }
    });
    prop::collection::vec(candidate, 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the buildings: probabilities are probabilities, no building is more than one,
    /// and the same files give the same answer to the last bit.
    #[test]
    fn probabilities_are_shares_of_one(left in candidates(), right in candidates()) {
        let matching = match_buildings(&left, &right);
        for i in 0..left.len() {
            let of_it = matching.pairs.iter().filter(|p| p.left == i);
            prop_assert!(of_it.map(|p| p.probability).sum::<f64>() <= 1.0 + 1e-9);
        }
        for pair in &matching.pairs {
            prop_assert!((0.0..=1.0).contains(&pair.probability));
            let ways: f64 = pair.placements.iter().map(|w| w.probability).sum();
            prop_assert!(pair.placements.is_empty() || (ways - 1.0).abs() < 1e-9);
        }
        let decided = matching.decided(0.0);
        let mut rights: Vec<_> = decided.iter().map(|i| matching.pairs[*i].right).collect();
        rights.sort_unstable();
        rights.dedup();
        prop_assert_eq!(rights.len(), decided.len());
        prop_assert_eq!(&match_buildings(&left, &right), &matching);
    }
}
