//! What the node gives to a bridge: a door for messages, an ear for findings, and the time.

use std::sync::Arc;
use twin_model::{Finding, Time};

/// One message as a broker delivered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its topic.
    pub topic: Arc<str>,
    /// What was sent, byte for byte.
    pub payload: Arc<[u8]>,
    /// When it arrived here.
    pub received: Time,
    /// The last message of its topic before the subscription, of unknown age.
    pub retained: bool,
    /// Sent again by the broker, perhaps in vain.
    pub repeated: bool,
}

/// Why messages were not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The node cannot keep them now, as with a full disk; they are offered again later.
    #[error("the node cannot take messages now: {0}")]
    Later(String),
    /// The node is shutting down; the broker keeps what is not acknowledged.
    #[error("the node is closing")]
    Closing,
}

/// Where messages go.
pub trait Intake: Send + Sync + 'static {
    /// Takes messages in the order in which they came. They are on disk when it returns `Ok`. May
    /// block; is called for one batch at a time. The same messages may come again.
    fn take(&self, messages: Vec<Message>) -> Result<(), Refused>;

    /// Something is wrong with the broker or one of its messages.
    fn found(&self, finding: Finding);

    /// The time.
    fn now(&self) -> Time;
}
