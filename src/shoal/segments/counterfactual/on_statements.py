"""Ways to turn conditions on what is stated of a subscriber: another value of a trait, another state of a consent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from shoal.core.time import Instant
from shoal.segments.comparison import Comparison
from shoal.segments.counterfactual.examples import example_value, stated
from shoal.segments.counterfactual.facts import Facts
from shoal.segments.counterfactual.ways import Do, Way
from shoal.segments.history import ConsentStatement
from shoal.segments.nodes import Person
from shoal.segments.values import Json
from shoal.segments.wording import name_words


def of_trait(
    person: Person,
    name: str,
    comparison: Comparison,
    *,
    holds: bool,
    shown: str,
    called: str = "",
    more: str = "",
    lasting: int = 0,
    told: Callable[[Json], Iterable[tuple[str, Json]]] | None = None,
) -> Iterator[Way]:
    """A value that passes the comparison, or one that doesn't where it `holds` now.

    `shown` is the present value in words, `called` the trait where that isn't its name. `more` goes after the words,
    and `lasting` is for how many milliseconds the value has to stay. `told` says which traits are stated, and how, for
    the value to be another; without it that is the trait of this name.
    """
    words = f"{called or name_words(name)} {_otherwise(comparison) if holds else comparison.english()}"
    value = example_value([(comparison, not holds)], person.now)
    facts = None
    if value is not None:
        traits = told(value[0]) if told else [(name, value[0])]
        facts = Facts(traits=tuple(stated(person, *one) for one in traits))
    yield Do(f"{words} (now {shown}){more}", facts, Instant(person.now + lasting))


_OPPOSITES = {"is_not": "is", "none_of": "one_of", "not_contains": "contains", "gt": "lte", "gte": "lt"}
_OPPOSITES |= {opposite: operator for operator, opposite in _OPPOSITES.items()}


def _otherwise(comparison: Comparison) -> str:
    """That a value fails the comparison: `is not "pro"`."""
    if isinstance(comparison.operand, bool) and comparison.operator == "is_set":
        return Comparison("is_set", not comparison.operand).english()
    if comparison.operator in _OPPOSITES:
        return Comparison(_OPPOSITES[comparison.operator], comparison.operand).english()
    return f"no longer {comparison.english()}"


def of_consent(person: Person, channel: str, purpose: str, state: str, method: str | None = None) -> Iterator[Do]:
    """The subscriber says so now, of all their addresses."""
    about = f"consent to {name_words(channel)} {name_words(purpose)}"
    words = {"granted": about, "denied": f"no {about}", "pending": f"{about} asked for and not yet given"}[state]
    words += f", by {method}" if method else ""
    for lag in (0, 1):  # of two statements at one instant the more cautious counts
        at = Instant(person.now + lag)
        heard = Instant(at + 1)  # later than it became so: it has a date
        told = ConsentStatement(channel, purpose, state, at, heard, 0, "", method)
        yield Do(words, Facts(consents=(told,)), at)
