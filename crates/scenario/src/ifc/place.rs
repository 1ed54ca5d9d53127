//! Where the building stands on earth, and at which address.

use super::{Options, Schema, Unit, Writer};
use crate::step::{Arg, File, Id};

/// What a file says about the building's place on earth.
#[derive(Debug, Clone, Default)]
pub enum Georeference {
    /// Nothing.
    #[default]
    None,
    /// A projected coordinate system, as IFC4 and later can name one.
    Map(MapConversion),
    /// Latitude, longitude (degrees) and elevation (m) of the site. Template files of design
    /// programs bring a position along that has nothing to do with the building.
    Site {
        /// Degrees north.
        latitude_deg: f64,
        /// Degrees east.
        longitude_deg: f64,
        /// Metres above sea level.
        elevation_m: f64,
    },
}

/// How the file's coordinates lie in a projected coordinate system.
#[derive(Debug, Clone)]
pub struct MapConversion {
    /// Its name, such as `EPSG:28992`.
    pub crs: &'static str,
    /// The datum of its heights.
    pub vertical_datum: &'static str,
    /// Its easting at the file's origin, in metres.
    pub east_m: f64,
    /// Its northing at the file's origin, in metres.
    pub north_m: f64,
    /// The height of the file's origin, in metres.
    pub height_m: f64,
    /// Anticlockwise turn from the easting axis to the file's x axis, in degrees.
    pub turn_deg: f64,
}

/// A postal address.
#[derive(Debug, Clone)]
pub struct Address {
    /// Street and house number.
    pub line: String,
    /// The town.
    pub town: String,
    /// The postal code.
    pub postcode: String,
    /// The country.
    pub country: String,
}

/// `IfcMapConversion` (ISO 16739-1:2018, 8.18.3.6): the file's coordinates are scaled to metres,
/// turned, and moved.
pub(super) fn map_conversion(
    file: &mut File,
    context: Id,
    conversion: &MapConversion,
    options: Options,
) {
    if options.schema == Schema::Ifc2x3 {
        return;
    }
    let metre = file.add(
        "IFCSIUNIT",
        &[
            Arg::Derived,
            Arg::Enum("LENGTHUNIT"),
            Arg::Null,
            Arg::Enum("METRE"),
        ],
    );
    let crs = file.add(
        "IFCPROJECTEDCRS",
        &[
            conversion.crs.into(),
            Arg::Null,
            Arg::Null,
            conversion.vertical_datum.into(),
            Arg::Null,
            Arg::Null,
            metre.into(),
        ],
    );
    let scale = match options.unit {
        Unit::Millimetre => 0.001,
        Unit::Metre => 1.0,
        Unit::Foot => 0.3048,
    };
    let (sin, cos) = conversion.turn_deg.to_radians().sin_cos();
    let mut args: Vec<Arg> = vec![context.into(), crs.into()];
    let values = [
        conversion.east_m,
        conversion.north_m,
        conversion.height_m,
        cos,
        sin,
        scale,
    ];
    args.extend(values.map(|value| Arg::Real((value * 1e9).round() / 1e9)));
    file.add("IFCMAPCONVERSION", &args);
}

/// Degrees, minutes, seconds and millionths of a second, as IFC writes an angle.
fn compound(angle_deg: f64) -> Arg {
    let millionths = (angle_deg.abs() * 3.6e9).round() as i64;
    let parts = [
        millionths / 3_600_000_000,
        millionths / 60_000_000 % 60,
        millionths / 1_000_000 % 60,
        millionths % 1_000_000,
    ];
    let sign = if angle_deg < 0.0 { -1 } else { 1 };
    Arg::List(parts.map(|part| Arg::Int(sign * part)).into())
}

impl Writer<'_> {
    /// Latitude, longitude and elevation of the site.
    pub(super) fn site_position(&self) -> [Arg; 3] {
        match self.extras.georeference {
            Georeference::Site {
                latitude_deg,
                longitude_deg,
                elevation_m,
            } => [
                compound(latitude_deg),
                compound(longitude_deg),
                self.length(elevation_m * 1000.0).into(),
            ],
            Georeference::None | Georeference::Map(_) => [Arg::Null, Arg::Null, Arg::Null],
        }
    }

    pub(super) fn postal_address(&mut self) -> Arg {
        let Some(address) = &self.extras.address else {
            return Arg::Null;
        };
        let lines = Arg::List(vec![(&address.line).into()]);
        let args = [
            Arg::Null,
            Arg::Null,
            Arg::Null,
            Arg::Null,
            lines,
            Arg::Null,
            (&address.town).into(),
            Arg::Null,
            (&address.postcode).into(),
            (&address.country).into(),
        ];
        self.file.add("IFCPOSTALADDRESS", &args).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_split_as_ifc_has_them() {
        let parts = |deg: f64| match compound(deg) {
            Arg::List(parts) => parts,
            other => panic!("{other:?}"),
        };
        let whole = |values: [i64; 4]| values.map(Arg::Int).to_vec();
        assert_eq!(parts(42.358_611_5), whole([42, 21, 31, 1_400]));
        assert_eq!(parts(-71.0599), whole([-71, -3, -35, -640_000]));
    }
}
