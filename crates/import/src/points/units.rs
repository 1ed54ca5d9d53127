//! Units as they stand in lists of points, brought to their codes.

use super::words::Quantity;

/// Spellings by the code (UCUM) that they mean.
const SPELLINGS: &[(&str, &[&str])] = &[
    (
        "Cel",
        &[
            "°c",
            "degc",
            "c",
            "celsius",
            "deg c",
            "cel",
            "°celsius",
            "degrees-celsius",
            "degreescelsius",
            "grad",
            "gradc",
            "oc",
            "º c",
            "ºc",
            "˚c",
            "℃",
        ],
    ),
    (
        "[degF]",
        &[
            "°f",
            "degf",
            "f",
            "fahrenheit",
            "deg f",
            "[degf]",
            "degrees-fahrenheit",
            "ºf",
            "℉",
        ],
    ),
    ("K", &["k", "kelvin", "degrees-kelvin"]),
    (
        "%",
        &[
            "%",
            "%rh",
            "% rh",
            "pct",
            "percent",
            "prozent",
            "procent",
            "%rv",
            "% r.h.",
            "%r.h.",
            "percent-relative-humidity",
            "% r.f.",
            "% rf",
            "% rv",
            "%rf",
            "rh%",
        ],
    ),
    ("[ppm]", &["ppm", "[ppm]", "parts-per-million"]),
    ("[ppb]", &["ppb", "[ppb]", "parts-per-billion"]),
    (
        "m3/h",
        &[
            "m3/h",
            "m³/h",
            "m3h",
            "cmh",
            "m^3/h",
            "m3/hr",
            "m3/uur",
            "cubic-meters-per-hour",
        ],
    ),
    ("m3/s", &["m3/s", "m³/s", "cubic-meters-per-second"]),
    ("Pa", &["pa", "pascal", "pascals"]),
    ("hPa", &["hpa", "mbar", "hectopascals"]),
    ("kPa", &["kpa", "kilopascals"]),
    ("lx", &["lx", "lux", "luxes"]),
    ("W", &["w", "watt", "watts"]),
    ("kW", &["kw", "kilowatts"]),
    ("dB", &["db", "dba", "db(a)", "decibels"]),
    (
        "1",
        &[
            "1", "count", "persons", "people", "pers", "personen", "ppl", "pers.", "st", "stuks",
            "stk",
        ],
    ),
    ("s", &["s", "sec", "seconds"]),
    ("h", &["h", "hours", "hrs"]),
    ("m/s", &["m/s", "meters-per-second"]),
];

/// The code of a unit as somebody spelled it; `None` where it is not known or no unit.
pub(super) fn known(spelled: &str) -> Option<&'static str> {
    let spelled = spelled.trim();
    if spelled.len() > 40 {
        return None;
    }
    let exact = SPELLINGS.iter().find(|(code, _)| *code == spelled);
    let small = spelled.to_lowercase();
    let found = exact.or_else(|| {
        SPELLINGS
            .iter()
            .find(|(_, all)| all.contains(&small.as_str()))
    });
    found.map(|(code, _)| *code)
}

/// Whether a unit fits a quantity that a name perhaps tells of.
pub(super) fn measures(unit: &str, quantity: Quantity) -> bool {
    match quantity {
        Quantity::Temperature => matches!(unit, "Cel" | "[degF]" | "K"),
        Quantity::Humidity => unit == "%",
        Quantity::Occupancy => unit == "1",
        _ => false,
    }
}

/// Whether a quantity can be stated in a unit.
pub(super) fn can_be(unit: &str, quantity: Quantity) -> bool {
    let (_, usual) = quantity.attribute();
    let stated = twin_model::Unit::new(unit);
    match (usual, stated) {
        (Some(usual), Ok(stated)) => !matches!(
            stated.convert(1.0, usual),
            Err(twin_model::unit::Error::WrongQuantity { .. })
        ),
        _ => true,
    }
}

/// What a unit alone tells.
pub(super) fn quantity_of(unit: &str) -> Option<Quantity> {
    match unit {
        "Cel" | "[degF]" => Some(Quantity::Temperature),
        "lx" => Some(Quantity::Light),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twin_model::Unit;

    #[test]
    fn spellings_lead_to_codes() {
        for (spelled, code) in [
            ("°C", "Cel"),
            ("degC", "Cel"),
            ("% RH", "%"),
            ("W", "W"),
            ("kW", "kW"),
            ("K", "K"),
            ("m³/h", "m3/h"),
        ] {
            assert_eq!(known(spelled), Some(code), "{spelled}");
        }
        assert_eq!(known("furlong"), None);
    }

    #[test]
    fn every_code_is_a_unit_of_the_model() {
        for (code, _) in SPELLINGS {
            let unit = Unit::new(code).unwrap();
            assert!(unit.convert(1.0, code).is_ok());
            let other = if *code == "m" { "s" } else { "m" };
            let known = !matches!(
                unit.convert(1.0, other),
                Err(twin_model::unit::Error::Unknown(_))
            );
            assert!(known, "{code}");
        }
    }
}
