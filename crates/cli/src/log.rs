//! The log of the node, on standard error: for people or as JSON.

use crate::args::{Arguments, Command, LogForm};
use crate::output::Output;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Begins to log. `TWIN_LOG` may say more exactly what, as `RUST_LOG` does for
/// other programs: `info,twin_node=debug`.
pub(crate) fn begin(arguments: &Arguments, output: &Output) {
    let filter = EnvFilter::builder()
        .with_env_var("TWIN_LOG")
        .with_default_directive(level(arguments).into())
        .from_env_lossy();
    let log = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .with_ansi(output.words_in_colour());
    match arguments.global.log {
        LogForm::Text => log.compact().init(),
        LogForm::Json => log.json().flatten_event(true).init(),
    }
}

/// A node tells what it does; other commands only what went wrong.
fn level(arguments: &Arguments) -> LevelFilter {
    let serves = matches!(arguments.command, Command::Serve(_));
    match (arguments.global.quiet, arguments.global.verbose, serves) {
        (true, ..) => LevelFilter::ERROR,
        (_, 0, false) => LevelFilter::WARN,
        (_, 0, true) | (_, 1, false) => LevelFilter::INFO,
        (_, 1, true) | (_, 2, _) => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}
