"""A live reading on disk: loaded in seconds instead of read from the lake."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import numpy.typing as npt

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.segments.live.edges import Edges, Run
from shoal.segments.live.engine import Live, Persons
from shoal.segments.live.ledger import Ledger
from shoal.segments.live.members import Members
from shoal.segments.live.sources import Counts
from shoal.segments.nodes import Node

VERSION = 5

Arrays = dict[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Header:
    """What a snapshot is of."""

    version: int
    now: int
    offset: int  # of the journal: all before it is included
    definitions: str  # digest
    sha256: str  # of the arrays' file


def digest_of(segments: Mapping[str, Node]) -> str:
    """Tells sets of definitions apart."""
    text = json.dumps({name: node.to_data() for name, node in segments.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def save(live: Live, segments: Mapping[str, Node], folder: Path, offset: int) -> None:
    """Write a snapshot in the place of an older one; `offset` is what the live reading includes of the journal.

    The arrays are on disk before the header names them, so an interrupted write leaves the older snapshot.
    """
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"arrays.{os.getpid()}.partial"
    with partial.open("wb") as file:
        _write(file, _arrays(live))
        file.flush()
        os.fsync(file.fileno())
    digest = _digest(partial)
    partial.replace(folder / f"{digest[:16]}.npz")
    header = Header(VERSION, live.now, offset, digest_of(segments), digest)
    written = folder / f"header.{os.getpid()}.partial"
    written.write_text(json.dumps(asdict(header)))
    written.replace(folder / "header.json")
    for older in folder.glob("*.npz"):
        if older.name != f"{digest[:16]}.npz":
            older.unlink(missing_ok=True)


def load(segments: Mapping[str, Node], folder: Path) -> tuple[Live, int] | None:
    """The live reading and its offset; None where there is no snapshot of these definitions.

    Raises UserError `damaged_snapshot`; the remedy is to remove it and read the lake.
    """
    try:
        header = Header(**json.loads((folder / "header.json").read_text()))
    except FileNotFoundError:
        return None
    except (TypeError, ValueError):
        raise _damaged(folder) from None
    if header.version != VERSION or header.definitions != digest_of(segments):
        return None
    file = folder / f"{header.sha256[:16]}.npz"
    if not file.is_file() or _digest(file) != header.sha256:
        raise _damaged(folder)
    with np.load(file, allow_pickle=False) as stored:
        return _restored(segments, Instant(header.now), dict(stored)), header.offset


def _write(file: BinaryIO, arrays: Iterable[tuple[str, npt.NDArray[np.generic]]]) -> None:
    """What `np.savez` writes, with one array in memory at a time."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays:
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)


def _arrays(live: Live) -> Iterator[tuple[str, npt.NDArray[np.generic]]]:
    store = live.store
    yield from (("ids", live.people.ids), ("present", live.people.present), ("identified", live.people.identified))
    yield "bits", live.members.bits
    for number, gap in enumerate(live.gaps):
        yield f"gap{number}", gap
    for tally in store.tallies:
        yield f"counts{tally.number}", tally.counts
    for number, source in enumerate(store.sources.values()):
        for name, edges in (("plus", source.plus), ("minus", source.minus)):
            rows = edges.rows()
            yield f"{name}{number}at", rows.at
            yield f"{name}{number}who", store.whose(rows.who.astype(np.int64)).astype(np.int32)
            if rows.weight is not None:
                yield f"{name}{number}weight", rows.weight
    for number, ledger in enumerate(store.ledgers.values()):
        for name, column in ledger.everybody().items():
            yield f"ledger{number}.{name}", column
    yield "ledgers", np.array([json.dumps(about) for about in store.ledgers])


def _restored(segments: Mapping[str, Node], now: Instant, stored: Arrays) -> Live:
    live = Live(now)
    live.define(segments)
    present, identified = np.asarray(stored["present"], np.bool_), np.asarray(stored["identified"], np.bool_)
    live.restore(np.asarray(stored["ids"], np.int64), Persons(np.empty(0, np.int64), present, identified))
    live.members = Members.of(live.members.names, np.asarray(stored["bits"], np.uint8))
    live.gaps = [np.asarray(stored[f"gap{number}"], np.bool_) for number in range(len(live.gaps))]
    for tally in live.store.tallies:
        tally.counts, tally.ready = cast(Counts, stored[f"counts{tally.number}"]), True
    for number, source in enumerate(live.store.sources.values()):
        source.plus, source.minus = (_edges(stored, f"{name}{number}") for name in ("plus", "minus"))
    for number, text in enumerate(stored["ledgers"].tolist()):
        about = json.loads(text)
        start = f"ledger{number}."
        columns = {name.removeprefix(start): column for name, column in stored.items() if name.startswith(start)}
        live.store.ledgers[about if isinstance(about, str) else (about[0], about[1])] = Ledger(tuple(columns), columns)
    live.store.loaded(now, live.people.identified)
    return live


def _edges(stored: Arrays, name: str) -> Edges:
    at = np.asarray(stored[f"{name}at"], np.int64)
    weight = np.asarray(stored[f"{name}weight"], np.int64) if f"{name}weight" in stored else None
    return Edges([Run(at, np.asarray(stored[f"{name}who"], np.int32), weight)] if len(at) else [])


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _damaged(folder: Path) -> UserError:
    return UserError(
        "damaged_snapshot",
        "The snapshot of the live reading is damaged, so it is not used.",
        where=str(folder),
        fix="Remove that folder: the next start reads the lake instead.",
    )
