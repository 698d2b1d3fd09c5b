"""What a workspace says depends on the records it got, not on their order, their files or how often they came."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.core.ids import key_id
from shoal.core.settings import Home, Settings
from shoal.core.time import Instant
from shoal.flow import compaction, importing, reviewing
from shoal.flow.beside import drain_all
from shoal.flow.drain import Drain, Pace
from shoal.flow.home import Opened, create, open_home
from shoal.flow.importing import import_paths
from shoal.flow.reading import open_reading
from shoal.ingest import names
from shoal.ingest.canonical import Consent, Record, to_batch
from shoal.ingest.keys import ordered
from shoal.ingest.worker import Worker
from shoal.profiles import consent, identity, traits
from shoal.segments.nodes import Node
from shoal.segments.sentence import parse
from shoal.segments.sql import queries
from shoal.store import journal, lake
from shoal.store.database import connect, sqlite_url

DAY = 86_400_000
MOMENTS = tuple(Instant(day * DAY) for day in (1, 2, 3, 30))
ONE, OTHER = "user:crm/1", "user:shop/1"
SOAK = 40 if os.environ.get("SHOAL_SOAK") else 1
KEYS = (
    *("user:1", "user:2", "user:shop/1", "user:shop/2", "email:a@example.org", "email:b@example.org"),
    *("email:c@example.org", "phone:+14155552671", "anonymous:x", "anonymous:y", "device:d"),
)
DEFINITIONS: tuple[Node, ...] = tuple(
    map(
        parse,
        (
            'did "Product Viewed" at least 2 times in the last 2 days',
            'did "Order Completed" where total > 1 exactly 0 times',
            'plan is "paid" and not did "Order Completed" in the last 1 day',
            'consent to email marketing is "granted"',
            'did "Product Viewed" including anonymous',
        ),
    )
)


@dataclass(frozen=True)
class Arrived:
    """A record as it reached us: `received_at` is a part of it, for ties between statements."""

    source: str
    received_at: Instant
    record: Record


values = st.one_of(st.integers(-3, 3), st.sampled_from(("paid", "trial", "é", "")), st.booleans(), st.none())


@st.composite
def records(draw: st.DrawFn, number: int) -> Arrived:
    """One record; its message id is its number, so records that differ have different ids."""
    name = draw(st.sampled_from(("Product Viewed", "Order Completed", None)))
    stated = draw(st.dictionaries(st.sampled_from(("plan", "city")), values, max_size=2))
    states = st.sampled_from(("granted", "denied", "pending"))
    consents = st.builds(Consent, st.sampled_from(("email", "sms")), states)
    return Arrived(
        source=draw(st.sampled_from(("crm", "shop"))),
        received_at=Instant(4 * DAY + draw(st.integers(0, 2))),
        record=Record(
            keys=ordered(draw(st.sets(st.sampled_from(KEYS), min_size=1, max_size=3))),
            name=name,
            at=draw(st.sampled_from((0, DAY, DAY + 1, 2 * DAY, 3 * DAY, *((None, 9 * DAY) if name else ())))),
            message_id=f"m{number}",
            properties={"total": draw(st.integers(0, 3))} if name else {},
            traits=stated,
            consent=tuple(draw(st.lists(consents, max_size=2, unique_by=lambda each: each.channel))),
        ),
    )


@st.composite
def streams(draw: st.DrawFn) -> list[Arrived]:
    return [draw(records(number)) for number in range(draw(st.integers(1, 12)))]


@st.composite
def shuffled(draw: st.DrawFn, stream: Sequence[Arrived]) -> list[Arrived]:
    """The stream in any order, with repeats."""
    repeats = draw(st.lists(st.sampled_from(stream), max_size=6))
    return draw(st.permutations([*stream, *repeats]))


# ---- workspaces ----


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty workspace to copy: making its database takes longer than an example."""
    folder = tmp_path_factory.mktemp("laws") / "home"
    create(folder)
    open_home(folder).database.close()
    return folder


