//! Inviting and joining: both sides end with each other's card and mutual admissions, and
//! whatever goes wrong is told in words that help.

mod support;

use support::{NOON, card, secrets};
use twin_exchange::invitation::{Admitted, LIFE_S, Refused};
use twin_exchange::{Card, Code, Invitation, Joining, Roster, Statement};
use twin_model::Time;
use twin_model::time::MICROS;

const SECRET: [u8; 16] = *b"sixteen secrets!";

fn later(seconds: i64) -> Time {
    Time(NOON.0 + seconds * MICROS)
}

fn invite() -> (Invitation, Code) {
    Invitation::issue(&card(1, "tower"), "for the brigade", SECRET, NOON).expect("in bounds")
}

fn join(code: &Code, number: u8) -> Joining {
    Joining::begin(
        code,
        &secrets(number),
        &card(number, "brigade"),
        7,
        later(60),
    )
    .expect("not our own")
}

fn admit(invitation: &mut Invitation, request: &[u8], at: Time) -> Result<Admitted, Refused> {
    invitation.admit(request, &secrets(1), &card(1, "tower"), 9, at)
}

fn roster(own: &Card, statements: Vec<Statement>) -> Roster {
    let mut roster = Roster::new(&own.authority);
    for statement in statements {
        roster.add(statement).expect("signed");
    }
    roster
}

#[test]
fn both_sides_admit_each_other() {
    let (mut invitation, code) = invite();
    let joining = join(&Code::parse(&code.text()).expect("a code"), 2);
    assert_eq!(Invitation::named_in(joining.request()), Ok(invitation.id));
    let admitted = admit(&mut invitation, joining.request(), later(90)).expect("admitted");
    let joined = joining.finish(&admitted.answer).expect("joined");
    let (tower, brigade) = (card(1, "tower"), card(2, "brigade"));
    assert_eq!(admitted.origin, brigade.origin());
    assert_eq!(invitation.used_by(), Some(brigade.origin()));
    let at_tower = roster(&tower, admitted.statements);
    let at_brigade = roster(&brigade, joined);
    assert!(at_tower.peers().any(|peer| peer.card == &brigade));
    assert!(at_brigade.peers().any(|peer| peer.card == &tower));
    // Each holds also that the other admitted it.
    let count = |roster: &Roster| roster.statements().count();
    assert_eq!((count(&at_tower), count(&at_brigade)), (3, 3));
}

#[test]
fn a_code_fits_a_line_and_survives_people() {
    let (_, code) = invite();
    let text = code.text();
    assert!(text.len() <= 200, "{}", text.len());
    assert!(
        text.chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    );
    let spaced = text.to_ascii_lowercase();
    let spaced = format!("{} -\n{}", &spaced[..40], &spaced[40..]);
    let alike: String = text[5..].replace('0', "o").replace('1', "l");
    for typed in [text.to_string(), spaced, format!("twiNl{alike}")] {
        assert_eq!(Code::parse(&typed).as_ref(), Ok(&code));
    }
    assert!(!format!("{code:?}").contains("secret"));
}

#[test]
fn long_addresses_give_way() {
    let mut secrets_card = card(1, "tower").particulars;
    secrets_card.addresses = vec![
        "a".repeat(90),
        "b".repeat(40),
        "c".repeat(23),
        "d".repeat(22),
    ];
    let card_1 = secrets(1)
        .card(secrets_card.clone(), 1, NOON)
        .expect("a card");
    let (_, code) = Invitation::issue(&card_1, "", SECRET, NOON).expect("room for some");
    assert_eq!(code.addresses, ["b".repeat(40), "d".repeat(22)]);
    assert_eq!(code.text().len(), 199);
    secrets_card.addresses.truncate(1);
    let card_1 = secrets(1).card(secrets_card, 1, NOON).expect("a card");
    let refused = Invitation::issue(&card_1, "", SECRET, NOON).expect_err("no room");
    assert_eq!(refused, Refused::TooLong("every address"));
}

/// Every code with one wrong letter or two swapped ones, and every beginning of it.
#[test]
fn typos_are_noticed() {
    let text = invite().1.text().to_string();
    for end in 0..text.len() {
        let refused = Code::parse(&text[..end]).expect_err("cut");
        let expected = if end < 4 {
            Refused::NotACode
        } else {
            Refused::Incomplete
        };
        assert!(
            refused == expected || refused == Refused::Mistyped,
            "{end} {refused:?}"
        );
    }
    let letters: Vec<char> = text.chars().collect();
    for at in 5..letters.len() {
        for wrong in "0123456789ABCDEFGHJKMNPQRSTVWXYZU!".chars() {
            let mut typed = letters.clone();
            typed[at] = wrong;
            if typed != letters {
                assert!(
                    Code::parse(&String::from_iter(typed)).is_err(),
                    "{at} {wrong}"
                );
            }
        }
        let mut swapped = letters.clone();
        swapped.swap(at, at - 1);
        if swapped != letters {
            assert!(Code::parse(&String::from_iter(swapped)).is_err(), "{at}");
        }
    }
    assert_eq!(
        Code::parse(&text.replacen("TWIN1", "TWIN2", 1)),
        Err(Refused::Later)
    );
    assert_eq!(Code::parse("https://example.com"), Err(Refused::NotACode));
    assert_eq!(Code::parse(&format!("{text}0")), Err(Refused::Mistyped));
}

