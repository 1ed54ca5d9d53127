//! The bytes of every form of belonging: examples that must never change, and what becomes
//! of bytes that are cut or changed.

mod support;

use expect_test::expect_file;
use support::{NOON, card, hex, secrets};
use twin_exchange::members::{Stance, Statement, Vouch};
use twin_exchange::{Card, Invitation, Joining};

/// The name of a form, an example, and what believes it.
type Form = (&'static str, Vec<u8>, fn(&[u8]) -> bool);

fn forms() -> Vec<Form> {
    let subject = secrets(2).authority().verifying_key();
    let vouch = Vouch::sign(&secrets(1).authority(), subject, Stance::Admits, 3, NOON);
    vec![
        ("card", card(1, "tower").encode(), |bytes| {
            Card::decode(bytes).is_ok_and(|card| card.verify().is_ok())
        }),
        ("vouch", Statement::Vouch(vouch).encode(), |bytes| {
            Statement::decode(bytes).is_ok_and(|vouch| vouch.verify().is_ok())
        }),
    ]
}

#[test]
fn the_bytes_of_each_form() {
    for (name, bytes, _) in forms() {
        expect_file![format!("vectors/{name}.hex")].assert_eq(&hex(&bytes));
    }
}

#[test]
fn the_bytes_of_an_invitation() {
    let (mut invitation, code) =
        Invitation::issue(&card(1, "tower"), "for the brigade", [9; 16], NOON).expect("a code");
    let open = invitation.encode().to_vec();
    let joining = Joining::begin(&code, &secrets(2), &card(2, "brigade"), 5, NOON);
    let joining = joining.expect("not our own");
    let request = joining.request();
    let admitted = invitation.admit(request, &secrets(1), &card(1, "tower"), 5, NOON);
    let vectors = [
        ("code", code.text().as_bytes().to_vec()),
        ("request", request.to_vec()),
        ("answer", admitted.expect("admitted").answer),
        ("invitation-open", open),
        ("invitation-used", invitation.encode().to_vec()),
        ("joining", joining.encode().to_vec()),
        ("secrets", secrets(1).encode().to_vec()),
    ];
    for (name, bytes) in vectors {
        expect_file![format!("vectors/{name}.hex")].assert_eq(&hex(&bytes));
    }
}

/// Cut at every byte, and with one bit changed in every byte, nothing is believed.
#[test]
fn nothing_cut_or_changed_is_believed() {
    for (name, bytes, is_believed) in forms() {
        assert!(is_believed(&bytes), "{name}");
        for end in 0..bytes.len() {
            assert!(!is_believed(&bytes[..end]), "{name} cut at {end}");
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            assert!(!is_believed(&changed), "{name} changed at {at}");
        }
    }
}

#[test]
fn a_card_comes_back() {
    let card = card(1, "tower");
    assert_eq!(Card::decode(&card.encode()), Ok(card.clone()));
    assert_eq!(card.origin(), secrets(1).origin());
}

/// Otherwise an organisation could put another's node on its own card, and revoke it.
#[test]
fn nobody_names_a_node_that_is_not_theirs() {
    let bytes = card(1, "tower").encode();
    let (mut forged, thief) = (bytes.clone(), card(2, "thief"));
    forged[1..33].copy_from_slice(thief.authority.as_bytes());
    let forged = Card::decode(&forged).expect("the form is right");
    assert!(forged.verify().is_err());
}
