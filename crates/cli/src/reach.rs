//! Finds the node that a command is about, or opens one for the time of the command.
//!
//! Whichever it is, the command then speaks the same HTTP interface to it: there
//! is one way to do a thing. The lock of the data directory decides whether a
//! node runs there; the file `endpoint` only says where it listens, and may be
//! left over from a process that was killed.

use crate::args::Global;
use crate::client::{Client, Path};
use crate::failure::{Code, Failure, Result};
use crate::interrupt;
use crate::local::{self, Opened, OwnNode};
use crate::output::Output;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path as FilePath, PathBuf};
use std::time::Duration;
use twin_node::Config;

/// Where a running node says that it listens: its URL, then its process id, a line each.
pub(crate) const ENDPOINT: &str = "endpoint";
/// The credential of whoever can read the data directory.
pub(crate) const LOCAL_TOKEN: &str = "local.token";

/// Where the node keeps its store inside the data directory.
const STORE: &str = "store";

/// How long another process may take to open or close the directory: two commands
/// at once, or one while `twin serve` starts.
const BUSY_TRIES: u32 = 100;
const BUSY_NAP: Duration = Duration::from_millis(100);

/// A node that answers, and what keeps it running.
#[derive(Debug)]
pub(crate) struct Reached {
    /// Speaks to it.
    pub(crate) client: Client,
    own: Option<OwnNode>,
}

impl Reached {
    /// Ends the node if it was opened for this command only.
    pub(crate) fn close(self) {
        drop(self.client);
        if let Some(own) = self.own {
            own.close();
        }
    }
}

/// Whether a command may make a data directory where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Data {
    /// It writes: a new directory is fine.
    MayBeNew,
    /// It reads: an empty answer from a mistyped directory would mislead.
    MustExist,
}

/// Reaches the node that the options name.
pub(crate) fn reach(global: &Global, output: &Output, data: Data) -> Result<Reached> {
    interrupt::listen();
    if let Some(url) = &global.url {
        return remote(url, global.token.as_deref(), output);
    }
    let config = configuration(global)?;
    if data == Data::MustExist && !holds_data(&config.data_dir) {
        let place = config.data_dir.display();
        return Err(
            Failure::new(Code::NoData, format!("no node has its data in `{place}`"))
                .help("name the directory with --data, or start with `twin serve FILE.ifc`"),
        );
    }
    for _ in 0..BUSY_TRIES {
        match local::open(&config)? {
            Opened::Here(own) => return attach_own(own),
            Opened::Locked => {}
        }
        if let Some(client) = running(&config.data_dir)? {
            return Ok(Reached { client, own: None });
        }
        if interrupt::interrupted() {
            return Err(Failure::interrupted("the command"));
        }
        std::thread::sleep(BUSY_NAP);
    }
    Err(locked(&config.data_dir))
}

/// The configuration with the command line laid over it.
pub(crate) fn configuration(global: &Global) -> Result<Config> {
    let mut config = match &global.config {
        Some(path) => Config::load(path).map_err(|cause| {
            Failure::new(Code::Configuration, cause.to_string().trim_end().to_owned())
                .help("`twin config default` prints every option with its meaning")
        })?,
        None => Config::default(),
    };
    if let Some(data) = &global.data {
        config.data_dir.clone_from(data);
    }
    Ok(config)
}

/// Whether a node has been here.
pub(crate) fn holds_data(directory: &FilePath) -> bool {
    directory.join(STORE).is_dir()
}

fn remote(url: &str, token: Option<&str>, output: &Output) -> Result<Reached> {
    let client = Client::new(url, token.unwrap_or_default())?;
    let host = url.trim_start_matches("http://");
    let near = ["127.", "localhost", "[::1]"]
        .iter()
        .any(|start| host.starts_with(start));
    if token.is_some() && !near {
        output.warn("the token travels unencrypted; use a tunnel outside your own network");
    }
    client.on_interrupt_hang_up();
    Ok(Reached { client, own: None })
}

fn attach_own(own: OwnNode) -> Result<Reached> {
    let client = Client::new(&url_of(own.address()), own.secret())?;
    client.on_interrupt_hang_up();
    Ok(Reached {
        client,
        own: Some(own),
    })
}

