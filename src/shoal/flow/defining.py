"""What a name, a sentence or a file given by a user means in this workspace."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from shoal.core.errors import UserError, nearest, require
from shoal.core.time import Instant, format_instant, now
from shoal.flow.home import Opened
from shoal.ingest import names
from shoal.segments import versions
from shoal.segments.catalog import Catalog, check_names
from shoal.segments.files import Segment, read_files, read_segment
from shoal.segments.json_form import from_data
from shoal.segments.library import starters
from shoal.segments.nesting import unsound
from shoal.segments.nodes import Node
from shoal.segments.sentence import parse
from shoal.segments.versions import Version
from shoal.segments.wording import WORDS

_SLUG = re.compile(r"[a-z0-9][a-z0-9._@-]*")
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition as the user gave it: its node, and its segment where it has a name."""

    node: Node
    segment: Segment | None = None
    others: Mapping[str, Node] = field(default_factory=dict)  # what the segments that it refers to mean


@dataclass(frozen=True, slots=True)
class Known:
    """The segments and the names of the data that definitions may refer to."""

    segments: Mapping[str, Segment]
    catalog: Catalog
    versions: tuple[Version, ...] = ()  # all that were ever applied
    current: Mapping[str, Version] = field(default_factory=dict)  # of the segments that were applied

    @property
    def nodes(self) -> dict[str, Node]:
        """Definitions by name."""
        return {name: segment.when for name, segment in self.segments.items()}

    @property
    def sound(self) -> dict[str, Node]:
        """Those that can be asked: they lead to no circle of segments and to none that is not there."""
        nodes = self.nodes
        left_out = unsound(nodes)
        return {name: node for name, node in nodes.items() if name not in left_out}


def known(opened: Opened, version_at: Instant | None = None) -> Known:
    """The segments that count, and the names in the data.

    A file that refers to itself in a circle, or to a segment that is not there, stops only the questions that reach it.
    Once anything was applied, these are what was applied last and, under other names, the starter library. Before
    that they are the files of the workspace and the starters. `version_at` asks for what had been applied by then,
    and raises UserError `no_version` where nothing had.
    """
    with opened.database.read() as connection:
        stored = versions.load(connection)
    current = versions.current(stored, version_at)
    if version_at is not None and not any(each.at <= version_at for each in stored):
        message = f"No definition had been applied by {format_instant(version_at)}."
        raise UserError("no_version", message, where="version at", fix="`shoal history NAME` tells when each was.")
    own = {name: each.segment() for name, each in current.items()} if stored else _files(opened)
    segments = {**starters(), **own}
    return Known(segments, data_names(opened, segments), stored, current)


def data_names(opened: Opened, segments: Iterable[str] = ()) -> Catalog:
    """The names in the data, beside those of segments."""
    with opened.database.read() as connection:
        return Catalog.of(((name.event, name.name) for name in names.load(connection)), segments)


def _files(opened: Opened) -> dict[str, Segment]:
    folder = opened.home.segments
    return {name: each.segment for name, each in read_files(folder).items()} if folder.is_dir() else {}


def asked_at(as_of: Instant | None) -> Instant:
    """The instant that a question is about: by default now.

    Raises UserError `future_instant` for one that has not come, of which nobody can know yet.
    """
    moment = now()
    if as_of is None:
        return moment
    require(
        as_of <= moment,
        "future_instant",
        f"{format_instant(as_of)} is in the future; it is {format_instant(Instant(moment // 1_000 * 1_000))} now.",
        where="as of",
        fix="Ask about now or a time before it.",
    )
    return as_of


def define(text: str | Node, what: Known, *, any_name: bool = False) -> Definition:
    """The definition meant by a name, a name with a version (`at-risk@3`), a sentence, or `@file.json` / `@file.yaml`.

    A version comes before a segment that an earlier release let be called like it. Raises UserError for what can't be
    read and for names that the data does not hold (unless `any_name`).
    """
    check = _any_names if any_name else check_names
    if not isinstance(text, str):
        check(text, what.catalog)
        return Definition(text, others=what.nodes)
    text = text.strip()
    name, at, said = text.rpartition("@")
    number = int(said) if _NUMBER.fullmatch(said) else None
    if at and any((each.name, each.number) == (name, number) for each in what.versions):
        return _version(name, number or 0, what)
    if text in what.segments:
        return Definition(what.segments[text].when, what.segments[text], what.nodes)
    if text.startswith("@"):
        return replace(_from_file(Path(text[1:]), what.catalog, check), others=what.nodes)
    if at and (_is_segment(name, what) or (number is not None and _SLUG.fullmatch(name))):
        raise versions.unknown(what.versions, name, said if number is None else number)
    if _SLUG.fullmatch(text) and text not in WORDS:
        raise UserError(
            "unknown_segment",
            f"There is no segment {text!r}.",
            fix=nearest(text, what.segments)
            or '`shoal segments` lists them; a sentence begins like: did "Order Completed".',
        )
    _refuse_title(text, what.segments)
    node = parse(text)
    check(node, what.catalog, text)
    return Definition(node, others=what.nodes)


def _any_names(_node: Node, _catalog: Catalog, _sentence: str | None = None) -> None:
    """No name is refused."""


def _is_segment(name: str, what: Known) -> bool:
    """Whether a segment is or was called so."""
    return name in what.segments or any(each.name == name for each in what.versions)


def _version(name: str, number: int, what: Known) -> Definition:
    """A version with the segments that it refers to as they were; raises `unknown_version` and `deleted_segment`."""
    found = versions.of(what.versions, name, number)
    segment = found.segment()
    return Definition(segment.when, segment, versions.pinned(found, what.versions))


def _refuse_title(text: str, segments: Mapping[str, Segment]) -> None:
    """Raise `unknown_segment` where a segment is meant by its title, or by its name in other letters."""
    plain = _plain(text)
    for name, segment in segments.items():
        if plain in (_plain(name), _plain(segment.title or name)):
            raise UserError(
                "unknown_segment", f"There is no segment {text!r}.", fix=f"Did you mean {name!r}? That is its name."
            )


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "-", text.casefold()).strip("-")


def _from_file(path: Path, catalog: Catalog, check: Callable[[Node, Catalog], None]) -> Definition:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise UserError(
            "unreadable_file",
            "The definition can't be read.",
            where=str(path),
            fix="Check the path, and that it is UTF-8 text.",
        ) from None
    if path.suffix == ".json":
        found = _from_json(text, path)
    else:
        segment = read_segment(text, str(path))
        found = Definition(segment.when, segment)
    with _named(path):
        check(found.node, catalog)
    return found


def _from_json(text: str, path: Path) -> Definition:
    try:
        with _named(path):
            data = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        place = f"{path}, line {error.lineno}, column {error.colno}"
        raise UserError("bad_json", "The definition is not JSON.", where=place, fix=f"{error.msg}.") from None
    except RecursionError:
        raise UserError(
            "too_deep", "The definition is nested too deeply.", where=str(path), fix="Name a part as a segment."
        ) from None
    with _named(path):
        return Definition(from_data(data))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object; raises UserError `duplicate_key`, where JSON would take the last and forget the others."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in found if keys.count(key) > 1)
        raise UserError("duplicate_key", f"The key {twice!r} stands twice in one object.", fix="Keep one of them.")
    return found


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Put the file before the place of an error."""
    try:
        yield
    except UserError as error:
        error.where = f"{path}: {error.where}" if error.where else str(path)
        raise
