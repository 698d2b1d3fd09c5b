"""Whatever stands in one call of many, the others are read."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.ingest import apart
from shoal.ingest.calls import read
from shoal.ingest.source import Context
from shoal.ingest.storable import has_half_a_sign

HERE = Context(received_at=Instant(1_772_359_200_000))
GOOD = [f'{{"type": "track", "event": "Seen", "userId": "u{number}"}}'.encode() for number in range(3)]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def deep(levels):
    return b"[" * levels + b"]" * levels


def batch(*calls):
    return b'{"batch": [' + b", ".join([*GOOD, *calls]) + b'], "sentAt": "2026-03-01T09:30:05Z"}'


def call(value):
    return b'{"type": "track", "event": "Seen", "userId": "u9", "properties": {"x": ' + value + b"}}"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (rb'"cut \ud83d"', "bad_encoding"),
        (rb'"\ud83d", "y": "[{"', "bad_encoding"),
        (rb'"cut \udc00 short"', "bad_encoding"),
        (deep(1_500), "nested_too_deeply"),
        (deep(10_000), "nested_too_deeply"),
        (b"1e400", "bad_json"),
        (b"NaN", "bad_json"),
        (rb'"\x"', "bad_json"),
        (b'"\xff"', "bad_encoding"),
        (b"{]", "bad_json"),
    ],
)
def test_one_value_that_cannot_be_read_refuses_its_call_only(value, reason):
    taken = read("batch", batch(call(value)), HERE)
    assert (taken.records.num_rows, [letter.reason for letter in taken.letters]) == (3, [reason])
    assert taken.letters[0].payload == call(value)


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"",
            b"{",
            b"[]",
            b'{"batch": {}}',
            b'{"batch": [,]}',
            b'{"batch": ["]}',
            b'{"batch": [\xff]} x',
            deep(9_999),
        ),
        *(b'{"batch": [1] 2, "batch": [\xff}', b"{batch: [\xff]}", rb'{"batch": ["\ud83d"], "sentAt": \x}'),
        b'{"batch": [' + rb"\"" * 200_000,
    ],
)
def test_what_is_no_batch_is_refused_whole(body):
    with pytest.raises(UserError, match="not what is asked for"):
        read("batch", body, HERE)


@given(st.lists(VALUES), st.dictionaries(st.text(), VALUES))
def test_parts_are_those_that_a_reader_finds(some, named):
    assert [json.loads(text) for text in apart.items(json.dumps(some).encode())] == some
    found = apart.members(msgspec.json.encode(named))
    assert {name: json.loads(text) for name, text in found.items()} == named


@given(st.lists(st.sampled_from(["\\", "\\\\", "\ud83d", "\ude00", "a", "\\ud83d", "😀"])).map("".join))
def test_half_a_sign_is_found(text):
    encoded = json.dumps(text).encode()
    try:
        json.loads(encoded).encode()
    except UnicodeEncodeError:
        assert has_half_a_sign(encoded)
    else:
        assert not has_half_a_sign(encoded)
