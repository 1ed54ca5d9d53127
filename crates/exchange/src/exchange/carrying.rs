//! Bundle files in and out: everything that is held, for whoever drives there.

use super::Exchange;
use crate::Env;
use crate::carry::{Export, Have, Item};
use crate::rows::{RowShelf, Rows};
use std::collections::{BTreeMap, BTreeSet};
use twin_link::frame;
use twin_link::{Opening, OriginId, StreamId};

/// What became of an item of a bundle file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brought {
    /// It is taken in.
    New,
    /// It was here.
    Known,
    /// It is forged, of a stream that is not known, or does not fit what is known.
    Refused(twin_link::Error),
    /// It says nothing about streams.
    Aside,
}

/// The openings that were read in a file.
pub type Openings = BTreeMap<StreamId, Opening>;

impl Exchange {
    /// What is here.
    pub fn have(&self) -> Have {
        Have::of(self.hub.replica())
    }

    /// Everything that is held and that the other side lacks, as a file, chunk by chunk. With
    /// `writers`, only what these organisations wrote and the streams that all can read.
    pub fn export<'a>(
        &'a self,
        shelf: &'a dyn twin_link::Shelf,
        have: &'a Have,
        writers: &BTreeSet<OriginId>,
        env: &Env<'_>,
    ) -> Export<'a> {
        let export = Export::new(self.hub.replica(), shelf, have, env.now);
        if writers.is_empty() {
            return export;
        }
        // Streams of unknown writers may hold what is needed: they come along.
        export.only(|stream, _| {
            let writer = super::own_or_read(&self.epochs, &self.inbox, stream);
            writer.is_none_or(|writer| writers.contains(&writer))
        })
    }

    /// The bytes of bundles, for [`Self::export`].
    pub fn shelf(rows: &dyn Rows) -> impl twin_link::Shelf + '_ {
        RowShelf(rows)
    }

    /// Takes in an item of a bundle file as if a peer had sent it.
    pub fn bring(
        &mut self,
        item: &Item,
        openings: &mut Openings,
        rows: &dyn Rows,
        env: &mut Env<'_>,
    ) -> Brought {
        let (stream, kind, bytes) = match item {
            Item::Opening(opening) => {
                openings.insert(opening.id(), *opening);
                return Brought::Aside;
            }
            Item::Bundle(bundle) => {
                let header = bundle.header();
                let kind = frame::Item::Body(header.seq);
                (header.stream, kind, bundle.body())
            }
            Item::Stub(stub) => {
                let kind = frame::Item::Stub(stub.header.seq);
                (stub.header.stream, kind, stub.encode())
            }
            Item::Gap(stream, certificate) => {
                let kind = frame::Item::Gap(certificate.covered().last());
                (*stream, kind, certificate.encode())
            }
            Item::Fork(proof) => {
                openings.insert(proof.opening.id(), proof.opening);
                (proof.opening.id(), frame::Item::Fork, proof.encode())
            }
            Item::About { .. } | Item::Have(..) | Item::End(_) => return Brought::Aside,
        };
        let known = self.hub.replica().stream(stream).map(|s| s.opening);
        let Some(opening) = known.or_else(|| openings.get(&stream).copied()) else {
            return Brought::Refused(twin_link::Error::UnknownStream);
        };
        let shelf = RowShelf(rows);
        match self.hub.bring(opening, kind, &bytes, env.now, &shelf) {
            Ok(outputs) => {
                let is_new = !outputs.is_empty();
                self.obey(outputs, env);
                if is_new { Brought::New } else { Brought::Known }
            }
            Err(twin_link::Error::Known) => Brought::Known,
            Err(why) => Brought::Refused(why),
        }
    }
}
