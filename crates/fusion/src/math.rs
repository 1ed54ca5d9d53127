//! The few elementary functions that estimators need, the same bits everywhere.
//!
//! The platform's `exp` and `log` differ in their last bit between C libraries and
//! processors; two nodes that replay the same log must not. The portable `libm` is
//! plain arithmetic and is the same on all of them (DETERMINISTIC).

/// e to the power `x`.
pub(crate) fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// Natural logarithm.
pub(crate) fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// `base` to the power `exponent`, for a base that is not negative; to some twelve digits.
pub(crate) fn power(base: f64, exponent: f64) -> f64 {
    exp(exponent * ln(base))
}

/// ln(p / (1 - p)).
pub(crate) fn log_odds(p: f64) -> f64 {
    ln(p / (1.0 - p))
}

/// The probability with these log-odds.
pub(crate) fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + exp(-log_odds))
}

/// Cumulated standard normal distribution.
pub(crate) fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}
