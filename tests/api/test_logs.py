"""The log of a server: a line for each request, and nothing of anybody in any of them."""

from __future__ import annotations

import base64
import gzip
import json
import re
import subprocess
import sys
import time

import httpx
import pytest

from serving import served
from shoal.api import logs
from shoal.core import happenings
from shoal.flow.admitting import create_key
from shoal.flow.home import open_home

ADDRESS, NAME, KEY = "canary.ana@example.org", "Canary Lovelace", "shoal_canarycanarycanarycanarycanary"
CANARIES = re.compile(rb"canary|Lovelace", re.IGNORECASE)


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """A server at its most talkative, with what it says in a file."""
    with served(tmp_path_factory.mktemp("logged") / "home", options=("--log-level", "debug")) as server:
        opened = open_home(server.home)
        key = create_key(opened, NAME, "web", ("write", "read", "manage"))[1]
        opened.database.close()
        server.start()
        with httpx.Client(base_url=server.url, timeout=30) as http:
            yield http, key, server.log


def lines(file):
    """All whole lines; the last one may be being written."""
    return [json.loads(line) for line in file.read_text().rpartition("\n")[0].splitlines()]


def requests_of(http, key):
    """Every route with everything about somebody that a request may hold, well formed and not."""
    good = {"userId": ADDRESS, "event": NAME, "traits": {"email": ADDRESS, "name": NAME}, "properties": {"q": NAME}}
    bodies = [good, {"batch": [{**good, "type": "track"}, {"type": ADDRESS}]}, {"type": NAME}, [ADDRESS], ADDRESS]
    contents = [json.dumps(body).encode() for body in bodies] + [ADDRESS.encode(), b"\xff" + NAME.encode()]
    contents.append(gzip.compress(ADDRESS.encode())[:-9])
    keys = [(key, ""), (KEY, NAME), (ADDRESS, KEY), None]
    found = http.get("/openapi.json").json()
    for path, methods in found["paths"].items():
        place = re.sub(r"\{[^}]*\}", ADDRESS, path)
        for method in methods:
            for number, content in enumerate(contents):
                headers = {"Content-Encoding": "gzip"} if number == len(contents) - 1 else {}
                headers |= {
                    "X-Name": NAME,
                    "Cookie": f"s={ADDRESS}",
                    "Referer": f"http://{ADDRESS}/",
                    "User-Agent": NAME,
                }
                auth = keys[number % len(keys)]
                query = {"after": ADDRESS, "q": NAME, "key": KEY}
                yield method.upper(), place, {"content": content, "headers": headers, "auth": auth, "params": query}
    for auth in keys:
        yield "GET", f"/nowhere/{ADDRESS}?name={NAME}", {"auth": auth}
        yield "CANARY", "/v1/track", {"auth": auth}
    basic = base64.b64encode(ADDRESS.encode()).decode()
    yield "POST", "/v1/track", {"headers": {"Authorization": f"Basic {basic}"}, "json": good}
    yield "POST", "/v1/track", {"headers": {"Authorization": f"Bearer {KEY}"}, "json": good}


def test_no_line_holds_anything_of_anybody(logged):
    http, key, file = logged
    asked, statuses = 0, set()
    for method, path, how in requests_of(http, key):
        try:
            with http.stream(method, path, timeout=2, **how) as answered:
                statuses.add(answered.status_code)
        except httpx.TimeoutException:
            pass  # a feed that waits for what comes
        asked += 1
    assert asked > 60
    assert {200, 401, 404} <= statuses
    content = file.read_bytes()
    assert not CANARIES.search(content), CANARIES.search(content)
    assert key.encode() not in content
    assert key[12:].encode() not in content
    told = lines(file)
    assert {each["event"] for each in told} >= {"library", "request"}


