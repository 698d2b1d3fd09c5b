"""Destinations over HTTP: what a program does with them."""

from __future__ import annotations

import pytest
from asked import filled, served
from receivers import receiver
from standardwebhooks import Webhook

from shoal.flow.home import open_home
from shoal.segments import feed


@pytest.fixture
def other():
    with receiver() as found:
        yield found


@pytest.fixture
def asked(tmp_path, other):
    opened = filled(tmp_path / "home")
    opened.database.close()
    opened.home.settings.write_text(f'allow_hosts: ["127.0.0.1:{other.port}"]\n')
    with served(open_home(tmp_path / "home")) as found:
        yield found


def hook(other, **more):
    return {"name": "crm", "kind": "webhook", "settings": {"url": other.url}, **more}


def test_one_is_made_looked_at_tried_and_removed(asked, other):
    made = asked.ask("POST", "/v1/destinations", hook(other))
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    tried = asked.ask("POST", "/v1/destinations/crm/test", {})
    assert tried.json() == {"outcome": "delivered", "status": 200}
    (got,) = other.got
    assert Webhook(secret).verify(got.body, got.headers) == {**got.document, "type": "test", "data": {"changes": []}}
    for path in ("/v1/destinations", "/v1/destinations/crm"):
        answer = asked.ask("GET", path)
        assert answer.status_code == 200
        assert secret not in answer.text
    paused = asked.ask("PUT", "/v1/destinations/crm/state", {"state": "paused"}).json()
    assert (paused["state"], paused["reason"]) == ("paused", "by_owner")
    assert asked.ask("PUT", "/v1/destinations/crm/state", {"state": "active"}).json()["state"] == "active"
    assert asked.ask("POST", "/v1/destinations/crm/sync", {}).json() == {"sync": "done"}
    assert asked.ask("DELETE", "/v1/destinations/crm").status_code == 200
    assert asked.ask("GET", "/v1/destinations/crm").status_code == 404


def test_two_secrets_sign_and_the_third_ends_the_first(asked, other):
    secrets = [asked.ask("POST", "/v1/destinations", hook(other)).json()["secret"]]
    secrets += [asked.ask("POST", "/v1/destinations/crm/secrets", {}).json()["secret"] for _ in range(2)]
    secrets += [asked.ask("POST", "/v1/destinations/crm/secrets", {"only": True}).json()["secret"]]
    asked.ask("POST", "/v1/destinations/crm/test", {})
    assert holds(other.got[0], secrets) == [False, False, False, True]
    secrets += [asked.ask("POST", "/v1/destinations/crm/secrets", {}).json()["secret"]]
    asked.ask("POST", "/v1/destinations/crm/test", {})
    assert holds(other.got[1], secrets) == [False, False, False, True, True]


def test_no_secret_is_in_any_file(asked, other):
    made = asked.ask("POST", "/v1/destinations", hook(other)).json()["secret"]
    request = {"url": f"{other.url}?key={{secret}}", "body": "{members}"}
    settings = {"add": request, "remove": request, "test": {"url": f"{other.url}?key={{secret}}"}}
    body = {"name": "audience", "kind": "http", "settings": settings, "secret": "canary-of-a-secret"}
    assert asked.ask("POST", "/v1/destinations", body).status_code == 201
    for name in ("crm", "audience"):
        assert asked.ask("POST", f"/v1/destinations/{name}/test", {}).json()["outcome"] == "delivered"
    assert other.got[1].path == "/in?key=canary-of-a-secret"
    files = [each for each in asked.opened.home.folder.rglob("*") if each.is_file()]
    for secret in (made, made.removeprefix("whsec_"), "canary-of-a-secret"):
        assert [each.name for each in files if secret.encode() in each.read_bytes()] == []


