//! What was ever compared with measurements that others made.
//!
//! That intervals hold on the node's own readings says how well it foretells its own sensors. Only
//! data with a truth that somebody else measured say more. Where there are none, the answer is
//! that there are none.

/// The data made by others on which estimates of an attribute were scored by
/// `cargo xtask score fusion`; `None` for an attribute that never was.
///
/// ```
/// use twin_fusion::calibration::validated_on;
/// assert!(validated_on("temperature").is_some());
/// assert_eq!(validated_on("smoke"), None);
/// ```
pub fn validated_on(attribute: &str) -> Option<&'static str> {
    match attribute {
        "temperature" => Some(
            "Windesheim Brains4Buildings 2022; Numenta Anomaly Benchmark; single-hop wireless \
             sensor network data",
        ),
        // People in a room are told from motion and phones there; motion and phones themselves
        // had nothing to be compared with.
        "co2" | "occupancy" => Some("Windesheim Brains4Buildings 2022"),
        _ => None,
    }
}
