"""Counts and positions of an OpenStreetMap file as pyosmium (libosmium) reads it.

`osm.py FILE LINES`: LINES is what the importer said about FILE, a statement a line: facet,
twin, attribute and value with tabs between (`osm_summary FILE --lines`); `-` is standard input. Prints one JSON object:
per measure what was expected, what was found and how many differ. Shares nothing with the
importer: rings of relations are put together by libosmium's own assembler, streets are cut here.
"""

import collections
import json
import sys

import osmium

NO_STREET = {
    "abandoned", "bus_stop", "construction", "disused", "elevator", "emergency_bay", "no",
    "planned", "proposed", "razed", "rest_area", "services", "street_lamp", "traffic_island",
}


class Counter(osmium.SimpleHandler):
    """Elements, places of points, streets and entrances."""

    def __init__(self):
        super().__init__()
        self.count = collections.Counter()
        self.place = {}
        self.streets = {}
        self.entrances = {}
        self.closed_buildings = set()

    def node(self, n):
        self.count["nodes"] += 1
        self.place[n.id] = (n.location.lon, n.location.lat)
        if n.tags.get("entrance", "no") != "no":
            self.entrances[n.id] = (n.location.lon, n.location.lat)

    def way(self, w):
        self.count["ways"] += 1
        kind = w.tags.get("highway")
        if kind is not None and kind not in NO_STREET:
            self.streets[w.id] = [r.ref for r in w.nodes]
        if w.tags.get("building", "no") != "no" and w.is_closed():
            self.closed_buildings.add(w.id)

    def relation(self, r):
        self.count["relations"] += 1


class Areas(osmium.SimpleHandler):
    """Outlines of buildings, put together by libosmium."""

    def __init__(self):
        super().__init__()
        self.buildings = {}

    def area(self, a):
        if a.tags.get("building", "no") == "no":
            return
        name = f"{'way' if a.from_way() else 'relation'}/{a.orig_id()}"
        rings = []
        for outer in a.outer_rings():
            rings.append([(n.lon, n.lat) for n in outer])
            rings.extend([(n.lon, n.lat) for n in inner] for inner in a.inner_rings(outer))
        self.buildings[name] = rings


def cut(streets, place):
    """Every street between the points at which one can turn, as sets of pieces by way."""
    known, uses = {}, collections.Counter()
    for way, refs in streets.items():
        lines, line = [], []
        for ref in refs:
            if ref not in place:
                lines.append(line)
                line = []
            elif not line or line[-1] != ref:
                line.append(ref)
        lines = [l for l in [*lines, line] if len(l) > 1]
        known[way] = lines
        uses.update(n for l in lines for n in l)
    pieces = collections.Counter()
    for way, lines in known.items():
        for line in lines:
            piece = [line[0]]
            for at, ref in enumerate(line[1:], 1):
                piece.append(ref)
                if uses[ref] > 1 or at == len(line) - 1:
                    pieces[(way, tuple(place[n] for n in piece))] += 1
                    piece = [ref]
    return pieces


def points(text):
    return tuple(tuple(float(x) for x in p.split(" ")) for p in text.split(","))


def same_ring(ours, theirs):
    """Whether two rings have the same points in the same or the opposite turn."""
    ring = list(dict.fromkeys(theirs))
    return len(ours) == len(theirs) - 1 and set(ours) == set(ring)


def said(path):
    outlines, courses, entrances = {}, collections.Counter(), {}
    with open(0 if path == "-" else path, encoding="utf-8") as lines:
        for line in lines:
            fields = line.rstrip("\n").split("\t")
            if len(fields) < 4:
                continue
            _, twin, attribute, value = fields[:4]
            _, kind, key = twin.split(":", 2)
            if kind == "building" and attribute == "outline":
                outlines[key] = [points(ring) for ring in value.split(";")]
            elif kind == "street" and attribute == "course":
                courses[(int(key.split(":")[0][4:]), points(value))] += 1
            elif kind == "portal" and attribute == "sitePosition":
                place = json.loads(value)
                entrances[key] = (place["longitude_deg"], place["latitude_deg"])
    return outlines, courses, entrances


def main(path, lines):
    counter, areas = Counter(), Areas()
    counter.apply_file(path)
    areas.apply_file(path)
    outlines, courses, portals = said(lines)
    pieces = cut(counter.streets, counter.place)
    plain = {k: v for k, v in outlines.items() if k.count("/") == 1}
    differ = [
        name
        for name, rings in areas.buildings.items()
        if name in plain
        and not any(same_ring(ours, theirs) for ours in plain[name][:1] for theirs in rings)
    ]
    found = {n: portals.get(f"node/{n}") for n in counter.entrances}
    print(json.dumps({
        "elements": dict(counter.count),
        "buildings": {
            "expected": len(areas.buildings),
            "found": len(set(k.split(":")[0] for k in outlines)),
            "missing": sorted(set(areas.buildings) - set(outlines))[:20],
            "more": sorted(set(plain) - set(areas.buildings))[:20],
            "differ": len(differ) + len(set(areas.buildings) - set(outlines)),
        },
        "streetSegments": {
            "expected": sum(pieces.values()),
            "found": sum(courses.values()),
            "differ": sum(((pieces - courses) + (courses - pieces)).values()),
        },
        "entrances": {
            "expected": len(counter.entrances),
            "found": sum(p is not None for p in found.values()),
            "differ": sum(found[n] != place for n, place in counter.entrances.items()),
        },
    }))


if __name__ == "__main__":
    main(*sys.argv[1:3])
