//! Who belongs: signed admissions and removals, and what follows from them.
//!
//! The brigade admitted the tower and the hospital, the hospital the blood bank. Each of
//! these is one signed sentence that anybody may carry, and from them every organisation
//! works out by itself, without asking a server and without a network, whom it may listen
//! to. A sentence with a higher number replaces an older one; in which order they came
//! makes no difference.
//!
//! Drawn in `docs/formats/belonging.md`.

mod dossier;
mod reach;
mod statement;

pub use dossier::{CARDS_MAX, REVOCATIONS_MAX, VOUCHES_MAX};
pub use reach::DEPTH_MAX;
pub use statement::{REVOCATION_BYTES_MAX, Refused, Slot, Stance, Statement, Vouch};

use crate::card::{self, Card, Fingerprint, Secrets};
use dossier::{Dossier, GaveWay, Key};
use ed25519_dalek::VerifyingKey;
use reach::Reached;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use twin_link::{Members, OriginId, Revocation, StreamId};
use twin_model::Time;
use twin_model::time::MICROS;

/// The largest sizes of a roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Organisations.
    pub members: usize,
    /// Organisations that are reached through one peer, itself included.
    pub branch: usize,
    /// Bytes of all statements.
    pub bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            members: 4096,
            branch: 1024,
            bytes: 16 << 20,
        }
    }
}

/// What became of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It counts now, and is to be kept under its slot.
    News,
    /// It, or one that counts more, was here.
    Known,
}

/// A node of a member.
#[derive(Debug, Clone, Copy)]
pub struct MemberView<'a> {
    /// The card that names the node.
    pub card: &'a Card,
    /// Admissions between us and it; 1 is a peer.
    pub depth: u8,
    /// The organisation that admitted it, on the shortest way.
    pub admitted_by: Fingerprint,
    /// Its organisation has another node now.
    pub is_retired: bool,
    /// Its organisation took its key back.
    pub revocation: Option<&'a Revocation>,
    /// When its organisation signed that it removed ours, if that is its last word about us.
    pub removed_us: Option<Time>,
}

impl MemberView<'_> {
    /// Whether we admitted its organisation ourselves.
    pub fn is_peer(&self) -> bool {
        self.depth == 1
    }
}

/// Everything that was said about membership, as one organisation sees it.
#[derive(Debug, Clone)]
pub struct Roster {
    own: Key,
    bounds: Bounds,
    dossiers: BTreeMap<Key, Dossier>,
    bytes: usize,
    dropped: BTreeSet<Slot>,
    /// Worked out when asked for: many statements may come between two questions.
    reached: OnceLock<Reached>,
}

impl Roster {
    /// The roster of the organisation with this authority key, with nobody in it.
    pub fn new(own: &VerifyingKey) -> Self {
        Self::bounded(own, Bounds::default())
    }

    /// The same with other bounds.
    pub fn bounded(own: &VerifyingKey, bounds: Bounds) -> Self {
        Self {
            own: own.to_bytes(),
            bounds,
            dossiers: BTreeMap::new(),
            bytes: 0,
            dropped: BTreeSet::new(),
            reached: OnceLock::new(),
        }
    }

    /// The roster after a restart, from what was kept and therefore checked before.
    pub fn restore(own: &VerifyingKey, kept: impl IntoIterator<Item = Statement>) -> Self {
        let mut roster = Self::new(own);
        for statement in kept {
            roster.take(statement);
        }
        roster.shed();
        roster
    }

    /// Takes in a statement from anywhere. [`Refused::TooMany`] if others count more and
    /// there is no room for it.
    ///
    /// ```
    /// use twin_exchange::card::Secrets;
    /// use twin_exchange::members::{Added, Roster, Stance, Statement, Vouch};
    /// use twin_model::Time;
    /// let key = |n: u8| Secrets::draw(&mut |bytes| bytes.fill(n)).authority();
    /// let mut roster = Roster::new(&key(1).verifying_key());
    /// let admits = Vouch::sign(&key(1), key(2).verifying_key(), Stance::Admits, 1, Time(0));
    /// assert_eq!(roster.add(Statement::Vouch(admits)), Ok(Added::News));
    /// assert!(roster.admits(&key(2).verifying_key()));
    /// ```
    pub fn add(&mut self, statement: Statement) -> Result<Added, Refused> {
        if self.holds(&statement) {
            return Ok(Added::Known);
        }
        statement.verify()?;
        let slot = statement.slot();
        if !self.take(statement) {
            return Ok(Added::Known);
        }
        self.shed();
        if self.dropped.contains(&slot) {
            return Err(Refused::TooMany);
        }
        Ok(Added::News)
    }

