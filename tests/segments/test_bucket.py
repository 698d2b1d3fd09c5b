"""Random buckets: stable, even, the same in every reading, as documented."""

from __future__ import annotations

import hashlib

import cases
import pytest
from cases import members

from shoal.core.errors import UserError
from shoal.core.ids import key_id
from shoal.core.time import Instant
from shoal.segments import from_data, parse
from shoal.segments.explain import explain
from shoal.segments.history import History
from shoal.segments.kinds.bucket import bucket_of

NOW = cases.NOW
DAY = 86_400_000


PEOPLE = [History(key_id(f"email:p{number}@example.org")) for number in range(2_000)] + [History(0), History(2**63 - 1)]


def test_a_bucket_is_what_the_page_says():
    digest = hashlib.md5(b"bucket:spring test:00000000000000ff").digest()
    assert bucket_of(255, 100, "spring test") == (int.from_bytes(digest[8:], "little") >> 1) % 100


def test_buckets_part_the_list(duck):
    parts = [
        members(duck, f'in random bucket {low} to {low + 24} of 100 of "a\'s é"', PEOPLE) for low in range(0, 100, 25)
    ]
    assert sorted(one for part in parts for one in part) == sorted(person.subscriber for person in PEOPLE)
    assert all(430 < len(part) < 570 for part in parts)


def test_draws_have_nothing_to_do_with_each_other(duck):
    first, second = (set(members(duck, f"in random bucket 0 of 2{draw}", PEOPLE)) for draw in ("", ' of "b"'))
    assert 420 < len(first & second) < 580


def test_time_changes_nothing(duck):
    sentence = "in random bucket 0 to 9 of 100"
    assert members(duck, sentence, PEOPLE, Instant(0)) == members(duck, sentence, PEOPLE)
    found = explain(parse(sentence), History(255), NOW)
    assert (found.value, found.needed) == (f"bucket {bucket_of(255, 100)}", "bucket 0 to 9")
    assert (found.since, found.changes_at) == (None, None)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"random_bucket": [0, 9]}, "incomplete_condition"),
        ({"random_bucket": 5, "of": 10}, "incomplete_condition"),
        ({"random_bucket": [0, 10], "of": 10}, "bad_value"),
        ({"random_bucket": [-1, 5], "of": 10}, "bad_value"),
        ({"random_bucket": [5, 4], "of": 10}, "bad_value"),
        ({"random_bucket": [0, 9], "of": 10}, "bad_value"),
        ({"random_bucket": [0, 0], "of": 1}, "bad_value"),
        ({"random_bucket": [0, 0], "of": 1_000_001}, "bad_value"),
        ({"random_bucket": [0, True], "of": 10}, "bad_value"),
        ({"random_bucket": [0, 0.5], "of": 10}, "bad_value"),
        ({"random_bucket": [0, 1], "of": 10, "draw": ""}, "incomplete_condition"),
        ({"random_bucket": [0, 1], "of": 10, "name": "a"}, "unknown_key"),
    ],
)
def test_a_broken_one_is_told(data, code):
    with pytest.raises(UserError) as caught:
        from_data(data)
    assert caught.value.code == code
    assert caught.value.fix
