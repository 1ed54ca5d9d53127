//! The streams that we write, their epochs, and who was given which key.
//!
//! A stream's key lives for a day at most and begins anew at each start. It goes to every
//! reader in a bundle that anybody may carry and only that reader can open, on disk
//! together with the first bundle that it opens and as urgent as what it opens: the keys of
//! plans do not delay an alarm, and no alarm waits for a key that comes later than it. Keys are
//! kept, so that whoever joins later can be given what was announced to all members before.

mod certifying;
mod pruning;

use crate::Env;
use crate::circle::{Circle, Oneself};
use crate::ledger::Ledger;
use crate::rows::{Fields, Key, Rows, Value, bundle_key, bundle_of, table};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use twin_link::limits::{EPOCH_S_MAX, GRANT_KEYS_MAX};
use twin_link::{
    Audience, Author, Bundle, Class, Error, GapCertificate, Grant, Granted, Identity, Incarnation,
    Keep, OriginId, Payload, Recipient, Replica, Scope, SecretKey, StreamId, Stub, payload::Topics,
};
use twin_model::time::MICROS;
use twin_model::{EntityId, Time};

/// An epoch ends an hour before it must, so that a clock that is put right does no harm.
const EPOCH_S: i64 = EPOCH_S_MAX - 3600;
/// Keys in one bundle of grants: well within the sections and bytes of a payload, even if
/// each has a grant of its own.
const KEYS_PER_BUNDLE: usize = 200;

/// Bundles of each stream of which it is remembered when they were written.
const WRITTEN_REMEMBERED: usize = 4096;

/// A stream of ours, of this life or an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Own {
    pub(crate) identity: Identity,
    pub(crate) class: Class,
    pub(crate) keep: Keep,
}

impl Own {
    /// Whether every carrier can read it.
    pub(crate) fn is_control(&self) -> bool {
        self.identity.audience == Audience::CARRIERS
    }
}

/// The key of one epoch.
#[derive(Clone)]
struct Epoch {
    key: [u8; 32],
    began: Time,
    /// The first bundle under it.
    first: u64,
}

/// A key that was given in some bundle of a control stream.
type Given = (StreamId, Scope);
/// A grant, and what it gives.
type Giving = (Vec<Given>, Grant);

/// What is said of one entity stands under a key of its own.
#[derive(Clone)]
struct Subject {
    number: u64,
    key: [u8; 32],
    given: BTreeSet<StreamId>,
}

/// A stream that we are writing.
pub(crate) struct Open {
    pub(crate) author: Author,
    last: Option<Stub>,
    began: Option<Time>,
    /// Numbers of topics by a hash of them.
    pub(crate) numbers: FxHashMap<u64, u32>,
    /// When its last bundles were written.
    written: VecDeque<(u64, Time)>,
    /// Since when some bundles need not be had that are not certified.
    needless_since: Option<Time>,
}

/// All streams that we write.
pub(crate) struct Epochs {
    oneself: Oneself,
    incarnation: Incarnation,
    /// What every carrier can read: statements as life safety, keys in the class of what they
    /// open.
    control: BTreeMap<Class, Open>,
    open: BTreeMap<(Audience, Class), Open>,
    own: BTreeMap<StreamId, Own>,
    keys: BTreeMap<(StreamId, u64), Epoch>,
    subjects: BTreeMap<EntityId, Subject>,
    subject_last: u64,
    /// The last bundle of each stream on disk, by which it is continued.
    lasts: BTreeMap<StreamId, Stub>,
    /// What is certified already.
    certified: BTreeMap<StreamId, Vec<GapCertificate>>,
    /// Which keys each bundle of our control streams gave: only who gets them can read it.
    granted: BTreeMap<(StreamId, u64), Vec<Given>>,
}

impl std::fmt::Debug for Epochs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Epochs")
            .field("incarnation", &self.incarnation)
            .field("own", &self.own)
            .finish_non_exhaustive()
    }
}

/// What a class keeps.
pub(crate) fn keep(class: Class) -> Keep {
    match class {
        Class::Telemetry => Keep::Latest,
        Class::LifeSafety | Class::Operational | Class::Bulk => Keep::History,
    }
}

/// When nobody needs a bundle of the class any more that is written now.
pub(crate) fn expires(class: Class, now: Time) -> Option<Time> {
    let days = match class {
        Class::Operational => 7,
        Class::Telemetry => 1,
        Class::LifeSafety | Class::Bulk => return None,
    };
    Some(Time(now.0.saturating_add(days * 24 * 3600 * MICROS)))
}

