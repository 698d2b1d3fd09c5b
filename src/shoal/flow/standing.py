"""Segments and their members as a running server tells them: from memory where that is, else from the lake."""

from __future__ import annotations

import bisect
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from shoal.core.errors import UserError, nearest
from shoal.core.ids import subscriber_text
from shoal.core.time import Instant
from shoal.flow.asking import history
from shoal.flow.audiences import names_ever
from shoal.flow.current import Current
from shoal.flow.defining import Definition, Known, asked_at, define, known
from shoal.flow.home import Opened
from shoal.flow.naming import named
from shoal.flow.reading import open_reading
from shoal.segments import feed
from shoal.segments.explain import Explanation, explain
from shoal.segments.files import Segment
from shoal.segments.library import starters
from shoal.segments.sql import queries
from shoal.segments.sql.people import ListTotals
from shoal.segments.versions import Version


@dataclass(frozen=True, slots=True)
class Listed:
    """A segment that counts."""

    segment: Segment
    version: Version | None  # None: a starter, or a file while nothing was applied
    is_starter: bool
    size: int | None  # None: it is not followed


@dataclass(frozen=True, slots=True)
class Listing:
    """Some of the segments, by name, with their sizes at an instant."""

    segments: tuple[Listed, ...]
    as_of: Instant | None  # None: nothing is followed yet
    more: bool
    in_all: int  # segments that are asked for, whatever name they are asked from


@dataclass(frozen=True, slots=True)
class Page:
    """Some members, in the order of their ids: columns subscriber and, where asked for, those of `naming.named`."""

    members: pa.Table
    as_of: Instant
    reading: Literal["live", "sql"]  # from the memory of the engine, or from the lake
    last: int | None  # to go on after; None: these were all


def listing(
    opened: Opened, current: Current | None, *, after: str = "", most: int = 100, all_starters: bool = False
) -> Listing:
    """The segments of one's own, and the starter library where it is asked for, with names after this one."""
    what = known(opened)
    sizes = {} if current is None else current.sizes()
    wanted = [name for name in sorted(what.segments) if all_starters or not _is_starter(name, what)]
    names = [name for name in wanted if name > after]
    found = tuple(_listed(name, what, sizes.get(name)) for name in names[:most])
    return Listing(found, None if current is None else current.status().clock, len(names) > most, len(wanted))


def one(opened: Opened, current: Current | None, name: str) -> Listing:
    """One segment, with its size. Raises UserError `unknown_segment`."""
    what = known(opened)
    if name not in what.segments:
        raise no_segment(name, what)
    sizes = {} if current is None else current.sizes()
    found = _listed(name, what, sizes.get(name))
    return Listing((found,), None if current is None else current.status().clock, more=False, in_all=1)


def page(
    opened: Opened,
    current: Current | None,
    name: str,
    *,
    after: int = -1,
    most: int = 100,
    as_of: Instant | None = None,
    addresses: bool = False,
) -> Page:
    """Members of a segment, or of one of its versions (`vip@2`), with ids after this one.

    Raises UserError `unknown_segment`, `unknown_version` and `future_instant`.
    """
    definition = _meant(name, opened)
    if as_of is None and current is not None and name in current.versions():
        reading: Literal["live", "sql"] = "live"
        instant, ids = current.status().clock, current.members(name, after=after, most=most + 1)
    else:
        reading, instant = "sql", asked_at(as_of)
        with open_reading(opened) as duck:
            everybody = queries.members(duck, definition.node, instant, definition.others)
        start = bisect.bisect_right(everybody, after)
        ids = everybody[start : start + most + 1]
    some = ids[:most]
    return Page(_told(opened, some, addresses), instant, reading, some[-1] if len(ids) > most else None)


def explained(opened: Opened, name: str, number: int, as_of: Instant | None = None) -> Explanation:
    """Why a subscriber is in a segment, or in one of its versions, or not. Raises UserError as `page` does."""
    definition, instant = _meant(name, opened), asked_at(as_of)
    with open_reading(opened) as duck:
        found = history(duck, number)
        return explain(definition.node, found, instant, definition.others, ListTotals(duck))


def check_ever_known(opened: Opened, names: Collection[str]) -> None:
    """Raise UserError `unknown_segment` for a name that no segment has or had, as far as the feed reaches back."""
    unknown = set(names) - names_ever(opened) - starters().keys()
    if not unknown:
        return
    with opened.database.read() as connection:
        unknown -= feed.named(connection)
    what = known(opened) if unknown else None
    for name in sorted(unknown):
        if what is not None and name not in what.segments:
            error = no_segment(name, what)
            error.where = "segment"
            raise error


def no_segment(name: str, what: Known) -> UserError:
    """The error `unknown_segment`."""
    fix = nearest(name, what.segments) or "The list of segments names them."
    return UserError("unknown_segment", f"There is no segment {name!r}.", fix=fix)


def _meant(name: str, opened: Opened) -> Definition:
    """What a name means, with or without a version. A sentence or a file is none: names may come from anybody."""
    what = known(opened)
    base = name.rpartition("@")[0]
    if name not in what.segments and not any(each.name == base for each in what.versions):
        raise no_segment(name, what)
    return define(name, what)


def _is_starter(name: str, what: Known) -> bool:
    """Whether nobody applied or wrote it."""
    return name not in what.current and what.segments[name] is starters().get(name)


def _listed(name: str, what: Known, size: int | None) -> Listed:
    return Listed(what.segments[name], what.current.get(name), _is_starter(name, what), size)


def _told(opened: Opened, ids: Sequence[int], addresses: bool) -> pa.Table:
    if addresses:
        with open_reading(opened) as duck:
            return named(opened, duck, ids)
    return pa.table({"subscriber": pa.array(map(subscriber_text, ids), pa.string())})
