//! Who gets in, who does not, and what each end says of it.

mod common;

use common::*;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use twin_carrier::{Arrival, Ended, Endpoint, Identity, Limits, Refusal, Setup, Verdict};
use twin_model::Time;

#[tokio::test]
async fn two_that_know_each_other_exchange_frames_in_order() {
    let (mut one, mut two) = pair().await;
    let (a, b) = (one.link().await, two.link().await);
    assert_eq!((a.member(), b.member()), (2, 1));
    let (mut a, mut b) = (drive_line(a, 16), drive_line(b, 16));
    for i in 0..50_u8 {
        let (there, back) = (vec![i; 1 + usize::from(i) * 300], vec![i; 7]);
        a.send(there.clone()).await;
        b.send(back.clone()).await;
        assert_eq!(b.frame().await, Ok(there));
        assert_eq!(a.frame().await, Ok(back));
    }
    drop(a.down);
    assert_eq!(b.ended().await, Ended::ByPeer);
}

/// Who calls: whose authority is shown, whose secret is used, which time it is.
#[tokio::test]
async fn whoever_is_not_what_is_expected_is_refused_at_both_ends() {
    let (day, now) = (DAY, NOW.0);
    let stale = |from, until| identity(&authority(2), 2, Time(from), Time(until));
    let borrowed = Identity {
        // Somebody else's authority beside one's own leaf.
        authority: authority(3).certificate().to_vec(),
        ..valid_identity(2)
    };
    let cases = [
        ("unknown", valid_identity(9), Refusal::WrongPath, true),
        ("turned away", valid_identity(4), Refusal::Untrusted, true),
        (
            "expired",
            stale(now - 3 * day, now - day),
            Refusal::Expired,
            true,
        ),
        (
            "early",
            stale(now + day, now + 2 * day),
            Refusal::NotYetValid,
            true,
        ),
        ("borrowed", borrowed, Refusal::BadCertificate, true),
        (
            "one that is not known there",
            valid_identity(2),
            Refusal::Untrusted,
            false,
        ),
    ];
    for (who, shown, why, is_known_there) in cases {
        let one = Org::quick(1);
        one.judges(2, Verdict::Known(2));
        one.judges(3, Verdict::Known(3));
        one.judges(4, Verdict::Refused);
        let at = one.listen().await;
        let caller = Org::with(shown, Limits::default(), quick());
        if is_known_there {
            caller.knows(1);
        }
        caller.dial(1, at);
        // Each end has its own view: whoever refuses knows why, the other only that it was.
        let said = if is_known_there { Refusal::ByPeer } else { why };
        if is_known_there {
            one.refuses(why, 1).await;
        }
        assert_eq!(caller.is_troubled_by(1).await, said, "{who}");
    }
}

#[tokio::test]
async fn whoever_was_removed_is_told_and_no_more() {
    let mut one = Org::quick(1);
    let mut two = Org::quick(2);
    one.judges(2, Verdict::Removed);
    two.knows(1);
    let at = one.listen().await;
    two.dial(1, at);
    let arrival = tokio::time::timeout(HANGS, two.arrivals.recv()).await;
    match arrival.expect("no hanging").expect("an arrival") {
        Arrival::Removed(1, notice) => assert_eq!(notice, PARTING),
        other => panic!("not told: {other:?}"),
    }
    one.refuses(Refusal::Removed, 1).await;
    assert_eq!(two.is_troubled_by(1).await, Refusal::Removed);
    // It may come back by another invitation.
    let address = url(at);
    let trust = Arc::new(|_: &_| Verdict::Known(1));
    let asked = two.endpoint.join(&address, trust, vec![1]);
    let (answer, ()) = tokio::join!(asked, async {
        one.request().await.answer(vec![2]);
    });
    assert_eq!(answer, Ok(vec![2]));
}

#[tokio::test]
async fn a_member_at_anothers_address_is_not_that_member() {
    let one = Org::quick(1);
    let two = Org::quick(2);
    one.knows(2);
    two.knows(1);
    two.knows(3);
    let at = one.listen().await;
    two.dial(3, at);
    assert_eq!(two.is_troubled_by(3).await, Refusal::Untrusted);
}

