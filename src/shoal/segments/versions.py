"""Versions of segments: what each name meant, from when on, and what it means now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.segments.files import Segment, segment_from
from shoal.segments.nodes import Node
from shoal.segments.tables import segment_versions

Change = Literal["new", "meaning", "label", "deleted"]


@dataclass(frozen=True, slots=True)
class Version:
    """One state of a segment, as it was applied."""

    name: str
    number: int  # 1, 2, …
    change: Change
    sentence: str | None  # None: the segment was deleted
    definition: str | None  # JSON; None: the segment was deleted
    labels: str  # JSON object: what else the file says
    uses: tuple[tuple[str, int], ...]  # versions of the segments that it refers to itself
    restores: int | None  # the earlier version that a rollback brought back
    actor: str
    at: Instant

    @property
    def is_deletion(self) -> bool:
        """Whether the segment ended with this version."""
        return self.definition is None

    def segment(self) -> Segment:
        """The segment as it was; raises UserError `deleted_segment` where it was deleted."""
        if self.definition is None:
            message = f"Version {self.number} of {self.name!r} is its deletion."
            raise UserError("deleted_segment", message, fix=f"`shoal history {self.name}` lists the versions.")
        said = {"name": self.name, "when": json.loads(self.definition), **json.loads(self.labels)}
        return segment_from(said, any_name=True)  # earlier releases allowed names that are refused today


def signature(connection: sa.Connection) -> tuple[int, int]:
    """Changes whenever a version is made."""
    found = connection.execute(sa.select(sa.func.count(), sa.func.max(segment_versions.c.at))).one()
    return int(found[0]), int(found[1] or 0)


def load(connection: sa.Connection) -> tuple[Version, ...]:
    """All versions, by name and number."""
    table = segment_versions.c
    found = connection.execute(sa.select(segment_versions).order_by(table.name, table.version))
    return tuple(
        Version(
            name=row.name,
            number=row.version,
            change=row.change,
            sentence=row.sentence,
            definition=row.definition,
            labels=row.labels,
            uses=tuple(json.loads(row.uses).items()),
            restores=row.restores,
            actor=row.actor,
            at=Instant(row.at),
        )
        for row in found
    )


def add(connection: sa.Connection, versions: Iterable[Version]) -> None:
    """Add versions. Only rows are added; the key refuses a number that is there already."""
    for each in versions:
        row = {
            "name": each.name,
            "version": each.number,
            "change": each.change,
            "sentence": each.sentence,
            "definition": each.definition,
            "labels": each.labels,
            "uses": canonical(dict(each.uses)),
            "restores": each.restores,
            "actor": each.actor,
            "at": each.at,
        }
        connection.execute(sa.insert(segment_versions), row)


def latest(versions: Iterable[Version], at: Instant | None = None) -> dict[str, Version]:
    """The newest version of each name, deletions too; `at` asks for those that were newest then."""
    return {each.name: each for each in sorted(versions, key=_order) if at is None or each.at <= at}


def current(versions: Iterable[Version], at: Instant | None = None) -> dict[str, Version]:
    """What each name means now, or meant at an instant; names that are deleted are left out."""
    return {name: each for name, each in sorted(latest(versions, at).items()) if not each.is_deletion}


def of(versions: Sequence[Version], name: str, number: int) -> Version:
    """One version; raises UserError `unknown_version`."""
    for each in versions:
        if (each.name, each.number) == (name, number):
            return each
    raise unknown(versions, name, number)


def unknown(versions: Sequence[Version], name: str, said: int | str) -> UserError:
    """The error `unknown_version` where somebody asks for a version that is not there."""
    known = sum(each.name == name for each in versions)
    fix = "`shoal segments` lists the segments; only what was applied has versions."
    if known:
        fix = f"It has the versions 1 to {known}." if known > 1 else "It has version 1 alone."
    return UserError("unknown_version", f"There is no version {said!r} of {name!r}.", fix=fix)


def expect(name: str, found: Version | None, number: int | None) -> None:
    """Raise UserError `version_moved` unless the current version has this number; 0: there is none; None: any has."""
    current = found.number if found else 0
    if number is not None and number != current:
        message = f"{name!r} is at version {current}, not {number}." if current else f"{name!r} has no current version."
        fix = "Read it again, look at what changed, and save on top of that."
        raise UserError("version_moved", message, where="version", fix=fix)


def pinned(version: Version, versions: Sequence[Version]) -> dict[str, Node]:
    """The segments that a version refers to, directly or not, as they were when it was applied."""
    found: dict[str, Node] = {}
    left = list(version.uses)
    while left:
        name, number = left.pop()
        if name not in found:
            used = of(versions, name, number)
            found[name] = used.segment().when
            left.extend(used.uses)
    return found


def state(versions: Iterable[Version]) -> str:
    """A digest that moves on with every version."""
    return digest({name: each.number for name, each in latest(versions).items()})


def canonical(values: Mapping[str, object]) -> str:
    """JSON in one form only.

    >>> canonical({"b": 1, "a": "é"})
    '{"a":"\\\\u00e9","b":1}'
    """
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def digest(values: Mapping[str, object]) -> str:
    """16 hexadecimal digits that are the same for the same values."""
    return hashlib.sha256(canonical(values).encode()).hexdigest()[:16]


def _order(version: Version) -> tuple[str, int]:
    return version.name, version.number
