"""Ten thousand names and values that look like code are names and values to every reading, and nothing else."""

from __future__ import annotations

import os
import random
from functools import cache

import cases
import pytest
from comparing import compared
from sqlglot import parse_one

from shoal.core.errors import UserError
from shoal.core.time import Duration, Instant
from shoal.flow import live
from shoal.segments import from_data, oracle, parse, sql, to_data
from shoal.segments.comparison import Comparison, PropertyFilter
from shoal.segments.history import Event, History, TraitStatement
from shoal.segments.kinds.event_count import Did
from shoal.segments.kinds.groups import All
from shoal.segments.kinds.trait import Trait
from shoal.segments.streams import Stream
from shoal.segments.warehouse.dialects import DIALECTS
from shoal.segments.warehouse.query import warehouse_sql
from shoal.segments.windows import Last
from shoal.store.duck import open_duck

NUMBER = 10_000
SOAK = bool(os.environ.get("SHOAL_SOAK"))
PARTS = 10
TOGETHER = 40
"""Filters on one stream: all must hold, so each decides."""

PIECES = (
    *("'", '"', "`", ";", "--", "/*", "*/", "#", "\\", "\\'", "''", '""', "$1", "$p0", "?", ":a", "@a", "{}", "{0}"),
    *("%s", "%(a)s", "%", "_", "$", "${x}", "{{ x }}", "{% x %}", "$$", "$a$", "[", "]", "(", ")", ".", "..", "*", "["),
    *("\n", "\r\n", "\t", " ", "\x01", "\x1a", "\x7f", "\u2028", "\u202e", "\ufeff", "e\u0301", "é", "🎉", "＇", "K"),
    *("SELECT", "select", "FROM events", "NULL", "true", "1=1", "' OR 1=1 --", "'; DROP TABLE events_rows; --"),
    *("UNION SELECT value FROM traits", "read_csv('/etc/passwd')", "getenv('HOME')", "ATTACH 'x.db'", "INSTALL httpfs"),
    *("COPY events_rows TO 'x'", "PRAGMA database_list", "SET x = 1", "\\x00", "\\u0000", "%00", "\\N", "__class__"),
    *("a'||(SELECT 1)||'", "-1", "0x1F", "1e999", "NaN", "null", "[0]", "$.a", "$[*]", "'a'", "<script>", "long" * 200),
)
REFUSED = ("\0", "a\0b", "\ud800", "")
OPERANDS = (
    *[("is", lambda value, _wrong: value)] * 14,
    ("one_of", lambda value, wrong: (wrong, value)),
    ("starts_with", lambda value, _wrong: value[: max(1, len(value) // 2)]),
    ("ends_with", lambda value, _wrong: value[len(value) // 2 :]),
    ("contains", lambda value, _wrong: value[len(value) // 3 :]),
    ("is_not", lambda _value, wrong: wrong),
    ("none_of", lambda _value, wrong: (wrong, f"{wrong}'")),
)
"""Filters that hold for the value, and not for most others."""


@cache
def hostile():
    """Different texts: the names, then as many values."""
    draw, found = random.Random(40), {}
    while len(found) < 2 * NUMBER:
        found["".join(draw.choices(PIECES, k=draw.randint(1, 5))) + draw.choice(("", "", str(len(found))))] = None
    texts = list(found)
    return tuple(zip(texts[:NUMBER], texts[NUMBER:], strict=True))


@cache
def definitions():
    """For each group of names one definition of events and traits that are named as badly, and its properties."""
    found = []
    for start in range(0, NUMBER, TOGETHER):
        pairs = hostile()[start : start + TOGETHER]
        filters = []
        for place, (name, value) in enumerate(pairs):
            operator, operand = OPERANDS[place % len(OPERANDS)]
            filters.append(PropertyFilter((name,), Comparison(operator, operand(value, pairs[place - 1][1]))))
        event, (trait, value) = pairs[0][1].rstrip("*") + "!", pairs[1]
        node = All(
            (Did(Stream(event, tuple(filters)), window=Last(Duration(7, "d"))), Trait(trait, Comparison("is", value)))
        )
        found.append((node, dict(pairs)))
    return found


def people(asked):
    """All is right with the first; each of the others differs from them in one place of each definition."""
    draw = random.Random(41)
    told = {number: ([], []) for number in range(1, 8)}
    for place, (node, right) in enumerate(asked):
        names, at = list(right), Instant(cases.NOW - 1 - place)
        one, two = draw.sample(names[2:], 2)
        versions = {
            1: right,
            2: right | {one: right[two] + right[one] + "'"},
            3: {name: value for name, value in right.items() if name != one},
            4: {value: name for name, value in right.items()},
            5: right | {one: None},
            6: {name.replace("'", "''"): value for name, value in right.items()},
            7: right,
        }
        event, trait = node.parts[0].stream.event, node.parts[1]
        for number, properties in versions.items():
            told[number][0].append(Event(place * 10 + number, event, at, properties))
            value = trait.comparison.operand if number != 7 else names[0]
            told[number][1].append(TraitStatement(trait.name, value, at, at, place * 10 + number))
    return [History(number, True, tuple(events), tuple(traits)) for number, (events, traits) in told.items()]


@pytest.fixture(scope="module")
def duck(tmp_path_factory):
    with open_duck(tmp_path_factory.mktemp("duck"), threads=1, memory="1GB") as connection:
        yield connection


def _stored(duck):
    """Everything that the connection holds."""
    tables = [name for (name,) in duck.execute("SELECT table_name FROM duckdb_tables() ORDER BY ALL").fetchall()]
    return [
        (name, *duck.execute(f'SELECT count(*), bit_xor(hash(one)) FROM "{name}" AS one').fetchall()) for name in tables
    ]


@pytest.mark.parametrize("part", range(PARTS))
def test_the_readings_find_whom_the_oracle_finds_and_change_nothing(duck, part):
    """A short run asks each name of one reading: most of the time goes into planning queries with so many names."""
    asked = definitions()[part::PARTS]
    everybody = people(asked)
    cases.fill(duck, everybody)
    before = _stored(duck)
    nodes = [node for node, _ in asked]
    want = [oracle.members(node, everybody, cases.NOW) for node in nodes]
    assert all(1 in found and len(found) < len(everybody) for found in want)
    for node, right in list(zip(nodes, want, strict=True))[:: 1 if SOAK else 2]:
        query = sql.members_query(node, cases.NOW)
        assert not any(one.path[0] in query.sql for one in node.parts[0].stream.where if len(one.path[0]) > 12)
        assert [row[0] for row in query.run(duck).fetchall()] == right
        compared("sql", node, len(everybody))
    followed = {str(place): node for place, node in enumerate(nodes) if place % 2 or place == 0 or SOAK}
    reading = live.cold(duck, followed, cases.NOW)
    for name, node in followed.items():
        assert reading.ids(name).tolist() == want[int(name)]
        compared("live", node, len(everybody))
    assert _stored(duck) == before


def test_what_is_written_down_reads_back():
    for place, (node, _) in enumerate(definitions()):
        assert from_data(to_data(node)) == node
        if place % 10 == 0:
            assert parse(node.english()) == node


def test_warehouse_sql_of_them_is_one_select():
    for place, (node, _) in enumerate(definitions()[:: len(definitions()) // len(DIALECTS)]):
        dialect = list(DIALECTS)[place % len(DIALECTS)]
        found = parse_one(warehouse_sql(node, dialect, cases.NOW), dialect=dialect)
        assert found.key == "select"


@pytest.mark.parametrize("text", REFUSED)
def test_what_no_text_may_hold_is_refused(text):
    for write in (
        lambda: PropertyFilter((text,), Comparison("is", "a")),
        lambda: Stream(text),
        lambda: Trait(text, Comparison("is", "a")),
    ):
        with pytest.raises(UserError):
            write()
    if text:
        with pytest.raises(UserError):
            Comparison("is", text)
