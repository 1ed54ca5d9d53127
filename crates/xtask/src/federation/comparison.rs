//! Whether two nodes hold the same claims: claim by claim, by who said what and when.

use crate::federation::text;
use crate::http::Connection;
use crate::node::{Node, escaped};
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;

/// Series of measurements: after a cut only the newest of each source is sent.
const SERIES: [&str; 4] = ["co2", "humidity", "temperature", "ventilation"];

/// A claim that was made somewhere, as whoever asks *why* is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Told {
    pub entity: String,
    pub attribute: String,
    pub source: String,
    pub observed: String,
    /// What was said: the value, or that there is none.
    pub said: String,
}

/// The claims about one attribute of one twin: those made here if `from` is `None`, else
/// those received from that organisation, by their sources there.
pub(crate) fn told(
    node: &Node,
    connection: &mut Connection,
    entity: &str,
    attribute: &str,
    from: Option<&str>,
) -> Result<Vec<Told>> {
    let path = format!(
        "/v1/entities/{}/attributes/{attribute}/why",
        escaped(entity)
    );
    let answer = connection.ask(&node.request("GET", &path, b""))?;
    if answer.status == 404 {
        return Ok(Vec::new());
    }
    let answer = answer.json()?;
    let claims = answer["claims"].as_array().context("`why` has no claims")?;
    let claim = |claim: &Value| {
        // Claims of others tell about people in a room without being about this attribute.
        (claim["entity"] == entity && claim["attribute"] == attribute).then_some(())?;
        let source = source_of(claim["source"].as_str()?, from)?;
        Some(Told {
            entity: entity.to_owned(),
            attribute: attribute.to_owned(),
            source: source.to_owned(),
            observed: text(claim, "observed"),
            said: said(claim),
        })
    };
    Ok(claims.iter().filter_map(claim).collect())
}

/// The name of a source where it speaks; `None` if it is not of that organisation.
fn source_of<'a>(source: &'a str, from: Option<&str>) -> Option<&'a str> {
    let received = source.strip_prefix("urn:twin:from:");
    match (received, from) {
        (None, None) => Some(source),
        (Some(received), Some(name)) => {
            let (whose, source) = received.split_once(':')?;
            (whose.rsplit_once('.')?.0 == name).then_some(source)
        }
        _ => None,
    }
}

/// What a claim says, without where and when it was written down.
fn said(claim: &Value) -> String {
    const SAID: [&str; 9] = [
        "value",
        "unit",
        "uncertainty",
        "absent",
        "notApplicable",
        "unknown",
        "retract",
        "validFrom",
        "validUntil",
    ];
    let said: serde_json::Map<String, Value> = SAID
        .iter()
        .filter_map(|field| {
            let value = claim.get(*field).filter(|value| !value.is_null())?;
            Some(((*field).to_owned(), value.clone()))
        })
        .collect();
    Value::Object(said).to_string()
}

/// How the claims of one node compare with what another received of them.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    pub same: usize,
    /// Measurements for which a newer one of the same source arrived.
    pub superseded: usize,
    /// Made and not received.
    pub missing: Vec<Told>,
    /// Received and not made, or more often than made.
    pub surplus: Vec<Told>,
}

impl Comparison {
    /// Holds the claims of one attribute of one twin against each other.
    pub(crate) fn take(&mut self, mut made: Vec<Told>, mut received: Vec<Told>) {
        made.sort();
        received.sort();
        let mut left = received.iter().peekable();
        for claim in &made {
            while let Some(other) = left.next_if(|other| *other < claim) {
                self.surplus.push(other.clone());
            }
            if left.next_if(|other| *other == claim).is_some() {
                self.same += 1;
            } else if is_superseded(claim, &received) {
                self.superseded += 1;
            } else {
                self.missing.push(claim.clone());
            }
        }
        self.surplus.extend(left.cloned());
    }

