//! The measures of `cargo xtask score link`, each as rows.

mod alarms;
mod bytes;
mod gossip;
mod histories;
mod isolation;
mod relay;
mod vehicles;

pub use alarms::{Make, catch_up, contact, radio};
pub use bytes::bytes;
pub use gossip::gossip;
pub use histories::{bare_history, full_history, histories, same};
pub use isolation::isolation;
pub use relay::relay;
pub use vehicles::vehicles;
