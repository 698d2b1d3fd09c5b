"""Segment files become versions: decided, applied all at once, listed and rolled back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from shoal.core.errors import UserError, nearest, require
from shoal.core.time import Instant, now
from shoal.flow.home import Opened
from shoal.segments import steps as deciding
from shoal.segments import versions
from shoal.segments.files import Segment, SegmentFile, labels, load_files
from shoal.segments.library import starters
from shoal.segments.nesting import segments_used
from shoal.segments.steps import Step
from shoal.segments.versions import Version


@dataclass(frozen=True, slots=True)
class Decision:
    """What applying a folder would do: a list of steps, and what it was decided from. It writes nothing."""

    id: str  # the same as long as neither files nor versions change
    folder: Path
    steps: tuple[Step, ...]
    declared: Mapping[str, Segment]  # the files' segments, and the starters that these refer to
    files: Mapping[str, SegmentFile]
    state: str  # of the versions
    before: Mapping[str, Version]  # what is current

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that make a version."""
        return tuple(step for step in self.steps if step.change != "unchanged")

    @property
    def deletions(self) -> tuple[Step, ...]:
        """The steps that end a segment."""
        return tuple(step for step in self.steps if step.change == "deleted")


def decide(opened: Opened, folder: Path | None = None) -> Decision:
    """What it takes to make exactly the files of a folder current, by default the workspace's.

    Starters that the files refer to are declared with them, so that their meaning is kept, too. Raises UserError
    `no_folder`, `segment_in_use` and the errors of the files.
    """
    folder = folder or opened.home.segments
    with opened.database.read() as connection:
        stored = versions.load(connection)
    before = versions.current(stored)
    library = starters()
    files = load_files(folder, {**{name: each.segment() for name, each in before.items()}, **library})
    declared = with_starters({name: each.segment for name, each in files.items()}, before)
    state = versions.state(stored)
    said = {name: {"when": each.when.to_data(), **labels(each)} for name, each in declared.items()}
    id = versions.digest({"declared": said, "state": state})
    return Decision(id, folder, deciding.decide(declared, stored), declared, files, state, before)


def apply(opened: Opened, decision: Decision, *, actor: str) -> tuple[Version, ...]:
    """Perform exactly the steps of a decision, all in one transaction; the versions that were made.

    Raises UserError `world_moved` where a file or a version changed since it was decided.
    """
    if decide(opened, decision.folder).id != decision.id:
        raise world_moved()
    return _write(opened, decision.state, decision.steps, actor)


def expect(decision: Decision, id: str) -> None:
    """Raise UserError `world_moved` unless the decision is the one of this id."""
    if decision.id != id:
        raise world_moved()


def world_moved() -> UserError:
    """The error where a plan is not true any more."""
    message = "A file or a version changed since this was planned. Nothing was applied."
    return UserError("world_moved", message, fix="Run `shoal plan` again and look at what it lists.")


def history(opened: Opened, name: str) -> tuple[Version, ...]:
    """All versions of a segment, the oldest first; UserError `unknown_segment` where it never had one."""
    with opened.database.read() as connection:
        stored = versions.load(connection)
    found = tuple(each for each in stored if each.name == name)
    if not found:
        fix = nearest(name, {each.name for each in stored}) or "`shoal apply` makes the first version."
        raise UserError("unknown_segment", f"No version of {name!r} was ever applied.", fix=fix)
    return found


def rollback(opened: Opened, name: str, number: int, *, actor: str, expected: int | None = None) -> tuple[Version, ...]:
    """Make a new version that equals an earlier one; the versions made, with those of segments that refer to it.

    What the earlier version refers to is meant as it is now. Segments that were deleted since come back with it, as
    that version meant them. Raises UserError `unknown_segment`, `unknown_version`, `deleted_segment`, `nothing_to_do`,
    `version_moved` where the current version is not the `expected` one, and `segment_cycle` where the others don't fit
    any more.
    """
    version = versions.of(history(opened, name), name, number)
    segment = version.segment()
    with opened.database.read() as connection:
        everything = versions.load(connection)
    before = versions.current(everything)
    versions.expect(name, before.get(name), expected)
    deleted = _deleted(version, everything, {name, *before, *starters()})
    returning = {other: each.segment() for other, each in deleted.items()}
    wanted = {**{other: each.segment() for other, each in before.items()}, **returning, name: segment}
    steps = deciding.decide(with_starters(wanted, before), everything)
    changed = any(step.name == name and step.change != "unchanged" for step in steps)
    fix = f"`shoal history {name}` lists the versions."
    require(changed, "nothing_to_do", f"{name!r} already is as in version {number}.", fix=fix)
    restores = {**{other: each.number for other, each in deleted.items()}, name: number}
    return _write(opened, versions.state(everything), steps, actor, restores)


def _deleted(version: Version, stored: Sequence[Version], known: Set[str]) -> dict[str, Version]:
    """The versions that it refers to, directly or through another of them, of segments that are known no more."""
    found: dict[str, Version] = {}
    left = list(version.uses)
    while left:
        name, number = left.pop()
        if name not in known and name not in found:
            found[name] = versions.of(stored, name, number)
            left.extend(found[name].uses)
    return found


def with_starters(segments: Mapping[str, Segment], before: Mapping[str, Version]) -> dict[str, Segment]:
    """The segments, and those starters that they refer to and that are no applied segment of the user's own."""
    library = starters()
    known = {**{name: each.segment() for name, each in before.items()}, **library, **segments}
    nodes = {name: each.when for name, each in known.items()}
    used = {other for segment in segments.values() for other in segments_used(segment.when, nodes)}
    return {**{name: library[name] for name in used if name in library}, **segments}


def _write(
    opened: Opened, state: str, steps: tuple[Step, ...], actor: str, restores: Mapping[str, int] = MappingProxyType({})
) -> tuple[Version, ...]:
    with opened.database.write() as connection:
        stored = versions.load(connection)
        if versions.state(stored) != state:
            raise world_moved()
        # Never before the newest, so that what counted at an instant stays true when the clock is set back.
        at = Instant(max(now(), *(each.at for each in stored), 0))
        made = deciding.restoring(deciding.made(steps, actor, at), restores)
        versions.add(connection, made)
    return made
