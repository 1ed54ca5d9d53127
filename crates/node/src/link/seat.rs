//! The thread that holds the exchange and its depot.
//!
//! It waits for something to happen, lets the exchange take it in, makes what changed
//! durable in one write, and only then sends, delivers and answers.

use super::carriers::{Carriers, Woken};
use super::door::{DoorFile, url};
use super::offer::Offering;
use super::record::Recorded;
use super::storeys;
use super::{Act, Command, Done, Parts};
use crate::clock::Clock;
use crate::config;
use crate::error::Error;
use crate::picture::Picture;
use crate::received::Arrival;
use arc_swap::ArcSwap;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use tokio::sync::mpsc as channel;
use twin_exchange::{Change, Delivery, Env, Exchange, Notice, Rows};
use twin_model::{EntityId, Time};
use twin_store as store;
use twin_store::backend::{Backend, Patient};
use twin_store::depot::{self, Depot, Urgency};

/// Events taken before what changed is made durable together.
const EVENTS_TOGETHER_MAX: usize = 256;
/// Rounds of writing after which others get their turn.
const ROUNDS_MAX: usize = 4;
/// A connection that takes nothing is looked at so often: it may be stalled.
const BUSY_LOOK_S: f64 = 1.0;
/// Notices kept to be shown.
const NOTICES_MAX: usize = 1000;
/// After this long a disk that refused is tried again.
const TRY_AGAIN_S: f64 = 5.0;
/// So often it is looked how links keep up, in seconds.
const PACE_S: f64 = 1.0;

/// A notice as it is kept.
#[derive(Debug, Clone)]
pub(super) struct Noticed {
    pub(super) id: u64,
    pub(super) at: Time,
    pub(super) notice: Notice,
}

/// What the thread holds.
pub(crate) struct Seat {
    pub(super) exchange: Option<Exchange>,
    disk: Arc<dyn Backend>,
    /// `None` while the disk is broken.
    depot: Option<Depot>,
    /// Whether the disk lost something that had been acknowledged.
    lost: bool,
    pub(super) rows: DepotRows,
    pub(super) place: [u8; 32],
    pub(super) offering: Offering,
    pub(super) published: Arc<ArcSwap<Picture>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) config: config::Config,
    pub(super) carriers: Carriers,
    deliveries: mpsc::Sender<Delivery>,
    /// Deliveries that the writer has not answered yet.
    out: usize,
    waiting: channel::Receiver<Command>,
    /// Answers that wait for the next write.
    answers: Vec<Done>,
    pub(super) notices: VecDeque<Noticed>,
    noticed: u64,
    /// When the depot refused, it is tried again from then on.
    try_again: Option<Time>,
    /// When the exchange was last told the time.
    ticked: Time,
    /// There while others are let in.
    door: Option<DoorFile>,
    /// Why what is on disk cannot be opened.
    broken: Option<String>,
    /// Keys were destroyed: nothing of them is to stay on the disk.
    is_purge_due: bool,
    /// When it was last looked how links keep up.
    paced: Option<Time>,
    /// There is more to offer than went in one go.
    has_more: bool,
}

/// The rows of a depot as the exchange reads them.
#[derive(Debug, Clone)]
pub(super) struct DepotRows {
    pub(super) reader: depot::Reader,
    has_failed: Arc<AtomicBool>,
}

impl DepotRows {
    fn new(depot: &Depot) -> Self {
        Self {
            reader: depot.reader(),
            has_failed: Arc::default(),
        }
    }

    /// Whether a row could not be read since this was made.
    fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    fn note(&self, error: &store::Error) {
        self.has_failed.store(true, Ordering::Relaxed);
        tracing::error!(%error, "a row of the link's depot cannot be read");
    }
}

impl Rows for DepotRows {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let row = self.reader.get(key);
        row.inspect_err(|error| self.note(error)).ok().flatten()
    }

    fn scan(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], &[u8])) {
        if let Err(error) = self.reader.scan(prefix, each) {
            self.note(&error);
        }
    }
}

/// Draws from the system's random source.
pub(super) fn draw(bytes: &mut [u8]) {
    // Without randomness no key is safe; the kernel has some from its start.
    getrandom::fill(bytes).expect("the system has a random source");
}

