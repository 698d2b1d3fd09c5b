"""Derived files that are lost, overwritten or cut off: noticed and made again, with the same answers; by a server too.

Damaged lake files are noticed before any answer, and set aside by `shoal rebuild` (tests/flow/test_rebuilding.py).
"""

from __future__ import annotations

import json
import os

import httpx
import pytest
from clients import batch

from serving import served
from shoal.core.errors import UserError
from shoal.flow import importing
from shoal.flow.doctor import examine
from shoal.flow.home import create, open_home
from shoal.flow.reading import open_reading

HARMS = ("deleted", "overwritten", "cut", "emptied")


@pytest.fixture
def filled(tmp_path):
    rows = [
        {
            "type": "track" if number % 3 else "identify",
            "messageId": f"m{number}",
            "userId": f"u{number % 40}",
            "anonymousId": f"a{number % 55}",
            "event": "Seen",
            "timestamp": "2026-01-01T00:00:00Z",
            "traits": {"email": f"p{number % 40}@example.org"},
            "properties": {"n": number},
        }
        for number in range(400)
    ]
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    create(tmp_path / "home")
    opened = open_home(tmp_path / "home")
    importing.import_paths(opened, [tmp_path / "events.jsonl"])
    yield opened
    opened.database.close()


def answers(opened):
    with open_reading(opened) as duck:
        return [
            duck.execute(query).fetchall()
            for query in (
                'SELECT subscriber, event_id, "at", name, properties::JSON::VARCHAR FROM events ORDER BY ALL',
                "FROM subscribers ORDER BY ALL",
                "FROM keys ORDER BY ALL",
            )
        ]


def harm(path, how):
    if how == "deleted":
        path.unlink()
        return
    content = path.read_bytes()
    if how == "overwritten":
        start = max(len(content) - 4096, 0) // 2
        path.write_bytes(content[:start] + os.urandom(min(4096, len(content))) + content[start + 4096 :])
    else:
        path.write_bytes(content[: len(content) // 2 if how == "cut" else 0])


@pytest.mark.parametrize("how", HARMS)
def test_derived_files_are_made_again(filled, how):
    before = answers(filled)
    derived = [path for path in filled.home.derived.rglob("*") if path.is_file()]
    assert derived
    for path in derived:
        if path.exists():
            harm(path, how)
    assert answers(filled) == before
    assert answers(filled) == before, "what was made again can be read"
    if how != "deleted":
        assert list((filled.home.folder / "set-aside").rglob("zones-*")), "it is set aside, not deleted"


@pytest.mark.parametrize("how", HARMS)
def test_a_damaged_lake_gives_no_answer_and_is_seen_by_the_doctor(filled, how):
    file = next(filled.home.lake.glob("events/*.parquet"))
    harm(file, how)
    with pytest.raises(UserError) as caught:
        answers(filled)
    assert caught.value.code == "damaged_lake"
    assert [each.check for each in examine(filled.home.folder) if each.level == "failed"] == ["lake"]


@pytest.mark.parametrize("how", HARMS if os.environ.get("SHOAL_SOAK") else HARMS[1:2])
def test_a_server_starts_over_damaged_derived_files(tmp_path, how):
    with served(tmp_path / "home") as server:
        key = server.key("write", "read")
        server.start()
        with httpx.Client(auth=(key, ""), timeout=30) as http:
            for number in range(5):
                assert http.post(f"{server.url}/v1/batch", json=batch(f"b{number}")[1]).status_code == 200
        server.stop()
        for path in [path for path in (server.home / "derived").rglob("*") if path.is_file()]:
            harm(path, how)
        server.start()
        server.stop()
        opened = open_home(server.home)
        try:
            assert len(answers(opened)[0]) == 100
        finally:
            opened.database.close()