    /// Adds what another comparison found.
    pub(crate) fn add(&mut self, other: Self) {
        self.same += other.same;
        self.superseded += other.superseded;
        self.missing.extend(other.missing);
        self.surplus.extend(other.surplus);
    }

    /// How many claims one side has and the other has not.
    pub(crate) fn differing(&self) -> usize {
        self.missing.len() + self.surplus.len()
    }

    /// How many are missing and surplus of each attribute, in words.
    pub(crate) fn tally(&self) -> String {
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for told in &self.missing {
            counts.entry(&told.attribute).or_default().0 += 1;
        }
        for told in &self.surplus {
            counts.entry(&told.attribute).or_default().1 += 1;
        }
        let counts = counts.iter();
        let words: Vec<String> = counts
            .map(|(name, (missing, surplus))| {
                format!("{name} {missing} missing, {surplus} surplus")
            })
            .collect();
        words.join("; ")
    }

    /// Some of them, in words.
    pub(crate) fn examples(&self) -> impl Iterator<Item = String> {
        let missing = self.missing.iter().take(5).map(|told| ("missing", told));
        let surplus = self.surplus.iter().take(5).map(|told| ("surplus", told));
        missing.chain(surplus).map(|(how, told)| {
            let Told {
                entity,
                attribute,
                source,
                observed,
                said,
            } = told;
            format!("{how}: {attribute} of {entity} by {source} at {observed}: {said}")
        })
    }
}

fn is_superseded(claim: &Told, received: &[Told]) -> bool {
    let newer = |new: &Told| new.source == claim.source && new.observed >= claim.observed;
    SERIES.contains(&claim.attribute.as_str()) && received.iter().any(newer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sources_are_known_again_where_they_were_received() {
        let cases = [
            ("urn:a", None, Some("urn:a")),
            ("urn:a", Some("tower"), None),
            (
                "urn:twin:from:tower.00ff00ff:urn:a",
                Some("tower"),
                Some("urn:a"),
            ),
            ("urn:twin:from:tower.00ff00ff:urn:a", Some("brigade"), None),
            ("urn:twin:from:tower.00ff00ff:urn:a", None, None),
        ];
        for (source, from, expected) in cases {
            assert_eq!(source_of(source, from), expected, "{source} from {from:?}");
        }
    }

    #[test]
    fn what_is_said_is_not_when_it_was_recorded() {
        let claim = json!({"value": 3, "recorded": "…", "unit": null, "id": "1-2"});
        assert_eq!(said(&claim), r#"{"value":3}"#);
    }

    fn claim(attribute: &str, observed: &str) -> Told {
        Told {
            entity: "e".into(),
            attribute: attribute.into(),
            source: "s".into(),
            observed: observed.into(),
            said: "1".into(),
        }
    }

    #[test]
    fn what_only_one_side_has_differs() {
        let [a, b, c] = ["1", "2", "3"].map(|observed| claim("smoke", observed));
        let cases = [
            (vec![a.clone(), b.clone()], vec![b.clone(), a.clone()], 2, 0),
            (vec![a.clone(), b.clone()], vec![b.clone()], 1, 1),
            (vec![b.clone()], vec![a.clone(), b.clone(), c.clone()], 1, 2),
            // Received twice.
            (vec![a.clone()], vec![a.clone(), a.clone()], 1, 1),
            (vec![], vec![], 0, 0),
        ];
        for (made, received, same, differing) in cases {
            let mut comparison = Comparison::default();
            comparison.take(made, received);
            let found = (comparison.same, comparison.differing());
            assert_eq!(found, (same, differing), "{comparison:?}");
        }
    }

    #[test]
    fn of_measurements_the_newest_suffices() {
        let [old, new] = ["1", "2"].map(|observed| claim("temperature", observed));
        let mut comparison = Comparison::default();
        comparison.take(vec![old.clone(), new.clone()], vec![new.clone()]);
        assert_eq!((comparison.same, comparison.superseded), (1, 1));
        comparison.take(vec![old.clone(), new], vec![old]);
        assert_eq!(comparison.differing(), 1);
    }
}
