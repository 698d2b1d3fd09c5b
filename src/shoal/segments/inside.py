"""What a trait holds at a path: `address.city`, where the trait `address` is an object."""

from __future__ import annotations

from dataclasses import dataclass

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.segments.comparison import Comparison
from shoal.segments.operators.operator import Lags
from shoal.segments.predictions import RESERVED
from shoal.segments.values import Json, at_path, split_path

DEEPEST_PATH = 6
"""Parts of a path into a trait."""

Reading = tuple[str, tuple[str, ...]]
"""A trait, and the path to what is meant in its value; an empty path means the value itself."""


def readings(name: str) -> tuple[Reading, ...]:
    r"""What a trait's name may mean, what counts first: its own name, then a path into a trait with a shorter one.

    >>> readings("address.geo.city")
    (('address.geo.city', ()), ('address.geo', ('city',)), ('address', ('geo', 'city')))
    >>> readings("plan"), readings(r"a.b\.c")
    ((('plan', ()),), (('a.b\\.c', ()), ('a', ('b.c',))))
    """
    found: list[Reading] = [(name, ())]
    if name.startswith(RESERVED):  # names that models and experiments have may hold dots
        return tuple(found)
    for place in reversed([place for place, sign in enumerate(name) if sign == "."]):
        trait, path = name[:place], _path(name[place + 1 :])
        if trait and not trait.endswith("\\") and 0 < len(path) <= DEEPEST_PATH:
            found.append((trait, path))
    return tuple(found)


def _path(text: str) -> tuple[str, ...]:
    try:
        return split_path(text)
    except UserError:  # no path, so it is no more than a part of a name
        return ()


def reached(value: Json, path: tuple[str, ...]) -> Json:
    """What a value holds at a path; None where it holds nothing there.

    >>> reached({"city": "Berlin"}, ("city",)), reached("Berlin", ("city",)), reached("Berlin", ())
    ('Berlin', None, 'Berlin')
    """
    return at_path({"": value}, ("", *path))


@dataclass(frozen=True, slots=True)
class Inside:
    """A plain comparison of what a value holds at a path."""

    path: tuple[str, ...]
    comparison: Comparison

    def holds(self, value: Json, now: Instant) -> bool:
        """The oracle's reading of the whole value."""
        return self.comparison.holds(reached(value, self.path), now)

    def lags(self) -> Lags | None:
        """Those of the comparison."""
        return self.comparison.lags()


Tested = Comparison | Inside
"""What is asked of a trait's value."""


def path_of(tested: Tested) -> tuple[str, ...]:
    """The path to what is compared."""
    return tested.path if isinstance(tested, Inside) else ()
