//! A link between two machines that can be cut: a relay on this machine through which one
//! node is reached.
//!
//! A link that is cut by fire does not say goodbye. While it is cut nothing passes and
//! nobody is told: connections stay open and silent until the nodes notice themselves.

use anyhow::Result;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long one read waits before it looks whether the link was cut.
const LOOK: Duration = Duration::from_millis(20);
/// What passes at a time.
const PORTION_BYTES: usize = 1 << 14;
/// On a link with a rate, so many portions pass in a second.
const PORTIONS_PER_S: u64 = 50;

/// A link to one node. Cutting and healing it takes effect at once.
#[derive(Debug)]
pub(crate) struct Wire {
    /// Where the node is reached.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Where the node listens; it may change when the node is started again.
    target: Mutex<Option<SocketAddr>>,
    is_cut: AtomicBool,
    is_over: AtomicBool,
    /// Counts cuts: what was connected before the last one never speaks again.
    generation: AtomicU64,
    bytes: AtomicU64,
    /// Bytes a second in each direction; 0 for as many as the machine can.
    rate: u64,
}

impl Wire {
    /// A link that leads nowhere yet.
    pub(crate) fn new() -> Result<Self> {
        Self::of_rate(0)
    }

    /// One that takes so many bytes a second from each connection in each direction.
    pub(crate) fn of_rate(rate: u64) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            target: Mutex::new(None),
            is_cut: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            generation: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            rate,
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || accept(&listener, &accepting));
        Ok(Self { address, shared })
    }

    /// Where the node listens now.
    pub(crate) fn lead_to(&self, target: SocketAddr) {
        *lock(&self.shared.target) = Some(target);
    }

    /// From now on nothing passes, and nobody is told.
    pub(crate) fn cut(&self) {
        self.shared.is_cut.store(true, Ordering::SeqCst);
        self.shared.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// New connections pass again; the old ones are dead.
    pub(crate) fn heal(&self) {
        self.shared.is_cut.store(false, Ordering::SeqCst);
    }

    /// Bytes that passed in both directions.
    pub(crate) fn bytes(&self) -> u64 {
        self.shared.bytes.load(Ordering::Relaxed)
    }
}

impl Shared {
    /// What passes at a time: on a slow link little, so that it flows.
    fn portion_bytes(&self) -> usize {
        match self.rate {
            0 => PORTION_BYTES,
            rate => ((rate / PORTIONS_PER_S) as usize).clamp(1, PORTION_BYTES),
        }
    }

    /// How long so many bytes take.
    fn takes(&self, bytes: usize) -> Duration {
        match self.rate {
            0 => Duration::ZERO,
            rate => Duration::from_secs_f64(bytes as f64 / rate as f64),
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Wakes whoever waits for a connection.
        let _ = TcpStream::connect(self.address);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for caller in listener.incoming() {
        if shared.is_over.load(Ordering::SeqCst) {
            return;
        }
        let (Ok(caller), shared) = (caller, Arc::clone(shared)) else {
            continue;
        };
        std::thread::spawn(move || {
            let generation = shared.generation.load(Ordering::SeqCst);
            let target = *lock(&shared.target);
            let passes = !shared.is_cut.load(Ordering::SeqCst);
            let node = target.filter(|_| passes).map(TcpStream::connect);
            match node {
                Some(Ok(node)) => join(&caller, &node, generation, &shared),
                // Reset: the node is not running.
                Some(Err(_)) => {}
                None => hold(&caller, generation, &shared),
            }
        });
    }
}

/// Keeps a connection open and silent, as a cut link does, until it would be reset.
fn hold(caller: &TcpStream, generation: u64, shared: &Shared) {
    let _ = caller.set_read_timeout(Some(LOOK));
    let mut ignored = [0; PORTION_BYTES];
    while is_cut(generation, shared) && !shared.is_over.load(Ordering::SeqCst) {
        match (&mut &*caller).read(&mut ignored) {
            Ok(0) => return,
            Err(e) if !is_timeout(&e) => return,
            _ => {}
        }
    }
}

fn is_cut(generation: u64, shared: &Shared) -> bool {
    shared.is_cut.load(Ordering::SeqCst) || shared.generation.load(Ordering::SeqCst) != generation
}

fn is_timeout(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Passes bytes both ways until one side closes or the link is cut.
fn join(caller: &TcpStream, node: &TcpStream, generation: u64, shared: &Arc<Shared>) {
    let (Ok(back_in), Ok(back_out)) = (node.try_clone(), caller.try_clone()) else {
        return;
    };
    for stream in [caller, node] {
        let _ = stream.set_nodelay(true);
        let _ = stream.set_read_timeout(Some(LOOK));
    }
    let other = Arc::clone(shared);
    std::thread::spawn(move || pass(&back_in, &back_out, generation, &other));
    pass(caller, node, generation, shared);
}

fn pass(from: &TcpStream, to: &TcpStream, generation: u64, shared: &Shared) {
    let mut portion = vec![0; shared.portion_bytes()];
    loop {
        if is_cut(generation, shared) {
            hold(from, generation, shared);
            break;
        }
        match (&mut &*from).read(&mut portion) {
            Ok(0) => break,
            // What was read when the link was cut is lost with it.
            Ok(_) if is_cut(generation, shared) => {}
            Ok(count) => {
                shared.bytes.fetch_add(count as u64, Ordering::Relaxed);
                std::thread::sleep(shared.takes(count));
                if (&mut &*to).write_all(&portion[..count]).is_err() {
                    break;
                }
            }
            Err(e) if is_timeout(&e) => {}
            Err(_) => break,
        }
    }
    let _ = from.shutdown(std::net::Shutdown::Both);
    let _ = to.shutdown(std::net::Shutdown::Both);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut byte = [0];
                    while stream.read_exact(&mut byte).is_ok() && stream.write_all(&byte).is_ok() {}
                });
            }
        });
        address
    }

    fn says(stream: &mut TcpStream, byte: u8) -> bool {
        let mut answer = [0];
        stream.write_all(&[byte]).is_ok()
            && stream.read_exact(&mut answer).is_ok()
            && answer == [byte]
    }

    #[test]
    fn a_slow_link_takes_its_time() {
        let wire = Wire::of_rate(1000).unwrap();
        assert_eq!(wire.shared.portion_bytes(), 20);
        assert_eq!(wire.shared.takes(500), Duration::from_millis(500));
        wire.lead_to(echo());
        let mut stream = TcpStream::connect(wire.address).unwrap();
        assert!(says(&mut stream, 1));
        assert_eq!(wire.bytes(), 2);
    }

    #[test]
    fn a_cut_link_is_silent_and_a_healed_one_speaks() {
        let wire = Wire::new().unwrap();
        wire.lead_to(echo());
        let mut before = TcpStream::connect(wire.address).unwrap();
        assert!(says(&mut before, 1));
        wire.cut();
        before
            .set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        assert!(!says(&mut before, 2), "what is cut does not answer");
        wire.heal();
        assert!(!says(&mut before, 3), "what was cut stays dead");
        let mut after = TcpStream::connect(wire.address).unwrap();
        assert!(says(&mut after, 4));
    }
}
