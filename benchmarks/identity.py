"""Identity: the FEBRL pairs, keys and links at scale, the search for duplicates."""

from __future__ import annotations

import csv
import gzip
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.rows import ROOT, Row, at_most, report, timed
from shoal.core.ids import key_id
from shoal.profiles import identity
from shoal.profiles.faces import COLUMNS
from shoal.profiles.matching import pairs
from shoal.profiles.resolution import components
from shoal.profiles.rules import Rules
from shoal.store.database import connect, metadata, sqlite_url

FEBRL = ROOT.parent / "shared" / "data" / "identity"
FACES = pa.schema([("subscriber", pa.int64()), *((name, pa.string()) for name in COLUMNS[1:])])
DOMAINS = ("gmail.com", "yahoo.com", "hotmail.com", "example.org", "mail.example")
SYLLABLES = ("an", "bel", "car", "dor", "el", "fin", "gar", "hol", "is", "jo", "kat", "lu", "mar", "nor", "ol", "pet")


def main() -> None:
    """Measure and report."""
    rows = [*scale(), *search(20_000)]
    for number in (1, 2):
        if (path := FEBRL / f"febrl_dataset{number}.csv.gz").exists():
            rows += febrl(number, path)
    report("identity", rows)


def febrl(number: int, path: Path) -> Iterator[Row]:
    """Merged by an equal personal number (a user id), and proposed for the rest."""
    with gzip.open(path, "rt") as file:
        people = [{name.strip(): value.strip() or None for name, value in row.items()} for row in csv.DictReader(file)]
    owner = _merged(people)
    person = [str(each["rec_id"]).split("-")[1] for each in people]
    truth = _pairs_of(person)
    merged = _pairs_of(owner)
    with timed() as clock:
        found = pairs(pa.Table.from_pylist([_face(each, who) for each, who in zip(people, owner, strict=True)], FACES))
    proposed = {(row["a"], row["b"]) for row in found.to_pylist()}
    every = itertools.combinations(range(len(people)), 2)
    counted = merged | {(a, b) for a, b in every if (min(owner[a], owner[b]), max(owner[a], owner[b])) in proposed}
    name = f"FEBRL {number}"
    yield _part(f"{name}: precision of automatic merges", merged & truth, merged, 0.99)
    yield _part(f"{name}: recall of automatic merges", merged & truth, truth, None)
    yield _part(f"{name}: recall with proposals counted", counted & truth, truth, 0.90)
    yield _part(f"{name}: precision with proposals counted", counted & truth, counted, None)
    yield Row(f"{name}: search for duplicates, {len(people):,} people", f"{clock.seconds:.2f} s", "", None)


def scale() -> Iterator[Row]:
    """1.5 M keys and 2 M links in memory; 1 M and 1 M through SQLite."""
    keys, links = _made(500_000)
    with timed() as clock:
        components(keys, pa.concat_tables([links, links.slice(0, 2_000_000 - links.num_rows)]))
    yield at_most("resolve 1.5 M keys and 2 M links, in memory", clock.seconds, 5)
    keys, links = _made(366_000)
    with tempfile.TemporaryDirectory() as folder:
        database = connect(sqlite_url(Path(folder, "shoal.db")))
        with database.write() as connection:
            metadata.create_all(connection)
        with timed() as clock, database.write() as connection:
            identity.observe(connection, keys, links)
        yield at_most(f"record {keys.num_rows:,} keys and {links.num_rows:,} links, SQLite", clock.seconds, 15)
        with timed() as clock:
            identity.resolve(database)
        yield Row("resolve these and store the map, SQLite", f"{clock.seconds:.2f} s", "", None)
        database.close()


def search(size: int) -> Iterator[Row]:
    """Probable duplicates among made-up people, 3 in 100 of them twice with an error."""
    faces, truth = _people(size)
    with timed() as clock:
        found = pairs(faces)
    hits = {(row["a"], row["b"]) for row in found.to_pylist()}
    yield at_most(f"search {faces.num_rows:,} made-up people for duplicates", clock.seconds, 10)
    yield _part("of their duplicates proposed", hits & truth, truth, None)
    yield _part("of the proposals right", hits & truth, hits, None)


def _merged(people: list[dict[str, str | None]]) -> list[int]:
    keys, links = [], []
    for each in people:
        own, tax = (f"febrl/{each['rec_id']}", f"tax/{each['soc_sec_id']}")
        keys += [{"id": key_id(f"user:{text}"), "kind": "user", "value": text, "first_at": 0} for text in (own, tax)]
        links.append({"a": key_id(f"user:{own}"), "b": key_id(f"user:{tax}"), "first_at": 0, "source": "febrl"})
    one_a_record = Rules(reissuing=("febrl",))  # record numbers don't tell people apart
    found = components(pa.Table.from_pylist(keys), pa.Table.from_pylist(links), rules=one_a_record)
    subscriber = dict(zip(found.keys.tolist(), found.subscribers.tolist(), strict=True))
    return [subscriber[key_id(f"user:febrl/{each['rec_id']}")] for each in people]


