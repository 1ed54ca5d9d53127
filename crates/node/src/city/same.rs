//! Twins that stand for one thing: the list to review, and what their owners say differently.
//!
//! Whoever matched two twins says how probably they are one, and why. A steward confirms it or
//! says that they are not, and what they disagree about is shown side by side, never averaged.

use crate::answer::Page;
use crate::error::Error;
use crate::identity::IDENTITY_PREFIX;
use crate::past::Times;
use crate::reader::{LIMIT_MAX, Reader};
use std::collections::BTreeMap;
use twin_model::{
    Act, Attribute, Catalogue, Distribution, EntityId, EntityKind, Estimate, Estimator, Knowledge,
    SourceId, Stated, Value,
};
use twin_policy::{self as policy, View};

/// From this probability on an identity that a person affirmed counts as confirmed.
const CONFIRMED_MIN: f64 = 0.9;
/// Up to this probability an identity that somebody disputed counts as disputed.
const DISPUTED_MAX: f64 = 0.1;
/// Twins held to be one with less than this probability are not compared.
const COMPARED_MIN: f64 = 0.5;
/// What the sources of people begin with.
const PERSON_PREFIX: &str = "urn:twin:account:";
const OPERATOR: &str = "urn:twin:operator";
/// Attributes in which two views of one thing differ without disagreeing.
const OF_THE_VIEW: [&str; 6] = [
    "connects",
    "existence",
    "identifies",
    "partOf",
    "sitePosition",
    "type",
];

/// How far a review has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityState {
    /// Nobody has looked at it.
    Open,
    /// A person says so.
    Confirmed,
    /// It was said that they are not one.
    Disputed,
}

impl IdentityState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Open, Self::Confirmed, Self::Disputed];

    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Confirmed => "confirmed",
            Self::Disputed => "disputed",
        }
    }
}

/// Which identities are asked for.
#[derive(Debug, Clone, Default)]
pub struct IdentityFilter {
    /// Only those in this state.
    pub state: Option<IdentityState>,
    /// Only those after this one.
    pub after: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// A twin as a person would want to see it named.
#[derive(Debug, Clone)]
pub struct Named {
    /// Its URI.
    pub id: EntityId,
    /// What sort of thing it is believed to be.
    pub kind: EntityKind,
    /// What it is called.
    pub name: Option<String>,
    /// Its address.
    pub address: Option<String>,
}

/// Two twins, and how probably they are one.
#[derive(Debug, Clone)]
pub struct IdentityLine {
    /// The twin that stands for the identity.
    pub identity: EntityId,
    /// One twin.
    pub one: Named,
    /// The other.
    pub other: Named,
    /// How probable it is that they are one, 0..=1.
    pub probability: f64,
    /// How far its review has got.
    pub state: IdentityState,
    /// Why, in the words of whoever weighs most.
    pub reason: Option<String>,
    /// Who speaks of it.
    pub sources: Vec<SourceId>,
}

/// Twins held to be one thing, compared.
#[derive(Debug, Clone)]
pub struct Same {
    /// The twin asked about, then those held to be the same, most probable first.
    pub twins: Vec<(Named, f64)>,
    /// Attributes of which at least two of them have a value.
    pub attributes: Vec<Comparison>,
}

/// What several twins say of one attribute.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The attribute.
    pub name: &'static str,
    /// What each says.
    pub values: Vec<Said>,
    /// Whether all say the same.
    pub agree: bool,
}

/// What is believed of an attribute of one of the twins.
#[derive(Debug, Clone)]
pub struct Said {
    /// The twin.
    pub id: EntityId,
    /// What is believed.
    pub estimate: Estimate,
}

impl Reader {
    /// Pairs of twins that somebody spoke of as one, in order of their identities' URIs.
    pub fn identity_list(
        &self,
        filter: &IdentityFilter,
    ) -> Result<View<Page<IdentityLine>>, Error> {
        self.may(&policy::Action::Find)?;
        let mut named: Vec<(EntityId, u32)> = self.identity_twins();
        named.sort_unstable();
        let after = filter.after.as_deref();
        let asked = named
            .into_iter()
            .filter(|(id, _)| after.is_none_or(|after| id.as_str() > after));
        let limit = filter.limit.clamp(1, LIMIT_MAX);
        let (mut items, mut next) = (Vec::new(), None);
        for (id, number) in asked {
            let Some(line) = self.identity_line(id, number)? else {
                continue;
            };
            if filter.state.is_some_and(|wanted| wanted != line.state) {
                continue;
            }
            if items.len() == limit {
                next = items
                    .last()
                    .map(|line: &IdentityLine| line.identity.to_string());
                break;
            }
            items.push(line);
        }
        Ok(self.release(Page { items, next }))
    }

    fn identity_twins(&self) -> Vec<(EntityId, u32)> {
        let Some(attribute) = self.picture.names.attributes.find("identifies") else {
            return Vec::new();
        };
        let is_one = |number: &u32| {
            let cell = self.picture.entity(*number);
            cell.is_some_and(|cell| cell.get(attribute).is_some())
        };
        (0..self.picture.entities.len() as u32)
            .filter(is_one)
            .map(|number| (self.id(number), number))
            .filter(|(id, _)| id.as_str().starts_with(IDENTITY_PREFIX))
            .collect()
    }

