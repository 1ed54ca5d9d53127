"""Marks a generated IFC file against its truth with IfcOpenShell: scenario_check.py FILE TRUTH.

Prints one JSON object and exits with 0 if everything holds, 1 if something does not. Checked:
the file opens and is valid (schema and rules), every space and door has a body, counts equal the
truth, footprints, door positions and space boundaries lie where the truth says, and no two spaces
of a storey overlap. Needs: ifcopenshell, numpy, shapely, lark and pytest (its rule checker imports both).
"""

import json
import sys

import ifcopenshell
import ifcopenshell.geom
import ifcopenshell.util.element
import ifcopenshell.util.placement
import ifcopenshell.util.unit
import ifcopenshell.validate
import numpy as np
from shapely.geometry import MultiPoint, Point, Polygon

TOLERANCE_M = 0.005


def validation_messages(model):
    log = ifcopenshell.validate.json_logger()
    ifcopenshell.validate.validate(model, log, express_rules=True)
    return [
        {"level": s.get("level"), "message": str(s.get("message"))[:300]}
        for s in log.statements
    ]


def vertices_m(settings, product):
    shape = ifcopenshell.geom.create_shape(settings, product)
    return np.array(shape.geometry.verts).reshape(-1, 3), np.array(
        shape.geometry.faces
    ).reshape(-1, 3)


def footprint(vertices, faces):
    """Union of the triangles in the lowest plane."""
    low = vertices[:, 2].min()
    flat = [f for f in faces if np.all(vertices[f, 2] < low + 1e-4)]
    polygon = Polygon()
    for face in flat:
        polygon = polygon.union(Polygon(vertices[face, :2]).buffer(1e-6))
    return polygon, float(low)


