"""How much segments overlap, against counting one by one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from shoal.core.time import Instant
from shoal.segments.overlaps import Memberships, Overlap


@pytest.mark.parametrize("people", [0, 7, 70_000])
def test_shared_members_are_exact(people):
    random = np.random.default_rng(7)
    belongs = [random.random(people) < share for share in (0.5, 0.05, 0.0)]
    columns = {str(place): one for place, one in enumerate(belongs)}
    members = Memberships(Instant(0), ("a", "b", "c"), pa.table({"subscriber": np.arange(people), **columns}))
    want = [[int((one & other).sum()) for other in belongs] for one in belongs]
    assert members.shared.tolist() == want
    assert members.of("b").tolist() == np.flatnonzero(belongs[1]).tolist()
    shared = [Overlap("b", want[0][1], want[0][1] / want[0][0])] if people and want[0][1] else []
    assert list(members.overlaps("a")) == shared
    assert members.overlaps("c") == ()


def test_the_largest_come_first():
    rows = {"subscriber": [1, 2, 3], "0": [True] * 3, "1": [True, False, False], "2": [True, True, False]}
    members = Memberships(Instant(0), ("a", "b", "c"), pa.table(rows))
    assert [(one.other, one.shared) for one in members.overlaps("a")] == [("c", 2), ("b", 1)]


def test_two_together():
    one = Memberships(Instant(0), ("a",), pa.table({"subscriber": [1, 2], "0": [True, True]}))
    other = Memberships(Instant(0), ("b", "c"), pa.table({"subscriber": [2, 3], "0": [True, True], "1": [False, True]}))
    both = one.joined(other)
    assert {name: sorted(both.of(name).tolist()) for name in both.names} == {"a": [1, 2], "b": [2, 3], "c": [3]}
    assert both.overlaps("a") == (Overlap("b", 1, 0.5),)
    nobody = Memberships(Instant(0), (), pa.table({"subscriber": pa.array([], pa.int64())}))
    assert one.joined(nobody).shared.tolist() == nobody.joined(one).shared.tolist() == [[2]]
