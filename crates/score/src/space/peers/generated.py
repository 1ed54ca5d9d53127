"""Opens the files of a generated district with other people's tools and prints what they find.

usage: generated.py FOLDER [--shapes N]

FOLDER is what `twin-scenario district --out FOLDER` has written. Prints one JSON object with a
member per tool: `ifcopenshell` (opens the tower, runs its schema validator, makes shapes of a
sample of its elements), `cityjson` (cjval if it is on the path, else cjio) and `osmium`. A tool that is not
installed is `null`: not measured. `errors` is what the tool complained of; `agrees` says whether
its counts are those of the truth.
"""

import argparse
import collections
import importlib.metadata
import json
import pathlib
import random
import shutil
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
        "tool": f"IfcOpenShell {ifcopenshell.version}: opened in {opened_s:.1f} s, {made} shapes",
        "counts": counts,
        "errors": errors + unmade,
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
    found = {"counts": dict(sorted(kinds.items()))}
    expected = json.loads((folder / "truth" / "counts.json").read_text())
    all_there = kinds["Building"] == expected["city_buildings"]
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
        found["agrees"] = all_there and report["valid"] and not report["has_warnings"]
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
    found["agrees"] = all_there and read.number_city_objects_level1() == len(whole)
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
    read_s = time.monotonic() - began
    expected = json.loads((folder / "truth" / "counts.json").read_text())
    expected = {
        "nodes": expected["nodes"],
        "ways": expected["ways"],
        "building": expected["map_buildings"],
    }
    return {
        "tool": f"pyosmium {importlib.metadata.version('osmium')}: read in {read_s:.2f} s",
        "counts": dict(sorted(counts.items())),
        "errors": errors,
        "agrees": all(counts[key] == count for key, count in expected.items()),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--cjval", default=shutil.which("cjval"), help="the program")
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