impl Epochs {
    pub(crate) fn new(oneself: Oneself, incarnation: Incarnation) -> Self {
        Self {
            oneself,
            incarnation,
            control: BTreeMap::new(),
            open: BTreeMap::new(),
            own: BTreeMap::new(),
            keys: BTreeMap::new(),
            subjects: BTreeMap::new(),
            subject_last: 0,
            lasts: BTreeMap::new(),
            certified: BTreeMap::new(),
            granted: BTreeMap::new(),
        }
    }

    /// Reads what is on disk; the table of a row that cannot be read.
    pub(crate) fn load(&mut self, rows: &dyn Rows) -> Result<(), u8> {
        let mut damaged = None;
        let mut each = |table: u8, read: &mut dyn FnMut(Fields<'_>, Fields<'_>) -> Option<()>| {
            rows.scan(&[table], &mut |key, value| {
                let value = Fields::of_value(value);
                let read = value.and_then(|value| read(Fields::of_key(key), value));
                if read.is_none() {
                    damaged = Some(table);
                }
            });
        };
        each(table::WRITTEN, &mut |mut key, mut value| {
            let stream = key.stream()?;
            let (audience, incarnation) = (value.audience()?, Incarnation(value.array()?));
            let class = value.class()?;
            let keep = if value.u8()? == 1 {
                Keep::Latest
            } else {
                Keep::History
            };
            let identity = Identity {
                origin: OriginId(value.array()?),
                audience,
                incarnation,
            };
            self.own.insert(
                stream,
                Own {
                    identity,
                    class,
                    keep,
                },
            );
            Some(())
        });
        each(table::EPOCH, &mut |mut key, mut value| {
            let at = (key.stream()?, key.big()?);
            let epoch = Epoch {
                key: value.array()?,
                began: Time(value.number()?.cast_signed()),
                first: value.number()?,
            };
            self.keys.insert(at, epoch);
            Some(())
        });
        each(table::GRANTED, &mut |mut key, mut value| {
            let at = (key.stream()?, key.big()?);
            let given = (0..value.number()?).map(|_| {
                let stream = value.stream()?;
                let scope = match (value.u8()?, value.number()?) {
                    (1, epoch) => Scope::Epoch(epoch),
                    (_, subject) => Scope::Subject(subject),
                };
                Some((stream, scope))
            });
            self.granted.insert(at, given.collect::<Option<_>>()?);
            Some(())
        });
        let mut entities = BTreeMap::new();
        each(table::SUBJECT, &mut |mut key, mut value| {
            let (number, secret) = (key.big()?, value.array()?);
            let entity = EntityId::new(value.text()?).ok()?;
            let subject = Subject {
                number,
                key: secret,
                given: BTreeSet::new(),
            };
            self.subject_last = self.subject_last.max(number);
            entities.insert(number, entity.clone());
            self.subjects.insert(entity, subject);
            Some(())
        });
        each(table::GIVEN, &mut |mut key, _| {
            let (number, stream) = (key.big()?, key.stream()?);
            let subject = entities
                .get(&number)
                .and_then(|entity| self.subjects.get_mut(entity));
            if let Some(subject) = subject {
                subject.given.insert(stream);
            }
            Some(())
        });
        damaged.map_or(Ok(()), Err)
    }

    /// What the scan of all bundles found of our own streams.
    pub(crate) fn resume_from(&mut self, stub: Stub) {
        self.lasts.insert(stub.header.stream, stub);
    }

    /// Our certificates, so that the next ones say it again and replace them.
    pub(crate) fn note_certified(&mut self, stream: StreamId, certified: &[GapCertificate]) {
        self.certified.insert(stream, certified.to_vec());
    }

