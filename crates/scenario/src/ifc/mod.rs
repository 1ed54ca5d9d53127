//! The building as an IFC file, in the form that design programs exchange.
//!
//! One file holds project, site, building, storeys, spaces, walls with openings, doors and windows
//! that fill them, floors, stairs and the lift, with the usual property sets. Every body is a
//! swept solid, so that any viewer draws it. Written for IFC2x3, IFC4 and IFC4.3, whose
//! differences are confined to this module.

mod boundaries;
mod elements;
mod place;
mod properties;
mod shapes;
mod stairs;

use crate::building::Building;
use crate::defects::Defects;
use crate::step::{Arg, File, Id};
pub use place::{Address, Georeference, MapConversion};
use shapes::{Frame, X_DIRECTION, Z_DIRECTION};

/// The version of the IFC schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// ISO/PAS 16739:2005.
    Ifc2x3,
    /// ISO 16739-1:2018.
    Ifc4,
    /// ISO 16739-1:2024.
    Ifc4x3,
}

/// The unit of all lengths in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Millimetre.
    Millimetre,
    /// Metre.
    Metre,
    /// Foot of 0.3048 m.
    Foot,
}

/// How to write the file.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The schema version.
    pub schema: Schema,
    /// The length unit.
    pub unit: Unit,
    /// Whether to state which walls and doors bound each space.
    pub boundaries: bool,
}

/// What a file may say beyond the building itself, and how sparingly.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// Doors and windows as plain boards, and equal values written once: for large buildings.
    pub plain: bool,
    /// Where on earth it stands.
    pub georeference: Georeference,
    /// The postal address.
    pub address: Option<Address>,
    /// The identifier that a public register has for the building.
    pub register_id: Option<String>,
}

/// Files are dated alike so that the same options give the same bytes.
const TIMESTAMP: &str = "2026-01-01T00:00:00";
const TIMESTAMP_S: i64 = 1_767_225_600;

/// Writes a building, less its defects, as the text of an IFC file.
#[must_use]
pub fn write(building: &Building, defects: &Defects, options: Options) -> String {
    write_with(building, defects, options, &Extras::default())
}

/// The same with more said, or said more sparingly.
#[must_use]
pub fn write_with(
    building: &Building,
    defects: &Defects,
    options: Options,
    extras: &Extras,
) -> String {
    let mut writer = Writer::begin(building, defects, options, extras);
    let site = writer.spatial_structure();
    writer.aggregate(writer.project, &[site], "site");
    let (schema, view) = match options.schema {
        Schema::Ifc2x3 => ("IFC2X3", "CoordinationView_V2.0"),
        Schema::Ifc4 => ("IFC4", "ReferenceView_V1.2"),
        Schema::Ifc4x3 => ("IFC4X3_ADD2", "ReferenceView"),
    };
    writer
        .file
        .finish(schema, &format!("{}.ifc", building.name), TIMESTAMP, view)
}

/// A file under construction, with what every record refers to.
struct Writer<'a> {
    file: File,
    building: &'a Building,
    defects: &'a Defects,
    options: Options,
    extras: &'a Extras,
    owner: Id,
    body: Id,
    project: Id,
    /// Records of the storey being written that it contains.
    contained: Vec<Id>,
    /// Records of spaces, by position.
    spaces: Vec<Option<Id>>,
    /// Records of walls, by position; those of the storey being written.
    walls: Vec<Option<Id>>,
}

