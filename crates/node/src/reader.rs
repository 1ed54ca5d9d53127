//! Reading: one caller, one picture, one instant.
//!
//! INVARIANT: RELEASE-ONLY: every public method yields a [`View`], made by `policy`
//! for this caller; there is no other way to what the node knows.

use crate::answer::{
    Answer, BuildingAnswer, BuildingLine, Changed, FindingFilter, FindingLine, Page, PlanAnswer,
    StoreyLine, Twin, TwinFilter, VerbatimLine,
};
use crate::cell::{AttributeCell, EntityCell, VerbatimEntry};
use crate::city::atlas::plan_place;
use crate::error::Error;
use crate::live::Key;
use crate::picture::Picture;
use std::collections::BTreeMap;
use std::sync::Arc;
use twin_exchange::coarsen::HOLDS_S as SUMMARY_HOLDS_S;
use twin_fusion::Setting;
use twin_model::catalogue::{sensitivity, summarised};
use twin_model::{
    Attribute, AttributeSpec, Caller, Catalogue, CommitNumber, EntityId, EntityKind, Estimate,
    Flag, Knowledge, Summary, Time, Value,
};
use twin_policy::{self as policy, View};
use twin_store as store;

/// Most items of one page, and most claims of one *why*.
pub const LIMIT_MAX: usize = 10_000;

/// One caller's look at one picture.
#[derive(Debug, Clone)]
pub struct Reader {
    pub(crate) picture: Arc<Picture>,
    pub(crate) store: store::Reader,
    pub(crate) policy: policy::Reader,
    pub(crate) caller: Caller,
    pub(crate) at: Time,
}

/// The attributes whose state makes a space safe or not, worst first.
const LIVE_ATTRIBUTES: [&str; 4] = ["smoke", "temperature", "co2", "occupancy"];

impl Reader {
    /// The commit this picture is of.
    pub fn commit(&self) -> CommitNumber {
        self.picture.commit
    }

    /// The time the estimates are about.
    pub fn at(&self) -> Time {
        self.at
    }

    /// Every building, but for those of which only the ground plan is known: a city's are
    /// found on the map.
    pub fn buildings(&self) -> Result<View<Vec<BuildingLine>>, Error> {
        let structure = self.picture.structure();
        let only_outside = |building: u32| {
            !structure.has_inside(building) && self.cell(building, "outline").is_some()
        };
        let listed = structure.buildings.iter();
        let lines = listed
            .filter(|&&building| !only_outside(building))
            .map(|&building| {
                let id = self.id(building);
                let latest = self.picture.imports.iter().rev().find(|import| {
                    import.building.as_ref() == Some(&id)
                        && import.undone_by.is_none()
                        && import.undo_of.is_none()
                });
                BuildingLine {
                    name: self.estimate(building, "name"),
                    storeys: structure.storeys(building).len(),
                    spaces: structure.spaces_of_building(building).count(),
                    portals: structure.portals_of_building(building).count(),
                    findings: latest.map(|i| i.finding_counts.clone()).unwrap_or_default(),
                    id,
                }
            });
        Ok(self.release(lines.collect()))
    }

    /// A building with its storeys.
    pub fn building(&self, id: &EntityId) -> Result<View<BuildingAnswer>, Error> {
        let number = self.find(id, EntityKind::Building)?;
        let storeys = self.picture.structure().storeys(number);
        let answer = BuildingAnswer {
            id: id.clone(),
            name: self.estimate(number, "name"),
            place: plan_place(&self.picture, number),
            storeys: storeys
                .iter()
                .map(|&storey| self.storey_line(storey))
                .collect(),
        };
        Ok(self.release(answer))
    }

    fn storey_line(&self, storey: u32) -> StoreyLine {
        let structure = self.picture.structure();
        let spaces = structure.spaces(storey);
        let mut status = BTreeMap::new();
        for &space in spaces {
            *status.entry(self.space_status(space)).or_insert(0) += 1;
        }
        StoreyLine {
            id: self.id(storey),
            name: self.estimate(storey, "name"),
            elevation: self.estimate(storey, "elevation"),
            spaces: spaces.len(),
            portals: structure.portals(storey).len(),
            status,
            alarms: spaces
                .iter()
                .filter(|&&space| self.smoke_is_probable(space))
                .count(),
        }
    }

