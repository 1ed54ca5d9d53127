#!/usr/bin/env python3
"""What Zenoh delivers over a link that is cut, as anybody would use it.

`sub ADDRESS SECONDS` connects to an address, listens for so long and prints how many
different messages came. `pub PORT SECONDS RATE` waits for one line of input, puts so many
messages a second and prints how many it put. Multicast is off, so that there is no way but
the address; everything else is the default.
"""

import json
import sys
import time

import zenoh

KEY = "twin/cut"
# Until the two have found each other.
SETTLE_S = 3.0


def config(role, endpoint):
    made = zenoh.Config()
    made.insert_json5("mode", json.dumps("peer"))
    made.insert_json5("scouting/multicast/enabled", "false")
    made.insert_json5(role + "/endpoints", json.dumps(["tcp/" + endpoint]))
    if role == "connect":
        made.insert_json5("listen/endpoints", "[]")
    return made


def publish(port, seconds, rate):
    session = zenoh.open(config("listen", "127.0.0.1:" + port))
    print("ready", flush=True)
    sys.stdin.readline()
    publisher = session.declare_publisher(KEY)
    begun, number = time.monotonic(), 0
    while number < seconds * rate:
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        publisher.put(str(number))
        number += 1
    print(json.dumps({"sent": number}), flush=True)
    sys.stdin.readline()
    session.close()


def subscribe(address, seconds):
    seen = set()
    session = zenoh.open(config("connect", address))
    session.declare_subscriber(KEY, lambda sample: seen.add(sample.payload.to_string()))
    time.sleep(SETTLE_S)
    print("ready", flush=True)
    time.sleep(seconds)
    print(json.dumps({"received": len(seen)}), flush=True)
    session.close()


if __name__ == "__main__":
    if sys.argv[1] == "pub":
        publish(sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))
    else:
        subscribe(sys.argv[2], float(sys.argv[3]))
