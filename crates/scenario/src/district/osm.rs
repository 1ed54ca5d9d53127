//! The volunteers' map of the town: OpenStreetMap XML.
//!
//! Streets share their junctions' nodes; where a path from a front door meets a street, the
//! street has a node too. Everything lies off by the same amount, as it does where volunteers
//! drew from one shifted aerial photograph, and every house by a little of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::earth::rd_to_wgs84;
use super::houses::Kind;
use super::plane::{self, Point};
use super::sources::Drawn;
use super::tower::Exit;
use super::town::{BlockUse, SHAFT_M, Town};
use super::truth::Falsified;
use super::{Options, register_id};
use crate::rng::Rng;

const FIRST_NODE: usize = 1_000_001;
const FIRST_WAY: usize = 500_001;

type Tags = Vec<(&'static str, String)>;

#[derive(Debug)]
struct Node {
    at: Point,
    tags: Tags,
}

#[derive(Debug)]
struct Way {
    nodes: Vec<usize>,
    tags: Tags,
}

/// What the map says of one of the tower's exits.
#[derive(Debug, Clone)]
pub(super) struct DrawnExit {
    /// The identifier of the entrance's node, if it is drawn.
    pub(super) node: Option<String>,
    /// The identifier of the path that leads to it, if one is drawn.
    pub(super) path: Option<String>,
}

/// The file and the identifiers of what is drawn in it.
pub(super) struct Osm {
    pub(super) text: String,
    /// One per building, in the order drawn.
    pub(super) buildings: Vec<String>,
    /// One per exit of the tower.
    pub(super) exits: Vec<DrawnExit>,
    /// The way on which each stretch of street lies, and the nodes at its ends.
    pub(super) streets: Vec<(String, [String; 2])>,
    pub(super) canal_id: String,
    pub(super) falsified: Vec<Falsified>,
    pub(super) counts: Counts,
}

/// How much the file holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counts {
    pub(super) nodes: usize,
    pub(super) ways: usize,
}

struct Writer<'a> {
    town: &'a Town,
    options: &'a Options,
    shift_m: Point,
    nodes: Vec<Node>,
    ways: Vec<Way>,
    junctions: BTreeMap<usize, usize>,
    /// Nodes on a stretch of street beyond its ends: how far along, and which.
    beside: BTreeMap<usize, Vec<(f64, usize)>>,
    falsified: Vec<Falsified>,
}

/// Writes the town as volunteers have drawn it.
pub(super) fn write(
    town: &Town,
    drawn: &[Drawn],
    exits: &[Exit],
    shift_m: Point,
    options: &Options,
) -> Osm {
    let mut writer = Writer {
        town,
        options,
        shift_m,
        nodes: Vec::new(),
        ways: Vec::new(),
        junctions: BTreeMap::new(),
        beside: BTreeMap::new(),
        falsified: Vec::new(),
    };
    let mut buildings = Vec::new();
    let mut drawn_exits = Vec::new();
    for (place, one) in drawn.iter().enumerate() {
        let house = &town.houses[one.house()];
        let id = if house.kind == Kind::Tower {
            let (id, exits) = writer.tower(one, exits);
            drawn_exits = exits;
            id
        } else {
            writer.building(place, one)
        };
        for falsified in &mut writer.falsified {
            if falsified.entity.is_empty() {
                falsified.entity.clone_from(&id);
            }
        }
        buildings.push(id);
    }
    let canal_id = writer.canal();
    writer.parks();
    let streets = writer.streets();
    Osm {
        text: writer.text(),
        buildings,
        exits: drawn_exits,
        streets,
        canal_id,
        counts: Counts {
            nodes: writer.nodes.len(),
            ways: writer.ways.len(),
        },
        falsified: writer.falsified,
    }
}

fn way_id(way: usize) -> String {
    format!("way/{}", FIRST_WAY + way)
}

fn node_id(node: usize) -> String {
    format!("node/{}", FIRST_NODE + node)
}

