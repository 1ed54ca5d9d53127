//! `docs/cli.md` is written from the definitions of the commands; these tests keep
//! both equal and every command exemplified.

use crate::args::Arguments;
use clap::{Command, CommandFactory, Parser};
use expect_test::expect_file;
use std::fmt::Write;

const PREFACE: &str = "\
# The command line

Written from `crates/cli/src/args.rs`; after a change there, `UPDATE_EXPECT=1 cargo test -p twin-cli`
writes it afresh. `twin COMMAND --help` says the same.

";

/// All commands that do something, with their full names, in order.
fn leaves(command: &Command, name: &str) -> Vec<(String, Command)> {
    let children: Vec<_> = command.get_subcommands().collect();
    if children.is_empty() {
        return vec![(name.to_owned(), command.clone())];
    }
    children
        .iter()
        .flat_map(|child| leaves(child, &format!("{name} {}", child.get_name())))
        .collect()
}

/// The command tree as `--help` shows it, 100 columns wide, without the options
/// that every command shares.
fn tree() -> Command {
    // The values of variables are those of whoever runs the test.
    let mut tree = Arguments::command()
        .term_width(100)
        .mut_args(|arg| arg.hide_env_values(true));
    tree.build();
    tree
}

fn section(text: &mut String, name: &str, command: Command, shared: bool) {
    let hide = |arg: clap::Arg| {
        let global = arg.is_global_set();
        if global && !shared {
            arg.hide(true)
        } else {
            arg
        }
    };
    let help = command
        .bin_name(name)
        .term_width(100)
        .mut_args(|arg| {
            if arg.get_id() == "help" || arg.get_id() == "version" {
                arg.hide(true)
            } else {
                hide(arg)
            }
        })
        .render_long_help()
        .to_string();
    let help: Vec<_> = help.lines().map(str::trim_end).collect();
    writeln!(
        text,
        "## {name}\n\n```text\n{}\n```\n",
        help.join("\n").trim_end()
    )
    .unwrap();
}

#[test]
fn the_reference_is_up_to_date() {
    let tree = tree();
    let mut text = PREFACE.to_owned();
    section(&mut text, "twin", tree.clone(), true);
    for (name, command) in leaves(&tree, "twin") {
        section(&mut text, &name, command, false);
    }
    expect_file!["../../../docs/cli.md"].assert_eq(&(text.trim_end().to_owned() + "\n"));
}

#[test]
fn every_command_has_an_example_that_parses() {
    for (name, command) in leaves(&tree(), "twin") {
        let after = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let examples = after
            .split_once("Examples:\n")
            .map(|(_, lines)| lines)
            .unwrap_or_default();
        let lines: Vec<_> = examples.lines().filter_map(invocation).collect();
        assert!(!lines.is_empty(), "{name} has no example");
        for words in lines {
            let line = words.join(" ");
            assert!(
                line.starts_with(&name),
                "example of {name} shows something else: {line}"
            );
            if let Err(error) = Arguments::try_parse_from(&words) {
                panic!("{line}: {error}");
            }
        }
    }
}

/// The words of an example line from `twin` on, quotes removed, redirections cut.
fn invocation(line: &str) -> Option<Vec<String>> {
    let line = &line[line.find("twin ")?..];
    let line = line.split_once(" > ").map_or(line, |(command, _)| command);
    let pieces = line.split('\'').enumerate();
    Some(
        pieces
            .flat_map(|(i, piece)| {
                let quoted = i % 2 == 1;
                let words: Vec<_> = if quoted {
                    vec![piece]
                } else {
                    piece.split_whitespace().collect()
                };
                words.into_iter().map(str::to_owned)
            })
            .collect(),
    )
}

#[test]
fn the_definitions_are_consistent() {
    Arguments::command().debug_assert();
}
