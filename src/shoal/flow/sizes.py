"""How large segments were: sizes now, and backwards from them what the change feed tells hour by hour."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from shoal.core.time import Instant
from shoal.flow.home import Opened
from shoal.segments import feed

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Moment:
    """The size of a segment at an instant."""

    at: Instant
    size: int


class Sizes:
    """Net changes of each segment by the hour, read once and then followed. May be asked on any thread."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._turn = threading.Lock()
        self._nets: defaultdict[str, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
        self._read = 0  # number of the last change that is in them
        self._begins: Instant | None = None

    def series(self, segment: str, size: int, until: Instant, *, days: int, step_ms: int = DAY_MS) -> list[Moment]:
        """Sizes at steps back from an instant at which it is `size`, oldest first, the last being now.

        It begins where the feed does: before that nothing is known.
        """
        with self._turn:
            self._follow()
            nets: Mapping[int, int] = self._nets.get(segment, {})
            begins = until if self._begins is None else self._begins
            steps = range(until // step_ms * step_ms, until - days * DAY_MS, -step_ms)
            at = [Instant(one) for one in steps if one > begins]
            found = [Moment(until, size)]
            for moment in [*at, begins] if begins > until - days * DAY_MS and begins < until else at:
                came = sum(net for hour, net in nets.items() if hour * HOUR_MS >= moment)
                found.append(Moment(moment, max(0, size - came)))
        return found[::-1]

    def change(self, segment: str, until: Instant, *, days: int = 7) -> int | None:
        """By how many a segment grew in some days; None where the feed is younger than an hour."""
        with self._turn:
            self._follow()
            if self._begins is None or until - self._begins < HOUR_MS:
                return None
            since = (until - days * DAY_MS) // HOUR_MS
            return sum(net for hour, net in self._nets.get(segment, {}).items() if hour >= since)

    def _follow(self) -> None:
        with self._opened.database.read() as connection:
            for first, told_at, rows in feed.batches(connection, after=self._read):
                if self._begins is None:
                    self._begins = told_at
                for segment, hour, net in _by_hour(rows):
                    self._nets[segment][hour] += net
                self._read = first + rows.num_rows - 1


def _by_hour(rows: pa.Table) -> list[tuple[str, int, int]]:
    told = pa.table(
        {
            "segment": rows["segment"].cast(pa.string()),
            "hour": pc.divide(rows["at"], HOUR_MS),
            "net": pc.if_else(rows["entered"], 1, -1),
        }
    )
    found = told.group_by(["segment", "hour"]).aggregate([("net", "sum")]).to_pydict()
    return list(zip(found["segment"], found["hour"], found["net_sum"], strict=True))
