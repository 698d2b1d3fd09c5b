"""Browsers on pages of other sites: they may hand in events, and read nothing."""

from __future__ import annotations

import json

import httpx
import pytest
from policies import NAMED, POLICIES

ORIGIN = {"Origin": "https://shop.example.org"}
ASKED = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}


@pytest.mark.parametrize("route", POLICIES, ids=" ".join)
def test_only_what_writes_is_open_to_other_origins(told, route):
    method, path = route
    for name, value in NAMED.items():
        path = path.replace(name, value)
    preflight = httpx.options(f"{told.url}{path}", headers={**ORIGIN, **ASKED})
    answer = httpx.request(method, f"{told.url}{path}", headers=ORIGIN)
    writes = POLICIES[route] == "write"
    for each in (preflight, answer):
        assert ("access-control-allow-origin" in each.headers) == writes
        assert "access-control-allow-credentials" not in each.headers
        assert "set-cookie" not in each.headers
    assert (preflight.status_code == 204) == writes
    if writes:
        assert preflight.headers["access-control-allow-origin"] == "*"
        allowed = preflight.headers["access-control-allow-headers"].lower()
        assert {"authorization", "content-type"} <= {one.strip() for one in allowed.split(",")}


def test_what_a_page_sends_as_plain_text_needs_no_preflight(asked):
    calls = [{"type": "track", "event": "Seen", "userId": "u"}]
    body = json.dumps({"batch": calls, "writeKey": asked.keys["write"]})
    answer = httpx.post(f"{asked.url}/v1/batch", content=body, headers={**ORIGIN, "Content-Type": "text/plain"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
