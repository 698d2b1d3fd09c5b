"""What the linter finds, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from shoal.core.time import Instant
from shoal.segments.catalog import Catalog
from shoal.segments.files import Segment
from shoal.segments.nodes import Node
from shoal.segments.overlaps import Overlap
from shoal.segments.sql.queries import Counts

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""The loudest first. Only an error makes a command end with status 1."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One definition to look at. Only a segment with a name has a goal and a content brief."""

    name: str
    node: Node
    segment: Segment | None = None
    file: str | None = None  # that it stands in
    text: str | None = None  # the file's text, or the sentence as it was typed


@dataclass(frozen=True, slots=True)
class Known:
    """A value that people have, and how many of them."""

    text: str
    people: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A text that a definition compares a trait (`event` is "") or a property of an event with."""

    event: str
    path: tuple[str, ...]
    value: str


@dataclass(frozen=True, slots=True)
class Figures:
    """All numbers that the checks need, from a few reads of the data."""

    now: Instant
    people: int = 0  # identified subscribers; with none, nothing can be said of sizes
    counts: Mapping[str, Counts] = field(default_factory=dict)  # by name of the subject
    overlaps: Mapping[str, tuple[Overlap, ...]] = field(default_factory=dict)  # largest first
    unset: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # members included, as `unset_conditions`
    never: Mapping[Asked, tuple[Known, ...]] = field(default_factory=dict)  # texts that nobody has; what people have
    first: Mapping[str, Instant] = field(default_factory=dict)  # event: when nearly all of its history begins
    stated: Mapping[str, Instant] = field(default_factory=dict)  # trait: when nearly all that is said of it begins


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a check may look at."""

    subjects: tuple[Subject, ...]
    catalog: Catalog
    figures: Figures


@dataclass(frozen=True, slots=True)
class Sight:
    """What a check saw; `subject` None means the segments as a whole."""

    subject: Subject | None
    place: str  # key of the file ("goal") or path in the JSON form ("$.all[0]"); "" for the whole
    message: str
    fix: str
    people: int | None = None  # whom it is about, where that is a number
    severity: Severity | None = None  # where it differs from the check's


@dataclass(frozen=True, slots=True)
class Check:
    """One question to definitions."""

    name: str
    severity: Severity
    question: str
    look: Callable[[Scene], Iterable[Sight]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check has to say of one place."""

    check: str
    severity: Severity
    segment: str | None  # None: the segments as a whole
    place: str
    message: str
    fix: str
    people: int | None = None
    file: str | None = None
    line: int | None = None

    def as_data(self) -> dict[str, object]:
        """For JSON."""
        keys = ("check", "severity", "segment", "file", "line", "place", "message", "fix", "people")
        return {key: getattr(self, key) for key in keys}


def path_of(place: str) -> str:
    """The place of a part of a definition as findings write it.

    >>> path_of("all[0]"), path_of("")
    ('$.all[0]', '$')
    """
    return f"$.{place}" if place else "$"
