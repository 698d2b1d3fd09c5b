"""Connected components: many at a time in arrays, few at a time under a condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]
Fact = tuple[int, int]
"""A node and what is said of it."""


def connected(size: int, a: Places, b: Places) -> Places:
    """Component of each of `size` nodes under the edges (a, b), named by its smallest node.

    Every root hangs itself below its smallest neighbour, then paths are halved until flat; roots at
    least halve each round. After Shiloach and Vishkin, "An O(log n) parallel connectivity algorithm"
    (Journal of Algorithms 3, 1982).

    >>> connected(5, np.array([4, 1]), np.array([3, 4])).tolist()
    [0, 1, 2, 1, 1]
    """
    root = np.arange(size, dtype=np.int64)
    while True:
        a, b = root[a], root[b]
        apart = a != b
        a, b = a[apart], b[apart]
        if not a.size:
            return root
        np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
        root = _flat(root)


def _flat(root: Places) -> Places:
    while True:
        above = root[root]
        if np.array_equal(above, root):
            return root
        root = above


class Partition:
    """Groups that grow by joining, where some may never meet. For few nodes.

    `forbidden` gets the facts of two groups and says whether one subscriber must not hold both.
    """

    def __init__(self, forbidden: Callable[[frozenset[Fact], frozenset[Fact]], bool] | None = None) -> None:
        self._root: dict[int, int] = {}
        self._facts: dict[int, frozenset[Fact]] = {}
        self._apart: dict[int, set[int]] = {}
        self._forbidden = forbidden

    def root(self, node: int) -> int:
        """Name of the node's group."""
        path = []
        while (above := self._root.get(node, node)) != node:
            path.append(node)
            node = above
        for below in path:
            self._root[below] = node
        return node

    def hold(self, node: int, facts: Iterable[Fact]) -> None:
        """State what a node that stands alone brings with it."""
        self._facts[node] = frozenset(facts)

    def keep_apart(self, a: int, b: int) -> bool:
        """From now on a and b never meet; False when they are together already."""
        a, b = self.root(a), self.root(b)
        if a == b:
            return False
        self._apart.setdefault(a, set()).add(b)
        self._apart.setdefault(b, set()).add(a)
        return True

    def join(self, a: int, b: int) -> bool:
        """Make one group of two; False, and nothing done, when they must not meet."""
        a, b = self.root(a), self.root(b)
        if a == b:
            return True
        facts_a, facts_b = self._facts.get(a, frozenset()), self._facts.get(b, frozenset())
        if b in self._apart.get(a, ()) or (self._forbidden and self._forbidden(facts_a, facts_b)):
            return False
        keep, gone = min(a, b), max(a, b)
        self._root[gone] = keep
        self._facts[keep] = facts_a | facts_b
        for other in self._apart.pop(gone, ()):
            self._apart[other].discard(gone)
            self._apart[other].add(keep)
            self._apart.setdefault(keep, set()).add(other)
        return True
