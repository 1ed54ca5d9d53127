//! Sources that a steward has set aside: what they say is recorded and not weighed.

use crate::error::Error;
use crate::node::{Node, permit};
use crate::prepare::own_source;
use crate::writer::Command;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use twin_model::{Caller, CommitNumber, SourceId, Time};
use twin_policy::{self as policy, View};

/// Most sources set aside at a time; whoever needs more has another trouble.
const QUARANTINED_MAX: usize = 1000;
/// Most records of setting aside and releasing kept at hand; the oldest releases go first.
const RECORDS_MAX: usize = 4000;
/// Longest reason.
const REASON_LENGTH_MAX: usize = 1000;

/// One setting aside of a source, on record for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineRecord {
    /// The source.
    pub source: SourceId,
    /// Why, in the words of whoever did it.
    pub reason: String,
    /// Who did it.
    pub by: String,
    /// When.
    pub since: Time,
    /// When it was released and by whom, if it was.
    pub released: Option<(Time, String)>,
}

/// What is written into the log when a source is set aside or released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) source: String,
    pub(crate) by: String,
    /// Why it is set aside; `None` releases it.
    pub(crate) reason: Option<String>,
}

/// Every setting aside, and the numbers of the sources that are so now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Quarantine {
    pub(crate) records: Vec<QuarantineRecord>,
    /// In order.
    sources: Vec<u32>,
}

impl Quarantine {
    /// Whether the source with that number is set aside.
    pub(crate) fn holds(&self, source: u32) -> bool {
        !self.sources.is_empty() && self.sources.binary_search(&source).is_ok()
    }

    /// How many sources are set aside.
    pub(crate) fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether the verdict can be carried out; `find` gives the number of a source.
    pub(crate) fn check(
        &self,
        verdict: &Verdict,
        find: impl Fn(&str) -> Option<u32>,
    ) -> Result<(), Error> {
        let source = &verdict.source;
        let holds = find(source).is_some_and(|number| self.holds(number));
        match verdict.reason {
            None if !holds => Err(Error::NotFound {
                what: "source that is set aside",
                id: source.clone(),
            }),
            Some(_) if holds => Err(Error::Conflict(format!("`{source}` is set aside already"))),
            Some(_) if self.sources.len() >= QUARANTINED_MAX => Err(Error::Conflict(format!(
                "{QUARANTINED_MAX} sources are set aside; release one first"
            ))),
            _ => Ok(()),
        }
    }

    /// Takes a verdict of the log about the source with that number.
    pub(crate) fn take(&mut self, source: &SourceId, number: u32, verdict: &Verdict, at: Time) {
        let place = self.sources.binary_search(&number);
        match (&verdict.reason, place) {
            (Some(reason), Err(place)) => {
                self.sources.insert(place, number);
                self.records.push(QuarantineRecord {
                    source: source.clone(),
                    reason: reason.clone(),
                    by: verdict.by.clone(),
                    since: at,
                    released: None,
                });
                self.forget_oldest();
            }
            (None, Ok(place)) => {
                self.sources.remove(place);
                let open = |r: &&mut QuarantineRecord| r.source == *source && r.released.is_none();
                if let Some(record) = self.records.iter_mut().rev().find(open) {
                    record.released = Some((at, verdict.by.clone()));
                }
            }
            // Said twice: nothing changes.
            (Some(_), Ok(_)) | (None, Err(_)) => {}
        }
    }

    fn forget_oldest(&mut self) {
        if self.records.len() > RECORDS_MAX
            && let Some(at) = self.records.iter().position(|r| r.released.is_some())
        {
            self.records.remove(at);
        }
    }
}

impl Node {
    /// Sets a source aside: what it said and will say is recorded and not weighed. The
    /// claims are folded again without it while the node goes on. Blocks until it is on
    /// record.
    pub fn quarantine(
        &self,
        caller: &Caller,
        source: &SourceId,
        reason: &str,
    ) -> Result<CommitNumber, Error> {
        if reason.trim().is_empty() || reason.len() > REASON_LENGTH_MAX {
            let message = format!("say why, in at most {REASON_LENGTH_MAX} characters");
            return Err(Error::Invalid(message));
        }
        self.judge(caller, source, Some(reason))
    }

