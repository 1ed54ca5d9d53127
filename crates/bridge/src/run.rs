//! The bridge at work: connected or waiting for the next try, and giving the node what came.

use crate::codec::{Said, Say};
use crate::connection::{Connection, Lost, Welcome};
use crate::intake::{Intake, Message, Refused};
use crate::options::{Error, Options, Target};
use crate::session::{Batch, Next, Session};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};
use twin_model::{Code, Finding};

/// A connection that stood so long was a good one: what goes wrong after it is news, and the next
/// try comes soon.
const STEADY: Duration = Duration::from_secs(30);

/// A bridge to one broker.
pub struct Bridge {
    target: Arc<Target>,
    intake: Arc<dyn Intake>,
    session: Session,
    writing: Option<Writing>,
    /// Until when the node is left alone after it took nothing.
    resting: Option<Instant>,
    rest: Duration,
    stop: watch::Receiver<bool>,
    status: watch::Sender<Status>,
    /// Whether the broker let us in before, and should remember us.
    was_in: bool,
    /// What was found last; the same is not told twice in a row.
    told: Option<(Code, String)>,
}

/// A batch that the node is writing.
struct Writing {
    batch: Batch,
    answer: JoinHandle<Result<(), Refused>>,
}

/// Stops a bridge and tells how it is.
#[derive(Debug, Clone)]
pub struct Handle {
    stop: Arc<watch::Sender<bool>>,
    status: watch::Receiver<Status>,
}

/// How a bridge is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// Whether the broker let us in and the connection stands.
    pub connected: bool,
    /// Connections so far.
    pub connections: u64,
    /// Messages that came, repeats included.
    pub received: u64,
    /// Messages that came again although they were here.
    pub repeated: u64,
    /// Messages that the node has on disk.
    pub kept: u64,
    /// Messages that the broker was told it may forget.
    pub acknowledged: u64,
    /// Messages that were too large.
    pub too_large: u64,
    /// What is wrong now, if anything.
    pub trouble: Option<String>,
}

impl Handle {
    /// Asks the bridge to end: what waits is given to the node, then it takes its leave.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// How it is now.
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// The status, to be told of its changes.
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }
}

impl std::fmt::Debug for Bridge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = &self.target.options.name;
        f.debug_struct("Bridge")
            .field("name", name)
            .finish_non_exhaustive()
    }
}

/// Why a connection was left.
enum End {
    Stopped,
    Lost(Lost),
}

impl From<Lost> for End {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

impl Bridge {
    /// A bridge that begins when [`Bridge::run`] is awaited. Reads the files that the options
    /// name.
    pub fn new(options: Options, intake: Arc<dyn Intake>) -> Result<(Self, Handle), Error> {
        let target = Arc::new(Target::check(options)?);
        let (stop, stopping) = watch::channel(false);
        let (status, watched) = watch::channel(Status::default());
        let o = &target.options;
        let bridge = Self {
            session: Session::new(o.queue_messages_max, o.queue_bytes_max),
            rest: target.retry_min(),
            target,
            intake,
            writing: None,
            resting: None,
            stop: stopping,
            status,
            was_in: false,
            told: None,
        };
        let handle = Handle {
            stop: Arc::new(stop),
            status: watched,
        };
        Ok((bridge, handle))
    }

    /// Works until it is stopped or the node closes. Needs the IO and time of a tokio runtime.
    pub async fn run(mut self) {
        let mut wait = self.target.retry_min();
        loop {
            let opened = tokio::select! {
                opened = Connection::open(&self.target) => opened,
                () = stopped(&mut self.stop) => break,
            };
            let lost = match opened {
                Ok((connection, welcome)) => {
                    let began = Instant::now();
                    let end = self.serve(connection, welcome).await;
                    if began.elapsed() > STEADY {
                        wait = self.target.retry_min();
                        self.told = None;
                    }
                    match end {
                        End::Stopped => return,
                        End::Lost(lost) => lost,
                    }
                }
                Err(lost) => lost,
            };
            self.lost(&lost);
            if !self.pause(jittered(wait)).await {
                break;
            }
            wait = (wait * 2).min(self.target.retry_max());
        }
        self.empty(None).await;
    }

