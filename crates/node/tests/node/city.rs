//! What lies outside: the map, where a building's plan stands on it, which twins are one, and
//! how complete a building is known.

use crate::bench::{START, attribute, id, import, office, open, says};
use std::sync::Arc;
use twin_model::{Caller, EntityId, Interval, Polygon, Stated, Statement, Uncertainty, Value};
use twin_node::{
    Draft, Error, Identity, IdentityFilter, IdentityState, MapLayer, MapQuery, Mode, Node,
    RouteEnd, RouteQuery, RouteStep,
};

const OPERATOR: &Caller = &Caller::OPERATOR;

fn tell(node: &Node, said: Vec<(&str, &str, Value)>) {
    let drafts = said.into_iter();
    let drafts = drafts.map(|(twin, name, value)| says(twin, name, value, START));
    let receipt = node.submit_blocking(OPERATOR, drafts.collect(), Mode::AllOrNothing);
    assert_eq!(receipt.unwrap().refused, []);
}

fn square(west: f64, south: f64, size: f64) -> Value {
    let ring = vec![
        [west, south],
        [west + size, south],
        [west + size, south + size],
        [west, south + size],
    ];
    Value::Polygon(Arc::new(Polygon { rings: vec![ring] }))
}

fn line(points: &[[f64; 2]]) -> Value {
    Value::Line(points.into())
}

