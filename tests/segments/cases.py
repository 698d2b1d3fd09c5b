"""Generated definitions and histories, made to meet: few names, few values, instants at window edges."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import duckdb
import pyarrow as pa
from hypothesis import strategies as st

from shoal.core.time import Duration, Instant, parse_instant
from shoal.segments import clocks, oracle, parse, sql
from shoal.segments.comparison import Comparison, PropertyFilter
from shoal.segments.filters import AllFilter, AnyFilter, NotFilter
from shoal.segments.following import Absence, Step
from shoal.segments.history import ConsentStatement, Event, History, TraitStatement
from shoal.segments.kinds.aggregate import FORMS as BOUNDS
from shoal.segments.kinds.aggregate import AgainstList, Aggregate, Bound
from shoal.segments.kinds.anniversary import Anniversary
from shoal.segments.kinds.anonymous import IncludingAnonymous
from shoal.segments.kinds.arm import InArm
from shoal.segments.kinds.average import Average
from shoal.segments.kinds.bucket import InBucket
from shoal.segments.kinds.can_receive import CanReceive
from shoal.segments.kinds.changed import Changed
from shoal.segments.kinds.consent import STATES, Consent
from shoal.segments.kinds.country_group import InCountryGroup
from shoal.segments.kinds.event_count import Did
from shoal.segments.kinds.first_last import FirstLast
from shoal.segments.kinds.groups import All, Either, Neither, Not
from shoal.segments.kinds.has_been import HasBeen
from shoal.segments.kinds.imported import ImportedFrom
from shoal.segments.kinds.latest import EndSays
from shoal.segments.kinds.local_time import LocalTime
from shoal.segments.kinds.on_list import OnList
from shoal.segments.kinds.opted_in import EverOptedIn, OptedIn, Suppressed
from shoal.segments.kinds.percentile import ScoreNumber, Share
from shoal.segments.kinds.predicted import InCluster, Score
from shoal.segments.kinds.radius import Radius
from shoal.segments.kinds.regular import PeriodsBack, Regular
from shoal.segments.kinds.segment import Member
from shoal.segments.kinds.sequence import EventSequence
from shoal.segments.kinds.trait import Trait
from shoal.segments.kinds.trend import SIGNS, Trend
from shoal.segments.local import FORMS, TRAIT, CalendarDays, LocalTimes
from shoal.segments.nodes import Node
from shoal.segments.operators import OPERATORS
from shoal.segments.operators.operator import Dates
from shoal.segments.streams import Stream
from shoal.segments.summaries import FUNCTIONS, Summary, TraitNumber
from shoal.segments.times import ONCE, Times
from shoal.segments.windows import EVER, BeforeAgo, Between, BetweenAgo, Last

NOW = parse_instant("2026-03-29T01:30:00.500Z")
EVENTS = ("Email Opened", "Page Viewed", "Order Completed", "Checkout Started", "Checkout \"é' %_", "checkout *")
NAMED = (*EVENTS[:5], "Checkout *", "*")
PATHS = (("a",), ("b",), ("machine",), ("o", "k"), ("o", "k.k"), ("o", "7"), ('it\'s "q" $1 é',))
TRAITS = ("plan", "since", "o\"d' name", "score:churn risk", "cluster:Bargain hunters", "arm:hat.test")
SCORED = st.sampled_from(("churn risk", "\"v' 1"))
SEGMENTS = ("s0", "s1", "it's")
CHANNELS = ("email", "sms")
PURPOSES = ("marketing", "order news")
SOURCES = ("crm", "shop")
METHODS = (None, "double_opt_in", "form", "suppressed", "spam_complaint")
ZONES = ("UTC", "Europe/Paris", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu")

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
    "2026-04-05T01:30:00.500Z",
    "2026-04-05T01:30:00.501Z",
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
_objects = st.dictionaries(
    st.sampled_from(("k", "k.k", "7")), st.one_of(plain_values, st.lists(plain_values, max_size=2)), max_size=2
)
values = st.one_of(
    plain_values,
    plain_values,
    st.lists(plain_values, max_size=3),
    _objects,
    st.lists(st.one_of(_objects, _objects, plain_values, st.lists(_objects, max_size=1)), max_size=3),
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
    "between": st.one_of(
        st.tuples(numbers, numbers).map(sorted).map(tuple),
        st.tuples(instants, instants).map(sorted).map(lambda ends: Dates(*ends)),
    ),
    "before": instants,
    "after": instants,
    **dict.fromkeys(("within_last", "within_next", "before_ago", "after_next"), durations),
    **dict.fromkeys(("gt", "gte", "lt", "lte"), numbers),
    **dict.fromkeys(("is", "is_not"), scalars),
}
comparisons = st.sampled_from(sorted(OPERATORS)).flatmap(
    lambda operator: st.builds(Comparison, st.just(operator), _OPERANDS[operator])
)
tests = st.builds(PropertyFilter, st.sampled_from(PATHS), comparisons)
_two = st.lists(tests, min_size=2, max_size=3).map(tuple)
_joined = st.one_of(
    st.builds(AnyFilter, _two),
    st.builds(AllFilter, _two),
    st.builds(NotFilter, tests),
    st.builds(lambda parts, one: AnyFilter((AllFilter(parts), NotFilter(one))), _two, tests),
    st.builds(lambda parts: NotFilter(AnyFilter(parts)), _two),
)
filters = st.one_of(tests, tests, _joined)
calendar_days = st.one_of(
    st.sampled_from((*FORMS, "2026-03", "2026-02", "2025", "2026")).map(CalendarDays),
    st.sampled_from((2, 3, 30)).map(lambda number: CalendarDays("last", number)),
)
_clocks = st.sampled_from((0, 90, 180, 210, 18 * 60, 23 * 60 + 59))
_weekdays = st.lists(st.integers(0, 6), min_size=1, max_size=4, unique=True).map(sorted).map(tuple)
_hours = st.lists(_clocks, min_size=2, max_size=2, unique=True).map(tuple)
of_week = st.one_of(
    st.builds(LocalTimes, st.none(), _weekdays, st.one_of(st.none(), _hours)),
    st.builds(LocalTimes, st.none(), st.just(()), _hours),
)
local_times = st.one_of(
    of_week,
    st.builds(LocalTimes, calendar_days),
    st.builds(
        LocalTimes,
        calendar_days,
        st.one_of(st.just(()), _weekdays),
        st.one_of(st.none(), _hours),
    ),
)
places = st.builds(
    Radius,
    st.sampled_from((52.52, 0, -90, 90, -33.25)),
    st.sampled_from((13.405, 0, 180, -179.5, 151)),
    st.sampled_from((0.5, 50, 877.5, 5_000, 12_000)),
    st.sampled_from(("km", "miles")),
)
_dates_of_year = st.sampled_from((2, 3, 8, 60, 366))
anniversaries = st.one_of(
    st.just(Anniversary("birthday", "today")),
    st.builds(Anniversary, st.sampled_from(("birthday", "since")), st.sampled_from(("next", "last")), _dates_of_year),
)
streams = st.builds(
    Stream,
    st.sampled_from(NAMED),
    st.one_of(st.just(()), st.lists(filters, max_size=2).map(tuple)),
    st.booleans(),
    st.one_of(st.none(), st.none(), local_times),
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
measured = st.sampled_from((0, 1, 2, 5, 5.5, 0.5, -0.5, 10, 0.3, 2**53, 1e300))
bounds = st.one_of(
    st.builds(Bound, st.sampled_from(sorted(set(BOUNDS) - {"between"})), measured),
    st.lists(measured, min_size=2, max_size=2).map(sorted).map(lambda ends: Bound("between", *ends)),
    st.builds(AgainstList, st.booleans()),
)
summaries = st.builds(Summary, st.sampled_from(FUNCTIONS), streams, st.sampled_from(PATHS), windows)
measures = st.one_of(
    summaries,
    st.builds(Summary, st.just("count"), streams, st.just(()), windows),
    st.sampled_from(TRAITS).map(TraitNumber),
    SCORED.map(ScoreNumber),
)
buckets = st.lists(st.integers(0, 98), min_size=2, max_size=2).map(sorted).map(lambda ends: (*ends, 100))
_scored = comparisons.filter(
    lambda one: one.operator in ("gt", "gte", "lt", "lte", "between", "is_set") and not isinstance(one.operand, Dates)
)
_few = st.one_of(st.sampled_from(NAMED).map(Stream), st.sampled_from(NAMED).map(Stream), streams)
_unwanted = st.lists(_few, min_size=1, max_size=2).map(tuple)
_gaps = st.one_of(st.none(), durations)
_absences = st.one_of(st.none(), st.none(), st.builds(Absence, _unwanted, _gaps))
_open = st.one_of(st.just(EVER), st.just(EVER), windows)
_lone = st.builds(lambda stream, window, absence: (Step(stream, window, absence=absence),), _few, _open, _absences)
_later = st.lists(
    st.builds(Step, _few, _open, _gaps, st.one_of(st.just(()), st.just(()), _unwanted), _absences),
    max_size=3,
).map(tuple)
sequences = st.builds(
    EventSequence,
    st.builds(lambda first, later: first + later, _lone, _later).filter(
        lambda steps: len(steps) > 1 or steps[0].absence is not None
    ),
    times,
)
_periods = st.builds(PeriodsBack, st.integers(1, 4), st.sampled_from(LENGTHS[:4]))
_regular = st.builds(
    lambda stream, periods, low, more, times: Regular(
        stream, periods, Times("between", min(low, periods.number), min(low + more, periods.number)), times
    ),
    *(streams, _periods, st.integers(1, 3), st.integers(0, 2), times),
)
regulars = st.one_of(
    _regular,
    st.builds(lambda stream, periods: Regular(stream, periods, Times("exactly", 0)), streams, _periods),
    st.builds(
        lambda stream, periods, times: Regular(stream, periods, Times("at_least", periods.number), times),
        *(streams, _periods, times),
    ),
)
_ends = st.one_of(
    st.none(),
    st.builds(Comparison, st.just("is"), scalars),
    st.builds(Comparison, st.just("one_of"), st.lists(scalars, min_size=1, max_size=3).map(tuple)),
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
    Aggregate: st.builds(Aggregate, summaries, bounds),
    EndSays: st.builds(EndSays, st.sampled_from(("latest", "first")), streams, tests, windows),
    Share: st.builds(
        Share, st.sampled_from(("top", "bottom")), st.sampled_from((0.5, 10, 25, 33.333333, 50, 99)), measures
    ),
    Score: st.builds(Score, SCORED, _scored),
    InCluster: st.sampled_from(("Bargain hunters", "b's")).map(InCluster),
    InArm: st.builds(InArm, st.sampled_from(("a", "A", "5")), st.sampled_from(("hat.test", "b's"))),
    InBucket: st.builds(lambda ends, draw: InBucket(*ends, draw), buckets, st.sampled_from(("", "a", "é \"'"))),
    EventSequence: sequences,
    Regular: regulars,
    HasBeen: st.builds(HasBeen, st.sampled_from(TRAITS), comparisons.filter(lambda one: one.lags() is None), durations),
    Changed: st.builds(Changed, st.sampled_from(TRAITS), _ends, _ends, times, windows),
    Trait: st.builds(Trait, st.sampled_from((*TRAITS, "plan.k")), comparisons),
    CanReceive: st.builds(CanReceive, st.sampled_from(CHANNELS), st.sampled_from(PURPOSES)),
    Consent: consents,
    LocalTime: of_week.map(LocalTime),
    Anniversary: anniversaries,
    Radius: places,
    InCountryGroup: st.sampled_from(("EU", "EEA")).map(InCountryGroup),
    OnList: st.sampled_from(("Newsletter", "7", "it's")).map(OnList),
    ImportedFrom: st.sampled_from(SOURCES).map(ImportedFrom),
    OptedIn: st.builds(OptedIn, st.sampled_from(CHANNELS), st.sampled_from(PURPOSES), st.sampled_from(METHODS[1:])),
    EverOptedIn: st.builds(EverOptedIn, st.sampled_from(CHANNELS), st.sampled_from(PURPOSES)),
    Suppressed: st.sampled_from(CHANNELS).map(Suppressed),
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
    st.sampled_from(CHANNELS),
    st.sampled_from(PURPOSES),
    _states,
    _edges,
    _lags,
    st.sampled_from(SOURCES),
    st.sampled_from(METHODS),
    st.sampled_from(((7, 7), (7, 7), (8, 8), (9, 0))),  # the contact, and the address that it is
    st.sampled_from((0, 0, 1, 2)),  # when the row last changed
)
_properties = st.dictionaries(st.sampled_from(("a", "b", "machine", "o", 'it\'s "q" $1 é')), values, max_size=3)

_FACTS = {
    TRAIT: (*ZONES, "Europe/Atlantis", 5, None, ["UTC"]),
    "birthday": (
        *(
            "1990-03-29",
            "1991-03-28",
            "2000-02-29",
            "1990-04-05",
            "1969-12-31",
            "2026-03-29",
            "2030-03-29",
            "1990-02-30",
        ),
        *(
            "03/28",
            "--03-30",
            "02-29",
            "02-31",
            "2025-03-28T23:30:00Z",
            "2024-03-29T11:00",
            "9999-12-31T23:30:00Z",
            5,
            None,
        ),
    ),
    "latitude": (52.52, 48.8566, 0, -90, 90.5, -33.25, "52.52", None, 2**62),
    "longitude": (13.405, 2.3522, 180, -180, 151, 179.75, None),
    "location": ({"lat": 52.5, "lng": 13.4}, {"lat": 0, "lng": -179}, {"lat": "0", "lng": 0}, {"lat": 1}, 5, None),
    "country": ("DE", "Norway", "US", "de", 5, None),
    "country_code": ("FR", "NO", ""),
    "lists": (["Newsletter", 7], ["it's"], "Newsletter", "Newsletters", [], None),
}
_told = st.sampled_from([(name, value) for name, known in _FACTS.items() for value in known])
_MAILED = (
    *(("List Joined", {name: value}) for name in ("list_name", "list_id", "list") for value in ("Newsletter", "7")),
    *(("List Left", {name: value}) for name in ("list_name", "list_id") for value in ("Newsletter", "7", 7)),
    *(("Email Bounced", {"bounce_type": value}) for value in ("Hard", "Soft", None)),
    ("Email Marked as Spam", {}),
)


@st.composite
def histories(draw: st.DrawFn, size: int = 8) -> list[History]:
    """A list of subscribers; ids of events are unique among them all."""
    ids = iter(draw(st.permutations(range(size * 30))))
    found = []
    default_zone = draw(st.sampled_from(ZONES))
    for subscriber in range(size):
        events = draw(st.lists(st.tuples(st.sampled_from(EVENTS), _edges, _properties, st.booleans()), max_size=6))
        stated = draw(st.lists(st.tuples(st.sampled_from(TRAITS), values, _edges, _edges), max_size=4))
        told = draw(st.lists(st.tuples(_told, _edges, st.sampled_from(SOURCES)), max_size=5))
        mailed = draw(st.lists(st.tuples(st.sampled_from(_MAILED), _edges, st.sampled_from(SOURCES)), max_size=2))
        consented = draw(st.lists(_consented, max_size=5))
        found.append(
            History(
                subscriber=subscriber * 7,
                identified=draw(st.sampled_from((True, True, True, False))),
                default_zone=default_zone,
                events=(
                    *(Event(next(ids), name, at, kept) for name, at, kept, _ in events),
                    *(Event(next(ids), name, at, kept, source) for (name, kept), at, source in mailed),
                ),
                traits=(
                    *(TraitStatement(name, value, at, late, next(ids)) for name, value, at, late in stated),
                    *(TraitStatement(*fact, at, at, next(ids), source) for fact, at, source in told),
                ),
                consents=tuple(
                    ConsentStatement(*about, at, Instant(at + lag), next(ids), source, method, *whose, changed)
                    for *about, at, lag, source, method, whose, changed in consented
                ),
            )
        )
    return found


def members(
    connection: duckdb.DuckDBPyConnection, sentence: str, people: Sequence[History], now: Instant = NOW
) -> list[int]:
    """The members of a sentence among these people, on which both readings agree."""
    node = parse(sentence)
    fill(connection, people)
    found = oracle.members(node, people, now)
    assert sql.members(connection, node, now) == found
    return found


def fill(connection: duckdb.DuckDBPyConnection, people: Sequence[History], folder: Path | None = None) -> None:
    """Make the views of the decision page from histories, in memory or as Parquet files in a folder."""
    events = [
        (one.subscriber, e.event_id, e.at, e.name, json.dumps(dict(e.properties)), e.source)
        for one in people
        for e in one.events
    ]
    traits = [
        (
            one.subscriber,
            t.name,
            None if t.value is None else json.dumps(t.value),
            t.at,
            t.received_at,
            t.event_id,
            t.source,
        )
        for one in people
        for t in one.traits
    ]
    consents = [
        (
            *(one.subscriber, c.channel, c.purpose, c.state, c.at, c.received_at, c.event_id, c.source),
            *(c.method, c.contact, c.address, c.changed),
        )
        for one in people
        for c in one.consents
    ]
    arriving = {
        "events": _table(events, ("subscriber", "event_id", "at", "name", "properties", "source")),
        "traits": _table(traits, ("subscriber", "name", "value", "at", "received_at", "event_id", "source")),
        "consents": _table(
            consents,
            (
                "subscriber",
                "channel",
                "purpose",
                "state",
                "at",
                "received_at",
                "event_id",
                "source",
                "method",
                "contact",
                "address",
                "changed",
            ),
        ),
        "workspace": _table([(people[0].default_zone if people else "UTC",)], ("zone",)),
        "zone_offsets": _zone_offsets(),
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


@lru_cache(maxsize=1)
def _zone_offsets() -> pa.Table:
    return clocks.offsets(frozenset(ZONES))


_AT = 'make_timestamp_ms("at") AS "at"'
_RECEIVED = "make_timestamp_ms(received_at) AS received_at"
_REPLACED = {
    "events": f"REPLACE ({_AT}, properties::JSON::VARIANT AS properties)",
    "traits": f"REPLACE ({_AT}, {_RECEIVED}, value::JSON::VARIANT AS value)",
    "consents": f"REPLACE ({_AT}, {_RECEIVED})",
    **dict.fromkeys(("subscribers", "workspace", "zone_offsets"), ""),
}
_TYPES = {
    **dict.fromkeys(("subscriber", "event_id", "at", "received_at", "contact", "address", "changed"), pa.int64()),
    **dict.fromkeys(
        ("name", "properties", "value", "channel", "purpose", "state", "source", "method", "zone"), pa.string()
    ),
    "identified": pa.bool_(),
}


def _table(rows: Sequence[tuple[object, ...]], names: Sequence[str]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table(
        [pa.array(list(column), _TYPES[name]) for column, name in zip(columns, names, strict=True)], names=list(names)
    )
