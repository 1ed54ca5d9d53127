"""Updates per second of two filter libraries, as the peers of the estimators.

One dimension that wanders, seen with noise: the smallest filter there is. Ten thousand tracks
are updated in turn with filterpy, one track with Stone Soup (whose cost does not depend on how
many there are). Prints the median of several runs of each as JSON.
"""

import datetime
import json
import statistics
import sys
import time

import numpy as np

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
TRACKS = 10_000
FILTERPY_UPDATES = 20_000
STONESOUP_UPDATES = 2_000


def filterpy():
    from filterpy.kalman import KalmanFilter

    tracks = []
    for _ in range(TRACKS):
        kf = KalmanFilter(dim_x=1, dim_z=1)
        kf.F = kf.H = np.array([[1.0]])
        kf.Q, kf.R, kf.P = np.array([[0.01]]), np.array([[0.25]]), np.array([[1.0]])
        tracks.append(kf)

    def run():
        for i in range(FILTERPY_UPDATES):
            kf = tracks[i % TRACKS]
            kf.predict()
            kf.update(20.0 + 0.1 * (i % 7))
        return FILTERPY_UPDATES

    return run


def stonesoup():
    from stonesoup.models.measurement.linear import LinearGaussian
    from stonesoup.models.transition.linear import RandomWalk
    from stonesoup.predictor.kalman import KalmanPredictor
    from stonesoup.types.detection import Detection
    from stonesoup.types.hypothesis import SingleHypothesis
    from stonesoup.types.state import GaussianState
    from stonesoup.updater.kalman import KalmanUpdater

    predictor = KalmanPredictor(RandomWalk(0.01))
    updater = KalmanUpdater(LinearGaussian(1, [0], np.array([[0.25]])))
    start = datetime.datetime(2026, 1, 1)

    def run():
        state = GaussianState([[20.0]], [[1.0]], timestamp=start)
        for i in range(STONESOUP_UPDATES):
            at = start + datetime.timedelta(seconds=30 * (i + 1))
            detection = Detection([[20.0 + 0.1 * (i % 7)]], timestamp=at)
            prediction = predictor.predict(state, timestamp=at)
            state = updater.update(SingleHypothesis(prediction, detection))
        return STONESOUP_UPDATES

    return run


def per_second(make):
    run = make()
    rates = []
    for _ in range(RUNS):
        begins = time.process_time()
        n = run()
        rates.append(n / (time.process_time() - begins))
    return statistics.median(rates)


def main():
    print(json.dumps({"filterpy": per_second(filterpy), "stonesoup": per_second(stonesoup), "runs": RUNS}))


main()
