//! Where on earth a coordinate lies.
//!
//! A city's file gives its corners in the national grid: metres east and north of some church
//! tower. This module turns them into longitude and latitude, as a map and a satellite receiver
//! use them, and it is suspicious: a file may name the wrong grid, none at all, or write north
//! before east. A building put a hundred metres from where it stands is worse than one without a
//! place.
//!
//! Projections are those of `proj4rs`; the systems known are in [`Crs::epsg`]'s table. Shifts
//! between datums are three- or seven-parameter ones, good to 0.1–10 m by country; ETRS89 and
//! other plate-fixed frames are taken as WGS 84 (apart by less than a metre in Europe). Heights
//! are left as they are: above the file's own zero.

mod table;

use std::sync::Arc;
use table::{ROWS, Row, SAME_PLANE, ZONES};
use twin_model::{Code, Finding};

/// Coordinates larger than this belong to no grid on earth; the largest (zone numbers before
/// the eastings, Finland) are below 3·10⁷ m.
const COORDINATE_MAX: f64 = 1e8;
/// Coordinates looked at to judge a file's order of axes.
const SAMPLE_MAX: usize = 1000;
/// How far outside its area of use a system is still believed, degrees: registries draw the
/// areas by land borders, files reach into the sea.
const AREA_MARGIN_DEG: f64 = 0.5;

/// How far beyond its six degrees a zone is used: Germany and Norway write whole states in the
/// zone of their middle.
const BEYOND_ZONE_DEG: f64 = 3.5;

/// Why a reference system cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text names no system of the EPSG registry.
    #[error("`{0}` names no system of the EPSG registry; expected for example `EPSG:28992`")]
    NotACode(String),
    /// A code that is not in the table.
    #[error("EPSG:{0} is not among the reference systems known here")]
    Unknown(u32),
}

/// A coordinate reference system: a grid of metres, or longitude and latitude.
#[derive(Clone, Debug)]
pub struct Crs {
    code: u32,
    name: Arc<str>,
    /// `None` for longitude and latitude on WGS 84 or a frame taken as it.
    projection: Option<Arc<Projection>>,
    /// West, south, east, north in degrees.
    area: [f64; 4],
}

#[derive(Debug)]
struct Projection {
    definition: String,
    from: proj4rs::Proj,
    to: proj4rs::Proj,
}

impl PartialEq for Crs {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Crs {
    /// The system with this code of the EPSG registry, if it is known here.
    ///
    /// ```
    /// use twin_import::crs::Crs;
    /// let rd_new = Crs::epsg(28992).unwrap();
    /// let [longitude, latitude] = rd_new.to_earth([155_000.0, 463_000.0]).unwrap();
    /// assert!((longitude - 5.387_204).abs() < 1e-5 && (latitude - 52.155_173).abs() < 1e-5);
    /// ```
    pub fn epsg(code: u32) -> Option<Self> {
        let plane = SAME_PLANE
            .iter()
            .find(|(with_height, _)| *with_height == code);
        let plane = plane.map_or(code, |(_, plane)| *plane);
        let crs = match ROWS.iter().find(|row| row.code == plane) {
            Some(row) => Self::of_row(row),
            None => Self::of_zone(plane),
        };
        crs.map(|crs| Self { code, ..crs })
    }

    /// The system that a file names: `EPSG:28992`, a URN or URL of the OGC, with or without a
    /// second system for the heights, or `CRS84`.
    ///
    /// ```
    /// use twin_import::crs::Crs;
    /// let crs = Crs::parse("https://www.opengis.net/def/crs/EPSG/0/7415").unwrap();
    /// assert_eq!((crs.code(), crs.name()), (7415, "Amersfoort / RD New"));
    /// ```
    pub fn parse(reference: &str) -> Result<Self, Error> {
        let code = code_of(reference)
            .ok_or_else(|| Error::NotACode(reference.chars().take(80).collect()))?;
        Self::epsg(code).ok_or(Error::Unknown(code))
    }

    /// The code by which it was asked for.
    pub const fn code(&self) -> u32 {
        self.code
    }

    /// Its name in the registry, without the heights.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The definition in the words of PROJ, so that others can repeat the transformation; empty
    /// for longitudes and latitudes.
    pub fn definition(&self) -> &str {
        self.projection.as_ref().map_or("", |p| &p.definition)
    }