def test_settings_that_name_a_secret_need_one(asked, other):
    request = {"url": other.url, "headers": {"Authorization": "Bearer {secret}"}, "body": "{members}"}
    settings = {"add": request, "remove": request, "test": {**request, "body": None}}
    body = {"name": "crm", "kind": "http", "settings": settings}
    refused = asked.ask("POST", "/v1/destinations", body)
    assert refused.status_code == 400
    told = refused.json()["error"]
    assert (told["code"], told["where"], told["fix"]) == (
        "bad_destination",
        "secret",
        "Give it with --secret, or as `secret`.",
    )
    assert asked.ask("POST", "/v1/destinations", {**body, "secret": "k"}).status_code == 201
    with asked.opened.database.write() as connection:
        connection.exec_driver_sql("UPDATE destinations SET secrets = NULL")  # as earlier releases let it be
    assert asked.ask("POST", "/v1/destinations/crm/test", {}).json()["outcome"] == "no_secret"
    assert other.got == []


def holds(got, secrets):
    signed = got.headers["webhook-signature"].split(" ")

    def one(secret):
        try:
            Webhook(secret).verify(got.body, got.headers)
        except Exception:
            return False
        return True

    assert len(signed) == sum(map(one, secrets))
    return list(map(one, secrets))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"settings": {"url": "https://127.0.0.1/"}}, 400, "forbidden_address"),
        ({"settings": {"url": "https://example.org/", "retries": 3}}, 400, "bad_destination"),
        ({"settings": {}}, 400, "bad_destination"),
        ({"secret": "mine"}, 400, "bad_destination"),
        ({"segments": []}, 400, "bad_destination"),
        ({"segments": ["nobody-made-it"]}, 400, "unknown_segment"),
        ({"name": "../x"}, 422, "bad_body"),
        ({"kind": "ftp"}, 422, "bad_body"),
        ({"kind": "csv", "settings": {"folder": "../x"}}, 400, "bad_destination"),
        ({"kind": "csv", "settings": {"every": "1s"}}, 400, "bad_destination"),
        ({"kind": "csv", "settings": {"fields": []}}, 400, "bad_destination"),
        ({"kind": "csv", "settings": {"fields": ["email", "email"]}}, 400, "bad_destination"),
        ({"kind": "http", "settings": {"add": {"url": "https://example.org/"}}}, 400, "bad_destination"),
    ],
)
def test_what_can_not_be_made(asked, other, body, status, code):
    answer = asked.ask("POST", "/v1/destinations", hook(other, **body))
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["fix"]
    assert asked.ask("GET", "/v1/destinations").json() == {"destinations": []}


def test_a_name_is_taken_once_and_there_is_a_limit(asked, other):
    for number in range(64):
        assert asked.ask("POST", "/v1/destinations", hook(other, name=f"d{number}")).status_code == 201
    assert asked.ask("POST", "/v1/destinations", hook(other, name="d1")).status_code == 400
    assert asked.ask("POST", "/v1/destinations", hook(other, name="more")).status_code == 400


def test_a_file_is_made_of_who_is_in_a_segment_now(asked):
    asked.ask("POST", "/v1/segments", {"name": "buyers", "when": 'did "Order Completed"'})
    made = asked.ask(
        "POST",
        "/v1/destinations",
        {"name": "files", "kind": "csv", "settings": {"fields": ["user_id"]}, "segments": ["buyers"]},
    )
    assert (made.status_code, made.json()["secret"]) == (201, None)
    assert asked.ask("POST", "/v1/destinations/files/sync", {}).json() == {"sync": "done"}
    (file,) = (asked.opened.home.destinations / "files").iterdir()
    members = asked.ask("GET", "/v1/segments/buyers/members?limit=1000&fields=user_id").json()["members"]
    assert len(file.read_text().splitlines()) == 1 + len(members)
    seen = asked.ask("GET", "/v1/destinations/files").json()
    with asked.opened.database.read() as connection:
        assert (seen["behind"], seen["destination"]["cursor"]) == (0, feed.newest(connection))
    assert [each["outcome"] for each in seen["attempts"]] == ["delivered"]