/// What the exchange is to know of this moment.
fn env_of<'a>(clock: &dyn Clock, random: &'a mut dyn FnMut(&mut [u8])) -> Env<'a> {
    Env {
        now: clock.now(),
        random,
    }
}

impl Seat {
    pub(super) fn open(
        parts: Parts,
        waiting: channel::Receiver<Command>,
        deliveries: mpsc::Sender<Delivery>,
    ) -> Result<Self, Error> {
        let (disk, config) = (Arc::clone(&parts.disk), &parts.config);
        let opened = match open_depot(config, Arc::clone(&disk)) {
            // Links wait for room; what is in the depot can be read and backed up meanwhile.
            Err(Error::Store(store::Error::Full(_))) => {
                let patient = Patient::new(Arc::clone(&disk));
                let opened = open_depot(config, Arc::new(patient.clone()));
                patient.seal();
                opened.map(|opened| (opened, true))
            }
            opened => opened.map(|opened| (opened, false)),
        };
        let ((depot, place, lost), is_full) = opened?;
        let rows = DepotRows::new(&depot);
        let mut seat = Self {
            exchange: None,
            disk,
            depot: Some(depot),
            lost,
            rows,
            place,
            offering: Offering::new(parts.log),
            published: parts.published,
            carriers: Carriers::new(Arc::clone(&parts.clock))?,
            clock: parts.clock,
            config: parts.config,
            deliveries,
            out: 0,
            waiting,
            answers: Vec::new(),
            notices: VecDeque::new(),
            noticed: 0,
            try_again: None,
            ticked: Time(0),
            door: None,
            broken: None,
            is_purge_due: false,
            paced: None,
            has_more: false,
        };
        if is_full {
            seat.try_again = Some(seat.clock.now().plus_seconds(TRY_AGAIN_S));
        } else {
            seat.open_exchange()?;
        }
        Ok(seat)
    }

    fn open_exchange(&mut self) -> Result<(), Error> {
        let delivered = self.published.load().received.0.clone();
        let place = self.place;
        let rows = self.rows.clone();
        let mut random = draw;
        let mut env = env_of(&*self.clock, &mut random);
        let opened = Exchange::open(&rows, place, delivered, &mut env);
        self.exchange = match opened {
            // What could not be read must not be taken for what never was.
            _ if rows.has_failed() => {
                self.stay_closed("EXC-001", "rows cannot be read");
                return Ok(());
            }
            Ok(exchange) => exchange,
            Err(error) => {
                let code = error.code().unwrap_or("LNK-002");
                self.stay_closed(code, &error.to_string());
                return Ok(());
            }
        };
        self.broken = None;
        if let Some(exchange) = &mut self.exchange {
            exchange.set_carried_max(self.config.link.carried_bytes_max);
            exchange.rewind(self.published.load().next_sequence - 1);
        }
        if self.lost {
            // What was written last may be known elsewhere: nothing is continued.
            let _ = self.exchanging(|exchange, _, env| exchange.begin_new_life(env));
        }
        self.after_founding()
    }

    /// The node works on by itself.
    fn stay_closed(&mut self, code: &'static str, why: &str) {
        tracing::error!(code, why, "links stay closed");
        self.exchange = None;
        self.broken = Some(why.to_owned());
    }

    /// An organisation is there: its connections can be.
    pub(super) fn after_founding(&mut self) -> Result<(), Error> {
        let now = self.clock.now();
        let Some(exchange) = &self.exchange else {
            return Ok(());
        };
        self.carriers.found(exchange, now)?;
        if self.carriers.is_open() {
            self.open_door()?;
        }
        Ok(())
    }

    /// Lets others in where the configuration says so, tells them where, and calls them.
    fn open_door(&mut self) -> Result<Option<SocketAddr>, Error> {
        let bound = self.carriers.listen(self.config.link.listen)?;
        let Some(bound) = bound else {
            return Ok(None);
        };
        self.door = Some(DoorFile::write(&self.config.data_dir, bound)?);
        let mut addresses = self.config.link.addresses.clone();
        if addresses.is_empty() {
            addresses.push(url(bound));
        }
        self.exchanging(|exchange, _, env| exchange.move_to(addresses, env))?
            .map_err(|e| Error::Link(e.to_string()))?;
        Ok(Some(bound))
    }

