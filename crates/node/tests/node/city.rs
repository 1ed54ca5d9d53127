//! What lies outside: the map, where a building's plan stands on it, which twins are one, and
//! how complete a building is known.

use crate::bench::{START, attribute, id, import, office, open, says};
use std::sync::Arc;
use twin_model::{Caller, EntityId, Interval, Polygon, Stated, Statement, Uncertainty, Value};
use twin_node::{
    Draft, Error, Identity, IdentityFilter, IdentityState, MapLayer, MapQuery, Mode, Node,
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
