"""Segments as YAML files: a definition with its goal, its content brief and its keeper."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shoal.core.errors import UserError, nearest, require
from shoal.core.time import Duration, parse_instant
from shoal.segments.json_form import from_data
from shoal.segments.nesting import unsound
from shoal.segments.nodes import Node
from shoal.segments.segment_types import TYPES
from shoal.segments.sentence import english, parse
from shoal.segments.strict_yaml import read_yaml, write_yaml

LARGEST_FILE = 1_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Goal:
    """What the segment is for: one metric, its target, and the deadline."""

    metric: str
    target: str
    by: str  # a date in ISO 8601, or a length of time from the launch on such as "30d"

    def __post_init__(self) -> None:
        self.deadline()

    def deadline(self) -> str:
        """The deadline in words; raises UserError `bad_deadline` when it is neither date nor length of time.

        >>> Goal("open rate", "25 %", "30d").deadline(), Goal("open rate", "25 %", "2026-12-01").deadline()
        ('within 30 days', 'by 2026-12-01')
        """
        try:
            return f"within {Duration.parse(self.by).english()}"
        except UserError:
            pass
        try:
            parse_instant(self.by)
        except UserError:
            fix = "Write a date such as 2026-12-01, or a length of time such as 30d."
            raise UserError("bad_deadline", f"{self.by!r} is no deadline.", where="goal.by", fix=fix) from None
        return f"by {self.by}"


@dataclass(frozen=True, slots=True)
class ContentBrief:
    """The five questions that content for a segment answers (guide, step 5)."""

    knows: str  # what do they already know
    pain: str  # their present problem or goal
    objection: str  # what stops them
    proof: str  # the proof they need
    next_action: str  # what they should do next


@dataclass(frozen=True, slots=True)
class SizeTarget:
    """How many members make sense."""

    at_least: int
    at_most: int

    def __post_init__(self) -> None:
        sound = all(type(one) is int for one in (self.at_least, self.at_most)) and 0 <= self.at_least <= self.at_most
        require(
            sound, "bad_value", "The size is not two whole numbers in order.", fix="Write at_least: 50, at_most: 500."
        )


@dataclass(frozen=True, slots=True)
class Segment:
    """A named definition with what it is for. Goal and content may be missing: the linter asks for them."""

    name: str
    when: Node
    title: str = ""
    type: str = ""  # a key of `TYPES`; "" where the file names none
    goal: Goal | None = None
    size: SizeTarget | None = None
    content: ContentBrief | None = None
    owner: str = ""
    review_by: str = ""  # a date in ISO 8601
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        plain = self.name.isprintable() and self.name == self.name.strip() and 0 < len(self.name) <= 100
        fix = "Write a short name such as at-risk-customers."
        require(plain, "bad_name", f"{self.name!r} is not a name for a segment.", fix=fix)
        fix = nearest(self.type, TYPES) or f"Write one of {', '.join(TYPES)}."
        require(self.type in ("", *TYPES), "bad_value", f"There is no type {self.type!r}.", where="type", fix=fix)
        if self.review_by:
            parse_instant(self.review_by)


_KEYS = ("name", "title", "type", "when", "goal", "size", "content", "owner", "review_by", "tags")


def read_segment(text: str, where: str) -> Segment:
    """The segment of a YAML text; `where` names the file in errors.

    Raises UserError `bad_yaml`, `unknown_key`, `incomplete_segment` and the errors of definitions.
    """
    data = read_yaml(text, where)
    try:
        return segment_from(data)
    except UserError as error:
        error.where = f"{where}: {error.where}" if error.where else where
        raise


def check_name(name: str) -> None:
    """Raise UserError `bad_name` for a name that no new segment may have: `vip@1` means a version of vip, and the
    others can't be told in an address, where a slash parts two steps and dots go up (RFC 3986, section 5.2.4).
    """
    fix = f"Write {_PARTING.sub('-', name).strip('-.') or 'at-risk-customers'}."
    require("@" not in name, "bad_name", f"{name!r} has an @, which stands before a version.", where="name", fix=fix)
    told = f"{name!r} has a slash, which parts the steps of an address."
    require(not {"/", "\\"} & set(name), "bad_name", told, where="name", fix=fix)
    require(name not in (".", ".."), "bad_name", f"{name!r} means a folder.", where="name", fix=fix)


_PARTING = re.compile(r"[@/\\]+")


def segment_from(data: object, *, any_name: bool = False) -> Segment:
    """The segment of a mapping as it stands in a file; `any_name` takes one that `check_name` refuses."""
    if not isinstance(data, Mapping):
        raise UserError("incomplete_segment", "A segment needs a name and a definition.", fix="Write name: and when:.")
    for key in data:
        if key not in _KEYS:
            fix = nearest(str(key), _KEYS) or f"Use {', '.join(_KEYS)}."
            raise UserError("unknown_key", f"A segment has no {str(key)!r}.", where=str(key), fix=fix)
    for key in ("name", "when"):
        require(
            bool(data.get(key)), "incomplete_segment", f"The segment has no {key}.", where=key, fix=f"Write {key}:."
        )
    name = _text(data, "name")
    if not any_name:
        check_name(name)
    return Segment(
        name=name,
        when=_definition(data["when"]),
        title=_text(data, "title"),
        type=_text(data, "type"),
        goal=_record(data, "goal", Goal),
        size=_record(data, "size", SizeTarget),
        content=_record(data, "content", ContentBrief),
        owner=_text(data, "owner"),
        review_by=_text(data, "review_by"),
        tags=_tags(data.get("tags", [])),
    )


def to_yaml(segment: Segment) -> str:
    """The file's text, with the definition as a sentence; `read_segment` reads it back."""
    said = labels(segment)
    first = {key: said.pop(key) for key in ("title", "type") if key in said}
    return write_yaml({"name": segment.name, **first, "when": english(segment.when), **said})