@pytest.fixture(scope="module", autouse=True)
def _few_files() -> Iterator[None]:
    """Small files are made into large ones as soon as there are some."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compaction, "MANY", 4)
        yield


@contextmanager
def workspace(empty: Path) -> Iterator[Opened]:
    with TemporaryDirectory() as folder:
        home = Home(Path(folder, "home"))
        shutil.copytree(empty, home.folder)
        database = connect(sqlite_url(home.database))
        yield Opened(home, Settings(), database)
        database.close()


def put(opened: Opened, arrived: Iterable[Arrived], origin: str = "test") -> None:
    """Into the journal, an entry a record."""
    with opened.database.write() as connection:
        for line, each in enumerate(arrived, start=1):
            batch = to_batch([(line, each.record)], each.received_at)
            journal.append(connection, origin=origin, source=each.source, received_at=each.received_at, batch=batch)


def drain(opened: Opened, most_rows: int) -> None:
    with Drain(opened.home, opened.database, Pace(most_rows, 1)) as way:
        drain_all(way)


def take(opened: Opened, arrived: Sequence[Arrived], most_rows: int = 1_000) -> None:
    put(opened, arrived)
    drain(opened, most_rows)
    identity.resolve(opened.database)


# ---- all that a workspace says ----

TABLES = {
    "records": 'subscriber, event_id, epoch_ms("at"), name, source, epoch_ms(received_at), properties::JSON::VARCHAR',
    "traits": 'subscriber, name, value::JSON::VARCHAR, epoch_ms("at"), epoch_ms(received_at), event_id, source',
    "consents": 'subscriber, channel, purpose, state, epoch_ms("at"), epoch_ms(received_at), event_id, source',
    "keys": "key, kind, subscriber",
    "subscribers": "subscriber, identified",
}


def said(opened: Opened, moment: Instant) -> dict[str, Any]:
    """Everything in the views, and traits, consents and members as of a moment."""
    with open_reading(opened) as duck:
        told: dict[str, Any] = {
            table: duck.execute(f"SELECT {columns} FROM {table} ORDER BY ALL").fetchall()
            for table, columns in TABLES.items()
        }
        told["members"] = [queries.members(duck, node, moment) for node in DEFINITIONS]
        people = [subscriber for subscriber, _ in told["subscribers"]][:3]
        told["as of"] = [
            (traits.current(duck, person, at=moment), consent.current(duck, person, at=moment)) for person in people
        ]
    return told


def record_of(opened: Opened) -> dict[str, Any]:
    """What the database keeps besides: names, and what identities follow from."""
    with opened.database.read() as connection:
        kept = {
            table: connection.exec_driver_sql(f"SELECT {columns} FROM {table} ORDER BY {columns}").fetchall()
            for table, columns in (
                ("identity_keys", "id, kind, value, first_at"),
                ("identity_links", "a, b, first_at, source"),
                ("identity_map", "key, subscriber"),
            )
        }
        kept["names"] = sorted((each.event, each.name, each.rows) for each in names.load(connection))
        files = lake.catalogued(connection)
        lake.verify(opened.home.lake, files)
    on_disk = {str(path.relative_to(opened.home.lake)) for path in opened.home.lake.glob("*/*")}
    assert on_disk >= {file.path for file in files}
    return kept


# ---- the laws ----


@settings(max_examples=25 * SOAK)
@given(data=st.data())
def test_order_repetition_and_batches_change_nothing(empty: Path, data: st.DataObject) -> None:
    stream, moment = data.draw(streams()), data.draw(st.sampled_from(MOMENTS))
    with workspace(empty) as once:
        take(once, stream)
        want, kept = said(once, moment), record_of(once)
    again = data.draw(shuffled(stream))
    with workspace(empty) as other:
        while again:
            size = data.draw(st.integers(1, len(again)), label="records that arrive together")
            put(other, again[:size], origin=f"import:{size}")
            again = again[size:]
            if data.draw(st.booleans(), label="drained at once"):
                drain(other, data.draw(st.integers(1, 5), label="records a turn"))
            if data.draw(st.booleans(), label="resolved at once"):
                identity.resolve(other.database)
        take(other, [])
        assert said(other, moment) == want
        assert record_of(other) == kept


@settings(max_examples=8 * SOAK)
@given(data=st.data())
def test_what_is_known_changes_nothing_when_it_comes_again_later(empty: Path, data: st.DataObject) -> None:
    """Sent again, a record has a later arrival; the first one counts."""
    stream, moment = data.draw(streams()), data.draw(st.sampled_from(MOMENTS))
    later = [
        Arrived(each.source, Instant(each.received_at + 7 * DAY), each.record) for each in data.draw(shuffled(stream))
    ]
    with workspace(empty) as opened:
        take(opened, stream)
        want, kept = said(opened, moment), record_of(opened)
        cut = data.draw(st.integers(0, len(later)))
        take(opened, later[:cut], most_rows=3)
        take(opened, later[cut:])
        assert (said(opened, moment), record_of(opened)) == (want, kept)
    with workspace(empty) as together:  # the first and the second time in one turn
        put(together, stream, origin="import:9")
        put(together, later, origin="import:10")
        take(together, [])
        assert (said(together, moment), record_of(together)) == (want, kept)


@settings(max_examples=8 * SOAK)
@given(data=st.data())
def test_files_of_any_cut_and_order_give_the_same(
    empty: Path, kept_worker: Worker, data: st.DataObject, clock: list[int]
) -> None:
    stream = [each for each in data.draw(streams()) if each.record.name or each.record.traits]
    moment = data.draw(st.sampled_from(MOMENTS))
    clock[0] = 5 * DAY
    with workspace(empty) as once:
        if stream:
            import_paths(once, [written(once, "all", stream)])
        want, kept = said(once, moment), record_of(once)
    again = data.draw(shuffled(stream)) if stream else []
    with workspace(empty) as other:
        number = 0
        while again:
            size = data.draw(st.integers(1, len(again)), label="records in a file")
            number += 1
            import_paths(other, [written(other, f"part{number}", again[:size])])
            again = again[size:]
        assert (said(other, moment), record_of(other)) == (want, kept)


@st.composite
def states(draw: st.DrawFn) -> list[Arrived]:
    """Orders, each handed in in several states at several times, with versions or without."""
    stream = []
    for order in range(draw(st.integers(1, 4))):
        for version in draw(st.sets(st.one_of(st.none(), st.integers(0, 3)), min_size=1)):
            keys = ordered(draw(st.sets(st.sampled_from(KEYS), min_size=1, max_size=3)))
            times = (0, DAY, 3 * DAY, 9 * DAY) if version is None else (0, DAY, 3 * DAY, None, 9 * DAY)
            for at in draw(st.sets(st.sampled_from(times), min_size=1, max_size=3 if version is None else 1)):
                total = {"total": draw(st.integers(0, 3))}
                record = Record(keys, "Order Completed", at, f"o{order}", total, version=version)
                stream.append(Arrived("shop", Instant(4 * DAY + draw(st.integers(0, 2))), record))
    return stream


def standing(each: Arrived) -> tuple[int, int]:
    """The greatest version stands; without versions the earliest time."""
    record = each.record
    at = each.received_at if record.at is None else min(record.at, each.received_at)
    return (-1, -at) if record.version is None else (record.version, 0)


@settings(max_examples=20 * SOAK)
@given(data=st.data())
def test_of_the_statements_of_an_event_one_stands_whenever_it_comes(empty: Path, data: st.DataObject) -> None:
    stream, moment = data.draw(states()), data.draw(st.sampled_from(MOMENTS))
    best = {each.record.message_id: each for each in sorted(stream, key=standing)}
    with workspace(empty) as ideal:
        who = [
            Record(each.record.keys, at=each.record.at, message_id=f"f{number}") for number, each in enumerate(stream)
        ]
        put(ideal, [Arrived("shop", each.received_at, fact) for each, fact in zip(stream, who, strict=True)])
        take(ideal, list(best.values()))
        want = said(ideal, moment)
    want["records"] = [row for row in want["records"] if row[3]]
    again = data.draw(shuffled(stream))
    with workspace(empty) as other:
        while again:
            size = data.draw(st.integers(1, len(again)), label="states that arrive together")
            take(other, again[:size], most_rows=data.draw(st.integers(1, 5), label="records a turn"))
            again = again[size:]
        assert said(other, moment) == want


def test_two_contents_of_one_version_are_settled_by_content(empty: Path) -> None:
    stated = [Record((ONE,), "Order Completed", Instant(0), "o", {"total": total}, version=7) for total in (80, 100)]
    found = []
    for order in (stated, stated[::-1]):
        with workspace(empty) as opened:
            for record in order:
                take(opened, [Arrived("shop", Instant(4 * DAY), record)])
            found.append(said(opened, MOMENTS[0])["records"])
    assert found[0] == found[1]
    assert len(found[0]) == 1


def written(opened: Opened, name: str, arrived: Iterable[Arrived]) -> Path:
    """A file of calls in the Segment wire format."""
    rows = []
    for each in arrived:
        made: dict[str, Any] = {"messageId": each.record.message_id, "timestamp": each.record.at}
        fields = {"user": "userId", "anonymous": "anonymousId"}
        stated = dict(each.record.traits)
        for key in each.record.keys:
            kind, value = key.split(":", 1)
            if kind in fields:
                made.setdefault(fields[kind], value)
            elif kind in ("email", "phone"):
                stated.setdefault(kind, value)
        made.setdefault("userId", "3")
        if each.record.name:
            made |= {"type": "track", "event": each.record.name, "properties": dict(each.record.properties)}
            made |= {"context": {"traits": stated}}
        else:
            made |= {"type": "identify", "traits": stated}
        rows.append(json.dumps(made))
    path = opened.home.folder.parent / f"{name}.jsonl"
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture(scope="module")
def kept_worker() -> Iterator[Worker]:
    with Worker() as worker:
        yield worker


@pytest.fixture(scope="module")
def clock(kept_worker: Worker) -> Iterator[list[int]]:
    """The machine's clock as imports see it, and one parsing process for all of them."""

    class Kept:
        def __enter__(self) -> Worker:
            return kept_worker

        def __exit__(self, *_: object) -> None:
            pass

    time = [0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing, "now", lambda: Instant(time[0]))
        patch.setattr(importing, "Worker", Kept)
        yield time


