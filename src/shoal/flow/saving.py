"""Saving one segment: a new version in one transaction, and the workspace's file of it kept in step.

What counts is in the database; files follow (docs/decisions/0012-saving-segments.md).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from shoal.core.disk import make_folder
from shoal.core.errors import UserError, nearest, require
from shoal.core.failures import replacing, writing
from shoal.core.time import Instant, now
from shoal.flow import applying
from shoal.flow.home import Opened
from shoal.segments import steps as deciding
from shoal.segments import versions
from shoal.segments.files import Segment, check_name, labels, load_segments, read_segment, to_yaml
from shoal.segments.library import starters
from shoal.segments.templates import slug
from shoal.segments.versions import Version

FileState = Literal["written", "removed", "same", "edited", "unused", "failed"]
"""What became of the segment's file: `same` says the same as before; `edited` was changed by somebody and not applied,
so it was left as it is; `unused`: the folder holds no files, because they are applied from elsewhere; `failed`: it
could not be written."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What a change made."""

    name: str
    versions: tuple[Version, ...]  # those made, with those of segments that refer to it; none where nothing changed
    current: Version | None  # what the name means now; None: it was deleted
    file: FileState


def save(opened: Opened, segment: Segment, *, actor: str, expected: int | None = None) -> Saved:
    """Make a segment's next version; where it says what it said before, none is made.

    `expected` is the number of the version that it replaces; 0: there is none yet. Where nothing was applied yet, the
    workspace's files are applied with it: they counted so far. Raises UserError `version_moved`, `bad_name`,
    `unknown_segment`, `segment_cycle`, and the errors of those files.
    """
    check_name(segment.name)

    def wanted(own: Mapping[str, Segment]) -> dict[str, Segment]:
        return {**own, segment.name: segment}

    return _change(opened, segment.name, wanted, actor, expected)


def delete(opened: Opened, name: str, *, actor: str, expected: int | None = None) -> Saved:
    """End a segment. Raises UserError `unknown_segment`, `segment_in_use` and `version_moved`."""

    def wanted(own: Mapping[str, Segment]) -> dict[str, Segment]:
        fix = nearest(name, own) or "`shoal segments` lists them; starters that were not applied can't be deleted."
        require(name in own, "unknown_segment", f"There is no segment {name!r} of your own.", fix=fix)
        return {other: each for other, each in own.items() if other != name}

    return _change(opened, name, wanted, actor, expected)


def rollback(opened: Opened, name: str, number: int, *, actor: str, expected: int | None = None) -> Saved:
    """As `applying.rollback`, with the files kept in step."""
    with _TURN:
        with opened.database.read() as connection:
            before = versions.current(versions.load(connection))
        made = applying.rollback(opened, name, number, actor=actor, expected=expected)
        states = _follow(opened.home.segments, before, made, {}, in_use=_in_use(opened.home.segments, before))
    return _saved(name, made, before, states)


_TURN = threading.Lock()
"""Files are written in the order of the versions."""


def _change(
    opened: Opened,
    name: str,
    wanted: Callable[[Mapping[str, Segment]], dict[str, Segment]],
    actor: str,
    expected: int | None,
) -> Saved:
    folder = opened.home.segments
    with _TURN:
        with opened.database.write() as connection:
            stored = versions.load(connection)
            before = versions.current(stored)
            versions.expect(name, before.get(name), expected)
            loose = {} if stored else _loose(folder)
            declared = wanted({other: each.segment() for other, each in before.items()} if stored else loose)
            made = _added(connection, declared, before, stored, actor)
        in_use = _in_use(folder, before)
        states = _follow(folder, before, made, loose, in_use=in_use)
        if name in loose and name not in declared:  # it was never more than a file
            states[name] = _written(folder, name, loose[name], None, in_use=in_use)
    return _saved(name, made, before, states)


def _saved(name: str, made: tuple[Version, ...], before: Mapping[str, Version], states: dict[str, FileState]) -> Saved:
    current = {each.name: each for each in (*before.values(), *made)}.get(name)
    return Saved(name, made, None if current is None or current.is_deletion else current, states.get(name, "same"))


def _loose(folder: Path) -> dict[str, Segment]:
    """The files' segments, which count until anything is applied."""
    return load_segments(folder, starters()) if folder.is_dir() else {}


def _added(
    connection: sa.Connection,
    declared: Mapping[str, Segment],
    before: Mapping[str, Version],
    stored: Sequence[Version],
    actor: str,
) -> tuple[Version, ...]:
    """Write the versions that it takes to make exactly these segments current."""
    steps = deciding.decide(applying.with_starters(declared, before), stored)
    made = deciding.made(steps, actor, Instant(max(now(), *(each.at for each in stored), 0)))
    versions.add(connection, made)
    return made


def _follow(
    folder: Path,
    before: Mapping[str, Version],
    made: Sequence[Version],
    loose: Mapping[str, Segment],
    *,
    in_use: bool,
) -> dict[str, FileState]:
    """Write the files of what was made, but those of starters that are only referred to."""
    states: dict[str, FileState] = {}
    for each in made:
        old = before[each.name].segment() if each.name in before else loose.get(each.name)
        new = None if each.is_deletion else each.segment()
        if new is None or new != starters().get(each.name):
            states[each.name] = _written(folder, each.name, old, new, in_use=in_use)
    return states


def _written(folder: Path, name: str, old: Segment | None, new: Segment | None, *, in_use: bool) -> FileState:
    """Make the file of a segment say what it means now, unless it says what was never applied."""
    file, said = _file_of(folder, name)
    if said is None and (new is None or not in_use):
        return "same" if new is None else "unused"
    if _same(said, new):
        return "same"
    if said is not None and not _same(said, old):
        return "edited"
    try:
        if new is None:
            with writing(file):
                file.unlink()
            return "removed"
        with writing(folder):
            make_folder(folder)
        with replacing(file) as place:
            place.write_text(to_yaml(new), encoding="utf-8")
    except UserError:  # the version is made, and the answer says that the file is behind
        return "failed"
    return "written"


def _same(one: Segment | None, other: Segment | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.when.to_data() == other.when.to_data() and labels(one) == labels(other)


def _file_of(folder: Path, name: str) -> tuple[Path, Segment | None]:
    """The file that defines a segment and what it says; else a name for one that is free, and None."""
    taken = set()
    for file in _files(folder):
        taken.add(file.name)
        try:
            said = read_segment(file.read_text(encoding="utf-8"), file.name)
        except (UserError, OSError, UnicodeDecodeError):
            continue  # a file that can't be read defines nothing; `shoal plan` tells of it
        if said.name == name:
            return file, said
    stem = slug(name) or "segment"
    free = (f"{stem}{ending}.yaml" for ending in ("", *(f"-{number}" for number in range(2, len(taken) + 3))))
    return folder / next(each for each in free if each not in taken), None


def _files(folder: Path) -> list[Path]:
    return sorted(one for one in folder.iterdir() if one.suffix in (".yaml", ".yml")) if folder.is_dir() else []


def _in_use(folder: Path, before: Mapping[str, Version]) -> bool:
    """Whether segments are applied from here; an empty folder beside segments that count says that they are not."""
    return not before or bool(_files(folder))
