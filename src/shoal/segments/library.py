"""The starter library: segments that work on most lists, each with its goal and its content brief.

One file a segment, in one folder for each of the five types. A file with `parameters` is a template: it is no
segment before its blanks are filled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from shoal.core.errors import UserError, nearest, require
from shoal.segments.catalog import Catalog, missing_names
from shoal.segments.files import Segment, check_name, read_segment
from shoal.segments.nodes import Node, walk
from shoal.segments.oracle import NO_SEGMENTS
from shoal.segments.segment_types import TYPES
from shoal.segments.strict_yaml import read_yaml
from shoal.segments.templates import Template, read_template

PREDICTED: Mapping[str, str] = MappingProxyType(
    {
        "buying intent": "0 to 1: how much recent visits speak for an order soon; yesterday's weigh most",
        "trial conversion within 14 days": "probability, 0 to 1, that the trial becomes an order",
        "churn within 30 days": "probability, 0 to 1, that the customer is lost",
        "referral within 90 days": "probability, 0 to 1, that somebody new comes by them",
        "sales readiness": "probability, 0 to 1, that the lead orders when sales call",
        "expansion within 90 days": "probability, 0 to 1, that the customer orders more than so far",
        "lifetime value": "amount, in the main currency, that they are still going to spend",
        "erfm": "0 to 100: recency 25 %, frequency 20 %, monetary 25 %, engagement 20 %, predicted value 10 %",
    }
)
"""Scores that starters ask for, by name, and what each says. They are stated as traits `score:NAME`."""


@dataclass(frozen=True, slots=True)
class Library:
    """All starters."""

    segments: Mapping[str, Segment]
    templates: Mapping[str, Template]


@lru_cache(maxsize=1)
def library() -> Library:
    """The starter library, by type and then by name."""
    segments: dict[str, Segment] = {}
    templates: dict[str, Template] = {}
    for where, text in _texts():
        if "parameters" in read_yaml(text, where):
            template = read_template(text, where)
            templates[template.name] = template
        else:
            segment = read_segment(text, where)
            segments[segment.name] = segment
    return Library(MappingProxyType(segments), MappingProxyType(templates))


def starters() -> Mapping[str, Segment]:
    """The starter segments, by name."""
    return library().segments


def templates() -> Mapping[str, Template]:
    """The starters with blanks, by name."""
    return library().templates


def starter(name: str, values: Mapping[str, str] = MappingProxyType({}), rename: str = "") -> Segment:
    """A starter by name, or a template with these values.

    Raises UserError `unknown_starter`, `unknown_parameter`, `incomplete_segment`, `bad_value` and `bad_name`.
    """
    check_name(rename)
    if name in templates():
        return templates()[name].fill(values, rename)
    known = [*starters(), *templates()]
    fix = nearest(name, known) or "`shoal starters` lists them."
    require(name in known, "unknown_starter", f"There is no starter {name!r}.", fix=fix)
    for given in values:
        raise UserError("unknown_parameter", f"{name!r} has no {given!r}.", where=given, fix="Leave it out.")
    return replace(starters()[name], name=rename or name)


def predicted(node: Node) -> tuple[str, ...]:
    """The scores and clusters that a definition needs: values that models state."""
    found = (each for _, part in walk(node) for each in part.references())
    return tuple(dict.fromkeys(each.name for each in found if each.kind in ("score", "cluster")))


def applicable(segment: Segment, catalog: Catalog, segments: Mapping[str, Node] = NO_SEGMENTS) -> tuple[str, ...]:
    """Names of events and traits that the segment needs and the data does not hold yet; empty where it applies.

    A starter that names such an event is reported as "not applicable: no event X yet", not as an error.
    """
    return missing_names(segment.when, catalog, segments)


def _texts() -> Iterator[tuple[str, str]]:
    """The place and the text of each file."""
    folder = files("shoal.segments") / "starter"
    for kind in TYPES:
        for file in sorted((folder / kind).iterdir(), key=lambda one: one.name):
            yield f"{kind}/{file.name}", file.read_text(encoding="utf-8")
