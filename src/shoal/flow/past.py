"""The past of one subscriber: what tied their identities, what was said of them and when, what they did how often."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from shoal.core.ids import subscriber_text
from shoal.flow.home import Opened
from shoal.flow.people import Profile, profile
from shoal.flow.reading import open_reading
from shoal.profiles import merges, subscriber, traits
from shoal.profiles.duplicates import Proposal
from shoal.profiles.merges import Merged, Tie
from shoal.profiles.subscriber import Key
from shoal.profiles.traits import Trait

MOST_NAMES = 200


@dataclass(frozen=True, slots=True)
class Known:
    """Who somebody is, from the database alone."""

    subscriber: int
    keys: tuple[Key, ...]
    ties: tuple[Tie, ...]
    merges: tuple[Merged, ...]  # newest first
    proposals: tuple[tuple[Proposal, tuple[Key, ...]], ...]  # each with the keys of the other side

    @property
    def name(self) -> str | None:
        """What to call them: an address, else a number or an id of theirs; None for a visitor."""
        named = (key.value for kind in ("email", "phone", "user") for key in self.keys if key.kind == kind)
        return next(named, None)


@dataclass(frozen=True, slots=True)
class Past:
    """What the history holds of somebody."""

    profile: Profile
    earlier: Mapping[str, tuple[Trait, ...]]  # what traits were before, the newest first; of those that changed
    names: Mapping[str, int]  # events by name, the most frequent first


def who(opened: Opened, number: int) -> Known | None:
    """Who a subscriber is; None where there is none of this number, be it that it went into another."""
    with opened.database.read() as connection:
        keys = subscriber.keys_of(connection, number)
        if not keys:
            return None
        ties = merges.ties(connection, [key.id for key in keys])
        return Known(number, keys, ties, merges.merges_of(connection, number), merges.waiting_for(connection, number))


def now_called(opened: Opened, number: int) -> int | None:
    """The subscriber that a former one, or a key, belongs to now; None where nothing is known of it."""
    with opened.database.read() as connection:
        found = subscriber.subscriber_of(connection, number)
        return found if subscriber.keys_of(connection, found) else None


def past(opened: Opened, number: int) -> Past:
    """All that the history holds of a subscriber. Raises UserError `unknown_subscriber`."""
    found = profile(opened, subscriber_text(number), memberships=False)
    with open_reading(opened) as duck:
        stated = traits.history(duck, number)
        rows = duck.execute(_NAMES, {"subscriber": number, "most": MOST_NAMES}).fetchall()
    said: defaultdict[str, list[Trait]] = defaultdict(list)
    for each in reversed(stated):
        current = found.traits.get(each.name)
        if current is None or (each.at, each.value, each.source) != (current.at, current.value, current.source):
            said[each.name].append(each)
    return Past(found, {name: tuple(values) for name, values in said.items()}, dict(rows))


_NAMES = """
SELECT name, count(*) FROM events WHERE subscriber = $subscriber GROUP BY name ORDER BY count(*) DESC, name LIMIT $most
"""
