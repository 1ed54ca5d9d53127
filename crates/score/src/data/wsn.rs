//! Four motes that measured temperature and humidity every five seconds, with events
//! (hot steam) labelled (Suthaharan et al., ISSNIP 2010; ODC-BY 1.0).

use super::{Series, columns, text};
use anyhow::Result;
use std::collections::BTreeMap;
use std::path::Path;

const PERIOD_S: f64 = 5.0;

/// The temperature, °C, of each mote.
pub(crate) fn temperatures(data: &Path) -> Result<BTreeMap<u32, Series>> {
    let text = text(&data.join("fusion/wsn-single-hop/data.csv"))?;
    let mut motes: BTreeMap<u32, Series> = BTreeMap::new();
    for [reading, mote, temperature] in columns(&text, ["reading", "mote_id", "temperature"])? {
        let at = PERIOD_S * reading.parse::<f64>()?;
        motes
            .entry(mote.parse()?)
            .or_default()
            .push((at, temperature.parse()?));
    }
    Ok(motes)
}
