//! What lies outside and what is one and the same: the map with its tiles, identities to
//! review, twins side by side, and how complete a building is known.

use crate::App;
use crate::answer;
use crate::auth::Asking;
use crate::endpoint::{Doc, Endpoint, Method};
use crate::error::Error;
use crate::request::{AFTER, LIMIT, Params, Twin};
use crate::tile::{self, Feature, Geometry, Layer, Property};
use crate::wire::city as write;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use twin_node::{IdentityFilter, IdentityState, MapFeature, MapLayer, MapQuery, Shape};

/// Media type of a vector tile (the vector tile specification, section 3.2).
const TILE: &str = "application/vnd.mapbox-vector-tile";
/// Nothing is drawn finer than this zoom; a page goes on with the last tiles.
const ZOOM_MAX: u8 = 22;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Method::Get,
            "/v1/map",
            Doc::new(
                "Where there is anything on the map, and whom it is to be credited to",
                "MapOverview",
            ),
            overview,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/tiles/{z}/{x}/{y}",
            Doc::new(
                "A vector tile of streets, land, buildings and entrances; `y` ends in `.mvt`",
                "Text",
            )
            .query(&[("storey", "a storey whose rooms are drawn, too", false)])
            .answers(TILE),
            tile,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/buildings/{id}/completeness",
            Doc::new(
                "How complete what is known of a building is, storey by storey",
                "Completeness",
            ),
            completeness,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/entities/{id}/same",
            Doc::new(
                "A twin beside those held to be the same thing, with what they say differently",
                "Same",
            ),
            same,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/identities",
            Doc::new("Pairs of twins that are held to be one thing", "Identities").query(&[
                (
                    "state",
                    "only `open`, `confirmed` or `disputed`; `all` if left out",
                    false,
                ),
                AFTER,
                LIMIT,
            ]),
            identities,
        ),
    ]
}

async fn overview(State(app): State<App>, asking: Asking) -> Result<Response, Error> {
    app.read(move |node| {
        let reader = node.read(&asking.caller)?;
        let overview = reader.overview()?.into_inner();
        let capacity = 256 * (overview.sources.len() + 1);
        Ok(answer::about(reader.commit(), capacity, |json| {
            write::overview(json, &overview);
        }))
    })
    .await
}

async fn tile(
    State(app): State<App>,
    asking: Asking,
    Path((z, x, y)): Path<(String, String, String)>,
    params: Params,
) -> Result<Response, Error> {
    let params = params.only(&["storey"])?;
    let storey = params.entity("storey")?;
    let (z, x, y) = address(&z, &x, &y).ok_or_else(|| {
        Error::malformed("a tile is `/v1/tiles/ZOOM/COLUMN/ROW.mvt`, zoom 0 to 22").at("tile")
    })?;
    app.read(move |node| {
        let reader = node.read(&asking.caller)?;
        let query = MapQuery {
            bounds: tile::bounds_deg(z, x, y),
            zoom: z,
            storey,
        };
        let features = reader.map(&query)?.into_inner();
        let bytes = tile::encode(z, x, y, &layers(features));
        let media = HeaderValue::from_static(TILE);
        Ok(([(header::CONTENT_TYPE, media)], bytes).into_response())
    })
    .await
}

/// Zoom, column and row, if there is such a tile.
fn address(z: &str, x: &str, y: &str) -> Option<(u8, u32, u32)> {
    let z: u8 = z.parse().ok().filter(|&z| z <= ZOOM_MAX)?;
    let (x, y): (u32, u32) = (x.parse().ok()?, y.strip_suffix(".mvt")?.parse().ok()?);
    (x >> z == 0 && y >> z == 0).then_some((z, x, y))
}

/// The layers of a tile. Features come in order of layer.
fn layers(features: Vec<MapFeature>) -> Vec<Layer> {
    let mut layers: Vec<Layer> = Vec::new();
    for feature in features {
        let name = layer_name(feature.layer);
        if layers.last().is_none_or(|layer| layer.name != name) {
            let features = Vec::new();
            layers.push(Layer { name, features });
        }
        if let Some(layer) = layers.last_mut() {
            layer.features.push(drawn(feature));
        }
    }
    layers
}

const fn layer_name(layer: MapLayer) -> &'static str {
    match layer {
        MapLayer::Areas => "areas",
        MapLayer::Streets => "streets",
        MapLayer::Buildings => "buildings",
        MapLayer::Storey => "storey",
        MapLayer::Entrances => "entrances",
    }
}

fn drawn(feature: MapFeature) -> Feature {
    let kind = match feature.layer {
        MapLayer::Areas => "landUse",
        _ => "kind",
    };
    let mut properties = vec![("id", Property::Text(feature.id.to_string()))];
    let mut say = |name, property: Option<Property>| {
        properties.extend(property.map(|property| (name, property)));
    };
    say("name", feature.name.map(Property::Text));
    say(kind, feature.kind.map(Property::Text));
    say("walkable", feature.walkable.map(Property::Truth));
    say("height_m", feature.height_m.map(Property::Number));
    say("storeys", feature.storeys.map(Property::Number));
    say(
        "building",
        feature.building.map(|id| Property::Text(id.to_string())),
    );
    if feature.layer == MapLayer::Buildings {
        say("inside", Some(Property::Truth(feature.has_inside)));
    }
    if let Some(status) = feature.status {
        say("status", Some(Property::Text(status.as_str().to_owned())));
        say("smoke", Some(Property::Truth(feature.has_smoke)));
    }
    Feature {
        geometry: match feature.shape {
            Shape::Point(at) => Geometry::Point(at),
            Shape::Line(line) => Geometry::Line(line.to_vec()),
            Shape::Polygon(polygon) => Geometry::Polygon(polygon.rings.clone()),
        },
        properties,
    }
}

async fn completeness(
    State(app): State<App>,
    asking: Asking,
    Twin(id): Twin,
) -> Result<Response, Error> {
    app.read(move |node| {
        let reader = node.read(&asking.caller)?;
        let found = reader.completeness(&id)?.into_inner();
        let capacity = 512 * (found.storeys.len() + 1);
        Ok(answer::about(reader.commit(), capacity, |json| {
            write::completeness(json, &found);
        }))
    })
    .await
}

async fn same(State(app): State<App>, asking: Asking, Twin(id): Twin) -> Result<Response, Error> {
    app.read(move |node| {
        let reader = node.read(&asking.caller)?;
        let same = reader.same(&id)?.into_inner();
        Ok(answer::about(reader.commit(), 4096, |json| {
            write::same(json, &same);
        }))
    })
    .await
}

async fn identities(
    State(app): State<App>,
    asking: Asking,
    params: Params,
) -> Result<Response, Error> {
    let params = params.only(&["state", "after", "limit"])?;
    let filter = IdentityFilter {
        state: params.text("state").map(state).transpose()?.flatten(),
        after: params.owned("after"),
        limit: params.limit()?,
    };
    app.read(move |node| {
        let reader = node.read(&asking.caller)?;
        let page = reader.identity_list(&filter)?.into_inner();
        let capacity = 512 * (page.items.len() + 1);
        Ok(answer::about(reader.commit(), capacity, |json| {
            write::identities(json, &page);
        }))
    })
    .await
}

fn state(word: &str) -> Result<Option<IdentityState>, Error> {
    let known = IdentityState::ALL.into_iter().find(|s| s.as_str() == word);
    if known.is_some() || word == "all" {
        return Ok(known);
    }
    let message = "`state` is `open`, `confirmed`, `disputed` or `all`";
    Err(Error::malformed(message).at("state"))
}
