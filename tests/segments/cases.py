"""Generated definitions and histories, made to meet: few names, few values, instants at window edges."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
from hypothesis import strategies as st

from shoal.core.time import Duration, Instant, parse_instant
from shoal.segments.comparison import Comparison, PropertyFilter
from shoal.segments.history import ConsentStatement, Event, History, TraitStatement
from shoal.segments.kinds.anonymous import IncludingAnonymous
from shoal.segments.kinds.average import Average
from shoal.segments.kinds.consent import STATES, Consent
from shoal.segments.kinds.event_count import Did
from shoal.segments.kinds.first_last import FirstLast
from shoal.segments.kinds.groups import All, Either, Neither, Not
from shoal.segments.kinds.segment import Member
from shoal.segments.kinds.trait import Trait
from shoal.segments.kinds.trend import SIGNS, Trend
from shoal.segments.nodes import Node
from shoal.segments.operators import OPERATORS
from shoal.segments.streams import Stream
from shoal.segments.times import ONCE, Times
from shoal.segments.windows import EVER, BeforeAgo, Between, BetweenAgo, Last

NOW = parse_instant("2026-03-29T01:30:00.500Z")
EVENTS = ("Email Opened", "Page Viewed", "Order Completed", "Checkout Started", "Checkout \"é' %_", "checkout *")
NAMED = (*EVENTS[:5], "Checkout *", "*")
PATHS = (("a",), ("b",), ("machine",), ("o", "k"), ("o", "k.k"), ('it\'s "q" $1 é',))
TRAITS = ("plan", "since", "o\"d' name")
SEGMENTS = ("s0", "s1", "it's")
CHANNELS = ("email", "sms")
PURPOSES = ("marketing", "order news")
SOURCES = ("crm", "shop")

LENGTHS = tuple(Duration.parse(text) for text in ("1s", "1d", "7d", "2w", "14d", "30d", "60d"))
TEXTS = ("", "a", "ab", "/pricing", "/pricing/team", "5", "true", "é🎉", "%_'\"\\", "a\nb", "A", "ab ", " ")
DATES = (
    "2026-03-29T01:30:00.500Z",
    "2026-03-22T01:30:00.500Z",
    "2026-03-22T01:30:00.501Z",
    "2026-03-22T03:30:00.500+02:00",
    "2026-03-22",
    "2026-02-30",
    "2026-03-22 01:30",
    "2026-03-22T01:30:00.5009999Z",
    "2026-03-22T01:30:00-00:00",
    "1969-12-31T23:59:59.9999Z",
    "2026-03-29T01:30:00.501Z",
    "26-03-22",
    "2026-03-22T24:00:00Z",
)
WHOLE = (0, 1, 2, 5, -5, 2**53, 2**53 + 1, 2**62 + 1, -(2**63), 2**63 - 1)
BROKEN = (0.0, 1.0, 0.5, 5.0, 5.5, -0.5, float(2**53), float(2**63), 1e300)
PATTERNS = (
    "a",
    "^/pricing(/|$)",
    "b$",
    r"^\w+$",
    r"\d",
    r"\s",
    "a.b",
    "[^a-c]",
    "^.$",
    "(ab)?",
    "^a{1,2}",
    r"\bteam",
    "é|5",
    "^$",
)

scalars = st.one_of(st.sampled_from(TEXTS), st.sampled_from(WHOLE), st.sampled_from(BROKEN), st.booleans())
plain_values = st.one_of(scalars, st.sampled_from(DATES), st.none())
values = st.one_of(
    plain_values,
    plain_values,
    st.lists(plain_values, max_size=3),
    st.dictionaries(st.sampled_from(("k", "k.k")), plain_values, max_size=2),
)
texts = st.sampled_from(TEXTS[1:])
numbers = st.one_of(st.sampled_from(WHOLE), st.sampled_from(BROKEN))
durations = st.sampled_from(LENGTHS)
instants = st.builds(
    lambda length, lag, twice: Instant(NOW - length.ms * (2 if twice else 1) + lag),
    durations,
    st.sampled_from((-1, 0, 1, 0)),
    st.booleans(),
)

_OPERANDS = {
    "is_set": st.booleans(),
    "one_of": st.lists(scalars, min_size=1, max_size=3).map(tuple),
    "none_of": st.lists(scalars, min_size=1, max_size=3).map(tuple),
    "starts_with": texts,
    "ends_with": texts,
    "contains": st.one_of(texts, st.sampled_from(WHOLE), st.booleans()),
    "not_contains": st.one_of(texts, st.sampled_from(WHOLE), st.booleans()),
    "matches": st.sampled_from(PATTERNS),
    "between": st.tuples(numbers, numbers).map(sorted).map(tuple),
    "before": instants,
    "after": instants,
    "within_last": durations,
    **dict.fromkeys(("gt", "gte", "lt", "lte"), numbers),
    **dict.fromkeys(("is", "is_not"), scalars),
}
comparisons = st.sampled_from(sorted(OPERATORS)).flatmap(
    lambda operator: st.builds(Comparison, st.just(operator), _OPERANDS[operator])
)
filters = st.builds(PropertyFilter, st.sampled_from(PATHS), comparisons)
streams = st.builds(
    Stream, st.sampled_from(NAMED), st.one_of(st.just(()), st.lists(filters, max_size=2).map(tuple)), st.booleans()
)
windows = st.one_of(
    st.just(EVER),
    st.builds(Last, durations),
    st.builds(BeforeAgo, durations),
    st.sampled_from([(a, b) for a in LENGTHS for b in LENGTHS if a.ms > b.ms]).map(lambda ends: BetweenAgo(*ends)),
    st.lists(instants, min_size=2, max_size=2, unique=True).map(sorted).map(lambda ends: Between(*ends)),
    instants.map(lambda start: Between(start, None)),
    instants.map(lambda until: Between(None, until)),
)
times = st.one_of(
    st.just(ONCE),
    st.builds(Times, st.sampled_from(("at_most", "exactly")), st.integers(0, 3)),
    st.builds(Times, st.just("at_least"), st.integers(1, 3)),
    st.tuples(st.integers(0, 2), st.integers(0, 3)).map(lambda pair: Times("between", pair[0], pair[0] + pair[1])),
)
_states = st.sampled_from(STATES)
consents = st.builds(
    Consent,
    st.sampled_from(CHANNELS),
    st.sampled_from(PURPOSES),
    st.one_of(
        st.builds(Comparison, st.sampled_from(("is", "is_not")), _states),
        st.builds(Comparison, st.sampled_from(("one_of", "none_of")), st.lists(_states, min_size=1).map(tuple)),
        st.builds(Comparison, st.just("is_set"), st.booleans()),
    ),
)
leaves: dict[type, st.SearchStrategy[Node]] = {
    Did: st.builds(Did, streams, times, windows),
    FirstLast: st.builds(
        FirstLast, st.sampled_from(("first", "last")), streams, windows.filter(lambda window: window != EVER)
    ),
    Trend: st.builds(
        Trend, streams, durations, st.sampled_from(sorted(SIGNS)), st.sampled_from((0, 0.5, 1, 1.5, 2, 0.333333))
    ),
    Average: st.builds(Average, streams, st.booleans(), windows, st.one_of(st.none(), st.sampled_from(NAMED))),
    Trait: st.builds(Trait, st.sampled_from(TRAITS), comparisons),
    Consent: consents,
}
"""A strategy for each kind that has no parts."""


def conditions(names: Sequence[str] = SEGMENTS, deep: int = 6) -> st.SearchStrategy[Node]:
    """Trees of all kinds that refer to segments of these names."""
    single = [leaves[Did], *leaves.values()]
    if names:
        single.append(st.builds(Member, st.sampled_from(list(names))))
    return st.recursive(
        st.one_of(single),
        lambda parts: st.one_of(
            parts.map(Not),
            st.builds(
                lambda group, members: group(tuple(members)),
                st.sampled_from((All, Either, Neither)),
                st.lists(parts, min_size=1, max_size=3),
            ),
        ),
        max_leaves=deep,
    )


def definitions(names: Sequence[str] = SEGMENTS, deep: int = 6) -> st.SearchStrategy[Node]:
    """Whole definitions: some include anonymous visitors."""
    return st.one_of(conditions(names, deep), conditions(names, deep), conditions(names, deep).map(IncludingAnonymous))


@st.composite
def segment_sets(draw: st.DrawFn) -> dict[str, Node]:
    """Named definitions, each referring only to earlier ones."""
    found: dict[str, Node] = {}
    for name in SEGMENTS:
        found[name] = draw(definitions(tuple(found), 3))
    return found


_edges = st.builds(
    lambda length, lag: Instant(NOW - length * 1_000 + lag),
    st.sampled_from(
        (-1, 0, 0, 1, 86_400, 7 * 86_400, 14 * 86_400, 30 * 86_400, 60 * 86_400, 120 * 86_400, 200 * 86_400)
    ),
    st.sampled_from((-1, 0, 0, 1)),
)
_lags = st.sampled_from((0, 0, 1, 86_400_000))  # from when a consent was given to when we heard of it; 0: undated
_consented = st.tuples(
    st.sampled_from(CHANNELS), st.sampled_from(PURPOSES), _states, _edges, _lags, st.sampled_from(SOURCES), st.sampled_from((7, 7, 8))
)
_properties = st.dictionaries(st.sampled_from(("a", "b", "machine", "o", 'it\'s "q" $1 é')), values, max_size=3)


@st.composite
def histories(draw: st.DrawFn, size: int = 8) -> list[History]:
    """A list of subscribers; ids of events are unique among them all."""
    ids = iter(draw(st.permutations(range(size * 15))))
    found = []
    for subscriber in range(size):
        events = draw(st.lists(st.tuples(st.sampled_from(EVENTS), _edges, _properties, st.booleans()), max_size=6))
        stated = draw(st.lists(st.tuples(st.sampled_from(TRAITS), values, _edges, _edges), max_size=4))
        consented = draw(st.lists(_consented, max_size=5))
        found.append(
            History(
                subscriber=subscriber * 7,
                identified=draw(st.sampled_from((True, True, True, False))),
                events=tuple(Event(next(ids), name, at, kept) for name, at, kept, _ in events),
                traits=tuple(TraitStatement(name, value, at, late, next(ids)) for name, value, at, late in stated),
                consents=tuple(
                    ConsentStatement(*about, at, Instant(at + lag), next(ids), source, contact=contact)
                    for *about, at, lag, source, contact in consented
                ),
            )
        )
    return found


def fill(connection: duckdb.DuckDBPyConnection, people: Sequence[History], folder: Path | None = None) -> None:
    """Make the views of the decision page from histories, in memory or as Parquet files in a folder."""
    events = [
        (one.subscriber, e.event_id, e.at, e.name, json.dumps(dict(e.properties))) for one in people for e in one.events
    ]
    traits = [
        (one.subscriber, t.name, None if t.value is None else json.dumps(t.value), t.at, t.received_at, t.event_id)
        for one in people
        for t in one.traits
    ]
    consents = [
        (one.subscriber, c.channel, c.purpose, c.state, c.at, c.received_at, c.event_id, c.source, c.contact)
        for one in people
        for c in one.consents
    ]
    arriving = {
        "events": _table(events, ("subscriber", "event_id", "at", "name", "properties")),
        "traits": _table(traits, ("subscriber", "name", "value", "at", "received_at", "event_id")),
        "consents": _table(
            consents, ("subscriber", "channel", "purpose", "state", "at", "received_at", "event_id", "source", "contact")
        ),
        "subscribers": _table([(one.subscriber, one.identified) for one in people], ("subscriber", "identified")),
    }
    for name, table in arriving.items():
        connection.register("arriving", table)
        columns = f"SELECT * {_REPLACED[name]} FROM arriving"
        connection.execute(f"DROP VIEW IF EXISTS {name}")
        if folder is None:
            connection.execute(f"CREATE OR REPLACE TABLE {name}_rows AS {columns}")
            connection.execute(f"CREATE VIEW {name} AS FROM {name}_rows")
        else:
            connection.execute(f"COPY ({columns}) TO '{folder}/{name}.parquet' (FORMAT parquet)")
            connection.execute(f"CREATE VIEW {name} AS FROM '{folder}/{name}.parquet'")
        connection.unregister("arriving")


_AT = 'make_timestamp_ms("at") AS "at"'
_RECEIVED = "make_timestamp_ms(received_at) AS received_at"
_REPLACED = {
    "events": f"REPLACE ({_AT}, properties::JSON::VARIANT AS properties)",
    "traits": f"REPLACE ({_AT}, {_RECEIVED}, value::JSON::VARIANT AS value)",
    "consents": f"REPLACE ({_AT}, {_RECEIVED})",
    "subscribers": "",
}
_TYPES = {
    **dict.fromkeys(("subscriber", "event_id", "at", "received_at", "contact"), pa.int64()),
    **dict.fromkeys(("name", "properties", "value", "channel", "purpose", "state", "source"), pa.string()),
    "identified": pa.bool_(),
}


def _table(rows: Sequence[tuple[object, ...]], names: Sequence[str]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table(
        [pa.array(list(column), _TYPES[name]) for column, name in zip(columns, names, strict=True)], names=list(names)
    )
