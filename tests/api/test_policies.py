"""Who may ask what: the whole table, asked of a real server."""

from __future__ import annotations

import httpx
import pytest
from asked import SCOPES
from policies import NAMED, POLICIES


def ask(told, method, path, **more):
    for name, value in NAMED.items():
        path = path.replace(name, value)
    return httpx.request(method, f"{told.url}{path}", timeout=30, **more)


def test_every_route_has_a_policy(told):
    paths = httpx.get(f"{told.url}/openapi.json").json()["paths"]
    found = {(method.upper(), path): each["x-scope"] for path, some in paths.items() for method, each in some.items()}
    assert found == POLICIES


@pytest.mark.parametrize("route", POLICIES, ids=" ".join)
def test_nobody_comes_in_without_the_right_key(told, route):
    scope = POLICIES[route]
    nobody = [ask(told, *route), ask(told, *route, auth=("shoal_wrong", "")), ask(told, *route, auth=("", ""))]
    if scope not in SCOPES:
        expected = 404 if scope == "signature" else 503 if route[1] == "/readyz" else 200  # there is no engine
        assert {one.status_code for one in nobody} == {expected}
        return
    assert [one.status_code for one in nobody] == [401] * 3
    assert all(one.headers["www-authenticate"] for one in nobody)
    for name in SCOPES:
        answer = ask(told, *route, auth=(told.keys[name], ""))
        assert (answer.status_code == 403) == (name != scope), (route, name, answer.text)
        assert answer.status_code != 401


def test_a_key_that_was_revoked_opens_nothing(asked):
    assert ask(asked, "GET", "/v1/changes", auth=(asked.keys["read"], "")).status_code == 200
    with asked.opened.database.write() as connection:
        connection.exec_driver_sql("UPDATE api_keys SET revoked_at = 1")
    asked.app.state.door._keys.forget()
    for method, path in (route for route, scope in POLICIES.items() if scope in SCOPES):
        assert ask(asked, method, path, auth=(asked.keys["all"], "")).status_code == 401


def test_a_key_in_the_body_writes_and_does_nothing_else(asked):
    body = {"userId": "u1", "event": "Seen", "writeKey": asked.keys["write"]}
    assert ask(asked, "POST", "/v1/track", json=body).status_code == 200
    assert ask(asked, "POST", "/v1/track", json={**body, "writeKey": asked.keys["read"]}).status_code == 403
    assert ask(asked, "POST", "/v1/track", json={**body, "writeKey": ["x"]}).status_code == 401
    preview = {"when": "plan is 1", "writeKey": asked.keys["read"]}
    assert ask(asked, "POST", "/v1/segments/preview", json=preview).status_code == 401
    shown = ask(asked, "POST", "/v1/track", json=body, auth=("shoal_wrong", ""))
    assert shown.status_code == 401


def test_a_refusal_tells_nothing_of_the_key(told):
    key = told.keys["write"]
    answer = ask(told, "GET", "/v1/changes", auth=(key, ""))
    assert key[6:] not in answer.text + str(answer.headers)
