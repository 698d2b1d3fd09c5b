"""SDKs of others, unchanged but for their host."""

from __future__ import annotations

import rudderstack.analytics.client as rudderstack
import segment.analytics.client as segment

NUMBER = 10_000


def counted(here):
    return here.stored("SELECT count(*), count(DISTINCT subscriber), count(DISTINCT event_id) FROM events")[0]


def sent(client):
    for number in range(NUMBER):
        client.track(f"u{number % 100}", "Page Viewed", {"number": number})
    client.shutdown()


def test_the_sdk_of_segment_loses_nothing(here):
    failed = []
    client = segment.Client(
        here.key(), host=here.url, max_queue_size=NUMBER, on_error=lambda *told: failed.append(told), gzip=True
    )
    sent(client)
    assert failed == []
    assert counted(here) == (NUMBER, 100, NUMBER)


def test_the_sdk_of_rudderstack_loses_nothing(here):
    failed = []
    client = rudderstack.Client(
        here.key(), host=here.url, max_queue_size=NUMBER, on_error=lambda *told: failed.append(told)
    )
    sent(client)
    assert failed == []
    assert counted(here) == (NUMBER, 100, NUMBER)
