"""Counts and door-to-room pairs of an IFC file, found independently with IfcOpenShell.

Usage: python ifc_oracle.py FILE [--open-only]

Prints one JSON object:

  schema          schema of the file
  open_s          seconds of the bare `ifcopenshell.open`
  counts          storeys, spaces, doors, stairs, windows, openings
  door_spaces     GlobalId of each door -> sorted GlobalIds of the spaces it borders
  basis           GlobalId of each door -> "boundaries" or "geometry"

Doors that have space boundaries take their spaces from there. Where there are none, or only one
although the door is not declared external (tools do leave sides out), the shape of the door (and
of the hole it fills) is meshed with IfcOpenShell, its middle taken, and a line walked both ways
across it until it meets the plan of a space.

It shares no code, no constants and no method of geometry with the importer it is compared with:
meshes come from IfcOpenShell, plans are unions of mesh triangles, point tests are Shapely's.
Needs: ifcopenshell numpy shapely.
"""

import json
import sys
import time

import ifcopenshell


def by_type(model, name):
    try:
        return model.by_type(name)
    except RuntimeError:  # the schema has no such type
        return []


def counts(model):
    names = {
        "storeys": "IfcBuildingStorey",
        "spaces": "IfcSpace",
        "doors": "IfcDoor",
        "stairs": "IfcStair",
        "windows": "IfcWindow",
        "openings": "IfcOpeningElement",
    }
    return {key: len(by_type(model, name)) for key, name in names.items()}


def stated_pairs(model):
    """Element id -> GlobalIds of spaces, from IfcRelSpaceBoundary."""
    pairs = {}
    for rel in by_type(model, "IfcRelSpaceBoundary"):
        space, element = rel.RelatingSpace, rel.RelatedBuildingElement
        if space is None or element is None or not space.is_a("IfcSpace"):
            continue
        pairs.setdefault(element.id(), set()).add(space.GlobalId)
    return pairs


class Shapes:
    """Meshes in world coordinates, in metres; made when asked for and kept."""

    def __init__(self):
        import ifcopenshell.geom

        self.geom = ifcopenshell.geom
        self.settings = ifcopenshell.geom.settings()
        self.settings.set("use-world-coords", True)
        self.settings.set("disable-opening-subtractions", True)
        self.kept = {}

    def mesh(self, product):
        """(points n x 3, triangles m x 3) or None."""
        import numpy

        key = product.id()
        if key not in self.kept:
            found = None
            try:
                shape = self.geom.create_shape(self.settings, product)
                points = numpy.array(shape.geometry.verts).reshape(-1, 3)
                triangles = numpy.array(shape.geometry.faces).reshape(-1, 3)
                if len(points) and len(triangles):
                    found = (points, triangles)
            except RuntimeError:
                pass
            self.kept[key] = found
        return self.kept[key]


def plan_of(mesh):
    """The shadow of a mesh on the ground, and its heights."""
    from shapely.geometry import Polygon
    from shapely.ops import unary_union

    points, triangles = mesh
    flat = []
    for triangle in triangles:
        polygon = Polygon(points[triangle][:, :2])
        if polygon.area > 1e-8:
            flat.append(polygon.buffer(1e-4))
    if not flat:
        return None
    return unary_union(flat), points[:, 2].min(), points[:, 2].max()


def probe(product, shapes, plans, stretch):
    """Spaces met when walking both ways across a door."""
    import numpy
    from shapely.geometry import Point

    mesh = shapes.mesh(product)
    if mesh is None:
        return None
    points = mesh[0]
    flat = points[:, :2] - points[:, :2].mean(axis=0)
    # The direction across is the one in which the door is thin: the smaller principal axis.
    _, _, axes = numpy.linalg.svd(numpy.unique(flat.round(3), axis=0), full_matrices=False)
    spans = [numpy.ptp(flat @ axis) for axis in axes]
    across = axes[int(numpy.argmin(spans))]
    along = numpy.array([-across[1], across[0]])
    middle = points[:, :2].mean(axis=0) + along * 0
    middle += along * ((flat @ along).max() + (flat @ along).min()) / 2
    middle += across * ((flat @ across).max() + (flat @ across).min()) / 2
    low, high = points[:, 2].min(), points[:, 2].max()
    eye = low + min(1.0, (high - low) / 2)
    found = set()
    for sign in (-1.0, 1.0):
        distance = min(spans) / 2 + 0.02
        limit = min(spans) / 2 + stretch
        while distance <= limit:
            p = Point(middle + sign * across * distance)
            here = [
                (plan.area, gid)
                for gid, (plan, z0, z1) in plans.items()
                if z0 - 0.05 <= eye <= z1 + 0.05 and plan.contains(p)
            ]
            if here:
                found.add(min(here)[1])
                break
            distance += 0.03
    return found


def declared_external(door):
    import ifcopenshell.util.element

    sets = ifcopenshell.util.element.get_psets(door)
    return sets.get("Pset_DoorCommon", {}).get("IsExternal") is True


def door_spaces(model):
    stated = stated_pairs(model)
    doors = by_type(model, "IfcDoor")
    result, basis, rest = {}, {}, []
    for door in doors:
        fills = [rel.RelatingOpeningElement for rel in door.FillsVoids or ()]
        spaces = set(stated.get(door.id(), ()))
        for opening in fills:
            spaces |= stated.get(opening.id(), set())
        result[door.GlobalId], basis[door.GlobalId] = sorted(spaces), "boundaries"
        if not spaces or (len(spaces) == 1 and not declared_external(door)):
            rest.append((door, fills))
    if rest:
        shapes = Shapes()
        plans = {}
        for space in by_type(model, "IfcSpace"):
            mesh = shapes.mesh(space)
            plan = plan_of(mesh) if mesh is not None else None
            if plan is not None:
                plans[space.GlobalId] = plan
        for door, fills in rest:
            found = None
            for product in fills + [door]:
                found = probe(product, shapes, plans, 0.55)
                if found is not None:
                    break
            if found and found >= set(result[door.GlobalId]):
                result[door.GlobalId], basis[door.GlobalId] = sorted(found), "geometry"
            elif not result[door.GlobalId]:
                basis[door.GlobalId] = "geometry"
    return result, basis


def main():
    path = next(a for a in sys.argv[1:] if not a.startswith("--"))
    begun = time.perf_counter()
    model = ifcopenshell.open(path)
    out = {"open_s": time.perf_counter() - begun}
    if "--open-only" not in sys.argv:
        out["schema"] = model.schema
        out["counts"] = counts(model)
        out["door_spaces"], out["basis"] = door_spaces(model)
    json.dump(out, sys.stdout, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
