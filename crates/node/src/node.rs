//! The node itself: opening, closing, and the façade that every face uses.

use crate::answer::{Health, Metrics, Next, Status};
use crate::changes::{Cursor, Ring, Taken};
use crate::clock::Clock;
use crate::config::Config;
use crate::credentials::{Account, Credentials, NewToken, Session, Token};
use crate::error::Error;
use crate::housekeeping::{self, Housekeeping};
use crate::journal::ImportRecord;
use crate::link::{self, Link, Wake};
use crate::picture::Picture;
use crate::prepare::{self, Draft, Mode, Receipt};
use crate::reader::Reader;
use crate::recover;
use crate::spread;
use crate::watch::Watched;
use crate::wheel::Wheel;
use crate::writer::{Command, Counters, NoteDraft, Submission, Writer};
use arc_swap::ArcSwap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};
use twin_model::{Caller, CommitNumber, EntityId, Role, Time};
use twin_policy::{self as policy, View};
use twin_store as store;

/// Most submissions that wait for the writer.
const WAITING_MAX: usize = 4096;
/// Most claims that wait for the writer; a larger submission waits until it is alone.
const CLAIMS_WAITING_MAX: u32 = 400_000;
/// Most changed attributes in one event.
const CHANGES_PER_EVENT_MAX: usize = 2000;
/// From when lives of restored stores are numbered: 2026-01-01T00:00:00Z.
const FIRST_LIFE: Time = Time::from_seconds(1_767_225_600);
/// How often changes by time alone are looked for.
const TICK: Duration = Duration::from_millis(500);