    /// The worst summary among the live attributes of a space that anyone ever spoke of.
    pub(crate) fn space_status(&self, space: u32) -> Summary {
        let badness = |summary: &Summary| match summary {
            Summary::Conflicting => 5,
            Summary::Stale => 4,
            Summary::Unknown | Summary::Absent | Summary::NotApplicable => 3,
            Summary::Assumed | Summary::Predicted => 2,
            Summary::Inferred => 1,
            Summary::Observed | Summary::Fused | Summary::Withheld => 0,
        };
        let known = LIVE_ATTRIBUTES.iter().filter_map(|name| {
            let spec = Catalogue::BUILT_IN.get(name)?;
            if !self.policy.may_see(spec.sensitivity) {
                return None;
            }
            match self.cell(space, name)? {
                AttributeCell::Modelled(spec, state) => {
                    let attribute = self.picture.names.attributes.find(name)?;
                    let ask = |setting: &Setting| state.summary(spec, self.at, setting);
                    Some(self.picture.ask(attribute, spec, ask))
                }
                AttributeCell::Verbatim(_) => None,
            }
        });
        known.max_by_key(badness).unwrap_or(Summary::Unknown)
    }

    pub(crate) fn smoke_is_probable(&self, space: u32) -> bool {
        let estimate = self.estimate(space, "smoke");
        estimate.value() == Some(Value::Boolean(true))
            && !matches!(estimate.summary(), Summary::Stale | Summary::Withheld)
    }

    /// The plan of a storey.
    pub fn plan(&self, storey: &EntityId) -> Result<View<PlanAnswer>, Error> {
        let number = self.find(storey, EntityKind::Storey)?;
        let structure = self.picture.structure();
        let twins = |list: &[u32], kind| -> Vec<Twin> {
            list.iter()
                .map(|&number| self.twin_of(number, kind))
                .collect()
        };
        let spaces = twins(structure.spaces(number), EntityKind::Space);
        let portals = twins(structure.portals(number), EntityKind::Portal);
        let answer = PlanAnswer {
            id: storey.clone(),
            building: structure
                .building_of(number)
                .map(|building| self.id(building)),
            bounds: bounds(spaces.iter().chain(&portals)),
            spaces,
            portals,
        };
        Ok(self.release(answer))
    }

    /// One twin.
    pub fn twin(&self, id: &EntityId) -> Result<View<Twin>, Error> {
        let number = self.number(id, "twin")?;
        let kind = self
            .picture
            .structure()
            .kind(number)
            .unwrap_or(EntityKind::Thing);
        Ok(self.release(self.twin_of(number, kind)))
    }

    /// Twins in order of URI.
    pub fn twins(&self, filter: &TwinFilter) -> Result<View<Page<Twin>>, Error> {
        let structure = self.picture.structure();
        let building = filter
            .building
            .as_ref()
            .map(|id| self.number(id, "building"))
            .transpose()?;
        let storey = filter
            .storey
            .as_ref()
            .map(|id| self.number(id, "storey"))
            .transpose()?;
        let wanted = |number: &u32| {
            let kind = structure.kind(*number);
            self.picture
                .entity(*number)
                .is_some_and(|cell| !cell.is_empty())
                && filter.kind.is_none_or(|k| kind == Some(k))
                && building.is_none_or(|b| structure.building_of(*number) == Some(b))
                && storey.is_none_or(|s| structure.storey_of(*number) == Some(s))
        };
        let numbers = (0..self.picture.entities.len() as u32).filter(wanted);
        let mut ids: Vec<(EntityId, u32)> = numbers
            .map(|number| (self.id(number), number))
            .filter(|(id, _)| {
                filter
                    .after
                    .as_deref()
                    .is_none_or(|after| id.as_str() > after)
            })
            .collect();
        ids.sort_unstable();
        let limit = filter.limit.clamp(1, LIMIT_MAX);
        let next = (ids.len() > limit).then(|| ids[limit - 1].0.to_string());
        ids.truncate(limit);
        let items = ids
            .into_iter()
            .map(|(_, n)| self.twin_of(n, structure.kind(n).unwrap_or(EntityKind::Thing)))
            .collect();
        Ok(self.release(Page { items, next }))
    }

    /// Findings of the imports that hold, newest import first.
    pub fn findings(&self, filter: &FindingFilter) -> Result<View<Page<FindingLine>>, Error> {
        self.may(&policy::Action::ReadFindings)?;
        let limit = filter.limit.clamp(1, LIMIT_MAX);
        let mut skipping = filter.after.is_some();
        let (mut items, mut next) = (Vec::new(), None);
        for import in self.current_imports() {
            if filter.building.is_some() && filter.building != import.building {
                continue;
            }
            for (index, finding) in import.findings.iter().enumerate() {
                let id = format!("{}-{index}", import.batch.0);
                if skipping {
                    skipping = filter.after.as_deref() != Some(&id);
                    continue;
                }
                let wanted = filter
                    .code
                    .as_deref()
                    .is_none_or(|c| c == finding.code.as_str())
                    && filter
                        .severity
                        .as_deref()
                        .is_none_or(|s| s == finding.code.severity().as_str());
                if !wanted {
                    continue;
                }
                if items.len() == limit {
                    next = items.last().map(|line: &FindingLine| line.id.clone());
                    return Ok(self.release(Page { items, next }));
                }
                items.push(FindingLine {
                    id,
                    finding: finding.clone(),
                    batch: import.batch,
                    building: import.building.clone(),
                    recorded: import.recorded,
                });
            }
        }
        Ok(self.release(Page { items, next }))
    }

