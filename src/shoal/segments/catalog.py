"""The names that the data holds, and whether a definition uses only those."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from shoal.core.errors import UserError, nearest
from shoal.segments.lowered import (
    AgainstAverage,
    AllOf,
    AnyOf,
    Core,
    CountWithin,
    InSegment,
    Opposite,
    TraitHolds,
)
from shoal.segments.nodes import Node, Reference, walk
from shoal.segments.operators.words import quoted
from shoal.segments.oracle import NO_SEGMENTS
from shoal.segments.predictions import ARM, CLUSTER, SCORE
from shoal.segments.wording import name_words


@dataclass(frozen=True, slots=True)
class Catalog:
    """Names seen in the data."""

    events: Mapping[str, frozenset[str]] = field(default_factory=dict)  # event to the names of its properties
    traits: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()

    @classmethod
    def of(cls, seen: Iterable[tuple[str, str]], segments: Iterable[str] = ()) -> Catalog:
        """From pairs (event, property); ("…", "") is an event itself and ("", "…") a trait.

        >>> Catalog.of([("Order Completed", ""), ("Order Completed", "total"), ("", "plan")]).traits
        frozenset({'plan'})
        """
        events: dict[str, set[str]] = {}
        traits = set()
        for event, name in seen:
            if not event:
                traits.add(name)
            else:
                events.setdefault(event, set()).update([name] if name else [])
        return cls({event: frozenset(names) for event, names in events.items()}, frozenset(traits), frozenset(segments))

    def named(self, event: str) -> tuple[str, ...]:
        """Known events that a name in a definition means: itself, or all with the prefix before `*`."""
        if event.endswith("*"):
            return tuple(name for name in self.events if name.startswith(event[:-1]))
        return (event,) if event in self.events else ()

    def properties(self, event: str) -> frozenset[str]:
        """Names of the properties that events of a name have had."""
        return frozenset(name for known in self.named(event) for name in self.events[known])


def unknown_names(node: Node, catalog: Catalog, sentence: str | None = None) -> Iterator[UserError]:
    """An error for each name that the data does not hold, with the nearest one that it does.

    The place is line:column in `sentence` where that is given and holds the name, else the path in the
    JSON form.
    """
    for path, part in walk(node):
        for reference in part.references():
            told = _unknown(reference, catalog)
            if told is not None:
                code, message, fix = told
                fix = _bracketed(reference, node, catalog) or fix
                where = _place(reference.name, sentence) or (f"$.{path}" if path else "$")
                yield UserError(code, message, where=where, fix=fix)


def _bracketed(reference: Reference, node: Node, catalog: Catalog) -> str | None:
    """What to do where a trait that nobody has is a property of an event that the definition names."""
    events = [each.name for _, part in walk(node) for each in part.references() if each.kind == "event"]
    if reference.kind != "trait" or not any(reference.name in catalog.properties(event) for event in events):
        return None
    return f"A property of the event goes into brackets with the other: where (… or {name_words(reference.name)} …)."


def check_names(node: Node, catalog: Catalog, sentence: str | None = None) -> None:
    """Raise the first error of `unknown_names`.

    Codes: `unknown_event`, `unknown_property`, `unknown_trait`, `unknown_segment`, `unknown_score`, `unknown_cluster`,
    `unknown_experiment`.
    """
    for error in unknown_names(node, catalog, sentence):
        raise error


def missing_names(node: Node, catalog: Catalog, segments: Mapping[str, Node] = NO_SEGMENTS) -> tuple[str, ...]:
    """Events, traits, scores and clusters without which nobody can be a member, and which the data has not.

    A part of an `or` that lacks its event is just false, and "never did" is true of everyone.
    """
    if outcome(node.lower(), catalog, segments) is not False:
        return ()
    found: dict[str, None] = {}
    for _, part in walk(node):
        for reference in part.references():
            if reference.kind == "segment" and reference.name in segments:
                found.update(dict.fromkeys(missing_names(segments[reference.name], catalog, segments)))
            elif reference.kind in _FROM_DATA and _unknown(reference, catalog) is not None:
                found[reference.name] = None
    return tuple(found)


@runtime_checkable
class Needing(Protocol):
    """A lowered condition of a kind of its own that is true of nobody where the data lacks certain names."""

    def needs(self) -> Iterator[Reference]:
        """Those names."""


def outcome(core: Core, catalog: Catalog, segments: Mapping[str, Node] = NO_SEGMENTS) -> bool | None:
    """What a condition comes to by the names alone: true or false of everyone; None where people may differ."""
    match core:
        case AllOf(parts) | AnyOf(parts):
            found = {outcome(part, catalog, segments) for part in parts}
            decides = isinstance(core, AnyOf)
            return decides if decides in found else None if None in found else not decides
        case Opposite(part):
            inner = outcome(part, catalog, segments)
            return None if inner is None else not inner
        case InSegment(name) if name in segments:
            return outcome(segments[name].lower(), catalog, segments)
    return _without_names(core, catalog)


def _without_names(leaf: Core, catalog: Catalog) -> bool | None:
    """What a leaf comes to where the data lacks its names; None where it has them."""
    match leaf:
        case CountWithin(count, low, _):
            streams, without = [count.stream], low == 0
        case AgainstAverage(count, per, _):
            streams, without = [count.stream, *([per.stream] if per else [])], False
        case TraitHolds(name, _):
            return None if name in catalog.traits else False
        case Needing():
            lacks = any(each.kind in _FROM_DATA and _unknown(each, catalog) is not None for each in leaf.needs())
            return False if lacks else None
        case Node():
            lacks = any(each.kind in _FROM_DATA and _unknown(each, catalog) is not None for each in leaf.references())
            return False if lacks else None
        case _:
            return None
    return None if all(catalog.named(stream.event) for stream in streams) else without


def _unknown(reference: Reference, catalog: Catalog) -> tuple[str, str, str] | None:
    name = reference.name
    if reference.kind in _RESERVED:
        return _unpredicted(reference.kind, name, catalog)
    match reference.kind:
        case "event" if not catalog.named(name):
            return _unknown_event(name, catalog)
        case "property" if catalog.named(reference.event or "") and name not in catalog.properties(
            reference.event or ""
        ):
            properties = catalog.properties(reference.event or "")
            fix = _dotted(name, properties) or nearest(name, properties) or _known("property", properties)
            return "unknown_property", f"No event {reference.event!r} has a property {name!r}.", fix
        case "trait" if catalog.traits.isdisjoint((name, *reference.holders)):
            return (
                "unknown_trait",
                f"There is no trait {name!r}.",
                nearest(name, catalog.traits) or _known("trait", catalog.traits),
            )
        case "segment" if name not in catalog.segments:
            fix = nearest(name, catalog.segments) or _known("segment", catalog.segments)
            return "unknown_segment", f"There is no segment {name!r}.", fix
    return None


def _unknown_event(name: str, catalog: Catalog) -> tuple[str, str, str]:
    if name.endswith("*"):
        return "unknown_event", f"No event begins with {name[:-1]!r}.", _known("event", catalog.events)
    fix = nearest(name, catalog.events) or _known("event", catalog.events)
    return "unknown_event", f"There is no event {name!r}.", fix


_RESERVED = {"score": SCORE, "cluster": CLUSTER, "experiment": ARM}
_FROM_DATA = ("event", "trait", *_RESERVED)


def _unpredicted(kind: str, name: str, catalog: Catalog) -> tuple[str, str, str] | None:
    """The error of a score, a cluster or an experiment that no trait holds."""
    beginning = _RESERVED[kind]
    there = [trait.removeprefix(beginning) for trait in catalog.traits if trait.startswith(beginning)]
    if name in there:
        return None
    stated = f"Import it as the trait {beginning + name!r}: {_STATED[kind]}."
    listed = _listed(there) if there else stated
    return f"unknown_{kind}", f"There is no {kind} {name!r} yet.", nearest(name, there) or listed


_STATED = {
    "score": "a number",
    "cluster": "true of those in it, null of those who left",
    "experiment": "the name of the arm",
}


def _dotted(name: str, properties: Iterable[str]) -> str | None:
    """How to write a property that has a dot in its name, of which a sentence has read the part before the dot.

    >>> print(_dotted("a", ["a.b", "c"])[-8:])
    "a\\\\.b".
    """
    found = next((each for each in sorted(properties) if each.startswith(f"{name}.")), None)
    if found is None:
        return None
    escaped = quoted(found.replace("\\", "\\\\").replace(".", "\\."))
    return (
        "A dot reaches into nested properties. Write the dot of a name with two backslashes before it, "
        f"in quotes: {escaped}."
    )


_MOST_LISTED = 8


def _known(kind: str, names: Iterable[str]) -> str:
    listed = tuple(names)
    if not listed:
        return f"No {kind} is known yet: import data first." if kind != "segment" else "No segment is defined yet."
    return _listed(listed)


def _listed(names: Collection[str]) -> str:
    """The first of the names, and how many more there are.

    >>> _listed("cab"), _listed("abcdefghij")
    ('Known are a, b, c.', 'Known are a, b, c, d, e, f, g, h and 2 more.')
    """
    more = f" and {len(names) - _MOST_LISTED:,} more" if len(names) > _MOST_LISTED else ""
    return f"Known are {', '.join(sorted(names)[:_MOST_LISTED])}{more}."


def _place(name: str, sentence: str | None) -> str | None:
    if sentence is None:
        return None
    found = re.search(
        rf"{re.escape(quoted(name))}|'{re.escape(name)}'|(?<![\w\"']){re.escape(name)}(?![\w\"'])", sentence
    )
    if found is None:
        return None
    before = sentence[: found.start()]
    return f"{before.count(chr(10)) + 1}:{found.start() - before.rfind(chr(10))}"