def main(path, truth_path):
    problems = []

    def expect(name, found, wanted):
        if found != wanted:
            problems.append(f"{name}: {found}, truth has {wanted}")

    model = ifcopenshell.open(path)
    with open(truth_path, encoding="utf-8") as file:
        truth = json.load(file)
    messages = validation_messages(model)
    problems += [f"validate: {m['message']}" for m in messages if m["level"] == "error"]

    kept = lambda items: [item for item in items if item.get("in_file", True)]
    spaces, doors = kept(truth["spaces"]), kept(truth["doors"])
    counts = {
        "IfcBuildingStorey": len(truth["storeys"]),
        "IfcSpace": len(spaces),
        "IfcDoor": len(doors),
        "IfcWindow": truth["windows"],
        "IfcWall": truth["walls"],
        "IfcStair": len(kept(truth["stairs"])),
        "IfcStairFlight": 2 * len(kept(truth["stairs"])),
        "IfcTransportElement": len(truth["lifts"]),
        "IfcRelFillsElement": len(doors) + truth["windows"],
    }
    for kind, wanted in counts.items():
        expect(kind, len(model.by_type(kind)), wanted)
    for kind, items in (("IfcSpace", spaces), ("IfcDoor", doors)):
        found = {e.GlobalId for e in model.by_type(kind)}
        expect(f"{kind} GlobalIds", len(found ^ {i["global_id"] for i in items}), 0)
    ids = [e.GlobalId for e in model.by_type("IfcRoot")]
    expect("distinct GlobalIds", len(set(ids)), len(ids))

    scale = ifcopenshell.util.unit.calculate_unit_scale(model)
    settings = ifcopenshell.geom.settings()
    settings.set("use-world-coords", True)
    built = {}
    for kind in ("IfcSpace", "IfcDoor", "IfcWall", "IfcSlab", "IfcStairFlight", "IfcWindow",
                 "IfcTransportElement"):
        for product in model.by_type(kind):
            try:
                built[product.GlobalId] = vertices_m(settings, product)
            except RuntimeError as error:
                problems.append(f"no body for {kind} {product.GlobalId}: {error}")

    elevation = {s["global_id"]: s["elevation_m"] for s in truth["storeys"]}
    for storey in model.by_type("IfcBuildingStorey"):
        if abs(storey.Elevation * scale - elevation[storey.GlobalId]) > TOLERANCE_M:
            problems.append(f"elevation of {storey.GlobalId}")
    by_storey = {}
    for item in spaces:
        if item["global_id"] not in built:
            continue
        polygon, low = footprint(*built[item["global_id"]])
        wanted = Polygon(item["footprint_m"])
        top = built[item["global_id"]][0][:, 2].max()
        if polygon.symmetric_difference(wanted).area > 0.01:
            problems.append(f"footprint of space {item['number']}")
        if abs(polygon.area - item["area_m2"]) > 0.01:
            problems.append(f"area of space {item['number']}")
        if abs(low - elevation[item["storey"]]) > TOLERANCE_M:
            problems.append(f"floor of space {item['number']}")
        if abs(top - low - item["height_m"]) > TOLERANCE_M:
            problems.append(f"height of space {item['number']}")
        record = model.by_guid(item["global_id"])
        parent = ifcopenshell.util.element.get_aggregate(record)
        if parent is None or parent.GlobalId != item["storey"]:
            problems.append(f"storey of space {item['number']}")
        for other_number, other in by_storey.setdefault(item["storey"], []):
            if polygon.intersection(other).area > 0.01:
                problems.append(f"spaces {item['number']} and {other_number} overlap")
        by_storey[item["storey"]].append((item["number"], polygon))
    footprints = {s["global_id"]: Polygon(s["footprint_m"]) for s in truth["spaces"]}
    for item in doors:
        if item["global_id"] not in built:
            continue
        vertices, _ = built[item["global_id"]]
        box = MultiPoint(vertices[:, :2]).minimum_rotated_rectangle
        middle = np.array(item["position_m"])
        centre = np.array([box.centroid.x, box.centroid.y, vertices[:, 2].min()])
        if np.abs(centre - middle).max() > 0.02:
            problems.append(f"position of door {item['name']}")
        record = model.by_guid(item["global_id"])
        if abs(record.OverallWidth * scale - item["width_m"]) > 1e-3:
            problems.append(f"width of door {item['name']}")
        for side in filter(None, item["between"]):
            if footprints[side].distance(box) > 0.2:
                problems.append(f"door {item['name']} is away from a room it joins")

    storey_of = {s["global_id"]: s["storey"] for s in truth["spaces"]}
    for item in kept(truth["stairs"]):
        parts = ifcopenshell.util.element.get_parts(model.by_guid(item["global_id"]))
        flights = [p for p in parts if p.is_a("IfcStairFlight") and p.GlobalId in built]
        corners = np.vstack([built[flight.GlobalId][0] for flight in flights])
        foot, head = (elevation[storey_of[space]] for space in item["links"])
        # The last riser is the edge of the upper floor, so the solid ends one riser below it.
        missing = (head - corners[:, 2].max()) - (head - foot) / item["risers"]
        if abs(corners[:, 2].min() - foot) > TOLERANCE_M or abs(missing) > TOLERANCE_M:
            problems.append(f"{item['name']} does not reach from floor to floor")
        if not footprints[item["links"][0]].buffer(0.02).covers(MultiPoint(corners[:, :2])):
            problems.append(f"{item['name']} leaves its stairwell")
        if sum(flight[8] for flight in flights) != item["risers"]:
            problems.append(f"risers of {item['name']}")
    for item in truth["lifts"]:
        corners, _ = built[item["global_id"]]
        if not footprints[item["serves"][0]].covers(MultiPoint(corners[:, :2])):
            problems.append("the lift leaves its shaft")

    for boundary in model.by_type("IfcRelSpaceBoundary"):
        plane = boundary.ConnectionGeometry.SurfaceOnRelatingElement.BasisSurface.Position
        space = boundary.RelatingSpace
        matrix = ifcopenshell.util.placement.get_local_placement(space.ObjectPlacement)
        start = (matrix @ np.array([*plane.Location.Coordinates, 1.0]))[:2] * scale
        normal = (matrix[:3, :3] @ np.array(plane.Axis.DirectionRatios))[:2]
        along = (matrix[:3, :3] @ np.array(plane.RefDirection.DirectionRatios))[:2]
        # A little along the surface, so that corners do not decide.
        foot = start + 0.3 * along
        room = footprints[space.GlobalId]
        if room.exterior.distance(Point(foot)) > 0.16:
            problems.append(f"boundary {boundary.GlobalId} is away from its space")
        if room.contains(Point(foot + 0.2 * normal)):
            problems.append(f"boundary {boundary.GlobalId} faces into its space")

    stated = 0
    for defect in truth["defects"]:
        if "property" not in defect:
            continue
        psets = ifcopenshell.util.element.get_psets(model.by_guid(defect["entity"]))
        value = psets["Pset_DoorCommon"][defect["property"]]
        value = str(value).lower() if isinstance(value, bool) else value
        stated += 1
        if value != defect.get("written"):
            problems.append(f"defect {defect['kind']} of {defect['entity']} says {value}")

    verdict = {
        "file": path,
        "schema": model.schema_identifier,
        "ifcopenshell": ifcopenshell.version,
        "ok": not problems,
        "counts": {kind: len(model.by_type(kind)) for kind in counts},
        "boundaries": len(model.by_type("IfcRelSpaceBoundary")),
        "bodies": len(built),
        "defects_stated": stated,
        "validation": messages[:20],
        "problems": problems[:50],
    }
    print(json.dumps(verdict, indent=1))
    return 0 if not problems else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: scenario_check.py FILE TRUTH")
    sys.exit(main(sys.argv[1], sys.argv[2]))