    /// The latest import of each lineage that was not taken back, newest first.
    pub(crate) fn current_imports(&self) -> impl Iterator<Item = &crate::journal::ImportRecord> {
        let mut seen = std::collections::BTreeSet::new();
        self.picture
            .imports
            .iter()
            .rev()
            .filter(|import| import.undone_by.is_none() && import.undo_of.is_none())
            .filter(move |import| seen.insert(&import.lineage))
            .map(Arc::as_ref)
    }

    /// The present answers for changed attributes this caller may see.
    pub(crate) fn changes(&self, keys: &[Key]) -> View<Vec<Changed>> {
        let structure = self.picture.structure();
        let name = |number: Option<u32>| number.map(|number| self.id(number));
        let changes = keys
            .iter()
            .filter_map(|&(entity, number)| {
                let attribute = self.picture.names.attributes.name(number);
                self.may_read(&attribute).ok()?;
                Some(Changed {
                    answer: self.answer(entity, &attribute)?,
                    entity: self.id(entity),
                    storey: name(structure.storey_of(entity)),
                    building: name(structure.building_of(entity)),
                    attribute,
                })
            })
            .collect();
        self.release(changes)
    }

    /// Every attribute a twin of its kind can have and every one that was spoken of:
    /// what was never spoken of is unknown, what may not be told is withheld, and
    /// withheld looks the same whether it was spoken of or not.
    pub(crate) fn twin_of(&self, number: u32, kind: EntityKind) -> Twin {
        let empty = EntityCell::default();
        let cell = self.picture.entity(number).unwrap_or(&empty);
        let mut attributes: Vec<(Attribute, Answer)> = Vec::with_capacity(cell.attributes.len());
        for (attribute, state) in &cell.attributes {
            let name = self.picture.names.attributes.name(*attribute);
            match &**state {
                AttributeCell::Modelled(spec, _) => {
                    if spec.kinds.contains(&kind) || self.policy.may_see(spec.sensitivity) {
                        attributes.push((name, self.modelled(number, spec)));
                    }
                }
                AttributeCell::Verbatim(entries)
                    if self.policy.may_see(sensitivity(name.as_str())) =>
                {
                    match self.verbatim(&name, entries) {
                        Answer::Verbatim(lines) if lines.is_empty() => {}
                        answer => attributes.push((name, answer)),
                    }
                }
                AttributeCell::Verbatim(_) => {}
            }
        }
        let passed_by = |spec: &AttributeSpec| {
            !cell.passed_by.is_empty() && self.was_passed_by(number, spec.name)
        };
        for spec in Catalogue::BUILT_IN.iter().filter(|spec| {
            let told = || passed_by(spec) && self.policy.may_see(spec.sensitivity);
            spec.kinds.contains(&kind) || told()
        }) {
            let present = attributes
                .iter()
                .any(|(name, _)| name.as_str() == spec.name);
            if let (false, Ok(name)) = (present, Attribute::new(spec.name)) {
                attributes.push((name, self.modelled(number, spec)));
            }
        }
        attributes.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Twin {
            id: self.id(number),
            kind,
            attributes,
        }
    }

    pub(crate) fn answer(&self, twin: u32, attribute: &Attribute) -> Option<Answer> {
        let spec = Catalogue::BUILT_IN.get(attribute.as_str());
        match (self.cell(twin, attribute.as_str()), spec) {
            (Some(AttributeCell::Verbatim(entries)), _) => Some(self.verbatim(attribute, entries)),
            (_, Some(spec)) => Some(self.modelled(twin, spec)),
            (_, None) => None,
        }
    }

    /// What is believed of an attribute of the catalogue: by what was said of it, or inferred
    /// from what was said of others.
    fn modelled(&self, twin: u32, spec: &'static AttributeSpec) -> Answer {
        let estimate = if self.policy.may_see(spec.sensitivity) {
            let own = self.picture.estimate(twin, spec.name, self.at);
            let own = own.unwrap_or_else(|| self.unknown(twin, spec));
            self.among_others(twin, spec, own)
        } else {
            Estimate::withheld(self.at)
        };
        Answer::Modelled { spec, estimate }
    }

