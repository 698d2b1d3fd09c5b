"""What applying would do, decided before anything is written: one step a segment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.segments import versions as stored
from shoal.segments.files import Segment, labels
from shoal.segments.kinds.anonymous import includes_anonymous
from shoal.segments.nesting import segments_used
from shoal.segments.nodes import Node, walk
from shoal.segments.sentence import english
from shoal.segments.versions import Version, canonical

CHANGES = ("new", "meaning", "label", "deleted", "unchanged")
"""What may become of a segment. `meaning`: its members may differ; `label`: only what is said about it."""


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one segment."""

    name: str
    change: Literal["new", "meaning", "label", "deleted", "unchanged"]
    before: Version | None  # what the name means now; None where it means nothing
    after: Segment | None  # what it shall mean; None where it is deleted
    number: int  # of the version that it makes; the present one where nothing changes
    uses: tuple[tuple[str, int], ...] = ()  # versions of the segments that it refers to itself, once all is applied
    through: tuple[str, ...] = ()  # segments that it refers to and whose meaning changes

    @property
    def fields(self) -> tuple[str, ...]:
        """Keys of the file, besides the definition, that differ."""
        old = labels(self.before.segment()) if self.before else {}
        new = labels(self.after) if self.after else {}
        return tuple(key for key in dict.fromkeys((*old, *new)) if old.get(key) != new.get(key))

    def diff(self) -> str:
        """The sentence with what goes in `[-…-]` and what comes in `{+…+}`."""
        old = self.before.sentence if self.before else ""
        return word_diff(old or "", english(self.after.when) if self.after else "")


def decide(declared: Mapping[str, Segment], versions: Sequence[Version]) -> tuple[Step, ...]:
    """What has to happen so that exactly the declared segments are current; by name, the unchanged ones too.

    Where the meaning of a segment changes, that of every segment which refers to it does, so these get a version of
    their own. Raises UserError `unknown_segment`, `segment_cycle`, and `segment_in_use` where a segment would be
    deleted that a declared one refers to.
    """
    current, newest = stored.current(versions), stored.latest(versions)
    gone = {name: each for name, each in current.items() if name not in declared}
    _refuse_deletion_in_use(declared, gone)
    nodes = {name: segment.when for name, segment in declared.items()}
    found: dict[str, Step] = {}
    for name in _parents_first(nodes):
        number = newest[name].number if name in newest else 0
        found[name] = _step(declared[name], current.get(name), number, found)
    for name, before in gone.items():
        found[name] = Step(name, "deleted", before, None, before.number + 1)
    return tuple(found[name] for name in sorted(found))


def made(steps: Sequence[Step], actor: str, at: Instant) -> tuple[Version, ...]:
    """The versions that the steps make."""
    return tuple(_version(step, actor, at) for step in steps if step.change != "unchanged")


def restoring(made: Sequence[Version], restores: Mapping[str, int]) -> tuple[Version, ...]:
    """The same versions, with those of these names marked as bringing back an earlier one."""
    return tuple(replace(each, restores=restores.get(each.name)) for each in made)


def same_meaning(one: Node, other: Node) -> bool:
    """Whether two definitions always have the same members, as far as their lowered form tells.

    >>> from shoal.segments.sentence import parse
    >>> same_meaning(parse('plan is not "paid"'), parse('not plan is "paid"'))
    True
    """
    if includes_anonymous(one) != includes_anonymous(other):
        return False
    # Their text, since 1 equals true in Python.
    return repr(one.lower()) == repr(other.lower())


def referred(node: Node) -> tuple[str, ...]:
    """Names of the segments that a definition itself refers to."""
    used = (one.name for _, part in walk(node) for one in part.references() if one.kind == "segment")
    return tuple(dict.fromkeys(used))


_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[^\s(),]+|[(),]')


def word_diff(old: str, new: str) -> str:
    """Both texts in one, word by word.

    >>> word_diff('did "Visit" at least 2 times', 'did "Visit" at least 3 times')
    'did "Visit" at least [-2-]{+3+} times'
    """
    from difflib import SequenceMatcher  # noqa: PLC0415 (rarely needed)

    one, other = _TOKEN.findall(old), _TOKEN.findall(new)
    told = []
    for kind, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        gone, come = " ".join(one[a:b]), " ".join(other[c:d])
        if kind == "equal":
            told.append(gone)
        else:
            told.append((f"[-{gone}-]" if gone else "") + (f"{{+{come}+}}" if come else ""))
    return re.sub(r"\( | (?=[),])", lambda found: found[0].strip(), " ".join(told))


def _refuse_deletion_in_use(declared: Mapping[str, Segment], gone: Mapping[str, Version]) -> None:
    for name, segment in declared.items():
        for used in referred(segment.when):
            if used in gone:
                message = f"{used!r} would be deleted, and {name!r} refers to it."
                raise UserError("segment_in_use", message, where=name, fix=f"Keep {used!r}, or change {name!r} first.")


def _parents_first(nodes: Mapping[str, Node]) -> tuple[str, ...]:
    """All names, each after those that it refers to."""
    order: dict[str, None] = {}
    for name in sorted(nodes):
        order.update(dict.fromkeys(segments_used(nodes[name], nodes)))
        order[name] = None
    return tuple(order)


def _step(after: Segment, before: Version | None, number: int, decided: Mapping[str, Step]) -> Step:
    used = referred(after.when)
    uses = tuple((name, decided[name].number) for name in used)
    if before is None:
        return Step(after.name, "new", None, after, number + 1, uses)
    through = tuple(name for name in used if decided[name].change in ("new", "meaning"))
    old = before.segment()
    if through or not same_meaning(old.when, after.when):
        return Step(after.name, "meaning", before, after, number + 1, uses, through)
    if _written(after) == (before.definition, before.labels):
        return Step(after.name, "unchanged", before, after, number, before.uses)
    return Step(after.name, "label", before, after, number + 1, uses)


def _written(segment: Segment) -> tuple[str, str]:
    return canonical(segment.when.to_data()), canonical(labels(segment))


def _version(step: Step, actor: str, at: Instant) -> Version:
    assert step.change != "unchanged"
    if step.after is None:
        return Version(step.name, step.number, step.change, None, None, "{}", (), None, actor, at)
    definition, said = _written(step.after)
    sentence = english(step.after.when)
    return Version(step.name, step.number, step.change, sentence, definition, said, step.uses, None, actor, at)
