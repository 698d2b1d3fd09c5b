"""One subscriber as people look at them: identities, traits, consent, recent events, segments."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from shoal.core.ids import key_id
from shoal.core.time import Instant
from shoal.flow.asking import find, history
from shoal.flow.defining import Known, asked_at, known
from shoal.flow.home import Opened
from shoal.flow.reading import open_reading
from shoal.profiles import consent, subscriber, traits
from shoal.profiles.consent import Consented
from shoal.profiles.subscriber import Key
from shoal.profiles.traits import Trait
from shoal.segments.catalog import missing_names
from shoal.segments.history import Event, History
from shoal.segments.oracle import is_member
from shoal.segments.sql.people import ListTotals

RECENT = 20


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known about one subscriber at an instant."""

    subscriber: int
    as_of: Instant
    identified: bool
    keys: tuple[Key, ...]
    traits: dict[str, Trait]
    consents: dict[tuple[str, str], Consented]  # the statement that decides each, by channel and purpose
    addresses: dict[tuple[str, str], dict[str, Consented]]  # of each address or number of which anything was said
    set_aside: dict[tuple[str, str], tuple[Consented, ...]]  # what was said later, says otherwise and does not count
    events: int
    recent: tuple[Event, ...]  # newest first
    segments: tuple[str, ...]  # names of those they are a member of


def profile(opened: Opened, person: str, as_of: Instant | None = None) -> Profile:
    """Everything about the subscriber meant by an id, an address, a user id or a phone number.

    Raises UserError `unknown_subscriber`.
    """
    instant, number = asked_at(as_of), find(opened, person)
    with opened.database.read() as connection:
        keys = subscriber.keys_of(connection, number)
    with open_reading(opened) as duck:
        stated = consent.by_purpose(consent.history(duck, number, at=instant))
        found = history(duck, number)
        past = found.until(instant)
        newest = sorted(past.events, key=lambda event: (event.at, event.event_id), reverse=True)
        return Profile(
            subscriber=number,
            as_of=instant,
            identified=found.identified,
            keys=keys,
            traits=traits.current(duck, number, at=instant),
            consents={about: one for about, each in stated.items() if (one := consent.deciding(each))},
            addresses={about: _by_address(keys, each) for about, each in stated.items()},
            set_aside={about: consent.set_aside(each) for about, each in stated.items()},
            events=len(newest),
            recent=tuple(newest[:RECENT]),
            segments=_memberships(duck, known(opened), found, instant),
        )


def _by_address(keys: tuple[Key, ...], stated: tuple[Consented, ...]) -> dict[str, Consented]:
    named = {key_id(key.text): key.value for key in keys}
    return {named[address]: one for address, one in consent.by_address(stated).items() if address in named}


def _memberships(duck: duckdb.DuckDBPyConnection, what: Known, found: History, instant: Instant) -> tuple[str, ...]:
    nodes, totals = what.sound, ListTotals(duck)
    return tuple(
        name
        for name, node in nodes.items()
        if not missing_names(node, what.catalog, nodes) and is_member(node, found, instant, nodes, totals)
    )
