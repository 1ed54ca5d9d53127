//! Units as they were stated, and their conversion to the catalogue's unit.
//!
//! Codes are UCUM (unitsofmeasure.org, case sensitive) with the UN/CEFACT
//! Recommendation 20 codes used by NGSI-LD accepted as other spellings.

use std::sync::Arc;

/// A unit code exactly as the source wrote it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit(Arc<str>);

/// Why a number could not be brought to the catalogue's unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The code is in none of the tables.
    #[error("unit `{0}` is not known; use a UCUM code such as `Cel`, `[ppm]`, `m` or `%`")]
    Unknown(String),
    /// The unit measures something else.
    #[error(
        "unit `{stated}` measures {stated_quantity}, expected {expected_quantity} such as `{expected}`"
    )]
    WrongQuantity {
        /// The code as stated.
        stated: String,
        /// What the stated code measures.
        stated_quantity: &'static str,
        /// The code the catalogue wants.
        expected: String,
        /// What the catalogue wants measured.
        expected_quantity: &'static str,
    },
}

/// One known unit: `base = value * scale + shift` in the base unit of its quantity.
struct Known {
    codes: &'static [&'static str],
    quantity: &'static str,
    scale: f64,
    shift: f64,
}

const fn known(
    codes: &'static [&'static str],
    quantity: &'static str,
    scale: f64,
    shift: f64,
) -> Known {
    Known {
        codes,
        quantity,
        scale,
        shift,
    }
}

/// Exact factors: SI brochure 9th ed.; foot and inch by the 1959 agreement.
static KNOWN: &[Known] = &[
    known(&["K", "KEL"], "temperature", 1.0, 0.0),
    known(&["Cel", "CEL", "degC", "°C"], "temperature", 1.0, 273.15),
    known(
        &["[degF]", "FAH", "degF", "°F"],
        "temperature",
        5.0 / 9.0,
        459.67 * 5.0 / 9.0,
    ),
    known(&["m", "MTR"], "length", 1.0, 0.0),
    known(&["mm", "MMT"], "length", 1e-3, 0.0),
    known(&["cm", "CMT"], "length", 1e-2, 0.0),
    known(&["km", "KMT"], "length", 1e3, 0.0),
    known(&["[ft_i]", "FOT"], "length", 0.3048, 0.0),
    known(&["[in_i]", "INH"], "length", 0.0254, 0.0),
    known(&["m2", "MTK"], "area", 1.0, 0.0),
    known(&["[sft_i]", "FTK"], "area", 0.3048 * 0.3048, 0.0),
    known(&["m3", "MTQ"], "volume", 1.0, 0.0),
    known(&["s", "SEC"], "time", 1.0, 0.0),
    known(&["min", "MIN"], "time", 60.0, 0.0),
    known(&["h", "HUR"], "time", 3600.0, 0.0),
    known(
        &["1", "IE", "C62", "{person}", "{count}"],
        "number",
        1.0,
        0.0,
    ),
    known(&["%", "P1"], "fraction", 1e-2, 0.0),
    known(&["[ppm]", "59", "ppm"], "fraction", 1e-6, 0.0),
    known(&["[ppb]", "61", "ppb"], "fraction", 1e-9, 0.0),
    known(&["Pa", "PAL"], "pressure", 1.0, 0.0),
    known(&["hPa", "A97", "mbar", "MBR"], "pressure", 100.0, 0.0),
    known(&["kPa", "KPA"], "pressure", 1e3, 0.0),
    known(&["m/s", "MTS"], "speed", 1.0, 0.0),
    known(&["km/h", "KMH"], "speed", 1.0 / 3.6, 0.0),
    known(&["m3/s", "MQS"], "volume flow", 1.0, 0.0),
    known(&["m3/h", "MQH"], "volume flow", 1.0 / 3600.0, 0.0),
    known(&["W", "WTT"], "power", 1.0, 0.0),
    known(&["kW", "KWT"], "power", 1e3, 0.0),
    known(&["deg", "DD"], "angle", std::f64::consts::PI / 180.0, 0.0),
    known(&["rad", "C81"], "angle", 1.0, 0.0),
    known(&["lx", "LUX"], "illuminance", 1.0, 0.0),
    known(&["dB", "2N", "dB[SPL]"], "sound level", 1.0, 0.0),
];