    /// Goes on with the streams of this life of which something still counts: what follows
    /// supersedes it, and it is certified when it expires.
    pub(crate) fn remember(&mut self, rows: &dyn Rows, replica: &Replica) {
        let secret = self.oneself.stream_secret;
        let present: Vec<Own> = self
            .own
            .values()
            .filter(|own| own.identity.incarnation == self.incarnation)
            .filter(|own| expires(own.class, Time(0)).is_some() && !own.is_control())
            .copied()
            .collect();
        for own in present {
            let mut open = self.continued(Author::open(&secret, own.identity, own.class, own.keep));
            let id = open.author.stream();
            let Some(stream) = replica.stream(id) else {
                continue;
            };
            let mut topics: (u64, Topics) = Default::default();
            for (seq, _) in stream.all_held().filter(|(_, held)| !held.is_stub) {
                let value = bundle_key(id, seq).read(rows);
                let body = value.as_deref().and_then(bundle_of);
                let bundle = body.and_then(|(_, body)| Bundle::from_body(id, seq, body).ok());
                let Some(bundle) = bundle else {
                    continue;
                };
                if topics.0 != bundle.header().epoch {
                    topics = (bundle.header().epoch, Topics::default());
                }
                if let Some(payload) = self.reopen_own(&bundle, &mut topics.1) {
                    open.author.remember(bundle.header(), &payload, &topics.1);
                }
            }
            self.open.insert((own.identity.audience, own.class), open);
        }
    }

    /// What a bundle of our own says.
    fn reopen_own(&self, bundle: &Bundle, topics: &mut Topics) -> Option<Payload> {
        let header = bundle.header();
        let epoch = self.keys.get(&(header.stream, header.epoch))?;
        let plaintext = SecretKey::new(epoch.key)
            .open(header, bundle.content())
            .ok()?;
        Payload::decode(&plaintext, topics).ok()
    }

    pub(crate) fn own(&self, stream: StreamId) -> Option<&Own> {
        self.own.get(&stream)
    }

    pub(crate) fn all_own(&self) -> impl Iterator<Item = (StreamId, &Own)> {
        self.own.iter().map(|(&stream, own)| (stream, own))
    }

    pub(crate) fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// Whether a number is beyond all that we have written of a stream of ours.
    pub(crate) fn is_overtaken(&self, stream: StreamId, seq: u64) -> bool {
        let mut open = self.all_open();
        let head = open
            .find(|open| open.author.stream() == stream)
            .map(|open| open.author.head());
        let last = self.lasts.get(&stream).map_or(0, |last| last.header.seq);
        let is_present = self
            .own
            .get(&stream)
            .is_some_and(|own| own.identity.incarnation == self.incarnation);
        is_present && seq > head.unwrap_or(0).max(last)
    }

    /// Begins a new life: every stream is begun anew when it is next written.
    pub(crate) fn renew(&mut self, incarnation: Incarnation) {
        self.incarnation = incarnation;
        let open = std::mem::take(&mut self.open).into_values();
        let control = std::mem::take(&mut self.control).into_values();
        for last in open.chain(control).filter_map(|open| open.last) {
            self.lasts.insert(last.header.stream, last);
        }
    }

    /// The same with new keys.
    pub(crate) fn rotate(&mut self, oneself: Oneself, incarnation: Incarnation) {
        self.oneself = oneself;
        self.renew(incarnation);
    }

    /// The last bundle of each stream that this node has written under its present key.
    pub(crate) fn heads(&self) -> BTreeMap<StreamId, u64> {
        let is_present = |own: &&Own| own.identity.origin == self.oneself.origin;
        let lasts = self.lasts.iter().map(|(&id, last)| (id, last.header.seq));
        let open = self.all_open();
        let open = open.map(|open| (open.author.stream(), open.author.head()));
        let mut heads: BTreeMap<StreamId, u64> = lasts.collect();
        heads.extend(open);
        heads.retain(|id, head| *head > 0 && self.own.get(id).is_some_and(|own| is_present(&own)));
        heads
    }

    fn all_open(&self) -> impl Iterator<Item = &Open> {
        self.open.values().chain(self.control.values())
    }

    fn all_open_mut(&mut self) -> impl Iterator<Item = &mut Open> {
        self.open.values_mut().chain(self.control.values_mut())
    }

    fn identity(&self, audience: Audience) -> Identity {
        Identity {
            origin: self.oneself.origin,
            incarnation: self.incarnation,
            audience,
        }
    }

    /// Continues a stream from its last bundle on disk, or begins it.
    fn continued(&self, author: Author) -> Open {
        let stream = author.stream();
        let last = self.lasts.get(&stream).copied();
        let mut author = match &last {
            Some(last) => author.resume(last),
            None => author,
        };
        let certified = self.certified.get(&stream);
        author.remember_gaps(certified.map_or(&[], Vec::as_slice));
        Open {
            author,
            last,
            began: None,
            numbers: FxHashMap::default(),
            written: VecDeque::new(),
            needless_since: None,
        }
    }

