//! A storey of two rooms on a corridor, with a thing left out here and there, and what is inferred
//! in its place.

use std::fmt::Write;
use twin_import::ifc::{Imported, import};
use twin_import::{Facet, Mint, Options};
use twin_model::{Act, Code, EntityId, EntityKind, Uncertainty, Value};

/// Writes a plan of boxes as an IFC file, in metres.
struct Plan {
    text: String,
    next: u32,
    storeys: Vec<(u32, f64, Vec<u32>, Vec<u32>)>,
}

impl Plan {
    fn new(heights_m: &[f64]) -> Self {
        let mut plan = Self {
            text: String::from("ISO-10303-21;\nHEADER;\nFILE_SCHEMA(('IFC4'));\nENDSEC;\nDATA;\n"),
            next: 1,
            storeys: Vec::new(),
        };
        let metre = plan.add("IFCSIUNIT(*,.LENGTHUNIT.,$,.METRE.)");
        let units = plan.add(&format!("IFCUNITASSIGNMENT((#{metre}))"));
        plan.add(&format!(
            "IFCPROJECT('0000000000000000000P01',$,'P',$,$,$,$,(),#{units})"
        ));
        for (i, height) in heights_m.iter().enumerate() {
            let at = plan.placement(0.0, 0.0, *height);
            let storey = plan.add(&format!(
                "IFCBUILDINGSTOREY('00000000000000000000S{i}',$,'S{i}',$,$,#{at},$,$,.ELEMENT.,{height:.1})"
            ));
            plan.storeys.push((storey, *height, Vec::new(), Vec::new()));
        }
        plan
    }

    fn add(&mut self, statement: &str) -> u32 {
        let number = self.next;
        self.next += 1;
        writeln!(self.text, "#{number}={statement};").unwrap();
        number
    }

    fn placement(&mut self, x: f64, y: f64, z: f64) -> u32 {
        let p = self.add(&format!("IFCCARTESIANPOINT(({x:.3},{y:.3},{z:.3}))"));
        let axes = self.add(&format!("IFCAXIS2PLACEMENT3D(#{p},$,$)"));
        self.add(&format!("IFCLOCALPLACEMENT($,#{axes})"))
    }

    /// A box between two corners on a storey; its placement and shape.
    fn solid(&mut self, storey: usize, a: (f64, f64), b: (f64, f64), height: f64) -> (u32, u32) {
        let at = self.placement(0.0, 0.0, self.storeys[storey].1);
        let corner = |plan: &mut Self, x: f64, y: f64| {
            plan.add(&format!("IFCCARTESIANPOINT(({x:.3},{y:.3}))"))
        };
        let (p, q) = (corner(self, a.0, a.1), corner(self, b.0, a.1));
        let (r, s) = (corner(self, b.0, b.1), corner(self, a.0, b.1));
        let ring = self.add(&format!("IFCPOLYLINE((#{p},#{q},#{r},#{s},#{p}))"));
        let profile = self.add(&format!("IFCARBITRARYCLOSEDPROFILEDEF(.AREA.,$,#{ring})"));
        let up = self.add("IFCDIRECTION((0.,0.,1.))");
        let solid = self.add(&format!(
            "IFCEXTRUDEDAREASOLID(#{profile},$,#{up},{height:.2})"
        ));
        let body = self.add(&format!(
            "IFCSHAPEREPRESENTATION($,'Body','SweptSolid',(#{solid}))"
        ));
        let shape = self.add(&format!("IFCPRODUCTDEFINITIONSHAPE($,$,(#{body}))"));
        (at, shape)
    }

    fn wall(&mut self, storey: usize, a: (f64, f64), b: (f64, f64)) {
        let (at, shape) = self.solid(storey, a, b, 2.7);
        let n = self.next;
        let wall = self.add(&format!(
            "IFCWALL('00000000000000000W{n:04}',$,$,$,$,#{at},#{shape},$,$)"
        ));
        self.storeys[storey].3.push(wall);
    }

    /// A door 0.9 m wide across a wall from `a` to `b`, named by one letter.
    fn door(&mut self, storey: usize, name: &str, a: (f64, f64), b: (f64, f64)) {
        let (at, shape) = self.solid(storey, a, b, 2.1);
        let door = self.add(&format!(
            "IFCDOOR('00000000000000000000D{name}',$,'{name}',$,$,#{at},#{shape},$,2.1,0.9,.DOOR.,$,$)"
        ));
        self.storeys[storey].3.push(door);
    }

    fn space(&mut self, storey: usize, name: &str, usage: &str, a: (f64, f64), b: (f64, f64)) {
        let (at, shape) = self.solid(storey, a, b, 2.6);
        let space = self.add(&format!(
            "IFCSPACE('00000000000000000000R{name}',$,'{name}',$,$,#{at},#{shape},'{usage}',.ELEMENT.,$,$)"
        ));
        self.storeys[storey].2.push(space);
    }