    fn identity_line(
        &self,
        identity: EntityId,
        number: u32,
    ) -> Result<Option<IdentityLine>, Error> {
        let estimate = self.estimate(number, "identifies");
        let Some((twins, probability)) = self.pair(number, &estimate)? else {
            return Ok(None);
        };
        let [one, other] = &twins[..] else {
            return Ok(None);
        };
        let mut sources: Vec<SourceId> = estimate
            .contributors
            .iter()
            .map(|c| c.source.clone())
            .collect();
        sources.sort();
        sources.dedup();
        let by_person = sources.iter().any(is_person);
        let state = match probability {
            p if by_person && p >= CONFIRMED_MIN => IdentityState::Confirmed,
            p if p <= DISPUTED_MAX => IdentityState::Disputed,
            _ => IdentityState::Open,
        };
        let weightiest = estimate
            .contributors
            .iter()
            .max_by(|a, b| a.weight.total_cmp(&b.weight).then(b.claim.cmp(&a.claim)));
        let claim = weightiest.map(|c| self.store.claim(c.claim)).transpose()?;
        let reason = claim.flatten().and_then(|claim| claim.statement.procedure);
        Ok(Some(IdentityLine {
            identity,
            one: self.called(one),
            other: self.called(other),
            probability,
            state,
            reason: reason.map(|text| text.to_string()),
            sources,
        }))
    }

    /// The two twins, and how probably they are one. Once that is denied the estimate names no
    /// twins any more: then the claims do.
    fn pair(
        &self,
        number: u32,
        estimate: &Estimate,
    ) -> Result<Option<(Vec<EntityId>, f64)>, Error> {
        if let Some(Distribution::Alternatives(alternatives)) = &estimate.distribution
            && let Some((Value::Entities(twins), probability)) = alternatives.first()
        {
            return Ok(Some((twins.to_vec(), *probability)));
        }
        if estimate.knowledge != Knowledge::Absent {
            return Ok(None);
        }
        Ok(self.twins_once_named(number)?.map(|twins| (twins, 0.0)))
    }

    /// The twins that an identity was ever said to be about.
    fn twins_once_named(&self, number: u32) -> Result<Option<Vec<EntityId>>, Error> {
        let attribute = Attribute::new("identifies").expect("a catalogued name");
        let ever = Times {
            at: None,
            known_at: None,
        };
        let fetched = self.fetch(&self.id(number), &attribute, ever)?;
        let said = fetched.claims.into_iter().rev();
        let mut named = said.filter_map(|claim| match claim.statement.act {
            Act::Assert(Stated {
                value: Value::Entities(twins),
                ..
            }) => Some(twins.to_vec()),
            _ => None,
        });
        Ok(named.next())
    }

    fn called(&self, id: &EntityId) -> Named {
        let number = self.picture.names.entities.find(id.as_str());
        let text = |name| {
            let value = self.estimate(number?, name).value()?;
            Some(value.as_text()?.to_owned())
        };
        let kind = number.and_then(|n| self.picture.structure().kind(n));
        Named {
            id: id.clone(),
            kind: kind.unwrap_or(EntityKind::Thing),
            name: text("name"),
            address: text("address"),
        }
    }

    /// A twin beside those that are held to be the same thing.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a twin of which nothing is known.
    pub fn same(&self, id: &EntityId) -> Result<View<Same>, Error> {
        self.may(&policy::Action::Find)?;
        self.number(id, "twin")?;
        let identities = self.identities();
        let mut others: Vec<(EntityId, f64)> = identities.get(id).cloned().unwrap_or_default();
        others.retain(|(_, probability)| *probability >= COMPARED_MIN);
        others.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        others.insert(0, (id.clone(), 1.0));
        let twins: Vec<(Named, f64)> = others.iter().map(|(id, p)| (self.called(id), *p)).collect();
        let attributes = self.comparisons(&twins);
        Ok(self.release(Same { twins, attributes }))
    }

    fn comparisons(&self, twins: &[(Named, f64)]) -> Vec<Comparison> {
        let mut said: BTreeMap<&'static str, Vec<Said>> = BTreeMap::new();
        for (twin, _) in twins {
            let Some(number) = self.picture.names.entities.find(twin.id.as_str()) else {
                continue;
            };
            let compared = Catalogue::BUILT_IN.iter().filter(|spec| {
                spec.kinds.contains(&twin.kind) && !OF_THE_VIEW.contains(&spec.name)
            });
            for spec in compared {
                let estimate = self.estimate(number, spec.name);
                if estimate.value().is_some() {
                    let id = twin.id.clone();
                    said.entry(spec.name)
                        .or_default()
                        .push(Said { id, estimate });
                }
            }
        }
        let several = said.into_iter().filter(|(_, values)| values.len() > 1);
        several
            .map(|(name, values)| Comparison {
                name,
                agree: values
                    .windows(2)
                    .all(|pair| agree(name, &pair[0], &pair[1])),
                values,
            })
            .collect()
    }
}

fn is_person(source: &SourceId) -> bool {
    source.as_str().starts_with(PERSON_PREFIX) || source.as_str() == OPERATOR
}

/// Whether two estimates of an attribute say the same: numbers within its tolerance, texts but
/// for case and spaces, anything else equal.
fn agree(attribute: &str, a: &Said, b: &Said) -> bool {
    let tolerance = match Catalogue::BUILT_IN
        .get(attribute)
        .map(|spec| spec.estimator)
    {
        Some(Estimator::Static { tolerance, .. }) => tolerance,
        _ => 0.0,
    };
    match (a.estimate.value(), b.estimate.value()) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => (a - b).abs() <= tolerance,
        (Some(Value::Text(a)), Some(Value::Text(b))) => plain(&a) == plain(&b),
        (a, b) => a == b,
    }
}

fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}