    /// The stream for an audience and class, ready for a bundle now.
    pub(crate) fn ready(
        &mut self,
        to: Audience,
        class: Class,
        circle: &Circle,
        env: &mut Env<'_>,
        ledger: &mut Ledger,
    ) -> Result<&mut Open, Error> {
        if !self.open.contains_key(&(to, class)) {
            let secret = &self.oneself.stream_secret;
            let author = Author::open(secret, self.identity(to), class, keep(class));
            let open = self.continued(author);
            self.open.insert((to, class), open);
        }
        let began = self.open[&(to, class)].began;
        let is_fresh = |began: Time| env.now.0.saturating_sub(began.0) < EPOCH_S * MICROS;
        if !began.is_some_and(is_fresh) {
            self.begin_epoch(to, class, circle, env, ledger)?;
        }
        Ok(self.open.get_mut(&(to, class)).expect("just opened"))
    }

    /// A new key for a stream, given to every reader.
    fn begin_epoch(
        &mut self,
        to: Audience,
        class: Class,
        circle: &Circle,
        env: &mut Env<'_>,
        ledger: &mut Ledger,
    ) -> Result<(), Error> {
        let stream = self.open[&(to, class)].author.stream();
        let known = self.keys.range((stream, 0)..=(stream, u64::MAX));
        let last = known.last().map_or(0, |(&(_, number), _)| number);
        let open = self
            .open
            .get_mut(&(to, class))
            .expect("the caller opened it");
        let on_disk = open.last.map_or(0, |stub| stub.header.epoch);
        let number = last.max(on_disk) + 1;
        let key: [u8; 32] = env.draw();
        open.author
            .begin_epoch(number, SecretKey::new(key), env.now)?;
        open.began = Some(env.now);
        open.numbers.clear();
        let first = open.author.head() + 1;
        let epoch = Epoch {
            key,
            began: env.now,
            first,
        };
        self.keys.insert((stream, number), epoch);
        let value = Value::new().bytes(&key);
        let value = value.number(env.now.0.cast_unsigned()).number(first);
        ledger.write(
            Key::of(table::EPOCH)
                .stream(stream)
                .number(number)
                .put(value),
        );
        self.note_own(stream, to, class, ledger);
        let keys = [(Scope::Epoch(number), key)];
        let mut grants = Vec::new();
        for recipient in circle.readers(to) {
            grants.extend(self.seal(&keys, stream, recipient, env)?);
        }
        self.hand_out(&grants, class, env, ledger)
    }

    fn note_own(&mut self, stream: StreamId, to: Audience, class: Class, ledger: &mut Ledger) {
        if self.own.contains_key(&stream) {
            return;
        }
        let (identity, keep) = (self.identity(to), keep(class));
        self.own.insert(
            stream,
            Own {
                identity,
                class,
                keep,
            },
        );
        let value = Value::new().bytes(&to.0).bytes(&identity.incarnation.0);
        let value = value.bytes(&[class as u8, keep as u8]);
        let value = value.bytes(&identity.origin.0);
        ledger.write(Key::of(table::WRITTEN).stream(stream).put(value));
    }

    /// Keys of a stream for one reader, as many in a grant as go in.
    fn seal(
        &self,
        keys: &[(Scope, [u8; 32])],
        stream: StreamId,
        recipient: &Recipient,
        env: &mut Env<'_>,
    ) -> Result<Vec<Giving>, Error> {
        let identity = self.own.get(&stream).ok_or(Error::UnknownStream)?.identity;
        let node = self.oneself.node_of(identity.origin);
        let mut grants = Vec::new();
        for some in keys.chunks(GRANT_KEYS_MAX) {
            let sealed = some.iter().map(|&(s, key)| (s, SecretKey::new(key)));
            let granted = Granted::sign(node, sealed.collect(), stream, identity)?;
            let given = some.iter().map(|&(scope, _)| (stream, scope));
            grants.push((given.collect(), granted.seal(recipient, &env.draw())?));
        }
        Ok(grants)
    }

