//! A TCP connection that says how much passed, and whether the kernel has sent what it was
//! given.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// Bytes that may wait unsent in the kernel when room for another frame is announced.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 1024;
/// Where the kernel cannot say what is unsent, all that it takes is bounded.
#[cfg(not(target_os = "linux"))]
const SEND_BUFFER_BYTES: usize = 64 * 1024;

/// Bytes received so far, readable from outside while the socket is in use.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter {
    bytes: Arc<AtomicU64>,
    is_connected: Arc<AtomicBool>,
    first: Arc<Notify>,
}

impl Meter {
    /// A meter that notifies of the first byte.
    pub(crate) fn notifying(first: Arc<Notify>) -> Self {
        Self {
            bytes: Arc::default(),
            is_connected: Arc::default(),
            first,
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether somebody took the connection, at least on the way.
    pub(crate) fn is_connected(&self) -> bool {
        self.is_connected.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        if self.bytes.fetch_add(bytes as u64, Ordering::Relaxed) == 0 {
            self.first.notify_one();
        }
    }
}

#[derive(Debug)]
pub(crate) struct Socket {
    tcp: TcpStream,
    meter: Meter,
}

impl Socket {
    /// Sets what keeps queues short.
    pub(crate) fn new(tcp: TcpStream, meter: Meter) -> io::Result<Self> {
        tcp.set_nodelay(true)?;
        let options = socket2::SockRef::from(&tcp);
        #[cfg(target_os = "linux")]
        options.set_tcp_notsent_lowat(UNSENT_BYTES)?;
        #[cfg(not(target_os = "linux"))]
        options.set_send_buffer_size(SEND_BUFFER_BYTES)?;
        Ok(Self { tcp, meter })
    }

    pub(crate) async fn connect(to: SocketAddr, meter: Meter) -> io::Result<Self> {
        let tcp = TcpStream::connect(to).await?;
        meter.is_connected.store(true, Ordering::Relaxed);
        Self::new(tcp, meter)
    }

    pub(crate) fn meter(&self) -> Meter {
        self.meter.clone()
    }

    /// Ready when little of what the kernel was given is unsent.
    ///
    /// A write would succeed long before: it asks only whether there is space in the buffer.
    /// `poll` asks the question that `TCP_NOTSENT_LOWAT` set.
    pub(crate) fn poll_room(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.tcp.poll_write_ready(context))?;
            match self.tcp.try_io(Interest::WRITABLE, || has_room(&self.tcp)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return Poll::Ready(other),
            }
        }
    }
}

#[cfg(unix)]
fn has_room(tcp: &TcpStream) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    match poll(&mut [PollFd::new(tcp, PollFlags::OUT)], Some(&at_once))? {
        0 => Err(io::ErrorKind::WouldBlock.into()),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn has_room(_tcp: &TcpStream) -> io::Result<()> {
    Ok(())
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.tcp).poll_read(context, into))?;
        let read = into.filled().len() - before;
        self.meter.add(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}
