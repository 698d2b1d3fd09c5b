"""Dead letters: read again once, or forgotten."""

from __future__ import annotations

import json

import pytest

from shoal.core.errors import UserError
from shoal.core.time import parse_instant
from shoal.flow.reading import open_reading
from shoal.flow.replaying import Replayed, discard, known_letters, replay
from shoal.ingest import letters
from shoal.ingest.calls import Letter

AT = parse_instant("2026-03-01T10:00:00Z")
GOOD = json.dumps({"type": "track", "event": "Seen", "userId": "u1", "messageId": "m1"}).encode()
BAD = b'{"type": "track", "event": "Seen"}'


@pytest.fixture
def kept(opened):
    with opened.database.write() as connection:
        letters.keep(connection, "web", AT, [Letter("odd", "It was odd.", payload) for payload in (GOOD, BAD, b"{")])
    return opened


def events(opened):
    with open_reading(opened) as duck:
        return duck.execute('SELECT name, source, "at"::VARCHAR FROM events').fetchall()


def test_what_is_taken_now_is_in_the_lake_once_and_no_letter_any_more(kept):
    assert replay(kept) == Replayed(1, 2)
    assert replay(kept) == Replayed(0, 2)
    assert events(kept) == [("Seen", "web", "2026-03-01 10:00:00")]
    assert [each.letter.payload for each in known_letters(kept)] == [BAD, b"{"]


def test_letters_are_named_by_their_numbers(kept):
    first, second, _ = known_letters(kept)
    assert replay(kept, [second.id]) == Replayed(0, 1)
    for act in (replay, discard):
        with pytest.raises(UserError, match="no dead letter"):
            act(kept, [first.id, 99])
    assert len(known_letters(kept)) == 3
    assert discard(kept, [first.id]) == 1
    assert [each.letter.payload for each in known_letters(kept, after=second.id)] == [b"{"]
    assert events(kept) == []
