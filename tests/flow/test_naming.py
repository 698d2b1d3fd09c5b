"""How members are named: the same whether few or many are asked for, and at a first look by the database alone."""

from __future__ import annotations

import json

import pytest

from shoal.flow import naming
from shoal.flow.importing import import_paths
from shoal.flow.reading import open_reading


@pytest.fixture
def people(sqlite, tmp_path):
    lines = []
    for number in range(6):
        traits = {"email": f"p{number}@example.org"} if number % 3 else {}
        person = {"userId": f"u{number}"} if number % 2 else {"anonymousId": f"a{number}"}
        lines.append({"type": "identify", "timestamp": "2026-11-01T09:00:00Z", "traits": traits, **person})
    lines.append(
        {
            "type": "track",
            "event": "Unsubscribed",
            "userId": "u1",
            "timestamp": "2026-11-02T09:00:00Z",
            "context": {"traits": {"email": "p1@example.org"}},
        }
    )
    file = tmp_path / "calls.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    import_paths(sqlite, [file])
    return sqlite


def ids(opened) -> list[int]:
    with open_reading(opened) as duck:
        return [row[0] for row in duck.execute("SELECT subscriber FROM subscribers ORDER BY 1").fetchall()]


def test_few_are_named_as_many_are(people, monkeypatch):
    found = ids(people)
    few = naming.names_of(people, found)
    monkeypatch.setattr(naming, "FEW", 0)
    assert few.to_pylist() == naming.names_of(people, found).to_pylist()
    assert few.num_rows == len(found) > 3
    assert {"p1@example.org", "p5@example.org"} <= set(few["email"].to_pylist())


def test_a_first_look_tells_the_same_addresses_and_ids(people):
    found = ids(people)
    named = naming.names_of(people, found).to_pylist()
    told = [(one.email, one.user_id) for one in naming.faces(people, found)]
    assert told == [(one["email"], one["user_id"]) for one in named]
