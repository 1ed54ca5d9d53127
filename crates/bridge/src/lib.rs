//! Takes what message brokers send, and tells them that it is kept only when it is.
//!
//! Sensors of a building speak to a broker: a smoke detector publishes, and whoever subscribed is
//! told. This crate subscribes. A broker keeps a message until it is acknowledged; it is
//! acknowledged here only after the node has it on disk. So if power fails between the two, the
//! broker sends it again, and nothing is lost. A broker that vanishes, floods, repeats, sends
//! garbage or lets nobody in is waited for, held back, seen through or reported.
//!
//! MQTT 3.1.1 and 5 (OASIS), over TCP or TLS. Packets are read and written by `rumqttc`; its own
//! client is not used, because it reads on while the node cannot keep up, or stops answering the
//! broker's heartbeat while it does not read.
//!
//! **Invariant (CLAIMS-SURVIVE):** no acknowledgement before [`Intake::take`] returned.
//! **Invariant (BOUNDED):** beyond [`Options::queue_messages_max`] and
//! [`Options::queue_bytes_max`] nothing more is read from the broker until there is room.
//! **Boundary:** knows no claims and no node; what a message means is found out elsewhere.

mod codec;
mod connection;
mod intake;
mod options;
mod run;
mod session;

pub use intake::{Intake, Message, Refused};
pub use options::{Error, Options, Version};
pub use run::{Bridge, Handle, Status};

#[doc(hidden)]
pub use codec::read_any;
