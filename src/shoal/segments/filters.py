"""Filters of events: comparisons of a property, and groups of them joined by and, or and not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from shoal.core.errors import UserError, require
from shoal.core.time import Instant
from shoal.segments.comparison import PropertyFilter, filter_from
from shoal.segments.values import Json

DEEPEST = 20
"""Levels of groups within groups."""


@dataclass(frozen=True, slots=True)
class _Joined:
    """Two filters or more of the same event."""

    parts: tuple[Filter, ...]

    key: ClassVar[str]
    word: ClassVar[str]

    def __post_init__(self) -> None:
        message = f"A group of filters joined by {self.word} needs two at least."
        require(len(self.parts) > 1, "incomplete_condition", message, fix="Add a filter.")

    def tests(self) -> Iterator[PropertyFilter]:
        """The comparisons within."""
        for part in self.parts:
            yield from part.tests()

    def moments(self, properties: Mapping[str, Json]) -> Iterator[Instant]:
        """Instants at which time alone may change an answer within."""
        for part in self.parts:
            yield from part.moments(properties)

    def english(self) -> str:
        """`(path is "a" or path is "b")`."""
        return f"({f' {self.word} '.join(part.english() for part in self.parts)})"

    def to_data(self) -> dict[str, Json]:
        """`{"any": [{"property": "path", "is": "a"}, …]}`."""
        return {self.key: [part.to_data() for part in self.parts]}


@dataclass(frozen=True, slots=True)
class AnyFilter(_Joined):
    """At least one of the filters passes.

    >>> from shoal.segments.comparison import Comparison
    >>> one, other = (PropertyFilter((name,), Comparison("is", 1)) for name in ("plan", "trial"))
    >>> AnyFilter((one, other)).english(), AnyFilter((one, other)).holds({"trial": 1}, Instant(0))
    ('(plan is 1 or trial is 1)', True)
    """

    key = "any"
    word = "or"

    def holds(self, properties: Mapping[str, Json], now: Instant) -> bool:
        """The oracle's reading."""
        return any(part.holds(properties, now) for part in self.parts)


@dataclass(frozen=True, slots=True)
class AllFilter(_Joined):
    """Every one of the filters passes."""

    key = "all"
    word = "and"

    def holds(self, properties: Mapping[str, Json], now: Instant) -> bool:
        """The oracle's reading."""
        return all(part.holds(properties, now) for part in self.parts)


@dataclass(frozen=True, slots=True)
class NotFilter:
    """The filter does not pass, also for want of a value."""

    part: Filter

    def holds(self, properties: Mapping[str, Json], now: Instant) -> bool:
        """The oracle's reading."""
        return not self.part.holds(properties, now)

    def tests(self) -> Iterator[PropertyFilter]:
        """The comparisons within."""
        return self.part.tests()

    def moments(self, properties: Mapping[str, Json]) -> Iterator[Instant]:
        """Instants at which time alone may change an answer within."""
        return self.part.moments(properties)

    def english(self) -> str:
        """`not (path is "a")`."""
        inner = self.part.english()
        return f"not {inner}" if isinstance(self.part, AnyFilter | AllFilter) else f"not ({inner})"

    def to_data(self) -> dict[str, Json]:
        """`{"not": {"property": "path", "is": "a"}}`."""
        return {"not": self.part.to_data()}


Filter = PropertyFilter | AnyFilter | AllFilter | NotFilter


def needed(one: Filter, holds: bool = True) -> Iterator[tuple[PropertyFilter, bool]]:
    """The comparisons that must come out so (True or False) wherever the filter passes (or doesn't)."""
    match one:
        case PropertyFilter():
            yield one, holds
        case NotFilter(part):
            yield from needed(part, not holds)
        case AllFilter(parts) | AnyFilter(parts) if isinstance(one, AllFilter) == holds:
            for part in parts:
                yield from needed(part, holds)


Wanted = tuple[tuple[PropertyFilter, bool], ...]
"""Comparisons, and whether each shall hold."""