impl Writer<'_> {
    /// A node where the drawing has it.
    fn node(&mut self, at: Point, tags: Tags) -> usize {
        self.nodes.push(Node { at, tags });
        self.nodes.len() - 1
    }

    /// A node at a place of the town, moved as the whole drawing is.
    fn node_at(&mut self, truly_at: Point, tags: Tags) -> usize {
        let at = [0, 1].map(|axis| truly_at[axis] + self.shift_m[axis]);
        self.node(at, tags)
    }

    fn way(&mut self, nodes: Vec<usize>, tags: Tags) -> usize {
        self.ways.push(Way { nodes, tags });
        self.ways.len() - 1
    }

    fn closed(&mut self, outline: &[usize], tags: Tags) -> usize {
        let mut nodes = outline.to_vec();
        nodes.push(outline[0]);
        self.way(nodes, tags)
    }

    fn junction(&mut self, junction: usize) -> usize {
        if let Some(node) = self.junctions.get(&junction) {
            return *node;
        }
        let node = self.node_at(self.town.junctions[junction], Vec::new());
        self.junctions.insert(junction, node);
        node
    }

    /// A node on a stretch of street, nearest to a place in the town.
    fn on_street(&mut self, edge: usize, truly_near: Point) -> usize {
        let [a, b] = self.town.edges[edge].ends;
        let (from, to) = (self.town.junctions[a], self.town.junctions[b]);
        let share = plane::share_along(from, to, truly_near);
        if share <= 0.0 || share >= 1.0 {
            return self.junction(if share <= 0.0 { a } else { b });
        }
        let node = self.node_at(plane::between(from, to, share), Vec::new());
        self.beside.entry(edge).or_default().push((share, node));
        node
    }

    /// An outline with nodes for doors put into it. Doors are given as drawn.
    fn outline(&mut self, outline: &[Point], doors: &[(Point, Tags)]) -> (Vec<usize>, Vec<usize>) {
        let mut on_side: Vec<Vec<(f64, usize)>> = vec![Vec::new(); outline.len()];
        let mut door_nodes = Vec::new();
        for (door, tags) in doors {
            let sides = plane::pairs(outline).enumerate().map(|(side, (p, q))| {
                let share = plane::share_along(p, q, *door).clamp(0.01, 0.99);
                let at = plane::between(p, q, share);
                (plane::distance(at, *door), side, share, at)
            });
            let nearest = sides.min_by(|a, b| a.0.total_cmp(&b.0));
            if let Some((_, side, share, at)) = nearest {
                let node = self.node(at, tags.clone());
                on_side[side].push((share, node));
                door_nodes.push(node);
            }
        }
        let mut ring = Vec::new();
        for (corner, mut doors) in outline.iter().zip(on_side) {
            ring.push(self.node(*corner, Vec::new()));
            doors.sort_by(|a, b| a.0.total_cmp(&b.0));
            ring.extend(doors.iter().map(|(_, node)| *node));
        }
        (ring, door_nodes)
    }

    fn building(&mut self, place: usize, drawn: &Drawn) -> String {
        let town = self.town;
        let house = &town.houses[drawn.house()];
        let mut rng = Rng::of(self.options.seed, &format!("map details {place}"));
        let number = self.number(drawn, &mut rng);
        let mut tags = self.building_tags(drawn, &number, &mut rng);
        let mut doors: Vec<(Point, Tags)> = Vec::new();
        if rng.chance(0.45) {
            let at = [0, 1].map(|axis| house.door[axis] + drawn.moved_m[axis]);
            let mut door = vec![("entrance", "main".to_owned())];
            if self.options.names && rng.chance(0.3) {
                door.push(("addr:housenumber", number));
            }
            doors.push((at, door));
        }
        let (ring, door_nodes) = self.outline(&drawn.outline, &doors);
        if let (Some(&door), true) = (door_nodes.first(), rng.chance(0.35))
            && let Some(edge) = town.nearest_edge(house.street, house.door)
        {
            let end = self.on_street(edge, house.door);
            self.way(vec![door, end], vec![("highway", "footway".into())]);
        }
        tags.sort_unstable();
        way_id(self.closed(&ring, tags))
    }

    /// The house number that the map gives, which is not always the true one.
    fn number(&mut self, drawn: &Drawn, rng: &mut Rng) -> String {
        let houses = &self.town.houses;
        let (first, last) = (drawn.atoms[0].0, drawn.atoms[drawn.atoms.len() - 1].0);
        let number = houses[first].number;
        let truth = if first == last {
            number.to_string()
        } else {
            format!("{number}-{}", houses[last].number)
        };
        if !(self.options.names && rng.chance(self.options.falsify)) {
            return truth;
        }
        let written = (number + 2).to_string();
        self.falsify("addr:housenumber", &truth, &written);
        written
    }

    fn building_tags(&mut self, drawn: &Drawn, number: &str, rng: &mut Rng) -> Tags {
        let house = &self.town.houses[drawn.house()];
        let kind = match house.kind {
            Kind::Row if drawn.atoms.len() > 1 => "terrace",
            Kind::Row | Kind::Detached => "house",
            Kind::Twin | Kind::Slab => "apartments",
            Kind::School => "school",
            Kind::Tower | Kind::TowerTwin => "yes",
        };
        let kind = if rng.chance(0.3) { "yes" } else { kind };
        let mut tags = vec![("building", kind.to_owned())];
        if rng.chance(0.6) {
            let (truth, wrong) = (house.storeys.to_string(), (house.storeys + 2).to_string());
            let levels = if rng.chance(self.options.falsify) {
                self.falsify("building:levels", &truth, &wrong);
                wrong
            } else {
                truth
            };
            tags.push(("building:levels", levels));
        }
        if rng.chance(0.25) {
            // Somebody estimated it from the street.
            let height_m = house.ridge_m * rng.between(0.88, 1.12);
            tags.push(("height", format!("{height_m:.0}")));
        }
        if self.options.names {
            tags.extend(self.address(house.street, number, &house.postcode, rng));
            tags.extend(house.name.map(|name| ("name", name.to_owned())));
        }
        if self.options.ids && rng.chance(0.7) {
            let register = register_id(self.options.seed, drawn.atoms[0]);
            tags.push(("ref:bag", register));
        }
        tags
    }

    fn address(&self, street: usize, number: &str, postcode: &str, rng: &mut Rng) -> Tags {
        let mut tags = vec![
            ("addr:street", self.town.streets[street].name.clone()),
            ("addr:housenumber", number.to_owned()),
        ];
        if rng.chance(0.7) {
            tags.push(("addr:postcode", postcode.replace(' ', "")));
            tags.push(("addr:city", self.town.name.to_owned()));
        }
        tags
    }

    fn falsify(&mut self, property: &str, truth: &str, written: &str) {
        self.falsified.push(Falsified {
            file: "streets.osm",
            // The way gets its number once its doors are drawn; see `write`.
            entity: String::new(),
            property: property.to_owned(),
            truth: truth.to_owned(),
            written: written.to_owned(),
        });
    }

    /// The tower with its entrances, each perhaps with a path to the street, and its shaft.
    fn tower(&mut self, drawn: &Drawn, exits: &[Exit]) -> (String, Vec<DrawnExit>) {
        let town = self.town;
        let house = &town.houses[drawn.house()];
        let mut rng = Rng::of(self.options.seed, "tower on the map");
        let mut tags = vec![("building", "yes".to_owned())];
        tags.push(("building:levels", house.storeys.to_string()));
        if self.options.names {
            let number = house.number.to_string();
            tags.extend(self.address(house.street, &number, &house.postcode, &mut rng));
            tags.extend(house.name.map(|name| ("name", name.to_owned())));
        }
        if self.options.ids {
            tags.push(("ref:bag", register_id(self.options.seed, drawn.atoms[0])));
        }
        let shown: Vec<bool> = exits
            .iter()
            .map(|exit| exit.kind == "main" || rng.chance(0.75))
            .collect();
        let doors: Vec<(Point, Tags)> = exits
            .iter()
            .zip(&shown)
            .filter(|(_, shown)| **shown)
            .map(|(exit, _)| {
                let at = [0, 1].map(|axis| exit.at[axis] + drawn.moved_m[axis]);
                (at, vec![("entrance", exit.kind.to_owned())])
            })
            .collect();
        let (ring, nodes) = self.outline(&drawn.outline, &doors);
        let way = self.closed(&ring, tags);
        let [x, y] = [0, 1].map(|axis| town.tower_at[axis] + drawn.moved_m[axis]);
        let [low, high] = SHAFT_M;
        let shaft = plane::rectangle(x + low[0], y + low[1], x + high[0], y + high[1]);
        let (ring, _) = self.outline(&shaft, &[]);
        let part = vec![
            ("building:levels", house.storeys.to_string()),
            ("building:min_level", "3".into()),
            ("building:part", "yes".into()),
        ];
        self.closed(&ring, part);
        let mut nodes = nodes.into_iter();
        let mut drawn_exits = Vec::new();
        for (exit, shown) in exits.iter().zip(shown) {
            let node = if shown { nodes.next() } else { None };
            let has_path = exit.kind == "main" || rng.chance(0.5);
            let path = node.filter(|_| has_path).map(|door| {
                let end = self.on_street(exit.edge, exit.at);
                let kind = if exit.kind == "garage" {
                    "service"
                } else {
                    "footway"
                };
                self.way(vec![door, end], vec![("highway", kind.into())])
            });
            drawn_exits.push(DrawnExit {
                node: node.map(node_id),
                path: path.map(way_id),
            });
        }
        (way_id(way), drawn_exits)
    }

    /// The canal, and a path along it that meets every bridge.
    fn canal(&mut self) -> String {
        let town = self.town;
        let outline: Vec<usize> = town
            .canal
            .iter()
            .map(|&corner| self.node_at(corner, Vec::new()))
            .collect();
        let mut tags: Tags = vec![("natural", "water".into()), ("water", "canal".into())];
        if self.options.names {
            tags.push(("name", "Stadskanaal".into()));
        }
        let water = self.closed(&outline, tags);
        let line = town.canal_line();
        let line = line.map(|end| self.node_at(end, Vec::new())).to_vec();
        self.way(line, vec![("waterway", "canal".into())]);
        let bank_y = town.canal[0][1] - 4.0;
        let bridges = (0..town.edges.len()).filter(|&edge| town.edges[edge].bridge);
        let path: Vec<usize> = bridges
            .map(|edge| {
                let x = town.junctions[town.edges[edge].ends[0]][0];
                self.on_street(edge, [x, bank_y])
            })
            .collect();
        if path.len() > 1 {
            self.way(path, vec![("highway", "footway".into())]);
        }
        way_id(water)
    }

    fn parks(&mut self) {
        for block in &self.town.blocks {
            if block.use_ == BlockUse::Park {
                let (low, high) = (block.low, block.high);
                let corners = plane::rectangle(low[0], low[1], high[0], high[1]);
                let ring: Vec<usize> = corners
                    .into_iter()
                    .map(|corner| self.node_at(corner, Vec::new()))
                    .collect();
                self.closed(&ring, vec![("leisure", "park".into())]);
                self.way(vec![ring[0], ring[2]], vec![("highway", "path".into())]);
            }
        }
    }

    /// All streets, each as several ways, every bridge as one of its own.
    fn streets(&mut self) -> Vec<(String, [String; 2])> {
        let town = self.town;
        let mut on = vec![(String::new(), [String::new(), String::new()]); town.edges.len()];
        for (number, street) in town.streets.iter().enumerate() {
            let mut rng = Rng::of(self.options.seed, &format!("ways of street {number}"));
            let mut open: Vec<usize> = Vec::new();
            let mut left = 0;
            for &edge in &street.edges {
                let this = &town.edges[edge];
                let goes_on = open.last().is_some_and(|&last| {
                    let last = &town.edges[last];
                    last.ends[1] == this.ends[0] && last.bridge == this.bridge
                });
                if !goes_on || left == 0 {
                    self.street_way(&open, &mut on);
                    open.clear();
                    left = rng.whole(3, 12);
                }
                open.push(edge);
                left -= 1;
            }
            self.street_way(&open, &mut on);
        }
        on
    }

    fn street_way(&mut self, edges: &[usize], on: &mut [(String, [String; 2])]) {
        let Some(&first) = edges.first() else { return };
        let town = self.town;
        let street = &town.streets[town.edges[first].street];
        let mut nodes = vec![self.junction(town.edges[first].ends[0])];
        for &edge in edges {
            let mut along = self.beside.remove(&edge).unwrap_or_default();
            if let Some(bend) = town.edges[edge].bend.filter(|_| along.is_empty()) {
                along.push((0.5, self.node_at(bend, Vec::new())));
            }
            along.sort_by(|a, b| a.0.total_cmp(&b.0));
            nodes.extend(along.iter().map(|(_, node)| *node));
            nodes.push(self.junction(town.edges[edge].ends[1]));
        }
        let mut tags: Tags = vec![("highway", street.kind.into())];
        if town.edges[first].bridge {
            tags.extend([("bridge", "yes".into()), ("layer", "1".into())]);
        }
        if self.options.names {
            tags.push(("name", street.name.clone()));
        }
        let way = way_id(self.way(nodes, tags));
        for &edge in edges {
            let ends = town.edges[edge]
                .ends
                .map(|end| node_id(self.junctions[&end]));
            on[edge] = (way.clone(), ends);
        }
    }

    fn text(&self) -> String {
        let mut text = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <osm version=\"0.6\" generator=\"twin-scenario\">\n",
        );
        let stamp =
            "visible=\"true\" version=\"1\" changeset=\"1\" timestamp=\"2026-01-01T00:00:00Z\"";
        for (number, node) in self.nodes.iter().enumerate() {
            let [longitude, latitude] = rd_to_wgs84(self.town.to_rd(node.at));
            let id = FIRST_NODE + number;
            let _ = write!(
                text,
                " <node id=\"{id}\" {stamp} lat=\"{latitude:.7}\" lon=\"{longitude:.7}\""
            );
            if node.tags.is_empty() {
                text.push_str("/>\n");
            } else {
                text.push_str(">\n");
                write_tags(&mut text, &node.tags);
                text.push_str(" </node>\n");
            }
        }
        for (number, way) in self.ways.iter().enumerate() {
            let _ = writeln!(text, " <way id=\"{}\" {stamp}>", FIRST_WAY + number);
            for node in &way.nodes {
                let _ = writeln!(text, "  <nd ref=\"{}\"/>", FIRST_NODE + node);
            }
            write_tags(&mut text, &way.tags);
            text.push_str(" </way>\n");
        }
        text.push_str("</osm>\n");
        text
    }
}

fn write_tags(text: &mut String, tags: &Tags) {
    for (key, value) in tags {
        let value = value
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('"', "&quot;");
        let _ = writeln!(text, "  <tag k=\"{key}\" v=\"{value}\"/>");
    }
}