# ---- merging ----


def told_by(key: str, each: Arrived, *, consent: bool = False) -> Arrived:
    """The record as one key tells it; whose consent it is depends on the key, so that is left out unless asked for."""
    record = each.record
    stated = record.consent if consent else ()
    told = Record((key,), record.name, record.at, record.message_id, record.properties, record.traits, stated)
    return Arrived(each.source, each.received_at, told)


BOTH = [Arrived("crm", Instant(4 * DAY), Record((key,), at=Instant(0), message_id=key)) for key in (ONE, OTHER)]
LINK = Arrived("crm", Instant(4 * DAY), Record((ONE, OTHER), at=Instant(0), message_id="link"))


@settings(max_examples=6 * SOAK)
@given(data=st.data())
def test_it_makes_no_difference_when_people_are_merged(empty: Path, data: st.DataObject) -> None:
    stream, moment = data.draw(streams()), data.draw(st.sampled_from(MOMENTS))
    cut = data.draw(st.integers(0, len(stream)))
    told = [told_by(ONE if place < cut else OTHER, each, consent=True) for place, each in enumerate(stream)]
    with workspace(empty) as before:
        take(before, [LINK, *BOTH, *told])
        want = said(before, moment)
    with workspace(empty) as after:
        take(after, [*BOTH, *told])
        take(after, [LINK])
        assert said(after, moment) == want


