//! What an exchange finds on disk when it opens.

use super::Error;
use crate::card::Secrets;
use crate::ledger::Ledger;
use crate::members::{Roster, Statement};
use crate::rows::{Change, Fields, Form, Key, Rows, Value, bundle_of, table};
use std::collections::{BTreeMap, BTreeSet};
use twin_link::{
    Bundle, Equivocation, GapCertificate, Incarnation, Opening, Replica, StreamId, Stub,
};
use twin_model::Time;

/// What stands on disk of all streams.
#[derive(Default)]
pub(super) struct Found {
    pub(super) replica: Replica,
    pub(super) lasts: BTreeMap<StreamId, Stub>,
    pub(super) certificates: BTreeMap<StreamId, BTreeSet<Vec<u8>>>,
    pub(super) gone: Vec<(StreamId, u64)>,
    pub(super) damaged: Option<u8>,
}

impl Found {
    pub(super) fn load(rows: &dyn Rows, ledger: &mut Ledger) -> Self {
        let mut found = Self::default();
        found.load_openings(rows, ledger);
        found.load_bundles(rows);
        found.load_certificates(rows);
        found.load_forks(rows);
        found
    }

    fn load_openings(&mut self, rows: &dyn Rows, ledger: &mut Ledger) {
        rows.scan(&[table::OPENING], &mut |_, value| {
            let fields = Fields::of_value(value);
            let opening = fields.and_then(|fields| Opening::decode(fields.rest()).ok());
            match opening.filter(|opening| self.replica.introduce(*opening).is_ok()) {
                Some(opening) => ledger.knows(opening.id()),
                None => self.damaged = Some(table::OPENING),
            }
        });
    }

    fn load_bundles(&mut self, rows: &dyn Rows) {
        rows.scan(&[table::BUNDLE], &mut |key, value| {
            if self.load_bundle(key, value).is_none() {
                self.damaged = Some(table::BUNDLE);
            }
        });
    }

    fn load_bundle(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        let mut fields = Fields::of_key(key);
        let (stream, seq) = (fields.stream()?, fields.big()?);
        let (form, bytes) = bundle_of(value)?;
        let stub = match form {
            Form::Body => {
                let bundle = Bundle::from_body(stream, seq, bytes).ok()?;
                self.replica.hold(&bundle).ok()?;
                *bundle.stub()
            }
            Form::Stub => {
                let stub = Stub::decode(stream, seq, bytes).ok()?;
                // It had expired when it was written, whatever the clock says now.
                self.replica.hold_stub(&stub, Time::MAX).ok()?;
                stub
            }
        };
        self.lasts.insert(stream, stub);
        Some(())
    }

    fn load_certificates(&mut self, rows: &dyn Rows) {
        rows.scan(&[table::CERTIFICATE], &mut |key, value| {
            let certificate = Fields::of_value(value)
                .zip(Fields::of_key(key).stream())
                .and_then(|(fields, stream)| {
                    let certificate = GapCertificate::decode(fields.rest()).ok()?;
                    Some((stream, fields.rest().to_vec(), certificate))
                });
            let Some((stream, bytes, certificate)) = certificate else {
                self.damaged = Some(table::CERTIFICATE);
                return;
            };
            let dropped = self.replica.cover(stream, &certificate).unwrap_or_default();
            self.gone
                .extend(dropped.into_iter().map(|gone| (gone.stream, gone.seq)));
            self.certificates.entry(stream).or_default().insert(bytes);
        });
    }

    fn load_forks(&mut self, rows: &dyn Rows) {
        rows.scan(&[table::FORK], &mut |_, value| {
            let fields = Fields::of_value(value);
            let proof = fields.and_then(|fields| Equivocation::decode(fields.rest()).ok());
            let is_taken = proof.is_some_and(|proof| self.replica.quarantine(proof).is_ok());
            if !is_taken {
                self.damaged = Some(table::FORK);
            }
        });
    }
}

pub(super) fn load_life(rows: &dyn Rows) -> Option<(Incarnation, [u8; 32])> {
    let value = Key::of(table::LIFE).read(rows)?;
    let mut fields = Fields::of_value(&value)?;
    Some((Incarnation(fields.array()?), fields.array()?))
}

pub(super) fn statement_row(statement: &Statement) -> Change {
    let value = Value::new().bytes(&statement.encode());
    Key::of(table::STATEMENT)
        .bytes(&statement.slot())
        .put(value)
}

pub(super) fn load_roster(secrets: &Secrets, rows: &dyn Rows) -> Result<Roster, Error> {
    let mut kept = Vec::new();
    let mut is_damaged = false;
    rows.scan(&[table::STATEMENT], &mut |_, value| {
        let fields = Fields::of_value(value);
        match fields.and_then(|fields| Statement::decode(fields.rest()).ok()) {
            Some(statement) => kept.push(statement),
            None => is_damaged = true,
        }
    });
    if is_damaged {
        return Err(Error::Damaged(table::STATEMENT));
    }
    Ok(Roster::restore(&secrets.authority().verifying_key(), kept))
}

/// No rows: what an organisation has when it is founded.
pub(super) struct Nothing;

impl Rows for Nothing {
    fn get(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn scan(&self, _: &[u8], _: &mut dyn FnMut(&[u8], &[u8])) {}
}
