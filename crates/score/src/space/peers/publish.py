"""Publishes numbered messages at quality of service 1 and returns when the broker has all.

publish.py PORT FIRST COUNT [retain]
"""
import sys

import paho.mqtt.client as mqtt

port, first, count = (int(word) for word in sys.argv[1:4])
retain = "retain" in sys.argv[4:]
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"publisher-{first}")
client.max_queued_messages_set(0)
client.max_inflight_messages_set(500)
client.connect("127.0.0.1", port)
client.loop_start()
sent = []
for number in range(first, first + count):
    kind = "kept" if retain else "said"
    sent.append(client.publish(f"tower/{kind}/{number}", str(number), qos=1, retain=retain))
for message in sent:
    message.wait_for_publish(120)
ready = all(message.is_published() for message in sent)
client.disconnect()
client.loop_stop()
sys.exit(0 if ready else 1)
