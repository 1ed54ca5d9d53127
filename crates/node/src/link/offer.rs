//! What was recorded here and is offered to others.

use crate::picture::Picture;
use std::collections::VecDeque;
use twin_exchange::{Env, Exchange, Past};
use twin_model::Claim;
use twin_policy::sharing::{self, Released, RuleRecord};
use twin_store as store;

/// Claims looked at in one go; between goes frames are sent and taken.
const PORTION_CLAIMS: usize = 10_000;
/// Places in the log that are remembered for peers who are told later.
const PLACES_MAX: usize = 8;

/// Follows the log for those who are to be told of it.
#[derive(Debug)]
pub(super) struct Offering {
    log: store::Reader,
    new: Option<store::Follower>,
    /// The rule whose backfill is under way.
    earlier: Option<Earlier>,
    held: Held,
}

/// The log where a rule tells of the time before it.
#[derive(Debug)]
struct Earlier {
    rule: u64,
    follower: store::Follower,
    /// Read and not offered yet.
    claims: VecDeque<Claim>,
}

impl Earlier {
    /// The number of the next claim that it would offer.
    fn next(&self) -> u64 {
        let first = self.claims.front();
        first.map_or(self.follower.next_sequence(), |claim| claim.id.sequence)
    }
}

/// The log where it was looked through for what waited behind summaries. Several peers may
/// be at several places.
#[derive(Debug)]
struct Held {
    log: store::Reader,
    places: VecDeque<Portion>,
}

/// Claims that were read at one place: from one number to before another.
#[derive(Debug)]
struct Portion {
    from: u64,
    follower: store::Follower,
    claims: Vec<Claim>,
}

impl Past for Held {
    fn read(&mut self, from: u64) -> Option<(Vec<Claim>, u64)> {
        let stands = |p: &Portion| (p.from..=p.follower.next_sequence()).contains(&from);
        let at = self.places.iter().position(stands);
        let place = at.and_then(|at| self.places.remove(at));
        let mut place = place.unwrap_or_else(|| Portion {
            from,
            follower: self.log.follow(from),
            claims: Vec::new(),
        });
        let read = place.read(from);
        self.places.push_front(place);
        self.places.truncate(PLACES_MAX);
        match read {
            Ok(read) => Some(read),
            Err(error) => {
                tracing::error!(%error, from, "what waited for a link cannot be read");
                None
            }
        }
    }
}

impl Portion {
    fn read(&mut self, from: u64) -> Result<(Vec<Claim>, u64), store::Error> {
        self.claims.retain(|claim| claim.id.sequence >= from);
        self.from = from;
        if self.claims.is_empty() {
            self.claims = self.follower.read(PORTION_CLAIMS)?;
        }
        Ok((self.claims.clone(), self.follower.next_sequence()))
    }
}

impl Offering {
    pub(super) fn new(log: store::Reader) -> Self {
        Self {
            held: Held {
                log: log.clone(),
                places: VecDeque::new(),
            },
            log,
            new: None,
            earlier: None,
        }
    }

    /// Offers what was recorded since, at most one portion. Returns whether there may be
    /// more.
    pub(super) fn go_on(
        &mut self,
        exchange: &mut Exchange,
        picture: &Picture,
        env: &mut Env<'_>,
    ) -> Result<bool, store::Error> {
        if !exchange.rules().iter().any(RuleRecord::is_standing) {
            return Ok(false);
        }
        // Where things are is asked of the picture, which must know of every claim.
        if picture.commit < self.log.commit() {
            return Ok(false);
        }
        let next = exchange.offered() + 1;
        let is_there = |new: &store::Follower| new.next_sequence() == next;
        let mut new = match self.new.take().filter(is_there) {
            Some(new) => new,
            None => self.log.follow(next),
        };
        let claims = new.read(PORTION_CLAIMS)?;
        let upto = new.next_sequence() - 1;
        self.new = Some(new);
        if upto >= next {
            let released = release_all(exchange.rules(), &claims, picture);
            exchange.offer_or_hold(released, upto, picture, env);
        }
        let has_more = claims.len() >= PORTION_CLAIMS;
        let has_more = exchange.catch_up(&mut self.held, picture, env) || has_more;
        Ok(has_more || self.backfill(exchange, picture, env)?)
    }

    /// Goes on with what a rule tells of the time before it was made.
    fn backfill(
        &mut self,
        exchange: &mut Exchange,
        picture: &Picture,
        env: &mut Env<'_>,
    ) -> Result<bool, store::Error> {
        let left = |record: &RuleRecord| Some((record.id(), record.left_to_backfill()?));
        let Some((rule, left)) = exchange.rules().iter().find_map(left) else {
            self.earlier = None;
            return Ok(false);
        };
        let room = exchange.room_to_backfill(rule, env);
        if room == 0 {
            return Ok(false);
        }
        let from = left.start.max(1);
        let is_of = |earlier: &Earlier| earlier.rule == rule && earlier.next() >= from;
        let mut earlier = self
            .earlier
            .take()
            .filter(is_of)
            .unwrap_or_else(|| Earlier {
                rule,
                follower: self.log.follow(from),
                claims: VecDeque::new(),
            });
        if earlier.claims.is_empty() {
            earlier.claims = earlier.follower.read(PORTION_CLAIMS)?.into();
        }
        let is_over = earlier.claims.is_empty();
        let (mut released, mut bytes) = (Vec::new(), 0);
        while let Some(claim) = earlier.claims.pop_front() {
            let rules = exchange.rules();
            let told = sharing::release_earlier(rules, rule, &claim, picture);
            bytes += told.as_ref().map_or(0, twin_exchange::about_bytes);
            released.extend(told);
            if bytes >= room {
                break;
            }
        }
        let to = if is_over { left.end } else { earlier.next() };
        if let Err(error) = exchange.offer_earlier(rule, released, to, env) {
            tracing::error!(%error, rule, "what was said before a rule could not be shared");
            return Ok(false);
        }
        self.earlier = Some(earlier);
        Ok(true)
    }
}

/// Moves the place from which new claims are offered past all that there are: called before
/// the first rule is made, while nobody is told anything.
pub(super) fn skip(exchange: &mut Exchange, picture: &Picture, env: &mut Env<'_>) {
    if !exchange.rules().iter().any(RuleRecord::is_standing) {
        exchange.offer(Vec::new(), picture.next_sequence - 1, env);
    }
}

fn release_all(rules: &[RuleRecord], claims: &[Claim], picture: &Picture) -> Vec<Released> {
    let released = claims
        .iter()
        .flat_map(|claim| sharing::release(rules, claim, picture));
    released.collect()
}