    /// The slots of statements that no longer count and were not replaced; their rows may
    /// be deleted. To be asked for after each statement.
    pub fn dropped(&mut self) -> BTreeSet<Slot> {
        std::mem::take(&mut self.dropped)
    }

    /// Every statement that counts, by organisation.
    pub fn statements(&self) -> impl Iterator<Item = Statement> + '_ {
        self.dossiers.values().flat_map(Dossier::statements)
    }

    /// What an organisation with a fresh stream must say again: its own statements, and the
    /// cards of those whom it admits.
    pub fn own_statements(&self) -> impl Iterator<Item = Statement> + '_ {
        let own = self.dossiers.get(&self.own);
        let admitted = own.into_iter().flat_map(|own| {
            let admits = own.vouches.values();
            admits.filter(|vouch| vouch.stance == Stance::Admits && vouch.subject != vouch.by)
        });
        let cards = admitted.filter_map(|vouch| self.card(&vouch.subject));
        own.into_iter()
            .flat_map(Dossier::statements)
            .chain(cards.map(|card| Statement::Card(card.clone().into())))
    }

    /// The serial of our next statement.
    pub fn next_serial(&self, now: Time) -> u64 {
        let last = self.dossiers.get(&self.own).map_or(0, Dossier::serial);
        let seconds = u64::try_from(now.0 / MICROS).unwrap_or(0);
        last.saturating_add(1).max(seconds)
    }

    /// The present card of an organisation, member or not.
    pub fn card(&self, authority: &VerifyingKey) -> Option<&Card> {
        self.dossiers.get(authority.as_bytes())?.present()
    }

    /// Whether we have admitted an organisation ourselves, and it still belongs.
    pub fn admits(&self, authority: &VerifyingKey) -> bool {
        let place = self.reached().places.get(authority.as_bytes());
        place.is_some_and(|place| place.depth == 1)
    }

    /// The present node of each member whose card is here, in the order of authority keys.
    pub fn members(&self) -> impl Iterator<Item = MemberView<'_>> {
        let reached = self.reached();
        reached.places.keys().filter_map(|authority| {
            let card = self.dossiers.get(authority)?.present()?;
            self.member(card.origin()).filter(|view| !view.is_retired)
        })
    }

    /// The present nodes of those whom we admitted ourselves.
    pub fn peers(&self) -> impl Iterator<Item = MemberView<'_>> {
        self.members().filter(MemberView::is_peer)
    }

    /// The node with this name, also if it is retired, if its organisation belongs.
    pub fn member(&self, origin: OriginId) -> Option<MemberView<'_>> {
        let reached = self.reached();
        let (authority, node) = reached.nodes.get(&origin)?;
        let dossier = self.dossiers.get(authority)?;
        let (place, card) = (reached.places.get(authority)?, dossier.cards.get(node)?);
        let present = dossier.present()?;
        Some(MemberView {
            card,
            depth: place.depth,
            admitted_by: Fingerprint::of(&VerifyingKey::from_bytes(&place.by).ok()?),
            is_retired: present.node != card.node,
            revocation: dossier.revocations.get(node),
            removed_us: dossier.removal_of(&self.own).map(|vouch| vouch.issued),
        })
    }

    /// Our words by which we removed organisations that we had admitted.
    pub fn removals(&self) -> impl Iterator<Item = &Vouch> {
        let own = self.dossiers.get(&self.own).into_iter();
        let vouches = own.flat_map(|own| own.vouches.values());
        vouches.filter(|vouch| vouch.stance == Stance::Removes && vouch.subject != vouch.by)
    }

    /// Whether a statement is the word of another that it removed us.
    pub fn removes_us(&self, statement: &Statement) -> bool {
        let Statement::Vouch(vouch) = statement else {
            return false;
        };
        let is_about_us = vouch.subject.to_bytes() == self.own && vouch.by.to_bytes() != self.own;
        is_about_us && vouch.stance == Stance::Removes
    }

    /// The present node of the organisation that this one is or was a node of.
    pub fn present(&self, origin: OriginId) -> OriginId {
        let place = self.reached().nodes.get(&origin);
        let present = place.and_then(|(authority, _)| self.dossiers.get(authority)?.present());
        present.map_or(origin, Card::origin)
    }

    /// Everyone whose word counts, as the reading end of the link needs it. Retired nodes
    /// are in it: what they wrote before is still to be read.
    pub fn to_link(&self) -> Members {
        let nodes = self.reached().nodes.keys();
        let views = nodes.filter_map(|&origin| Some((origin, self.member(origin)?.card)));
        let member = |card: &Card| twin_link::Member {
            node: card.node,
            authority: card.authority,
            recipient: card.recipient.clone(),
        };
        views.map(|(origin, card)| (origin, member(card))).collect()
    }

    fn reached(&self) -> &Reached {
        self.reached
            .get_or_init(|| Reached::from(&self.own, &self.dossiers, &self.bounds))
    }

    fn holds(&self, statement: &Statement) -> bool {
        let (by, about) = (statement.by().as_bytes(), statement.about());
        self.dossiers
            .get(by)
            .is_some_and(|dossier| match statement {
                Statement::Card(card) => dossier.cards.get(&about) == Some(&**card),
                Statement::Vouch(vouch) => dossier.vouches.get(&about) == Some(vouch),
                Statement::Revocation(revocation) => {
                    dossier.revocations.get(&about) == Some(revocation)
                }
            })
    }

    /// Whether it is news.
    fn take(&mut self, statement: Statement) -> bool {
        let (slot, bytes) = (statement.slot(), statement.encode().len());
        let dossier = self.dossiers.entry(statement.by().to_bytes()).or_default();
        let Some(gave_way) = dossier.take(statement) else {
            return false;
        };
        self.bytes += bytes;
        self.dropped.remove(&slot);
        let GaveWay { replaced, spilt } = gave_way;
        for old in replaced.iter().chain(&spilt) {
            self.bytes -= old.encode().len();
        }
        self.dropped.extend(spilt.map(|old| old.slot()));
        self.reached = OnceLock::new();
        true
    }

    /// Makes room when there are too many bytes: strangers first, then the furthest in the
    /// fullest branch. Down to nine tenths, so that a flood does not cause it each time.
    fn shed(&mut self) {
        if self.bytes <= self.bounds.bytes {
            return;
        }
        let target = self.bounds.bytes / 10 * 9;
        let mut branches = self.branches();
        let mut strangers = branches.remove(&None).unwrap_or_default();
        while let Some((_, key, _)) = strangers.pop().filter(|_| self.bytes > target) {
            self.forget(&key);
        }
        let size =
            |branch: &[(u8, Key, usize)]| -> usize { branch.iter().map(|(.., bytes)| bytes).sum() };
        while self.bytes > target {
            let fullest = branches.values_mut().max_by_key(|branch| size(branch));
            let Some((_, key, _)) = fullest.and_then(Vec::pop) else {
                return;
            };
            self.forget(&key);
        }
    }

    /// Who said how much, by the peer through whom they were reached; the nearest first.
    fn branches(&self) -> BTreeMap<Option<Key>, Vec<(u8, Key, usize)>> {
        let places = &self.reached().places;
        let mut branches: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let others = self.dossiers.iter().filter(|(key, _)| **key != self.own);
        for (&key, dossier) in others {
            let place = places.get(&key);
            let bytes = dossier.statements().map(|s| s.encode().len()).sum();
            let depth = place.map_or(u8::MAX, |place| place.depth);
            let branch = branches.entry(place.map(|place| place.branch));
            branch.or_default().push((depth, key, bytes));
        }
        for branch in branches.values_mut() {
            branch.sort_unstable();
        }
        branches
    }

    fn forget(&mut self, authority: &Key) {
        let Some(dossier) = self.dossiers.remove(authority) else {
            return;
        };
        for statement in dossier.statements() {
            self.bytes -= statement.encode().len();
            self.dropped.insert(statement.slot());
        }
        self.reached = OnceLock::new();
    }
}

/// What an organisation says when its node gets new keys: the new card, and that the old
/// key is its own no longer. `believed` is the last bundle of each stream of the old node.
/// `secrets` has the new keys afterwards; what is returned and they belong together on disk.
pub fn rotate(
    secrets: &mut Secrets,
    old: &Card,
    believed: BTreeMap<StreamId, u64>,
    serial: u64,
    now: Time,
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<[Statement; 2], card::Error> {
    let mut renewed = secrets.clone();
    renewed.renew_node(random);
    let card = renewed.card(old.particulars.clone(), serial, now)?;
    let revocation = Revocation::sign(&renewed.authority(), old.node, believed)
        .map_err(|_| card::Error::Malformed)?;
    *secrets = renewed;
    Ok([
        Statement::Card(card.into()),
        Statement::Revocation(revocation),
    ])
}
