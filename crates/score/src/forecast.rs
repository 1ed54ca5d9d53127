//! What simpler methods would have believed: the last value, and a moving average.
//!
//! Neither has a spread of its own. Each is given the spread of the errors that it has made so
//! far against the readings that followed, which is kinder than a bare number would be.

/// Errors that it takes before a spread is believed.
const ERRORS_MIN: u32 = 5;

/// A method that takes readings and is asked in between.
#[derive(Debug, Clone)]
pub(crate) struct Naive {
    /// Seconds that the average looks back; 0 for the last value.
    window_s: f64,
    recent: Vec<(f64, f64)>,
    squares: f64,
    errors: u32,
}

impl Naive {
    pub(crate) fn last_value() -> Self {
        Self::averaging(0.0)
    }

    /// The mean of the readings of so many seconds; the last one where there are none.
    pub(crate) fn averaging(window_s: f64) -> Self {
        Self {
            window_s,
            recent: Vec::new(),
            squares: 0.0,
            errors: 0,
        }
    }

    pub(crate) fn take(&mut self, at_s: f64, value: f64) {
        if let Some((foreseen, _)) = self.value(at_s) {
            self.squares += (value - foreseen) * (value - foreseen);
            self.errors += 1;
        }
        self.recent.push((at_s, value));
        let keep = self.window_s;
        let newest = self.recent.len() - 1;
        let first = self.recent.iter().position(|(t, _)| *t >= at_s - keep);
        self.recent.drain(..first.unwrap_or(newest));
    }

    /// Value and spread; none before enough was read.
    pub(crate) fn believe(&self, at_s: f64) -> Option<(f64, f64)> {
        let (value, errors) = self.value(at_s)?;
        let spread = (self.squares / f64::from(errors)).sqrt();
        (errors >= ERRORS_MIN).then_some((value, spread.max(1e-6)))
    }

    fn value(&self, at_s: f64) -> Option<(f64, u32)> {
        let (_, last) = self.recent.last()?;
        let recent = self
            .recent
            .iter()
            .filter(|(t, _)| *t >= at_s - self.window_s);
        let (sum, n) = recent.fold((0.0, 0), |(sum, n), (_, v)| (sum + v, n + 1));
        let value = if n == 0 { *last } else { sum / f64::from(n) };
        Some((value, self.errors))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_knows_how_wrong_it_was() {
        let mut naive = Naive::last_value();
        for (at, value) in [
            (0.0, 1.0),
            (1.0, 3.0),
            (2.0, 1.0),
            (3.0, 3.0),
            (4.0, 1.0),
            (5.0, 3.0),
        ] {
            naive.take(at, value);
        }
        assert_eq!(naive.believe(6.0), Some((3.0, 2.0)));
    }

    #[test]
    fn an_average_forgets_and_never_goes_blank() {
        let mut naive = Naive::averaging(10.0);
        for i in 0..20 {
            naive.take(f64::from(i) * 4.0, f64::from(i));
        }
        assert_eq!(naive.believe(76.0).map(|(v, _)| v), Some(18.0));
        assert_eq!(naive.believe(1000.0).map(|(v, _)| v), Some(19.0));
    }
}
