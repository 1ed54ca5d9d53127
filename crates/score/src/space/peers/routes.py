"""Shortest ways by networkx on lengths by PROJ, for segments handed over as JSON.

Reads {"segments": [[key, key, [[longitude, latitude], ...]], ...], "questions": [[key, key], ...]}
from standard input and prints {"networkx": version, "pyproj": version, "lengths_m": [...],
"seconds": ...}: for each question the length of the shortest way between the two junctions, null
where there is none. The length of a segment is the sum of the geodesics between its points on the
ellipsoid of WGS 84.
"""

import json
import sys
import time

import networkx
import pyproj

told = json.load(sys.stdin)
ground = pyproj.Geod(ellps="WGS84")
streets = networkx.MultiGraph()
for first, last, course in told["segments"]:
    length_m = ground.line_length([p[0] for p in course], [p[1] for p in course])
    streets.add_edge(first, last, weight=length_m)

began = time.monotonic()
from_each = {}
lengths_m = []
for first, last in told["questions"]:
    if first not in from_each:
        from_each[first] = networkx.single_source_dijkstra_path_length(streets, first)
    lengths_m.append(from_each[first].get(last))
json.dump(
    {
        "networkx": networkx.__version__,
        "pyproj": pyproj.__version__,
        "lengths_m": lengths_m,
        "seconds": time.monotonic() - began,
    },
    sys.stdout,
)
