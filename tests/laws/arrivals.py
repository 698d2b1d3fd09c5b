"""Records drawn as they arrive, workspaces that take them, and all that a workspace says."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from shoal.core.settings import Home, Settings
from shoal.core.time import Instant
from shoal.flow.beside import drain_all
from shoal.flow.drain import Drain, Pace
from shoal.flow.home import Opened
from shoal.flow.reading import open_reading
from shoal.ingest import names
from shoal.ingest.canonical import Consent, Record, to_batch
from shoal.ingest.keys import ordered
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