    /// Every code that is known, in no particular order.
    pub fn codes() -> impl Iterator<Item = u32> {
        let zones = ZONES.iter().flat_map(|family| {
            (family.numbers.0..=family.numbers.1).map(|zone| family.base + zone)
        });
        let same = SAME_PLANE.iter().map(|(code, _)| *code);
        ROWS.iter().map(|row| row.code).chain(zones).chain(same)
    }

    /// Whether its coordinates are longitudes and latitudes in degrees.
    pub const fn is_geographic(&self) -> bool {
        self.projection.is_none()
    }

    /// Longitude and latitude (WGS 84, degrees) of a point given east before north, or
    /// longitude before latitude. `None` where the point is on no map of this system.
    pub fn to_earth(&self, at: [f64; 2]) -> Option<[f64; 2]> {
        if !at.iter().all(|c| c.abs() <= COORDINATE_MAX) {
            return None;
        }
        let Some(projection) = &self.projection else {
            return is_on_earth(at).then_some(at);
        };
        let mut point = (at[0], at[1], 0.0);
        proj4rs::transform::transform(&projection.from, &projection.to, &mut point).ok()?;
        let earth = [point.0.to_degrees(), point.1.to_degrees()];
        is_on_earth(earth).then_some(earth)
    }

    /// Whether a longitude and latitude lie where this system may be used.
    pub fn covers(&self, earth: [f64; 2]) -> bool {
        let [west, south, east, north] = self.area;
        let within =
            |x: f64, low: f64, high: f64| x >= low - AREA_MARGIN_DEG && x <= high + AREA_MARGIN_DEG;
        within(earth[0], west, east) && within(earth[1], south, north)
    }

    fn of_row(row: &Row) -> Option<Self> {
        let projection = if row.projection.is_empty() {
            None
        } else {
            // Web maps project onto a sphere as if it were the ellipsoid: no datum at all.
            let datum = if row.projection.contains("+a=") {
                ""
            } else {
                row.datum.definition()
            };
            Some(Projection::new(format!(
                "{} {datum} +units=m +no_defs",
                row.projection
            ))?)
        };
        Some(Self {
            code: row.code,
            name: Arc::from(row.name),
            projection,
            area: row.area,
        })
    }

    fn of_zone(code: u32) -> Option<Self> {
        let (family, zone) = ZONES.iter().find_map(|family| {
            let zone = code.checked_sub(family.base)?;
            let (first, last) = family.numbers;
            (first..=last).contains(&zone).then_some((family, zone))
        })?;
        let south = if family.is_south { " +south" } else { "" };
        let datum = family.datum.definition();
        let definition = format!("+proj=utm +zone={zone}{south} {datum} +units=m +no_defs");
        let west = f64::from(zone) * 6.0 - 186.0;
        let (low, high) = if family.is_south {
            (-80.0, 0.0)
        } else {
            (0.0, 84.0)
        };
        Some(Self {
            code,
            name: format!(
                "{} {zone}{}",
                family.name,
                if family.is_south { 'S' } else { 'N' }
            )
            .into(),
            projection: Some(Projection::new(definition)?),
            area: [
                west - BEYOND_ZONE_DEG,
                low,
                west + 6.0 + BEYOND_ZONE_DEG,
                high,
            ],
        })
    }

    /// Whether most of a few coordinates lie inside the area of use.
    fn fits(&self, sample: &[[f64; 2]], axes: Axes) -> bool {
        let inside = sample
            .iter()
            .filter_map(|&at| self.to_earth(axes.in_order(at)))
            .filter(|&earth| self.covers(earth))
            .count();
        inside * 2 > sample.len()
    }
}

impl Projection {
    fn new(definition: String) -> Option<Arc<Self>> {
        let from = proj4rs::Proj::from_proj_string(&definition).ok()?;
        let to = proj4rs::Proj::from_proj_string("+proj=longlat +datum=WGS84 +no_defs").ok()?;
        Some(Arc::new(Self {
            definition,
            from,
            to,
        }))
    }
}

fn is_on_earth(earth: [f64; 2]) -> bool {
    earth[0].abs() <= 180.0 && earth[1].abs() <= 90.0
}

/// The code in a reference such as `urn:ogc:def:crs,crs:EPSG::28992,crs:EPSG::5709`: of the
/// first system named, the last number.
fn code_of(reference: &str) -> Option<u32> {
    let upper = reference.trim().to_ascii_uppercase();
    if upper.ends_with("CRS84") || upper.ends_with("CRS84H") {
        return Some(4326);
    }
    if let Ok(code) = upper.parse() {
        return Some(code);
    }
    let (_, after) = upper.split_once("EPSG")?;
    let first = after.split([',', '&', '+']).next()?;
    let digits = |c: char| c.is_ascii_digit();
    let end = first.trim_end_matches(|c| !digits(c));
    let start = end.trim_end_matches(digits).len();
    end[start..].parse().ok()
}

/// Which of two coordinates comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Axes {
    EastFirst,
    NorthFirst,
}

