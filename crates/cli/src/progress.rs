//! A line that shows how far a long task has got.

use crate::output::{Output, harmless};

/// Width of the bar in characters.
const WIDTH: usize = 24;

/// Progress of one task; only a terminal sees it.
#[derive(Debug)]
pub(crate) struct Progress<'a> {
    output: &'a Output,
    what: String,
    last: String,
}

impl<'a> Progress<'a> {
    /// Of a task with this name.
    pub(crate) fn new(output: &'a Output, what: &str) -> Self {
        Self {
            output,
            what: harmless(what),
            last: String::new(),
        }
    }

    /// `share` of the task is done, now at `stage`.
    pub(crate) fn at(&mut self, share: f64, stage: &str) {
        let line = format!("{}  {}  {}", self.what, bar(share), harmless(stage));
        if line != self.last {
            self.output.live(&line);
            self.last = line;
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if !self.last.is_empty() {
            self.output.live("");
        }
    }
}

fn bar(share: f64) -> String {
    let share = if share.is_finite() {
        share.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let full = (share * WIDTH as f64) as usize;
    format!(
        "[{}{}] {:3.0} %",
        "#".repeat(full),
        ".".repeat(WIDTH - full),
        share * 100.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn bars() {
        let all: Vec<_> = [0.0, 0.4, 1.0, 7.0, f64::NAN].map(bar).into();
        expect![[r"
            [........................]   0 %
            [#########...............]  40 %
            [########################] 100 %
            [########################] 100 %
            [........................]   0 %"]]
        .assert_eq(&all.join("\n"));
    }
}
