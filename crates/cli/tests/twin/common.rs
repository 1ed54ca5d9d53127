//! Runs the real program as a person would.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use tempfile::TempDir;

/// The program, with nothing of the tester's surroundings.
pub(crate) fn twin(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twin"));
    for name in [
        "TWIN_DATA_DIR",
        "TWIN_URL",
        "TWIN_TOKEN",
        "TWIN_CONFIG",
        "TWIN_LOG",
    ] {
        command.env_remove(name);
    }
    // A command that wrongly makes its default directory must not make it in the source.
    command.current_dir(env!("CARGO_TARGET_TMPDIR"));
    command.args(words).stdin(Stdio::null());
    command
}

/// What came of a command.
pub(crate) struct Done {
    pub(crate) exit: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Done {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("output is UTF-8");
        Self {
            exit: output.status.code().expect("not killed"),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// The answer, if it succeeded.
    pub(crate) fn good(self) -> Self {
        assert_eq!(self.exit, 0, "out: {}\nerr: {}", self.out, self.err);
        self
    }

    /// Asserts a failure with a code.
    pub(crate) fn failed(self, exit: i32, code: &str) -> Self {
        assert_eq!(self.exit, exit, "out: {}\nerr: {}", self.out, self.err);
        assert!(self.err.contains(code), "no {code} in: {}", self.err);
        self
    }

    /// The answer as one JSON object.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}", self.out))
    }

    /// The answer as JSON objects, one a line.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).expect("a JSON line"))
            .collect()
    }
}

/// Runs a command to its end.
pub(crate) fn run(words: &[&str]) -> Done {
    Done::of(&twin(words).output().expect("the program starts"))
}

/// Runs a command with something on standard input.
pub(crate) fn run_with_input(words: &[&str], input: &[u8]) -> Done {
    let mut command = twin(words);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(input)
        .expect("it reads its input");
    Done::of(&child.wait_with_output().expect("it ends"))
}

/// A data directory in a temporary place.
pub(crate) struct Place {
    dir: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().expect("a temporary directory"),
        }
    }

    /// A path beside the data.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The same as text.
    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// The data directory.
    pub(crate) fn data(&self) -> String {
        self.text("data")
    }

    /// Writes a file beside the data and returns its path.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        std::fs::write(self.path(name), content).expect("the file can be written");
        self.text(name)
    }

    /// Runs a command on the data directory.
    pub(crate) fn run(&self, words: &[&str]) -> Done {
        let data = self.data();
        run(&[words, &["--data", &data]].concat())
    }

    /// States something.
    pub(crate) fn claim(&self, words: &[&str]) -> Done {
        self.run(&[&["claim"], words].concat())
    }

    /// Starts a node on the data directory and waits until it listens.
    pub(crate) fn serve(&self, more: &[&str]) -> Served {
        let data = self.data();
        let words = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--json",
            "--data",
            &data,
        ];
        let mut command = twin(&[&words, more].concat());
        let log = self.path("serve.log");
        let to_log = std::fs::File::create(&log).expect("the log can be written");
        command.stdout(Stdio::piped()).stderr(to_log);
        let mut child = command.spawn().expect("the program starts");
        let mut first = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        out.read_line(&mut first).expect("it speaks");
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        assert!(!first.is_empty(), "no node: {}", said());
        let said: Value = serde_json::from_str(&first).expect("a JSON line");
        let url = said["url"]
            .as_str()
            .expect("it says where it listens")
            .to_owned();
        Served {
            child: Some(child),
            out,
            url,
            log,
        }
    }
}

/// A running node, killed when dropped.
pub(crate) struct Served {
    child: Option<Child>,
    out: BufReader<ChildStdout>,
    pub(crate) url: String,
    log: PathBuf,
}

impl Served {
    /// Pulls the plug.
    pub(crate) fn kill(mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it runs");
            child.wait().expect("it ends");
        }
    }

    /// Asks it to stop, as a service manager does, and waits until it has.
    #[cfg(unix)]
    pub(crate) fn stop(mut self) -> Done {
        let mut child = self.child.take().expect("it runs");
        let id = child.id().to_string();
        let status = Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .expect("kill runs");
        assert!(status.success());
        let status = child.wait().expect("it ends");
        let mut out = String::new();
        self.out
            .read_to_string(&mut out)
            .expect("what it said last");
        Done {
            exit: status.code().expect("not killed"),
            out,
            err: self.said(),
        }
    }

    /// What it has said to standard error.
    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("the node had said: {}", self.said());
        }
    }
}
