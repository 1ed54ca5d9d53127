//! Who belongs does not depend on the order in which statements arrive, and a hostile
//! member fills only its own branch.

mod support;

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use support::{NOON, card, particulars, secrets};
use twin_exchange::members::*;
use twin_exchange::{Fingerprint, Roster, Statement, Vouch};
use twin_link::{OriginId, StreamId};
use twin_model::Time;

fn vouch(by: u8, subject: u8, stance: Stance, serial: u64) -> Statement {
    let subject = secrets(subject).authority().verifying_key();
    let by = secrets(by).authority();
    Statement::Vouch(Vouch::sign(&by, subject, stance, serial, NOON))
}

fn admits(by: u8, subject: u8) -> Statement {
    vouch(by, subject, Stance::Admits, 1)
}

fn is_card(number: u8) -> Statement {
    Statement::Card(card(number, &format!("m{number}")).into())
}

/// The roster of organisation 0, as it sees these statements.
fn roster(statements: &[Statement]) -> Roster {
    let mut roster = Roster::new(&secrets(0).authority().verifying_key());
    for statement in statements {
        roster.add(statement.clone()).expect("signed and in bounds");
    }
    roster
}

fn names(roster: &Roster) -> BTreeSet<(String, u8)> {
    let members = roster.members();
    members
        .map(|member| (member.card.name().to_owned(), member.depth))
        .collect()
}

fn check(statements: &[Statement], expected: &[(&str, u8)]) {
    let expected: BTreeSet<_> = expected.iter().map(|&(n, d)| (n.to_owned(), d)).collect();
    assert_eq!(names(&roster(statements)), expected);
}

#[test]
fn members_are_those_reached_over_standing_admissions() {
    let cards: Vec<Statement> = (1..=3).map(is_card).collect();
    let with = |more: &[Statement]| [&cards, more].concat();
    check(&with(&[]), &[]);
    check(&with(&[admits(0, 1)]), &[("m1", 1)]);
    let chain = [admits(0, 1), admits(1, 2), admits(2, 3)];
    check(&with(&chain), &[("m1", 1), ("m2", 2), ("m3", 3)]);
    // Admission is not mutual: that 3 admits us makes it no member of ours.
    check(&with(&[admits(3, 0)]), &[]);
    let removed =
        |by, subject| with(&[&chain[..], &[vouch(by, subject, Stance::Removes, 2)]].concat());
    // Removed by whoever admitted it: what hangs on it goes too.
    check(&removed(1, 2), &[("m1", 1)]);
    // Left by its own word, which counts wherever it arrives.
    check(&removed(2, 2), &[("m1", 1)]);
    // Removed by ourselves, though another admitted it.
    check(&removed(0, 2), &[("m1", 1)]);
    // A removal by somebody who never admitted it has no effect.
    check(&removed(3, 2), &[("m1", 1), ("m2", 2), ("m3", 3)]);
    // Another way in stays open.
    let again = [&removed(1, 2)[..], &[admits(3, 2), admits(0, 3)]].concat();
    check(&again, &[("m1", 1), ("m2", 2), ("m3", 1)]);
}

#[test]
fn a_chain_has_eight_links() {
    let mut statements: Vec<Statement> = (1..=12).map(is_card).collect();
    statements.extend((0..12).map(|n| admits(n, n + 1)));
    assert_eq!(names(&roster(&statements)).len(), usize::from(DEPTH_MAX));
}

/// Two words with one number, as after a restored backup: the cautious one counts, for all.
#[test]
fn of_two_words_with_one_number_the_removal_counts() {
    let (yes, no) = (admits(0, 1), vouch(0, 1, Stance::Removes, 1));
    check(&[is_card(1), yes.clone(), no.clone()], &[]);
    check(&[is_card(1), no, yes], &[]);
}

