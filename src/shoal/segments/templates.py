"""Segments with blanks: a template becomes a segment when all its parameters have a value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shoal.core.errors import UserError, nearest, require
from shoal.core.time import Duration, parse_instant
from shoal.segments.files import Segment, segment_from
from shoal.segments.operators.words import quoted
from shoal.segments.strict_yaml import read_yaml

KINDS = ("text", "number", "date", "duration")
"""What a value may be. A text stands within double quotes in the sentence, the others stand bare."""

_BLANK = re.compile(r"\{([a-z_]+)\}")
_NUMBER = re.compile(r"\d+(\.\d+)?", re.ASCII)
_SLUG = re.compile(r"[^a-z0-9]+")
_LONGEST = 200  # characters of a value


@dataclass(frozen=True, slots=True)
class Parameter:
    """One blank: what to write there, and a value as an example."""

    name: str
    kind: str  # one of KINDS
    what: str
    example: str

    def __post_init__(self) -> None:
        fix = f"Use one of {', '.join(KINDS)}."
        require(self.kind in KINDS, "bad_value", f"{self.kind!r} is no kind of parameter.", where=self.name, fix=fix)

    def check(self, value: str) -> None:
        """Raise UserError `incomplete_segment` or `bad_value` for a value that can't stand there."""
        fix = f"{self.what} For example: {self.name}={self.example}"
        require(bool(value.strip()), "incomplete_segment", f"{self.name} is empty.", where=self.name, fix=fix)
        plain = value.isprintable() and len(value) <= _LONGEST
        require(
            plain and _fits(self.kind, value), "bad_value", f"{self.name} is no {self.kind}.", where=self.name, fix=fix
        )


@dataclass(frozen=True, slots=True)
class Template:
    """A segment's file whose texts hold blanks such as `{category}`."""

    name: str
    title: str
    type: str
    when: str  # the sentence with its blanks
    suffix: str  # what the name of a filled one ends in, with blanks
    parameters: tuple[Parameter, ...]
    file: Mapping[str, Any]  # what else the segment's file says, with its blanks

    def fill(self, values: Mapping[str, str], name: str = "") -> Segment:
        """The segment with these values; its name ends in what sets it apart where none is given.

        Raises UserError `incomplete_segment` where a value is missing, `unknown_parameter` and `bad_value`.
        """
        known = [each.name for each in self.parameters]
        for given in values:
            fix = nearest(given, known) or f"It has {', '.join(known)}."
            require(given in known, "unknown_parameter", f"{self.name!r} has no {given!r}.", where=given, fix=fix)
        for each in self.parameters:
            each.check(values.get(each.name, ""))
        texts = {each.name for each in self.parameters if each.kind == "text"}
        inside = {one: quoted(value)[1:-1] if one in texts else value for one, value in values.items()}
        named = name or "-".join(filter(None, (self.name, slug(_filled(self.suffix, values)))))[:100]
        return segment_from({**_filled(self.file, values), "name": named, "when": _filled(self.when, inside)})

    def example(self) -> Segment:
        """The segment with the values of the examples."""
        return self.fill({each.name: each.example for each in self.parameters})


def read_template(text: str, where: str) -> Template:
    """The template of a YAML text that has `parameters`; `where` names the file in errors.

    Raises UserError `bad_yaml` and `incomplete_segment`.
    """
    content = read_yaml(text, where)
    parameters = tuple(
        Parameter(name, said["kind"], said["what"], said["example"]) for name, said in content.pop("parameters").items()
    )
    blanks = set(_BLANK.findall(content["when"]))
    fix = "Use each parameter in the sentence, and no others."
    same = blanks == {each.name for each in parameters}
    require(same, "incomplete_segment", "The sentence has other blanks than parameters.", where=where, fix=fix)
    suffix = content.pop("suffix", "")
    name, title, type, when = (content[key] for key in ("name", "title", "type", "when"))
    return Template(name, title, type, when, suffix, parameters, content)


def slug(text: str) -> str:
    """The text as it may stand in a segment's name.

    >>> slug("Trail & Road"), slug("/blog/beans")
    ('trail-road', 'blog-beans')
    """
    return _SLUG.sub("-", text.casefold()).strip("-")


def _filled(content: Any, values: Mapping[str, str]) -> Any:
    """Texts with their blanks filled, all at once: a value that looks like a blank stays as it is."""
    match content:
        case str():
            return _BLANK.sub(lambda blank: values[blank[1]], content)
        case dict():
            return {key: _filled(each, values) for key, each in content.items()}
        case list():
            return [_filled(each, values) for each in content]
    return content


def _fits(kind: str, value: str) -> bool:
    try:
        match kind:
            case "date":
                parse_instant(value)
            case "duration":
                Duration.parse(value)
            case "number":
                return _NUMBER.fullmatch(value) is not None
    except UserError:
        return False
    return True