impl<'a> Writer<'a> {
    fn begin(
        building: &'a Building,
        defects: &'a Defects,
        options: Options,
        extras: &'a Extras,
    ) -> Self {
        let mut file = if extras.plain {
            File::sharing()
        } else {
            File::default()
        };
        let owner = owner_history(&mut file);
        let units = units(&mut file, options.unit);
        let origin = shapes::axes(&mut file, [0.0; 3], Z_DIRECTION, X_DIRECTION);
        let north = file.add("IFCDIRECTION", &[[0.0, 1.0].into()]);
        let context = file.add(
            "IFCGEOMETRICREPRESENTATIONCONTEXT",
            &[
                Arg::Null,
                "Model".into(),
                Arg::Int(3),
                1e-5.into(),
                origin.into(),
                north.into(),
            ],
        );
        if let Georeference::Map(conversion) = &extras.georeference {
            place::map_conversion(&mut file, context, conversion, options);
        }
        let body = file.add(
            "IFCGEOMETRICREPRESENTATIONSUBCONTEXT",
            &[
                "Body".into(),
                "Model".into(),
                Arg::Derived,
                Arg::Derived,
                Arg::Derived,
                Arg::Derived,
                context.into(),
                Arg::Null,
                Arg::Enum("MODEL_VIEW"),
                Arg::Null,
            ],
        );
        let project_id = crate::building::global_id(building.options.seed, "project");
        let project = file.add(
            "IFCPROJECT",
            &[
                (&project_id).into(),
                owner.into(),
                (&building.name).into(),
                Arg::Null,
                Arg::Null,
                Arg::Null,
                Arg::Null,
                [context].into(),
                units.into(),
            ],
        );
        Self {
            file,
            building,
            defects,
            options,
            extras,
            owner,
            body,
            project,
            contained: Vec::new(),
            spaces: vec![None; building.spaces.len()],
            walls: vec![None; building.walls.len()],
        }
    }

    fn is_2x3(&self) -> bool {
        self.options.schema == Schema::Ifc2x3
    }

    /// A length in the file's unit, from millimetres.
    fn length(&self, millimetres: f64) -> f64 {
        let value = match self.options.unit {
            Unit::Millimetre => millimetres,
            Unit::Metre => millimetres / 1000.0,
            Unit::Foot => millimetres / 304.8,
        };
        (value * 1e9).round() / 1e9
    }

    /// The identifier that belongs to a label of this file.
    fn id(&self, label: &str) -> String {
        crate::building::global_id(self.building.options.seed, label)
    }

    /// Adds a record of a kind that has an identifier, an owner, a name and a description.
    fn root(&mut self, kind: &str, global_id: &str, name: Arg, rest: Vec<Arg>) -> Id {
        let mut args = vec![global_id.into(), self.owner.into(), name, Arg::Null];
        args.extend(rest);
        self.file.add(kind, &args)
    }

    fn aggregate(&mut self, whole: Id, parts: &[Id], label: &str) {
        if !parts.is_empty() {
            let id = self.id(&format!("aggregate {label}"));
            self.root(
                "IFCRELAGGREGATES",
                &id,
                Arg::Null,
                vec![whole.into(), parts.into()],
            );
        }
    }

    /// Site, building, storeys and all that they hold.
    fn spatial_structure(&mut self) -> Id {
        let building = self.building;
        let site_frame = self.place(None, Frame::default());
        let id = self.id("site");
        let [latitude, longitude, elevation] = self.site_position();
        let site = self.root(
            "IFCSITE",
            &id,
            "Site".into(),
            vec![
                Arg::Null,
                site_frame.into(),
                Arg::Null,
                Arg::Null,
                Arg::Enum("ELEMENT"),
                latitude,
                longitude,
                elevation,
                Arg::Null,
                Arg::Null,
            ],
        );
        let placement = building.placement;
        let (sin, cos) = placement.turn_deg.to_radians().sin_cos();
        let frame = Frame {
            at_mm: [placement.east_m * 1000.0, placement.north_m * 1000.0, 0.0],
            axis: Z_DIRECTION,
            x: [cos, sin, 0.0],
        };
        let building_frame = self.place(Some(site_frame), frame);
        let id = self.id("building");
        let address = self.postal_address();
        let record = self.root(
            "IFCBUILDING",
            &id,
            (&building.name).into(),
            vec![
                Arg::Null,
                building_frame.into(),
                Arg::Null,
                Arg::Null,
                Arg::Enum("ELEMENT"),
                Arg::Null,
                Arg::Null,
                address,
            ],
        );
        self.building_properties(record);
        let storeys: Vec<Id> = (0..building.storeys.len())
            .map(|storey| self.storey(storey, building_frame))
            .collect();
        self.aggregate(record, &storeys, "storeys");
        self.aggregate(site, &[record], "building");
        site
    }

