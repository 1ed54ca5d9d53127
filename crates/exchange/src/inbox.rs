//! What comes in: bundles on disk are opened, most urgent first, and handed over once.
//!
//! A bundle that cannot be read yet waits on disk for what it lacks: its key, the bundle
//! that names its topics, or that its writer becomes one of ours. Only its number is kept
//! in memory. What the application has recorded is known from its own log, so nothing is
//! told twice and nothing is lost between the two disks.

use crate::audience;
use crate::card::Fingerprint;
use crate::circle::{Circle, Oneself};
use crate::directory;
use crate::ledger::{After, Ledger};
use crate::members;
use crate::notice::Notice;
use crate::rows::{Fields, Form, Key, Rows, Value, bundle_key, bundle_of, table};
use crate::{Delivery, Received};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use twin_link::{
    Bundle, Class, Error, Identity, OriginId, Ranges, Reader, Record, Replica, Scope, StreamId,
    Topic,
};
use twin_model::naming::received_source;
use twin_model::{Act, EntityId, SourceId, Stated, Statement, Time};

/// Bundles that were handed over and not confirmed.
const UNCONFIRMED_MAX: usize = 256;
/// Epochs of which the names of sources are remembered.
const SOURCES_REMEMBERED: usize = 256;

/// A bundle on disk, the most urgent first.
type Place = (Class, StreamId, u64);

/// What a bundle waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lack {
    /// The key of an epoch.
    Key(StreamId, u64),
    /// The key of a person.
    Subject(StreamId),
    /// A bundle that names its topics.
    Topics(StreamId),
    /// That we accept what its writer says.
    Welcome(OriginId),
}

/// The reading end for this node.
#[derive(Debug)]
pub(crate) struct Inbox {
    /// Every name under which others have told us something.
    us: Vec<OriginId>,
    reader: Reader,
    ready: BTreeSet<Place>,
    lacking: BTreeMap<Lack, BTreeSet<Place>>,
    /// Bundles that named topics and were delivered.
    naming: BTreeMap<StreamId, BTreeSet<u64>>,
    /// Epochs whose topics were read again.
    reread: BTreeSet<(StreamId, u64)>,
    persons: BTreeMap<(StreamId, u64), EntityId>,
    /// With the persons whom a bundle erases.
    unconfirmed: BTreeMap<(StreamId, u64), BTreeSet<u64>>,
    deliveries: Vec<Delivery>,
    statements: Vec<members::Statement>,
    /// Streams whose writers have become known.
    writers: BTreeMap<StreamId, OriginId>,
    /// Until when all is here of what somebody wrote in a class.
    whole: BTreeMap<(OriginId, Class), Time>,
    sources: BTreeMap<(StreamId, u64), BTreeMap<u32, SourceId>>,
}

/// Whose words are read.
#[derive(Debug, Clone, Copy)]
struct From<'a> {
    name: &'a str,
    organisation: Fingerprint,
    is_peer: bool,
}

impl From<'_> {
    /// Members whom we did not admit ourselves tell what exists, and nothing of how it is.
    fn is_believed(self, statement: &Statement) -> bool {
        self.is_peer || directory::check(statement).is_ok()
    }
}

/// What the inbox reads with.
pub(crate) struct Desk<'a> {
    pub(crate) rows: &'a dyn Rows,
    pub(crate) replica: &'a Replica,
    pub(crate) circle: &'a Circle,
}

