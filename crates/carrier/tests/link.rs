//! What a connection does when the way or the other end does not play along.

mod common;

use common::*;
use proptest::prelude::*;
use std::time::Duration;
use tokio::time::Instant;
use twin_carrier::emulator::{Command, Emulator, Profile, Way};
use twin_carrier::{Carrier, Ended, Event, Limits, Pace, Refusal, next};

/// A dialler and a listener with an emulated link between them.
struct Apart {
    dials: Org,
    listens: Org,
    way: Emulator,
}

async fn apart(up: Profile, down: Profile, pace: Pace) -> Apart {
    let (dials, listens) = (
        Org::with(valid_identity(2), Limits::default(), pace),
        Org::with(valid_identity(1), Limits::default(), pace),
    );
    dials.knows(1);
    listens.knows(2);
    let to = listens.listen().await;
    let way = Emulator::start(to, up, down, 1).expect("a relay");
    dials.dial(1, way.address());
    Apart {
        dials,
        listens,
        way,
    }
}

async fn wire(pace: Pace) -> Apart {
    apart(Profile::default(), Profile::default(), pace).await
}

/// Frames whose content tells which they are.
fn numbered(i: u32, bytes: usize) -> Vec<u8> {
    let mut frame = i.to_be_bytes().to_vec();
    frame.resize(bytes.max(4), i as u8);
    frame
}

/// Cuts a connection after some bytes in one direction while frames go both ways; what
/// arrived is whole, in order, and from the beginning.
async fn cut(way: Way, after: u64, sizes: &[usize]) -> Result<(), TestCaseError> {
    let mut apart = wire(quick()).await;
    let (mut a, mut b) = (apart.dials.line().await, apart.listens.line().await);
    apart.way.command(Command::CutAfter(way, after));
    let sent: Vec<Vec<u8>> = (0..).zip(sizes).map(|(i, &n)| numbered(i, n)).collect();
    let (mut ahead, mut back) = (Vec::new(), Vec::new());
    'sending: for frame in &sent {
        for (from, to, got) in [(0, 1, &mut ahead), (1, 0, &mut back)] {
            let ends = [&mut a, &mut b];
            ends[from].send(frame.clone()).await;
            match ends[to].frame().await {
                Ok(frame) => got.push(frame),
                Err(_) => break 'sending,
            }
        }
    }
    for got in [ahead, back] {
        prop_assert_eq!(&sent[..got.len()], &got[..]);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_cut_at_any_byte_leaves_whole_frames(
        is_up: bool,
        after in 0_u64..6000,
        sizes in proptest::collection::vec(4_usize..2000, 8),
    ) {
        let way = if is_up { Way::Up } else { Way::Down };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(cut(way, after, &sizes))?;
    }
}

#[tokio::test]
async fn a_link_that_is_reset_comes_back_by_itself() {
    let mut apart = wire(quick()).await;
    for i in 0..5 {
        let (mut a, mut b) = (apart.dials.line().await, apart.listens.line().await);
        a.send(numbered(i, 100)).await;
        assert_eq!(b.frame().await, Ok(numbered(i, 100)));
        apart.way.command(Command::Reset);
        assert_eq!(
            (a.ended().await, b.ended().await),
            (Ended::Broken, Ended::Broken)
        );
    }
}

#[tokio::test]
async fn a_way_that_swallows_everything_is_noticed_at_both_ends() {
    let mut apart = wire(quick()).await;
    let (mut a, mut b) = (apart.dials.line().await, apart.listens.line().await);
    let begun = Instant::now();
    a.send(numbered(0, 100)).await;
    assert_eq!(b.frame().await, Ok(numbered(0, 100)));
    apart.way.command(Command::Stall);
    a.send(numbered(1, 100)).await;
    assert_eq!(a.ended().await, Ended::Silent);
    assert!(begun.elapsed() >= quick().patience_min);
    // The other end had nothing to say; it asks because it is idle.
    assert_eq!(b.ended().await, Ended::Silent);
    apart.way.command(Command::Heal);
    let (mut a, mut b) = (apart.dials.line().await, apart.listens.line().await);
    a.send(numbered(2, 100)).await;
    assert_eq!(b.frame().await, Ok(numbered(2, 100)));
}