fn find(code: &str) -> Result<&'static Known, Error> {
    KNOWN
        .iter()
        .find(|k| k.codes.contains(&code))
        .ok_or_else(|| Error::Unknown(code.to_owned()))
}

impl Unit {
    /// Longest accepted unit code, in bytes; longer ones are no unit of any table.
    pub const LENGTH_MAX: usize = 32;

    /// A unit as stated; whether it is known is asked by [`Unit::convert`].
    pub fn new(code: &str) -> Result<Self, Error> {
        if code.is_empty() || code.len() > Self::LENGTH_MAX || code.chars().any(char::is_control) {
            return Err(Error::Unknown(
                code.chars().take(Self::LENGTH_MAX).collect(),
            ));
        }
        Ok(Self(Arc::from(code)))
    }

    /// The code as the source wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same amount in `canonical`.
    ///
    /// ```
    /// use twin_model::Unit;
    /// let kelvin = Unit::new("K").unwrap();
    /// assert!((kelvin.convert(294.55, "Cel").unwrap() - 21.4).abs() < 1e-9);
    /// assert!(kelvin.convert(1.0, "m").is_err());
    /// ```
    pub fn convert(&self, value: f64, canonical: &str) -> Result<f64, Error> {
        if &*self.0 == canonical {
            return Ok(value);
        }
        let (from, to) = self.pair(canonical)?;
        Ok((value * from.scale + from.shift - to.shift) / to.scale)
    }

    /// The same *difference* in `canonical`: what a standard deviation needs, where
    /// the zero point must not be shifted.
    pub fn convert_difference(&self, value: f64, canonical: &str) -> Result<f64, Error> {
        if &*self.0 == canonical {
            return Ok(value);
        }
        let (from, to) = self.pair(canonical)?;
        Ok(value * from.scale / to.scale)
    }

    fn pair(&self, canonical: &str) -> Result<(&'static Known, &'static Known), Error> {
        let (from, to) = (find(&self.0)?, find(canonical)?);
        if from.quantity == to.quantity {
            return Ok((from, to));
        }
        Err(Error::WrongQuantity {
            stated: self.0.to_string(),
            stated_quantity: from.quantity,
            expected: canonical.to_owned(),
            expected_quantity: to.quantity,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions() {
        for (value, from, to, expected) in [
            (70.52, "[degF]", "Cel", 21.4),
            (3.0, "[ft_i]", "m", 0.9144),
            (900.0, "mm", "m", 0.9),
            (0.05, "%", "[ppm]", 500.0),
            (36.0, "km/h", "m/s", 10.0),
            (4.0, "IE", "1", 4.0),
        ] {
            let got = Unit::new(from).unwrap().convert(value, to).unwrap();
            assert!(
                (got - expected).abs() < 1e-9 * expected.abs().max(1.0),
                "{from}: {got}"
            );
        }
    }

    #[test]
    fn a_spread_has_no_zero_point() {
        let f = Unit::new("[degF]").unwrap();
        assert!((f.convert_difference(9.0, "Cel").unwrap() - 5.0).abs() < 1e-12);
    }

    #[test]
    fn errors_say_what_to_use() {
        let e = Unit::new("furlong").unwrap().convert(1.0, "m").unwrap_err();
        assert!(e.to_string().contains("UCUM"));
        let e = Unit::new("Cel").unwrap().convert(1.0, "m").unwrap_err();
        assert_eq!(
            e.to_string(),
            "unit `Cel` measures temperature, expected length such as `m`"
        );
        assert!(Unit::new("").is_err());
    }

    #[test]
    fn no_code_means_two_things() {
        let mut codes: Vec<_> = KNOWN.iter().flat_map(|k| k.codes).collect();
        let n = codes.len();
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), n);
    }
}