#[tokio::test]
async fn addresses_that_are_none_and_ports_where_nobody_is() {
    let one = Org::quick(1);
    let empty = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let nobody = url(empty.local_addr().expect("bound"));
    drop(empty);
    let cases = [
        (nobody.as_str(), Refusal::Unreachable),
        ("ws://127.0.0.1:1", Refusal::BadAddress),
        ("wss://user@127.0.0.1:1", Refusal::BadAddress),
        ("wss://127.0.0.1:1/elsewhere", Refusal::BadAddress),
        ("127.0.0.1", Refusal::BadAddress),
        ("", Refusal::BadAddress),
    ];
    for (member, (address, why)) in cases.into_iter().enumerate() {
        one.endpoint.dial(member as u64, vec![address.to_owned()]);
        let said = one.is_troubled_by(member as u8).await;
        assert_eq!(said, why, "{address}");
    }
}

#[tokio::test]
async fn garbage_is_counted_and_answered_with_an_end() {
    let one = Org::quick(1);
    let at = one.listen().await;
    let hello = b"GET /link/1 HTTP/1.1\r\nHost: x\r\n\r\n";
    for (i, bytes) in [&hello[..], &[0; 64], &[0x16, 3, 1, 0xff, 0xff, 1]]
        .iter()
        .enumerate()
    {
        let mut tcp = TcpStream::connect(at).await.expect("connected");
        tcp.write_all(bytes).await.expect("written");
        let mut rest = Vec::new();
        // A reset or an alert and the end; what matters is that it ends.
        let _ = tcp.read_to_end(&mut rest).await;
        one.refuses(Refusal::Garbage, i as u64 + 1).await;
    }
}

#[tokio::test]
async fn whoever_says_nothing_keeps_nobody_out() {
    let limits = Limits {
        handshakes: 4,
        handshake: Duration::from_mins(10),
        ..Limits::default()
    };
    let mut one = Org::with(valid_identity(1), limits, quick());
    one.knows(2);
    let at = one.listen().await;
    let mut silent = Vec::new();
    for _ in 0..12 {
        let mut tcp = TcpStream::connect(at).await.expect("connected");
        tcp.write_all(&[0x16, 3]).await.expect("written");
        silent.push(tcp);
    }
    one.refuses(Refusal::TooMany, 8).await;
    let mut two = Org::quick(2);
    two.knows(1);
    two.dial(1, at);
    let (mut a, mut b) = (one.line().await, two.line().await);
    a.send(b"alarm".to_vec()).await;
    assert_eq!(b.frame().await, Ok(b"alarm".to_vec()));
}

#[tokio::test]
async fn a_handshake_has_its_time() {
    let limits = Limits {
        handshake: Duration::from_millis(50),
        ..Limits::default()
    };
    let one = Org::with(valid_identity(1), limits, quick());
    let at = one.listen().await;
    let _silent = TcpStream::connect(at).await.expect("connected");
    one.refuses(Refusal::TooSlow, 1).await;
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_and_an_expired_one_not_taken() {
    let (mut one, mut two) = (Org::quick(1), Org::quick(2));
    one.knows(2);
    two.knows(1);
    let at = one.listen().await;
    one.clock.store(NOW.0 + 2 * DAY, Ordering::Relaxed);
    two.dial(1, at);
    one.refuses(Refusal::Expired, 1).await;
    let (from, until) = (Time(NOW.0 - DAY), Time(NOW.0 + 3 * DAY));
    let renewed = identity(&two.authority, 2, from, until);
    two.endpoint.renew(renewed).expect("renewed");
    let (_a, _b) = (one.link().await, two.link().await);
    assert!(two.endpoint.troubles().is_empty());
}

#[tokio::test]
async fn an_identity_whose_key_is_another_is_not_shown() {
    let mut identity = valid_identity(1);
    identity.secret = [77; 32];
    let setup = Setup {
        identity,
        trust: std::sync::Arc::new(|_: &_| Verdict::Refused),
        clock: std::sync::Arc::new(|| NOW),
        limits: Limits::default(),
        pace: quick(),
    };
    assert_eq!(Endpoint::open(setup).err(), Some(Refusal::BadCertificate));
}
