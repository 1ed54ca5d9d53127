//! Two temperature series with failures that people labelled (Numenta Anomaly Benchmark, MIT).

use super::{Series, columns, text};
use anyhow::{Context, Result};
use std::path::Path;
use twin_model::Time;

/// The hourly temperature of an office, °C. The file has °F.
pub(crate) fn office(data: &Path) -> Result<Series> {
    let celsius = |fahrenheit: f64| (fahrenheit - 32.0) / 1.8;
    series(data, "ambient_temperature_system_failure.csv", celsius)
}

/// The temperature of a machine every five minutes, °C. The file has °F.
pub(crate) fn machine(data: &Path) -> Result<Series> {
    let celsius = |fahrenheit: f64| (fahrenheit - 32.0) / 1.8;
    series(data, "machine_temperature_system_failure.csv", celsius)
}

fn series(data: &Path, name: &str, convert: fn(f64) -> f64) -> Result<Series> {
    let text = text(&data.join("fusion/nab").join(name))?;
    let mut series = Series::new();
    for [timestamp, value] in columns(&text, ["timestamp", "value"])? {
        let time = Time::parse(&format!("{timestamp}Z"));
        let time = time.with_context(|| format!("`{timestamp}` is no timestamp"))?;
        let at = time.seconds_since(Time::from_seconds(0));
        // The clock of one file goes back by an hour in autumn.
        if series.last().is_none_or(|(before, _)| *before < at) {
            series.push((at, convert(value.parse()?)));
        }
    }
    Ok(series)
}
