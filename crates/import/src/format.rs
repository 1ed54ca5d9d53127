//! Which standard a file follows, told by what it begins with and, failing that, by its name.

use crate::{Imported, Mint, Options, cityjson, csv, geojson, ifc, osm};

/// A standard that files are read by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// IFC in the STEP form (ISO 10303-21).
    Ifc,
    /// CityJSON, a city in one JSON object.
    CityJson,
    /// CityJSON sequences, a feature per line.
    CityJsonSeq,
    /// OpenStreetMap in the binary form.
    OsmPbf,
    /// OpenStreetMap in XML.
    OsmXml,
    /// GeoJSON, a collection or a sequence of features.
    GeoJson,
    /// A table of a building's storeys, stairs, rooms and doors.
    Csv,
}

impl Format {
    /// The format of a file, judged by its first bytes, else by how its name ends.
    ///
    /// ```
    /// use twin_import::Format;
    /// assert_eq!(Format::detect("a.txt", b"ISO-10303-21;\nHEADER;"), Some(Format::Ifc));
    /// assert_eq!(Format::detect("tower.IFC", b""), Some(Format::Ifc));
    /// let city = br#"{"version": "2.0", "type": "CityJSON"}"#;
    /// assert_eq!(Format::detect("delft.json", city), Some(Format::CityJson));
    /// assert_eq!(Format::detect("", br#"{"CityObjects": {"#), Some(Format::CityJson));
    /// assert_eq!(Format::detect("letter.docx", b"PK"), None);
    /// ```
    pub fn detect(name: &str, bytes: &[u8]) -> Option<Self> {
        let head = &bytes[..bytes.len().min(HEAD_BYTES)];
        let head = head.trim_ascii_start();
        if head.starts_with(b"ISO-10303-21") {
            return Some(Self::Ifc);
        }
        // Members stand in any order: the type may come last, megabytes on.
        let names = |member: &[u8]| memchr::memmem::find(head, member).is_some();
        if head.starts_with(b"{") && (names(b"\"CityJSON") || names(b"\"CityObjects\"")) {
            return Some(Self::city(bytes));
        }
        if geojson::is_geojson(bytes) {
            return Some(Self::GeoJson);
        }
        if osm::is_pbf(bytes) {
            return Some(Self::OsmPbf);
        }
        if osm::is_xml(bytes) {
            return Some(Self::OsmXml);
        }
        if csv::is_table(bytes) {
            return Some(Self::Csv);
        }
        let name = name.to_ascii_lowercase();
        let by_name = [
            (".ifc", Self::Ifc),
            (".city.json", Self::city(bytes)),
            (".city.jsonl", Self::CityJsonSeq),
            (".osm.pbf", Self::OsmPbf),
            (".osm", Self::OsmXml),
            (".csv", Self::Csv),
            (".tsv", Self::Csv),
            (".geojson", Self::GeoJson),
            (".geojsonl", Self::GeoJson),
            (".geojsons", Self::GeoJson),
        ];
        let known = by_name.into_iter().find(|(end, _)| name.ends_with(end));
        known.map(|(_, format)| format)
    }

    /// Reads a file of this format. Any bytes are accepted; there is always a result.
    pub fn import(self, bytes: &[u8], options: &Options<'_>, mint: &mut dyn Mint) -> Imported {
        match self {
            Self::Ifc => ifc::import(bytes, options, mint).into(),
            Self::CityJson | Self::CityJsonSeq => cityjson::import(bytes, options, mint),
            Self::OsmPbf | Self::OsmXml => osm::import(bytes, options, mint),
            Self::GeoJson => geojson::import(bytes, options, mint),
            Self::Csv => csv::import(bytes, options, mint),
        }
    }

    /// Whether such a file is about one building, whose id then names what the file is a newer
    /// state of.
    pub const fn is_of_one_building(self) -> bool {
        matches!(self, Self::Ifc)
    }

    fn city(bytes: &[u8]) -> Self {
        if cityjson::is_sequence(bytes) {
            Self::CityJsonSeq
        } else {
            Self::CityJson
        }
    }

    /// How names of such files end.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Ifc => "ifc",
            Self::CityJson => "city.json",
            Self::CityJsonSeq => "city.jsonl",
            Self::OsmPbf => "osm.pbf",
            Self::OsmXml => "osm",
            Self::GeoJson => "geojson",
            Self::Csv => "csv",
        }
    }
}

/// How many bytes are looked at.
const HEAD_BYTES: usize = 4096;