impl Inbox {
    /// `delivered` is what the application has on record.
    pub(crate) fn open(
        oneself: &Oneself,
        circle: &Circle,
        rows: &dyn Rows,
        delivered: BTreeMap<StreamId, Ranges>,
    ) -> Result<Self, u8> {
        let mut damaged = None;
        let mut pairs = |table: u8| {
            let mut found = Vec::new();
            rows.scan(&[table], &mut |key, value| {
                let mut fields = Fields::of_key(key);
                let at = fields.stream().zip(fields.big());
                match at.filter(|_| Fields::of_value(value).is_some()) {
                    Some(at) => found.push((at, value.to_vec())),
                    None => damaged = Some(table),
                }
            });
            found
        };
        let erased = pairs(table::ERASED).into_iter().map(|(at, _)| at).collect();
        let mut naming: BTreeMap<StreamId, BTreeSet<u64>> = BTreeMap::new();
        for ((stream, seq), _) in pairs(table::TOPICS) {
            naming.entry(stream).or_default().insert(seq);
        }
        let person = |(at, value): ((StreamId, u64), Vec<u8>)| {
            let entity = Fields::of_value(&value)?.text()?;
            Some((at, EntityId::new(entity).ok()?))
        };
        let persons = pairs(table::PERSON)
            .into_iter()
            .filter_map(person)
            .collect();
        let mut secrets = oneself.retired.iter().map(|retired| &retired.reader);
        let first = secrets.next().unwrap_or(&oneself.reader).clone();
        let reader = Reader::new(first, circle.members.clone());
        let mut reader = reader.after_restart(delivered, erased);
        for secret in secrets {
            reader.renew(secret.clone());
        }
        if !oneself.retired.is_empty() {
            reader.renew(oneself.reader.clone());
        }
        for revocation in &circle.revocations {
            reader.revoke(revocation);
        }
        let inbox = Self {
            us: oneself.origins().collect(),
            reader,
            ready: BTreeSet::new(),
            lacking: BTreeMap::new(),
            naming,
            reread: BTreeSet::new(),
            persons,
            unconfirmed: BTreeMap::new(),
            deliveries: Vec::new(),
            statements: Vec::new(),
            writers: BTreeMap::new(),
            whole: BTreeMap::new(),
            sources: BTreeMap::new(),
        };
        damaged.map_or(Ok(inbox), Err)
    }

    /// This node has new keys; what was told to the old ones is still read.
    pub(crate) fn renew(&mut self, oneself: &Oneself) {
        self.us.push(oneself.origin);
        self.reader.renew(oneself.reader.clone());
    }

    /// Puts everything on disk that was not delivered in line.
    pub(crate) fn line_up(&mut self, replica: &Replica, is_own: &dyn Fn(StreamId) -> bool) {
        for (id, stream) in replica.streams().filter(|(id, _)| !is_own(*id)) {
            let waiting = self.reader.waiting(id, stream);
            let places = waiting
                .into_iter()
                .map(|seq| (stream.opening.class, id, seq));
            self.ready.extend(places);
        }
    }

    /// A bundle of somebody else's is on disk now.
    pub(crate) fn arrived(&mut self, place: Place) {
        self.ready.insert(place);
    }

    /// Whether something can be read and there is room for it.
    pub(crate) fn is_hungry(&self) -> bool {
        !self.ready.is_empty() && self.has_room()
    }

    /// Whether there is room for what comes next. An alarm does not wait for plans that the
    /// application has no room for.
    fn has_room(&self) -> bool {
        let is_urgent = |place: &Place| place.0 == Class::LifeSafety;
        let max = match self.ready.first() {
            Some(place) if is_urgent(place) => 2 * UNCONFIRMED_MAX,
            _ => UNCONFIRMED_MAX,
        };
        self.unconfirmed.len() < max
    }

    /// Reads what can be read, the most urgent first.
    pub(crate) fn read(&mut self, desk: &Desk<'_>, ledger: &mut Ledger) {
        while self.has_room()
            && let Some(place) = self.ready.pop_first()
        {
            self.read_one(place, desk, ledger);
        }
    }

