//! `cargo xtask demo`: one building from its file to a living picture, on this
//! machine.

use crate::practice::{ACCOUNT, Practice};
use crate::{shell, web};
use anyhow::{Result, ensure};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Your own building, an IFC file [default: a generated office]
    #[arg(long)]
    building: Option<PathBuf>,
    /// Stop by itself after so many seconds
    #[arg(long)]
    seconds: Option<u64>,
    /// Build with optimisation: for large buildings
    #[arg(long)]
    release: bool,
}

/// Starts the node, fills it, says where to look, and keeps it alive.
pub(crate) fn run(options: &Options) -> Result<()> {
    web::build()?;
    let folder = shell::scratch("demo")?;
    let mut practice = Practice::begin(&folder, options.building.as_deref(), options.release)?;
    let page = practice
        .node
        .connect()?
        .ask(&crate::http::request("GET", "/", &[], b""))?;
    ensure!(page.status == 200, "the page was answered {}", page.status);
    let mut replay = practice.replay()?;
    let summary = practice.imported["done"]["summary"].to_string();
    eprintln!("\nimported: {summary}");
    eprintln!("page:     {}", practice.url());
    eprintln!("log in:   {ACCOUNT} / {}", practice.password);
    eprintln!("data:     {}", practice.data.display());
    eprintln!("\nPull the plug: kill -9 {}", practice.node.process());
    eprintln!(
        "Find it again: cargo run -p twin-cli -- serve --data {}",
        practice.data.display()
    );
    eprintln!("Stop:          Ctrl-C");
    let outcome = match options.seconds {
        Some(seconds) => {
            std::thread::sleep(Duration::from_secs(seconds));
            let status = practice.node.get("/v1/status");
            status.map(|status| eprintln!("after {seconds} s: {status}"))
        }
        None => practice.node.wait(),
    };
    let _ = replay.kill();
    replay.wait()?;
    outcome
}
