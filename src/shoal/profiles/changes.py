"""What changed between two maps, in the words of the merge log, with its evidence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from shoal.core.ids import subscriber_text
from shoal.core.time import Instant, format_instant
from shoal.profiles.decisions import Decision
from shoal.profiles.resolution import Ids, Resolution, places_of


@dataclass(frozen=True, slots=True)
class Changes:
    """Lines of the merge log; the lists are parallel."""

    kind: list[str]
    kept: list[int]
    absorbed: list[int]


def between(before: Ids, after: Ids) -> Changes:
    """Compare two maps, given as the subscribers of the keys that both know.

    - merge: subscriber `absorbed` went into `kept` with others;
    - unmerge: `absorbed` came out of `kept`;
    - rekey: a subscriber with the same keys is now called `kept` and was called `absorbed`.

    >>> between(np.array([1, 2]), np.array([1, 1]))
    Changes(kind=['merge'], kept=[1], absorbed=[2])
    """
    moved = np.flatnonzero(np.isin(before, before[before != after]) | np.isin(after, after[before != after]))
    pairs = np.unique(np.stack((before[moved], after[moved]), axis=1), axis=0) if moved.size else np.empty((0, 2), int)
    old, new = pairs[:, 0], pairs[:, 1]
    into, out_of = _times(new), _times(old)
    differs = old != new
    parts = (
        ("merge", differs & (into > 1), new, old),
        ("unmerge", differs & (out_of > 1), old, new),
        ("rekey", differs & (into == 1) & (out_of == 1), new, old),
    )
    return Changes(
        [kind for kind, which, _, _ in parts for _ in range(int(which.sum()))],
        [each for _, which, kept, _ in parts for each in kept[which].tolist()],
        [each for _, which, _, absorbed in parts for each in absorbed[which].tolist()],
    )


def counts(told: Changes) -> dict[str, int]:
    """Number of lines by kind."""
    return {kind: told.kind.count(kind) for kind in sorted(set(told.kind))}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is needed to say why two subscribers became one, or one became two."""

    found: Resolution
    before: Ids  # the subscriber each key of `found` had
    links: pa.Table  # a, b, first_at, source
    decisions: Sequence[Decision]  # all, those taken back too

    def of(self, told: Changes) -> tuple[list[str], list[str]]:
        """Reason (decision, link, rule) and evidence (JSON object of ids, times and sources) of each line."""
        joined, parted = self._decided()
        links = self._crossing({gone for kind, gone in zip(told.kind, told.absorbed, strict=True) if kind == "merge"})
        reasons, details = [], []
        for kind, kept, absorbed in zip(told.kind, told.kept, told.absorbed, strict=True):
            decision = {"merge": joined.get(absorbed), "unmerge": parted.get(kept)}.get(kind)
            link = links.get(absorbed) if kind == "merge" else None
            reasons.append("decision" if decision else "link" if link else "rule")
            details.append(json.dumps({"decision": decision} if decision else link or {}))
        return reasons, details

    def _decided(self) -> tuple[dict[int, int], dict[int, int]]:
        """Decisions that brought subscribers together, and that took one apart: {subscriber before: decision}."""
        joined: dict[int, int] = {}
        parted: dict[int, int] = {}
        for each in self.decisions:
            places, known = places_of(np.array((*each.left, *each.right), np.int64), self.found.keys)
            places = places[known]
            before, after = set(self.before[places].tolist()), set(self.found.subscribers[places].tolist())
            if each.kind == "merge" and len(before) > 1 and len(after) == 1:
                joined.update(dict.fromkeys(before, each.id))
            elif len(after) > len(before):
                parted.update(dict.fromkeys(before, each.id))
        return joined, parted

    def _crossing(self, absorbed: set[int]) -> dict[int, dict[str, Any]]:
        """The earliest link from each absorbed subscriber to what it was joined with, as {a, b, at, source}."""
        if not absorbed:
            return {}
        (a, known_a), (b, known_b) = (places_of(self.links[end].to_numpy(), self.found.keys) for end in ("a", "b"))
        before, after = self.before, self.found.subscribers
        crossing = np.flatnonzero((before[a] != before[b]) & (after[a] == after[b]) & known_a & known_b)
        order = [(name, "ascending") for name in ("first_at", "a", "b")]
        found: dict[int, dict[str, Any]] = {}
        rows = self.links.take(pa.array(crossing)).append_column("old_a", pa.array(before[a[crossing]]))
        for row in rows.append_column("old_b", pa.array(before[b[crossing]])).sort_by(order).to_pylist():
            for old in {row["old_a"], row["old_b"]} & absorbed:
                found.setdefault(old, _shown(row))
        return found


def _shown(link: dict[str, Any]) -> dict[str, Any]:
    return {
        "a": subscriber_text(link["a"]),
        "b": subscriber_text(link["b"]),
        "at": format_instant(Instant(link["first_at"])),
        "source": link["source"],
    }


def _times(values: Ids) -> Ids:
    """How often each value occurs, at each of its places."""
    _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
    return count[inverse]
