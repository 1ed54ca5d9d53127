//! `twin serve`: the node with its page, until it is told to stop.

use crate::args::{Global, Serve};
use crate::client::Client;
use crate::commands::{brokers, import};
use crate::failure::{Code, Failure, Result};
use crate::interrupt;
use crate::local::{self, Opened};
use crate::output::Output;
use crate::reach::{Endpoint, LOCAL_TOKEN, OwnFile, configuration, locked, running, url_of};
use serde_json::json;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use twin_node::{Config, Node, RecoveryReport};

/// How long another command may take to leave the directory.
const BUSY_TRIES: u32 = 30;
const BUSY_NAP: Duration = Duration::from_millis(100);

/// `twin serve`.
pub(crate) fn serve(global: &Global, output: &Output, args: &Serve) -> Result<()> {
    interrupt::listen();
    let mut config = configuration(global)?;
    config.listen = args.listen.unwrap_or(config.listen);
    output.say(&format!("opening `{}`", config.data_dir.display()));
    let (node, recovery) = open(&config)?;
    let served = listen(&config, output, args, &node, &recovery);
    output.say("closing");
    node.close();
    served
}

fn open(config: &Config) -> Result<(Node, RecoveryReport)> {
    for _ in 0..BUSY_TRIES {
        if let Opened::Here(opened) = local::open_node(config)? {
            return Ok(opened);
        }
        if let Some(client) = running(&config.data_dir)? {
            let message = format!(
                "a node already runs in `{}`: {}",
                config.data_dir.display(),
                client.base()
            );
            return Err(Failure::new(Code::Locked, message)
                .help("use that one, or give this one another directory with --data"));
        }
        std::thread::sleep(BUSY_NAP);
    }
    Err(locked(&config.data_dir))
}

fn listen(
    config: &Config,
    output: &Output,
    args: &Serve,
    node: &Node,
    recovery: &RecoveryReport,
) -> Result<()> {
    let runtime = local::runtime()?;
    let listener = local::bind(&runtime, config.listen)?;
    let address = listener.local_addr().unwrap_or(config.listen);
    let secret = local::operator_secret(node)?;
    let token = write_token(&config.data_dir, &secret)?;
    let endpoint = Endpoint::write(&config.data_dir, address)?;
    if token.is_none() || endpoint.is_none() {
        output.warn(
            "the disk is full: other `twin` commands on this machine do not find this node; the page does",
        );
    }
    let_others_in(config, output, node)?;
    let _brokers = brokers::subscribe(config, output, &runtime, node)?;
    let url = url_of(address);
    if !address.ip().is_loopback() {
        output.warn("the network can reach this node without encryption; put a TLS proxy in front");
    }
    announce(output, node, recovery, &url);
    if args.open {
        open_browser(output, &url);
    }
    read_files(output, args, &url, &secret)?;
    let stop = Arc::new(Notify::new());
    let told = Arc::clone(&stop);
    interrupt::on_interrupt(move || told.notify_one());
    local::serve(&runtime, node.clone(), listener, async move {
        stop.notified().await;
    })
}

/// Lets other nodes in and calls them; says where.
fn let_others_in(config: &Config, output: &Output, node: &Node) -> Result<()> {
    let bound = node
        .open_links()
        .map_err(|cause| local::cannot_let_in(config, &cause))?;
    if let Some(address) = bound {
        output.say(&format!("other nodes are let in at {address}"));
    }
    Ok(())
}

/// Puts the operator's credential where only who owns the directory can read it.
fn write_token(directory: &Path, secret: &str) -> Result<Option<OwnFile>> {
    let path = directory.join(LOCAL_TOKEN);
    let new = directory.join("local.token.new");
    let write = || {
        // A file that is left over may have other rights than a new one.
        let _ = fs::remove_file(&new);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&new)?.write_all(secret.as_bytes())?;
        fs::rename(&new, &path)
    };
    OwnFile::unless_full(path.clone(), write())
}

fn announce(output: &Output, node: &Node, recovery: &RecoveryReport, url: &str) {
    let RecoveryReport {
        entities,
        attributes,
        replayed,
        ..
    } = recovery;
    output.say(&format!(
        "{entities} twins with {attributes} attributes; {replayed} claims read again from the log"
    ));
    for problem in &recovery.store.problems {
        output.warn(problem);
    }
    output.say(&format!("page: {url}/"));
    if let Some(code) = node.setup_code() {
        output.say(&format!("set-up code for the first account: {code}"));
    }
    if output.json {
        output.object(&json!({ "url": url, "process": std::process::id() }));
    }
}

/// Reads the files of the command line while the node already answers. A file that
/// cannot be read does not end the node.
fn read_files(output: &Output, args: &Serve, url: &str, secret: &str) -> Result<()> {
    let client = Client::new(url, secret)?;
    client.on_interrupt_hang_up();
    let (output, files) = (output.clone(), args.files.clone());
    std::thread::spawn(move || {
        for file in files {
            if let Err(failure) = import::one(&client, &output, &file, None) {
                output.fail(&failure);
            }
        }
    });
    Ok(())
}

fn open_browser(output: &Output, url: &str) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let mut command = Command::new(program);
    command
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if command.spawn().is_err() {
        output.say(&format!(
            "no browser could be opened; the page is at {url}/"
        ));
    }
}