    fn lost(&mut self, lost: &Lost) {
        let (code, text) = match lost {
            Lost::Refused(reason) => (
                Code::BrokerRefuses,
                format!("it does not let us in: {reason}"),
            ),
            Lost::Broken(broken) => (
                Code::BrokerProtocol,
                format!("it does not keep to the protocol: {broken}"),
            ),
            Lost::Closed(_) | Lost::Silent | Lost::Io(_) => (Code::BrokerLost, lost.to_string()),
        };
        self.status.send_modify(|status| {
            status.connected = false;
            status.trouble = Some(text.clone());
        });
        self.find(code, text);
    }

    fn find(&mut self, code: Code, text: String) {
        let told = (code, text);
        if self.told.as_ref() != Some(&told) {
            let message = format!("broker `{}`: {}", self.target.options.name, told.1);
            tracing::warn!(code = code.as_str(), "{message}");
            self.intake.found(Finding::new(code, message));
            self.told = Some(told);
        }
    }

    /// Waits, giving the node what is there meanwhile. False if it is to end.
    async fn pause(&mut self, time: Duration) -> bool {
        let over = sleep(time);
        tokio::pin!(over);
        loop {
            let mut stop = self.stop.clone();
            tokio::select! {
                () = &mut over => return true,
                () = stopped(&mut stop) => return false,
                written = self.written() => match written {
                    // There is nobody to be told; the broker asks again.
                    Some(_) => {}
                    None => return false,
                },
            }
        }
    }

    /// One connection, from the welcome to its end.
    async fn serve(&mut self, mut connection: Connection, welcome: Welcome) -> End {
        self.welcomed(welcome);
        let mut asked = false;
        let mut ask_at = Instant::now() + welcome.keep_alive;
        loop {
            let room = self.session.has_room();
            let mut stop = self.stop.clone();
            let next = tokio::select! {
                () = stopped(&mut stop) => Event::Stop,
                said = connection.heard(), if room => Event::Said(said),
                written = self.written() => Event::Written(written),
                () = sleep_until(ask_at) => Event::Quiet,
            };
            let done = match next {
                Event::Stop | Event::Written(None) => {
                    self.empty(Some(&mut connection)).await;
                    return End::Stopped;
                }
                Event::Said(Err(lost)) => return lost.into(),
                Event::Said(Ok(said)) => {
                    asked = false;
                    self.hear(said, &mut connection).await
                }
                Event::Written(Some(numbers)) => self.tell(&numbers, &mut connection).await,
                // While there is no room nothing is read, so its answer cannot be expected.
                Event::Quiet if asked && room => Err(Lost::Silent),
                Event::Quiet => {
                    asked = room;
                    ask_at = Instant::now() + welcome.keep_alive / 2;
                    connection.say(Say::Ping).await
                }
            };
            if let Err(lost) = done {
                return lost.into();
            }
        }
    }

    fn welcomed(&mut self, welcome: Welcome) {
        if self.was_in && !welcome.remembered {
            let text = "it has forgotten which messages it was to keep for us; what was sent while we were away is lost";
            self.find(Code::BrokerForgot, text.to_owned());
        }
        self.was_in = true;
        self.session.begin(welcome.remembered);
        self.status.send_modify(|status| {
            status.connected = true;
            status.connections += 1;
            status.trouble = None;
        });
    }

    async fn hear(&mut self, said: Said, connection: &mut Connection) -> Result<(), Lost> {
        match said {
            Said::Message {
                topic,
                payload,
                number,
                repeated,
                retained,
            } => {
                let message = Message {
                    topic: topic.into(),
                    payload: payload.into(),
                    received: self.intake.now(),
                    retained,
                    repeated,
                };
                let next = self.session.receive(message, number);
                self.status.send_modify(|status| {
                    status.received += 1;
                    status.repeated += u64::from(next != Next::Wait);
                });
                if let Next::Acknowledge(number) = next {
                    return self.tell(&[number], connection).await;
                }
            }
            Said::TooLarge {
                number,
                topic,
                bytes,
            } => {
                self.status.send_modify(|status| status.too_large += 1);
                let text = format!("a message of `{topic}` has {bytes} bytes and was left out");
                self.find(Code::BrokerTooLarge, text);
                return self.tell(number.as_slice(), connection).await;
            }
            Said::Subscribed(refused) => self.subscribed(&refused),
            Said::Goodbye(reason) => return Err(Lost::Closed(format!(": {reason}"))),
            Said::Refused(_) | Said::Welcome { .. } | Said::Alive | Said::Other => {}
        }
        Ok(())
    }

