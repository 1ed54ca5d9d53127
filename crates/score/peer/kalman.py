"""The peer of the estimators: filterpy's Kalman filter, one for each room or series.

A level that wanders with constant noise, seen with constant noise: what an engineer sets up
for a sensor in an afternoon. Both noises are those that make the readings before the first
question most likely, found on a grid, so that the peer is at its best. Reads readings and questions in
order of time, answers mean and standard deviation for each question, as JSON.
"""

import json
import math
import sys

import numpy as np
from filterpy.kalman import KalmanFilter

FITTED_MAX = 4000
WANDER = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]  # of the series' spread, per square root of an hour
NOISE = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0]  # of the series' spread
ERRORS_MIN = 5


def surprise(readings, q, r):
    """Minus the log likelihood of readings under a wandering level."""
    t0, mean, sd = readings[0]
    var = r
    total = 0.0
    for t, z, _ in readings[1:]:
        var += q * (t - t0) / 3600.0
        t0 = t
        s = var + r
        e = z - mean
        total += 0.5 * (math.log(s) + e * e / s)
        k = var / s
        mean += k * e
        var *= 1.0 - k
    return total


def fit(readings):
    readings = readings[-FITTED_MAX:]
    spread = float(np.std([z for _, z, _ in readings])) or 1e-3
    grid = [((spread * w) ** 2, (spread * n) ** 2) for w in WANDER for n in NOISE]
    return min(grid, key=lambda qr: surprise(readings, *qr))


def answer(events, of_readings):
    readings = [e for e in events if e[1] is not None]
    if len(readings) < ERRORS_MIN:
        return [None for e in events if e[1] is None]
    first = next((i for i, e in enumerate(events) if e[1] is None), len(events))
    q, r = fit(events[: max(first, ERRORS_MIN)] if first >= ERRORS_MIN else readings[:ERRORS_MIN])
    kf = KalmanFilter(dim_x=1, dim_z=1)
    kf.F = np.array([[1.0]])
    kf.H = np.array([[1.0]])
    kf.R = np.array([[r]])
    answers, last, heard = [], None, 0
    for t, z, _ in events:
        if z is None:
            if heard < ERRORS_MIN:
                answers.append(None)
                continue
            var = float(kf.P[0, 0]) + q * (t - last) / 3600.0 + (r if of_readings else 0.0)
            answers.append([float(kf.x[0, 0]), math.sqrt(var)])
            continue
        if last is None:
            kf.x, kf.P = np.array([[z]]), np.array([[r]])
        else:
            kf.Q = np.array([[q * (t - last) / 3600.0]])
            kf.predict()
            kf.update(z)
        last, heard = t, heard + 1
    return answers


def main():
    of_readings = "--readings" in sys.argv[1:]
    cases = []
    for line in sys.stdin:
        words = line.split()
        if words[0] == "case":
            cases.append([])
        elif words[0] == "r":
            cases[-1].append((float(words[1]), float(words[2]), float(words[3])))
        else:
            cases[-1].append((float(words[1]), None, None))
    json.dump([answer(events, of_readings) for events in cases], sys.stdout)


main()
