//! Bad links on one machine: a relay between two ends of TCP connections that is as slow, as
//! far and as unreliable as it is told to be.
//!
//! It counts the bytes that TCP carries (TLS and what is in it, no packet headers) and lets
//! exactly so many through per second, each direction for itself, all connections sharing the
//! one way. What it cannot take yet stays in a small buffer and then with the sender, as
//! before a radio. The same seed gives the same jitter.

mod pair;

pub use pair::{DatagramEnd, Datagrams, datagrams};

use socket2::SockRef;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Mutex as FairMutex, mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

/// Bytes that go on the way at a time, at most.
const CHUNK_BYTES_MAX: usize = 16 * 1024;
/// And at least, so that a slow way is not all timers.
const CHUNK_BYTES_MIN: usize = 16;
/// How long a chunk occupies the way.
const CHUNK_S: f64 = 0.02;
/// Chunks that are on the way in one direction of one connection.
const FLYING_MAX: usize = 256;
/// Connections that wait to be taken up.
const BACKLOG: u32 = 128;

/// How one direction of a link is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// How much passes; `None` is as much as comes.
    pub bits_per_s: Option<f64>,
    /// How long a byte is on its way.
    pub delay: Duration,
    /// By how much longer it may be, evenly distributed. Bytes do not overtake each other.
    pub jitter: Duration,
    /// What the kernel buffers before the link, roughly; the rest stays with the sender.
    pub buffer_bytes: u32,
}

impl Default for Profile {
    /// A wire.
    fn default() -> Self {
        Self {
            bits_per_s: None,
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            buffer_bytes: 64 * 1024,
        }
    }
}

impl Profile {
    /// A radio of 9.6 kbit/s, 50 ms away.
    pub fn radio() -> Self {
        Self {
            bits_per_s: Some(9600.0),
            delay: Duration::from_millis(50),
            jitter: Duration::ZERO,
            buffer_bytes: 4096,
        }
    }
}

/// A direction: from whoever dialled, or back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the end that dials.
    Up,
    /// Towards the end that dials.
    Down,
}

/// What happens to the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Nothing passes any more, and nobody is told.
    Stall,
    /// It passes again.
    Heal,
    /// All connections are broken off at once, with a reset.
    Reset,
    /// Connections end after exactly so many more bytes in a direction.
    CutAfter(Way, u64),
}

/// A running relay. It ends when it is dropped.
#[derive(Debug)]
pub struct Emulator {
    address: SocketAddr,
    link: Arc<Link>,
    task: AbortHandle,
    schedules: Mutex<Vec<AbortHandle>>,
}

impl Emulator {
    /// Starts a relay to an address, on a free port of the loopback.
    pub fn start(to: SocketAddr, up: Profile, down: Profile, seed: u64) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(up.buffer_bytes)?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let link = Arc::new(Link {
            state: watch::Sender::new(State::default()),
            up: Direction::new(up, seed),
            down: Direction::new(down, !seed),
        });
        let task = tokio::spawn(relay(Arc::clone(&link), listener, to)).abort_handle();
        Ok(Self {
            address,
            link,
            task,
            schedules: Mutex::default(),
        })
    }

    /// Where to dial instead.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Does something to the link now.
    pub fn command(&self, command: Command) {
        self.link.command(command);
    }

    /// Does things to the link later, each so long after now.
    pub fn schedule(&self, mut commands: Vec<(Duration, Command)>) {
        commands.sort_by_key(|&(after, _)| after);
        let (link, begun) = (Arc::clone(&self.link), Instant::now());
        let task = tokio::spawn(async move {
            for (after, command) in commands {
                sleep_until(begun + after).await;
                link.command(command);
            }
        });
        let mut schedules = self
            .schedules
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        schedules.retain(|other| !other.is_finished());
        schedules.push(task.abort_handle());
    }

    /// Bytes that have left on the way so far.
    pub fn relayed(&self, way: Way) -> u64 {
        self.link.direction(way).relayed.load(Ordering::Relaxed)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.task.abort();
        let schedules = self.schedules.get_mut();
        for task in schedules.unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    is_stalled: bool,
    /// How often all connections were reset.
    resets: u64,
}

#[derive(Debug)]
struct Link {
    state: watch::Sender<State>,
    up: Direction,
    down: Direction,
}

impl Link {
    fn direction(&self, way: Way) -> &Direction {
        match way {
            Way::Up => &self.up,
            Way::Down => &self.down,
        }
    }

    fn command(&self, command: Command) {
        match command {
            Command::Stall => self.state.send_modify(|state| state.is_stalled = true),
            Command::Heal => self.state.send_modify(|state| state.is_stalled = false),
            Command::Reset => self.state.send_modify(|state| state.resets += 1),
            Command::CutAfter(way, bytes) => {
                let cut = &self.direction(way).cut_after;
                *cut.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
            }
        }
    }

    /// Waits while nothing passes.
    async fn passes(&self) {
        let mut state = self.state.subscribe();
        // The sender is in `self`, so this cannot fail.
        let _ = state.wait_for(|state| !state.is_stalled).await;
    }

    async fn reset(&self) {
        let mut state = self.state.subscribe();
        let before = state.borrow_and_update().resets;
        let _ = state.wait_for(|state| state.resets != before).await;
    }
}

/// When the way is free again.
#[derive(Debug)]
struct Air {
    free_at: Instant,
    noise: u64,
}