    fn storey(&mut self, storey: usize, building_frame: Id) -> Id {
        let this = &self.building.storeys[storey];
        let at_mm = [0.0, 0.0, this.elevation as f64];
        let frame = self.place(
            Some(building_frame),
            Frame {
                at_mm,
                ..Frame::default()
            },
        );
        let elevation = self.length(this.elevation as f64);
        let record = self.root(
            "IFCBUILDINGSTOREY",
            &this.global_id,
            (&this.name).into(),
            vec![
                Arg::Null,
                frame.into(),
                Arg::Null,
                Arg::Null,
                Arg::Enum("ELEMENT"),
                elevation.into(),
            ],
        );
        self.storey_properties(record, storey);
        let spaces: Vec<Id> = self
            .building
            .rooms_of(storey)
            .filter(|(_, space)| self.defects.keeps(&space.global_id))
            .map(|(index, _)| index)
            .collect::<Vec<_>>()
            .into_iter()
            .map(|index| self.space(index, frame))
            .collect();
        self.aggregate(record, &spaces, &format!("spaces {storey}"));
        self.slabs(storey, frame);
        self.walls(storey, frame);
        self.stairs(storey, frame);
        if self.options.boundaries {
            self.open_boundaries(storey, frame);
        }
        let contained = std::mem::take(&mut self.contained);
        let id = self.id(&format!("contained {storey}"));
        let rest = vec![contained.as_slice().into(), record.into()];
        self.root("IFCRELCONTAINEDINSPATIALSTRUCTURE", &id, Arg::Null, rest);
        record
    }
}

fn owner_history(file: &mut File) -> Id {
    let null = || Arg::Null;
    let person = file.add(
        "IFCPERSON",
        &[
            null(),
            "generator".into(),
            null(),
            null(),
            null(),
            null(),
            null(),
            null(),
        ],
    );
    let organization = file.add(
        "IFCORGANIZATION",
        &[null(), "twin-scenario".into(), null(), null(), null()],
    );
    let both = file.add(
        "IFCPERSONANDORGANIZATION",
        &[person.into(), organization.into(), null()],
    );
    let application = file.add(
        "IFCAPPLICATION",
        &[
            organization.into(),
            env!("CARGO_PKG_VERSION").into(),
            "twin-scenario".into(),
            "twin-scenario".into(),
        ],
    );
    file.add(
        "IFCOWNERHISTORY",
        &[
            both.into(),
            application.into(),
            null(),
            Arg::Enum("NOCHANGE"),
            null(),
            null(),
            null(),
            Arg::Int(TIMESTAMP_S),
        ],
    )
}

fn units(file: &mut File, unit: Unit) -> Id {
    let mut si = |kind: &'static str, prefix: Option<&'static str>, name: &'static str| {
        let prefix = prefix.map_or(Arg::Null, Arg::Enum);
        file.add(
            "IFCSIUNIT",
            &[Arg::Derived, Arg::Enum(kind), prefix, Arg::Enum(name)],
        )
    };
    let area = si("AREAUNIT", None, "SQUARE_METRE");
    let volume = si("VOLUMEUNIT", None, "CUBIC_METRE");
    let angle = si("PLANEANGLEUNIT", None, "RADIAN");
    let length = match unit {
        Unit::Millimetre => si("LENGTHUNIT", Some("MILLI"), "METRE"),
        Unit::Metre => si("LENGTHUNIT", None, "METRE"),
        Unit::Foot => {
            let metre = si("LENGTHUNIT", None, "METRE");
            foot(file, metre)
        }
    };
    file.add("IFCUNITASSIGNMENT", &[[length, area, volume, angle].into()])
}

fn foot(file: &mut File, metre: Id) -> Id {
    let exponents = [1, 0, 0, 0, 0, 0, 0].map(Arg::Int);
    let dimensions = file.add("IFCDIMENSIONALEXPONENTS", &exponents);
    let factor = Arg::Typed("IFCLENGTHMEASURE", Box::new(0.3048.into()));
    let measure = file.add("IFCMEASUREWITHUNIT", &[factor, metre.into()]);
    file.add(
        "IFCCONVERSIONBASEDUNIT",
        &[
            dimensions.into(),
            Arg::Enum("LENGTHUNIT"),
            "FOOT".into(),
            measure.into(),
        ],
    )
}
