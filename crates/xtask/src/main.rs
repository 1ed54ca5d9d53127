//! Every developer command of Twinternet, as `cargo xtask COMMAND`.
//!
//! `demo` shows the product on a building, `test` runs every test, `score` holds
//! each quality measure against its target, `bench` runs ours beside a peer or a
//! physical limit. The others keep the repository in order.
//!
//! **Boundary:** this program starts other programs and talks to a running node
//! over HTTP, as anybody's would. It links no crate of ours, so that it compiles in
//! seconds and measures nothing but what ships.
#![allow(
    clippy::disallowed_methods,
    reason = "a measuring program reads the clock; nothing of it is linked into the product"
)]

mod bench;
mod broker;
mod demo;
mod federation;
mod fuzz;
mod http;
mod load;
mod node;
mod peer;
mod picture;
mod practice;
mod report;
mod rng;
mod score;
mod shell;
mod supply;
mod test;
mod tidy;
mod web;
mod wire;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Every developer command of Twinternet",
    version
)]
#[command(after_help = "Examples:\n  \
    cargo xtask demo                        a generated building, alive in the browser\n  \
    cargo xtask test                        everything that must hold\n  \
    cargo xtask score spine                 each quality measure against its target\n  \
    cargo xtask bench api                   the interface beside a bare server\n  \
    cargo xtask fuzz --seconds 300          five minutes of hostile bytes per decoder")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show one building from its file to a living picture in the browser
    #[command(after_help = "Examples:\n  \
        cargo xtask demo\n  \
        cargo xtask demo --building office.ifc\n  \
        cargo xtask demo --debug --storeys 6 --buildings 30 --street-edges 100 --headless-check 120")]
    Demo(demo::Options),
    /// Run every test: repository rules, Rust, web application
    #[command(after_help = "Example:\n  cargo xtask test")]
    Test,
    /// Hold every quality measure of an area against its target
    #[command(after_help = "Examples:\n  \
        cargo xtask score spine\n  \
        cargo xtask score fusion --only tower\n  \
        cargo xtask score spine --data DIR --json")]
    Score(score::Options),
    /// Measure ours beside a peer or a physical limit
    #[command(after_help = "Example:\n  \
        cargo xtask bench import --data DIR --json\n  \
        cargo xtask bench fusion --only updates")]
    Bench(bench::Options),
    /// Build the web application when its sources have changed
    #[command(after_help = "Example:\n  cargo xtask ui")]
    Ui,
    /// Take the picture of the page in the README anew
    #[command(after_help = "Example:\n  cargo xtask picture")]
    Picture,
    /// Feed hostile bytes to every decoder of foreign input
    #[command(after_help = "Examples:\n  \
        cargo xtask fuzz --seconds 20\n  \
        cargo xtask fuzz --target step --seconds 600")]
    Fuzz(fuzz::Options),
    /// Check the rules of the repository that no compiler checks
    #[command(after_help = "Examples:\n  cargo xtask tidy\n  cargo xtask tidy --mend")]
    Tidy(tidy::Options),
    /// Write anew the documents that are made from the code: OpenAPI and command line
    #[command(after_help = "Example:\n  cargo xtask openapi")]
    Openapi,
    /// Check licences, origins and known vulnerabilities of what we build upon
    #[command(after_help = "Example:\n  cargo xtask supply")]
    Supply,
}

fn main() -> ExitCode {
    let Err(error) = run(Arguments::parse().command) else {
        return ExitCode::SUCCESS;
    };
    // Without the backtrace: what failed is a command, and its chain of causes says which.
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Demo(options) => demo::run(&options),
        Command::Test => test::run(),
        Command::Score(options) => score::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Ui => web::build(),
        Command::Picture => picture::take(),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Tidy(options) => tidy::run(&options),
        Command::Supply => supply::check(),
        Command::Openapi => shell::run(
            // Each is compared with the code by a test of its crate, which can also write it.
            shell::cargo()
                .args(["test", "--quiet", "--bins", "--lib"])
                .args(["--package", "twin-api", "--package", "twin-cli"])
                .env("UPDATE_EXPECT", "1"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }
}
