//! What others told us becomes claims: each bundle in one batch, once.
//!
//! A thread of its own waits for the writer, so that frames go on being sent and taken.
//! What finds no room under a budget is tried again and again: it is not lost, and alarms
//! pass it by.

use super::Command;
use crate::clock::Clock;
use crate::picture::Picture;
use crate::prepare::{self, Prepared};
use crate::received::Arrival;
use crate::writer::{self, NoteDraft, Submission};
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use tokio::sync::oneshot;
use twin_exchange::Delivery;
use twin_model::naming::{RECEIVED_PREFIX, received_source};
use twin_model::{EntityId, SourceId, Time};
use twin_store as store;

/// Bundles that are handed to the writer together.
const TOGETHER_MAX: usize = 64;
/// Every claim of a series.
const EVERYTHING: store::Range = store::Range {
    from: Time::MIN,
    until: Time::MAX,
    recorded_until: Time::MAX,
    before_sequence: u64::MAX,
};
/// How long what found no room waits before it is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// What became of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// Its claims are durable and visible.
    Done,
    /// The node is closing; it comes again at the next start.
    Lost,
}

/// What recording needs of the node.
pub(super) struct Desk {
    pub(super) writer: tokio::sync::mpsc::WeakSender<writer::Command>,
    pub(super) link: tokio::sync::mpsc::WeakSender<Command>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) published: Arc<ArcSwap<Picture>>,
    pub(super) log: store::Reader,
}

/// Records deliveries until nobody sends any more.
pub(super) fn run(deliveries: &mpsc::Receiver<Delivery>, desk: &Desk) {
    let mut later: Vec<Delivery> = Vec::new();
    let mut tried = desk.clock.now();
    loop {
        let first = match deliveries.recv_timeout(TRY_AGAIN) {
            Ok(first) => Some(first),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let mut together: Vec<Delivery> = match first {
            Some(first) => std::iter::once(first)
                .chain(deliveries.try_iter())
                .take(TOGETHER_MAX)
                .collect(),
            None => Vec::new(),
        };
        // By the clock, so that whoever goes on sending keeps nothing waiting.
        if !(0.0..TRY_AGAIN.as_secs_f64()).contains(&desk.clock.now().seconds_since(tried)) {
            tried = desk.clock.now();
            together.append(&mut later);
        }
        together.sort_by_key(|delivery| delivery.class);
        let waiting: Vec<_> = together
            .into_iter()
            .map(|delivery| {
                let receipt = submit(&delivery, &desk.writer, desk.clock.now());
                (delivery, receipt)
            })
            .collect();
        for (delivery, receipt) in waiting {
            let recorded = match receipt.and_then(|receipt| receipt.blocking_recv().ok()) {
                Some(Ok(receipt)) if receipt.refused.is_empty() => {
                    desk.erase(&delivery);
                    Recorded::Done
                }
                Some(_) => {
                    later.push(delivery);
                    continue;
                }
                None => Recorded::Lost,
            };
            let arrival = arrival(&delivery);
            let Some(link) = desk.link.upgrade() else {
                return;
            };
            if link
                .blocking_send(Command::Recorded(arrival, recorded))
                .is_err()
            {
                return;
            }
        }
    }
}

fn arrival(delivery: &Delivery) -> Arrival {
    Arrival {
        stream: delivery.stream,
        seq: delivery.seq,
    }
}

fn submit(
    delivery: &Delivery,
    writer: &tokio::sync::mpsc::WeakSender<writer::Command>,
    now: Time,
) -> Option<oneshot::Receiver<Result<prepare::Receipt, crate::Error>>> {
    let (reply, receipt) = oneshot::channel();
    let submission = Submission {
        claims: prepared(delivery, now),
        refused: Vec::new(),
        // Only a budget can refuse now: the bundle waits until there is room for all of it.
        all_or_nothing: true,
        note: NoteDraft::Received(arrival(delivery)),
        reply,
        room: None,
    };
    let sent = writer
        .upgrade()?
        .blocking_send(writer::Command::Submit(submission));
    sent.is_ok().then_some(receipt)
}

/// The claims of a bundle that can be recorded; of the others it is told.
fn prepared(delivery: &Delivery, now: Time) -> Vec<Prepared> {
    let mut prepared = Vec::with_capacity(delivery.claims.len());
    for (index, received) in delivery.claims.iter().enumerate() {
        let mut statement = received.statement.clone();
        // Nothing is refused because of a clock; what would lie in our future is now.
        statement.observed = statement.observed.min(now);
        match prepare::check(index, received.source.clone(), statement, now) {
            Ok(claim) => prepared.push(claim),
            Err(refusal) => tracing::warn!(
                from = delivery.origin_name,
                code = refusal.code.as_str(),
                why = refusal.message,
                "a claim of another organisation was not taken"
            ),
        }
    }
    prepared
}

impl Desk {
    /// Erases the twins that the delivery says are erased where it comes from, if nobody else
    /// has said anything of them here: another organisation's word erases its own words only.
    fn erase(&self, delivery: &Delivery) {
        for entity in &delivery.erased {
            if !self.is_theirs_alone(entity, delivery) {
                tracing::warn!(
                    from = delivery.origin_name,
                    %entity,
                    "they have erased a twin of which others spoke here; a steward must decide"
                );
                continue;
            }
            let (reply, done) = oneshot::channel();
            let command = writer::Command::Erase {
                entity: entity.clone(),
                reason: format!("erased by {}", delivery.origin_name),
                reply,
            };
            let writer = self.writer.upgrade();
            if writer.is_some_and(|writer| writer.blocking_send(command).is_ok()) {
                match done.blocking_recv() {
                    Ok(Ok(_) | Err(crate::Error::NotFound { .. })) | Err(_) => {}
                    Ok(Err(error)) => tracing::error!(%error, %entity, "not erased"),
                }
            }
        }
    }

    fn is_theirs_alone(&self, entity: &EntityId, delivery: &Delivery) -> bool {
        let picture = self.published.load();
        let Some(number) = picture.names.entities.find(entity.as_str()) else {
            return true;
        };
        let prefix = prefix(delivery);
        let attributes = picture
            .entity(number)
            .into_iter()
            .flat_map(|cell| &cell.attributes);
        attributes.into_iter().all(|(attribute, _)| {
            let attribute = picture.names.attributes.name(*attribute);
            let claims = self.log.claims(entity, &attribute, EVERYTHING, usize::MAX);
            claims.is_ok_and(|claims| {
                claims
                    .iter()
                    .all(|c| c.source.as_str().starts_with(&prefix))
            })
        })
    }
}

/// How the names of all sources of the organisation begin.
fn prefix(delivery: &Delivery) -> String {
    let any = SourceId::new("urn:x").expect("a URI");
    let name = received_source(&delivery.origin_name, delivery.organisation.0, &any);
    let name = name.as_str();
    debug_assert!(name.starts_with(RECEIVED_PREFIX), "named by one rule");
    name[..name.len() - any.as_str().len()].to_owned()
}
