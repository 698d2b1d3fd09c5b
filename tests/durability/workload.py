"""Scenes from the day of a workspace that may be ended anywhere, and are played again from their beginning.

Whoever hands something in does as clients do, and hands it in again until it is acknowledged; what was is noted in the
file `acknowledged` beside the workspace. A reader follows the change feed as receivers do, from the last number that
it has, and keeps what it read in the file `read`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shoal.core.errors import UserError
from shoal.core.ids import key_id
from shoal.core.time import Instant, now
from shoal.destinations.addresses import rules
from shoal.flow import applying, backing_up, compaction, defining, replaying, restoring, retention, saving
from shoal.flow import following as following_
from shoal.flow.accepting import WEBHOOKS, Intake, Once
from shoal.flow.audiences import LakeAudience
from shoal.flow.destinations import create_destination, known_destinations
from shoal.flow.drain import GENTLE, STAGE, Drain
from shoal.flow.following import Following
from shoal.flow.home import Opened, create, one_writer, open_home
from shoal.flow.importing import context_of
from shoal.flow.reading import open_reading
from shoal.flow.telling import Teller
from shoal.flow.whose import Moves
from shoal.ingest import letters as dead_letters
from shoal.ingest.calls import BATCH, Letter, read
from shoal.segments import feed, versions
from shoal.segments.files import read_segment
from shoal.segments.sentence import parse
from shoal.segments.sql import queries
from shoal.store import database, journal, lake
from shoal.store.secret import secret_at

BACKUPS = ("kept", "kept.tar")
SEGMENTS = {
    "viewers": 'did "Product Viewed" at least 2 times in the last 7 days',
    "trial": 'plan is "trial"',
    "both": 'in segment "viewers" and in segment "trial"',
}
LATER = 'did "Product Viewed" at least 1 time in the last 30 days'
"""What segments are saved as while the server runs."""

KNOWN = [f"known-{number}" for number in range(4)]
"""Message ids that the workspace has from its beginning."""


@dataclass(frozen=True)
class Place:
    """Where one workspace of the test and what belongs to it is."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def note(self, file: str, *lines: object) -> None:
        """Put lines to a file; each is there whole or not at all when the process is killed."""
        with (self.folder / file).open("a") as notes:
            notes.write("".join(f"{json.dumps(line)}\n" for line in lines))

    def noted(self, file: str) -> list[Any]:
        try:
            return [json.loads(line) for line in (self.folder / file).read_text().splitlines()]
        except FileNotFoundError:
            return []


def small() -> None:
    """Make this process do in small what it does in large: two lake files are many, and nothing is kept for days.

    Files are written when a scene says so, and not by the clock.
    """
    following_.KEEP_S = 3_600.0
    compaction.MANY = 2
    retention.UNITS_MS = {"d": 0}
    for module in (defining, saving, applying):
        module.starters = dict  # type: ignore[attr-defined]
    database.PRAGMAS = (*database.PRAGMAS, "wal_autocheckpoint=16")


def warm() -> None:
    """What each process would do at its beginning, done once before they fork: the grammar of sentences."""
    parse(LATER)


def begin(place: Place, url: str | None = None) -> None:
    """A workspace with some people, segments, destinations (one at `url`) and a feed that has begun."""
    create(place.home)
    if url is not None:
        host = url.split("/")[2]
        place.home.joinpath("settings.yaml").write_text(f'allow_hosts: ["{host}"]\n')
    with opened(place) as one:
        accept(place, one, {"web": [*(seen(id, "u0") for id in KNOWN[:3]), identified(KNOWN[3], "u0", plan="paid")]})
        with following(one):
            pass
        for name, sentence in SEGMENTS.items():
            (one.home.segments / f"{name}.yaml").write_text(json.dumps({"name": name, "when": sentence}))
        applying.apply(one, applying.decide(one), actor="test")
        with following(one):
            pass
        place.note("secret", secret_at(one.home.secret).hex())
        create_destination(one, "files", "csv", {"every": "1m", "fields": ["user_id"]}, segments=list(SEGMENTS))
        if url is not None:
            create_destination(one, "hook", "webhook", {"url": url}, after=0)