#[test]
fn an_invitation_serves_once() {
    let (mut invitation, code) = invite();
    let (first, second) = (join(&code, 2), join(&code, 3));
    let admitted = admit(&mut invitation, first.request(), later(90)).expect("admitted");
    assert_eq!(
        admit(&mut invitation, second.request(), later(91)),
        Err(Refused::Used)
    );
    // The answer got lost, the node restarted, and the request comes again.
    let first = Joining::decode(&first.encode()).expect("kept");
    let mut invitation = Invitation::decode(&invitation.encode()).expect("kept");
    let again = admit(&mut invitation, first.request(), later(2 * LIFE_S)).expect("the same");
    assert_eq!(again.answer, admitted.answer);
    assert!(again.statements.is_empty());
    first.finish(&again.answer).expect("joined");
}

#[test]
fn an_invitation_lasts_a_day() {
    let (mut invitation, code) = invite();
    let request = join(&code, 2);
    assert_eq!(code.expires, invitation.expires);
    let refused = admit(&mut invitation, request.request(), later(LIFE_S + 1));
    assert_eq!(refused, Err(Refused::Expired));
    assert!(admit(&mut invitation, request.request(), later(LIFE_S)).is_ok());
}

#[test]
fn a_wrong_secret_or_another_ones_code_leads_nowhere() {
    let (mut invitation, code) = invite();
    let (_, other_code) = Invitation::issue(&card(1, "tower"), "", [3; 16], NOON).expect("a code");
    let refused = admit(&mut invitation, join(&other_code, 2).request(), NOON);
    assert_eq!(refused, Err(Refused::Unknown));
    // It names the invitation, whose id it saw, and does not have the secret.
    let mut request = join(&other_code, 2).request().to_vec();
    request[1..17].copy_from_slice(&invitation.id);
    assert_eq!(admit(&mut invitation, &request, NOON), Err(Refused::Proof));
    let own = Joining::begin(&code, &secrets(1), &card(1, "tower"), 1, NOON);
    assert_eq!(own, Err(Refused::Own));
    assert_eq!(invitation.used_by(), None);
}

/// Somebody on the way who has no code can put in no card, and who has the code of another
/// invitation cannot answer in the inviter's name.
#[test]
fn nobody_slips_in_between() {
    let (mut invitation, code) = invite();
    let (to_brigade, to_hospital) = (join(&code, 2), join(&code, 3));
    let admitted = admit(&mut invitation, to_brigade.request(), NOON).expect("admitted");
    // An answer that was meant for another.
    assert_eq!(to_hospital.finish(&admitted.answer), Err(Refused::Proof));
    let (mut theirs, _) = Invitation::issue(&card(4, "thief"), "", SECRET, NOON).expect("a code");
    let answer = theirs.admit(
        to_brigade.request(),
        &secrets(4),
        &card(4, "thief"),
        1,
        NOON,
    );
    assert_eq!(answer, Err(Refused::Proof), "the proof names the inviter");
    for bytes in [to_brigade.request().to_vec(), admitted.answer] {
        assert!(!bytes.windows(16).any(|window| window == SECRET));
    }
}

#[test]
fn nothing_cut_or_changed_is_accepted() {
    let (invitation, code) = invite();
    let joining = join(&code, 2);
    let request = joining.request();
    let answer = admit(&mut invitation.clone(), request, NOON)
        .expect("admitted")
        .answer;
    let changes = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let cut = (0..bytes.len()).map(|end| bytes[..end].to_vec());
        let flipped = (0..bytes.len()).map(|at| {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1 << (at % 8);
            changed
        });
        cut.chain(flipped).chain([[bytes, &[0]].concat()]).collect()
    };
    for changed in changes(request) {
        assert!(admit(&mut invitation.clone(), &changed, NOON).is_err());
    }
    for changed in changes(&answer) {
        assert!(joining.finish(&changed).is_err());
    }
}

/// After use nothing on disk lets anybody in again.
#[test]
fn the_secret_is_gone_after_use() {
    let (mut invitation, code) = invite();
    let joining = join(&code, 2);
    let key = {
        let open = invitation.encode();
        open[open.len() - 32..].to_vec()
    };
    assert!(
        !invitation
            .encode()
            .windows(16)
            .any(|window| window == SECRET)
    );
    admit(&mut invitation, joining.request(), NOON).expect("admitted");
    assert!(!invitation.encode().windows(32).any(|window| window == key));
}