    /// The exchange with what it needs, or the reason why there is none.
    pub(super) fn exchanging<T>(
        &mut self,
        work: impl FnOnce(&mut Exchange, &DepotRows, &mut Env<'_>) -> T,
    ) -> Result<T, Error> {
        let mut random = draw;
        let mut env = env_of(&*self.clock, &mut random);
        if self.try_again.is_some() {
            let why = "the disk of the link refuses; see its log".to_owned();
            return Err(Error::ReadOnly(why));
        }
        match (&mut self.exchange, &self.broken) {
            (Some(exchange), _) => Ok(work(exchange, &self.rows, &mut env)),
            (None, Some(why)) => Err(Error::Link(format!("links stay closed: {why}"))),
            (None, None) => Err(Error::NoOrganisation),
        }
    }

    /// Works until told to stop.
    pub(super) fn run(mut self) {
        loop {
            let wake = self.next_wake();
            let now = self.clock.now();
            let woken = self.carriers.wait(&mut self.waiting, wake, now);
            if self.take(woken).is_break() {
                break;
            }
            for _ in 0..EVENTS_TOGETHER_MAX {
                let Some(woken) = self.carriers.try_next(&mut self.waiting) else {
                    break;
                };
                if self.take(woken).is_break() {
                    self.settle();
                    return;
                }
            }
            self.settle();
        }
        self.settle();
    }

    fn take(&mut self, woken: Woken) -> std::ops::ControlFlow<()> {
        match woken {
            Woken::Command(Command::Stop) | Woken::Abandoned => {
                return std::ops::ControlFlow::Break(());
            }
            Woken::Command(Command::Recorded(arrival, recorded)) => {
                self.recorded(arrival, recorded);
            }
            Woken::Command(Command::Act(act)) => self.act(act),
            Woken::Command(Command::Open(reply)) => {
                let _ = reply.send(self.open_door());
            }
            Woken::Connected(connection) => self.connected(connection),
            Woken::Join(join) => self.join(join),
            Woken::Removed(member, word) => self.removed(member, &word),
            Woken::Event(name, taken) if self.carriers.counts(name) => self.event(name.0, taken),
            Woken::Command(Command::Committed) | Woken::Time | Woken::Event(..) => {}
        }
        std::ops::ControlFlow::Continue(())
    }

    fn act(&mut self, act: Act) {
        let answer = act(self);
        self.answers.push(answer);
    }

    fn recorded(&mut self, arrival: Arrival, recorded: Recorded) {
        self.out = self.out.saturating_sub(1);
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        match recorded {
            Recorded::Done => exchange.delivered(arrival.stream, arrival.seq),
            Recorded::Lost => {}
        }
    }

    fn connected(&mut self, connection: Box<twin_carrier::Connection>) {
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        let Some((peer, member, link)) = self.carriers.connected(connection, &self.config.link)
        else {
            return;
        };
        let mut random = draw;
        let mut env = env_of(&*self.clock, &mut random);
        exchange.connect(peer, member, link, &mut env);
    }

    fn join(&mut self, join: twin_carrier::Join) {
        let request = join.request.clone();
        let answer = self.exchanging(|exchange, _, env| exchange.admit(&request, env));
        match answer {
            Ok(Ok(answer)) => self.answers.push(Box::new(move || join.answer(answer))),
            Ok(Err(error)) => tracing::warn!(%error, "somebody who asked to join was turned away"),
            Err(error) => tracing::warn!(%error, "somebody asked to join"),
        }
    }

    /// A member that we called says that it has removed us.
    fn removed(&mut self, member: u64, word: &[u8]) {
        match self.exchanging(|exchange, _, env| exchange.hear_removal(word, env)) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(member, %error, "a removal is not believed"),
            Err(error) => tracing::warn!(member, %error, "a removal could not be taken in"),
        }
    }

    fn event(&mut self, peer: u64, taken: twin_carrier::Taken) {
        use twin_carrier::Event;
        let id = twin_link::Peer(peer);
        match taken.event {
            Event::Room => self.carriers.has_room(peer),
            Event::Frame(frame) => {
                let _ = self.exchanging(|exchange, rows, env| {
                    exchange.take(id, &frame, rows, env);
                });
            }
            Event::Ended(why) => {
                tracing::info!(peer, ?why, "a link is down");
                self.carriers.ended(peer);
                let _ = self.exchanging(|exchange, _, env| exchange.disconnect(id, env));
            }
        }
    }