@contextmanager
def opened(place: Place) -> Iterator[Opened]:
    found = open_home(place.home)
    try:
        yield found
    finally:
        found.database.close()


@contextmanager
def following(one: Opened) -> Iterator[Following]:
    """The engine of a server, by hand."""
    with one_writer(one.home), Drain(one.home, one.database, replace(GENTLE, most_rows=40)) as drain:
        found = Following(one, drain)
        while found.turn():
            pass
        yield found
        found.close()


def seen(id: str, who: str, **more: str) -> dict[str, Any]:
    return {"type": "track", "event": "Product Viewed", "userId": who, "messageId": id, **more}


def identified(id: str, who: str, **traits: str) -> dict[str, Any]:
    """With a time of its own: a fact without one is stated anew each time it is handed in."""
    at = "2026-01-01T00:00:00Z"
    return {"type": "identify", "userId": who, "messageId": id, "timestamp": at, "traits": traits}


def calls(place: Place) -> list[dict[str, Any]]:
    """A new batch: events, a trait, and somebody without a name who turns out to be a known person."""
    name = f"batch{sum(1 for _ in place.noted('offered'))}"
    events = [seen(f"{name}-{number}", f"u{number % 3}") for number in range(6)]
    visitor = {"anonymousId": f"a-{name}"}
    strange = [{**seen(f"{name}-v{number}", ""), "userId": None, **visitor} for number in range(3)]
    return [
        *events,
        *strange,
        identified(f"{name}-t", "u1", plan="trial"),
        {**identified(f"{name}-m", "u2"), **visitor},
    ]


def accept(place: Place, one: Opened, batches: Mapping[str, list[dict[str, Any]]]) -> None:
    """Hand in batches by source, and those that were never acknowledged; note what is. The source `hook` is signed."""
    place.note("offered", *batches.items())
    intake, at = Intake(one.database), now()
    waiting = [(source, batch, offered(intake, one, at, source, batch)) for source, batch in unanswered(place)]
    for source, batch, kept in waiting:
        if not is_known(kept):
            kept.result()
        place.note("acknowledged", *((source, call["messageId"]) for call in batch))
    intake.close()


def unanswered(place: Place) -> list[tuple[str, list[dict[str, Any]]]]:
    """Batches that were handed in and not acknowledged."""
    answered = {tuple(each) for each in place.noted("acknowledged")}
    return [
        (source, batch) for source, batch in place.noted("offered") if (source, batch[0]["messageId"]) not in answered
    ]


def offered(intake: Intake, one: Opened, at: Instant, source: str, batch: list[dict[str, Any]]) -> Future[None]:
    """A batch that is on its way, with what an older program could not take of it."""
    taken = read(BATCH, json.dumps({"batch": batch}).encode(), context_of(one.settings, at))
    if source == "hook":
        return intake.offer(source, at, taken, Once(batch[0]["messageId"], Instant(at + 3_600_000)), by=WEBHOOKS)
    letters = tuple(Letter("odd", "It was odd.", json.dumps(call).encode()) for call in refused(batch[0]["messageId"]))
    return intake.offer(source, at, replace(taken, letters=letters))


def is_known(kept: Future[None]) -> bool:
    """Whether a signed delivery was taken before."""
    error = kept.exception()
    return isinstance(error, UserError) and error.code == "replayed"


def refused(id: str) -> list[dict[str, Any]]:
    """Calls that an older program could not take."""
    return [seen(f"letter-{id}", "u1")] if id.endswith("-0") and id not in KNOWN else []


def serve(place: Place, one: Opened, follower: Following) -> None:
    """A server takes in and follows."""
    read_feed(place, one)
    accept(place, one, {"web": calls(place), "hook": calls(place)})
    turns(follower)
    accept(place, one, {"web": calls(place)})
    turns(follower)
    read_feed(place, one)