    fn read_one(&mut self, place: Place, desk: &Desk<'_>, ledger: &mut Ledger) {
        let (_, id, seq) = place;
        let Some(bundle) = fetch(desk, id, seq) else {
            return;
        };
        let Some(stream) = desk.replica.stream(id) else {
            return;
        };
        let header = *bundle.header();
        let writer = self.reader.identity(id);
        let stranger = writer.filter(|identity| !self.accepts(identity, desk.circle));
        if let Some(origin) = stranger.map(|identity| identity.origin) {
            ledger.notices.say(Notice::Stranger(origin));
            self.wait_for(Lack::Welcome(origin), place);
            return;
        }
        match self.reader.read(&bundle, stream) {
            Ok(delivery) => self.take(place, delivery, desk, ledger),
            Err(Error::NoKey) => {
                let lack = if self.reader.has_key(id, Scope::Epoch(header.epoch)) {
                    // It was opened so far that its topics are known: they count as news.
                    self.naming.entry(id).or_default().insert(seq);
                    Lack::Subject(id)
                } else {
                    Lack::Key(id, header.epoch)
                };
                self.wait_for(lack, place);
            }
            Err(Error::UnknownTopic) => {
                // The topics that it names itself are known now and will not count as news.
                self.naming.entry(id).or_default().insert(seq);
                self.wait_for(Lack::Topics(id), place);
                if self.reread.insert((id, header.epoch)) {
                    self.read_topics_again(id, desk);
                    self.requeue(Lack::Topics(id));
                }
            }
            Err(Error::Known | Error::Forked) => {}
            Err(Error::Untrusted) => ledger.notices.say(Notice::Revoked(id)),
            Err(Error::Later) => ledger.notices.say(Notice::Later(id)),
            Err(_) => ledger.notices.say(Notice::Unreadable(id)),
        }
    }

    /// What peers tell us, and what members tell all members.
    fn accepts(&self, identity: &Identity, circle: &Circle) -> bool {
        let known = circle.known.get(&identity.origin);
        let mut private = self
            .us
            .iter()
            .map(|us| audience::of_peer(identity.origin, *us));
        known.is_some_and(|known| {
            identity.audience == audience::of_members()
                || (known.is_peer && private.any(|private| identity.audience == private))
        })
    }

    fn wait_for(&mut self, lack: Lack, place: Place) {
        self.lacking.entry(lack).or_default().insert(place);
    }

    fn requeue(&mut self, lack: Lack) {
        self.ready
            .extend(self.lacking.remove(&lack).into_iter().flatten());
    }

    /// Who belongs has changed: others' grants and words may count now, or no longer.
    pub(crate) fn note_circle(&mut self, desk: &Desk<'_>, ledger: &mut Ledger) {
        self.reader.set_members(desk.circle.members.clone());
        for revocation in &desk.circle.revocations {
            self.reader.revoke(revocation);
        }
        // What was recorded before the key was taken back stays on record, and that is told.
        for (&stream, delivered) in self.reader.delivered() {
            let last = self.reader.last_believed(stream);
            if last.is_some_and(|last| delivered.last() > last) {
                ledger.notices.say(Notice::Revoked(stream));
            }
        }
        let welcome: Vec<Lack> = self
            .lacking
            .keys()
            .filter(|lack| matches!(lack, Lack::Welcome(_)))
            .copied()
            .collect();
        for lack in welcome {
            self.requeue(lack);
        }
        // Grants of those who were unknown when they came.
        for (id, stream) in desk.replica.streams().filter(|(_, s)| s.is_plain()) {
            for (seq, _) in stream.all_held().filter(|(_, held)| !held.is_stub) {
                let Some(bundle) = fetch(desk, id, seq) else {
                    continue;
                };
                if let Ok(delivery) = self.reader.reread(&bundle) {
                    self.note_unlocked(id, &delivery);
                }
            }
        }
    }

    fn note_unlocked(&mut self, id: StreamId, delivery: &twin_link::Delivery) {
        for &(stream, scope) in &delivery.granted {
            let writer = self.reader.identity(stream).map(|identity| identity.origin);
            self.writers.extend(writer.map(|writer| (stream, writer)));
            match scope {
                Scope::Epoch(epoch) => self.requeue(Lack::Key(stream, epoch)),
                Scope::Subject(_) => self.requeue(Lack::Subject(stream)),
            }
        }
        if delivery.unlocks {
            self.requeue(Lack::Topics(id));
        }
    }

    /// Topics of an epoch may have been named in bundles that were delivered long ago.
    fn read_topics_again(&mut self, id: StreamId, desk: &Desk<'_>) {
        let naming: Vec<u64> = self
            .naming
            .get(&id)
            .into_iter()
            .flatten()
            .copied()
            .collect();
        for seq in naming {
            if let Some(bundle) = fetch(desk, id, seq) {
                let _ = self.reader.reread(&bundle);
            }
        }
    }

