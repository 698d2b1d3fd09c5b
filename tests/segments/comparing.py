"""How many generated cases a test run compares: a case is one subscriber, one definition, one instant, one reading.

Tests call `compared` for what they found equal to the oracle; the hooks in `tests/conftest.py` carry the numbers from
the processes that run tests to the one that reports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from shoal.segments.kinds import KINDS
from shoal.segments.nodes import Node, walk

LEAST = 20_000
"""Cases in a run of all tests."""

READINGS = ("sql", "live")
"""Those that the oracle judges."""

Told = list[tuple[str, str, int]]
"""Cases by reading and kind; the kind "" stands for all, because a definition may be of several kinds."""

_cases: Counter[tuple[str, str]] = Counter()


def compared(reading: str, node: Node, cases: int) -> None:
    """So many members and others were the oracle's, by this reading of this definition."""
    kinds = {kind.name for _, part in walk(node) for kind in KINDS if isinstance(part, kind.node)}
    _cases.update(dict.fromkeys(((reading, kind) for kind in ("", *kinds)), cases))


def taken() -> Told:
    """What was compared since the last call."""
    found = [(*key, number) for key, number in _cases.items()]
    _cases.clear()
    return found


def totalled(parts: Iterable[Told]) -> Counter[tuple[str, str]]:
    """What several tests compared, together."""
    total: Counter[tuple[str, str]] = Counter()
    for part in parts:
        for reading, kind, number in part:
            total[reading, kind] += number
    return total


def summary(total: Counter[tuple[str, str]]) -> str:
    """One line."""
    kinds = {reading: sum(total[reading, kind.name] > 0 for kind in KINDS) for reading in READINGS}
    parts = [f"{reading} {total[reading, '']:,} ({kinds[reading]} of {len(KINDS)} kinds)" for reading in READINGS]
    return f"{_all(total):,} generated cases against the oracle: {', '.join(parts)}"


def shortage(total: Counter[tuple[str, str]]) -> list[str]:
    """What a run of all tests has too little of; nothing where it is enough."""
    found = [] if _all(total) >= LEAST else [f"{_all(total):,} generated cases are fewer than {LEAST:,}"]
    for reading in READINGS:
        missing = [kind.name for kind in KINDS if not total[reading, kind.name]]
        found += [f"no generated case by {reading} of: {', '.join(missing)}"] if missing else []
    return found


def _all(total: Counter[tuple[str, str]]) -> int:
    return sum(total[reading, ""] for reading in READINGS)
