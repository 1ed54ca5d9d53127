//! The node inside this process: opening it, serving it, ending it; and its files
//! while no node has them open: checking and restoring them.
//!
//! The only part of the command line that touches the node and the store themselves.
//! Nothing of what the store holds is read here, only whether it is sound.

use crate::args::Restore;
use crate::failure::{Code, Failure, Result, io_words};
use crate::output::Output;
use crate::reach::holds_data;
use crate::text;
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use twin_node::{Clock, Config, Error, Node, RecoveryReport, SystemClock};

/// The store's code for a directory that another process has open.
const LOCKED: &str = "STO-001";

/// What came of opening a data directory.
#[derive(Debug)]
pub(crate) enum Opened<T> {
    /// It is ours now.
    Here(T),
    /// Another process has it.
    Locked,
}

/// Opens the node of a configuration.
pub(crate) fn open_node(config: &Config) -> Result<Opened<(Node, RecoveryReport)>> {
    match Node::open(config.clone(), Arc::new(SystemClock)) {
        Ok(opened) => Ok(Opened::Here(opened)),
        Err(Error::Store(cause)) if cause.code() == LOCKED => Ok(Opened::Locked),
        Err(cause) => Err(cannot_open(config, &cause)),
    }
}

fn cannot_open(config: &Config, cause: &Error) -> Failure {
    let mut failure = refused(Code::CannotOpen, cause);
    let place = config.data_dir.display();
    failure.message = format!("`{place}` cannot be opened: {}", failure.message);
    failure.help("nothing was changed; `twin doctor` says more")
}

/// A node that serves on a loopback port for the time of one command.
#[derive(Debug)]
pub(crate) struct OwnNode {
    node: Node,
    address: SocketAddr,
    secret: String,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<()>>,
}

/// Opens the data directory for one command.
pub(crate) fn open(config: &Config) -> Result<Opened<OwnNode>> {
    let Opened::Here((node, _)) = open_node(config)? else {
        return Ok(Opened::Locked);
    };
    let secret = operator_secret(&node)?;
    let runtime = runtime()?;
    let listener = bind(&runtime, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let address = listener
        .local_addr()
        .map_err(|cause| cannot_listen(&cause))?;
    let (stop, stopped) = oneshot::channel();
    let served = node.clone();
    let server = std::thread::spawn(move || {
        serve(&runtime, served, listener, async {
            let _ = stopped.await;
        })
    });
    Ok(Opened::Here(OwnNode {
        node,
        address,
        secret,
        stop,
        server,
    }))
}

impl OwnNode {
    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The credential of the operator; never leaves this process.
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    /// Ends it: requests first, then the state goes to disk.
    pub(crate) fn close(self) {
        let _ = self.stop.send(());
        let _ = self.server.join();
        self.node.close();
    }
}

/// The credential with which the operator of a node asks it.
pub(crate) fn operator_secret(node: &Node) -> Result<String> {
    node.operator_secret()
        .map_err(|cause| Failure::new(Code::CannotOpen, cause.to_string()))
}

/// What runs the HTTP interface.
pub(crate) fn runtime() -> Result<Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.map_err(|cause| cannot_listen(&cause))
}

/// Begins to listen.
pub(crate) fn bind(runtime: &Runtime, address: SocketAddr) -> Result<TcpListener> {
    runtime
        .block_on(TcpListener::bind(address))
        .map_err(|cause| match cause.kind() {
            std::io::ErrorKind::AddrInUse => {
                let message = format!("port {} of {} is in use", address.port(), address.ip());
                Failure::new(Code::PortInUse, message)
                    .help("stop what listens there, or choose another: `twin serve --listen ADDR`")
            }
            _ => Failure::new(
                Code::PortInUse,
                format!("cannot listen on {address}: {}", io_words(&cause)),
            )
            .help("choose an address of this machine and a port above 1023"),
        })
}

/// The door for other nodes does not open.
pub(crate) fn cannot_let_in(config: &Config, cause: &Error) -> Failure {
    let at = config
        .link
        .listen
        .map_or(String::new(), |at| at.to_string());
    match cause {
        Error::Io { cause, .. } if cause.kind() == std::io::ErrorKind::AddrInUse => {
            let message = format!("`link.listen`: {at} is in use");
            Failure::new(Code::PortInUse, message)
                .help("stop what listens there, or choose another address in the configuration")
        }
        Error::Io { cause, .. } => {
            let message = format!("`link.listen`: cannot listen on {at}: {}", io_words(cause));
            Failure::new(Code::PortInUse, message)
                .help("choose an address of this machine and a port above 1023")
        }
        other => refused(Code::CannotOpen, other),
    }
}

fn cannot_listen(cause: &std::io::Error) -> Failure {
    Failure::new(
        Code::CannotOpen,
        format!("the interface cannot start: {}", io_words(cause)),
    )
}

/// Serves until `stop` is done and requests under way have ended.
pub(crate) fn serve(
    runtime: &Runtime,
    node: Node,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> Result<()> {
    runtime
        .block_on(twin_api::serve(node, listener, stop))
        .map_err(|cause| cannot_listen(&cause))
}

/// Reads every byte of a data directory that no process has open, and says what is damaged.
pub(crate) fn damage(directory: &Path) -> Result<Vec<Failure>> {
    let failure = |problem: twin_node::Problem| Failure {
        code: problem.code.to_owned(),
        ..Failure::new(Code::CannotOpen, problem.message)
    };
    let problems =
        twin_node::doctor(directory).map_err(|cause| refused(Code::CannotOpen, &cause))?;
    Ok(problems.into_iter().map(failure).collect())
}

/// What the node or its store refused, under the store's code if it has one.
fn refused(code: Code, cause: &Error) -> Failure {
    let failure = Failure::new(code, cause.to_string());
    match cause {
        Error::Store(cause) => Failure {
            code: cause.code().to_owned(),
            ..failure
        },
        _ => failure,
    }
}

/// `twin restore`.
pub(crate) fn restore(output: &Output, args: &Restore) -> Result<()> {
    if !holds_data(&args.backup) {
        let message = format!("there is no backup in `{}`", args.backup.display());
        return Err(Failure::new(Code::File, message));
    }
    let report = twin_node::restore(&args.backup, &args.directory, SystemClock.now())
        .map_err(|cause| refused(Code::File, &cause))?;
    let place = args.directory.display();
    if output.json {
        output.object(&json!({
            "directory": place.to_string(),
            "commit": report.commit.0,
            "bytes": report.bytes,
            "files": report.files,
        }));
    } else {
        let size = text::bytes(report.bytes as f64);
        output.answer(&format!(
            "{place}: commit {}, {size} verified",
            report.commit.0
        ));
    }
    Ok(())
}
