from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shoal.profiles.partition import Partition, connected

edges = st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=25)


@given(edges)
def test_both_ways_of_joining_agree(pairs):
    a, b = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    groups = Partition()
    for pair in pairs:
        assert groups.join(*pair)
    assert connected(20, a, b).tolist() == [groups.root(node) for node in range(20)]


def test_a_long_chain_is_one_component():
    order = np.random.default_rng(1).permutation(100_000)
    assert np.unique(connected(order.size, order[:-1], order[1:])).tolist() == [0]


@given(edges, edges)
def test_what_is_kept_apart_never_meets(apart, pairs):
    groups = Partition()
    held = [pair for pair in apart if groups.keep_apart(*pair)]
    for pair in pairs:
        groups.join(*pair)
        assert all(groups.root(x) != groups.root(y) for x, y in held)


def test_apartness_is_inherited_by_groups():
    groups = Partition()
    groups.keep_apart(1, 2)
    assert groups.join(1, 3)
    assert groups.join(2, 4)
    assert not groups.join(3, 4)
    assert not groups.keep_apart(1, 3)


def test_a_condition_on_what_groups_hold():
    groups = Partition(lambda one, other: len(one | other) > 1)
    groups.hold(1, [(1, 0)])
    groups.hold(2, [(2, 0)])
    assert groups.join(1, 3)
    assert not groups.join(2, 3)
