"""The whole way on the real server: a segment is saved, an event comes, and everybody is told."""

from __future__ import annotations

import httpx

SENTENCE = 'did "Order Completed" in the last 7 days'


def test_an_event_makes_a_member_and_the_feed_tells_it(server):
    with httpx.Client(auth=(server.key("write", "read", "manage"), ""), base_url=server.url, timeout=60) as http:
        made = http.post("/v1/segments", json={"name": "buyers", "when": SENTENCE})
        assert (made.status_code, made.json()["version"]) == (201, 1)
        calls = [
            {"type": "identify", "userId": "u1", "messageId": "a", "traits": {"email": "ada@example.org"}},
            {"type": "track", "userId": "u1", "messageId": "b", "event": "Order Completed"},
        ]
        assert http.post("/v1/batch", json={"batch": calls}).status_code == 200
        page = http.get("/v1/changes", params={"wait": 30, "segment": "buyers"}).json()
        (change,) = page["changes"]
        assert (change["segment"], change["change"], change["version"]) == ("buyers", "entered", 1)
        standing = http.get("/v1/subscribers/email:ada@example.org/segments").json()
        (own,) = [each for each in standing["segments"] if each["segment"] == "buyers"]
        assert standing["subscriber"] == change["subscriber"]
        assert own["leaves_at"] > change["at"]
        members = http.get("/v1/segments/buyers/members", params={"addresses": True}).json()["members"]
        assert [(each["subscriber"], each["email"]) for each in members] == [(change["subscriber"], "ada@example.org")]
        shown = http.get("/v1/segments/buyers").json()
        assert (shown["size"], shown["version"]) == (1, 1)
        draft = http.post("/v1/segments/preview", json={"when": SENTENCE, "lint": False}).json()
        assert (draft["count"], draft["reading"]) == (1, "live")
        changed = http.put("/v1/segments/buyers", json={"when": 'did "Order Completed" at least 2 times', "version": 1})
        assert changed.json()["version"] == 2
        (left,) = http.get("/v1/changes", params={"after": page["next"], "wait": 30, "segment": "buyers"}).json()[
            "changes"
        ]
        assert (left["change"], left["reason"], left["version"]) == ("left", "definition", 2)
        figures = http.get("/metrics").text
        assert "shoal_engine_alive 1.0" in figures
        assert "shoal_subscribers 1.0" in figures
