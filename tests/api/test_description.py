"""The description of the API is true: every route is in it, and what it says is so."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from asked import BOUGHT, SCOPES
from fastapi.routing import APIRoute

from shoal.api import calls, changes, destinations, health, reference, script, segments, subscribers, webhooks

LONG = bool(os.environ.get("SHOAL_SOAK"))
EXAMPLES = 1_800 if LONG else 12  # of each operation; besides those that cover every part of its form
CONFIG = Path(__file__).with_name("schemathesis.toml")
ROUTERS = [
    each.router for each in (calls, changes, destinations, health, reference, script, segments, subscribers, webhooks)
]
ROUTES = {
    (method, each.path)
    for router in ROUTERS
    for each in router.routes
    if isinstance(each, APIRoute)
    for method in each.methods
}


def described(url):
    return httpx.get(f"{url}/openapi.json").json()


def test_every_route_is_described_and_nothing_else(told):
    found = {(method.upper(), path) for path, methods in described(told.url)["paths"].items() for method in methods}
    assert ROUTES - found == {("GET", "/docs")}
    assert found - ROUTES == set()


def test_every_operation_says_what_it_is_for_and_who_may(told):
    seen = set()
    for path, methods in described(told.url)["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"].endswith("."), (method, path)
            assert operation["x-scope"] in (*SCOPES, "signature", "open")
            assert operation["operationId"] not in seen
            seen.add(operation["operationId"])
            if method in ("post", "put"):
                (content,) = operation["requestBody"]["content"].values()
                assert "example" in content


def test_the_page_names_every_operation(told):
    page = httpx.get(f"{told.url}/docs").text
    for method, path in ROUTES - {("GET", "/docs")}:
        assert re.search(f"<td>{method}</td><td><a [^>]*><code>{re.escape(path)}</code>", page), (method, path)
    assert "product_id" in page
    assert "Nothing is kept." in page


def test_examples_of_the_description_are_taken(asked):
    asked.ask("POST", "/v1/track", {"userId": "a", "event": "Product Viewed"})
    for path, methods in described(asked.url)["paths"].items():
        for method, operation in methods.items():
            if "requestBody" in operation and operation["x-scope"] != "signature":
                (content,) = operation["requestBody"]["content"].values()
                answer = asked.ask(method.upper(), path.replace("{name}", "lookers"), content["example"])
                assert answer.status_code in (200, 201, 409), (path, answer.text)


@pytest.mark.timeout(7_200 if LONG else 300)
def test_no_request_breaks_the_server_or_its_description(asked):
    asked.ask("POST", "/v1/identify", {"userId": "ada", "traits": {"email": "ada@example.org"}})
    asked.ask("POST", "/v1/segments", {"name": "lookers", "when": BOUGHT})
    asked.follow(lookers=BOUGHT)
    asked.tell(50, "lookers")
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CONFIG), "run"]
    chosen = ["--checks", "all", "--max-examples", str(EXAMPLES), "--auth", f"{asked.keys['all']}:", "--seed", "7"]
    ended = subprocess.run(
        [*command, f"{asked.url}/openapi.json", *chosen, "--no-color", "--request-timeout", "30"],
        check=False,
        capture_output=True,
        text=True,
        cwd=asked.opened.home.folder,
    )
    assert ended.returncode == 0, ended.stdout[-20_000:]
    assert "Stateful" in ended.stdout