    /// Lets everything that happened take effect, in the order of durability.
    fn settle(&mut self) {
        self.recover();
        let now = self.clock.now();
        let is_due = |seat: &mut Self| seat.next_wake().is_some_and(|wake| wake <= now);
        if is_due(self) {
            self.ticked = now;
            let _ = self.exchanging(|exchange, rows, env| exchange.tick(rows, env));
        }
        self.pace(now);
        // One portion at a time: between portions frames leave.
        self.has_more = self.offer();
        let mut rounds = 0;
        while self.keep() && rounds < ROUNDS_MAX {
            rounds += 1;
        }
        if rounds == ROUNDS_MAX {
            self.has_more = true;
        } else if !self.has_more {
            self.tidy();
        }
        self.hand_out();
    }

    /// Looks once a second which links are too narrow for rooms, and tells those who wait
    /// about storeys.
    fn pace(&mut self, now: Time) {
        let is_due = |at: Time| !(0.0..PACE_S).contains(&now.seconds_since(at));
        if !self.paced.is_none_or(is_due) {
            return;
        }
        self.paced = Some(now);
        let picture = self.published.load_full();
        let _ = self.exchanging(|exchange, _, env| storeys::pace(exchange, &picture, env));
    }

    fn offer(&mut self) -> bool {
        let picture = self.published.load_full();
        let mut random = draw;
        let mut env = env_of(&*self.clock, &mut random);
        let Some(exchange) = self.exchange.as_mut().filter(|_| self.try_again.is_none()) else {
            return false;
        };
        match self.offering.go_on(exchange, &picture, &mut env) {
            Ok(more) => more,
            Err(error) => {
                tracing::error!(%error, "what was recorded cannot be read to be shared");
                false
            }
        }
    }

    /// Offers all that is recorded and puts it into bundles.
    pub(super) fn bundle_all(&mut self) {
        // A portion of which nothing is released changes nothing, and more may follow.
        while self.offer() {
            self.keep();
        }
        let _ = self.exchanging(|exchange, _, env| exchange.write_all(env));
    }

    /// Makes what changed durable; returns whether anything had changed.
    fn keep(&mut self) -> bool {
        let exchange = self.exchange.as_mut();
        // While the disk refuses, the exchange is ahead of it: nothing more of it is written.
        let Some(exchange) = exchange.filter(|_| self.try_again.is_none()) else {
            self.answer();
            return false;
        };
        let changes = exchange.changes();
        let is_new = !changes.is_empty();
        if is_new && !self.write(changes) {
            return false;
        }
        let _ = self.exchanging(|exchange, rows, env| exchange.synced(rows, env));
        self.note();
        self.answer();
        is_new
    }

    /// Keeps in step with who belongs, before anybody is answered: whoever is given a code may
    /// use it at once. Takes up what is to be told.
    pub(super) fn note(&mut self) {
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        let mut random = draw;
        let env = env_of(&*self.clock, &mut random);
        let is_inviting = exchange.is_inviting(&env);
        self.carriers.follow(exchange, is_inviting, env.now);
        for notice in exchange.notices() {
            tracing::warn!(code = notice.code(), "{notice}");
            self.noticed += 1;
            self.notices.push_back(Noticed {
                id: self.noticed,
                at: env.now,
                notice,
            });
        }
        while self.notices.len() > NOTICES_MAX {
            self.notices.pop_front();
        }
    }

    /// Gives back room of what no longer counts, a little at a time.
    fn tidy(&mut self) {
        if let Some(Err(error)) = self.depot.as_mut().map(Depot::tidy) {
            tracing::warn!(%error, "the link's depot could not be tidied");
        }
    }

    fn answer(&mut self) {
        for answer in self.answers.drain(..) {
            answer();
        }
    }

    fn write(&mut self, changes: Vec<Change>) -> bool {
        let changes: Vec<depot::Change> = changes.into_iter().map(row).collect();
        let Some(depot) = &mut self.depot else {
            return false;
        };
        let mut written = append(depot, &changes);
        if self.lost && written.is_ok() {
            // The new life is on disk: what was lost is settled.
            written = depot.accept_loss();
            self.lost = written.is_err();
        }
        if self.is_purge_due && written.is_ok() {
            written = depot.purge().map(|_| ());
            self.is_purge_due = written.is_err();
        }
        let Err(error) = written else {
            return true;
        };
        tracing::error!(%error, "the link's depot refuses; links are closed until it takes rows again");
        // The exchange is ahead of the disk: it is opened again from what is there.
        self.answers.clear();
        self.carriers.drop_all();
        self.try_again = Some(self.clock.now().plus_seconds(TRY_AGAIN_S));
        false
    }