#[tokio::test]
async fn an_idle_connection_stays() {
    let mut apart = wire(quick()).await;
    let (mut a, mut b) = (apart.dials.line().await, apart.listens.line().await);
    // Idle for several times of what would count as silence: only pings pass.
    let quiet = tokio::time::timeout(4 * quick().patience_min, a.ended()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    a.send(numbered(3, 10)).await;
    assert_eq!(b.frame().await, Ok(numbered(3, 10)));
}

#[tokio::test]
async fn the_newer_connection_of_a_member_takes_the_place_of_the_older() {
    let (mut one, mut two) = pair().await;
    let (mut first, _kept) = (one.line().await, two.line().await);
    // The same organisation again, from a machine that was restored beside the old one.
    let mut twin = Org::quick(2);
    twin.knows(1);
    let at = one.listen().await;
    twin.dial(1, at);
    let (mut second, mut other) = (one.line().await, twin.line().await);
    assert_eq!(first.ended().await, Ended::Replaced);
    second.send(numbered(1, 9)).await;
    assert_eq!(other.frame().await, Ok(numbered(1, 9)));
}

#[tokio::test]
async fn both_dial_and_one_connection_remains() {
    let (mut one, mut two) = (Org::quick(1), Org::quick(2));
    one.knows(2);
    two.knows(1);
    let (at_one, at_two) = (one.listen().await, two.listen().await);
    one.dial(2, at_two);
    two.dial(1, at_one);
    // Whatever crossed, both ends come to mean the same connection, and stay with it.
    let sending = async {
        loop {
            let mut line = one.line().await;
            while !line.ended_already() {
                line.send(numbered(1, 9)).await;
            }
        }
    };
    let taking = async {
        loop {
            let (mut line, mut taken) = (two.line().await, 0);
            while line.frame().await.is_ok() {
                taken += 1;
                if taken == 100 {
                    return;
                }
            }
        }
    };
    tokio::select! {
        () = sending => {}
        () = taking => {}
    }
}

#[tokio::test]
async fn whoever_is_hung_up_on_is_gone() {
    let (mut one, mut two) = pair().await;
    let (_a, mut b) = (one.line().await, two.line().await);
    two.endpoint.hang_up(1);
    assert_eq!(b.ended().await, Ended::ByUs);
}

#[tokio::test]
async fn frames_that_are_too_long_are_not_taken_and_end_the_connection() {
    let long = Limits {
        frame_bytes: 60_000,
        ..Limits::default()
    };
    let (mut one, mut two) = (Org::quick(1), Org::with(valid_identity(2), long, quick()));
    one.knows(2);
    two.knows(1);
    let at = one.listen().await;
    two.dial(1, at);
    let (mut a, mut b) = (one.link().await, two.line().await);
    while next(&mut a).await != Event::Room {}
    assert!(a.send(vec![0; 16 * 1024 + 1]).is_err());
    let mut a = drive_line(a, 4);
    b.send(vec![0; 50_000]).await;
    assert_eq!(a.ended().await, Ended::Garbage);
    assert_ne!(b.ended().await, Ended::ByUs);
}

#[tokio::test]
async fn a_reader_that_stalls_holds_its_sender_back_and_nobody_else() {
    let mut one = Org::quick(1);
    let (mut two, mut three) = (Org::quick(2), Org::quick(3));
    one.knows(2);
    one.knows(3);
    two.knows(1);
    three.knows(1);
    let at = one.listen().await;
    two.dial(1, at);
    let (mut to_stalled, stalled) = (one.line().await, two.link().await);
    three.dial(1, at);
    let (mut to_other, mut other) = (one.line().await, three.line().await);
    // Two frames are taken in and nobody asks for them: then nothing more is read.
    let mut stalled = drive_line(stalled, 2);
    let mut handed_down = 0;
    let sending = async {
        while !to_stalled.ended_already() {
            to_stalled.send(numbered(handed_down, 16 * 1024)).await;
            handed_down += 1;
        }
    };
    let (mut slowest, begun) = (Duration::ZERO, Instant::now());
    let meanwhile = async {
        // Longer than silence would be borne: a stalled reader still says that it is there.
        while begun.elapsed() < 2 * quick().patience_max {
            let at = Instant::now();
            to_other.send(numbered(7, 200)).await;
            assert_eq!(other.frame().await, Ok(numbered(7, 200)));
            slowest = slowest.max(at.elapsed());
        }
    };
    tokio::select! {
        () = sending => panic!("the stalled reader was taken for gone"),
        () = meanwhile => {}
    }
    assert!(slowest < quick().patience_min, "{slowest:?}");
    // What the two kernels buffer on the loopback, at most; nothing piles up above them.
    assert!((3..1000).contains(&handed_down), "{handed_down}");
    for i in 0..handed_down {
        assert_eq!(stalled.frame().await, Ok(numbered(i, 16 * 1024)));
    }
}

#[tokio::test]
async fn nothing_is_asked_for_that_cannot_be_sent() {
    let narrow = Profile {
        buffer_bytes: 4096,
        ..Profile::default()
    };
    let mut apart = apart(narrow, narrow, quick()).await;
    let (mut a, _b) = (apart.dials.line().await, apart.listens.line().await);
    apart.way.command(Command::Stall);
    let mut asked_for = 0;
    while !a.ended_already() {
        a.send(numbered(asked_for, 256)).await;
        asked_for += 1;
    }
    // The buffer before the link, and a kilobyte that the kernel has not sent.
    assert!((4..64).contains(&asked_for), "{asked_for} frames");
}

#[tokio::test]
async fn strangers_may_ask_to_join_and_nothing_else() {
    let mut one = Org::quick(1);
    let two = Org::quick(2);
    let at = one.listen().await;
    two.knows(1);
    two.dial(1, at);
    one.refuses(Refusal::WrongPath, 1).await;
    two.endpoint.hang_up(1);

    let trust = || std::sync::Arc::new(|_: &_| twin_carrier::Verdict::Known(1));
    let answering = async {
        for _ in 0..2 {
            let join = one.request().await;
            assert_eq!(join.chain.authority, authority(2).certificate());
            match join.request.as_slice() {
                b"may we?" => join.answer(b"yes".to_vec()),
                _ => drop(join),
            }
        }
    };
    let url = url(at);
    let asking = async {
        let ask = |request: &[u8]| two.endpoint.join(&url, trust(), request.to_vec());
        assert_eq!(ask(b"may we?").await, Ok(b"yes".to_vec()));
        assert_eq!(ask(b"give us all").await, Err(Refusal::ByPeer));
        assert_eq!(ask(&vec![0; 16 * 1024 + 1]).await, Err(Refusal::TooLong));
    };
    tokio::join!(answering, asking);
    let not_the_one = std::sync::Arc::new(|_: &_| twin_carrier::Verdict::Refused);
    let refused = two.endpoint.join(&url, not_the_one, vec![1]).await;
    assert_eq!(refused, Err(Refusal::Untrusted));
}

#[tokio::test]
async fn not_everybody_may_ask_to_join_at_once() {
    let limits = Limits {
        strangers: 1,
        ..Limits::default()
    };
    let mut one = Org::with(valid_identity(1), limits, quick());
    let two = Org::quick(2);
    let at = one.listen().await;
    let trust = || std::sync::Arc::new(|_: &_| twin_carrier::Verdict::Known(1));
    let url = url(at);
    let first = two.endpoint.join(&url, trust(), vec![1]);
    let rest = async {
        let waiting = one.request().await;
        let second = two.endpoint.join(&url, trust(), vec![2]).await;
        assert_eq!(second, Err(Refusal::ByPeer));
        waiting.answer(vec![3]);
    };
    let (answer, ()) = tokio::join!(first, rest);
    assert_eq!(answer, Ok(vec![3]));
    one.refuses(Refusal::TooMany, 1).await;
}

/// The rate is exact: so many bytes take so long, and the directions do not disturb each other.
#[tokio::test]
async fn the_emulator_lets_through_what_its_profile_says() {
    let profile = |bits_per_s| Profile {
        bits_per_s: Some(bits_per_s),
        ..Profile::radio()
    };
    let mut apart = apart(profile(400_000.0), profile(800_000.0), Pace::default()).await;
    let (mut a, mut b) = (apart.dials.line().await, apart.listens.line().await);
    let before = [Way::Up, Way::Down].map(|way| apart.way.relayed(way));
    let begun = Instant::now();
    let up = async {
        for i in 0..20 {
            a.send(numbered(i, 1000)).await;
        }
        a.send(numbered(99, 4)).await;
    };
    let down = async { while b.frame().await != Ok(numbered(99, 4)) {} };
    tokio::join!(up, down);
    let took = begun.elapsed().as_secs_f64();
    let bytes = apart.way.relayed(Way::Up) - before[0];
    let least = (bytes as f64 * 8.0) / 400_000.0;
    assert!(bytes > 20_000 && took >= least, "{bytes} bytes in {took} s");
    assert!(took < 3.0 * least + 0.5, "{bytes} bytes in {took} s");
    assert!(apart.way.relayed(Way::Down) - before[1] < 1000);
}