    fn finished(mut self) -> String {
        for (storey, _, spaces, parts) in std::mem::take(&mut self.storeys) {
            let list = |of: &[u32]| {
                let of: Vec<String> = of.iter().map(|n| format!("#{n}")).collect();
                of.join(",")
            };
            if !spaces.is_empty() {
                self.add(&format!(
                    "IFCRELAGGREGATES('0000000000000000000A{storey:02}',$,$,$,#{storey},({}))",
                    list(&spaces)
                ));
            }
            self.add(&format!(
                "IFCRELCONTAINEDINSPATIALSTRUCTURE('0000000000000000000C{storey:02}',$,$,$,({}),#{storey})",
                list(&parts)
            ));
        }
        self.text + "ENDSEC;\nEND-ISO-10303-21;\n"
    }
}

/// Six rooms of 4 m by 4 m on a corridor of 24 m by 2 m; walls 0.2 m thick. Rooms are 1 to 6, the
/// corridor 0; doors to the corridor likewise, and `x` leads out of the corridor's end.
fn wing(plan: &mut Plan, storey: usize, rooms: &str, doors: &str) {
    plan.wall(storey, (-0.2, -0.2), (25.0, 0.0));
    plan.wall(storey, (-0.2, 2.0), (25.0, 2.2));
    plan.wall(storey, (-0.2, 6.2), (25.0, 6.4));
    plan.wall(storey, (-0.2, 0.0), (0.0, 6.2));
    for k in 0..6 {
        let (x, name) = (4.2 * f64::from(k), (k + 1).to_string());
        plan.wall(storey, (x + 4.0, 2.2), (x + 4.2, 6.2));
        if rooms.contains(&name) {
            plan.space(storey, &name, "Office", (x, 2.2), (x + 4.0, 6.2));
        }
        if doors.contains(&name) {
            plan.door(storey, &name, (x + 1.0, 2.0), (x + 1.9, 2.2));
        }
    }
    plan.wall(storey, (25.0, -0.2), (25.2, 6.4));
    if rooms.contains('0') {
        plan.space(storey, "0", "Corridor", (0.0, 0.0), (25.0, 2.0));
    }
    if doors.contains('x') {
        plan.door(storey, "x", (25.0, 0.5), (25.2, 1.4));
    }
}

fn one_storey(rooms: &str, doors: &str) -> String {
    let mut plan = Plan::new(&[0.0]);
    wing(&mut plan, 0, rooms, doors);
    plan.finished()
}

struct Urn;

impl Mint for Urn {
    fn mint(&mut self, _: EntityKind, external_id: &str) -> EntityId {
        EntityId::new(&format!("urn:{external_id}")).unwrap()
    }
}

fn read(text: &str) -> Imported {
    import(text.as_bytes(), &Options::default(), &mut Urn)
}

/// What the inferred facet says about an attribute: thing, value, probability in per cent.
fn inferred(imported: &Imported, attribute: &str) -> Vec<String> {
    let facets = imported.facets.iter();
    let facets = facets.filter(|f| f.facet == Facet::Inferred);
    let short = |id: &str| id.replace("00000000000000000000", "").replace("urn:", "");
    facets
        .flat_map(|f| &f.statements)
        .filter(|s| s.attribute.as_str() == attribute)
        .map(|s| {
            assert!(s.procedure.as_ref().is_some_and(|p| p.len() > 20));
            let Act::Assert(stated) = &s.act else {
                return format!("{} unknown", short(s.entity.as_str()));
            };
            let value = match &stated.value {
                Value::Entities(list) => {
                    let list: Vec<String> = list.iter().map(|e| short(e.as_str())).collect();
                    list.join("+")
                }
                Value::Number(x) => format!("{x}"),
                Value::Boolean(b) => format!("{b}"),
                other => format!("{other:?}"),
            };
            let probability = match stated.uncertainty {
                Some(Uncertainty::Probability(p)) => format!(" {:.0} %", 100.0 * p),
                _ => String::new(),
            };
            format!("{} {value}{probability}", short(s.entity.as_str()))
        })
        .collect()
}

#[test]
fn a_complete_storey_needs_nothing() {
    let imported = read(&one_storey("0123456", "123456x"));
    for attribute in ["type", "existence", "connects"] {
        assert_eq!(inferred(&imported, attribute), [""; 0], "{attribute}");
    }
    assert!(imported.summary.missing_doors < 0.1);
}

