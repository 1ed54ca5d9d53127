//! Which messages wait, which are kept, and which the broker may forget.
//!
//! The broker numbers the messages that it wants acknowledged and sends one again, under the same
//! number, until it is. A message may come again while its first copy still waits, while it is
//! being written, or after it was written and the acknowledgement was lost. In each case it is
//! taken once and acknowledged once it is kept.
//!
//! **Invariant (PURE-CORE):** no sockets and no clock here; so that every order of events can be
//! tried.

use crate::intake::Message;
use std::collections::{BTreeMap, VecDeque};
use std::hash::{Hash, Hasher};

/// A message that waits, with what the broker calls it.
#[derive(Debug, Clone)]
struct Waiting {
    message: Message,
    /// The broker's session and the message's number in it.
    number: Option<(u64, u16)>,
}

impl Waiting {
    fn bytes(&self) -> usize {
        // The topic counts too, and what holding a message costs.
        self.message.payload.len() + self.message.topic.len() + 128
    }
}

/// What became of a message that the broker numbered.
#[derive(Debug, Clone, Copy)]
struct Known {
    content: u64,
    kept: bool,
}

/// What is to be done about a message that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// It waits to be kept.
    Wait,
    /// It is here already and will be acknowledged when it is kept.
    Repeated,
    /// It is kept already: acknowledge it again.
    Acknowledge(u16),
}

/// Messages handed to the node.
#[derive(Debug)]
pub(crate) struct Batch {
    waiting: Vec<Waiting>,
}

impl Batch {
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.waiting.iter().map(|w| w.message.clone()).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[derive(Debug)]
pub(crate) struct Session {
    waiting: VecDeque<Waiting>,
    known: BTreeMap<u16, Known>,
    /// Counts the broker's sessions; numbers of one say nothing in another.
    era: u64,
    bytes: usize,
    messages: usize,
    messages_max: usize,
    bytes_max: usize,
}

impl Session {
    pub(crate) fn new(messages_max: usize, bytes_max: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            known: BTreeMap::new(),
            era: 0,
            bytes: 0,
            messages: 0,
            messages_max,
            bytes_max,
        }
    }

    /// The broker let us in and remembers us, or not.
    pub(crate) fn begin(&mut self, remembered: bool) {
        if !remembered {
            self.known.clear();
            self.era += 1;
        }
    }

    /// Whether one more message may come; what is being written counts.
    pub(crate) fn has_room(&self) -> bool {
        self.messages < self.messages_max && self.bytes < self.bytes_max
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn receive(&mut self, message: Message, number: Option<u16>) -> Next {
        if let Some(number) = number {
            let content = content(&message);
            let known = self.known.get(&number).filter(|k| k.content == content);
            match known {
                Some(known) if message.repeated && known.kept => return Next::Acknowledge(number),
                Some(_) if message.repeated => return Next::Repeated,
                _ => {}
            }
            let fresh = Known {
                content,
                kept: false,
            };
            self.known.insert(number, fresh);
        }
        let waiting = Waiting {
            message,
            number: number.map(|n| (self.era, n)),
        };
        self.bytes += waiting.bytes();
        self.messages += 1;
        self.waiting.push_back(waiting);
        Next::Wait
    }

    /// The next messages to be kept, in the order in which they came.
    pub(crate) fn batch(&mut self, most: usize) -> Batch {
        let n = self.waiting.len().min(most);
        Batch {
            waiting: self.waiting.drain(..n).collect(),
        }
    }

    /// The batch is on disk: the numbers that the broker may be told.
    pub(crate) fn kept(&mut self, batch: Batch) -> Vec<u16> {
        let mut numbers = Vec::new();
        for waiting in batch.waiting {
            self.bytes -= waiting.bytes();
            self.messages -= 1;
            let here = waiting.number.filter(|(era, _)| *era == self.era);
            if let Some((_, number)) = here {
                let content = content(&waiting.message);
                if let Some(known) = self.known.get_mut(&number)
                    && known.content == content
                {
                    known.kept = true;
                    numbers.push(number);
                }
            }
        }
        numbers
    }

    /// The node did not take the batch; it waits again, before all others.
    pub(crate) fn refused(&mut self, batch: Batch) {
        for waiting in batch.waiting.into_iter().rev() {
            self.waiting.push_front(waiting);
        }
    }
}

fn content(message: &Message) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    message.topic.hash(&mut hasher);
    message.payload.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use twin_model::Time;

