"""A served shop of a few hundred people, and a browser without a screen that looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
import pytest

from serving import Server, at
from shoal.core.time import now
from shoal.flow.home import open_home
from shoal.flow.saving import save
from shoal.flow.signing_in import create_user
from shoal.segments.files import Segment
from shoal.segments.library import starters
from shoal.segments.sentence import parse
from shoal.shop import simulate, write_exports
from shoal.workspace import Workspace

PASSWORD = "four words are enough"
ROLES = ("viewer", "editor", "admin")


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The shop, with a user of each role and two saved segments."""
    folder = tmp_path_factory.mktemp("served")
    write_exports(simulate(400, 45, 7, until=now()), folder / "exports")
    Workspace.create(folder / "home").import_files([folder / "exports"])
    opened = open_home(folder / "home")
    for role in ROLES:
        create_user(opened, role, role, PASSWORD)
    save(opened, starters()["cart-abandoners"], actor="admin")
    save(opened, Segment("viewers", parse('did "Product Viewed"'), title="Viewers"), actor="admin")
    save(opened, Segment("signers", parse('did "Contract Signed"')), actor="admin")
    opened.database.close()
    server = at(folder / "home", options=())
    server.start()
    yield server
    server.kill()


@dataclass
class Look:
    """A page of the browser, and what went wrong on it."""

    page: object
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@pytest.fixture
def look(chromium, shop) -> Iterator[Callable[..., Look]]:
    """Opens pages, signed in as a role; at the end nothing may have come from elsewhere or failed in the browser."""
    opened: list[Look] = []
    contexts = []

    def open_page(role: str = "editor", *, width: int = 1280, height: int = 800, scheme: str = "light") -> Look:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        made = Look(page)
        opened.append(made)
        page.on("request", lambda one: made.outside.append(one.url) if _is_outside(one.url, shop) else None)
        page.on("pageerror", lambda error: made.errors.append(str(error)))
        page.on("console", lambda one: made.errors.append(one.text) if _is_trouble(one) else None)
        if role:
            context.add_cookies([{"name": "shoal", "value": session(shop, role), "url": shop.url}])
        return made

    yield open_page
    for context in contexts:
        context.close()
    assert [one.outside for one in opened if one.outside] == []
    assert [one.errors for one in opened if one.errors] == []


_sessions: dict[tuple[int, str], str] = {}


@pytest.fixture
def session_of() -> Callable[[Server, str], str]:
    return session


def session(shop: Server, role: str) -> str:
    """A session, begun once a role and from an address of its own: signing in may be tried five times a minute."""
    if (shop.port, role) not in _sessions:
        address = f"127.0.0.{2 + ROLES.index(role)}"
        with httpx.Client(transport=httpx.HTTPTransport(local_address=address)) as client:
            said = {"name": role, "password": PASSWORD, "to": "/"}
            answer = client.post(f"{shop.url}/sign-in", data=said, headers={"Origin": shop.url})
        assert answer.status_code == 303
        _sessions[shop.port, role] = answer.cookies["shoal"]
    return _sessions[shop.port, role]


def _is_outside(url: str, shop: Server) -> bool:
    return urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).port != shop.port


def _is_trouble(message) -> bool:
    return message.type == "error" and "status of 4" not in message.text