def told_of(route, file, before, status):
    """The line of a request, which is written once its answer is out; those of earlier ones may follow late."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        text = file.read_text().rpartition("\n")[0]
        for each in map(json.loads, text.splitlines()[before:]):
            if (each.get("route"), each.get("status")) == (route, status):
                return each
        time.sleep(0.02)
    raise AssertionError(f"no line tells of {route}")


def test_a_request_is_told_by_its_template(logged):
    http, key, file = logged
    before = len(lines(file))
    http.post("/v1/track", json={"userId": "u1", "event": "Seen"}, auth=(key, ""))
    http.post("/v1/webhooks/canary", content=b"{}")
    taken = told_of("/v1/track", file, before, 200)
    refused = told_of("/v1/webhooks/{name}", file, before, 404)
    assert (taken["method"], taken["status"], taken["key"]) == ("POST", 200, key[:12])
    assert taken["ms"] >= 0
    assert (refused["status"], refused["code"]) == (404, "no_such_webhook")
    assert "key" not in refused


def told_by(capsys, level="info", plain=False):
    logs.set_up(level, plain=plain)

    def read():
        text = capsys.readouterr().err
        return text if plain else [json.loads(line) for line in text.splitlines()]

    return read


@pytest.fixture(autouse=True)
def _as_before():
    import logging

    import structlog

    root, server = logging.getLogger(), logging.getLogger("_granian")
    kept = (root.handlers[:], root.level, server.handlers[:], server.propagate, happenings._listening[:])
    yield
    root.handlers[:], level, server.handlers[:], server.propagate, happenings._listening[:] = kept
    root.setLevel(level)
    structlog.reset_defaults()


def mistake():
    raise KeyError(ADDRESS)


def test_an_exception_is_told_by_type_and_place(capsys):
    read = told_by(capsys)
    try:
        mistake()
    except KeyError as error:
        logs.happened("mistake_failed", **logs.places(error))
    (line,) = read()
    assert (line["level"], line["error"]) == ("error", "KeyError")
    assert line["places"][-1].endswith(" mistake")
    assert ADDRESS not in json.dumps(line)


def test_libraries_are_told_without_their_words(capsys):
    import logging

    read = told_by(capsys)
    logging.getLogger("elsewhere").warning("sent to %s", ADDRESS)
    logging.getLogger("elsewhere").info("not told")
    try:
        mistake()
    except KeyError:
        logging.getLogger("elsewhere").exception(ADDRESS)
    first, second = read()
    assert (first["library"], first["level"], second["error"]) == ("elsewhere", "warning", "KeyError")
    assert ADDRESS not in json.dumps([first, second])


def test_what_happens_inside_is_told(capsys):
    read = told_by(capsys, level="warning")
    happenings.tell("turn", records=3)
    happenings.tell("delivery_failed", code="timeout")
    (line,) = read()
    assert (line["event"], line["code"], line["level"]) == ("delivery_failed", "timeout", "error")


def test_people_read_plain_text(capsys):
    read = told_by(capsys, plain=True)
    happenings.tell("turn", records=3)
    assert "records=3" in read()


def test_who_no_longer_listens_is_not_told():
    heard = []
    stop = happenings.listen(lambda what, about: heard.append((what, dict(about))))
    happenings.tell("turn", records=1)
    stop()
    happenings.tell("turn", records=2)
    assert heard == [("turn", {"records": 1})]


_THREADS = f"""
import gc, threading
from shoal.api import logs
logs.set_up("info", plain=False)
logs.no_tracebacks()
def fails():
    raise ValueError("{ADDRESS}")
class Fails:
    def __del__(self):
        fails()
thread = threading.Thread(target=fails, name="audit")
thread.start()
thread.join()
Fails()
gc.collect()
fails()
"""


def test_what_ends_a_thread_or_the_process_is_a_line_without_what_it_says():
    done = subprocess.run([sys.executable, "-c", _THREADS], check=False, capture_output=True, text=True)
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert [each["event"] for each in told] == ["thread_failed", "library_failed", "process_failed"]
    assert told[0]["thread"] == "audit"
    assert {each["error"] for each in told} == {"ValueError"}
    assert not CANARIES.search(done.stderr.encode())
    assert done.returncode == 1