/// A client of the node that holds the lock, once it answers.
pub(crate) fn running(directory: &FilePath) -> Result<Option<Client>> {
    let Some(endpoint) = Endpoint::read(directory) else {
        return Ok(None);
    };
    let client = Client::new(&endpoint.url, &read_token(directory)?)?;
    let health = client.get(&Path::new("/v1/health"));
    // A node that recovers answers 503: it is there, and commands will say so.
    let there = match &health {
        Ok(answer) => answer["status"].is_string(),
        Err(failure) => failure.code != Code::Unreachable.as_str(),
    };
    if !there {
        return Ok(None);
    }
    client.on_interrupt_hang_up();
    Ok(Some(client))
}

fn read_token(directory: &FilePath) -> Result<String> {
    let path = directory.join(LOCAL_TOKEN);
    fs::read_to_string(&path).map_err(|cause| {
        Failure::file(&path, &cause)
            .help("run the command as the user who runs the node, or use --url with a token")
    })
}

/// Another process has the lock and does not answer.
pub(crate) fn locked(directory: &FilePath) -> Failure {
    let holder = Endpoint::read(directory).and_then(|endpoint| endpoint.process);
    let who = holder.map_or("another process".to_owned(), |id| format!("process {id}"));
    let message = format!(
        "the data directory `{}` is in use by {who}",
        directory.display()
    );
    Failure::new(Code::Locked, message)
        .help("wait for it to end or stop it; one process at a time may use the directory")
}

/// What the file `endpoint` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) url: String,
    pub(crate) process: Option<u32>,
}

impl Endpoint {
    /// Reads it; `None` where there is none.
    pub(crate) fn read(directory: &FilePath) -> Option<Self> {
        let text = fs::read_to_string(directory.join(ENDPOINT)).ok()?;
        let mut lines = text.lines();
        let url = lines
            .next()
            .filter(|url| url.starts_with("http://"))?
            .to_owned();
        Some(Self {
            url,
            process: lines.next().and_then(|id| id.parse().ok()),
        })
    }

    /// Writes it whole or not at all, and takes it away when dropped. A full disk has no room
    /// for it.
    pub(crate) fn write(directory: &FilePath, address: SocketAddr) -> Result<Option<OwnFile>> {
        let path = directory.join(ENDPOINT);
        let new = directory.join(format!("{ENDPOINT}.new"));
        let text = format!("{}\n{}\n", url_of(address), std::process::id());
        let written = fs::write(&new, text).and_then(|()| fs::rename(&new, &path));
        OwnFile::unless_full(path, written)
    }
}

/// A file that is there while this process runs.
#[derive(Debug)]
pub(crate) struct OwnFile(pub(crate) PathBuf);

impl OwnFile {
    /// The file, unless there was no room for it.
    pub(crate) fn unless_full(path: PathBuf, written: io::Result<()>) -> Result<Option<Self>> {
        use io::ErrorKind::{QuotaExceeded, StorageFull, WriteZero};
        match written {
            Ok(()) => Ok(Some(Self(path))),
            Err(cause) if matches!(cause.kind(), QuotaExceeded | StorageFull | WriteZero) => {
                Ok(None)
            }
            Err(cause) => Err(Failure::file(&path, &cause)),
        }
    }
}

impl Drop for OwnFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The URL under which this machine reaches a listener.
pub(crate) fn url_of(address: SocketAddr) -> String {
    format!("http://{}", near(address))
}

/// A listener's address as this machine reaches it.
fn near(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_written_read_and_removed() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Endpoint::read(dir.path()), None);
        let file = Endpoint::write(dir.path(), "0.0.0.0:81".parse().unwrap()).unwrap();
        let read = Endpoint::read(dir.path()).unwrap();
        assert_eq!(read.url, "http://127.0.0.1:81");
        assert_eq!(read.process, Some(std::process::id()));
        drop(file);
        assert_eq!(Endpoint::read(dir.path()), None);
    }

    #[test]
    fn a_strange_endpoint_is_none() {
        let dir = tempfile::tempdir().unwrap();
        for text in ["", "\n", "https://x", "garbage\u{0}"] {
            fs::write(dir.path().join(ENDPOINT), text).unwrap();
            assert_eq!(Endpoint::read(dir.path()), None, "{text:?}");
        }
    }

    #[test]
    fn addresses_as_urls() {
        for (address, url) in [
            ("127.0.0.1:8350", "http://127.0.0.1:8350"),
            ("[::]:1", "http://[::1]:1"),
            ("192.0.2.7:80", "http://192.0.2.7:80"),
        ] {
            assert_eq!(url_of(address.parse().unwrap()), url);
        }
    }
}