#[derive(Debug)]
struct Direction {
    profile: Profile,
    air: FairMutex<Air>,
    relayed: AtomicU64,
    cut_after: Mutex<Option<u64>>,
}

/// Bytes on the way, and when they are there.
type Flying = (Instant, Vec<u8>);

impl Direction {
    fn new(profile: Profile, seed: u64) -> Self {
        Self {
            profile,
            air: FairMutex::new(Air {
                free_at: Instant::now(),
                noise: seed,
            }),
            relayed: AtomicU64::new(0),
            cut_after: Mutex::new(None),
        }
    }

    fn chunk_bytes(&self) -> usize {
        let rate = self.profile.bits_per_s.unwrap_or(f64::INFINITY);
        ((rate / 8.0 * CHUNK_S) as usize).clamp(CHUNK_BYTES_MIN, CHUNK_BYTES_MAX)
    }

    fn occupies(&self, bytes: usize) -> Duration {
        let rate = self.profile.bits_per_s;
        rate.map_or(Duration::ZERO, |rate| {
            Duration::from_secs_f64(bytes as f64 * 8.0 / rate)
        })
    }

    /// Sends bytes over the way, after all that asked before; when they are at the other end.
    async fn pass(&self, bytes: usize, link: &Link) -> Instant {
        let mut air = self.air.lock().await;
        link.passes().await;
        let left = air.free_at.max(Instant::now()) + self.occupies(bytes);
        sleep_until(left).await;
        air.free_at = left;
        self.relayed.fetch_add(bytes as u64, Ordering::Relaxed);
        let share = (splitmix(&mut air.noise) >> 11) as f64 / (1u64 << 53) as f64;
        left + self.profile.delay + self.profile.jitter.mul_f64(share)
    }

    /// How many of the next bytes pass before the cut, and whether it comes now.
    fn before_cut(&self, bytes: usize) -> (usize, bool) {
        let mut cut = self
            .cut_after
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match cut.as_mut() {
            Some(left) if *left <= bytes as u64 => {
                let passes = *left as usize;
                *cut = None;
                (passes, true)
            }
            Some(left) => {
                *left -= bytes as u64;
                (bytes, false)
            }
            None => (bytes, false),
        }
    }
}

/// `SplitMix64` (Steele, Lea and Flood 2014).
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

async fn relay(link: Arc<Link>, listener: TcpListener, to: SocketAddr) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((near, _)) => {
                    connections.spawn(connection(Arc::clone(&link), near, to));
                }
                Err(_) => sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// How a direction of a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    /// Its source closed; the other direction goes on.
    Closed,
    /// It was cut.
    Cut,
}

async fn connection(link: Arc<Link>, near: TcpStream, to: SocketAddr) -> io::Result<()> {
    // What an end asks for while nothing passes waits.
    link.passes().await;
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(link.down.profile.buffer_bytes)?;
    let far = socket.connect(to).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (mut near, mut far) = (near.into_split(), far.into_split());
    let is_reset = tokio::select! {
        () = link.reset() => true,
        () = both(&link, &mut near, &mut far) => false,
    };
    if is_reset {
        for end in [near.0.as_ref(), far.0.as_ref()] {
            SockRef::from(end).set_linger(Some(Duration::ZERO))?;
        }
    }
    Ok(())
}

type Ends = (OwnedReadHalf, OwnedWriteHalf);

/// Moves bytes both ways until both have closed or one is cut.
async fn both(link: &Link, near: &mut Ends, far: &mut Ends) {
    let up = one(link, &link.up, &mut near.0, &mut far.1);
    let down = one(link, &link.down, &mut far.0, &mut near.1);
    tokio::pin!(up, down);
    let (is_up, first) = tokio::select! {
        over = &mut up => (true, over),
        over = &mut down => (false, over),
    };
    if matches!(first, Ok(Over::Closed)) {
        // However the other one ends, it is over then.
        let _ = if is_up { down.await } else { up.await };
    }
}

async fn one(
    link: &Link,
    direction: &Direction,
    from: &mut OwnedReadHalf,
    to: &mut OwnedWriteHalf,
) -> io::Result<Over> {
    let (flying, landing) = mpsc::channel(FLYING_MAX);
    let (over, ()) = tokio::try_join!(
        depart(link, direction, from, flying),
        land(link, landing, to)
    )?;
    Ok(over)
}

/// Reads what the way can take and sends it off.
async fn depart(
    link: &Link,
    direction: &Direction,
    from: &mut OwnedReadHalf,
    flying: mpsc::Sender<Flying>,
) -> io::Result<Over> {
    let mut chunk = vec![0; direction.chunk_bytes()];
    let mut last = Instant::now();
    loop {
        let read = from.read(&mut chunk).await?;
        if read == 0 {
            return Ok(Over::Closed);
        }
        let (passes, is_cut) = direction.before_cut(read);
        last = last.max(direction.pass(passes, link).await);
        let sent = flying.send((last, chunk[..passes].to_vec())).await;
        if is_cut {
            return Ok(Over::Cut);
        }
        sent.map_err(|_| io::ErrorKind::BrokenPipe)?;
    }
}

/// Hands over what has arrived.
async fn land(
    link: &Link,
    mut landing: mpsc::Receiver<Flying>,
    to: &mut OwnedWriteHalf,
) -> io::Result<()> {
    while let Some((at, bytes)) = landing.recv().await {
        sleep_until(at).await;
        link.passes().await;
        to.write_all(&bytes).await?;
    }
    to.shutdown().await
}
