"""Statements about traits and consents: which is the latest depends on the others, so they are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import numpy.typing as npt

from shoal.profiles.consent import CAUTION, COMPLAINT, deciding
from shoal.segments.live.edges import NEVER, Places, Times, Truth, Whole
from shoal.segments.live.facts import Consented, Held, Stated, spans

Columns = dict[str, npt.NDArray[np.generic]]
"""Statements: `who`, `at`, `event_id`, and what else is kept of them."""

_SHARE = 8  # new statements are merged into the sorted ones once they are more than one in so many


@dataclass(slots=True)
class Ledger:
    """Statements in order of subscribers, and those that came since.

    The same statement again changes nothing; taken back, it is gone.
    """

    names: tuple[str, ...]
    kept: Columns | None = None
    since: list[tuple[Columns, bool]] = field(default_factory=list)  # rows, and whether they are taken back

    def add(self, rows: Columns, *, taken_back: bool = False) -> None:
        """Take statements in any order."""
        if len(rows["who"]):
            self.since.append((rows, taken_back))

    def move(self, gone: Places, into: Places) -> None:
        """Let the statements of some, who are all different, be those of others."""
        order = np.argsort(gone)
        rows = self.of(gone[order])
        self.add(rows, taken_back=True)
        self.add({**rows, "who": into[order][np.searchsorted(gone[order], np.asarray(rows["who"]))]})

    def of(self, who: Places) -> Columns:
        """The statements of some subscribers, ascending and each named once: by subscriber, instant and id."""
        self._merge()
        parts = [(_of(rows, who), taken_back) for rows, taken_back in self.since]
        if self.kept is not None:
            kept = np.asarray(self.kept["who"])
            start, end = np.searchsorted(kept, who), np.searchsorted(kept, who, side="right")
            parts.insert(0, (_at({**self.kept}, _ranges(start, end)), False))
        return self._net(parts)

    def everybody(self) -> Columns:
        """All statements, in the order of `of`."""
        parts = [*self.since] if self.kept is None else [(self.kept, False), *self.since]
        self.kept, self.since = self._net(parts), []
        return self.kept

    def _merge(self) -> None:
        new = sum(len(rows["who"]) for rows, _ in self.since)
        if new * _SHARE > (0 if self.kept is None else len(self.kept["who"])):
            self.everybody()

    def _net(self, parts: list[tuple[Columns, bool]]) -> Columns:
        if not parts:
            return {name: np.empty(0, np.int64) for name in self.names}
        rows = {name: np.concatenate([part[name] for part, _ in parts]) for name in self.names}
        gone = np.concatenate([np.full(len(part["who"]), taken_back) for part, taken_back in parts])
        order = np.lexsort((rows["event_id"], rows["at"], rows["who"]))  # stable: of equals the latest told is the last
        rows = _at(rows, order)
        last = np.ones(len(order), np.bool_)
        last[:-1] = np.logical_or.reduce([rows[name][1:] != rows[name][:-1] for name in ("who", "at", "event_id")])
        return _at(rows, np.flatnonzero(last & ~gone[order]))


def _at(rows: Columns, where: Places) -> Columns:
    return {name: column[where] for name, column in rows.items()}


def _of(rows: Columns, who: Places) -> Columns:
    return _at(rows, np.flatnonzero(np.isin(rows["who"], who)))


def _ranges(start: Places, end: Places) -> Places:
    """All numbers from each start up to its end."""
    sizes = end - start
    return np.repeat(start - np.concatenate(([0], np.cumsum(sizes)[:-1])), sizes) + np.arange(sizes.sum())


def trait_columns(stated: Stated) -> Columns:
    """What is kept of statements about a trait: per comparison a truth, or from when on and until when."""
    rows: Columns = {"who": stated.who, "at": stated.at, "event_id": stated.event_id}
    for place, held in enumerate(stated.held):
        if isinstance(held, tuple):
            rows[f"since{place}"], rows[f"until{place}"] = held
        else:
            rows[f"held{place}"] = held
    return rows


def trait_names(timed: tuple[bool, ...]) -> tuple[str, ...]:
    """The columns of `trait_columns`."""
    names = [[f"since{place}", f"until{place}"] if one else [f"held{place}"] for place, one in enumerate(timed)]
    return ("who", "at", "event_id", *(name for each in names for name in each))


def trait_periods(rows: Columns, place: int) -> tuple[Places, Times, Times]:
    """While what a comparison holds of the latest value: subscribers, from when on, until when."""
    who, at = np.asarray(rows["who"], np.int64), np.asarray(rows["at"], np.int64)
    held: Held
    if f"held{place}" in rows:
        held = np.asarray(rows[f"held{place}"], np.bool_)
    else:
        held = (np.asarray(rows[f"since{place}"], np.int64), np.asarray(rows[f"until{place}"], np.int64))
    since, until = spans(held)
    enter, leave = np.maximum(at, since), np.minimum(_next(who, at), until)
    some = enter < leave
    return who[some], enter[some], leave[some]


def held_periods(rows: Columns, place: int, length: int, *, always: bool) -> tuple[Places, Times, Times]:
    """While the value has passed a comparison for so long without interruption; or, unless `always`, passed it then.

    Of statements of one time only the last counts.
    """
    who, at = np.asarray(rows["who"], np.int64), np.asarray(rows["at"], np.int64)
    lasting = np.flatnonzero(_next(who, at) > at)
    who, at, held = who[lasting], at[lasting], np.asarray(rows[f"held{place}"], np.bool_)[lasting]
    joined = np.zeros(max(0, len(who) - 1), np.bool_) if not len(who) else held[1:] & held[:-1] & (who[1:] == who[:-1])
    first, last = held.copy(), held.copy()
    first[1:] &= ~joined
    last[:-1] &= ~joined
    who, enter, leave = who[first], at[first], _next(who, at)[last]
    if always:
        enter = enter + length
    else:
        leave = np.where(leave < NEVER, leave + length, NEVER)
    some = enter < leave
    return who[some], enter[some], leave[some]


CONSENT_NAMES = ("who", "at", "event_id", "state", "dated", "source", "address", "complaint", "changed")


def consent_columns(consented: Consented) -> Columns:
    """What is kept of statements of consent."""
    return {name: getattr(consented, name) for name in CONSENT_NAMES}


def consent_periods(rows: Columns) -> tuple[Places, Times, Times, Whole]:
    """The state of a consent as time goes on: subscribers, from when on, until when, which state."""
    order = np.lexsort((rows["state"], rows["at"], rows["who"]))
    rows = _at(rows, order)
    who, at, state = (np.asarray(rows[name], np.int64) for name in ("who", "at", "state"))
    undated, mixed = ~np.asarray(rows["dated"], np.bool_), _differ(who, state)
    hard = mixed & (_some(who, undated) | _differ(who, np.asarray(rows["address"])))
    plain = ~hard
    found = [(who[plain], at[plain], _next(who[plain], at[plain]), state[plain])]
    if hard.any():
        found.append(_one_by_one(_at(rows, np.flatnonzero(hard))))
    who, enter, leave, state = (np.concatenate(parts) for parts in zip(*found, strict=True))
    some = enter < leave
    return who[some], enter[some], leave[some], state[some]


def _some(who: Places, mask: Truth) -> Truth:
    """Of whom one row at least is marked."""
    found: Truth = (np.bincount(who[mask], minlength=int(who.max(initial=0)) + 1) > 0)[who]
    return found


def _differ(who: Places, values: npt.NDArray[np.generic]) -> Truth:
    """Of whom not all values are the same; rows are in order of subscribers."""
    found = np.zeros(int(who.max(initial=0)) + 1, np.bool_)
    found[who[1:][(who[1:] == who[:-1]) & (values[1:] != values[:-1])]] = True
    differ: Truth = found[who]
    return differ


@dataclass(frozen=True, slots=True)
class _Said:
    """A statement as `deciding` wants it; the number tells contacts of all sources apart."""

    state: str
    at: int
    received_at: int
    event_id: int
    contact: int
    address: int
    method: str | None
    changed: int
    source: str = ""


def _one_by_one(rows: Columns) -> tuple[Places, Times, Times, Whole]:
    found: list[tuple[int, int, int, int]] = []
    told = zip(*(rows[name].tolist() for name in CONSENT_NAMES), strict=True)
    for who, statements in groupby(told, key=lambda row: row[0]):
        history = [
            _Said(CAUTION[state], at, at + dated, event_id, source, address, COMPLAINT if complaint else None, changed)
            for _, at, event_id, state, dated, source, address, complaint, changed in statements
        ]
        moments = sorted({one.at for one in history})
        for moment, following in zip(moments, [*moments[1:], NEVER], strict=True):
            decided = deciding(one for one in history if one.at <= moment)
            assert decided is not None
            found.append((who, moment, following, CAUTION.index(decided.state)))
    columns = np.array(found, np.int64).reshape(-1, 4)
    return columns[:, 0], columns[:, 1], columns[:, 2], columns[:, 3]


def _next(who: Places, at: Times) -> Times:
    """The instant of the same subscriber's next row; NEVER after the last."""
    following = np.full(len(at), NEVER)
    if len(at) > 1:
        following[:-1] = np.where(who[1:] == who[:-1], at[1:], NEVER)
    return following