    fn take(
        &mut self,
        place: Place,
        delivery: twin_link::Delivery,
        desk: &Desk<'_>,
        ledger: &mut Ledger,
    ) {
        let (class, id, seq) = place;
        self.note_unlocked(id, &delivery);
        let mut payload = delivery.payload;
        let unknown = std::mem::take(&mut payload.unknown);
        let statements = unknown
            .iter()
            .filter(|(kind, _)| *kind == members::Statement::SECTION);
        // One of an unknown kind is carried and not read.
        let statements = statements.filter_map(|(_, bytes)| members::Statement::decode(bytes).ok());
        self.statements.extend(statements);
        let revocations = payload.revocations.drain(..);
        self.statements
            .extend(revocations.map(members::Statement::Revocation));
        let Some(identity) = delivery.identity else {
            return;
        };
        let Some(known) = desk.circle.known.get(&identity.origin) else {
            return;
        };
        let stream = desk.replica.stream(id);
        if stream.is_some_and(|stream| stream.accounted().contiguous() >= seq) {
            let whole = self
                .whole
                .entry((identity.origin, class))
                .or_insert(payload.written);
            *whole = payload.written.max(*whole);
        }
        let is_plain = ledger.is_clean();
        let erased = self.erase(id, &delivery.erased, ledger);
        let epoch = delivery.epoch;
        let mut claims = Vec::with_capacity(payload.records.len());
        let from = From {
            name: &known.name,
            organisation: known.organisation,
            is_peer: known.is_peer,
        };
        self.hear((id, epoch), from, &payload.records, &mut claims);
        for (subject, records) in &delivery.personal {
            self.note_person(id, epoch, *subject, records, ledger);
            self.hear((id, epoch), from, records, &mut claims);
        }
        let naming = self.naming.entry(id).or_default();
        let names = delivery.unlocks || naming.contains(&seq);
        if names {
            naming.insert(seq);
        }
        if claims.is_empty() && erased.is_empty() {
            return;
        }
        if names {
            let key = Key::of(table::TOPICS).stream(id).number(seq);
            ledger.write(key.put(Value::new()));
        }
        self.unconfirmed.insert((id, seq), delivery.erased);
        let delivery = Delivery {
            origin: identity.origin,
            origin_name: known.name.clone(),
            organisation: known.organisation,
            stream: id,
            seq,
            class,
            written: payload.written,
            claims,
            erased,
        };
        if is_plain && ledger.is_clean() {
            self.deliveries.push(delivery);
        } else {
            ledger.then(After::Deliver(delivery));
        }
    }

    fn hear(
        &mut self,
        (id, epoch): (StreamId, u64),
        from: From<'_>,
        records: &[Record],
        claims: &mut Vec<Received>,
    ) {
        if self.sources.len() > SOURCES_REMEMBERED {
            self.sources.clear();
        }
        let Some(topics) = self.reader.topics(id, epoch) else {
            return;
        };
        let sources = self.sources.entry((id, epoch)).or_default();
        for record in records {
            let Some(topic) = topics.get(record.topic) else {
                continue;
            };
            let statement = statement(topic, record);
            if !from.is_believed(&statement) {
                continue;
            }
            let source = sources
                .entry(record.topic)
                .or_insert_with(|| received_source(from.name, from.organisation.0, &topic.source));
            claims.push(Received {
                source: source.clone(),
                statement,
            });
        }
    }

    /// Remembers of whom a person's key speaks, so as to erase it when told to.
    fn note_person(
        &mut self,
        id: StreamId,
        epoch: u64,
        subject: u64,
        records: &[Record],
        ledger: &mut Ledger,
    ) {
        if self.persons.contains_key(&(id, subject)) {
            return;
        }
        let topics = self.reader.topics(id, epoch);
        let first = records.first().zip(topics);
        let topic = first.and_then(|(record, topics)| topics.get(record.topic));
        if let Some(entity) = topic.map(|topic| topic.entity.clone()) {
            let key = Key::of(table::PERSON).stream(id).number(subject);
            ledger.write(key.put(Value::new().text(entity.as_str())));
            self.persons.insert((id, subject), entity);
        }
    }

