"""Opens the files of a generated district with other people's tools and prints what they find.

usage: generated.py FOLDER [--cjval PROGRAM] [--shapes N]

FOLDER is what `twin-scenario district --out FOLDER` has written. Prints one JSON object with a
member per tool: `ifcopenshell` (opens the tower, runs its schema validator, makes shapes of a
sample of its elements), `cityjson` (cjval if given, else cjio) and `osmium`. A tool that is not
installed is `null`: not measured. `errors` is what the tool complained of; `agrees` says whether
its counts are those of the truth.
"""

import argparse
import collections
import importlib.metadata
import json
import pathlib
import random
import subprocess
import time


def ifcopenshell_finds(folder, shapes):
    try:
        import ifcopenshell
        import ifcopenshell.validate
    except ImportError:
        return None
    truth = json.loads((folder / "truth" / "tower.json").read_text())
    began = time.monotonic()
    model = ifcopenshell.open(str(folder / "tower.ifc"))
    opened_s = time.monotonic() - began
    counts = {
        kind: len(model.by_type(kind))
        for kind in (
            "IfcBuildingStorey",
            "IfcSpace",
            "IfcDoor",
            "IfcWindow",
            "IfcWall",
            "IfcStair",
            "IfcTransportElement",
            "IfcMapConversion",
        )
    }
    logger = ifcopenshell.validate.json_logger()
    ifcopenshell.validate.validate(model, logger)
    errors = [str(statement.get("message", statement)) for statement in logger.statements]
    made, unmade = shapes_made(model, shapes)
    expected = {
        "IfcBuildingStorey": len(truth["storeys"]),
        "IfcSpace": sum(space["in_file"] for space in truth["spaces"]),
        "IfcDoor": sum(door["in_file"] for door in truth["doors"]),
        "IfcWindow": truth["windows"],
        "IfcWall": truth["walls"],
        "IfcStair": sum(stair["in_file"] for stair in truth["stairs"]),
        "IfcTransportElement": len(truth["lifts"]),
    }
    return {
        "version": ifcopenshell.version,
        "bytes": (folder / "tower.ifc").stat().st_size,
        "opened_s": round(opened_s, 3),
        "counts": counts,
        "errors": errors + unmade,
        "shapes": made,
        "agrees": all(counts[kind] == count for kind, count in expected.items()),
    }


def shapes_made(model, shapes):
    import ifcopenshell.geom

    settings = ifcopenshell.geom.settings()
    draw = random.Random(1)
    made, unmade = 0, []
    for kind in ("IfcSpace", "IfcDoor", "IfcWindow", "IfcWall", "IfcSlab", "IfcStairFlight"):
        elements = model.by_type(kind)
        for element in draw.sample(elements, min(shapes, len(elements))):
            try:
                ifcopenshell.geom.create_shape(settings, element)
                made += 1
            except RuntimeError as error:
                unmade.append(f"{element.GlobalId}: {error}")
    return made, unmade


def cityjson_finds(folder, cjval):
    path = folder / "city.city.json"
    city = json.loads(path.read_text())
    kinds = collections.Counter(thing["type"] for thing in city["CityObjects"].values())
    found = {"bytes": path.stat().st_size, "counts": dict(sorted(kinds.items()))}
    if cjval:
        run = subprocess.run([cjval, "-r", str(path)], capture_output=True, text=True, check=False)
        report = json.loads(run.stdout)
        found["tool"] = f"cjval {report['cjval_version']}"
        checks = report["checks"]
        found["errors"] = [
            f"{name}: {error}"
            for group in ("errors", "warnings")
            for name, check in checks.get(group, {}).items()
            for error in check.get("errors", []) + check.get("warnings", [])
        ]
        found["agrees"] = report["valid"] and not report["has_warnings"]
        return found
    try:
        from cjio import cityjson
    except ImportError:
        return None
    # Without cjval, cjio only reads: what it reads must be what is there.
    with path.open() as file:
        read = cityjson.reader(file=file, ignore_duplicate_keys=False)
    whole = [thing for thing in city["CityObjects"].values() if "parents" not in thing]
    found["tool"] = f"cjio {importlib.metadata.version('cjio')} (reads only)"
    found["errors"] = []
    found["agrees"] = read.number_city_objects_level1() == len(whole)
    return found


def osmium_finds(folder):
    try:
        import osmium
    except ImportError:
        return None
    counts = collections.Counter()
    errors = []

    class Reader(osmium.SimpleHandler):
        def node(self, node):
            counts["nodes"] += 1
            counts["entrances"] += "entrance" in node.tags

        def way(self, way):
            counts["ways"] += 1
            for key in ("building", "highway", "bridge"):
                counts[key] += key in way.tags
            if not all(node.location.valid() for node in way.nodes):
                errors.append(f"way {way.id} has a node without a place")

    began = time.monotonic()
    Reader().apply_file(str(folder / "streets.osm"), locations=True)
    identity = json.loads((folder / "truth" / "identity.json").read_text())
    named = {pair["b"] for pair in identity["pairs"] if pair["b"].startswith("osm:node/")}
    return {
        "version": importlib.metadata.version("osmium"),
        "bytes": (folder / "streets.osm").stat().st_size,
        "read_s": round(time.monotonic() - began, 3),
        "counts": dict(sorted(counts.items())),
        "errors": errors,
        "agrees": counts["ways"] > 0 and counts["entrances"] >= len(named),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--cjval")
    parser.add_argument("--shapes", type=int, default=40)
    arguments = parser.parse_args()
    found = {
        "ifcopenshell": ifcopenshell_finds(arguments.folder, arguments.shapes),
        "cityjson": cityjson_finds(arguments.folder, arguments.cjval),
        "osmium": osmium_finds(arguments.folder),
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