    /// Every key of every stream for an audience, to one who joins it.
    pub(crate) fn welcome(
        &mut self,
        to: Audience,
        recipient: &Recipient,
        env: &mut Env<'_>,
        ledger: &mut Ledger,
    ) -> Result<(), Error> {
        let is_theirs = |stream: &StreamId| {
            let own = self.own.get(stream);
            own.is_some_and(|own| own.identity.audience == to)
        };
        let mut keys: BTreeMap<StreamId, Vec<(Scope, [u8; 32])>> = BTreeMap::new();
        for (&(stream, number), epoch) in &self.keys {
            let of = keys.entry(stream).or_default();
            of.push((Scope::Epoch(number), epoch.key));
        }
        for subject in self.subjects.values() {
            for stream in &subject.given {
                let of = keys.entry(*stream).or_default();
                of.push((Scope::Subject(subject.number), subject.key));
            }
        }
        let mut grants: BTreeMap<Class, Vec<Giving>> = BTreeMap::new();
        for (stream, keys) in keys.iter().filter(|(stream, _)| is_theirs(stream)) {
            let class = self.own.get(stream).ok_or(Error::UnknownStream)?.class;
            let of = grants.entry(class).or_default();
            of.extend(self.seal(keys, *stream, recipient, env)?);
        }
        for (class, grants) in grants {
            self.hand_out(&grants, class, env, ledger)?;
        }
        Ok(())
    }

    /// A reader is gone: what is written from now on is under other keys.
    pub(crate) fn end_epochs(&mut self, to: Audience) {
        for ((audience, _), open) in &mut self.open {
            if *audience == to {
                open.began = None;
            }
        }
    }

    /// The present epoch of a stream has no room for more topics.
    pub(crate) fn end_epoch(&mut self, to: Audience, class: Class) {
        if let Some(open) = self.open.get_mut(&(to, class)) {
            open.began = None;
        }
    }

    /// The stream has spoken of more things than one author remembers: another one goes on.
    pub(crate) fn reopen(&mut self, to: Audience, class: Class) {
        let open = self.open.remove(&(to, class));
        if let Some(last) = open.and_then(|open| open.last) {
            self.lasts.insert(last.header.stream, last);
        }
    }

