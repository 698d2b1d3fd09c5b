"""One subscriber as people look at them: identities, traits, consent, recent events, segments."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from shoal.core.ids import key_id, subscriber_text
from shoal.core.time import Instant, format_instant
from shoal.flow.asking import find, history
from shoal.flow.current import Standing
from shoal.flow.defining import Known, asked_at, known
from shoal.flow.home import Opened
from shoal.flow.reading import open_reading
from shoal.ingest.canonical import Json
from shoal.profiles import consent, subscriber, traits
from shoal.profiles.consent import Consented
from shoal.profiles.subscriber import Key
from shoal.profiles.traits import Trait
from shoal.segments import feed
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


def profile(
    opened: Opened, person: str, as_of: Instant | None = None, *, memberships: bool = True, waiting: bool = False
) -> Profile:
    """Everything about the subscriber meant by an id, an address, a user id or a phone number.

    Without `memberships` nobody asks which segments they are in, and the profile names none. With `waiting` it also
    has what was accepted and is in no file of the lake yet. Raises UserError `unknown_subscriber`.
    """
    instant, number = asked_at(as_of), find(opened, person)
    with opened.database.read() as connection:
        keys = subscriber.keys_of(connection, number)
    with open_reading(opened, waiting_of=[key.text for key in keys] if waiting else ()) as duck:
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
            segments=_memberships(duck, known(opened), found, instant) if memberships else (),
        )


def standings(opened: Opened, number: int) -> tuple[Instant, list[Standing]]:
    """The segments that a subscriber is in now, as the lake says, and that instant.

    When time alone would take them out is known to the live reading only. What arrived is not in the lake for some
    seconds.
    """
    what, instant = known(opened), asked_at(None)
    with open_reading(opened) as duck:
        names = _memberships(duck, what, history(duck, number), instant)
    with opened.database.read() as connection:
        since = feed.entered_at(connection, number, names) if names else {}
    numbers = {name: what.current[name].number if name in what.current else 0 for name in names}
    return instant, [Standing(name, numbers[name], since.get(name), None) for name in sorted(names)]


def timeline(
    opened: Opened,
    number: int,
    *,
    before: tuple[Instant, int] | None = None,
    most: int = 100,
    name: str | None = None,
    waiting: bool = False,
) -> tuple[Event, ...]:
    """Events of a subscriber, the newest first; `before` is the instant and the id of the last one already told.

    With a `name` only those that are called so; with `waiting` also those that are in no file of the lake yet.
    """
    at, event_id = before or (Instant(1 << 62), 0)
    asked = {"subscriber": number, "at": at, "id": event_id, "most": most, "name": name}
    with opened.database.read() as connection:
        keys = subscriber.keys_of(connection, number) if waiting else ()
    with open_reading(opened, waiting_of=[key.text for key in keys]) as duck:
        rows = duck.execute(_TIMELINE, asked).fetchall()
    return tuple(Event(row[0], row[1], row[2], json.loads(row[3] or "{}"), row[4]) for row in rows)


_TIMELINE = """
SELECT event_id, name, epoch_ms("at") AS ms, properties::JSON::VARCHAR, source FROM events
WHERE subscriber = $subscriber AND (epoch_ms("at") < $at OR epoch_ms("at") = $at AND event_id < $id)
    AND ($name IS NULL OR name = $name)
ORDER BY ms DESC, event_id DESC LIMIT $most
"""


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


def as_data(found: Profile) -> dict[str, Any]:
    """All of it as JSON; instants in ISO 8601."""
    return {
        "subscriber": subscriber_text(found.subscriber),
        "as_of": format_instant(found.as_of),
        "identified": found.identified,
        "identities": [_key(key) for key in found.keys],
        "consent": [
            {
                "channel": channel,
                "purpose": purpose,
                **_consent(each),
                "addresses": {address: _consent(one) for address, one in found.addresses[channel, purpose].items()},
                "not_counted": [_consent(one) for one in found.set_aside[channel, purpose]],
            }
            for (channel, purpose), each in found.consents.items()
        ],
        "traits": {
            each.name: {
                "value": each.value,
                "source": each.source,
                "at": format_instant(each.at),
                "received_at": format_instant(each.received_at),
            }
            for each in found.traits.values()
        },
        "events": found.events,
        "recent": [_event(event) for event in found.recent],
        "segments": list(found.segments),
    }


def _key(key: Key) -> Mapping[str, Json]:
    return {
        "key": key.text,
        "kind": key.kind,
        "value": key.value,
        "first_at": format_instant(key.first_at),
        "shared": key.shared,
    }


def _consent(each: Consented) -> dict[str, Json]:
    return {
        "state": each.state,
        "source": each.source,
        "at": format_instant(each.at),
        "dated": each.dated,
        "received_at": format_instant(each.received_at),
        "method": each.method,
        "text_version": each.text_version,
    }


def _event(event: Event) -> dict[str, Any]:
    return {"at": format_instant(event.at), "name": event.name, "properties": dict(event.properties)}
