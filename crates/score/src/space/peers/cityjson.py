"""The peer for CityJSON: counts by cjio, outlines by shapely, places on earth by PROJ.

Reads the path of a CityJSON file and a PROJ definition from the command line and writes one JSON
object: how many objects there are of each type, and for each object with surfaces the lines
around its ground as longitudes and latitudes and the area of its largest piece, by its own
reading of the file.
"""

import json
import sys

import cjio
import pyproj
from cjio import cityjson
from shapely.geometry import Polygon
from shapely.ops import unary_union


def surfaces(geometry):
    """Surfaces of any geometry with what each is called."""
    kind, boundaries = geometry["type"], geometry["boundaries"]
    semantics = geometry.get("semantics") or {}
    names = [s["type"] for s in semantics.get("surfaces", [])]
    values = semantics.get("values")
    if kind in ("MultiSurface", "CompositeSurface"):
        flat, of = boundaries, values
    elif kind == "Solid":
        flat = [s for shell in boundaries for s in shell]
        of = [v for shell in values for v in shell] if values else None
    elif kind in ("MultiSolid", "CompositeSolid"):
        flat = [s for solid in boundaries for shell in solid for s in shell]
        of = [v for solid in values for shell in solid for v in shell] if values else None
    else:
        return []
    of = of or [None] * len(flat)
    return [(s, names[v] if v is not None else None) for s, v in zip(flat, of)]


def ground(objects, corners):
    """Rings of the ground of some objects: of ground surfaces if there are any, else of all that
    is not upright."""
    every = [s for o in objects for g in o.get("geometry", []) for s in surfaces(g)]
    called = [s for s, name in every if name == "GroundSurface"]
    chosen = called or [s for s, _ in every]
    return [[[corners[i][:2] for i in ring] for ring in surface] for surface in chosen]


def union_of(rings, wider_m):
    """Pieces of the union; shapely wants valid polygons, so each is mended first."""
    polygons = [Polygon(r[0], r[1:]) for r in rings if len(r[0]) >= 3]
    flat = [p.buffer(0) for p in polygons if p.area > 1e-6]
    wide = [p.buffer(wider_m, join_style=2) for p in flat] if wider_m else flat
    union = unary_union(wide)
    pieces = getattr(union, "geoms", [union])
    return [p for p in pieces if p.geom_type == "Polygon" and not p.is_empty]


def area_m2(rings):
    """Triangles that share an edge by a hair's breadth less than exactly leave slits."""
    return max((p.area for p in union_of(rings, 5e-4)), default=0.0)


def whole(number, per_unit):
    """cjio makes Python write fractions with six digits; whole numbers it leaves alone."""
    return int(round(number * per_unit))


def main():
    path, definition = sys.argv[1], sys.argv[2]
    with open(path, encoding="utf-8") as file:
        read = cityjson.reader(file=file, ignore_duplicate_keys=True)
    counts = {}
    for one in read.j["CityObjects"].values():
        counts[one["type"]] = counts.get(one["type"], 0) + 1
    transform = read.j["transform"]
    scale, move = transform["scale"], transform["translate"]
    corners = [[v[k] * scale[k] + move[k] for k in range(3)] for v in read.j["vertices"]]
    to_earth = pyproj.Transformer.from_crs(
        definition, "+proj=longlat +datum=WGS84 +no_defs", always_xy=True
    )
    things = {}
    for name, one in read.j["CityObjects"].items():
        if one.get("parents"):
            continue
        parts = [read.j["CityObjects"][c] for c in one.get("children", [])]
        rings = ground([one] + parts, corners)
        if not rings:
            continue
        lines = []
        for piece in union_of(rings, 0.0):
            for ring in [piece.exterior, *piece.interiors]:
                xs, ys = zip(*[p[:2] for p in ring.coords])
                lines.append([[whole(c, 1e12) for c in p] for p in zip(*to_earth.transform(xs, ys))])
        things[name] = {"area_mm2": whole(area_m2(rings), 1e6), "lines_pdeg": lines}
    json.dump(
        {
            "cjio": cjio.__version__,
            "pyproj": pyproj.__version__,
            "proj": pyproj.proj_version_str,
            "counts": counts,
            "things": things,
        },
        sys.stdout,
    )


main()
