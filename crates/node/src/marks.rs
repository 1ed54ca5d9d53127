//! How the node marks itself: for every live attribute whether its intervals hold what they
//! promise, and against which sources.

use crate::answer::{CalibrationAnswer, SourceMark};
use crate::error::Error;
use crate::reader::{LIMIT_MAX, Reader};
use twin_fusion::calibration::Calibration;
use twin_model::{Catalogue, Estimator};
use twin_policy::View;

impl Reader {
    /// Whether estimates hold what they promise: every live attribute that the caller may
    /// see, in order of name, and at most `limit` of the sources they were compared with,
    /// after a place in the list.
    pub fn calibration(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<View<CalibrationAnswer>, Error> {
        let after = after.map(parse_place).transpose()?;
        let limit = limit.clamp(1, LIMIT_MAX);
        let live = Catalogue::BUILT_IN
            .iter()
            .filter(|spec| !matches!(spec.estimator, Estimator::Static { .. }))
            .filter(|spec| self.policy.may_see(spec.sensitivity));
        let mut answer = CalibrationAnswer::default();
        for spec in live {
            let number = self.picture.names.attributes.find(spec.name);
            let Some(book) = number.and_then(|number| self.picture.books.book(number)) else {
                answer.classes.push(Calibration::new(spec).report());
                continue;
            };
            answer.classes.push(book.calibration.report());
            for (source, score) in book.calibration.sources() {
                let place = (spec.name, source);
                if after
                    .as_ref()
                    .is_some_and(|(name, last)| place <= (name.as_str(), *last))
                {
                    continue;
                }
                if answer.sources.len() == limit {
                    answer
                        .next
                        .get_or_insert_with(|| place_before(&answer.sources));
                    break;
                }
                answer.sources.push(SourceMark {
                    source: self.picture.names.sources.name(source),
                    number: source,
                    spec,
                    score,
                    trust: book.trust.trust(source),
                });
            }
        }
        Ok(self.release(answer))
    }
}

/// The place of the last of the sources.
fn place_before(sources: &[SourceMark]) -> String {
    sources.last().map_or_else(String::new, |mark| {
        format!("{}-{}", mark.spec.name, mark.number)
    })
}

fn parse_place(text: &str) -> Result<(String, u32), Error> {
    let bad = || Error::Invalid(format!("`{text}` is not the `next` of a page before"));
    let (name, source) = text.rsplit_once('-').ok_or_else(bad)?;
    Ok((name.to_owned(), source.parse().map_err(|_| bad())?))
}
