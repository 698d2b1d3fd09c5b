"""Segments over HTTP: what is answered is what the workspace and the command line would say."""

from __future__ import annotations

import pytest
from asked import BOUGHT, PEOPLE, TRIAL

from shoal.flow import applying, asking, standing

BUYERS = PEOPLE // 3


def error(answer):
    told = answer.json()["error"]
    assert set(told) == {"code", "message", "where", "fix"}
    assert told["fix"]
    return answer.status_code, told["code"]


def make(asked, name="bought", when=BOUGHT, **more):
    answer = asked.ask("POST", "/v1/segments", {"name": name, "when": when, **more})
    assert answer.status_code == 201, answer.text
    return answer


def test_a_segment_is_made_changed_rolled_back_and_deleted(asked):
    goal = {"metric": "orders", "target": "2 %", "by": "30d"}
    made = make(asked, title="Buyers", goal=goal, tags=["a"])
    assert made.headers["etag"] == '"1"'
    assert (made.json()["version"], made.json()["file"]) == (1, "written")
    assert [one["by"] for one in made.json()["made"]] == ["a all key"]
    read = asked.ask("GET", "/v1/segments/bought")
    assert (read.json()["sentence"], read.json()["labels"]["goal"], read.headers["etag"]) == (BOUGHT, goal, '"1"')
    tree = {"trait": "plan", "is": "trial"}
    changed = asked.ask("PUT", "/v1/segments/bought", {"when": tree}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert asked.ask("GET", "/v1/segments/bought").json()["definition"] == tree
    back = asked.ask("POST", "/v1/segments/bought/rollback", {"to": 1, "version": 2})
    assert (back.status_code, back.json()["version"], back.json()["made"][0]["restores"]) == (200, 3, 1)
    assert asked.ask("DELETE", "/v1/segments/bought", headers={"If-Match": '"3"'}).json()["version"] is None
    assert error(asked.ask("GET", "/v1/segments/bought")) == (404, "unknown_segment")
    versions = asked.ask("GET", "/v1/segments/bought/versions").json()["versions"]
    assert [one["change"] for one in versions] == ["new", "meaning", "meaning", "deleted"]
    assert [one.number for one in applying.history(asked.opened, "bought")] == [1, 2, 3, 4]


def test_whoever_changes_what_somebody_else_changed_is_told(asked):
    make(asked)
    assert error(asked.ask("POST", "/v1/segments", {"name": "bought", "when": TRIAL})) == (409, "version_moved")
    body = {"when": TRIAL, "version": 1}
    assert asked.ask("PUT", "/v1/segments/bought", body).status_code == 200
    assert error(asked.ask("PUT", "/v1/segments/bought", body)) == (409, "version_moved")
    for method, path, sent in [
        ("PUT", "/v1/segments/bought", {"when": BOUGHT}),
        ("DELETE", "/v1/segments/bought", None),
        ("POST", "/v1/segments/bought/rollback", {"to": 1}),
    ]:
        answer = asked.ask(method, path, sent, headers={"If-Match": '"1"'})
        assert error(answer) == (409, "version_moved")
    make(asked, "users", f'{TRIAL} and not in segment "bought"')
    assert error(asked.ask("DELETE", "/v1/segments/bought")) == (409, "segment_in_use")


@pytest.mark.parametrize(
    ("method", "path", "body", "found"),
    [
        ("POST", "/v1/segments", {"name": "x"}, (422, "bad_body")),
        ("POST", "/v1/segments", {"name": "x", "when": TRIAL, "colour": "red"}, (422, "bad_body")),
        ("POST", "/v1/segments", {"name": "x", "when": 5}, (422, "bad_body")),
        ("POST", "/v1/segments", [], (422, "bad_body")),
        ("POST", "/v1/segments", {"name": "a@1", "when": TRIAL}, (400, "bad_name")),
        ("POST", "/v1/segments", {"name": "../a", "when": TRIAL}, (400, "bad_name")),
        ("POST", "/v1/segments", {"name": "..", "when": TRIAL}, (400, "bad_name")),
        ("POST", "/v1/segments", {"name": "x", "when": ""}, (400, "incomplete_segment")),
        ("POST", "/v1/segments", {"name": "x", "when": {}}, (400, "incomplete_segment")),
        ("POST", "/v1/segments", {"name": "x", "when": "plan is"}, (400, "incomplete_condition")),
        ("POST", "/v1/segments", {"name": "x", "when": 'in segment "no"'}, (400, "unknown_segment")),
        ("PUT", "/v1/segments/x", {"when": 'in segment "x"'}, (400, "segment_cycle")),
        ("PUT", "/v1/segments/x", {"when": TRIAL, "review_by": "soon"}, (400, "bad_instant")),
        ("DELETE", "/v1/segments/x", None, (404, "unknown_segment")),
        ("GET", "/v1/segments/x/versions", None, (404, "unknown_segment")),
        ("GET", "/v1/segments/x/members", None, (404, "unknown_segment")),
        ("GET", "/v1/segments/@%2Fetc%2Fpasswd/members", None, (404, "no_such_page")),
        ("GET", "/v1/segments/@secret.yaml/members", None, (404, "unknown_segment")),
        ("GET", "/v1/segments/did%20%22Order%20Completed%22/members", None, (404, "unknown_segment")),
        ("POST", "/v1/segments/x/rollback", {"to": 1}, (404, "unknown_segment")),
        ("POST", "/v1/segments/preview", {"when": "@secret.yaml"}, (400, "sentence_syntax")),
        ("POST", "/v1/segments/preview", {"when": 'did "Nothing"'}, (400, "unknown_event")),
        ("GET", "/v1/segments?limit=0", None, (422, "bad_parameter")),
        ("PATCH", "/v1/segments/x", {}, (405, "bad_request")),
    ],
)
def test_what_cannot_be_done_is_told(told, method, path, body, found):
    assert error(told.ask(method, path, body)) == found


def test_deep_and_broken_bodies_are_refused(told):
    auth = (told.keys["all"], "")
    import httpx

    for body, found in [
        (b'{"when": ' + b'{"not": ' * 10_000 + b"1" + b"}" * 10_001, (400, "bad_json")),
        (b'{"when": ' + b'{"not": ' * 900 + b'{"trait": "plan", "is": "trial"}' + b"}" * 901, (400, "too_deep")),
        (b'{"when": "' + b"x" * 600_000 + b'"}', (413, "too_large")),
        (b"{", (400, "bad_json")),
        (b'{"when": "\xff"}', (400, "bad_json")),
    ]:
        answer = httpx.post(f"{told.url}/v1/segments/preview", content=body, auth=auth)
        assert error(answer) == found, answer.text
    answer = httpx.post(f"{told.url}/v1/segments/preview", content=b"a=b", auth=auth, headers={"Content-Type": "a/b"})
    assert error(answer) == (415, "unknown_content")


def test_a_list_of_segments_comes_in_pages(asked):
    for name in ("a", "b", "c"):
        make(asked, name)
    asked.follow(a=BOUGHT, b=TRIAL)
    assert standing.listing(asked.opened, None, after="a", most=1).in_all == 3
    first = asked.ask("GET", "/v1/segments?limit=2").json()
    assert [(one["name"], one["size"], one["version"]) for one in first["segments"]] == [("a", 10, 1), ("b", 15, 1)]
    rest = asked.ask("GET", f"/v1/segments?after={first['next']}").json()
    assert [(one["name"], one["size"], one["as_of"]) for one in rest["segments"]] == [("c", None, None)]
    assert rest["next"] is None
    every = asked.ask("GET", "/v1/segments?starters=true&limit=1000").json()["segments"]
    assert sum(one["starter"] for one in every) == len(every) - 3 > 10


def everybody(asked, path):
    found, after = [], ""
    while True:
        page = asked.ask("GET", f"{path}&limit=4{after}").json()
        found += page["members"]
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


@pytest.mark.parametrize("followed", [False, True])
def test_members_come_in_pages_from_memory_and_from_the_lake(asked, followed):
    make(asked)
    if followed:
        asked.follow(bought=BOUGHT)
    table = asking.members(asked.opened, "bought")
    path = "/v1/segments/bought/members?"
    assert everybody(asked, path) == [{"subscriber": each} for each in table["subscriber"].to_pylist()]
    assert everybody(asked, f"{path}addresses=true") == table.to_pylist()
    assert asked.ask("GET", path).json()["reading"] == ("live" if followed else "sql")
    assert everybody(asked, f"{path}as_of=2025-01-01") == []
    assert len(everybody(asked, "/v1/segments/bought@1/members?")) == BUYERS


@pytest.mark.parametrize("followed", [False, True])
def test_a_preview_counts_exactly(asked, followed):
    sentence = f'{BOUGHT} and {TRIAL} and did "Product Viewed" at least 2 times'
    if followed:
        asked.follow(bought=sentence)
    answer = asked.ask("POST", "/v1/segments/preview", {"when": sentence, "lint": not followed}).json()
    counted = asking.count(asked.opened, sentence).counts
    assert (answer["count"], answer["eligible"]) == (counted.members, PEOPLE)
    assert answer["reading"] == ("live" if followed else "sql")
    assert [(one["count"], one["kept"]) for one in answer["conditions"]] == [
        (one.own, one.kept) for one in counted.conditions
    ]
    again = asked.ask("POST", "/v1/segments/preview", {"when": answer["definition"]}).json()
    assert (again["sentence"], again["count"]) == (answer["sentence"], answer["count"])


def test_why_somebody_is_in_a_segment(asked):
    make(asked)
    for person in ("user_id:u3", "p3@example.org", "email:p3@example.org"):
        told = asked.ask("GET", f"/v1/segments/bought/explain/{person}").json()
        assert (told["holds"], [one["name"] for one in told["events"]]) == (True, ["Order Completed"])
    assert error(asked.ask("GET", "/v1/segments/bought/explain/nobody")) == (404, "unknown_subscriber")


def test_what_the_linter_finds_is_answered_and_refuses_nothing(asked):
    told = make(asked, "odd", 'did "Nothing of the kind"').json()
    assert any(one["severity"] == "error" for one in told["lint"])