def ways_to_pass(one: Filter, holds: bool = True) -> Iterator[Wanted]:
    """Choices of comparisons that together make the filter pass (or fail), the first parts first."""
    match one:
        case PropertyFilter():
            yield ((one, holds),)
        case NotFilter(part):
            yield from ways_to_pass(part, not holds)
        case AllFilter(parts) | AnyFilter(parts):
            if isinstance(one, AllFilter) == holds:
                yield from together(parts, holds)
            else:
                for part in parts:
                    yield from ways_to_pass(part, holds)


def together(parts: Sequence[Filter], holds: bool = True) -> Iterator[Wanted]:
    """Choices of comparisons that make every one of the filters pass (or fail); the empty one where there are none."""
    if not parts:
        yield ()
        return
    for found in ways_to_pass(parts[0], holds):
        yield from ((*found, *others) for others in together(parts[1:], holds))


def read_filter(data: object, where: str, depth: int = 0) -> Filter:
    """A filter of its JSON form; raises UserError for anything else.

    >>> told = {"any": [{"property": "plan", "is": 1}, {"not": {"property": "trial", "is": 2}}]}
    >>> read_filter(told, "$").english()
    '(plan is 1 or not (trial is 2))'
    """
    key = next((key for key in _GROUPS if isinstance(data, dict) and key in data), None)
    if not isinstance(data, dict) or key is None:
        return filter_from(data, where)
    if depth >= DEEPEST:
        message = f"Filters are nested more than {DEEPEST} levels deep."
        raise UserError("too_deep", message, where=where, fix="Write several conditions.")
    if len(data) > 1:
        other = next(each for each in data if each != key)
        message = f"The key {other!r} has no meaning beside {key!r}."
        raise UserError("unknown_key", message, where=where, fix="Put each filter into the list.")
    return _GROUPS[key](data[key], f"{where}.{key}", depth + 1)


def _listed(join: Callable[[tuple[Filter, ...]], Filter]) -> Callable[[Any, str, int], Filter]:
    def read(data: Any, where: str, depth: int) -> Filter:
        if not isinstance(data, list) or not data:
            message = "The filters are not a list of filters."
            raise UserError("incomplete_condition", message, where=where, fix="Write [{…}, {…}].")
        parts = tuple(read_filter(part, f"{where}[{place}]", depth) for place, part in enumerate(data))
        return parts[0] if len(parts) == 1 else join(parts)

    return read


def _none(data: Any, where: str, depth: int) -> Filter:
    return NotFilter(_listed(AnyFilter)(data, where, depth))


_GROUPS: Mapping[str, Callable[[Any, str, int], Filter]] = {
    "any": _listed(AnyFilter),
    "all": _listed(AllFilter),
    "none": _none,
    "not": lambda data, where, depth: NotFilter(read_filter(data, where, depth)),
}

GRAMMAR = r"""
filters: "where" _filter (_AND_WHERE _filter)*
_filter: filter | filter_group | filter_not
filter_not: "not" filter_group
filter_group: "(" filter_any ")"
?filter_any: filter_all
    | filter_all ("or" filter_all)+ -> filters_or
?filter_all: _filter
    | _filter ("and" _filter)+ -> filters_and
filter: property test
property: NAME | STRING
_AND_WHERE.3: /and\s+where\b/i
"""


@dataclass(frozen=True, slots=True)
class _Bare:
    """Filters joined by `and` as they are read, before it is known whether brackets stand around them."""

    group: AllFilter


def _either(*parts: Filter | _Bare) -> AnyFilter:
    told = AnyFilter(tuple(_bracketed(part) for part in parts))
    if any(isinstance(part, _Bare) for part in parts):
        fix = f"Write the brackets that you mean, for example {told.english()}."
        raise UserError("sentence_syntax", "The filters mix and with or.", fix=fix)
    return told


def _bracketed(part: Filter | _Bare) -> Filter:
    return part.group if isinstance(part, _Bare) else part


BUILD: Mapping[str, Callable[..., Any]] = {
    "filters": lambda *filters: filters,
    "filter": PropertyFilter,
    "filter_group": _bracketed,
    "filter_not": NotFilter,
    "filters_or": _either,
    "filters_and": lambda *parts: _Bare(AllFilter(parts)),
}