def _face(record: dict[str, str | None], subscriber: int) -> dict[str, object]:
    street = " ".join(part for part in (record["street_number"], record["address_1"]) if part)
    return {
        "subscriber": subscriber,
        "first_name": record["given_name"],
        "last_name": record["surname"],
        "street": street or None,
        "city": record["suburb"],
        "postcode": record["postcode"],
        "birthday": record["date_of_birth"],
    }


def _pairs_of(labels: list[str] | list[int]) -> set[tuple[int, int]]:
    groups: dict[object, list[int]] = {}
    for place, label in enumerate(labels):
        groups.setdefault(label, []).append(place)
    return {pair for group in groups.values() for pair in itertools.combinations(group, 2)}


def _part(what: str, hits: set[tuple[int, int]], of: set[tuple[int, int]], goal: float | None) -> Row:
    part = len(hits) / max(len(of), 1)
    return Row(what, f"{part:.4f}", "" if goal is None else f"≥ {goal}", None if goal is None else part >= goal)


def _made(people: int) -> tuple[pa.Table, pa.Table]:
    """Half of the people with an account, each with an address, half of them with a browser more; some shared."""
    draw = np.random.default_rng(1)
    texts = [
        *(("user", f"shop/{number}") for number in range(people // 2)),
        *(("email", f"p{number}@example.org") for number in range(people)),
        *(("anonymous", f"browser-{number:08d}") for number in range(people * 3 // 2)),
    ]
    ids = draw.integers(0, 2**62, len(texts), dtype=np.int64)
    user, email, browser = np.split(ids, [people // 2, people // 2 + people])
    again = browser[draw.integers(0, browser.size, browser.size // 2)]
    a = np.concatenate(
        (user, email[draw.integers(0, people, browser.size)], user[draw.integers(0, user.size, again.size)])
    )
    b = np.concatenate((email[: user.size], browser, again))
    kinds, values = zip(*texts, strict=True)
    when = draw.integers(0, 10**12, ids.size + a.size)
    keys = pa.table({"id": ids, "kind": kinds, "value": values, "first_at": when[: ids.size]})
    return keys, pa.table({"a": a, "b": b, "first_at": when[ids.size :], "source": ["shop"] * a.size})


def _people(size: int) -> tuple[pa.Table, set[tuple[int, int]]]:
    draw = np.random.default_rng(2)
    rows = [_person(draw) for _ in range(size)]
    for place in range(1, size, 10):  # families
        rows[place] |= {name: rows[place - 1][name] for name in ("last_name", "street", "city", "postcode")}
    truth = set()
    for place in draw.choice(size, size * 3 // 100, replace=False).tolist():
        truth.add((place, len(rows)))
        rows.append({**rows[place], "email": _mistyped(str(rows[place]["email"]), draw)})
    return pa.Table.from_pylist([{"subscriber": place, **row} for place, row in enumerate(rows)], FACES), truth


def _person(draw: np.random.Generator) -> dict[str, str | None]:
    first, last = ("".join(draw.choice(SYLLABLES, length)) for length in (2, 3))
    city = int(draw.integers(0, 200))
    address, birthday, phone = draw.random(3) < (0.7, 0.5, 0.5)
    return {
        "first_name": first,
        "last_name": last,
        "street": f"{draw.integers(1, 80)} {draw.integers(0, 2_000)} street" if address else None,
        "city": f"city {city}" if address else None,
        "postcode": f"{city:03d}{draw.integers(0, 20):02d}" if address else None,
        "birthday": f"{draw.integers(1940, 2006)}-{draw.integers(1, 13):02d}-{draw.integers(1, 29):02d}"
        if birthday
        else None,
        "phone": f"+1415{draw.integers(0, 10**7):07d}" if phone else None,
        "email": f"{first}.{last}{draw.integers(0, 1_000)}@{draw.choice(DOMAINS)}",
    }


def _mistyped(email: str, draw: np.random.Generator) -> str:
    local, domain = email.split("@")
    place = int(draw.integers(1, len(local) - 2))
    errors = (
        f"{local}+news@{domain}",
        f"{local[:place]}{local[place + 1]}{local[place]}{local[place + 2 :]}@{domain}",
        f"{local[:place]}{local[place + 1 :]}@{domain}",
        f"{local}@{'gmial.com' if domain == 'gmail.com' else 'other.example'}",
        f"work{draw.integers(0, 10**6)}@firm{draw.integers(0, 10**5)}.example",
    )
    return str(draw.choice(errors))


if __name__ == "__main__":
    main()