/// A running node. Cloning gives another handle to the same one.
#[derive(Debug, Clone)]
pub struct Node(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
    disk: store::backend::Patient,
    pub(crate) published: Arc<ArcSwap<Picture>>,
    pub(crate) store: store::Reader,
    pub(crate) maintenance: store::Maintenance,
    pub(crate) credentials: Credentials,
    meta: Arc<store::Meta>,
    /// Keys the URIs that imports mint.
    pub(crate) minting_key: [u8; 32],
    ring: Arc<Ring>,
    pub(crate) commands: mpsc::Sender<Command>,
    claims_waiting: Arc<Semaphore>,
    counters: Arc<Counters>,
    watched: Watched,
    threads: Mutex<Vec<JoinHandle<()>>>,
    pub(crate) link: Link,
    /// One import at a time: the next sees what the last one changed.
    pub(crate) importing: Mutex<()>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// Where a node keeps what it knows.
#[derive(Debug, Clone)]
pub struct Disks {
    /// Claims, state, accounts.
    pub store: Arc<dyn store::backend::Backend>,
    /// What is shared with other organisations.
    pub link: Arc<dyn store::backend::Backend>,
}

/// What opening found.
#[derive(Debug, Clone)]
pub struct RecoveryReport {
    /// What the store reports of its files.
    pub store: store::RecoveryReport,
    /// Claims replayed from the log after the saved state.
    pub replayed: u64,
    /// Claims folded from the beginning, because the saved state is of another version.
    pub rebuilt: u64,
    /// Twins in the state.
    pub entities: u64,
    /// Attributes in the state.
    pub attributes: u64,
}

/// Whether the caller may, as an error that faces can answer with.
pub(crate) fn permit(caller: &Caller, action: &policy::Action<'_>) -> Result<(), Error> {
    Ok(policy::decide(caller, action).require()?)
}

impl Inner {
    /// Bytes that the store takes, as of the last commit.
    pub(crate) fn store_bytes(&self) -> u64 {
        self.counters.store_bytes.load(Ordering::Relaxed)
    }
}

impl Node {
    /// Opens the data directory, recovers, and starts. Blocks while it does. On a full disk it
    /// only reads, until there is room: [`Status::read_only`].
    pub fn open(config: Config, clock: Arc<dyn Clock>) -> Result<(Self, RecoveryReport), Error> {
        let disks = Disks {
            store: Arc::new(store_disk(&config.data_dir)?),
            link: link::disk(&config.data_dir)?,
        };
        Self::open_on(disks, config, clock)
    }

    /// The same on other disks than those of the data directory, for tests of what disks do.
    pub fn open_on(
        disks: Disks,
        config: Config,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, RecoveryReport), Error> {
        config.check()?;
        let disk = store::backend::Patient::new(disks.store);
        let options = store::Options {
            disk_budget_bytes: config.disk_budget_bytes,
            ..store::Options::default()
        };
        let opened = store::open(disk.clone(), options)?;
        if let Some(record) = opened.maintenance.finish_erasure()? {
            tracing::warn!(?record, "an erasure that was interrupted is finished");
        }
        let incarnation = opened.report.incarnation;
        let erasures = opened.maintenance.erasures();
        let is_erased = |entity: &EntityId, since: u64| {
            let later = erasures.iter().skip(since as usize);
            later
                .into_iter()
                .any(|record| opened.maintenance.is_about(record, entity))
        };
        let saved_before = opened.snapshot.as_ref().map(store::SnapshotIn::erasures);
        let is_unclean = saved_before.is_some_and(|n| n < erasures.len() as u64);
        let (live, folded) =
            recover::recover(opened.snapshot, opened.tail, &opened.reader, &is_erased)?;
        let report = RecoveryReport {
            store: opened.report,
            replayed: folded.replayed,
            rebuilt: folded.rebuilt,
            entities: live.entities.len() as u64,
            attributes: live.attributes,
        };
        // Before any thread: what fails here must leave nothing that holds the store's lock.
        let meta = Arc::new(store::Meta::open(&disk)?);
        let minting_key = minting_key(&meta, report.store.commit)?;
        let credentials = Credentials::open(Arc::clone(&meta), config.session_idle_s, clock.now())?;
        disk.seal();
        if disk.is_waiting() {
            tracing::warn!("the disk is full: the node reads only until there is room");
        }
        let published = Arc::new(ArcSwap::from_pointee(live.picture()));
        let ring = Arc::new(Ring::new(live.commit));
        let counters = Arc::<Counters>::default();
        counters
            .store_bytes
            .store(opened.writer.budget().used_bytes, Ordering::Relaxed);
        let (commands, receiver) = mpsc::channel(WAITING_MAX);
        let (pictures, waiting) = std::sync::mpsc::sync_channel(1);
        if is_unclean || report.rebuilt > 0 {
            // Erased values stand in the saved state until it is written afresh, and what
            // was folded once need not be again.
            let _ = pictures.try_send(published.load_full());
        }
        let mut wheel = Wheel::default();
        wheel.arm_all(&live, clock.now());
        let wake = Wake::default();
        let writer = Writer {
            claims_at_snapshot: live.claims - report.replayed,
            live,
            log: opened.writer,
            claims: opened.reader.clone(),
            maintenance: opened.maintenance.clone(),
            wheel,
            clock: Arc::clone(&clock),
            published: Arc::clone(&published),
            ring: Arc::clone(&ring),
            counters: Arc::clone(&counters),
            incarnation,
            memory_budget_bytes: config.memory_budget_bytes,
            snapshot_claims: config.snapshot_claims,
            housekeeping: pictures,
            refold: None,
            link: Wake::clone(&wake),
            retention: config.retention,
            retained: None,
        };
        let keeper = Housekeeping {
            snapshots: opened.snapshots,
            maintenance: opened.maintenance.clone(),
            retention: config.retention,
            clock: Arc::clone(&clock),
        };
        let mut threads = vec![
            spawn("twin-writer", move || writer.run(receiver))?,
            spawn("twin-housekeeping", move || {
                housekeeping::run(&keeper, &waiting);
            })?,
        ];
        spawn_ticker(commands.downgrade())?;
        spawn_spread(&published, &ring, &clock, commands.downgrade())?;
        let parts = link::Parts {
            config: config.clone(),
            clock: Arc::clone(&clock),
            published: Arc::clone(&published),
            log: opened.reader.clone(),
            writer: commands.downgrade(),
            disk: disks.link,
        };
        let (link, link_threads) = Link::start(parts, &wake)?;
        threads.extend(link_threads);
        let inner = Inner {
            link,
            minting_key,
            credentials,
            meta,
            config,
            clock,
            disk,
            published,
            store: opened.reader,
            maintenance: opened.maintenance,
            ring,
            commands,
            claims_waiting: Arc::new(Semaphore::new(CLAIMS_WAITING_MAX as usize)),
            counters,
            watched: Watched::default(),
            threads: Mutex::new(threads),
            importing: Mutex::new(()),
        };
        Ok((Self(Arc::new(inner)), report))
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    /// The node's clock.
    pub fn now(&self) -> Time {
        self.0.clock.now()
    }

    /// How it is configured.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Finishes what is under way, saves the state and ends the threads. Blocks. Every
    /// later submission is refused.
    pub fn close(&self) {
        self.0.link.stop();
        let (reply, last) = oneshot::channel();
        if self.0.commands.blocking_send(Command::Stop(reply)).is_err() {
            return;
        }
        let _ = last.blocking_recv();
        let threads = std::mem::take(
            &mut *self
                .0
                .threads
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the node had panicked");
            }
        }
    }

    /// Whether the node can be used; for everybody, and tells nothing about buildings.
    pub fn health(&self) -> Health {
        match self.read_only() {
            Some(_) => Health::ReadOnly,
            None => Health::Ready,
        }
    }

    /// Why nothing is recorded now.
    fn read_only(&self) -> Option<&'static str> {
        // The channel is closed too when the writer ended by a fault.
        if self.0.counters.stopped.load(Ordering::SeqCst) || self.0.commands.is_closed() {
            return Some("the writer has stopped; see the log, and restart the node");
        }
        let is_full = self.0.counters.full.load(Ordering::Relaxed) || self.0.disk.is_waiting();
        is_full.then_some("the disk is full; make room, and the node goes on by itself")
    }

    // --- who asks -------------------------------------------------------------

    /// The code with which the first account can be made, while there is none.
    pub fn setup_code(&self) -> Option<String> {
        self.0.credentials.setup_code()
    }

    /// Makes the first account, an owner. Slow on purpose (Argon2).
    pub fn set_up(&self, code: &str, name: &str, password: &str) -> Result<(), Error> {
        self.0.credentials.set_up(code, name, password)
    }

    /// Logs a person in. Slow on purpose (Argon2).
    pub fn log_in(&self, name: &str, password: &str) -> Result<Session, Error> {
        self.0.credentials.log_in(name, password, self.now())
    }

    /// Ends a session.
    pub fn log_out(&self, secret: &str) -> Result<(), Error> {
        self.0.credentials.log_out(secret)
    }

    /// Whose session it is.
    pub fn caller_of_session(&self, secret: &str) -> Option<Caller> {
        self.0.credentials.caller_of_session(secret, self.now())
    }

    /// Whose token it is.
    pub fn caller_of_token(&self, secret: &str) -> Option<Caller> {
        self.0.credentials.caller_of_token(secret)
    }

    /// A new secret of the operator beside the data directory, valid while the process
    /// runs. Only for the process itself to put where only the operator can read it.
    pub fn operator_secret(&self) -> Result<String, Error> {
        self.0.credentials.operator_secret()
    }

    /// Every account.
    pub fn accounts(&self, caller: &Caller) -> Result<View<Vec<Account>>, Error> {
        permit(caller, &policy::Action::ManageAccounts)?;
        let accounts = self.0.credentials.accounts()?;
        Ok(policy::release(
            caller,
            &policy::Action::ManageAccounts,
            || accounts,
        )?)
    }

    /// Makes an account or gives it a new password and role. Slow on purpose.
    pub fn add_account(
        &self,
        caller: &Caller,
        name: &str,
        password: &str,
        role: Role,
    ) -> Result<(), Error> {
        permit(caller, &policy::Action::ManageAccounts)?;
        self.0.credentials.add_account(name, password, role)?;
        tracing::info!(by = ?caller.principal, account = name, role = role.as_str(), "account set");
        Ok(())
    }

    /// Removes an account and ends its sessions.
    pub fn remove_account(&self, caller: &Caller, name: &str) -> Result<(), Error> {
        permit(caller, &policy::Action::ManageAccounts)?;
        self.0.credentials.remove_account(name)?;
        tracing::info!(by = ?caller.principal, account = name, "account removed");
        Ok(())
    }

    /// Every token, without its secret.
    pub fn tokens(&self, caller: &Caller) -> Result<View<Vec<Token>>, Error> {
        permit(caller, &policy::Action::ManageTokens)?;
        let tokens = self.0.credentials.tokens()?;
        Ok(policy::release(
            caller,
            &policy::Action::ManageTokens,
            || tokens,
        )?)
    }

    /// Makes a token; its secret is in the answer and nowhere else.
    pub fn add_token(&self, caller: &Caller, new: NewToken) -> Result<(Token, String), Error> {
        permit(caller, &policy::Action::ManageTokens)?;
        // Roles are ordered from the one that may most.
        if new.role < caller.role {
            let reason = "a token cannot do more than who makes it".to_owned();
            return Err(Error::Forbidden { reason });
        }
        let made = self.0.credentials.add_token(new, self.now())?;
        tracing::info!(by = ?caller.principal, token = made.0.id, "token made");
        Ok(made)
    }

    /// Removes a token; it is refused from now on.
    pub fn remove_token(&self, caller: &Caller, id: &str) -> Result<(), Error> {
        permit(caller, &policy::Action::ManageTokens)?;
        self.0.credentials.remove_token(id)?;
        tracing::info!(by = ?caller.principal, token = id, "token removed");
        Ok(())
    }

    // --- writing --------------------------------------------------------------

    /// Records claims. When it returns they are durable and visible.
    pub async fn submit(
        &self,
        caller: &Caller,
        drafts: Vec<Draft>,
        mode: Mode,
    ) -> Result<Receipt, Error> {
        let (claims, refused) = prepare::prepare(caller, drafts, self.now())?;
        let permits = (claims.len() as u32).clamp(1, CLAIMS_WAITING_MAX);
        let places = Arc::clone(&self.0.claims_waiting);
        let room = places.acquire_many_owned(permits).await.ok();
        let (reply, receipt) = oneshot::channel();
        let all_or_nothing = mode == Mode::AllOrNothing;
        let note = NoteDraft::Claims;
        let submission = Submission {
            claims,
            refused,
            all_or_nothing,
            note,
            reply,
            room,
        };
        let stopped = || Error::ReadOnly("the writer has stopped".to_owned());
        self.0
            .commands
            .send(Command::Submit(submission))
            .await
            .map_err(|_| stopped())?;
        receipt.await.map_err(|_| stopped())?
    }

    /// The same for threads that may block.
    pub fn submit_blocking(
        &self,
        caller: &Caller,
        drafts: Vec<Draft>,
        mode: Mode,
    ) -> Result<Receipt, Error> {
        let (claims, refused) = prepare::prepare(caller, drafts, self.now())?;
        self.record(
            claims,
            refused,
            mode == Mode::AllOrNothing,
            NoteDraft::Claims,
        )
    }

    pub(crate) fn record(
        &self,
        claims: Vec<prepare::Prepared>,
        refused: Vec<prepare::Refusal>,
        all_or_nothing: bool,
        note: NoteDraft,
    ) -> Result<Receipt, Error> {
        let (reply, receipt) = oneshot::channel();
        let submission = Submission {
            claims,
            refused,
            all_or_nothing,
            note,
            reply,
            room: None,
        };
        let stopped = || Error::ReadOnly("the writer has stopped".to_owned());
        self.0
            .commands
            .blocking_send(Command::Submit(submission))
            .map_err(|_| stopped())?;
        receipt.blocking_recv().map_err(|_| stopped())?
    }

    /// Erases the claims about a twin; that it was done stays on record. Blocks.
    pub fn erase(
        &self,
        caller: &Caller,
        entity: &EntityId,
        reason: &str,
    ) -> Result<store::ErasureRecord, Error> {
        permit(caller, &policy::Action::Erase)?;
        if reason.trim().is_empty() || reason.len() > 1000 {
            return Err(Error::Invalid("say why, in at most 1000 characters".into()));
        }
        let (reply, record) = oneshot::channel();
        let command = Command::Erase {
            entity: entity.clone(),
            reason: reason.to_owned(),
            reply,
        };
        let stopped = || Error::ReadOnly("the writer has stopped".to_owned());
        self.0
            .commands
            .blocking_send(command)
            .map_err(|_| stopped())?;
        let record = record.blocking_recv().map_err(|_| stopped())??;
        let erased = entity.clone();
        self.0.link.ask(move |seat| seat.erase(&erased))?;
        tracing::warn!(by = ?caller.principal, %entity, reason, "claims erased");
        Ok(record)
    }

    /// Copies everything into an empty directory while the node goes on. Blocks.
    pub fn backup(&self, caller: &Caller, to: &Path) -> Result<store::BackupReport, Error> {
        permit(caller, &policy::Action::Backup)?;
        if lies_in(to, &self.config().data_dir) {
            return Err(Error::Conflict(
                "a backup into the data directory would be lost with it".to_owned(),
            ));
        }
        let disk = store_disk(to).map_err(|error| Error::Conflict(error.to_string()))?;
        let backup = self.0.maintenance.backup(&self.0.meta, &disk);
        let report = backup.map_err(|error| match error {
            // What is wrong with the directory, its owner can mend.
            store::Error::Backup { .. } | store::Error::Full(_) => {
                Error::Conflict(error.to_string())
            }
            other => other.into(),
        })?;
        copy_files(&self.files_dir(), &files_dir(to))?;
        self.0.link.back_up(to)?;
        tracing::info!(by = ?caller.principal, to = %to.display(), "backup made");
        Ok(report)
    }

    /// Reads every byte of the store and compares it with its checksums. Blocks.
    pub fn verify(&self, caller: &Caller) -> Result<View<Vec<store::Problem>>, Error> {
        let mut found = self.0.link.verify()?;
        let problems = || {
            let mut problems = self.0.maintenance.verify();
            problems.append(&mut found);
            problems
        };
        Ok(policy::release(
            caller,
            &policy::Action::ReadMetrics,
            problems,
        )?)
    }

    /// Every import, oldest first.
    pub fn imports(&self, caller: &Caller) -> Result<View<Vec<Arc<ImportRecord>>>, Error> {
        let imports = || self.0.published.load().imports.to_vec();
        Ok(policy::release(
            caller,
            &policy::Action::ReadImports,
            imports,
        )?)
    }

    // --- reading --------------------------------------------------------------

    /// A look at the newest picture, now.
    pub fn read(&self, caller: &Caller) -> Result<Reader, Error> {
        Ok(Reader {
            policy: policy::Reader::new(caller)?,
            picture: self.0.published.load_full(),
            store: self.0.store.clone(),
            caller: caller.clone(),
            at: self.now(),
        })
    }

    /// Listens to changes after a commit, or from now on.
    pub fn changes(&self, caller: &Caller, after: Option<CommitNumber>) -> Result<Changes, Error> {
        policy::Reader::new(caller)?;
        let cursor = self.0.ring.cursor(after);
        Ok(Changes {
            node: self.clone(),
            caller: caller.clone(),
            cursor,
        })
    }

    /// How the node is.
    pub fn status(&self, caller: &Caller) -> Result<View<Status>, Error> {
        let picture = self.0.published.load();
        let status = || Status {
            commit: picture.commit,
            claims: picture.claims,
            entities: picture.entities.len() as u64,
            attributes: picture.attributes,
            store_bytes: self.0.counters.store_bytes.load(Ordering::Relaxed),
            store_budget_bytes: self.0.config.disk_budget_bytes,
            memory_bytes: picture.heap_bytes as u64,
            memory_budget_bytes: self.0.config.memory_budget_bytes,
            time: self.now(),
            organisation: self.0.config.organisation.clone(),
            recomputing: self.0.counters.refolding(picture.is_refold_due),
            read_only: self.read_only(),
        };
        Ok(policy::release(
            caller,
            &policy::Action::ReadStatus,
            status,
        )?)
    }

    /// Counters since the process started.
    pub fn metrics(&self, caller: &Caller) -> Result<View<Metrics>, Error> {
        let (picture, counters) = (self.0.published.load(), &self.0.counters);
        let metrics = || Metrics {
            commits: counters.commits.load(Ordering::Relaxed),
            claims: counters.claims.load(Ordering::Relaxed),
            refused: counters.refused.load(Ordering::Relaxed),
            last_commit_micros: counters.commit_micros.load(Ordering::Relaxed),
            entities: picture.entities.len() as u64,
            attributes: picture.attributes,
            memory_bytes: picture.heap_bytes as u64,
            store_bytes: self.0.counters.store_bytes.load(Ordering::Relaxed),
            sources_doubtful: self.0.watched.doubtful(&picture, self.now()),
            sources_quarantined: picture.quarantine.len() as u64,
            coverage_worst: picture.books.worst_coverage(),
        };
        Ok(policy::release(
            caller,
            &policy::Action::ReadMetrics,
            metrics,
        )?)
    }
}