fn site(latitude_deg: f64, longitude_deg: f64) -> Value {
    let text = format!(r#"{{"latitude_deg":{latitude_deg},"longitude_deg":{longitude_deg}}}"#);
    Value::Json(text.into())
}

/// A block, a canal, two streets and an entrance near Delft.
fn quarter(node: &Node) {
    tell(
        node,
        vec![
            ("urn:c:block", "type", Value::text("building")),
            ("urn:c:block", "name", Value::text("Block")),
            ("urn:c:block", "outline", square(4.3600, 52.0100, 0.0005)),
            ("urn:c:block", "buildingHeight", Value::Number(31.0)),
            ("urn:c:canal", "type", Value::text("area")),
            ("urn:c:canal", "landUse", Value::text("water")),
            ("urn:c:canal", "outline", square(4.3620, 52.0100, 0.0010)),
            ("urn:c:street", "type", Value::text("street")),
            ("urn:c:street", "streetKind", Value::text("primary")),
            (
                "urn:c:street",
                "course",
                line(&[[4.3595, 52.0099], [4.3610, 52.0099]]),
            ),
            ("urn:c:path", "type", Value::text("street")),
            ("urn:c:path", "streetKind", Value::text("footway")),
            (
                "urn:c:path",
                "course",
                line(&[[4.3595, 52.0099], [4.3595, 52.0110]]),
            ),
            ("urn:c:door", "type", Value::text("portal")),
            ("urn:c:door", "partOf", Value::Entity(id("urn:c:block"))),
            ("urn:c:door", "sitePosition", site(52.0100, 4.3602)),
        ],
    );
}

fn drawn(node: &Node, bounds: [f64; 4], zoom: u8) -> Vec<String> {
    let reader = node.read(OPERATOR).unwrap();
    let query = MapQuery {
        bounds,
        zoom,
        storey: None,
    };
    let features = reader.map(&query).unwrap().into_inner();
    features
        .iter()
        .map(|feature| feature.id.to_string())
        .collect()
}

const QUARTER: [f64; 4] = [4.35, 52.0, 4.37, 52.02];

#[test]
fn a_map_shows_what_its_scale_bears() {
    let dir = tempfile::tempdir().unwrap();
    let (node, _) = open(dir.path());
    quarter(&node);
    for (bounds, zoom, expected) in [
        (
            QUARTER,
            18,
            "urn:c:canal urn:c:street urn:c:path urn:c:block urn:c:door",
        ),
        (
            QUARTER,
            15,
            "urn:c:canal urn:c:street urn:c:path urn:c:block",
        ),
        (QUARTER, 13, "urn:c:canal urn:c:street urn:c:block"),
        (QUARTER, 9, "urn:c:canal urn:c:street"),
        ([4.3619, 52.0, 4.37, 52.02], 18, "urn:c:canal"),
        ([5.0, 52.0, 5.1, 52.1], 18, ""),
    ] {
        assert_eq!(
            drawn(&node, bounds, zoom).join(" "),
            expected,
            "{bounds:?} {zoom}"
        );
    }
    let reader = node.read(OPERATOR).unwrap();
    let whole = reader.overview().unwrap().into_inner().bounds;
    assert_eq!(whole, Some([4.3595, 52.0099, 4.3630, 52.0110]));
    assert!(
        reader.buildings().unwrap().get().is_empty(),
        "only a ground plan is known of it"
    );
    let upside_down = MapQuery {
        bounds: [4.37, 52.0, 4.35, 52.02],
        zoom: 10,
        storey: None,
    };
    assert!(matches!(reader.map(&upside_down), Err(Error::Invalid(_))));
    let nobody = node.read(&Caller::ANONYMOUS);
    assert!(nobody.is_err(), "no map for strangers");
}

/// The rooms of a storey stand on the map once its building does, and not before: a plan at the
/// wrong place is worse than none.
#[test]
fn rooms_stand_where_their_building_does() {
    let dir = tempfile::tempdir().unwrap();
    let (node, _) = open(dir.path());
    let building = import(&node, &office(5, |_| {}))
        .record
        .building
        .clone()
        .unwrap();
    let rooms = |node: &Node| {
        let reader = node.read(OPERATOR).unwrap();
        let storey = reader.building(&building).unwrap().get().storeys[1]
            .id
            .clone();
        let query = MapQuery {
            bounds: QUARTER,
            zoom: 18,
            storey: Some(storey),
        };
        let features = reader.map(&query).unwrap().into_inner();
        let rooms = features.into_iter().filter(|f| f.layer == MapLayer::Storey);
        rooms.map(|f| f.shape).collect::<Vec<_>>()
    };
    let turned = |rotation| (building.as_str(), "planRotation", Value::Number(rotation));
    let placed = (building.as_str(), "sitePosition", site(52.01, 4.36));
    for source in ["urn:x:survey", "urn:x:registry", "urn:x:visit"] {
        let drafts = [turned(30.0), placed.clone()].map(|(twin, name, value)| Draft {
            source: Some(twin_model::SourceId::new(source).unwrap()),
            ..says(twin, name, value, START.plus_seconds(1.0))
        });
        node.submit_blocking(OPERATOR, drafts.to_vec(), Mode::AllOrNothing)
            .unwrap();
    }
    let reader = node.read(OPERATOR).unwrap();
    let place = reader.building(&building).unwrap().get().place.unwrap();
    assert_eq!(
        (place.frame.rotation_deg, place.probability > 0.5),
        (30.0, true)
    );
    let shapes = rooms(&node);
    assert!(shapes.len() > 5, "{}", shapes.len());
    let near = |[lon, lat]: [f64; 2]| (lon - 4.36).abs() < 0.002 && (lat - 52.01).abs() < 0.002;
    for shape in shapes {
        let twin_node::Shape::Polygon(polygon) = shape else {
            panic!("a room is an area");
        };
        assert!(polygon.rings[0].iter().all(|&p| near(p)));
    }
}

fn identities(
    node: &Node,
    state: Option<IdentityState>,
) -> Vec<(EntityId, EntityId, f64, IdentityState)> {
    let filter = IdentityFilter {
        state,
        after: None,
        limit: 10,
    };
    let page = node
        .read(OPERATOR)
        .unwrap()
        .identity_list(&filter)
        .unwrap()
        .into_inner();
    let lines = page.items.into_iter();
    lines
        .map(|l| (l.one.id, l.other.id, l.probability, l.state))
        .collect()
}

/// A machine matched the block with what the map calls a hall; a steward looks at it, says no,
/// and on a second look yes.
#[test]
fn an_identity_is_reviewed_and_split_again() {
    let dir = tempfile::tempdir().unwrap();
    let (node, clock) = open(dir.path());
    quarter(&node);
    tell(
        &node,
        vec![
            ("urn:o:hall", "type", Value::text("building")),
            ("urn:o:hall", "name", Value::text("Hall")),
            ("urn:o:hall", "buildingHeight", Value::Number(31.4)),
        ],
    );
    let pair = (id("urn:c:block"), id("urn:o:hall"));
    let identity = Identity::id(&pair.0, &pair.1);
    let matched = Statement {
        entity: identity.clone(),
        attribute: attribute("identifies"),
        act: twin_model::Act::Assert(Stated {
            value: Value::entities([pair.0.clone(), pair.1.clone()]),
            unit: None,
            uncertainty: Some(Uncertainty::Probability(0.8)),
        }),
        valid: Interval::ALWAYS,
        observed: START,
        procedure: Some("outlines overlap by 90 %".into()),
    };
    let source = Some(twin_model::SourceId::new("urn:twin:x:matching").unwrap());
    let draft = Draft {
        source,
        statement: matched,
    };
    node.submit_blocking(OPERATOR, vec![draft], Mode::AllOrNothing)
        .unwrap();
    let all = identities(&node, None);
    assert_eq!(
        (&all[0].0, &all[0].1, all[0].3),
        (&pair.0, &pair.1, IdentityState::Open)
    );
    let same = node
        .read(OPERATOR)
        .unwrap()
        .same(&pair.0)
        .unwrap()
        .into_inner();
    let agree = |name| {
        same.attributes
            .iter()
            .find(|c| c.name == name)
            .map(|c| c.agree)
    };
    assert_eq!(
        (agree("name"), agree("buildingHeight"), agree("address")),
        (Some(false), Some(true), None)
    );
    let mut judged = Identity {
        one: pair.1.clone(),
        other: pair.0.clone(),
        probability: None,
        reason: "another street".to_owned(),
    };
    for (probability, state) in [
        (None, IdentityState::Disputed),
        (Some(1.0), IdentityState::Confirmed),
    ] {
        clock.set(node.now().plus_seconds(60.0));
        judged.probability = probability;
        node.identify(OPERATOR, &judged).unwrap();
        let found = identities(&node, Some(state));
        assert_eq!(found.len(), 1, "{state:?}: {:?}", identities(&node, None));
    }
    assert!(matches!(
        node.read(OPERATOR).unwrap().same(&id("urn:nobody")),
        Err(Error::NotFound { .. })
    ));
}

#[test]
fn a_building_says_how_complete_it_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let (node, _) = open(dir.path());
    let building = import(&node, &office(5, |_| {}))
        .record
        .building
        .clone()
        .unwrap();
    let reader = node.read(OPERATOR).unwrap();
    let known = reader.completeness(&building).unwrap().into_inner();
    assert_eq!(known.storeys.len(), 3);
    for storey in &known.storeys {
        let counts = &storey.counts;
        assert!(
            counts.rooms > 5 && counts.rooms_with_known_portal <= counts.rooms,
            "{counts:?}"
        );
        let connected = storey.connected.unwrap();
        assert!(
            connected.least_if_closed <= connected.least && connected.least <= connected.median
        );
        assert!(connected.median > 0.3, "{connected:?}");
    }
    assert!(matches!(
        reader.completeness(&id("urn:nobody")),
        Err(Error::NotFound { .. })
    ));
}