    /// The origin of a stream destroyed keys; of whom they spoke.
    fn erase(
        &mut self,
        id: StreamId,
        erased: &BTreeSet<u64>,
        ledger: &mut Ledger,
    ) -> Vec<EntityId> {
        for &subject in erased {
            let key = Key::of(table::ERASED).stream(id).number(subject);
            ledger.write(key.put(Value::new()));
        }
        if !erased.is_empty() {
            self.requeue(Lack::Subject(id));
        }
        // Who they were is known until the application has erased them.
        let persons = erased
            .iter()
            .filter_map(|&subject| self.persons.get(&(id, subject)));
        let entities: BTreeSet<EntityId> = persons.cloned().collect();
        entities.into_iter().collect()
    }

    /// What was read and waits to be taken.
    pub(crate) fn deliver(&mut self, delivery: Delivery) {
        self.deliveries.push(delivery);
    }

    /// Takes what was read.
    pub(crate) fn deliveries(&mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.deliveries)
    }

    /// Takes statements about membership that came along.
    pub(crate) fn statements(&mut self) -> Vec<members::Statement> {
        std::mem::take(&mut self.statements)
    }

    /// Takes the streams whose writers have become known.
    pub(crate) fn writers(&mut self) -> BTreeMap<StreamId, OriginId> {
        std::mem::take(&mut self.writers)
    }

    /// Takes until when all is here of what others wrote.
    pub(crate) fn whole(&mut self) -> BTreeMap<(OriginId, Class), Time> {
        std::mem::take(&mut self.whole)
    }

    /// The application has it on record, and has erased whom it was told to.
    pub(crate) fn confirmed(&mut self, stream: StreamId, seq: u64, ledger: &mut Ledger) {
        for subject in self.unconfirmed.remove(&(stream, seq)).unwrap_or_default() {
            if self.persons.remove(&(stream, subject)).is_some() {
                ledger.write(
                    Key::of(table::PERSON)
                        .stream(stream)
                        .number(subject)
                        .delete(),
                );
            }
        }
    }

    /// A bundle is gone from the disk.
    pub(crate) fn dropped(&mut self, stream: StreamId, seq: u64, ledger: &mut Ledger) {
        let naming = self.naming.get_mut(&stream);
        if naming.is_some_and(|naming| naming.remove(&seq)) {
            ledger.write(Key::of(table::TOPICS).stream(stream).number(seq).delete());
        }
    }

    /// Who writes a stream, if this node is one of its readers.
    pub(crate) fn identity(&self, stream: StreamId) -> Option<&Identity> {
        self.reader.identity(stream)
    }
}

fn fetch(desk: &Desk<'_>, stream: StreamId, seq: u64) -> Option<Bundle> {
    let held = desk.replica.stream(stream)?.held(seq)?;
    if held.is_stub {
        return None;
    }
    let value = bundle_key(stream, seq).read(desk.rows)?;
    let (form, bytes) = bundle_of(&value)?;
    (form == Form::Body).then_some(())?;
    Bundle::from_body(stream, seq, bytes).ok()
}

/// A record with what its topic says.
fn statement(topic: &Arc<Topic>, record: &Record) -> Statement {
    let act = match &record.act {
        Act::Assert(stated) => Act::Assert(Stated {
            value: stated.value.clone(),
            unit: topic.unit.clone(),
            uncertainty: topic.uncertainty,
        }),
        other => other.clone(),
    };
    Statement {
        entity: topic.entity.clone(),
        attribute: topic.attribute.clone(),
        act,
        valid: record.valid,
        observed: record.observed,
        procedure: topic.procedure.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twin_model::Attribute;

    #[test]
    fn a_member_who_is_no_peer_tells_only_what_exists() {
        let believed = |is_peer: bool, attribute: &str| {
            let from = From {
                name: "press",
                organisation: Fingerprint([3; 16]),
                is_peer,
            };
            from.is_believed(&Statement {
                entity: EntityId::new("urn:press:room:1").expect("an entity"),
                attribute: Attribute::new(attribute).expect("a name"),
                act: Act::Assert(Stated::from(twin_model::Value::text("Lobby"))),
                valid: twin_model::Interval::ALWAYS,
                observed: Time(0),
                procedure: None,
            })
        };
        assert!(believed(false, "name"));
        assert!(!believed(false, "smoke") && !believed(false, "occupancy"));
        assert!(believed(true, "smoke"));
    }
}