#[test]
fn a_node_is_replaced_and_its_last_words_are_believed() {
    let mut secrets = secrets(1);
    let old = card(1, "m1");
    let believed: BTreeMap<_, _> = [(StreamId([7; 16]), 12)].into();
    let rotated = rotate(&mut secrets, &old, believed, 2, NOON, &mut |b| b.fill(0xEE));
    let rotated = rotated.expect("a rotation");
    for order in [[0, 1], [1, 0]] {
        let mut roster = roster(&[admits(0, 1), is_card(1)]);
        for at in order {
            assert_eq!(roster.add(rotated[at].clone()), Ok(Added::News));
        }
        let members: Vec<_> = roster
            .members()
            .map(|member| member.card.origin())
            .collect();
        assert_eq!(members, [secrets.origin()]);
        let retired = roster.member(old.origin()).expect("still to be read");
        assert!(retired.is_retired);
        let revocation = retired.revocation.expect("taken back");
        assert_eq!(revocation.last_believed(StreamId([7; 16])), 12);
        assert_eq!(roster.to_link().len(), 2);
        assert_eq!(roster.add(is_card(1)), Ok(Added::Known));
    }
}

#[test]
fn what_nobody_signed_is_refused() {
    let bytes = admits(0, 1).encode();
    let mut forged = bytes.clone();
    forged[2] = Stance::Removes as u8;
    let forged = Statement::decode(&forged).expect("the form is right");
    let mut roster = roster(&[]);
    assert_eq!(roster.add(forged), Err(Refused::Signature));
    assert_eq!(roster.add(admits(0, 1)), Ok(Added::News));
    assert_eq!(roster.add(admits(0, 1)), Ok(Added::Known));
}

#[test]
fn serials_survive_a_restored_backup() {
    let roster = roster(&[vouch(0, 1, Stance::Admits, 5)]);
    assert_eq!(roster.next_serial(Time(0)), 6);
    assert_eq!(roster.next_serial(Time(77_000_000)), 77);
}

/// One peer invents organisations without end. It fills its own branch; everybody else
/// stays who they were, and memory stays within its bound.
fn flood(hostile: u8, honest: u8, bounds: Bounds) {
    let mut roster = Roster::bounded(&secrets(0).authority().verifying_key(), bounds);
    let chain = [admits(0, honest), admits(honest, 3), admits(3, 4)];
    let cards = [hostile, honest, 3, 4].map(is_card);
    for statement in cards.into_iter().chain(chain).chain([admits(0, hostile)]) {
        roster.add(statement).expect("room");
    }
    for invented in 10..=99 {
        for statement in [
            admits(hostile, invented),
            is_card(invented),
            admits(invented, 9),
        ] {
            let _ = roster.add(statement);
            roster.dropped();
        }
        let bytes: usize = roster.statements().map(|s| s.encode().len()).sum();
        assert!(bytes <= bounds.bytes);
    }
    let members = names(&roster);
    assert!(
        (4..=3 + bounds.branch).contains(&members.len()),
        "{members:?}"
    );
    for (name, depth) in [
        (format!("m{honest}"), 1),
        ("m3".into(), 2),
        ("m4".into(), 3),
    ] {
        assert!(members.contains(&(name, depth)), "{members:?}");
    }
}

#[test]
fn a_hostile_member_fills_only_its_own_branch() {
    let few_bytes = Bounds {
        bytes: 16_000,
        ..Bounds::default()
    };
    let few_members = Bounds {
        members: 25,
        branch: 20,
        ..Bounds::default()
    };
    for bounds in [few_bytes, few_members] {
        flood(1, 2, bounds);
        flood(2, 1, bounds);
    }
}