/// A listener to changes.
#[derive(Debug)]
pub struct Changes {
    node: Node,
    caller: Caller,
    cursor: Option<Cursor>,
}

impl Changes {
    /// What has changed since the last call; waits until something has. Each event is
    /// answered from one picture, so many changes of one attribute are one.
    pub async fn next(&mut self) -> Next {
        loop {
            let ring = &self.node.0.ring;
            let Some(cursor) = &mut self.cursor else {
                self.cursor = ring.cursor(None);
                return Next::Reset(self.node.0.published.load().commit);
            };
            if !cursor.wait().await {
                return Next::Closed;
            }
            match cursor.take(ring, CHANGES_PER_EVENT_MAX) {
                Taken::Lost => self.cursor = None,
                Taken::Keys(keys) => {
                    let Ok(reader) = self.node.read(&self.caller) else {
                        return Next::Closed;
                    };
                    let changes = reader.changes(&keys);
                    if !changes.get().is_empty() {
                        let (commit, at) = (reader.commit(), reader.at());
                        return Next::Changed {
                            commit,
                            at,
                            changes,
                        };
                    }
                }
            }
        }
    }
}

/// Whether a place that need not exist yet lies in a directory.
fn lies_in(place: &Path, dir: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    let existing = place.ancestors().find_map(real);
    existing.is_some_and(|existing| real(dir).is_some_and(|dir| existing.starts_with(dir)))
}

