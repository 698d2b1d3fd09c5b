"""The lookup of places: exact whatever the keys are."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.flow.places import Places

numbers = st.one_of(st.integers(0, 40), st.integers(0, 2**63 - 1), st.integers(2**62, 2**62 + 99))


@settings(max_examples=500)
@given(st.lists(numbers, unique=True), st.lists(st.one_of(numbers, st.integers(-9, -1))), st.randoms())
def test_keys_are_found_and_others_are_not(known, others, random):
    keys = np.array(sorted(known), np.int64)
    places = np.array([random.randrange(len(known)) for _ in known], np.int64)
    right = dict(zip(keys.tolist(), places.tolist(), strict=True))
    asked = np.array([*known, *others], np.int64)
    assert Places.of(keys, places).find(asked).tolist() == [right.get(key, -1) for key in asked.tolist()]


def test_keys_in_a_heap_are_found_too():
    keys = np.append(np.arange(10_000), 2**62)
    places = Places.of(keys, np.arange(len(keys)))
    assert (places.find(keys) == np.arange(len(keys))).all()
    assert (places.find(np.arange(10_000, 20_000)) == -1).all()
