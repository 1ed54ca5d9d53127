//! What is said of storeys where a link is too narrow for their rooms.
//!
//! Only what this node's own sources say is summed up. Where claims of another organisation
//! take part in what is believed of a room, the room counts as unknown: what others told is
//! never told on.

use crate::picture::Picture;
use std::collections::BTreeSet;
use twin_exchange::coarsen::{Estimates, STOREYS_MAX, Storey};
use twin_exchange::{Env, Exchange, Scene, Word};
use twin_link::OriginId;
use twin_model::naming::is_received;
use twin_model::{EntityId, Estimate, SourceId, Time};
use twin_policy::sharing::{Form, Recipient, Whereabouts};

/// In whose name storeys are summed up.
const NODE: &str = "urn:twin:node";

/// What the node itself believes at a time.
struct Own<'a>(&'a Picture, Time);

impl Estimates for Own<'_> {
    fn estimate(&self, part: &EntityId, attribute: &str) -> Estimate {
        let Self(picture, at) = *self;
        let number = picture.names.entities.find(part.as_str());
        let estimate = number.and_then(|number| picture.estimate(number, attribute, at));
        let is_own = |estimate: &Estimate| {
            let mut sources = estimate.contributors.iter().map(|c| &c.source);
            !sources.any(is_received)
        };
        estimate
            .filter(is_own)
            .unwrap_or_else(|| Estimate::unknown(at))
    }
}

/// Looks which links are too narrow for rooms, and says of storeys what is due.
pub(super) fn pace(exchange: &mut Exchange, picture: &Picture, env: &mut Env<'_>) {
    if !exchange.may_sum_up() {
        return;
    }
    let source = SourceId::new(NODE).expect("a URI");
    for (member, word) in exchange.pace(env) {
        tell(exchange, (member, word), picture, &source, env);
    }
}

fn tell(
    exchange: &mut Exchange,
    (member, word): (OriginId, Word),
    picture: &Picture,
    source: &SourceId,
    env: &mut Env<'_>,
) {
    let storeys = storeys(exchange, member, picture);
    let scene = Scene {
        storeys: &storeys,
        estimates: &Own(picture, env.now),
        source,
        whereabouts: picture,
    };
    exchange.sum_up(member, word, &scene, env);
}

/// The storeys that rules for a member may be about, in order of their URI.
fn storeys(exchange: &Exchange, member: OriginId, picture: &Picture) -> Vec<Storey> {
    let structure = picture.structure();
    let rules = exchange.rules().iter().filter(|record| {
        let rule = record.rule();
        rule.form == Form::StoreysWhenNarrow && rule.to == Recipient::Peer(member.0)
    });
    let areas: BTreeSet<Option<&EntityId>> =
        rules.map(|record| record.rule().area.as_ref()).collect();
    let is_meant = |storey: &EntityId| {
        areas.iter().any(|area| match area {
            Some(area) => picture.is_within(storey, area) || picture.is_within(area, storey),
            None => true,
        })
    };
    let names = &picture.names.entities;
    let numbers = structure
        .buildings
        .iter()
        .flat_map(|&building| structure.storeys(building));
    let mut storeys: Vec<(EntityId, u32)> = numbers
        .map(|&number| (names.name(number), number))
        .filter(|(id, _)| is_meant(id))
        .collect();
    storeys.sort_unstable();
    storeys.truncate(STOREYS_MAX);
    let parts = |numbers: &[u32]| numbers.iter().map(|&number| names.name(number)).collect();
    let storey = |(id, number): (EntityId, u32)| Storey {
        id,
        rooms: parts(structure.spaces(number)),
        doors: parts(structure.portals(number)),
    };
    storeys.into_iter().map(storey).collect()
}
