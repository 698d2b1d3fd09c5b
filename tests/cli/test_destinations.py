"""Destinations on the command line."""

from __future__ import annotations

import json

import pytest
from receivers import answering, receiver

from shoal.flow.home import one_writer, open_home


@pytest.fixture
def other():
    with receiver() as found:
        yield found


@pytest.fixture
def ready(shoal, other, tmp_path):
    shoal("init")
    (tmp_path / "home" / "settings.yaml").write_text(f'allow_hosts: ["127.0.0.1:{other.port}"]\n')
    return shoal


def test_one_is_made_tried_paused_resumed_and_removed(ready, other):
    made = ready("destination", "create", "webhook", "crm", "--set", f"url={other.url}", "--set", "fields=[email]")
    secret = next(line for line in made.out.splitlines() if line.startswith("whsec_"))
    tried = ready("destination", "test", "crm")
    assert (tried.status, "delivered (HTTP 200)" in tried.out) == (0, True)
    other.behave = [answering(404)]
    assert ready("destination", "test", "crm").status == 1
    for words, state in ((("pause",), "paused"), (("resume",), "active")):
        ready("destination", *words, "crm")
        assert ready("destination", "show", "crm", as_json=True).document["state"] == state
    shown = ready("destination", "show", "crm")
    assert "It knows every change." in shown.out
    assert secret not in shown.out + ready("destination", "list").out
    rotated = ready("destination", "rotate", "crm", as_json=True).document
    assert rotated["secret"].startswith("whsec_")
    assert ready("destination", "remove", "crm").status == 0
    assert ready("destination", "list", as_json=True).document == []


def test_a_sync_is_done_here_or_by_the_server(ready, other, tmp_path):
    settings = {"add": {"url": other.url, "body": "{members}"}, "remove": {"url": other.url, "body": "{members}"}}
    (tmp_path / "crm.json").write_text(json.dumps(settings))
    ready("destination", "create", "http", "crm", "--settings", "crm.json", "--secret", "k1")
    assert ready("destination", "sync", "crm").out.strip() == "It knows every change up to 0."
    opened = open_home(tmp_path / "home")
    with one_writer(opened.home):
        assert ready("destination", "sync", "crm", as_json=True).document == {"sync": "asked"}
    opened.database.close()
    assert ready("destination", "sync", "crm", "--full").status == 0
    ready("destination", "pause", "crm")
    ended = ready("destination", "sync", "crm", as_json=True)
    assert (ended.status, '"not_active"' in ended.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("webhok", "crm"), "unknown_kind"),
        (("webhook", "CRM", "--set", "url=https://example.org/"), "bad_destination"),
        (("webhook", "crm"), "bad_destination"),
        (("webhook", "crm", "--set", "url"), "bad_destination"),
        (("webhook", "crm", "--set", "fields=[", "--set", "url=https://example.org/"), "bad_destination"),
        (("webhook", "crm", "--set", "url=https://10.0.0.1/"), "forbidden_address"),
        (("webhook", "crm", "--settings", "none.yaml"), "bad_destination"),
        (("webhook", "crm", "--set", "url=https://example.org/", "--segment", "vip"), "unknown_segment"),
        (("csv", "crm", "--secret", "k"), "bad_destination"),
        (("csv", "crm", "--set", "every=1y"), "bad_duration"),
    ],
)
def test_what_can_not_be_made(ready, words, code):
    ended = ready("destination", "create", *words, as_json=True)
    assert (ended.status, f'"{code}"' in ended.err) == (2, True)
    assert ready("destination", "list", as_json=True).document == []


@pytest.mark.parametrize("word", ["show", "pause", "resume", "remove", "test", "sync", "rotate"])
def test_one_that_is_not_there(ready, word):
    ended = ready("destination", word, "crm", as_json=True)
    assert (ended.status, '"unknown_destination"' in ended.err) == (2, True)
