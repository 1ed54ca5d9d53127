//! What is said to whom: answers to standard output, words to standard error.
//!
//! Colour only where a person looks at a terminal and has not set `NO_COLOR`.

use crate::args::Global;
use crate::failure::Failure;
use serde_json::Value;
use std::io::{IsTerminal, Write};

/// Where and how to speak.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    /// Answers in JSON.
    pub(crate) json: bool,
    quiet: bool,
    out: Device,
    err: Device,
}

/// What a stream leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Device {
    /// A file or a pipe.
    Plain,
    /// A terminal that wants no colour, where lines may be overwritten.
    Terminal,
    /// A terminal with colour.
    Coloured,
}

impl Device {
    fn of(is_terminal: bool, colour_wanted: bool) -> Self {
        match (is_terminal, colour_wanted) {
            (true, true) => Self::Coloured,
            (true, false) => Self::Terminal,
            (false, _) => Self::Plain,
        }
    }
}

/// How a word is painted on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    Plain,
    Bold,
    Faint,
    Red,
    Yellow,
    Cyan,
}

impl Paint {
    /// SGR parameters of ECMA-48 §8.3.117.
    const fn sgr(self) -> &'static str {
        match self {
            Self::Plain => "0",
            Self::Bold => "1",
            Self::Faint => "2",
            Self::Red => "31",
            Self::Yellow => "33",
            Self::Cyan => "36",
        }
    }
}

impl Output {
    /// As the options and the terminal ask.
    pub(crate) fn new(global: &Global) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self {
            json: global.json,
            quiet: global.quiet,
            out: Device::of(std::io::stdout().is_terminal(), wanted),
            err: Device::of(std::io::stderr().is_terminal(), wanted),
        }
    }

    /// One line of the answer. A reader that has gone away (`| head`) ends the process quietly.
    #[allow(clippy::unused_self, reason = "all speech goes through here")]
    pub(crate) fn answer(&self, line: &str) {
        let mut out = std::io::stdout().lock();
        if writeln!(out, "{line}").is_err() {
            std::process::exit(0);
        }
    }

    /// One object of the answer.
    pub(crate) fn object(&self, value: &Value) {
        self.answer(&value.to_string());
    }

    /// Objects of the answer, one a line.
    pub(crate) fn objects(&self, values: &[Value]) {
        for value in values {
            self.object(value);
        }
    }

    /// Rows of the answer with their columns lined up.
    pub(crate) fn rows(&self, rows: &[Vec<String>]) {
        for line in table(rows) {
            self.answer(&line);
        }
    }

    /// A word of the answer, painted if a person looks at it.
    pub(crate) fn paint(&self, paint: Paint, text: &str) -> String {
        painted(self.out, paint, text)
    }

    /// Words beside the answer; `--quiet` drops them.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            self.words(text);
        }
    }

    /// Words that even `--quiet` does not drop.
    pub(crate) fn warn(&self, text: &str) {
        let mark = painted(self.err, Paint::Yellow, "warning");
        self.words(&format!("{mark}: {text}"));
    }

    /// The failure at the end.
    pub(crate) fn fail(&self, failure: &Failure) {
        if self.json {
            return self.words(&failure.to_json().to_string());
        }
        let mark = painted(self.err, Paint::Red, "error");
        self.words(&format!("{mark}: {failure}"));
        if let Some(help) = &failure.help {
            self.words(&format!("  {help}"));
        }
        if crate::pages::page(&failure.code).is_some() {
            self.words(&format!("  more: twin errors {}", failure.code));
        }
    }

    /// Whether words may be painted.
    pub(crate) fn words_in_colour(&self) -> bool {
        self.err == Device::Coloured
    }

    /// A line that the next one overwrites; only on a terminal.
    pub(crate) fn live(&self, text: &str) {
        if self.err != Device::Plain && !self.quiet {
            let mut err = std::io::stderr().lock();
            let _ = write!(err, "\r\x1b[K{text}");
            let _ = err.flush();
        }
    }

    #[allow(clippy::unused_self, reason = "all speech goes through here")]
    fn words(&self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }
}

fn painted(device: Device, paint: Paint, text: &str) -> String {
    if device == Device::Coloured && paint != Paint::Plain {
        return format!("\x1b[{}m{text}\x1b[0m", paint.sgr());
    }
    text.to_owned()
}

/// Text for a person's terminal: control characters of foreign names are shown, not obeyed.
pub(crate) fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect()
}

/// Rows with their columns lined up, two spaces apart; the last column runs free.
pub(crate) fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |i: usize| {
        rows.iter()
            .filter_map(|r| r.get(i))
            .map(|c| shown(c))
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| {
            let gap = width - shown(cell);
            format!("{cell}{:gap$}", "")
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// Characters that take room: all but escape sequences.
fn shown(text: &str) -> usize {
    let mut escape = false;
    text.chars()
        .filter(|&c| {
            let counts = !escape && c != '\x1b';
            escape = (escape || c == '\x1b') && c != 'm';
            counts
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn columns_line_up_with_and_without_colour() {
        let cell = |text: &str| text.to_owned();
        let rows = [
            vec![
                cell("a"),
                painted(Device::Coloured, Paint::Red, "bb"),
                cell("c"),
            ],
            vec![cell("aaa"), cell("b"), cell("c")],
            vec![cell("ä")],
        ];
        let lines = table(&rows).join("\n").replace('\x1b', "ESC");
        expect![[r"
            a    ESC[31mbbESC[0m  c
            aaa  b   c
            ä"]]
        .assert_eq(&lines);
        assert!(table(&[]).is_empty());
    }

    #[test]
    fn foreign_names_cannot_move_the_cursor() {
        assert_eq!(harmless("Room\x1b[2J\r12"), "Room\u{fffd}[2J\u{fffd}12");
    }
}
