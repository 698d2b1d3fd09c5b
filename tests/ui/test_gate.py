"""Who may see what, and what browsers and other sites are refused: every page, every role, every unsafe route."""

from __future__ import annotations

import re

import httpx
import pytest
from nicegui.client import Client
from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from homes import create
from shoal.access.users import ROLES
from shoal.flow import signing_in
from shoal.flow.glance import Advice
from shoal.flow.home import open_home
from shoal.flow.signing_in import Reception
from shoal.flow.sizes import Sizes
from shoal.ui import cookies, pages, sign_in
from shoal.ui.policy import ACTIONS, PAGES, undeclared
from shoal.ui.served import Served, _served, serve

assert pages.ALL

NAMED = {"name": "viewers", "subscriber": "nobody"}

ROLE_OF = {
    "/": "viewer",
    "/segments": "viewer",
    "/segments/{name}": "viewer",
    "/segments/new": "editor",
    "/segments/{name}/edit": "editor",
    "/subscribers": "viewer",
    "/subscribers/{subscriber}": "viewer",
    "/sources": "viewer",
    "/audit": "viewer",
}
"""The table: the least role of each page. A page that isn't here fails."""

ROLE_OF_ACTION = {
    "save a segment": "editor",
    "roll back a segment": "editor",
    "replay dead letters": "admin",
    "discard a dead letter": "admin",
    "create a key": "admin",
    "revoke a key": "admin",
    "create a webhook": "admin",
    "revoke a webhook": "admin",
    "pause a destination": "admin",
    "resume a destination": "admin",
}


def as_role(shop, role: str | None, session_of) -> httpx.Client:
    cookies_ = {} if role is None else {"shoal": session_of(shop, role)}
    return httpx.Client(base_url=shop.url, cookies=cookies_, timeout=60)


def test_every_page_and_every_action_has_its_role_in_the_table():
    assert {path: page.role for path, page in PAGES.items()} == ROLE_OF
    assert dict(ACTIONS) == ROLE_OF_ACTION


def test_every_page_that_is_served_was_declared():
    assert undeclared() == []
    served = {path for path in Client.page_routes.values() if path}
    assert served == set(PAGES)


@pytest.mark.parametrize("role", [None, *ROLES])
@pytest.mark.parametrize("path", ROLE_OF)
def test_each_page_opens_for_its_roles_only(shop, session_of, role, path):
    asked = re.sub(r"\{(\w+)\}", lambda blank: NAMED[blank[1]], path)
    with as_role(shop, role, session_of) as client:
        answer = client.get(asked)
    if role is None:
        assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?to={asked}")
    else:
        order = list(ROLES)
        allowed = order.index(role) >= order.index(ROLE_OF[path])
        assert answer.status_code == (200 if allowed else 403)
        assert ("is for those who may" in answer.text) == (not allowed)


def test_pages_tell_browsers_to_load_nothing_from_elsewhere(shop, session_of):
    with as_role(shop, "viewer", session_of) as client:
        page, door = client.get("/"), client.get("/sign-in")
    for answer in (page, door):
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert not re.search(r"https?:|\*", policy)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
    assert "script-src" not in door.headers["content-security-policy"]
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page.text + door.text)


ELSEWHERE = {"Origin": "https://elsewhere.example.org"}


@pytest.mark.parametrize("headers", [ELSEWHERE, {}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}])
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/", "/segments/new"])
def test_no_unsafe_request_from_elsewhere_is_taken(shop, session_of, path, headers):
    with as_role(shop, "admin", session_of) as client:
        answer = client.post(path, headers=headers, data={"name": "admin", "password": "x"})
        still_in = client.get("/segments").status_code
    assert answer.status_code == 403
    assert still_in == 200


def test_unsafe_routes_are_the_two_that_are_known():
    found = {(route.path, method) for route in sign_in.ROUTES for method in route.methods or () if method == "POST"}
    assert found == {("/sign-in", "POST"), ("/sign-out", "POST")}


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_a_socket_needs_a_session_and_this_origin(shop, session_of, transport):
    path = f"/_nicegui_ws/socket.io/?EIO=4&transport={transport}"
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    shown = {} if transport == "polling" else upgrade
    with as_role(shop, None, session_of) as stranger:
        assert stranger.get(path, headers={**shown, "Origin": shop.url}).status_code == 403
    with as_role(shop, "viewer", session_of) as client:
        assert client.get(path, headers={**shown, **ELSEWHERE}).status_code == 403
        if transport == "polling":
            assert client.get(path, headers={"Origin": shop.url}).status_code == 200


