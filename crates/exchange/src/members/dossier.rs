//! All that one organisation has said and that still counts.

use super::statement::{Stance, Statement, Vouch};
use crate::card::Card;
use std::collections::BTreeMap;
use twin_link::Revocation;

/// A public key, as bytes: keys are kept in their order.
pub(super) type Key = [u8; 32];

/// Organisations about which one organisation may have said something.
pub const VOUCHES_MAX: usize = 1024;
/// Nodes of one organisation, the present and retired ones.
pub const CARDS_MAX: usize = 8;
/// Revocations by one organisation.
pub const REVOCATIONS_MAX: usize = 64;

/// What no longer counts, now that something else does.
pub(super) struct GaveWay {
    /// What stood in the same slot.
    pub(super) replaced: Option<Statement>,
    /// What stood in another one; or the new statement itself.
    pub(super) spilt: Option<Statement>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Dossier {
    /// By node.
    pub(super) cards: BTreeMap<Key, Card>,
    /// By subject.
    pub(super) vouches: BTreeMap<Key, Vouch>,
    /// By node.
    pub(super) revocations: BTreeMap<Key, Revocation>,
}

impl Dossier {
    /// Takes a statement in if it counts more than what is known; `None` if it is no news.
    pub(super) fn take(&mut self, statement: Statement) -> Option<GaveWay> {
        let about = statement.about();
        match statement {
            Statement::Card(card) => {
                let cards = Kept(&mut self.cards, CARDS_MAX);
                cards.put(about, *card, card_weight, |card| {
                    Statement::Card(card.into())
                })
            }
            Statement::Vouch(vouch) => {
                let vouches = Kept(&mut self.vouches, VOUCHES_MAX);
                vouches.put(about, vouch, Vouch::weight, Statement::Vouch)
            }
            Statement::Revocation(revocation) => {
                let revocations = Kept(&mut self.revocations, REVOCATIONS_MAX);
                revocations.put(about, revocation, caution, Statement::Revocation)
            }
        }
    }

    /// The card that counts: the one with the highest serial.
    pub(super) fn present(&self) -> Option<&Card> {
        self.cards.values().max_by_key(|card| card_weight(card))
    }

    /// Everything.
    pub(super) fn statements(&self) -> impl Iterator<Item = Statement> + '_ {
        let cards = self.cards.values();
        let vouches = self.vouches.values().copied();
        let revocations = self.revocations.values().cloned();
        cards
            .map(|card| Statement::Card(card.clone().into()))
            .chain(vouches.map(Statement::Vouch))
            .chain(revocations.map(Statement::Revocation))
    }

    /// The word by which it removed another, if that is its last about it.
    pub(super) fn removal_of(&self, other: &Key) -> Option<&Vouch> {
        let vouch = self.vouches.get(other);
        vouch.filter(|vouch| vouch.stance == Stance::Removes)
    }

    /// The highest serial in use.
    pub(super) fn serial(&self) -> u64 {
        let cards = self.cards.values().map(|card| card.serial);
        let vouches = self.vouches.values().map(|vouch| vouch.serial);
        cards.chain(vouches).max().unwrap_or(0)
    }
}

/// Statements of one sort, and how many of them are kept.
struct Kept<'a, T>(&'a mut BTreeMap<Key, T>, usize);

impl<T> Kept<'_, T> {
    /// Puts `new` in its place if it weighs more than what is there. If there are too many
    /// then, the lightest goes: the heaviest of all that ever came stay, in whatever order
    /// they came.
    fn put<W: Ord>(
        self,
        about: Key,
        new: T,
        weight: impl Fn(&T) -> W,
        wrap: impl Fn(T) -> Statement,
    ) -> Option<GaveWay> {
        let Self(kept, max) = self;
        let known = kept.get(&about);
        if known.is_some_and(|known| weight(known) >= weight(&new)) {
            return None;
        }
        let replaced = kept.insert(about, new);
        let is_full = kept.len() > max;
        let lightest = || kept.iter().min_by_key(|(_, one)| weight(one));
        let lightest = is_full.then(lightest).flatten().map(|(&about, _)| about);
        let spilt = lightest.and_then(|about| kept.remove(&about));
        Some(GaveWay {
            replaced: replaced.map(&wrap),
            spilt: spilt.map(&wrap),
        })
    }
}

fn card_weight(card: &Card) -> (u64, Vec<u8>) {
    (card.serial, card.encode())
}

/// Of two revocations the one that believes less counts, stream by stream as far as that
/// can be said of the whole, then any that all agree on.
fn caution(revocation: &Revocation) -> (std::cmp::Reverse<u128>, Vec<u8>) {
    let believed = revocation.believed.values().map(|&last| u128::from(last));
    (std::cmp::Reverse(believed.sum()), revocation.encode())
}