    fn subscribed(&mut self, refused: &[bool]) {
        let topics = self.target.options.topics.clone();
        for (topic, _) in topics.iter().zip(refused).filter(|(_, refused)| **refused) {
            let text = format!("it does not let us hear `{topic}`");
            self.status
                .send_modify(|status| status.trouble = Some(text.clone()));
            self.find(Code::BrokerTopic, text);
        }
    }

    /// Tells the broker what it may forget.
    async fn tell(&mut self, numbers: &[u16], connection: &mut Connection) -> Result<(), Lost> {
        connection.acknowledge(numbers).await?;
        let n = numbers.len() as u64;
        self.status.send_modify(|status| status.acknowledged += n);
        Ok(())
    }

    /// Gives the node what waits and tells which numbers may be acknowledged; never ends while
    /// there is nothing to give. `None` if the node is closing. Nothing is lost when it is not
    /// waited for to the end.
    async fn written(&mut self) -> Option<Vec<u16>> {
        if let Some(until) = self.resting {
            sleep_until(until).await;
            self.resting = None;
        }
        if self.writing.is_none() {
            if self.session.is_idle() {
                std::future::pending::<()>().await;
            }
            self.begin_writing();
        }
        let writing = self.writing.as_mut()?;
        let answer = (&mut writing.answer).await;
        let batch = self.writing.take()?.batch;
        match answer {
            Ok(Ok(())) => {
                self.rest = self.target.retry_min();
                let n = batch.len() as u64;
                self.status.send_modify(|status| status.kept += n);
                Some(self.session.kept(batch))
            }
            Ok(Err(Refused::Closing)) => {
                self.session.refused(batch);
                None
            }
            Ok(Err(Refused::Later(reason))) => {
                self.wait_for_node(batch, &reason);
                Some(Vec::new())
            }
            Err(failed) => {
                self.wait_for_node(batch, &failed.to_string());
                Some(Vec::new())
            }
        }
    }

    fn begin_writing(&mut self) {
        let batch = self.session.batch(self.target.options.batch_messages_max);
        let (intake, messages) = (self.intake.clone(), batch.messages());
        self.writing = Some(Writing {
            batch,
            answer: tokio::task::spawn_blocking(move || intake.take(messages)),
        });
    }

    fn wait_for_node(&mut self, batch: Batch, reason: &str) {
        self.session.refused(batch);
        self.find(
            Code::BrokerWaiting,
            format!("its messages wait, since they cannot be kept now: {reason}"),
        );
        self.resting = Some(Instant::now() + jittered(self.rest));
        self.rest = (self.rest * 2).min(self.target.retry_max());
    }

    /// Gives the node all that waits, once, and takes leave of the broker.
    async fn empty(&mut self, mut connection: Option<&mut Connection>) {
        self.resting = None;
        while self.writing.is_some() || !self.session.is_idle() {
            let Some(numbers) = self.written().await else {
                break;
            };
            if self.resting.is_some() {
                // It cannot be kept; the broker still has what it wants acknowledged.
                break;
            }
            if let Some(connection) = connection.as_deref_mut() {
                let _ = self.tell(&numbers, connection).await;
            }
        }
        if let Some(connection) = connection {
            let _ = connection.say(Say::Goodbye).await;
        }
        self.status.send_modify(|status| status.connected = false);
    }
}

enum Event {
    Stop,
    Said(Result<Said, Lost>),
    Written(Option<Vec<u16>>),
    Quiet,
}

/// Ends when the bridge is to stop, or nobody is left who could say so.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Between half and the whole of a time, so that a thousand bridges do not knock at once.
fn jittered(time: Duration) -> Duration {
    // Without randomness they knock at once, which the broker survives.
    let random = getrandom::u32().unwrap_or(u32::MAX);
    let share = 0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX);
    time.mul_f64(share)
}
