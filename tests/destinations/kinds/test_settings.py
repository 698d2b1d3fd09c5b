"""Settings of every kind: read strictly, with their defaults, and nothing that could lead elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoal.core.errors import UserError
from shoal.destinations.addresses import Rules
from shoal.destinations.kinds import KINDS, kind_of

URL = "https://example.org/in"
HTTP = {"add": {"url": URL, "body": "{members}"}, "remove": {"url": URL, "body": "{members}"}}


def one(**more):
    return {**HTTP, "batch": 1, **more}


def deep(levels):
    found = "{members}"
    for _ in range(levels):
        found = [found]
    return found


GOOD = [
    ("webhook", {"url": URL}),
    ("webhook", {"url": f"{URL}?a=b", "fields": ["email", "user_id"], "batch": 1000}),
    ("csv", {}),
    ("csv", {"folder": "crm/lists-1", "fields": ["email_sha256"], "every": "30d", "mailable": True}),
    ("http", HTTP),
    ("http", {**HTTP, "member": {"id": "{subscriber}", "list": ["{email}"]}, "every": "1m"}),
    ("http", one(add={"url": f"{URL}/{{email}}", "headers": {"Authorization": "Bearer {secret}"}})),
    ("http", {**HTTP, "test": {"url": f"{URL}?key={{secret}}", "method": "GET"}}),
    ("http", {**HTTP, "add": {"url": f"{URL}/{{segment}}", "body": deep(18)}}),
]
BAD = [
    ("webhook", {}, "bad_destination"),
    ("webhook", {"url": 1}, "bad_destination"),
    ("webhook", {"url": URL, "batch": 0}, "bad_destination"),
    ("webhook", {"url": URL, "batch": 1001}, "bad_destination"),
    ("webhook", {"url": URL, "fields": ["phone"]}, "bad_destination"),
    ("webhook", {"url": "ftp://example.org/"}, "forbidden_address"),
    ("webhook", {"url": "https://example.org:8443/"}, "forbidden_address"),
    ("csv", {"folder": "/etc"}, "bad_destination"),
    ("csv", {"folder": ".."}, "bad_destination"),
    ("csv", {"folder": "a/../b"}, "bad_destination"),
    ("csv", {"folder": "a//b"}, "bad_destination"),
    ("csv", {"folder": "a\n"}, "bad_destination"),
    ("csv", {"folder": ".hidden"}, "bad_destination"),
    ("csv", {"folder": ""}, "bad_destination"),
    ("csv", {"every": "59s"}, "bad_destination"),
    ("csv", {"every": "31d"}, "bad_destination"),
    ("csv", {"every": "999999999999999999w"}, "bad_destination"),
    ("csv", {"every": "soon"}, "bad_duration"),
    ("http", {"add": HTTP["add"]}, "bad_destination"),
    ("http", {**HTTP, "member": "{phone}"}, "bad_template"),
    ("http", {**HTTP, "member": "everybody"}, "bad_destination"),
    ("http", {**HTTP, "add": {"url": f"{URL}/{{email}}"}}, "bad_template"),
    ("http", {**HTTP, "add": {"url": URL, "body": "{email}"}}, "bad_template"),
    ("http", {**HTTP, "add": {"url": URL}}, "bad_destination"),
    ("http", {**HTTP, "remove": {"url": f"{URL}/{{segment}}", "body": "{count}"}}, "bad_destination"),
    ("http", {**HTTP, "add": {"url": URL, "body": deep(30)}}, "bad_template"),
    ("http", {**HTTP, "add": {"url": "https://{segment}.example.org/"}}, "bad_destination"),
    ("http", one(add={"url": "https://example.org{email}/"}), "bad_destination"),
    ("http", one(add={"url": "{email}"}), "bad_destination"),
    ("http", one(add={"url": "https://10.0.0.1/{email}"}), "forbidden_address"),
    ("http", {**HTTP, "add": {"url": URL, "method": "CONNECT"}}, "bad_destination"),
    ("http", {**HTTP, "add": {"url": URL, "headers": {"Host": "127.0.0.1"}}}, "bad_destination"),
    ("http", {**HTTP, "add": {"url": URL, "headers": {"a b": "c"}}}, "bad_destination"),
    ("http", {**HTTP, "add": {"url": URL, "headers": {"a": "b\r\nHost: c"}}}, "bad_destination"),
    ("http", {**HTTP, "test": {"url": f"{URL}/{{segment}}"}}, "bad_template"),
]


@pytest.mark.parametrize(("kind", "settings"), GOOD)
def test_settings_are_read_again_as_they_are(kind, settings):
    checked = kind_of(kind).check(settings, Rules())
    assert kind_of(kind).check(checked, Rules()) == checked
    assert kind_of(kind).fields(checked) or kind == "webhook"


@pytest.mark.parametrize(("kind", "settings", "code"), BAD)
def test_settings_that_are_refused(kind, settings, code):
    with pytest.raises(UserError) as refused:
        kind_of(kind).check(settings, Rules())
    assert refused.value.code == code
    assert refused.value.fix


def test_every_kind_is_documented():
    page = (Path(__file__).parents[3] / "docs/reference/destinations.md").read_text()
    assert [name for name in KINDS if f"## `{name}`" not in page] == []
