//! Collecting findings without letting a broken file flood the reader.

use std::collections::BTreeMap;
use twin_model::{Code, Finding};

/// Findings kept one by one per code. The number of the rest is said in one more finding.
const PER_CODE_MAX: usize = 10_000;

/// Findings in the order in which they were made, bounded per code.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    kept: Vec<Finding>,
    counts: BTreeMap<Code, usize>,
}

impl Findings {
    pub(crate) fn add(&mut self, finding: Finding) {
        let count = self.counts.entry(finding.code).or_default();
        *count += 1;
        if *count <= PER_CODE_MAX {
            self.kept.push(finding);
        }
    }

    /// Adds `n` more of a code without their particulars.
    pub(crate) fn count(&mut self, code: Code, n: usize) {
        if n > 0 {
            *self.counts.entry(code).or_default() += n;
        }
    }

    pub(crate) fn finish(mut self) -> Vec<Finding> {
        let mut listed: BTreeMap<Code, usize> = BTreeMap::new();
        for finding in &self.kept {
            *listed.entry(finding.code).or_default() += 1;
        }
        for (code, count) in self.counts {
            let rest = count - listed.get(&code).copied().unwrap_or(0);
            if rest > 0 {
                self.kept.push(Finding::new(
                    code,
                    format!("{rest} more of this kind are not listed"),
                ));
            }
        }
        self.kept
    }
}
