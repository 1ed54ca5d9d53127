//! Why a command did not do what it was asked, with its code and its exit code.
//!
//! Whoever reads a failure finds a code, a sentence, what to do next, and a
//! page under `twin errors CODE`. What the node refuses keeps the node's code.

use serde_json::{Value, json};
use std::fmt;
use std::path::Path;
use std::process::ExitCode;

/// How the process ends; part of the interface, listed under `twin --help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Refused or failed.
    Failed,
    /// The command line is wrong.
    Usage,
    /// The node cannot be reached or opened.
    Unreachable,
    /// Stopped by Ctrl-C.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Unreachable => 3,
            // 128 + SIGINT, as shells count.
            Exit::Interrupted => 130,
        })
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $exit:ident;)*) => {
        /// What sort of failure. The list is closed; each has a page in `docs/errors/`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// The code as printed and as the name of its page.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// How the process ends with it.
            pub(crate) const fn exit(self) -> Exit {
                match self { $(Self::$variant => Exit::$exit,)* }
            }

            /// Every code.
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant,)*];
        }
    };
}

codes! {
    /// Nobody answers at the address, or the connection broke.
    Unreachable = "CLI-001", Unreachable;
    /// Another process has the data directory open.
    Locked = "CLI-002", Unreachable;
    /// The address to listen on is taken.
    PortInUse = "CLI-003", Unreachable;
    /// There is no node's data in the directory.
    NoData = "CLI-004", Unreachable;
    /// The data directory cannot be opened.
    CannotOpen = "CLI-005", Unreachable;
    /// A file cannot be read or written.
    File = "CLI-006", Failed;
    /// The configuration is wrong.
    Configuration = "CLI-007", Usage;
    /// The answer is not one of this version's interface.
    Answer = "CLI-008", Unreachable;
    /// The address is not one that can be asked.
    Address = "CLI-009", Usage;
    /// Some claims of a file were refused.
    ClaimsRefused = "CLI-010", Failed;
    /// Stopped by Ctrl-C.
    Interrupted = "CLI-011", Interrupted;
    /// There is no such error code.
    NoSuchPage = "CLI-012", Usage;
    /// A line cannot be replayed.
    Replay = "CLI-013", Failed;
    /// There is no usable password.
    Password = "CLI-014", Usage;
    /// The check found something wrong.
    Unhealthy = "CLI-015", Failed;
    /// The value has not the form that the attribute needs.
    Value = "CLI-016", Usage;
    /// Nobody confirmed.
    NotConfirmed = "CLI-017", Usage;
}

/// A command that did not succeed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    /// The code, ours or the node's.
    pub(crate) code: String,
    /// What happened, without final stop.
    pub(crate) message: String,
    /// What to do.
    pub(crate) help: Option<String>,
    /// How the process ends.
    pub(crate) exit: Exit,
}

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// A failure of ours.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code: code.as_str().to_owned(),
            message: message.into(),
            help: None,
            exit: code.exit(),
        }
    }

    /// The same failure with what to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same failure as one of what was asked, whatever its code.
    pub(crate) fn failed(mut self) -> Self {
        self.exit = Exit::Failed;
        self
    }

    /// A file or directory that cannot be read or written.
    pub(crate) fn file(path: &Path, cause: &std::io::Error) -> Self {
        Self::new(
            Code::File,
            format!("`{}`: {}", path.display(), io_words(cause)),
        )
    }

    /// Ctrl-C.
    pub(crate) fn interrupted(what: &str) -> Self {
        Self::new(Code::Interrupted, format!("{what} was cancelled"))
    }

    /// An error answer of the node: its code, its words, its help.
    pub(crate) fn from_answer(status: u16, body: &Value) -> Self {
        let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        let Some((code, message)) = text("code").zip(text("message")) else {
            let message = format!("the node answered {status} without saying why");
            return Self::new(Code::Answer, message);
        };
        // 503: recovering or read-only; nothing is wrong with the request.
        let exit = if status == 503 {
            Exit::Unreachable
        } else {
            Exit::Failed
        };
        Self {
            code,
            message: message + &place(&body["where"]),
            help: text("help"),
            exit,
        }
    }

    /// The form for `--json`.
    pub(crate) fn to_json(&self) -> Value {
        json!({ "error": { "code": self.code, "message": self.message, "help": self.help } })
    }
}

/// " (line 3, field `unit`)" where the node says so.
fn place(place: &Value) -> String {
    let line = place["line"].as_u64().map(|line| format!("line {line}"));
    let field = place["field"]
        .as_str()
        .map(|field| format!("field `{field}`"));
    let parts: Vec<_> = line.into_iter().chain(field).collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!(" ({})", parts.join(", "))
    }
}

/// The system's words without Rust's ` (os error 2)`.
pub(crate) fn io_words(cause: &std::io::Error) -> String {
    let text = cause.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_lowercase(),
        None => text,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_page() {
        for code in Code::ALL {
            assert!(
                crate::pages::page(code.as_str()).is_some(),
                "no page for {}",
                code.as_str()
            );
        }
    }

    #[test]
    fn answers_of_the_node_keep_their_words() {
        let body = json!({ "code": "CLM-005", "message": "unit `x` is not known",
            "help": "use UCUM", "where": { "line": 3, "field": "unit" } });
        let failure = Failure::from_answer(400, &body);
        assert_eq!(
            failure.to_string(),
            "unit `x` is not known (line 3, field `unit`) (CLM-005)"
        );
        assert_eq!(failure.help.as_deref(), Some("use UCUM"));
        assert_eq!(failure.exit, Exit::Failed);
        assert_eq!(Failure::from_answer(503, &body).exit, Exit::Unreachable);
        assert_eq!(Failure::from_answer(500, &Value::Null).code, "CLI-008");
    }
}
