//! The node's end of the link: what it tells other organisations and what it is told.
//!
//! A thread of its own holds the exchange and its depot. It follows the commit log, offers
//! what rules release, makes bundles durable before they leave, and hands what arrived to
//! the writer. Connections run on a small runtime beside it. When the thread is busy or a
//! disk is slow, the node goes on taking claims; what is owed to others waits in the log.
//!
//! **Invariant (RELEASE-ONLY):** only `twin_policy::sharing` makes what is offered.
//! **Invariant (CLAIMS-SURVIVE):** nothing is sent, acknowledged to a peer or confirmed to a
//! caller before the depot holds it.

mod carriers;
mod carrying;
mod door;
mod facade;
mod joining;
mod offer;
mod record;
mod safekeeping;
mod seat;
mod storeys;
mod whereabouts;

pub use carrying::{Arrived, ExportRequest};
pub use facade::{
    ContactLine, Disclosed, InvitationLine, Invited, MemberLine, NewRule, NoticeLine, Organisation,
    ShareLine,
};
pub use joining::Inviter;
pub(crate) use record::Recorded;
pub(crate) use safekeeping::restore;
use seat::Seat;

use crate::clock::Clock;
use crate::config::Config;
use crate::error::Error;
use crate::picture::Picture;
use crate::received::Arrival;
use crate::writer;
use arc_swap::ArcSwap;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};
use twin_store as store;

/// Most commands that wait for the thread.
const WAITING_MAX: usize = 1024;

/// Something to be done by the thread.
pub(crate) enum Command {
    /// The writer has published a commit.
    Committed,
    /// What became of a bundle that was handed to the writer.
    Recorded(Arrival, Recorded),
    /// Something that a caller asked for.
    Act(Act),
    /// Let others in, and call them.
    Open(oneshot::Sender<Result<Option<std::net::SocketAddr>, Error>>),
    /// Finish.
    Stop,
}

/// Works on the thread's state; what it returns is done once all is durable.
pub(crate) type Act = Box<dyn FnOnce(&mut Seat) -> Done + Send>;
/// Tells whoever asked.
pub(crate) type Done = Box<dyn FnOnce() + Send>;

/// What the thread needs of the node.
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) published: Arc<ArcSwap<Picture>>,
    pub(crate) log: store::Reader,
    /// Weak, so that the writer ends when nobody else speaks to it.
    pub(crate) writer: mpsc::WeakSender<writer::Command>,
    /// The disk of the depot.
    pub(crate) disk: Arc<dyn store::backend::Backend>,
}

/// The disk of the depot in a data directory.
pub(crate) fn disk(data_dir: &std::path::Path) -> Result<Arc<dyn store::backend::Backend>, Error> {
    Ok(Arc::new(safekeeping::disk(data_dir)?))
}

/// The way to the thread.
#[derive(Debug)]
pub(crate) struct Link {
    commands: mpsc::Sender<Command>,
}

/// Tells the thread of a commit; set once the thread runs.
pub(crate) type Wake = Arc<OnceLock<mpsc::WeakSender<Command>>>;

impl Link {
    /// Opens the depot and starts the thread.
    pub(crate) fn start(parts: Parts, wake: &Wake) -> Result<(Self, Vec<JoinHandle<()>>), Error> {
        let (commands, waiting) = mpsc::channel(WAITING_MAX);
        let (deliveries, to_record) = std::sync::mpsc::channel();
        let desk = record::Desk {
            writer: parts.writer.clone(),
            link: commands.downgrade(),
            clock: Arc::clone(&parts.clock),
            published: Arc::clone(&parts.published),
            log: parts.log.clone(),
        };
        let seat = Seat::open(parts, waiting, deliveries)?;
        let threads = vec![
            crate::node::spawn("twin-link", move || seat.run())?,
            crate::node::spawn("twin-received", move || {
                record::run(&to_record, &desk);
            })?,
        ];
        let _ = wake.set(commands.downgrade());
        Ok((Self { commands }, threads))
    }

    /// Has the thread do something and waits until it is durable. Blocks.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Seat) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let act: Act = Box::new(move |seat| {
            let outcome = act(seat);
            Box::new(move || {
                let _ = reply.send(outcome);
            })
        });
        let stopped = || Error::ReadOnly("the link has stopped".to_owned());
        self.commands
            .blocking_send(Command::Act(act))
            .map_err(|_| stopped())?;
        answer.blocking_recv().map_err(|_| stopped())?
    }

    /// Lets others in where the configuration says so, and calls them.
    pub(crate) fn open(&self) -> Result<Option<std::net::SocketAddr>, Error> {
        let (reply, answer) = oneshot::channel();
        let stopped = || Error::ReadOnly("the link has stopped".to_owned());
        self.commands
            .blocking_send(Command::Open(reply))
            .map_err(|_| stopped())?;
        answer.blocking_recv().map_err(|_| stopped())?
    }

    /// Ends the thread once what waits is done.
    pub(crate) fn stop(&self) {
        let _ = self.commands.blocking_send(Command::Stop);
    }
}
