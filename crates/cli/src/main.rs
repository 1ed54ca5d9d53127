//! The binary `twin`: runs a node and speaks to nodes.
//!
//! `twin serve` is the node with its page and its HTTP interface. Every other
//! command asks a node over that interface: the one that runs in the data
//! directory, the one at `--url`, or, where none runs, one that the command opens
//! for its own time.
//!
//! **Invariant (RELEASE-ONLY):** no command reads the store or the node's memory;
//! all go through the interface with a credential.
//! **Invariant:** answers go to standard output, everything else to standard
//! error; every failure has a code, a page and a documented exit code.

mod args;
mod client;
mod commands;
mod failure;
mod interrupt;
mod lines;
mod local;
mod log;
mod output;
mod pages;
mod progress;
mod reach;
#[cfg(test)]
mod reference;
mod text;

use crate::args::{Arguments, Command, Global, LinkAction, OrgAction};
use crate::client::Client;
use crate::commands::{
    admin, carry, claim, doctor, import, link, offline, points, read, replay, serve, sources,
    suppose,
};
use crate::failure::Result;
use crate::output::Output;
use crate::reach::Data::{self, MayBeNew, MustExist};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output::new(&arguments.global);
    log::begin(&arguments, &output);
    match run(&arguments, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.fail(&failure);
            failure.exit.into()
        }
    }
}

fn run(arguments: &Arguments, output: &Output) -> Result<()> {
    let global = &arguments.global;
    let ask = |data, command: &dyn Fn(&Client) -> Result<()>| asked(global, output, data, command);
    match &arguments.command {
        Command::Serve(args) => serve::serve(global, output, args),
        Command::Import(args) => {
            import::check(args)?;
            ask(MayBeNew, &|node| import::import(node, output, args))
        }
        Command::Imports(_) => ask(MustExist, &|node| import::imports(node, output)),
        Command::UndoImport(args) => ask(MustExist, &|node| import::undo(node, output, args)),
        Command::Claim(args) => {
            claim::check(args)?;
            ask(MayBeNew, &|node| claim::claim(node, output, args))
        }
        Command::Replay(args) => {
            replay::check(args)?;
            ask(MayBeNew, &|node| replay::replay(node, output, args))
        }
        Command::Why(args) => ask(MustExist, &|node| read::why(node, output, args)),
        Command::AsOf(args) => ask(MustExist, &|node| read::as_of(node, output, args)),
        Command::WhatIf(args) => {
            claim::check(&args.claim)?;
            ask(MustExist, &|node| suppose::what_if(node, output, args))
        }
        Command::Health(args) => ask(MustExist, &|node| sources::health(node, output, args)),
        Command::Calibration(args) => {
            ask(MustExist, &|node| sources::calibration(node, output, args))
        }
        Command::Quarantine(args) => {
            ask(MustExist, &|node| sources::quarantine(node, output, args))
        }
        Command::Show(args) => ask(MustExist, &|node| read::show(node, output, args)),
        Command::Rooms(args) => ask(MustExist, &|node| read::rooms(node, output, args)),
        Command::Route(args) => ask(MustExist, &|node| read::route(node, output, args)),
        Command::Findings(args) => ask(MustExist, &|node| read::findings(node, output, args)),
        Command::Points(args) => ask(MustExist, &|node| points::points(node, output, args)),
        Command::Messages(args) => ask(MustExist, &|node| points::messages(node, output, args)),
        Command::Find(args) => ask(MustExist, &|node| link::find(node, output, args)),
        Command::Same(args) => ask(MustExist, &|node| link::same(node, output, args)),
        Command::Org(args) => {
            let data = match args.action {
                OrgAction::Init { .. } => MayBeNew,
                OrgAction::Keys { .. } | OrgAction::Show => MustExist,
            };
            ask(data, &|node| link::org(node, output, &args.action))
        }
        Command::Peer(args) => ask(MustExist, &|node| link::peer(node, output, &args.action)),
        Command::Share(args) => ask(MustExist, &|node| link::share(node, output, &args.action)),
        Command::Disclosures(args) => ask(MustExist, &|node| link::disclosures(node, output, args)),
        Command::Carry(args) => {
            carry::check(&args.action)?;
            ask(MustExist, &|node| carry::carry(node, output, &args.action))
        }
        Command::Link(args) => match args.action {
            LinkAction::Notices => ask(MustExist, &|node| link::notices(node, output)),
        },
        Command::Status(_) => ask(MustExist, &|node| read::status(node, output)),
        Command::Doctor(_) => doctor::doctor(global, output),
        Command::Backup(args) => ask(MustExist, &|node| admin::backup(node, output, args)),
        Command::Restore(args) => local::restore(output, args),
        Command::Erase(args) => {
            admin::confirm_erasure(args)?;
            ask(MustExist, &|node| admin::erase(node, output, args))
        }
        Command::Token(args) => ask(MayBeNew, &|node| admin::token(node, output, &args.action)),
        Command::Account(args) => {
            let password = match &args.action {
                args::AccountAction::Add { .. } => Some(admin::new_password()?),
                _ => None,
            };
            ask(MayBeNew, &|node| {
                admin::account(node, output, &args.action, password.as_deref())
            })
        }
        Command::Config(args) => offline::config(global, output, args.action),
        Command::Completions(args) => {
            offline::completions(output, args);
            Ok(())
        }
        Command::Errors(args) => offline::errors(output, args),
    }
}

/// Reaches a node, asks it, and lets go of it.
fn asked(
    global: &Global,
    output: &Output,
    data: Data,
    command: &dyn Fn(&Client) -> Result<()>,
) -> Result<()> {
    let reached = reach::reach(global, output, data)?;
    let outcome = command(&reached.client);
    reached.close();
    outcome
}
