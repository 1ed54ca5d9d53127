//! How long after a link returns the first frame arrives:
//! `cargo run --release -p twin-carrier --example heal -- [rounds]`.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use twin_carrier::emulator::{Command, Emulator, Profile};
use twin_carrier::{
    Arrival, Authority, Carrier, Chain, Connection, Endpoint, Event, Identity, Limits, Pace, Setup,
    Verdict, next,
};
use twin_model::Time;
use twin_model::time::MICROS;

const NOW: Time = Time(1_790_000_000 * MICROS);

type Arrivals = mpsc::Receiver<Arrival>;

fn endpoint(secret: u8) -> Result<(Endpoint, Arrivals), Box<dyn Error>> {
    let authority = Authority::found(&[secret; 32], "Example", NOW)?;
    let node = [secret + 100; 32];
    let until = Time(NOW.0 + 24 * 3600 * MICROS);
    let setup = Setup {
        identity: Identity {
            secret: node,
            leaf: authority.issue(&node, NOW, until)?,
            authority: authority.certificate().to_vec(),
        },
        trust: Arc::new(|_: &Chain| Verdict::Known(1)),
        clock: Arc::new(|| NOW),
        limits: Limits::default(),
        pace: Pace::default(),
    };
    Ok(Endpoint::open(setup)?)
}

async fn link(arrivals: &mut Arrivals) -> Box<Connection> {
    loop {
        if let Some(Arrival::Link(connection)) = arrivals.recv().await {
            return connection;
        }
    }
}

/// Sends whenever there is a connection and room.
async fn send(arrivals: &mut Arrivals) {
    loop {
        let mut connection = link(arrivals).await;
        loop {
            match next(&mut *connection).await {
                Event::Room => drop(connection.send(vec![7; 100])),
                Event::Frame(_) => {}
                Event::Ended(_) => break,
            }
        }
    }
}

/// When the first frame arrived.
async fn take(arrivals: &mut Arrivals) -> Instant {
    loop {
        let mut connection = link(arrivals).await;
        loop {
            match next(&mut *connection).await {
                Event::Frame(_) => return Instant::now(),
                Event::Room => {}
                Event::Ended(_) => break,
            }
        }
    }
}

async fn measure(name: &str, profile: Profile, rounds: u32) -> Result<(), Box<dyn Error>> {
    let mut waits = Vec::new();
    for round in 0..rounds {
        let (listens, mut at_listener) = endpoint(1)?;
        let (dials, mut at_dialler) = endpoint(2)?;
        let to = listens.listen("127.0.0.1:0".parse()?).await?;
        let way = Emulator::start(to, profile, profile, u64::from(round))?;
        way.command(Command::Stall);
        dials.dial(1, vec![format!("wss://{}", way.address())]);
        // Cut for long enough that tries are under way, and healed at all phases of them.
        let phase = u64::from(round) * 137 % 500;
        sleep(Duration::from_millis(2600 + phase)).await;
        way.command(Command::Heal);
        let healed = Instant::now();
        let arrived = tokio::select! {
            () = send(&mut at_dialler) => healed,
            at = take(&mut at_listener) => at,
        };
        waits.push((arrived - healed).as_secs_f64());
    }
    waits.sort_by(f64::total_cmp);
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share).ceil() as usize];
    let (p50, p99) = (at(0.5), at(0.99));
    println!("{name}: first frame after heal, n = {rounds}: p50 {p50:.3} s, p99 {p99:.3} s");
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let rounds = std::env::args().nth(1).map_or(Ok(20), |n| n.parse())?;
    let distant = Profile {
        bits_per_s: Some(1e6),
        delay: Duration::from_millis(50),
        jitter: Duration::from_millis(10),
        ..Profile::default()
    };
    let slow = Profile {
        bits_per_s: Some(64_000.0),
        ..distant
    };
    measure("a wire", Profile::default(), rounds).await?;
    measure("1 Mbit/s, 50 ms", distant, rounds).await?;
    measure("64 kbit/s, 50 ms", slow, rounds).await?;
    measure("9.6 kbit/s, 50 ms", Profile::radio(), rounds).await
}