@settings(max_examples=8 * SOAK)
@given(data=st.data())
def test_merged_people_are_one_person_with_both_histories(empty: Path, data: st.DataObject) -> None:
    stream, moment = data.draw(streams()), data.draw(st.sampled_from(MOMENTS))
    cut = data.draw(st.integers(0, len(stream)))
    apart = [*BOTH, *(told_by(ONE, each) for each in stream[:cut]), *(told_by(OTHER, each) for each in stream[cut:])]
    whole = [*BOTH, *(told_by(ONE, each) for each in stream)]
    with workspace(empty) as single:
        take(single, [*whole, LINK])
        want = said(single, moment)
    with workspace(empty) as linked:
        take(linked, apart)
        assert len({who for _, _, who in said(linked, moment)["keys"]}) == 2
        take(linked, [LINK])
        assert said(linked, moment) == want
    with workspace(empty) as decided:
        take(decided, apart)
        before = said(decided, moment)
        number = reviewing.merge(decided, key_id(OTHER), key_id(ONE), "ana", "the same person")
        merged = said(decided, moment)
        want["records"] = [row for row in want["records"] if row[1] != key_id("crm\nlink")]
        assert merged == want
        reviewing.unmerge(decided, number, "ana", "two after all")
        assert said(decided, moment) == before
