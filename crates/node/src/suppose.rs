//! What would be believed if something were so: claims that nobody has made are weighed
//! into a copy of the picture, which is then forgotten. Nothing of it is recorded.

use crate::answer::{Supposed, Supposition};
use crate::error::Error;
use crate::live::Live;
use crate::past::foresee;
use crate::prepare::{self, Draft, Refusal};
use crate::reader::Reader;
use std::sync::Arc;
use twin_model::{Attribute, BatchId, Claim, ClaimId, EntityId, SourceId};
use twin_policy::View;

/// Most claims of one supposition.
pub const SUPPOSED_MAX: usize = 100;
/// Most estimates that are asked for with it.
pub const ASKED_MAX: usize = 1000;
/// Who says what is only supposed, unless a source is named.
const SUPPOSER: &str = "urn:twin:supposed";

impl Reader {
    /// What would be believed at a time if the claims had been made. Asked about nothing in
    /// particular, it answers about what the claims change. A claim that could not be
    /// recorded is refused, and nothing is supposed.
    pub fn suppose(
        &self,
        supposition: Supposition,
    ) -> Result<Result<View<Vec<Supposed>>, Refusal>, Error> {
        let Supposition { claims, ask, at } = supposition;
        if claims.len() > SUPPOSED_MAX || ask.len() > ASKED_MAX {
            let message =
                format!("at most {SUPPOSED_MAX} claims and {ASKED_MAX} questions at a time");
            return Err(Error::Invalid(message));
        }
        let at = at.unwrap_or(self.at);
        let mut live = Live::fork_of(&self.picture);
        let mut changed = Vec::new();
        for (index, draft) in claims.into_iter().enumerate() {
            if let Err(refusal) = suppose_one(&mut live, index, draft, at, &mut changed) {
                return Ok(Err(refusal));
            }
        }
        let supposed = Self {
            picture: Arc::new(live.picture()),
            at,
            ..self.clone()
        };
        let now = Self { at, ..self.clone() };
        let questions = if ask.is_empty() {
            supposed.named(changed)
        } else {
            ask
        };
        for (_, attribute) in &questions {
            self.may_read(attribute)?;
        }
        let answers = questions.into_iter().map(|(entity, attribute)| Supposed {
            now: now.believed(&entity, &attribute, self),
            supposed: supposed.believed(&entity, &attribute, self),
            entity,
            attribute,
        });
        Ok(Ok(self.release(answers.collect())))
    }

    /// The changed attributes that the caller may see, each once.
    fn named(&self, mut keys: Vec<(u32, u32)>) -> Vec<(EntityId, Attribute)> {
        keys.sort_unstable();
        keys.dedup();
        let name = |(twin, attribute)| {
            let attribute = self.picture.names.attributes.name(attribute);
            (self.id(twin), attribute)
        };
        let named = keys.into_iter().map(name);
        named
            .filter(|(_, attribute)| self.may_read(attribute).is_ok())
            .collect()
    }

    fn believed(
        &self,
        entity: &EntityId,
        attribute: &Attribute,
        present: &Self,
    ) -> Option<crate::Answer> {
        let number = self.picture.names.entities.find(entity.as_str());
        let mut answer = self.answer(number?, attribute)?;
        if self.at > present.at
            && let crate::Answer::Modelled { spec, estimate } = &mut answer
        {
            let now = self.picture.estimate(number?, spec.name, present.at);
            foresee(estimate, now.as_ref());
        }
        Some(answer)
    }
}

fn suppose_one(
    live: &mut Live,
    index: usize,
    draft: Draft,
    at: twin_model::Time,
    changed: &mut Vec<(u32, u32)>,
) -> Result<(), Refusal> {
    let supposer = || SourceId::new(SUPPOSER).expect("a URI");
    let source = draft.source.unwrap_or_else(supposer);
    let prepared = prepare::check(index, source, draft.statement, at)?;
    let claim = Claim {
        id: ClaimId {
            incarnation: u32::MAX,
            sequence: live.next_sequence,
        },
        source: prepared.source,
        statement: prepared.statement,
        recorded: at,
        batch: BatchId(0),
    };
    live.apply(&claim, prepared.canonical.as_ref(), changed);
    Ok(())
}
