//! Any bytes as one of the forms by which organisations come to know each other, chosen by
//! the first byte.
//!
//! What is read must be written with the same bytes, and a code with the same letters.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_exchange::card::{Card, Particulars, Secrets};
use twin_exchange::directory::Announce;
use twin_exchange::invitation::{Code, Invitation, Joining};
use twin_exchange::members::Statement;
use twin_model::Time;

fuzz_target!(|bytes: &[u8]| {
    let Some((&form, bytes)) = bytes.split_first() else {
        return;
    };
    let again = match form % 8 {
        0 => Card::decode(bytes).ok().map(|card| card.encode()),
        1 => Statement::decode(bytes).ok().map(|statement| {
            let _ = statement.verify();
            statement.encode()
        }),
        2 => Invitation::decode(bytes).map(|invitation| invitation.encode().to_vec()),
        3 => Joining::decode(bytes).map(|joining| {
            let _ = joining.finish(bytes);
            joining.encode().to_vec()
        }),
        4 => Announce::decode(bytes).map(|announce| {
            let again = Announce::decode(&announce.encode());
            assert_eq!(again, Some(announce));
            bytes.to_vec()
        }),
        5 => {
            let (mut invitation, secrets, card) = inviter();
            // The seed is a good request; what is admitted serves no other one.
            let admitted = invitation.admit(bytes, &secrets, &card, 1, Time(0));
            assert_eq!(admitted.is_ok(), invitation.used_by().is_some());
            None
        }
        6 => Secrets::decode(bytes).map(|secrets| secrets.encode().to_vec()),
        _ => {
            let text = String::from_utf8_lossy(bytes);
            if let Ok(code) = Code::parse(&text) {
                let again = Code::parse(&code.text());
                assert_eq!(again, Ok(code));
            }
            None
        }
    };
    if let Some(again) = again {
        assert_eq!(again, bytes);
    }
});

fn inviter() -> (Invitation, Secrets, Card) {
    let secrets = Secrets::draw(&mut |bytes| bytes.fill(1));
    let particulars = Particulars {
        name: "tower".into(),
        title: "The tower".into(),
        certificate: vec![0x30],
        addresses: Vec::new(),
    };
    let card = secrets.card(particulars, 1, Time(0)).expect("a card");
    let (invitation, _) = Invitation::issue(&card, "", [9; 16], Time(0)).expect("an invitation");
    (invitation, secrets, card)
}
