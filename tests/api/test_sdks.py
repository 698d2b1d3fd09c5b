"""SDKs of others, unchanged but for their host."""

from __future__ import annotations

import rudderstack.analytics.client as rudderstack
import segment.analytics.client as segment

from shoal.flow.home import open_home
from shoal.flow.reading import open_reading

NUMBER = 10_000


def counted(server):
    server.stop()
    opened = open_home(server.home)
    with open_reading(opened) as duck:
        found = duck.execute("SELECT count(*), count(DISTINCT subscriber), count(DISTINCT event_id) FROM events")
        return found.fetchall()[0]


def sent(client):
    for number in range(NUMBER):
        client.track(f"u{number % 100}", "Page Viewed", {"number": number})
    client.shutdown()


def test_the_sdk_of_segment_loses_nothing(server):
    failed = []
    client = segment.Client(
        server.key(), host=server.url, max_queue_size=NUMBER, on_error=lambda *told: failed.append(told), gzip=True
    )
    sent(client)
    assert failed == []
    assert counted(server) == (NUMBER, 100, NUMBER)


def test_the_sdk_of_rudderstack_loses_nothing(server):
    failed = []
    client = rudderstack.Client(
        server.key(), host=server.url, max_queue_size=NUMBER, on_error=lambda *told: failed.append(told)
    )
    sent(client)
    assert failed == []
    assert counted(server) == (NUMBER, 100, NUMBER)