    fn message(text: &str, repeated: bool) -> Message {
        Message {
            topic: "t".into(),
            payload: text.as_bytes().into(),
            received: Time(0),
            retained: false,
            repeated,
        }
    }

    #[test]
    fn nothing_is_acknowledged_before_it_is_kept() {
        let mut session = Session::new(10, 10_000);
        session.begin(false);
        assert_eq!(session.receive(message("a", false), Some(1)), Next::Wait);
        assert_eq!(session.receive(message("a", true), Some(1)), Next::Repeated);
        let batch = session.batch(10);
        assert_eq!(batch.len(), 1);
        session.begin(true);
        assert_eq!(session.receive(message("a", true), Some(1)), Next::Repeated);
        assert_eq!(session.kept(batch), [1]);
        assert_eq!(
            session.receive(message("a", true), Some(1)),
            Next::Acknowledge(1)
        );
    }

    #[test]
    fn numbers_of_a_forgotten_session_are_not_acknowledged() {
        let mut session = Session::new(10, 10_000);
        session.begin(false);
        session.receive(message("a", false), Some(1));
        session.begin(false);
        session.receive(message("b", false), Some(1));
        let batch = session.batch(1);
        assert_eq!(session.kept(batch), [0u16; 0]);
        let batch = session.batch(1);
        assert_eq!(session.kept(batch), [1]);
    }

    #[test]
    fn room_is_bounded_by_messages_and_bytes() {
        let mut session = Session::new(2, 10_000);
        session.receive(message("a", false), None);
        assert!(session.has_room());
        session.receive(message("b", false), None);
        assert!(!session.has_room());
        let batch = session.batch(2);
        assert!(!session.has_room());
        session.kept(batch);
        assert!(session.has_room());
        let large = "x".repeat(20_000);
        session.receive(message(&large, false), None);
        assert!(!session.has_room());
    }

    #[derive(Debug, Clone)]
    enum Event {
        Publish(u8),
        Resend,
        Commit(bool),
        Reconnect(bool),
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let event = prop_oneof![
            4 => (0u8..4).prop_map(Event::Publish),
            2 => Just(Event::Resend),
            3 => any::<bool>().prop_map(Event::Commit),
            1 => any::<bool>().prop_map(Event::Reconnect),
        ];
        prop::collection::vec(event, 0..60)
    }

    proptest! {
        /// A broker that keeps every message until it is acknowledged, and resends them all after
        /// each reconnection: nothing is lost, and nothing acknowledged that is not kept.
        #[test]
        fn nothing_is_lost(events in events()) {
            let mut session = Session::new(1_000, 1_000_000);
            session.begin(false);
            let mut unacknowledged: BTreeMap<u16, String> = BTreeMap::new();
            let mut sent: Vec<String> = Vec::new();
            let mut kept: Vec<String> = Vec::new();
            let mut number = 0u16;
            let text = |m: &Message| String::from_utf8(m.payload.to_vec()).unwrap();
            for event in events.into_iter().chain([Event::Resend, Event::Commit(true)]) {
                match event {
                    Event::Publish(content) => {
                        number += 1;
                        let said = format!("{content} {number}");
                        session.receive(message(&said, false), Some(number));
                        unacknowledged.insert(number, said.clone());
                        sent.push(said);
                    }
                    Event::Resend => {
                        for (number, said) in unacknowledged.clone() {
                            if session.receive(message(&said, true), Some(number)) == Next::Acknowledge(number) {
                                prop_assert!(kept.contains(&said));
                                unacknowledged.remove(&number);
                            }
                        }
                    }
                    Event::Commit(ok) => {
                        let batch = session.batch(7);
                        if ok {
                            kept.extend(batch.messages().iter().map(text));
                            for number in session.kept(batch) {
                                let said = unacknowledged.remove(&number);
                                prop_assert!(said.is_none_or(|said| kept.contains(&said)));
                            }
                        } else {
                            session.refused(batch);
                        }
                    }
                    Event::Reconnect(remembered) => {
                        session.begin(remembered);
                        if !remembered {
                            unacknowledged.clear();
                        }
                    }
                }
            }
            while !session.is_idle() {
                let batch = session.batch(7);
                kept.extend(batch.messages().iter().map(text));
                session.kept(batch);
            }
            for said in sent {
                prop_assert!(kept.contains(&said), "{} is lost", said);
            }
            prop_assert!(session.messages == 0 && session.bytes == 0);
        }
    }
}