    /// Opens the depot and the exchange again after a refusal, once nothing is on its way.
    fn recover(&mut self) {
        let is_time = self.try_again.is_some_and(|at| at <= self.clock.now());
        if !is_time || self.out > 0 {
            return;
        }
        self.depot = None;
        let opened =
            open_depot(&self.config, Arc::clone(&self.disk)).and_then(|(depot, _, lost)| {
                self.rows = DepotRows::new(&depot);
                self.depot = Some(depot);
                self.lost = lost;
                self.try_again = None;
                self.open_exchange()
            });
        self.try_again = match opened {
            Ok(()) => None,
            Err(error) => {
                tracing::error!(%error, "the link's depot cannot be opened");
                Some(self.clock.now().plus_seconds(TRY_AGAIN_S))
            }
        };
    }

    /// Everything durable: frames leave, and bundles go to the writer.
    fn hand_out(&mut self) {
        if self.try_again.is_some() {
            return;
        }
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        let mut random = draw;
        let mut env = env_of(&*self.clock, &mut random);
        for delivery in exchange.deliveries() {
            self.out += 1;
            if self.deliveries.send(delivery).is_err() {
                self.out -= 1;
            }
        }
        self.carriers.pump(exchange, &self.rows, &mut env);
    }

    /// When something is to be done though nothing happens. What waits for a carrier that is
    /// busy is woken by its room.
    fn next_wake(&mut self) -> Option<Time> {
        if let Some(at) = self.try_again {
            return Some(at);
        }
        let mut random = draw;
        let env = env_of(&*self.clock, &mut random);
        let exchange = self.exchange.as_mut()?;
        if self.has_more {
            return Some(env.now);
        }
        let mut wake = exchange.next_own_wake(&env);
        let (ready, is_any_busy) = self.carriers.ready();
        for peer in ready {
            wake = wake.min(exchange.next_wake_for(peer, &env));
        }
        if let Some(parting) = self.carriers.next_parting() {
            wake = wake.min(parting.max(env.now));
        }
        if is_any_busy {
            wake = wake.min(self.ticked.plus_seconds(BUSY_LOOK_S).max(env.now));
        }
        if let Some(paced) = self.paced.filter(|_| exchange.may_sum_up()) {
            wake = wake.min(paced.plus_seconds(PACE_S));
        }
        Some(wake)
    }

    /// Erases what was shared of a twin, with everyone who was told.
    pub(crate) fn erase(&mut self, entity: &EntityId) -> Result<(), Error> {
        match self.exchanging(|exchange, _, env| exchange.erase(entity, env)) {
            Ok(Ok(())) => {
                self.is_purge_due = true;
                Ok(())
            }
            Err(Error::NoOrganisation) => Ok(()),
            Ok(Err(error)) => Err(Error::Link(error.to_string())),
            Err(error) => Err(error),
        }
    }
}

/// Where the budget is nearly used up, what is urgent goes on: deletes and small rows.
fn append(depot: &mut Depot, changes: &[depot::Change]) -> Result<(), store::Error> {
    match depot.append(changes, Urgency::Ordinary) {
        Err(store::Error::DepotBudget { .. }) => depot.append(changes, Urgency::Urgent),
        outcome => outcome,
    }
}

fn row(change: Change) -> depot::Change {
    match change {
        Change::Put { key, value } => depot::Change::Put { key, value },
        Change::Delete { key } => depot::Change::Delete { key },
    }
}

fn open_depot(
    config: &config::Config,
    disk: Arc<dyn Backend>,
) -> Result<(Depot, [u8; 32], bool), Error> {
    let place = disk.place_id().map_err(|cause| Error::Io {
        what: "reading where the link's directory is",
        cause,
    })?;
    let options = depot::Options {
        disk_budget_bytes: config.link.carried_bytes_max.max(256 << 20) * 2,
        ..depot::Options::default()
    };
    let (depot, report) = Depot::open(disk, options)?;
    for problem in &report.problems {
        tracing::error!(code = problem.code, "{}", problem.message);
    }
    Ok((depot, place, report.lost_tail))
}