    /// The estimate beside what is measured around: in place of it where nothing is known.
    fn among_others(&self, twin: u32, spec: &'static AttributeSpec, own: Estimate) -> Estimate {
        match own.knowledge {
            Knowledge::Unknown => match self.picture.inferred(twin, spec, self.at) {
                Some(inferred) => {
                    let flags = inferred.flags.union(own.flags);
                    Estimate { flags, ..inferred }
                }
                None => own,
            },
            Knowledge::Known if self.picture.contradiction(twin, spec, self.at).is_some() => {
                let flags = own.flags.with(Flag::FaultySource);
                Estimate { flags, ..own }
            }
            _ => own,
        }
    }

    fn unknown(&self, twin: u32, spec: &AttributeSpec) -> Estimate {
        let was_passed_by = self.was_passed_by(twin, spec.name);
        self.picture
            .marked(Estimate::unknown(self.at), was_passed_by)
    }

    fn was_passed_by(&self, number: u32, attribute: &str) -> bool {
        let attribute = self.picture.names.attributes.find(attribute);
        let cell = self.picture.entity(number);
        attribute.is_some_and(|a| cell.is_some_and(|cell| cell.was_passed_by(a)))
    }

    /// What each source wrote; of a storey's summary only what holds still.
    fn verbatim(&self, attribute: &Attribute, entries: &[VerbatimEntry]) -> Answer {
        let is_summary = summarised(attribute.as_str()).is_some();
        let holds = |entry: &&VerbatimEntry| {
            !is_summary || self.at.seconds_since(entry.observed) < SUMMARY_HOLDS_S
        };
        let line = |entry: &VerbatimEntry| VerbatimLine {
            source: self.picture.names.sources.name(entry.source),
            claim: entry.claim,
            observed: entry.observed,
            act: entry.act.clone(),
        };
        Answer::Verbatim(entries.iter().filter(holds).map(line).collect())
    }

    /// The estimate as this caller may see it.
    pub(crate) fn estimate(&self, number: u32, attribute: &'static str) -> Estimate {
        let spec = Catalogue::BUILT_IN
            .get(attribute)
            .expect("asked for by a catalogued name");
        if !self.policy.may_see(spec.sensitivity) {
            return Estimate::withheld(self.at);
        }
        let estimate = self.picture.estimate(number, attribute, self.at);
        estimate.unwrap_or_else(|| Estimate::unknown(self.at))
    }

    pub(crate) fn cell(&self, number: u32, attribute: &str) -> Option<&AttributeCell> {
        self.picture
            .entity(number)?
            .get(self.picture.names.attributes.find(attribute)?)
    }

    pub(crate) fn id(&self, number: u32) -> EntityId {
        self.picture.names.entities.name(number)
    }

    /// The number of a twin of that kind, if the caller may know of it.
    pub(crate) fn find(&self, id: &EntityId, kind: EntityKind) -> Result<u32, Error> {
        let number = self.number(id, kind.as_str())?;
        if self.picture.structure().kind(number) == Some(kind) {
            return Ok(number);
        }
        Err(Error::NotFound {
            what: kind.as_str(),
            id: id.to_string(),
        })
    }

    pub(crate) fn number(&self, id: &EntityId, what: &'static str) -> Result<u32, Error> {
        let number = self.picture.names.entities.find(id.as_str());
        number
            .filter(|&n| self.picture.entity(n).is_some_and(|cell| !cell.is_empty()))
            .ok_or_else(|| Error::NotFound {
                what,
                id: id.to_string(),
            })
    }

    pub(crate) fn may_read(&self, attribute: &Attribute) -> Result<(), Error> {
        let sensitivity = sensitivity(attribute.as_str());
        self.may(&policy::Action::Read(sensitivity))
    }

    pub(crate) fn may(&self, action: &policy::Action<'_>) -> Result<(), Error> {
        crate::node::permit(&self.caller, action)
    }

    pub(crate) fn release<T>(&self, value: T) -> View<T> {
        self.policy.release(value)
    }
}

/// The box around every footprint and span, in metres.
fn bounds<'a>(twins: impl Iterator<Item = &'a Twin>) -> Option<[f64; 4]> {
    let mut bounds: Option<[f64; 4]> = None;
    let mut widen = |[x, y]: [f64; 2]| {
        let [x0, y0, x1, y1] = bounds.unwrap_or([x, y, x, y]);
        bounds = Some([x0.min(x), y0.min(y), x1.max(x), y1.max(y)]);
    };
    for (_, answer) in twins.flat_map(|twin| &twin.attributes) {
        let Answer::Modelled { estimate, .. } = answer else {
            continue;
        };
        match estimate.value() {
            Some(Value::Polygon(polygon)) => {
                polygon.rings.iter().flatten().copied().for_each(&mut widen);
            }
            Some(Value::Line(line)) => line.iter().copied().for_each(&mut widen),
            _ => {}
        }
    }
    bounds
}