/// What is not kept is named, so that its row can be deleted, and nothing else is.
#[test]
fn rows_follow_what_is_kept() {
    let own = secrets(0).authority().verifying_key();
    let bounds = Bounds {
        bytes: 6_000,
        ..Bounds::default()
    };
    let mut roster = Roster::bounded(&own, bounds);
    let mut rows: BTreeMap<Slot, Vec<u8>> = BTreeMap::new();
    for number in (1..40).chain(1..40) {
        for statement in [is_card(number), admits(0, number), admits(number, 200)] {
            if roster.add(statement.clone()) == Ok(Added::News) {
                rows.insert(statement.slot(), statement.encode());
            }
            for slot in roster.dropped() {
                rows.remove(&slot);
            }
        }
    }
    let kept: BTreeMap<Slot, Vec<u8>> = roster
        .statements()
        .map(|s| (s.slot(), s.encode()))
        .collect();
    assert_eq!(rows, kept);
    let read = rows
        .values()
        .map(|row| Statement::decode(row).expect("a row"));
    let again = Roster::restore(&own, read);
    assert_eq!(names(&again), names(&roster));
}

const ORGANISATIONS: u8 = 6;

fn statement() -> impl Strategy<Value = Statement> {
    let who = 0..ORGANISATIONS;
    let stance = prop_oneof![3 => Just(Stance::Admits), 1 => Just(Stance::Removes)];
    prop_oneof![
        4 => (who.clone(), who.clone(), stance, 1..4_u64)
            .prop_map(|(by, subject, stance, serial)| vouch(by, subject, stance, serial)),
        1 => (who, 1..4_u64, 0..3_u8).prop_map(|(who, serial, node)| {
            let mut secrets = secrets(who);
            if node > 0 {
                secrets.renew_node(&mut |bytes| bytes.fill(who * 3 + node));
            }
            let card = secrets.card(particulars(&format!("m{who}")), serial, NOON);
            Statement::Card(card.expect("a card").into())
        }),
    ]
}

/// Who is reached, computed otherwise: the closure of a relation.
fn reached(statements: &[Statement]) -> BTreeSet<Fingerprint> {
    let print = |number: u8| Fingerprint::of(&secrets(number).authority().verifying_key());
    let said = |by: u8, subject: u8| {
        let vouches = statements.iter().filter_map(|statement| match statement {
            Statement::Vouch(v) => Some(v),
            _ => None,
        });
        let about = vouches.filter(|v| {
            Fingerprint::of(&v.by) == print(by) && Fingerprint::of(&v.subject) == print(subject)
        });
        let last = about.max_by_key(|v| (v.serial, v.stance));
        last.map(|v| v.stance)
    };
    let mut known = BTreeSet::from([0]);
    for _ in 0..ORGANISATIONS {
        for subject in 1..ORGANISATIONS {
            let out = said(0, subject) == Some(Stance::Removes)
                || said(subject, subject) == Some(Stance::Removes);
            let is_in = known
                .iter()
                .any(|&by| said(by, subject) == Some(Stance::Admits));
            if is_in && !out {
                known.insert(subject);
            }
        }
    }
    known.remove(&0);
    known.into_iter().map(print).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any order, any duplication: the same statements count, and the same nodes belong.
    #[test]
    fn the_order_makes_no_difference(
        statements in proptest::collection::vec(statement(), 1..30),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 0..30),
    ) {
        let straight = roster(&statements);
        let mut other: Vec<Statement> = order.iter().map(|at| at.get(&statements).clone()).collect();
        other.extend(statements.iter().rev().cloned());
        let other = roster(&other);
        let all = |roster: &Roster| roster.statements().map(|s| s.encode()).collect::<Vec<_>>();
        prop_assert_eq!(all(&straight), all(&other));
        let nodes = |roster: &Roster| -> Vec<OriginId> { roster.to_link().into_keys().collect() };
        prop_assert_eq!(nodes(&straight), nodes(&other));
        prop_assert_eq!(names(&straight), names(&other));

        let who = |roster: &Roster| -> BTreeSet<Fingerprint> {
            let members = roster.members();
            members.map(|member| member.card.fingerprint()).collect()
        };
        let with_cards: Vec<Statement> = statements.iter().cloned().chain((0..ORGANISATIONS).map(is_card)).collect();
        prop_assert_eq!(who(&roster(&with_cards)), reached(&statements));
    }
}