def labels(segment: Segment) -> dict[str, Any]:
    """All that a file says besides name and definition, under its keys; what it does not say is left out."""
    values = {
        "title": segment.title,
        "type": segment.type,
        "goal": asdict(segment.goal) if segment.goal else None,
        "size": asdict(segment.size) if segment.size else None,
        "content": asdict(segment.content) if segment.content else None,
        "owner": segment.owner,
        "review_by": segment.review_by,
        "tags": list(segment.tags),
    }
    return {key: value for key, value in values.items() if value}


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """A segment with the file that it came from."""

    segment: Segment
    file: str  # its name, without the folder
    text: str


NO_OTHERS: Mapping[str, Segment] = {}


def load_segments(folder: Path, others: Mapping[str, Segment] = NO_OTHERS) -> dict[str, Segment]:
    """All segments of the YAML files in a folder, by name, ordered by name.

    They may refer to each other and to `others`, whose place a file of the same name takes.

    Raises UserError `duplicate_segment`, `unknown_segment`, `segment_cycle` and the errors of each file.
    """
    return {name: each.segment for name, each in load_files(folder, others).items()}


def load_files(folder: Path, others: Mapping[str, Segment] = NO_OTHERS) -> dict[str, SegmentFile]:
    """The same, each with its file."""
    found = read_files(folder)
    nodes = {name: segment.when for name, segment in others.items()}
    nodes |= {name: each.segment.when for name, each in found.items()}
    for name, error in unsound(nodes).items():
        file_name = found[name].file if name in found else name
        error.where = f"{file_name}: {error.where}" if error.where else file_name
        raise error
    return found


def read_files(folder: Path) -> dict[str, SegmentFile]:
    """The same without a look at what they refer to."""
    require(
        folder.is_dir(), "no_folder", "There is no such folder.", where=str(folder), fix="Name a folder of YAML files."
    )
    found: dict[str, SegmentFile] = {}
    for file in sorted(one for one in folder.iterdir() if one.suffix in (".yaml", ".yml")):
        text = _contents(file)
        segment = read_segment(text, file.name)
        if segment.name in found:
            message = f"Two files define the segment {segment.name!r}."
            raise UserError("duplicate_segment", message, where=file.name, fix="Rename one of them.")
        found[segment.name] = SegmentFile(segment, file.name, text)
    return dict(sorted(found.items()))


def _contents(file: Path) -> str:
    small = file.stat().st_size <= LARGEST_FILE
    require(small, "bad_yaml", "The file is too large for a segment.", where=file.name, fix="Keep one segment a file.")
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError("bad_yaml", "The file is not UTF-8 text.", where=file.name, fix="Save it as UTF-8.") from None


def _definition(when: object) -> Node:
    try:
        return parse(when) if isinstance(when, str) else from_data(when)
    except UserError as error:
        error.where = f"when {error.where}" if error.where else "when"
        raise


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key, "")
    if not isinstance(value, str):
        raise UserError("bad_value", f"{key} is not a text.", where=key, fix="Write it in quotes.")
    return value


def _tags(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise UserError("bad_value", "tags is not a list of texts.", where="tags", fix="Write tags: [a, b].")
    return tuple(value)


def _record(data: Mapping[str, Any], key: str, kind: type[Any]) -> Any:
    """The dataclass under a key, with exactly its fields; None where the key is absent."""
    if key not in data:
        return None
    given, wanted = data[key], tuple(kind.__dataclass_fields__)
    if not isinstance(given, Mapping) or set(given) != set(wanted):
        fix = f"Write {', '.join(wanted)}."
        raise UserError("incomplete_segment", f"{key} needs exactly {len(wanted)} fields.", where=key, fix=fix)
    for name, value in given.items():
        if kind is not SizeTarget and (not isinstance(value, str) or not value.strip()):
            raise UserError(
                "incomplete_segment", f"{name} is not a text.", where=f"{key}.{name}", fix="Write it in quotes."
            )
    return kind(**given)
