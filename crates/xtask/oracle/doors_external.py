"""What an IFC file itself says about each door leading outside.

Usage: python doors_external.py FILE

Prints one JSON object: GlobalId of each door -> the value of IsExternal in its property sets,
or null where none says it. Needs: ifcopenshell.
"""

import json
import sys

import ifcopenshell
import ifcopenshell.util.element


def is_external(door):
    for properties in ifcopenshell.util.element.get_psets(door).values():
        if "IsExternal" in properties:
            return properties["IsExternal"]
    return None


def main():
    model = ifcopenshell.open(sys.argv[1])
    stated = {door.GlobalId: is_external(door) for door in model.by_type("IfcDoor")}
    json.dump(stated, sys.stdout, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
