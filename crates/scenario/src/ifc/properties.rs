//! Property sets and quantities.

use super::{Schema, Writer};
use crate::building::{Door, Level, Lift, Space, Stair, Usage, area};
use crate::step::{Arg, Id};

fn label(text: &str) -> Arg {
    Arg::Typed("IFCLABEL", Box::new(text.into()))
}

/// IFC4.3 holds counts as whole numbers, earlier schemas as any number.
fn count(schema: Schema, value: i64) -> Arg {
    let value = if schema == Schema::Ifc4x3 {
        Arg::Int(value)
    } else {
        Arg::Real(value as f64)
    };
    Arg::Typed("IFCCOUNTMEASURE", Box::new(value))
}

fn boolean(value: bool) -> Arg {
    Arg::Typed("IFCBOOLEAN", Box::new(Arg::Bool(value)))
}

impl Writer<'_> {
    /// Attaches a property set to a record. `owner_id` is the GlobalId of what it describes.
    pub(super) fn properties(
        &mut self,
        record: Id,
        owner_id: &str,
        set: &str,
        properties: Vec<(&str, Arg)>,
    ) {
        let values: Vec<Id> = properties
            .into_iter()
            .map(|(name, value)| {
                let args = [name.into(), Arg::Null, value, Arg::Null];
                self.file.add("IFCPROPERTYSINGLEVALUE", &args)
            })
            .collect();
        self.attach(
            record,
            owner_id,
            "IFCPROPERTYSET",
            set,
            vec![values.as_slice().into()],
        );
    }

    fn attach(&mut self, record: Id, owner_id: &str, kind: &str, set: &str, rest: Vec<Arg>) {
        let set_id = self.id(&format!("{set} of {owner_id}"));
        let set_record = self.root(kind, &set_id, set.into(), rest);
        let relation = self.id(&format!("{set} defines {owner_id}"));
        let rest = vec![[record].into(), set_record.into()];
        self.root("IFCRELDEFINESBYPROPERTIES", &relation, Arg::Null, rest);
    }

    pub(super) fn building_properties(&mut self, record: Id) {
        let storeys = Arg::Int(i64::try_from(self.building.storeys.len()).unwrap_or(i64::MAX));
        let mut properties = vec![
            (
                "NumberOfStoreys",
                Arg::Typed("IFCINTEGER", Box::new(storeys)),
            ),
            ("OccupancyType", label("Office")),
        ];
        if let Some(id) = &self.extras.register_id {
            let id = Arg::Typed("IFCIDENTIFIER", Box::new(id.into()));
            properties.push(("BuildingID", id));
        }
        self.properties(record, "building", "Pset_BuildingCommon", properties);
    }

    pub(super) fn storey_properties(&mut self, record: Id, storey: usize) {
        let this = &self.building.storeys[storey];
        let logical = |value| Arg::Typed("IFCLOGICAL", Box::new(Arg::Bool(value)));
        let properties = vec![
            ("EntranceLevel", boolean(this.level == Level::Ground)),
            ("AboveGround", logical(this.level != Level::Basement)),
        ];
        self.properties(
            record,
            &this.global_id,
            "Pset_BuildingStoreyCommon",
            properties,
        );
    }

    pub(super) fn space_properties(&mut self, record: Id, space: &Space) {
        let common = vec![
            (
                "Reference",
                Arg::Typed("IFCIDENTIFIER", Box::new(space.usage.word().into())),
            ),
            ("IsExternal", boolean(false)),
        ];
        self.properties(record, &space.global_id, "Pset_SpaceCommon", common);
        let area_m2 = area(&space.footprint) as f64 / 1e6;
        if let Some(each_m2) = space.usage.area_per_person_m2() {
            let persons = (area_m2 / each_m2).floor().max(1.0);
            let occupancy = vec![
                ("OccupancyType", label(&space.name)),
                (
                    "OccupancyNumber",
                    count(self.options.schema, persons as i64),
                ),
                (
                    "AreaPerOccupant",
                    Arg::Typed("IFCAREAMEASURE", Box::new(each_m2.into())),
                ),
            ];
            let set = "Pset_SpaceOccupancyRequirements";
            self.properties(record, &space.global_id, set, occupancy);
        }
        self.space_quantities(record, space, area_m2);
    }

    fn space_quantities(&mut self, record: Id, space: &Space, area_m2: f64) {
        let height = self.length(space.height as f64);
        let mut quantity = |kind: &str, name: &str, value: f64| {
            let mut args = vec![name.into(), Arg::Null, Arg::Null, value.into()];
            if !self.is_2x3() {
                args.push(Arg::Null);
            }
            self.file.add(kind, &args)
        };
        let all = [
            quantity("IFCQUANTITYAREA", "NetFloorArea", area_m2),
            quantity("IFCQUANTITYLENGTH", "Height", height),
        ];
        let rest = vec!["BaseQuantities".into(), all.into()];
        let set = if self.is_2x3() {
            "BaseQuantities"
        } else {
            "Qto_SpaceBaseQuantities"
        };
        self.attach(record, &space.global_id, "IFCELEMENTQUANTITY", set, rest);
    }

    pub(super) fn door_properties(&mut self, record: Id, door: &Door) {
        let rating = self.defects.rating(door);
        let reference = door.name.split(':').next().unwrap_or_default();
        let mut properties = vec![
            (
                "Reference",
                Arg::Typed("IFCIDENTIFIER", Box::new(reference.into())),
            ),
            ("IsExternal", boolean(self.defects.external(door))),
            ("FireExit", boolean(door.fire_exit)),
        ];
        if let Some(rating) = rating {
            properties.push(("FireRating", label(rating)));
        }
        properties.push(("SelfClosing", boolean(door.fire_rating.is_some())));
        self.properties(record, &door.global_id, "Pset_DoorCommon", properties);
    }

    pub(super) fn wall_properties(&mut self, record: Id, wall: usize) {
        let wall = &self.building.walls[wall];
        let bearing = wall.external || wall.thickness >= 200;
        let mut properties = vec![
            ("IsExternal", boolean(wall.external)),
            ("LoadBearing", boolean(bearing)),
        ];
        // Walls around stairs and the lift shaft keep a fire out for an hour.
        if wall.thickness == 200 {
            properties.push(("FireRating", label("EI 60")));
        }
        self.properties(record, &wall.global_id, "Pset_WallCommon", properties);
    }

    pub(super) fn stair_properties(&mut self, record: Id, stair: &Stair) {
        let steps = 2 * stair.risers;
        let schema = self.options.schema;
        let properties = vec![
            ("NumberOfRiser", count(schema, steps)),
            ("NumberOfTreads", count(schema, steps - 2)),
            ("FireExit", boolean(true)),
        ];
        self.properties(record, &stair.global_id, "Pset_StairCommon", properties);
    }

    pub(super) fn lift_properties(&mut self, record: Id, lift: &Lift) {
        let (width, depth) = (
            self.length(lift.car.0 as f64),
            self.length(lift.car.1 as f64),
        );
        let length = |value: f64| Arg::Typed("IFCPOSITIVELENGTHMEASURE", Box::new(value.into()));
        let properties = vec![
            ("FireFightingLift", boolean(lift.firefighting)),
            ("ClearWidth", length(width)),
            ("ClearDepth", length(depth)),
        ];
        self.properties(
            record,
            &lift.global_id,
            "Pset_TransportElementElevator",
            properties,
        );
    }

    /// What a space is called when it stands alone: `OFFICE`, `CORRIDOR`.
    pub(super) fn object_type(usage: Usage) -> Arg {
        Arg::Text(usage.word().to_uppercase())
    }
}