    /// Lets a source that was set aside be heard again. Blocks until it is on record.
    pub fn release_source(
        &self,
        caller: &Caller,
        source: &SourceId,
    ) -> Result<CommitNumber, Error> {
        self.judge(caller, source, None)
    }

    /// Every setting aside of a source, newest first.
    pub fn quarantines(&self, caller: &Caller) -> Result<View<Vec<QuarantineRecord>>, Error> {
        let picture = self.inner().published.load();
        let records = || picture.quarantine.records.iter().rev().cloned().collect();
        let action = policy::Action::ReadQuarantine;
        Ok(policy::release(caller, &action, records)?)
    }

    fn judge(
        &self,
        caller: &Caller,
        source: &SourceId,
        reason: Option<&str>,
    ) -> Result<CommitNumber, Error> {
        permit(caller, &policy::Action::Quarantine)?;
        let by = own_source(caller)
            .ok_or(Error::Unauthenticated)?
            .to_string();
        let verdict = Verdict {
            source: source.to_string(),
            by,
            reason: reason.map(str::to_owned),
        };
        let (reply, done) = oneshot::channel();
        let stopped = || Error::ReadOnly("the writer has stopped".to_owned());
        let command = Command::Judge { verdict, reply };
        let commands = &self.inner().commands;
        commands.blocking_send(command).map_err(|_| stopped())?;
        let commit = done.blocking_recv().map_err(|_| stopped())??;
        tracing::warn!(by = ?caller.principal, %source, ?reason, "a source was judged");
        Ok(commit)
    }
}

/// A record as it stands in saved states.
#[derive(Serialize, Deserialize)]
pub(crate) struct QuarantineJson {
    source: String,
    reason: String,
    by: String,
    since: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    released: Option<(i64, String)>,
}

impl From<&QuarantineRecord> for QuarantineJson {
    fn from(record: &QuarantineRecord) -> Self {
        Self {
            source: record.source.to_string(),
            reason: record.reason.clone(),
            by: record.by.clone(),
            since: record.since.0,
            released: record.released.clone().map(|(at, by)| (at.0, by)),
        }
    }
}

impl Quarantine {
    /// The records read back, with the numbers of their sources.
    pub(crate) fn read(
        records: Vec<QuarantineJson>,
        number: impl Fn(&SourceId) -> u32,
    ) -> Result<Self, Error> {
        let mut quarantine = Self::default();
        for json in records {
            let source = SourceId::new(&json.source).map_err(|e| Error::Snapshot(e.to_string()))?;
            if json.released.is_none() {
                quarantine.sources.push(number(&source));
            }
            quarantine.records.push(QuarantineRecord {
                source,
                reason: json.reason,
                by: json.by,
                since: Time(json.since),
                released: json.released.map(|(at, by)| (Time(at), by)),
            });
        }
        quarantine.sources.sort_unstable();
        Ok(quarantine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_set_aside_once_and_released_once() {
        let source = SourceId::new("urn:x:liar").unwrap();
        let verdict = |reason: Option<&str>| Verdict {
            source: source.to_string(),
            by: "urn:twin:operator".into(),
            reason: reason.map(str::to_owned),
        };
        let mut quarantine = Quarantine::default();
        quarantine.take(&source, 3, &verdict(None), Time(1));
        quarantine.take(&source, 3, &verdict(Some("lies")), Time(2));
        quarantine.take(&source, 3, &verdict(Some("again")), Time(3));
        assert!(quarantine.holds(3) && !quarantine.holds(2));
        assert_eq!(quarantine.records.len(), 1);
        let json = quarantine.records.iter().map(QuarantineJson::from);
        let read = Quarantine::read(json.collect(), |_| 3).unwrap();
        assert_eq!(read, quarantine);
        quarantine.take(&source, 3, &verdict(None), Time(4));
        assert!(!quarantine.holds(3));
        let released = quarantine.records[0].released.clone();
        assert_eq!(released, Some((Time(4), "urn:twin:operator".into())));
    }
}