/// Two streets that meet, and a house with two rooms and a front door that was not drawn into
/// any street.
fn house(node: &Node) {
    let entities = |ids: &[&str]| Value::entities(ids.iter().map(|one| id(one)));
    let room = |west: f64| {
        let ring = vec![
            [west, 0.0],
            [west + 5.0, 0.0],
            [west + 5.0, 6.0],
            [west, 6.0],
        ];
        Value::Polygon(Arc::new(Polygon { rings: vec![ring] }))
    };
    let within = || Value::Entity(id("urn:h:ground"));
    tell(
        node,
        vec![
            ("urn:h", "type", Value::text("building")),
            ("urn:h", "sitePosition", site(52.01, 4.36)),
            ("urn:h", "planRotation", Value::Number(0.0)),
            ("urn:h:ground", "type", Value::text("storey")),
            ("urn:h:ground", "partOf", Value::Entity(id("urn:h"))),
            ("urn:h:hall", "type", Value::text("space")),
            ("urn:h:hall", "partOf", within()),
            ("urn:h:hall", "footprint", room(0.0)),
            ("urn:h:hall", "floorElevation", Value::Number(0.0)),
            ("urn:h:back", "type", Value::text("space")),
            ("urn:h:back", "partOf", within()),
            ("urn:h:back", "footprint", room(5.0)),
            ("urn:h:back", "floorElevation", Value::Number(0.0)),
            ("urn:h:door", "type", Value::text("portal")),
            ("urn:h:door", "partOf", within()),
            (
                "urn:h:door",
                "connects",
                entities(&["urn:h:hall", "urn:h:back"]),
            ),
            ("urn:h:door", "position", Value::Point([5.0, 3.0, 0.0])),
            ("urn:h:front", "type", Value::text("portal")),
            ("urn:h:front", "partOf", within()),
            ("urn:h:front", "connects", entities(&["urn:h:hall"])),
            ("urn:h:front", "isExternal", Value::Boolean(true)),
            ("urn:h:front", "position", Value::Point([2.5, 0.0, 0.0])),
            ("urn:s:lane", "type", Value::text("street")),
            ("urn:s:lane", "streetKind", Value::text("footway")),
            ("urn:s:lane", "walkable", Value::Boolean(true)),
            ("urn:s:lane", "ends", Value::text("n1 n2")),
            (
                "urn:s:lane",
                "course",
                line(&[[4.3590, 52.0099], [4.3610, 52.0099]]),
            ),
            ("urn:s:quay", "type", Value::text("street")),
            ("urn:s:quay", "streetKind", Value::text("residential")),
            ("urn:s:quay", "walkable", Value::Boolean(true)),
            ("urn:s:quay", "ends", Value::text("n2 n3")),
            ("urn:s:quay", "name", Value::text("Nieuwe Gracht")),
            (
                "urn:s:quay",
                "course",
                line(&[[4.3610, 52.0099], [4.3610, 52.0150]]),
            ),
        ],
    );
}