#[test]
fn walls_enclose_the_rooms_that_nobody_named_and_doors_join_them() {
    let imported = read(&one_storey("01245", "123456x"));
    assert_eq!(
        inferred(&imported, "existence"),
        ["room:S0:104:42 true 100 %", "room:S0:230:42 true 100 %"]
    );
    assert_eq!(
        inferred(&imported, "area"),
        ["room:S0:104:42 16", "room:S0:230:42 16"]
    );
    assert_eq!(
        inferred(&imported, "connects"),
        ["D3 R0+room:S0:104:42 100 %", "D6 R0+room:S0:230:42 100 %"]
    );
    assert_eq!(
        inferred(&imported, "usage"),
        ["room:S0:104:42 unknown", "room:S0:230:42 unknown"]
    );
    // The plan no longer says that the third door leads outside.
    let geometry = imported.facets.iter().find(|f| f.facet == Facet::Geometry);
    let door = "urn:00000000000000000000D3";
    let says = |name: &str| {
        let mut all = geometry.unwrap().statements.iter();
        all.any(|s| s.entity.as_str() == door && s.attribute.as_str() == name)
    };
    assert!(says("connects") && !says("isExternal"));
}

#[test]
fn a_storey_of_walls_alone_has_rooms() {
    let imported = read(&one_storey("", "123456x"));
    assert_eq!(inferred(&imported, "existence").len(), 7);
    let front = inferred(&imported, "isExternal");
    assert!(front.contains(&"Dx true 90 %".to_owned()), "{front:?}");
    let storey = &imported.summary.network;
    assert_eq!(storey.spaces.len(), 7);
    assert!(storey.spaces.iter().all(|key| key.starts_with("room:")));
    let found: Vec<&str> = imported
        .findings
        .iter()
        .filter(|f| f.code == Code::IfcSubdivisionUnknown)
        .map(|f| f.message.as_ref())
        .collect();
    assert_eq!(
        found,
        ["the storey has no spaces; 7 are inferred from its walls"]
    );
}

#[test]
fn a_room_without_a_door_has_one_to_the_corridor() {
    let imported = read(&one_storey("0123456", "12456x"));
    let doors = inferred(&imported, "existence");
    let chance = |key: &str| {
        let line = doors.iter().find(|line| line.starts_with(key))?;
        line.rsplit(' ').nth(1)?.parse::<f64>().ok()
    };
    let corridor = chance("door:R0:R3").unwrap();
    assert!(corridor > 60.0, "{doors:?}");
    for neighbour in ["door:R2:R3", "door:R3:R4"] {
        assert!(
            chance(neighbour).unwrap_or(0.0) < 0.5 * corridor,
            "{doors:?}"
        );
    }
    assert!(chance("door:R1:R2").is_none(), "{doors:?}");
    assert_eq!(imported.summary.door_spaces.len(), 6);
    let share = imported.summary.missing_doors;
    assert!((0.03..0.25).contains(&share), "{share}");
}

#[test]
fn more_rooms_without_doors_mean_that_more_doors_are_missing() {
    let share = |doors: &str| read(&one_storey("0123456", doors)).summary.missing_doors;
    let shares = [
        share("123456x"),
        share("12345x"),
        share("1245x"),
        share("14x"),
    ];
    assert!(shares.windows(2).all(|w| w[0] < w[1]), "{shares:?}");
}

#[test]
fn an_exit_is_missed_where_there_is_none() {
    let imported = read(&one_storey("0123456", "123456"));
    let exits = inferred(&imported, "isExternal");
    assert!(
        exits.iter().any(|line| line.starts_with("exit:R0 true")),
        "{exits:?}"
    );
}

#[test]
fn storeys_that_nothing_links_have_a_stair_where_stairwells_stand_above_each_other() {
    let mut plan = Plan::new(&[0.0, 3.0]);
    for storey in 0..2 {
        // The last room is a stairwell without a stair; on the upper storey it is not named.
        wing(
            &mut plan,
            storey,
            if storey == 0 { "012345" } else { "01234" },
            "123456x",
        );
    }
    plan.space(0, "6", "Treppenhaus", (21.0, 2.2), (25.0, 6.2));
    let imported = read(&plan.finished());
    let links = inferred(&imported, "portalKind");
    assert_eq!(links.len(), 1, "{links:?}");
    assert!(links[0].starts_with("stair:R6:room:S1:230:42"), "{links:?}");
    let unlinked = |i: &Imported| {
        i.findings
            .iter()
            .any(|f| f.code == Code::IfcVerticalUnknown)
    };
    assert!(!unlinked(&imported));
    let mut plan = Plan::new(&[0.0, 3.0]);
    for storey in 0..2 {
        wing(&mut plan, storey, "0123456", "123456x");
    }
    assert!(unlinked(&read(&plan.finished())));
}

#[test]
fn the_same_file_gives_the_same_inferences() {
    let text = one_storey("0235", "135");
    let (a, b) = (read(&text), read(&text));
    for (a, b) in a.facets.iter().zip(&b.facets) {
        assert_eq!(a.statements, b.statements);
    }
}