fn store_disk(data_dir: &Path) -> Result<store::backend::Disk, Error> {
    store::backend::Disk::new(data_dir.join("store")).map_err(|cause| Error::Io {
        what: "opening the data directory",
        cause,
    })
}

pub(crate) fn files_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("files")
}

/// Makes a data directory from a backup. The target must hold no store. The new node
/// starts a life of its own, so that no claim number is ever used twice.
///
/// Lives are numbered by the minute of their restoration, so that two restorations of one
/// backup do not give two stores the same number.
pub fn restore(from: &Path, data_dir: &Path, now: Time) -> Result<store::BackupReport, Error> {
    let minutes = now.seconds_since(FIRST_LIFE) / 60.0;
    let above = if minutes > 0.0 { minutes as u32 } else { 0 };
    let report = store::restore(&store_disk(from)?, &store_disk(data_dir)?, above)?;
    copy_files(&files_dir(from), &files_dir(data_dir))?;
    link::restore(from, data_dir)?;
    Ok(report)
}

/// Checks a data directory that no node has open, and changes nothing.
pub fn doctor(data_dir: &Path) -> Result<Vec<store::Problem>, Error> {
    let mut problems = store::doctor(&store_disk(data_dir)?);
    for (name, path) in list_files(&files_dir(data_dir))? {
        let bytes = std::fs::read(&path).map_err(|cause| Error::Io {
            what: "reading an imported file",
            cause,
        })?;
        if !name.starts_with(blake3::hash(&bytes).to_hex().as_str()) {
            let message = format!("the imported file `{name}` is not as it was kept");
            problems.push(store::Problem {
                code: "NOD-001",
                message,
            });
        }
    }
    Ok(problems)
}