fn told(steps: &[RouteStep]) -> String {
    let word = |step: &RouteStep| match step {
        RouteStep::Indoors { space, .. } => space.as_str()[4..].to_owned(),
        RouteStep::Anchor { portal, .. } => format!("({})", &portal.as_str()[4..]),
        RouteStep::Street { street, .. } => street.as_str()[4..].to_owned(),
    };
    steps.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// A door with a space on one side is seen once on the plan, and two things are said of it: that
/// it joins that space alone, and that it leads outside. Both are doubtful for one reason, a room
/// beyond that nobody drew. Once both doubts were multiplied: people in the hall had 0.64 for 0.8.
#[test]
fn that_a_door_leads_out_is_doubted_once() {
    let dir = tempfile::tempdir().unwrap();
    let (node, _) = open(dir.path());
    house(&node);
    let seen = |name, value| {
        let mut draft = says("urn:h:yard", name, value, START);
        if let twin_model::Act::Assert(stated) = &mut draft.statement.act {
            stated.uncertainty = Some(Uncertainty::Probability(0.8));
        }
        draft
    };
    let hall = Value::entities([id("urn:h:hall")]);
    let drafts = vec![
        says("urn:h:yard", "type", Value::text("portal"), START),
        says(
            "urn:h:yard",
            "partOf",
            Value::Entity(id("urn:h:ground")),
            START,
        ),
        says("urn:h:yard", "passable", Value::Boolean(true), START),
        seen("connects", hall),
        seen("isExternal", Value::Boolean(true)),
    ];
    let receipt = node.submit_blocking(OPERATOR, drafts, Mode::AllOrNothing);
    assert_eq!(receipt.unwrap().refused, []);
    let reader = node.read(OPERATOR).unwrap();
    let twin = reader.twin(&id("urn:h:yard")).unwrap().into_inner();
    let believed = |name: &str| {
        let (_, answer) = twin
            .attributes
            .iter()
            .find(|(a, _)| a.as_str() == name)
            .unwrap();
        let twin_node::Answer::Modelled { estimate, .. } = answer else {
            panic!("{answer:?}");
        };
        estimate
            .distribution
            .as_ref()
            .unwrap()
            .confidence()
            .unwrap()
    };
    let hall = RouteEnd::Twin(id("urn:h:hall"));
    let routes = reader.routes(&hall, &RouteEnd::Exit, &RouteQuery::default());
    let found = routes.unwrap().into_inner()[0].probability;
    let expected = believed("isExternal") * believed("passable");
    assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    assert!(believed("connects") < 0.9, "{}", believed("connects"));
}

#[test]
fn a_way_leads_from_a_room_into_the_street_and_back() {
    let dir = tempfile::tempdir().unwrap();
    let (node, _) = open(dir.path());
    house(&node);
    let twin = |text| RouteEnd::Twin(id(text));
    let any = RouteQuery {
        allow_unknown: true,
        ..RouteQuery::default()
    };
    let earth = |latitude_deg, longitude_deg| RouteEnd::Earth {
        latitude_deg,
        longitude_deg,
    };
    for (from, to, expected) in [
        (twin("urn:h:back"), RouteEnd::Exit, "h:back h:hall"),
        (
            twin("urn:h:back"),
            RouteEnd::AnyStreet,
            "h:back h:hall (h:front)",
        ),
        (
            twin("urn:h:back"),
            twin("urn:s:quay"),
            "h:back h:hall (h:front) s:lane s:quay",
        ),
        (
            earth(52.0149, 4.3611),
            twin("urn:h:back"),
            "s:quay s:lane (h:front) h:hall h:back",
        ),
    ] {
        let reader = node.read(OPERATOR).unwrap();
        let routes = reader.routes(&from, &to, &any).unwrap().into_inner();
        assert_eq!(told(&routes[0].steps), expected, "{from:?} {to:?}");
        assert!(!routes[0].unknown.is_empty(), "nobody has tried the doors");
    }
    let reader = node.read(OPERATOR).unwrap();
    let routes = reader
        .routes(&twin("urn:h:back"), &twin("urn:s:quay"), &any)
        .unwrap()
        .into_inner();
    let RouteStep::Anchor {
        probability,
        reason,
        length_m,
        ..
    } = &routes[0].steps[2]
    else {
        panic!("{:?}", routes[0].steps);
    };
    assert!(
        probability.unwrap() > 0.5 && reason.contains("door"),
        "{probability:?} {reason}"
    );
    assert!((*length_m - 11.0).abs() < 1.0, "{length_m}");
    let RouteStep::Street {
        street_name,
        course,
        length_m,
        ..
    } = &routes[0].steps[4]
    else {
        panic!("{:?}", routes[0].steps);
    };
    assert_eq!(street_name.as_deref(), Some("Nieuwe Gracht"));
    let RouteStep::Street { street_name, .. } = &routes[0].steps[3] else {
        panic!("{:?}", routes[0].steps);
    };
    assert_eq!(*street_name, None, "nobody said what the lane is called");
    assert!(
        (*length_m - 283.7).abs() < 1.0 && course[0] == [4.3610, 52.0099],
        "{length_m} {course:?}"
    );
    for (from, to, wrong) in [
        (
            RouteEnd::Exit,
            twin("urn:h:back"),
            "does not begin at `exit`",
        ),
        (
            twin("urn:s:lane"),
            RouteEnd::Exit,
            "only a room has a way out",
        ),
        (
            twin("urn:nobody"),
            RouteEnd::AnyStreet,
            "no space `urn:nobody` is known here",
        ),
        (
            twin("urn:h:back"),
            earth(10.0, 10.0),
            "no street that may be used lies within 250 m",
        ),
    ] {
        let error = reader.routes(&from, &to, &any).unwrap_err().to_string();
        assert!(error.contains(wrong), "{error}");
    }
}

/// Whoever knows the house says to which street its door leads: the map is no longer asked.
#[test]
fn what_was_said_of_an_exit_stands_above_what_the_map_suggests() {
    let dir = tempfile::tempdir().unwrap();
    let (node, _) = open(dir.path());
    house(&node);
    let quay = Value::entities([id("urn:s:quay")]);
    tell(&node, vec![("urn:h:front", "leadsTo", quay)]);
    let reader = node.read(OPERATOR).unwrap();
    let any = RouteQuery {
        allow_unknown: true,
        ..RouteQuery::default()
    };
    let routes = reader.routes(
        &RouteEnd::Twin(id("urn:h:hall")),
        &RouteEnd::AnyStreet,
        &any,
    );
    let routes = routes.unwrap().into_inner();
    let RouteStep::Anchor { street, reason, .. } = &routes[0].steps[1] else {
        panic!("{:?}", routes[0].steps);
    };
    assert_eq!(
        (street.as_str(), reason.as_str()),
        ("urn:s:quay", "as stated")
    );
}
