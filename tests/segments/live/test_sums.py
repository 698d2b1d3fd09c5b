"""Sums and averages in two parts are what whole numbers of any size give."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from shoal.segments.live.sums import BITS, Addend, Numbers, average_within, sum_within
from shoal.segments.measures import LARGEST, UNIT
from shoal.segments.streams import Stream

MOST = LARGEST * UNIT
EDGES = [sign * (2**power + more) for power in (0, BITS - 1, BITS, 63, 69) for sign in (1, -1) for more in (-1, 0, 1)]
whole = st.one_of(st.integers(-MOST, MOST), st.integers(-9, 9), st.sampled_from([*EDGES, MOST, -MOST]))
limits = st.one_of(st.none(), whole, st.sampled_from((10**37, -(10**37))))


@given(st.lists(st.one_of(st.none(), whole), min_size=1, max_size=9), limits, limits, st.booleans())
@example([2**40, -1], None, 2**40 - 1, False)
@example([-1, 0], 0, None, True)
def test_parts_compare_as_the_number_does(values, least, most, near):
    there = [one for one in values if one is not None]
    total = sum(there)
    if near:
        least = None if least is None else total + min(1, max(-1, least))
        most = None if most is None else total + min(1, max(-1, most))
    if least is None and most is None:
        most = 0
    numbers = Numbers.of(values)
    low, high, count = (
        np.array([numbers.part(Addend(Stream("*"), ("a",), part)).sum()]) for part in ("low", "high", "number")
    )
    assert int(high[0]) * 2**BITS + int(low[0]) == total

    def lies(value):
        return (least is None or value >= least) and (most is None or value <= most)

    assert sum_within(low, high, least, most).tolist() == [lies(total)]
    average = bool(there) and lies(math.trunc(Fraction(total, len(there))))
    assert average_within(low, high, count, least, most).tolist() == [average]
