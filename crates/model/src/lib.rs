//! Ids, times, units, catalogue, values, claims, distributions, estimates, findings, caller
