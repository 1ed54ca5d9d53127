//! Where on earth the building's plan lies, by the file's map conversion.

use super::Reader;
use crate::crs::Crs;
use crate::ifc::file::Frame;
use twin_model::{Code, Finding};
use twin_space::earth;

/// A scale that differs from 1 by more than this is one between units, not one of a map.
const MAP_SCALE_TOLERANCE: f64 = 0.1;
/// How far from the origin the direction of the y axis is looked at, in metres.
const ARM_M: f64 = 100.0;

impl Reader<'_, '_> {
    /// The building's frame on earth, by `IfcMapConversion` and `IfcProjectedCRS` (IFC 4.3, 8.18.3.2); with a finding where
    /// they lead nowhere.
    pub(super) fn georeference(&mut self, placement: &Frame) -> Option<earth::Frame> {
        let &conversion = self.file.all("IFCMAPCONVERSION").first()?;
        let system = self.file.target(conversion, 1)?;
        let name = self.file.text(system, 0)?;
        let crs = match Crs::parse(&name) {
            Ok(crs) => crs,
            Err(error) => {
                self.unplaced(&error.to_string());
                return None;
            }
        };
        let number = |place| self.file.value(conversion, place).number();
        let (east_m, north_m) = (number(2)?, number(3)?);
        let (x, y) = (number(5).unwrap_or(1.0), number(6).unwrap_or(0.0));
        let length = x.hypot(y);
        let (cosine, sine) = if length > 0.0 {
            (x / length, y / length)
        } else {
            (1.0, 0.0)
        };
        // The scale leads from the file's unit to that of the map; lengths are metres here.
        let scale = number(7).unwrap_or(1.0) / self.file.length_m;
        let is_of_map = (scale - 1.0).abs() <= MAP_SCALE_TOLERANCE;
        let scale = if is_of_map { scale } else { 1.0 };
        let on_earth = |plan: [f64; 3]| {
            let [a, b, _] = placement.point(plan);
            let east = east_m + scale * (cosine * a - sine * b);
            let north = north_m + scale * (sine * a + cosine * b);
            crs.to_earth([east, north])
        };
        let placed = on_earth([0.0; 3]).zip(on_earth([0.0, ARM_M, 0.0]));
        let Some((origin, ahead)) = placed.filter(|(origin, _)| crs.covers(*origin)) else {
            self.unplaced(&format!(
                "the map conversion leads out of the area of {}",
                crs.name()
            ));
            return None;
        };
        let [longitude_deg, latitude_deg] = origin;
        let north_up = earth::Frame {
            latitude_deg,
            longitude_deg,
            rotation_deg: 0.0,
        };
        let [east, north] = north_up.to_plan(ahead);
        Some(earth::Frame {
            latitude_deg,
            longitude_deg,
            rotation_deg: libm::atan2(east, north).to_degrees(),
        })
    }

    fn unplaced(&mut self, why: &str) {
        let message = format!("{why}; the building is not placed by it");
        let finding = Finding::new(Code::IfcGeoreference, message);
        self.findings.add(finding.in_field("IfcMapConversion"));
    }
}