def define(place: Place, one: Opened, follower: Following) -> None:
    """A server is told of a new segment."""
    save(place, one, follower)
    follower._look()


def forget(place: Place, one: Opened, follower: Following) -> None:
    """A server forgets what is old."""
    accept(place, one, {"web": calls(place)})
    turns(follower)
    read_feed(place, one)
    follower._trim()


def split(place: Place, one: Opened, follower: Following) -> None:
    """As if each time somebody turned out to be several people."""
    accept(place, one, {"web": calls(place)})
    turns(follower)


def start(place: Place, one: Opened, _: Following | None) -> None:
    """Clients hand in again what was not acknowledged."""
    accept(place, one, {})


def hand_in(place: Place, one: Opened, _: Following | None) -> None:
    """Requests and a signed delivery, whether a server follows or not."""
    accept(place, one, {"web": calls(place), "hook": calls(place)})


def save(place: Place, one: Opened, _: Following | None) -> None:
    """Somebody saves a new segment."""
    name = f"later {len(place.noted('asked to save'))}"
    place.note("asked to save", name)
    saving.save(one, read_segment(json.dumps({"name": name, "when": LATER}), name), actor="test")
    place.note("saved", name)


def letters(place: Place, one: Opened, _: Following | None) -> None:
    """Somebody replays dead letters."""
    accept(place, one, {"web": calls(place)})
    replaying.replay(one)


def turns(follower: Following) -> None:
    while follower.turn():
        pass
    follower.keep()


def read_feed(place: Place, one: Opened) -> None:
    """Read what is new on the feed."""
    before = place.noted("read")
    with one.database.read() as connection:
        found, _ = feed.read(connection, after=before[-1]["number"] if before else 0, most=100_000)
    place.note("read", *({"number": f.number, "who": f.subscriber, "what": f.segment, "in": f.entered} for f in found))


def tell(place: Place, one: Opened, _: Following | None) -> None:
    """All destinations are told what they are due."""
    allowed = rules(one.settings.allow_hosts, one.settings.allow_ports)
    later = Instant(now() + 3_600_000)  # every sync is due
    for each in known_destinations(one):
        secret, audience = secret_at(one.home.secret), LakeAudience(one)
        Teller(one, secret, allowed, audience, clock=lambda: later, chance=lambda: 0.0).tell(each.id)


def back_up(place: Place, one: Opened, _: Following | None) -> None:
    """A backup as a folder and one as a file, and workspaces out of them, where they are not there yet."""
    for name in BACKUPS:
        backup, into = place.folder / name, place.folder / f"out of {name}"
        if not backup.exists():
            backing_up.back_up(one, backup, with_secret=True)
            place.note("backed up", name)
        if not into.exists():
            restoring.restore(backup, into)


SCENES: dict[str, Callable[..., None]] = {
    "start": start,
    "serve": serve,
    "define": define,
    "forget": forget,
    "split": split,
    "hand in": hand_in,
    "save": save,
    "letters": letters,
    "tell": tell,
    "back up": back_up,
}
FOLLOWED = ("serve", "define", "forget", "split")
"""Scenes of a server that follows; the others are played without one, and with one when they are played again."""


def play(place: Place, scene: str) -> None:
    """A scene, which this process may not survive."""
    if scene == "split":
        Moves.is_split = property(lambda _: True, lambda *_: None)  # type: ignore[assignment, method-assign]
    with opened(place) as one, following(one) if scene in FOLLOWED else nullcontext() as follower:
        SCENES[scene](place, one, follower)


def play_to_the_end(place: Place, scene: str) -> int:
    """Start again after a kill, see that all is as it must be, play the scene again, and see once more."""
    with opened(place) as one, following(one) as follower:
        check(place, one, follower)
        SCENES[scene](place, one, follower)
        turns(follower)
        follower._look()
        newest = check(place, one, follower, at_end=True)
        if scene == "tell":
            check_files(one)
        if scene == "back up":
            check_backups(place)
        return newest


