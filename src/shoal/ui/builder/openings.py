"""A first sentence for each kind of condition, made of names that the data holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shoal.core.errors import UserError
from shoal.segments.catalog import Catalog
from shoal.segments.operators.words import quoted
from shoal.segments.predictions import ARM, CLUSTER, SCORE
from shoal.segments.sentence import parse
from shoal.segments.wording import name_words
from shoal.ui.builder.phrases import usual_events

MOST = 40


@dataclass(frozen=True, slots=True)
class Opening:
    """A condition to begin with."""

    label: str  # in plain words
    sentence: str


OPENINGS: dict[str, tuple[tuple[str, str], ...]] = {
    "did": (("did something", "did {event}"), ("did not do something", "not did {event} in the last 30 days")),
    "first did, last did": (
        ("did it first at a time", "first did {event} in the last 30 days"),
        ("did it last at a time", "last did {event} more than 30 days ago"),
    ),
    "latest, first": (("what the latest event says", "{property} of the latest {event} is set"),),
    "sum, average, minimum, maximum, distinct": (
        ("a sum or an average over events", "sum of {property} of {event} is at least 1"),
        ("how many different ones", "distinct {property} of {event} is at least 2"),
    ),
    "regularly": (("did it regularly", "did {event} in at least 3 of the last 4 weeks"),),
    "sequence": (("did one, then another", "did {event} then {other} within 7 days"),),
    "trend": (
        ("does it more or less than before", "opens in the last 30 days are at most 0.5 times the 30 days before"),
    ),
    "above average, below average": (("does it more than the average", "opens in the last 30 days are above average"),),
    "top, bottom": (("among the top by a number", "in the top 10 % by number of {event} events"),),
    "trait": (("what is known about them", "{trait} is set"),),
    "has been": (("has been something for a while", "{trait} has been set for at least 14 days"),),
    "changed": (("a fact changed", "{trait} changed in the last 30 days"),),
    "anniversary": (("an anniversary or a birthday", "anniversary of {trait} is in the next 7 days"),),
    "country group": (("lives in a group of countries", "in the EU"),),
    "radius": (("lives near a place", "within 50 km of 52.52, 13.405"),),
    "can receive": (("can be mailed", "can receive email marketing"),),
    "consent": (("what they agreed to", 'consent to email marketing is "granted"'),),
    "opted in": (("how they agreed", 'opted in to email marketing by "double_opt_in"'),),
    "ever opted in": (("ever agreed", "ever opted in to email marketing"),),
    "suppressed": (("bounced or complained", "is suppressed for email"),),
    "on list": (("is on a list", 'on list "Newsletter"'),),
    "imported from": (("came with an import", 'imported from "shopify_customers"'),),
    "local time": (("what time it is where they are", "it is a Monday between 9:00 and 17:00"),),
    "score": (("a prediction", "score {score} is at least 0.5"),),
    "cluster": (("in a group that discovery found", "in cluster {cluster}"),),
    "experiment arm": (("in an arm of an experiment", 'in arm "B" of experiment {experiment}'),),
    "random bucket": (("a random part of the list", "in random bucket 0 to 9 of 100"),),
    "segment": (("in another segment", "in segment {segment}"),),
}
"""By kind. A test holds them to all kinds of conditions."""


def openings(typed: str, catalog: Catalog) -> list[Opening]:
    """Conditions to add: each kind, and the names of the data that hold what is typed."""
    asked = typed.strip().casefold()
    found = {one.sentence: one for one in _named(typed.strip(), asked, catalog)} if asked else {}
    for label, sentence in filled(catalog):
        if asked in label.casefold() or asked in sentence.casefold():
            found.setdefault(sentence, Opening(label, sentence))
    return list(found.values())[:MOST]


def filled(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """All openings with names of the data; examples stand where it holds none."""
    blanks = _blanks(catalog)
    for each in OPENINGS.values():
        for label, sentence in each:
            for blank, name in blanks.items():
                sentence = sentence.replace(blank, name)  # noqa: PLW2901 - filled step by step
            yield label, sentence


def _named(typed: str, asked: str, catalog: Catalog) -> Iterator[Opening]:
    """What was typed, if it is a sentence; and conditions on names that hold it."""
    if _is_sentence(typed):
        yield Opening("as typed", typed)
    for event in [one for one in usual_events(catalog) if asked in one.casefold()][:8]:
        yield Opening(f"did {event}", f"did {quoted(event)}")
    for trait in sorted(one for one in catalog.traits if asked in one.casefold())[:8]:
        yield Opening(f"{trait} …", f"{name_words(trait)} is set")
    for name in sorted(one for one in catalog.segments if asked in one.casefold())[:8]:
        yield Opening(f"in segment {name}", f"in segment {quoted(name)}")


def _is_sentence(typed: str) -> bool:
    try:
        parse(typed)
    except UserError:
        return False
    return True


def _blanks(catalog: Catalog) -> dict[str, str]:
    events = usual_events(catalog) or ["Order Completed"]
    event = next((one for one in events if catalog.properties(one)), events[0])
    properties = sorted(catalog.properties(event)) or ["total"]
    plain = sorted(one for one in catalog.traits if not one.startswith((SCORE, CLUSTER, ARM))) or ["country"]

    def first(begin: str, example: str) -> str:
        there = sorted(one.removeprefix(begin) for one in catalog.traits if one.startswith(begin))
        return quoted(there[0] if there else example)

    return {
        "{event}": quoted(event),
        "{other}": quoted(_other(events, event)),
        "{property}": name_words(properties[0]),
        "{trait}": name_words(plain[0]),
        "{score}": first(SCORE, "churn risk"),
        "{cluster}": first(CLUSTER, "Bargain hunters"),
        "{experiment}": first(ARM, "subject-test"),
        "{segment}": quoted(sorted(catalog.segments)[0] if catalog.segments else "at-risk"),
    }


def _other(events: Sequence[str], event: str) -> str:
    return next((one for one in events if one != event), event)