impl Axes {
    const fn in_order(self, at: [f64; 2]) -> [f64; 2] {
        match self {
            Self::EastFirst => at,
            Self::NorthFirst => [at[1], at[0]],
        }
    }
}

/// How the coordinates of one file are to be read.
#[derive(Clone, Debug)]
pub struct Reading {
    crs: Crs,
    axes: Axes,
    is_assumed: bool,
}

impl Reading {
    /// Decides how to read a file that names `reference` and has coordinates like `sample`.
    ///
    /// `assumed` is used where the file names no system. Coordinates that lie outside the
    /// area of use as written but inside with the axes exchanged are read exchanged; those that
    /// lie outside either way are not placed at all. Whatever is doubtful becomes a finding.
    pub fn decide(
        reference: Option<&str>,
        assumed: Option<&Crs>,
        sample: impl IntoIterator<Item = [f64; 2]>,
    ) -> (Option<Self>, Vec<Finding>) {
        let mut findings = Vec::new();
        let stated = reference.map(str::trim).filter(|text| !text.is_empty());
        let crs = match stated {
            None => {
                findings.push(missing(assumed));
                assumed.cloned()
            }
            Some(text) => match Crs::parse(text) {
                Ok(crs) => Some(crs),
                Err(error) => {
                    findings.push(Finding::new(
                        Code::CrsUnknown,
                        format!("{error}; nothing is placed on earth"),
                    ));
                    None
                }
            },
        };
        let reading = crs.and_then(|crs| {
            let sample: Vec<_> = sample.into_iter().take(SAMPLE_MAX).collect();
            let axes = axes(&crs, &sample, &mut findings)?;
            Some(Self {
                crs,
                axes,
                is_assumed: stated.is_none(),
            })
        });
        (reading, findings)
    }

    /// Longitude and latitude (WGS 84, degrees) of a point as the file writes it.
    pub fn to_earth(&self, at: [f64; 2]) -> Option<[f64; 2]> {
        self.crs.to_earth(self.axes.in_order(at))
    }

    /// The system.
    pub const fn crs(&self) -> &Crs {
        &self.crs
    }

    /// Whether the file writes north before east.
    pub fn is_swapped(&self) -> bool {
        self.axes == Axes::NorthFirst
    }

    /// How a position was obtained, for the procedure of a statement: the system, and what had
    /// to be supposed.
    pub fn procedure(&self) -> Arc<str> {
        let swapped = if self.is_swapped() {
            ", axes exchanged"
        } else {
            ""
        };
        let assumed = if self.is_assumed {
            ", the system is assumed"
        } else {
            ""
        };
        format!(
            "EPSG:{} ({}){swapped}{assumed}",
            self.crs.code, self.crs.name
        )
        .into()
    }
}

fn missing(assumed: Option<&Crs>) -> Finding {
    let message = match assumed {
        Some(crs) => format!(
            "the file names no reference system; EPSG:{} ({}) is assumed as told",
            crs.code, crs.name
        ),
        None => "the file names no reference system; nothing is placed on earth".to_owned(),
    };
    Finding::new(Code::CrsMissing, message)
}

/// The order of axes in which the coordinates make sense, if there is one.
fn axes(crs: &Crs, sample: &[[f64; 2]], findings: &mut Vec<Finding>) -> Option<Axes> {
    if sample.is_empty() || crs.fits(sample, Axes::EastFirst) {
        return Some(Axes::EastFirst);
    }
    let example = format!("for example {} {}", sample[0][0], sample[0][1]);
    if crs.fits(sample, Axes::NorthFirst) {
        findings.push(Finding::new(
            Code::CrsSwapped,
            format!(
                "the coordinates ({example}) lie in the area of EPSG:{} ({}) only with their axes exchanged; they are read so",
                crs.code, crs.name
            ),
        ));
        return Some(Axes::NorthFirst);
    }
    findings.push(Finding::new(
        Code::CrsOutside,
        format!(
            "the coordinates ({example}) lie outside the area of EPSG:{} ({}), also with their axes exchanged; nothing is placed on earth",
            crs.code, crs.name
        ),
    ));
    None
}