def check(place: Place, one: Opened, follower: Following, *, at_end: bool = False) -> int:
    """Everything acknowledged is in the lake once, feed, memberships and receivers agree, and the files are sound."""
    turns(follower)
    handed_in = {(source, call["messageId"]) for source, batch in place.noted("offered") for call in batch}
    acknowledged = {tuple(each) for each in place.noted("acknowledged")}
    with one.database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []
        assert journal.waiting(connection, after=journal.offset_of(connection, STAGE)) == 0
        files = lake.catalogued(connection)
        waiting = [json.loads(each.letter.payload)["messageId"] for each in dead_letters.known(connection)]
        numbers = [(each.name, each.number) for each in versions.load(connection)]
    lake.verify(one.home.lake, files)
    assert len(numbers) == len(set(numbers))
    assert {(name, 1) for name in place.noted("saved")} <= set(numbers)
    check_records(one, handed_in, acknowledged, waiting, at_end=at_end)
    return check_feed(place, one, follower, at_end=at_end)


def check_records(one: Opened, handed_in: Ids, acknowledged: Ids, letters: list[str], *, at_end: bool) -> None:
    """Each acknowledged record is there once, or is a dead letter, and nothing that nobody handed in."""
    with open_reading(one) as duck:
        stored = [id for (id,) in duck.execute("SELECT event_id FROM records").fetchall()]
    assert len(stored) == len(set(stored))
    assert {key_id("\n".join(each)) for each in acknowledged} <= set(stored)
    possible = handed_in | {("web", each["messageId"]) for _, id in handed_in for each in refused(id)}
    assert set(stored) <= {key_id("\n".join(each)) for each in possible}
    assert acknowledged == handed_in or not at_end
    for each in (each for source, id in acknowledged if source == "web" for each in refused(id)):
        assert key_id(f"web\n{each['messageId']}") in stored or each["messageId"] in letters


def check_feed(place: Place, one: Opened, follower: Following, *, at_end: bool) -> int:
    """Numbers without a hole, nobody enters twice, and it leads to the live reading, at the end to the `sql` one."""
    read_feed(place, one)
    members: dict[str, set[int]] = {name: set() for name in follower.current.versions()}
    told = place.noted("read")
    assert [each["number"] for each in told] == list(range(1, len(told) + 1))
    for each in told:
        inside = members.setdefault(each["what"], set())
        assert (each["who"] in inside) != each["in"], each
        (inside.add if each["in"] else inside.discard)(each["who"])
    for name, inside in members.items():
        assert inside == set(follower.current.everybody(name) or ()), name
    if at_end:
        nodes = defining.known(one).sound
        with open_reading(one) as duck:
            assert members == {name: set(queries.members(duck, nodes[name], now(), nodes)) for name in members}
    return len(told)


def check_files(one: Opened) -> None:
    """The files of a destination lead to the members of each segment."""
    audience = LakeAudience(one)
    people = {row["subscriber"]: row["user_id"] for row in audience.people().to_pylist()}
    for name in SEGMENTS:
        told: set[str] = set()
        for file in sorted((one.home.destinations / "files").glob(f"*-{name}-*.csv")):
            with file.open(newline="") as opened_file:
                rows = {row["user_id"] for row in csv.DictReader(opened_file)}
            told = told - rows if file.stem.endswith("removed") else told | rows
        assert told == {people[f"{each:016x}"] for each in audience.members(name) or ()}, name


def check_backups(place: Place) -> None:
    """What came out of the backups are workspaces with all that was acknowledged before."""
    for name in BACKUPS:
        found = open_home(place.folder / f"out of {name}")
        with open_reading(found) as duck:
            stored = [id for (id,) in duck.execute("SELECT event_id FROM records").fetchall()]
        found.database.close()
        assert {key_id(f"web\n{id}") for id in KNOWN} <= set(stored)


Ids = set[tuple[str, str]]
