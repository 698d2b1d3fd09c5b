"""Facts of histories, one record at a time: for a few people, and to judge faster ways by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from shoal.core.ids import key_id
from shoal.core.time import Instant
from shoal.profiles.consent import CAUTION, COMPLAINT, is_dated
from shoal.segments.history import ConsentStatement, Event, History, TraitStatement
from shoal.segments.inside import Tested, path_of, reached
from shoal.segments.live.edges import ALWAYS, NEVER
from shoal.segments.live.facts import (
    Consented,
    Facts,
    Happened,
    Held,
    Mentioned,
    Needs,
    Stated,
    is_timed,
    timed_filters,
)
from shoal.segments.live.sums import Numbers
from shoal.segments.measures import millionths
from shoal.segments.streams import Stream
from shoal.segments.values import Json, at_path, instant_of

_SOME = Instant(0)  # an instant for comparisons that no instant changes


def facts_of(histories: Iterable[History], needs: Needs, places: Mapping[int, int]) -> Facts:
    """What these histories say of what is needed; `places` is where each subscriber is in the universe."""
    histories = tuple(histories)
    people = [(places[one.subscriber], one) for one in histories]
    return Facts(
        tuple(
            _happened(stream, needs.numbers.get(stream, ()), [(who, e) for who, one in people for e in one.events])
            for stream in needs.streams
        ),
        tuple(
            _stated(name, comparisons, [(who, each) for who, one in people for each in one.traits if each.name == name])
            for name, comparisons in needs.traits.items()
        ),
        tuple(
            _consented(*about, [(w, c) for w, one in people for c in one.consents if (c.channel, c.purpose) == about])
            for about in needs.consents
        ),
        _mentioned(histories),
    )


def _mentioned(histories: Iterable[History]) -> dict[Mentioned, int]:
    """All names, each with its newest instant."""
    found: dict[Mentioned, int] = {}
    for one in histories:
        told = [
            *((Mentioned("event", event.name), event.at) for event in one.events),
            *((Mentioned("trait", stated.name), stated.at) for stated in one.traits),
            *((Mentioned("consent", stated.channel, stated.purpose), stated.at) for stated in one.consents),
        ]
        for name, at in told:
            found[name] = max(at, found.get(name, at))
    return found


def _happened(stream: Stream, paths: Sequence[tuple[str, ...]], events: Sequence[tuple[int, Event]]) -> Happened:
    passing = [(who, event, span) for who, event in events for span in _passes(stream, event)]
    rows = [(who, event.at, *span) for who, event, span in passing]
    who, at, since, until = np.array(rows, np.int64).reshape(-1, 4).T
    numbers = {
        path: Numbers.of(millionths(at_path(event.properties, path)) for _, event, _ in passing) for path in paths
    }
    return Happened(stream, who, at, (since, until) if timed_filters(stream) else None, numbers=numbers)


def _passes(stream: Stream, event: Event) -> Iterator[tuple[int, int]]:
    """From when on and until when an event passes the filters, if it ever does."""
    if not stream.named(event.name):
        return
    timed = timed_filters(stream)
    if not all(one.holds(event.properties, _SOME) for one in stream.filters if one not in timed):
        return
    spans = [_span(one.comparison, at_path(event.properties, one.path)) for one in timed]
    since = max((start for start, _ in spans), default=ALWAYS)
    until = min((end for _, end in spans), default=NEVER)
    if since < until:
        yield since, until


def _span(comparison: Tested, value: Json) -> tuple[int, int]:
    lags = comparison.lags()
    if lags is None:
        return (ALWAYS, NEVER) if comparison.holds(value, _SOME) else (NEVER, ALWAYS)
    instant = instant_of(reached(value, path_of(comparison)))
    if instant is None:
        return NEVER, ALWAYS
    since, until = lags
    return ALWAYS if since is None else instant + since, NEVER if until is None else instant + until


def _stated(name: str, comparisons: Sequence[Tested], told: Sequence[tuple[int, TraitStatement]]) -> Stated:
    columns = np.array([(who, each.at, each.event_id) for who, each in told], np.int64).reshape(-1, 3).T
    held = tuple(_held(one, [each.value for _, each in told]) for one in comparisons)
    return Stated(name, columns[0], columns[1], columns[2], held)


def _held(comparison: Tested, values: Sequence[Json]) -> Held:
    # An unset trait passes nothing that is said of its value, but it may be said that it is not so.
    spans = np.array([_span(comparison, value) for value in values], np.int64).reshape(-1, 2)
    return (spans[:, 0], spans[:, 1]) if is_timed(comparison) else spans[:, 0] == ALWAYS


def _consented(channel: str, purpose: str, told: Sequence[tuple[int, ConsentStatement]]) -> Consented:
    rows = [
        (
            *(who, one.at, one.event_id, CAUTION.index(one.state), is_dated(one)),
            *(key_id(f"{one.source}/{one.contact}"), one.address, one.method == COMPLAINT, one.changed),
        )
        for who, one in told
    ]
    who, at, event_id, state, dated, source, address, complaint, changed = np.array(rows, np.int64).reshape(-1, 9).T
    flags = (dated.astype(np.bool_), source, address, complaint.astype(np.bool_), changed)
    return Consented(channel, purpose, who, at, event_id, state, *flags)
