"""From an event to another server: a real server of a real workspace, stopped and killed on the way."""

from __future__ import annotations

import time

import httpx
import pytest
from receivers import receiver

PATIENCE_S = 60


@pytest.fixture
def other():
    with receiver() as found:
        yield found


class Holding:
    """What a receiver of changes and one of members hold."""

    def __init__(self, other):
        self.other = other

    def by_changes(self):
        held = set()
        seen = {}
        for one in self.other.got:
            if "webhook-id" in one.headers:
                seen.setdefault(one.headers["webhook-id"], one.document["data"]["changes"])
        for each in (each for some in seen.values() for each in some):
            (held.add if each["entered"] else held.discard)(each["user_id"])
        return held

    def by_members(self):
        held = set()
        for one in self.other.got:
            if one.path == "/in/members":
                people = set(one.document)
                held = held - people if one.method == "DELETE" else held | people
        return held


def test_what_happens_is_told_to_other_servers(stopped, other):
    stopped.home.joinpath("settings.yaml").write_text(f'allow_hosts: ["127.0.0.1:{other.port}"]\n')
    key = stopped.key("write", "read", "manage", "admin")
    holding = Holding(other)
    stopped.start()

    def ask(method, path, body):
        answer = httpx.request(method, f"{stopped.url}{path}", json=body, auth=(key, ""), timeout=30)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def buy(*people):
        calls = [{"type": "track", "userId": each, "event": "Order Completed"} for each in people]
        ask("POST", "/v1/batch", {"batch": calls})

    def wait_for(held, expected):
        end = time.monotonic() + PATIENCE_S
        while held() != expected and time.monotonic() < end:
            time.sleep(0.02)
        assert held() == expected

    buy("u0")
    ask("POST", "/v1/segments", {"name": "buyers", "when": 'did "Order Completed"'})
    hook = {"url": other.url, "fields": ["user_id"]}
    ask("POST", "/v1/destinations", {"name": "hook", "kind": "webhook", "settings": hook, "after": 0})
    request = {"url": f"{other.url}/members", "body": "{members}"}
    audience = {"add": request, "remove": {**request, "method": "DELETE"}, "member": "{user_id}", "every": "1m"}
    buy("u1", "u2")
    wait_for(holding.by_changes, {"u0", "u1", "u2"})
    chosen = {"name": "audience", "kind": "http", "settings": audience, "segments": ["buyers"]}
    ask("POST", "/v1/destinations", chosen)
    wait_for(holding.by_members, {"u0", "u1", "u2"})
    stopped.kill()
    stopped.start()
    buy("u3")
    wait_for(holding.by_changes, {"u0", "u1", "u2", "u3"})
    stopped.stop()
    stopped.start()
    buy("u4")
    wait_for(holding.by_changes, {f"u{number}" for number in range(5)})
    end = time.monotonic() + PATIENCE_S
    while holding.by_members() != holding.by_changes() and time.monotonic() < end:
        assert ask("POST", "/v1/destinations/audience/sync", {}) == {"sync": "asked"}
        time.sleep(0.5)  # somebody who came a moment ago may not be in the lake yet
    assert holding.by_members() == holding.by_changes()
