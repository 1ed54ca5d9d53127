//! Checking every byte: what `twin doctor` shows.

use crate::Error;
use crate::backend::Backend;
use crate::log::{Step, damaged};
use crate::maintenance::{Maintenance, for_each_batch};
use crate::manifest::{Found, Manifest, Sealed};
use crate::open::{Ends, LogFile, list_logs, locked};
use crate::segment::{self, OpenSegment};
use crate::snapshot::{self, SnapshotIn};

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The code, with a page in `docs/errors/`.
    pub code: &'static str,
    /// What and where, in a sentence without final stop.
    pub message: String,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
        }
    }
}

impl Maintenance {
    /// Reads every byte of the store and compares it with its checksums, and counts
    /// every sequence number. Appending goes on meanwhile.
    pub fn verify(&self) -> Vec<Problem> {
        let _one_at_a_time = locked(&self.shared.maintenance);
        let backend = &*self.shared.backend;
        let manifest = self.manifest();
        let mut problems = Vec::new();
        if let Ok(Found::Manifest(_, Some(what))) | Err(Error::ManifestDamaged { what }) =
            Manifest::load(backend)
        {
            problems.push(Error::ManifestDamaged { what }.into());
        }
        for log in self.shared.logs() {
            problems.extend(for_each_batch(&log, |_, _| Ok(())).err().map(Problem::from));
        }
        check_history(backend, &manifest, &mut problems);
        problems
    }
}

/// Reads every byte of a store that is not open, also of one that does not open, and
/// changes nothing.
pub fn doctor(backend: &dyn Backend) -> Vec<Problem> {
    let mut problems = Vec::new();
    let manifest = match Manifest::load(backend) {
        Ok(Found::Manifest(manifest, problem)) => {
            let damage = problem.map(|what| Error::ManifestDamaged { what }.into());
            problems.extend(damage);
            manifest
        }
        Ok(Found::Nothing) => {
            let what = "there is no store here".to_owned();
            return vec![Error::ManifestDamaged { what }.into()];
        }
        Err(error) => return vec![error.into()],
    };
    match backend.list() {
        Ok(names) => match list_logs(backend, &names, &manifest, false) {
            Ok(logs) => check_logs(&logs, &mut problems),
            Err(error) => problems.push(error.into()),
        },
        Err(error) => problems.push(Error::io(".", error).into()),
    }
    check_history(backend, &manifest, &mut problems);
    problems
}

fn check_logs(logs: &[LogFile], problems: &mut Vec<Problem>) {
    for log in logs {
        let checked = find_end(log).and_then(|()| for_each_batch(log, |_, _| Ok(())));
        problems.extend(checked.err().map(Problem::from));
    }
}

/// The last log file of a store that is not open does not say where it ends.
fn find_end(log: &LogFile) -> Result<(), Error> {
    if log.ends().closed {
        return Ok(());
    }
    let mut frames = log.frames();
    loop {
        let at = frames.offset;
        match frames.next().map_err(|e| Error::io(&log.name, e))? {
            Step::Frame(..) => {}
            Step::Damaged(what) => return Err(damaged(&log.name, at, what)),
            Step::End => break,
        }
    }
    let (next_commit, next_sequence) = frames.expected();
    log.set_ends(Ends {
        bytes: frames.offset,
        next_commit,
        next_sequence,
        closed: false,
    });
    Ok(())
}

fn check_history(backend: &dyn Backend, manifest: &Manifest, problems: &mut Vec<Problem>) {
    let mut next = None;
    for sealed in &manifest.sealed {
        if next.is_some_and(|next| next != sealed.first_sequence) {
            problems.push(miscounted(sealed, "does not follow on the one before"));
        }
        next = Some(sealed.next_sequence);
        check_sealed(backend, sealed, problems);
    }
    match snapshot::list(backend) {
        Ok(commits) => {
            for commit in commits {
                let name = snapshot::name(commit);
                let checked = backend
                    .open(&name)
                    .map_err(|e| Error::io(&name, e))
                    .and_then(|file| SnapshotIn::open(file, &name)?.verify());
                problems.extend(checked.err().map(Problem::from));
            }
        }
        Err(error) => problems.push(error.into()),
    }
}

fn check_sealed(backend: &dyn Backend, sealed: &Sealed, problems: &mut Vec<Problem>) {
    let mut rows = 0;
    for segment in &sealed.segments {
        rows += segment.rows;
        let mut read = 0;
        let checked = OpenSegment::open(backend, segment).and_then(|open| {
            open.each(&segment.name, |claims| {
                read += claims.len() as u64;
                Ok(())
            })
        });
        match checked {
            Ok(()) if read != segment.rows => {
                let what = format!("it has {read} rows instead of {}", segment.rows);
                problems.push(segment::damaged(&segment.name, &what).into());
            }
            Ok(()) => {}
            Err(error) => problems.push(error.into()),
        }
    }
    let numbers = sealed.next_sequence - sealed.first_sequence;
    if rows + sealed.expired + sealed.erased != numbers {
        problems.push(miscounted(sealed, "does not hold all its claims"));
    }
}

fn miscounted(sealed: &Sealed, what: &str) -> Problem {
    Problem {
        code: "STO-018",
        message: format!(
            "what was sealed of log file {} (claims {} to {}) {what}",
            sealed.log_number,
            sealed.first_sequence,
            sealed.next_sequence.saturating_sub(1)
        ),
    }
}