def test_a_socket_speaks_only_for_the_page_of_its_own_session(shop, session_of):
    with as_role(shop, "admin", session_of) as client:
        page_id = re.search(r"'client_id': '([0-9a-f-]{36})'", client.get("/segments").text)
    assert page_id is not None
    path = f"/_nicegui_ws/socket.io/?EIO=4&transport=polling&client_id={page_id[1]}&implicit_handshake=true"
    told = {}
    for role in ("viewer", "admin"):
        query = f"{path}&tab_id=t&document_id=d&next_message_id=0"
        with as_role(shop, role, session_of) as client:
            begun = client.get(query, headers={"Origin": shop.url})
            sid = re.search(r'"sid":"([^"]+)"', begun.text)
            assert sid is not None
            client.post(f"{query}&sid={sid[1]}", content="40", headers={"Origin": shop.url})
            told[role] = client.get(f"{query}&sid={sid[1]}").text
    assert told["viewer"].startswith("44"), "an error of connecting"
    assert told["admin"].startswith("40"), "connected"


def test_what_the_api_answers_stays_the_apis(shop):
    for method, path, status in [("GET", "/v1/nothing", 404), ("GET", "/v1/track", 405), ("POST", "/healthz", 405)]:
        answer = httpx.request(method, f"{shop.url}{path}")
        assert (answer.status_code, set(answer.json())) == (status, {"error"})
        assert "content-security-policy" not in answer.headers


def test_an_unknown_path_is_a_page_that_says_so(shop, session_of):
    with as_role(shop, "viewer", session_of) as client:
        answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def asked(scheme: str, host: str, headers: dict[str, str] | None = None) -> HTTPConnection:
    shown = {"host": host, **(headers or {})}
    raw = [(name.encode(), value.encode()) for name, value in shown.items()]
    return HTTPConnection({"type": "http", "scheme": scheme, "path": "/", "server": (host, 80), "headers": raw})


def test_the_cookie_is_as_strict_as_the_connection_allows():
    safe = cookies.setting(asked("https", "shoal.example.org"), "x")
    assert safe == "__Host-shoal=x; Path=/; HttpOnly; SameSite=Lax; Secure"
    proxied = asked("http", "shoal.example.org", {"x-forwarded-proto": "https"})
    assert cookies.setting(proxied, "x") == safe
    assert cookies.setting(asked("http", "localhost:8400"), "x") == "shoal=x; Path=/; HttpOnly; SameSite=Lax"
    assert cookies.setting(asked("http", "localhost:8400"), "").endswith("; Max-Age=0")
    assert cookies.shown(asked("https", "shoal.example.org", {"cookie": "shoal=planted"})) == ""


@pytest.mark.parametrize(
    ("scheme", "host", "safe"),
    [
        ("https", "shoal.example.org", True),
        ("http", "localhost:8400", True),
        ("http", "127.0.0.1:8400", True),
        ("http", "[::1]:8400", True),
        ("http", "192.0.2.7:8400", False),
        ("http", "localhost.example.org", False),
    ],
)
def test_a_password_travels_over_https_or_within_the_machine(scheme, host, safe):
    assert cookies.is_safe(asked(scheme, host)) == safe


def test_signing_in_over_a_connection_that_is_not_safe_is_refused(shop):
    answer = httpx.get(f"{shop.url}/sign-in", headers={"Host": "shoal.example.org"})
    assert answer.status_code == 403
    assert "This connection is not safe" in answer.text


@pytest.fixture
def first_run(tmp_path):
    """The way in of a workspace without users."""
    create(tmp_path / "home")
    opened = open_home(tmp_path / "home")
    before = list(_served)
    serve(Served(opened, Reception(opened), Sizes(opened), Advice(opened), State()))
    with TestClient(Starlette(routes=list(sign_in.ROUTES)), base_url="http://localhost") as client:
        yield client, opened
    _served[:] = before
    opened.database.close()


def test_before_the_first_user_the_page_says_how_to_add_one(first_run):
    client, opened = first_run
    answer = client.get("/sign-in")
    assert "user create NAME --role admin" in answer.text
    assert "<form" not in answer.text
    for name in ("admin", "root", ""):
        told = {"name": name, "password": name}
        assert client.post("/sign-in", data=told, headers={"Origin": "http://localhost"}).status_code == 401
    signing_in.create_user(opened, "ana", "admin", "four words are enough")
    assert "<form" in client.get("/sign-in").text


def test_the_sixth_try_waits_and_the_way_on_stays_here(first_run):
    client, opened = first_run
    signing_in.create_user(opened, "ana", "admin", "four words are enough")
    own = {"Origin": "http://localhost"}
    said = {"name": "ana", "password": "four words are enough", "to": "https://elsewhere.example.org/"}
    entered = client.post("/sign-in", data=said, headers=own, follow_redirects=False)
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    assert "HttpOnly" in entered.headers["set-cookie"]
    tries = [client.post("/sign-in", data={**said, "password": "x"}, headers=own).status_code for _ in range(5)]
    assert tries == [401, 401, 401, 401, 429]
