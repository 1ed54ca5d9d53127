//! The lines of a file, or of standard input, counted and bounded.
//!
//! Standard input may be a gateway that says something now and then: what it has
//! said is handed on without waiting for more, and Ctrl-C works while it is silent.

use crate::failure::{Code, Failure, Result};
use crate::interrupt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// Longest line that is read; the node refuses those beyond 64 KiB with a code.
const LINE_BYTES_MAX: u64 = 8 << 20;
/// Lines of standard input that wait to be sent.
const WAITING_MAX: usize = 4096;
/// How often to look whether Ctrl-C came.
const NAP: Duration = Duration::from_millis(100);

/// Lines to be read one after the other.
#[derive(Debug)]
pub(crate) struct Lines {
    source: Source,
    path: PathBuf,
    /// Number of the last line read, from 1.
    pub(crate) number: u64,
    bytes: u64,
    size: Option<u64>,
}

#[derive(Debug)]
enum Source {
    File(BufReader<File>),
    Input {
        lines: Receiver<io::Result<Vec<u8>>>,
        next: Option<io::Result<Vec<u8>>>,
    },
}

/// Whether [`Lines::open`] can succeed, before a node is asked for anything.
pub(crate) fn check(path: &Path) -> Result<()> {
    if path.as_os_str() == "-" {
        return Ok(());
    }
    File::open(path)
        .map(drop)
        .map_err(|cause| Failure::file(path, &cause))
}

impl Lines {
    /// Of a file; `-` is standard input.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let fail = |cause| Failure::file(path, &cause);
        let (source, size) = if path.as_os_str() == "-" {
            let (sender, lines) = sync_channel(WAITING_MAX);
            std::thread::spawn(move || read_input(&sender));
            (Source::Input { lines, next: None }, None)
        } else {
            let file = File::open(path).map_err(fail)?;
            let size = file.metadata().map_err(fail)?.len();
            (
                Source::File(BufReader::with_capacity(1 << 18, file)),
                Some(size),
            )
        };
        Ok(Self {
            source,
            path: path.to_owned(),
            number: 0,
            bytes: 0,
            size,
        })
    }

    /// Whether the next line, or the end, is there without waiting.
    pub(crate) fn ready(&mut self) -> bool {
        match &mut self.source {
            Source::File(_) => true,
            Source::Input { lines, next } => {
                if next.is_none() {
                    *next = lines.try_recv().ok();
                }
                next.is_some()
            }
        }
    }

    /// Appends the next line with its end; false at the end of the file.
    pub(crate) fn append(&mut self, to: &mut Vec<u8>) -> Result<bool> {
        let before = to.len();
        let read = match &mut self.source {
            Source::File(reader) => read_line(reader, to),
            Source::Input { lines, next } => {
                let line = next.take().map_or_else(|| receive(lines), Some);
                line.map_or(Ok(()), |line| line.map(|line| to.extend(line)))
            }
        };
        read.map_err(|cause| self.unreadable(&cause))?;
        let read = (to.len() - before) as u64;
        if read == 0 {
            return Ok(false);
        }
        self.number += 1;
        self.bytes += read;
        if to.last() != Some(&b'\n') {
            if read == LINE_BYTES_MAX {
                return Err(self.endless());
            }
            to.push(b'\n');
        }
        Ok(true)
    }

    fn unreadable(&self, cause: &io::Error) -> Failure {
        if interrupt::interrupted() {
            return Failure::interrupted("reading");
        }
        Failure::file(&self.path, cause)
    }

    fn endless(&self) -> Failure {
        let message = format!(
            "line {} of `{}` never ends",
            self.number,
            self.path.display()
        );
        Failure::new(Code::File, message)
            .help("claims are one JSON object a line, at most 64 KiB each")
    }

    /// Share of the file that was read; 0 where the end is not known.
    pub(crate) fn share(&self) -> f64 {
        self.size
            .map_or(0.0, |size| self.bytes as f64 / size.max(1) as f64)
    }
}

fn read_line(reader: &mut impl BufRead, to: &mut Vec<u8>) -> io::Result<()> {
    reader.take(LINE_BYTES_MAX).read_until(b'\n', to).map(drop)
}

/// Hands on standard input line by line until it ends or nobody listens.
fn read_input(lines: &SyncSender<io::Result<Vec<u8>>>) {
    let mut input = io::stdin().lock();
    loop {
        let mut line = Vec::new();
        let read = read_line(&mut input, &mut line);
        let ended = line.is_empty() || read.is_err();
        if lines.send(read.map(|()| line)).is_err() || ended {
            return;
        }
    }
}

/// Waits for a line, but not longer than until Ctrl-C; `None` at the end.
fn receive(lines: &Receiver<io::Result<Vec<u8>>>) -> Option<io::Result<Vec<u8>>> {
    loop {
        match lines.recv_timeout(NAP) {
            Ok(line) => return Some(line),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) if interrupt::interrupted() => {
                return Some(Err(io::Error::other("stopped")));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lines");
        std::fs::write(&path, content).unwrap();
        (dir, path)
    }

    #[test]
    fn lines_are_counted_and_closed() {
        let (_dir, path) = file(b"a\n\nb");
        let mut lines = Lines::open(&path).unwrap();
        let mut all = Vec::new();
        while lines.append(&mut all).unwrap() {}
        assert_eq!((all.as_slice(), lines.number), (&b"a\n\nb\n"[..], 3));
        assert!(lines.ready() && lines.share() == 1.0);
    }

    #[test]
    fn a_missing_file_is_named() {
        let missing = check(Path::new("/nowhere/missing")).unwrap_err();
        assert_eq!(missing.code, "CLI-006");
        assert!(missing.message.contains("/nowhere/missing"));
    }

    #[test]
    fn a_line_without_end_does_not_exhaust_memory() {
        let (_dir, path) = file(&vec![b' '; LINE_BYTES_MAX as usize + 5]);
        let mut all = Vec::new();
        assert_eq!(
            Lines::open(&path)
                .unwrap()
                .append(&mut all)
                .unwrap_err()
                .code,
            "CLI-006"
        );
    }
}
