//! Moves frames between organisations, over whatever there is.
//!
//! When the brigade arrives, its vehicle and the tower's node know each other by the
//! certificates of their own organisations, wherever either is on the network. What they say
//! to each other is not known here: a frame is delivered whole or not at all, and another one
//! is asked for only when it can be sent, so that an alarm waits behind nothing.
//!
//! ```
//! use std::sync::Arc;
//! use twin_carrier::{Arrival, Authority, Chain, Endpoint, Event, Identity, Setup, Verdict, next};
//! use twin_carrier::{Carrier, Limits, Pace, Refusal};
//! use twin_model::{Time, time::MICROS};
//!
//! const NOW: Time = Time(1_790_000_000 * MICROS);
//! const DAY: i64 = 24 * 3600 * MICROS;
//!
//! /// An endpoint of an organisation that knows one other.
//! fn organisation(secret: u8, knows: u8) -> (Endpoint, tokio::sync::mpsc::Receiver<Arrival>) {
//!     let authority = |secret| Authority::found(&[secret; 32], "An organisation", NOW).unwrap();
//!     let (ours, other) = (authority(secret), authority(knows).certificate().to_vec());
//!     let judge = move |chain: &Chain| match chain.authority == other {
//!         true => Verdict::Known(u64::from(knows)),
//!         false => Verdict::Stranger,
//!     };
//!     let node = [secret + 100; 32];
//!     Endpoint::open(Setup {
//!         identity: Identity {
//!             secret: node,
//!             leaf: ours.issue(&node, NOW, Time(NOW.0 + 90 * DAY)).unwrap(),
//!             authority: ours.certificate().to_vec(),
//!         },
//!         trust: Arc::new(judge),
//!         clock: Arc::new(|| NOW),
//!         limits: Limits::default(),
//!         pace: Pace::default(),
//!     })
//!     .unwrap()
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let (tower, mut at_tower) = organisation(1, 2);
//! let (brigade, mut at_brigade) = organisation(2, 1);
//! let address = tower.listen("127.0.0.1:0".parse()?).await?;
//! brigade.dial(1, vec![format!("wss://{address}")]);
//!
//! let Some(Arrival::Link(mut sends)) = at_tower.recv().await else { panic!() };
//! let Some(Arrival::Link(mut takes)) = at_brigade.recv().await else { panic!() };
//! assert_eq!(next(&mut *sends).await, Event::Room);
//! sends.send(b"smoke on the third floor".to_vec())?;
//! let said = loop {
//!     tokio::select! {
//!         _ = next(&mut *sends) => {}
//!         event = next(&mut *takes) => if let Event::Frame(frame) = event { break frame },
//!     }
//! };
//! assert_eq!(said, b"smoke on the third floor");
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! ```
//!
//! A node drives each connection by a task that runs [`drive`].

mod authority;
mod carrier;
mod connection;
mod dial;
pub mod emulator;
mod endpoint;
mod join;
mod listen;
mod liveness;
mod refusal;
mod registry;
mod socket;
mod tls;
mod trust;

pub use authority::{Authority, AuthorityError, Identity, LEAF_S_MAX};
pub use carrier::{Carrier, Ended, Event, NotTaken, Taken, drive, next};
pub use connection::Connection;
pub use endpoint::{Arrival, Endpoint, Limits, Pace, Setup};
pub use join::Join;
pub use refusal::Refusal;
pub use tls::Clock;
pub use trust::{CERTIFICATE_BYTES_MAX, Chain, NOTICE_BYTES_MAX, Trust, Verdict, key_of};