    /// The keys under which to write of entities in a stream. Its readers are given those that
    /// they lack, many in one grant: a grant for each would delay alarms on a radio.
    pub(crate) fn subjects<'a>(
        &mut self,
        entities: impl Iterator<Item = &'a EntityId>,
        (to, class): (Audience, Class),
        circle: &Circle,
        env: &mut Env<'_>,
        ledger: &mut Ledger,
    ) -> Result<BTreeMap<&'a EntityId, (u64, SecretKey)>, Error> {
        let stream = self.open[&(to, class)].author.stream();
        let (mut keys, mut new) = (BTreeMap::new(), Vec::new());
        for entity in entities {
            if keys.contains_key(entity) {
                continue;
            }
            let (number, key, is_new) = self.subject(entity, stream, env, ledger);
            keys.insert(entity, (number, SecretKey::new(key)));
            new.extend(is_new.then_some((Scope::Subject(number), key)));
        }
        let mut grants = Vec::new();
        for recipient in circle.readers(to) {
            grants.extend(self.seal(&new, stream, recipient, env)?);
        }
        self.hand_out(&grants, class, env, ledger)?;
        Ok(keys)
    }

    /// The number and key of an entity, and whether they are new to a stream.
    fn subject(
        &mut self,
        entity: &EntityId,
        stream: StreamId,
        env: &mut Env<'_>,
        ledger: &mut Ledger,
    ) -> (u64, [u8; 32], bool) {
        if !self.subjects.contains_key(entity) {
            self.subject_last += 1;
            let subject = Subject {
                number: self.subject_last,
                key: env.draw(),
                given: BTreeSet::new(),
            };
            let value = Value::new().bytes(&subject.key).text(entity.as_str());
            ledger.write(Key::of(table::SUBJECT).number(subject.number).put(value));
            self.subjects.insert(entity.clone(), subject);
        }
        let subject = self.subjects.get_mut(entity).expect("just made");
        let (number, key) = (subject.number, subject.key);
        let is_new = subject.given.insert(stream);
        if is_new {
            let given = Key::of(table::GIVEN).number(number).stream(stream);
            ledger.write(given.put(Value::new()));
        }
        (number, key, is_new)
    }

    /// Destroys the key of an entity, and tells every stream that spoke of it.
    pub(crate) fn erase(
        &mut self,
        entity: &EntityId,
        circle: &Circle,
        env: &mut Env<'_>,
        ledger: &mut Ledger,
    ) -> Result<(), Error> {
        let Some(Subject { number, given, .. }) = self.subjects.remove(entity) else {
            return Ok(());
        };
        ledger.write(Key::of(table::SUBJECT).number(number).delete());
        for stream in given {
            ledger.write(Key::of(table::GIVEN).number(number).stream(stream).delete());
            let own = self.own.get(&stream).copied();
            // Streams of an earlier life are not continued.
            let present = own.filter(|own| own.identity.incarnation == self.incarnation);
            if let Some(own) = present {
                let (to, class) = (own.identity.audience, own.class);
                let payload = Payload {
                    written: env.now,
                    erased: [number].into(),
                    ..Payload::default()
                };
                let open = self.ready(to, class, circle, env, ledger)?;
                let opening = open.author.opening();
                for bundle in open.author.append(&payload, None, env.now)? {
                    open.note(&bundle, env.now);
                    ledger.publish(opening, bundle);
                }
            }
        }
        Ok(())
    }

    /// Grants travel in the plain control stream of the class of what they open.
    fn hand_out(
        &mut self,
        mut grants: &[Giving],
        class: Class,
        env: &mut Env<'_>,
        ledger: &mut Ledger,
    ) -> Result<(), Error> {
        while !grants.is_empty() {
            let mut keys = 0;
            let goes_in = |(given, _): &&Giving| {
                keys += given.len();
                keys <= KEYS_PER_BUNDLE
            };
            let chunk;
            (chunk, grants) = grants.split_at(grants.iter().take_while(goes_in).count().max(1));
            let payload = Payload {
                written: env.now,
                grants: chunk.iter().map(|(_, grant)| grant.clone()).collect(),
                ..Payload::default()
            };
            let (stream, seq) = self.say_plainly(&payload, class, env, ledger)?;
            let given: BTreeSet<Given> = chunk.iter().flat_map(|(g, _)| g).copied().collect();
            let value = Value::new().number(given.len() as u64);
            let value = given.iter().fold(value, |value, (stream, scope)| {
                let (kind, number) = match *scope {
                    Scope::Epoch(epoch) => (1, epoch),
                    Scope::Subject(subject) => (2, subject),
                };
                value.bytes(&stream.0).bytes(&[kind]).number(number)
            });
            let key = Key::of(table::GRANTED).stream(stream).number(seq);
            ledger.write(key.put(value));
            self.granted
                .insert((stream, seq), given.into_iter().collect());
        }
        Ok(())
    }

    /// Writes to the stream of a class that every carrier can read; returns where.
    pub(crate) fn say_plainly(
        &mut self,
        payload: &Payload,
        class: Class,
        env: &mut Env<'_>,
        ledger: &mut Ledger,
    ) -> Result<(StreamId, u64), Error> {
        if !self.control.contains_key(&class) {
            let secret = &self.oneself.stream_secret;
            let author = Author::open_plain(secret, self.identity(Audience::CARRIERS), class);
            let open = self.continued(author);
            self.control.insert(class, open);
        }
        let control = self.control.get_mut(&class).expect("just opened");
        let opening = control.author.opening();
        for bundle in control.author.append(payload, None, env.now)? {
            control.note(&bundle, env.now);
            ledger.publish(opening, bundle);
        }
        let seq = control.author.head();
        self.note_own(opening.id(), Audience::CARRIERS, class, ledger);
        Ok((opening.id(), seq))
    }
}

impl Epochs {
    /// The last bundle that was written for an audience in a class.
    pub(crate) fn place(&self, way: (Audience, Class)) -> Option<(StreamId, u64)> {
        let open = self.open.get(&way)?;
        Some((open.author.stream(), open.author.head()))
    }

    /// The streams that are written, for whom, and when their last bundles were.
    pub(crate) fn written(
        &self,
    ) -> impl Iterator<Item = (StreamId, Audience, Class, &VecDeque<(u64, Time)>)> {
        let open = self.open.iter();
        open.map(|(&(to, class), open)| (open.author.stream(), to, class, &open.written))
    }
}

impl Open {
    /// A bundle was written.
    pub(crate) fn note(&mut self, bundle: &Bundle, now: Time) {
        self.last = Some(*bundle.stub());
        self.written.push_back((bundle.header().seq, now));
        if self.written.len() > WRITTEN_REMEMBERED {
            self.written.pop_front();
        }
    }
}
