"""Why a subscriber is a member or not, condition by condition. Built on the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shoal.core.time import Instant, format_instant
from shoal.segments.counterfactual.by_time import Answers, moves_with_others
from shoal.segments.counterfactual.flip import Flip
from shoal.segments.counterfactual.least import IDENTIFIED, Least, leaf_flips, least_change, least_of_visitor
from shoal.segments.counterfactual.population import Remembered
from shoal.segments.counterfactual.reasons import reasons
from shoal.segments.history import Event, History
from shoal.segments.kinds.anonymous import includes_anonymous
from shoal.segments.nesting import segments_used
from shoal.segments.nodes import Node, Person, Population
from shoal.segments.oracle import NO_SEGMENTS
from shoal.segments.values import Json


@dataclass(frozen=True, slots=True)
class Explanation:
    """One condition or group, for one subscriber at one instant.

    `since` is when it last became what it is; None where it never was otherwise. `changes_at` is when it
    will change if nothing happens but time; None where it won't. Both are None for conditions
    about averages and ranks, which move with everybody else. `flip` is what it takes for a condition to turn, `least`
    for the whole: which conditions have to, and how; None where none was found. `why_none` are the conditions that
    nothing turns, each with why, where that is the reason.
    """

    place: str  # in the JSON form: "all[0]"; "" for the whole
    sentence: str
    holds: bool
    value: str | None = None  # of a condition: "2"; None for groups
    needed: str | None = None  # "at least 3 times"
    events: tuple[Event, ...] = ()  # those that decide, oldest first
    since: Instant | None = None
    changes_at: Instant | None = None
    flip: Flip | None = None  # of a condition; None for groups
    least: Least | None = None  # of the whole; None for its parts
    why_none: tuple[str, ...] = ()
    parts: tuple[Explanation, ...] = ()

    def as_data(self) -> dict[str, Json]:
        """The JSON form of the explanation; instants in ISO 8601."""
        return {
            "place": self.place,
            "sentence": self.sentence,
            "holds": self.holds,
            "value": self.value,
            "needed": self.needed,
            "events": [
                {"event_id": event.event_id, "name": event.name, "at": format_instant(event.at)}
                for event in self.events
            ],
            "since": None if self.since is None else format_instant(self.since),
            "changes_at": None if self.changes_at is None else format_instant(self.changes_at),
            "flip": self.flip.as_data() if self.flip else None,
            "least_change": self.least.as_data() if self.least else None,
            "why_no_change": list(self.why_none),
            "parts": [part.as_data() for part in self.parts],
        }


def explain(
    node: Node,
    history: History,
    now: Instant,
    segments: Mapping[str, Node] = NO_SEGMENTS,
    population: Population | None = None,
) -> Explanation:
    """The tree of a definition's conditions, each with its answer for a subscriber.

    `holds` of the whole is membership: it is false for a visitor nobody has identified, unless the
    definition includes them. Arguments and errors are those of `oracle.is_member`.
    """
    segments_used(node, segments)
    asked = None if population is None else Remembered(population)
    person = Person.of(history, now, segments, asked)
    answers = Answers(person)
    flips = leaf_flips(node, answers)
    found = _explained(node, answers, "", flips)
    if history.identified or includes_anonymous(node):
        least = least_change(node, answers, flips)
        return replace(found, least=least, why_none=() if least else reasons(node, person, flips))
    return Explanation(
        place="",
        sentence=found.sentence,
        holds=False,
        value="nobody has identified this visitor",
        needed=IDENTIFIED,
        least=least_of_visitor(node, person),
        parts=(found,),
    )


def _explained(node: Node, answers: Answers, place: str, flips: Mapping[str, Flip]) -> Explanation:
    person = answers.person
    holds, detail = node.holds(person), node.detail(person)
    since, changes_at = (None, None)
    if not moves_with_others(node, person):
        since, changes_at = answers.since(node, person.now), answers.changes_at(node, person.now)
    return Explanation(
        place=place,
        sentence=node.english(),
        holds=holds,
        value=detail.value if detail else None,
        needed=detail.needed if detail else None,
        events=detail.events if detail else (),
        since=since,
        changes_at=changes_at,
        flip=None if node.children() else flips[node.english()],
        parts=tuple(_explained(part, answers, f"{place}.{key}".lstrip("."), flips) for key, part in node.children()),
    )