/// Copies the imported files; each is checked against the hash that is its name.
fn copy_files(from: &Path, to: &Path) -> Result<(), Error> {
    for (name, path) in list_files(from)? {
        let bytes = std::fs::read(&path).map_err(|cause| Error::Io {
            what: "reading an imported file",
            cause,
        })?;
        let hash = blake3::hash(&bytes).to_hex().to_string();
        if !name.starts_with(&hash) {
            let what = format!("the imported file `{name}` is not as it was kept");
            return Err(Error::Conflict(what));
        }
        crate::importing::keep_file(to, &name, &bytes)?;
    }
    Ok(())
}

fn list_files(dir: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => {
            return Err(Error::Io {
                what: "listing the imported files",
                cause,
            });
        }
    };
    let mut files: Vec<(String, PathBuf)> = entries
        .filter_map(Result::ok)
        .map(|entry| {
            (
                entry.file_name().to_string_lossy().into_owned(),
                entry.path(),
            )
        })
        .filter(|(_, path)| path.extension().is_some_and(|e| e == "ifc"))
        .collect();
    files.sort();
    Ok(files)
}

/// The key of this node, made at its first start, before anything is recorded.
fn minting_key(meta: &store::Meta, last: CommitNumber) -> Result<[u8; 32], Error> {
    const TABLE: &str = "node";
    const KEY: &str = "minting_key";
    if let Some(bytes) = meta.get(TABLE, KEY.as_bytes())? {
        return bytes
            .try_into()
            .map_err(|_| Error::Snapshot("the minting key is damaged".into()));
    }
    if last > CommitNumber(0) {
        tracing::warn!(
            "`meta.redb` was lost (STO-014): accounts and tokens must be made again, and the \
             next import of a building makes new twins of it"
        );
    }
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|e| Error::Io {
        what: "reading random bytes",
        cause: std::io::Error::other(e.to_string()),
    })?;
    meta.put(TABLE, KEY.as_bytes(), &key)?;
    Ok(key)
}

pub(crate) fn spawn(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, Error> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|cause| Error::Io {
            what: "starting a thread",
            cause,
        })
}

/// Tells listeners of what is inferred until the node is gone.
fn spawn_spread(
    published: &Arc<ArcSwap<Picture>>,
    ring: &Arc<Ring>,
    clock: &Arc<dyn Clock>,
    node: mpsc::WeakSender<Command>,
) -> Result<(), Error> {
    let (published, ring, clock) = (Arc::clone(published), Arc::clone(ring), Arc::clone(clock));
    spawn("twin-spread", move || {
        spread::run(&published, &ring, &|| clock.now(), &node);
    })?;
    Ok(())
}

/// Reminds the writer of the time until the node is gone.
fn spawn_ticker(commands: mpsc::WeakSender<Command>) -> Result<(), Error> {
    spawn("twin-ticker", move || {
        loop {
            std::thread::sleep(TICK);
            let Some(commands) = commands.upgrade() else {
                break;
            };
            match commands.try_send(Command::Tick) {
                // A full queue needs no reminder: the writer is awake.
                Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => {}
                Err(mpsc::error::TrySendError::Closed(_)) => break,
            }
        }
    })?;
    Ok(())
}
