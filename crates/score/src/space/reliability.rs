//! Whether what is said to happen nine times in ten does.

use std::fmt::Write as _;

/// A stated probability and what was so.
pub(crate) type Forecast = (f64, bool);

/// Upper ends of the bins; the ends are finer because most doors are nearly certain.
const ENDS: [f64; 9] = [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99, 1.0];
/// Smallest expected spread that a bin is judged by: fewer say nothing.
const BIN_MIN: usize = 15;
/// Two-sided 99.9 % of a normal distribution: nine bins together are then judged at 99 %.
const QUANTILE: f64 = 3.29;

/// The mean squared error of probabilities (Brier, Monthly Weather Review 78, 1950).
pub(crate) fn brier(forecasts: &[Forecast]) -> f64 {
    let square = |(p, so): &Forecast| (p - f64::from(u8::from(*so))).powi(2);
    forecasts.iter().map(square).sum::<f64>() / forecasts.len() as f64
}

/// One bin of forecasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bin {
    pub(crate) n: usize,
    pub(crate) stated: f64,
    pub(crate) found: f64,
    /// Where the share found lies if every probability is right.
    pub(crate) band: (f64, f64),
}

impl Bin {
    pub(crate) fn is_right(&self) -> bool {
        self.n < BIN_MIN || (self.band.0..=self.band.1).contains(&self.found)
    }
}

/// Bins that hold anything. The band is that of a sum of independent events of these
/// probabilities, with half an event for rounding.
pub(crate) fn bins(forecasts: &[Forecast]) -> Vec<Bin> {
    let alone = |at: &[usize]| {
        let variances = at.iter().map(|&i| forecasts[i].0 * (1.0 - forecasts[i].0));
        variances.sum::<f64>().sqrt()
    };
    bins_with(forecasts, alone)
}

/// The same with the standard deviation of how many of some forecasts come true, by their places.
pub(crate) fn bins_with(forecasts: &[Forecast], spread: impl Fn(&[usize]) -> f64) -> Vec<Bin> {
    let mut from = -1.0;
    let mut bins = Vec::new();
    for end in ENDS {
        let within = |i: &usize| forecasts[*i].0 > from && forecasts[*i].0 <= end;
        let bin: Vec<usize> = (0..forecasts.len()).filter(within).collect();
        from = end;
        if bin.is_empty() {
            continue;
        }
        let n = bin.len() as f64;
        let stated = bin.iter().map(|&i| forecasts[i].0).sum::<f64>() / n;
        let found = bin.iter().filter(|&&i| forecasts[i].1).count() as f64 / n;
        let half = (QUANTILE * spread(&bin) + 0.5) / n;
        bins.push(Bin {
            n: bin.len(),
            stated,
            found,
            band: ((stated - half).max(0.0), (stated + half).min(1.0)),
        });
    }
    bins
}

/// The bins as a line of text.
pub(crate) fn listed(bins: &[Bin]) -> String {
    let mut text = String::new();
    for bin in bins {
        let _ = write!(
            text,
            "{}{:.3} → {:.3} of {} ({:.3} to {:.3}){}",
            if text.is_empty() { "" } else { "; " },
            bin.stated,
            bin.found,
            bin.n,
            bin.band.0,
            bin.band.1,
            if bin.is_right() { "" } else { " OUTSIDE" }
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honest_bins_are_right_and_boasting_ones_are_not() {
        let every =
            |n: u32, p: f64| -> Vec<Forecast> { (0..200).map(|i| (p, i % n == 0)).collect() };
        assert!(bins(&every(5, 0.2)).iter().all(Bin::is_right));
        assert!(!bins(&every(5, 0.4)).iter().all(Bin::is_right));
        assert!((brier(&every(5, 0.2)) - 0.16).abs() < 1e-9);
    }
}
