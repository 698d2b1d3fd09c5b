"""One subscriber as people and as programs read it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from shoal.cli.show import Shown, number
from shoal.core.ids import subscriber_text
from shoal.core.time import Instant, format_instant
from shoal.flow.people import Profile
from shoal.ingest.canonical import Json
from shoal.profiles.consent import Consented
from shoal.segments.history import Event

_KINDS = {"user": "user id", "email": "e-mail", "phone": "phone", "anonymous": "visitor", "device": "device"}

_SHARED = {
    "placeholder": "a filled-in nothing: joins nobody",
    "role": "an office's address: joins nobody",
    "hub": "seen with too many others: joins nobody",
    "strangers": "would join strangers: joins nobody",
    "split": "decided to be two people: joins nobody",
}
"""`profiles.rules.SHARED_REASONS` in words."""

_TOLD = (
    *(("subject", "campaign_name"), ("link_url",), ("reason",), ("name", "title"), ("path", "url"), ("query",)),
    *(("order_id",), ("status",), ("total", "price"), ("currency",), ("quantity",)),
)
"""Properties that say the most of an event, in the order in which they are shown; of several the first it has."""
_MOST_TOLD = 3
_LONGEST = 60

_LOOKS_OTHERWISE = re.compile(r"\s*|true|false|null|[-+]?\d+(\.\d+)?([eE][-+]?\d+)?|[\[{\"].*", re.IGNORECASE)


def show_profile(shown: Shown, found: Profile) -> None:
    """Print who it is, how they may be reached, what is known, and what happened last."""
    shown.say(_name(found), f"Subscriber {subscriber_text(found.subscriber)}, as of {moment(found.as_of)} UTC")
    if not found.identified:
        shown.say("Nobody has identified this visitor yet, so they are a member of no segment that doesn't say so.")
    keys = [
        (_KINDS[key.kind], plain(key.value), moment(key.first_at), _SHARED.get(key.shared or "", ""))
        for key in found.keys
    ]
    _section(shown, "Identities", ("Kind", "Value", "First seen (UTC)", ""), keys)
    _section(shown, "Consent", ("For", "State", "Since (UTC)", "Source", "How"), _consents(found), "none on record")
    for (channel, purpose), addresses in found.addresses.items():
        for address, each in addresses.items() if len(addresses) > 1 else ():
            shown.say(f"{plain(address)}: {plain(channel)} {plain(purpose)} {each.state}, by {each.source}.")
    for each in (one for aside in found.set_aside.values() for one in aside):
        when = f"as seen in {each.source} on {moment(each.at)}, without a date of its own"
        shown.say(f"Not counted: {plain(_about(each))} {each.state}, {when}.")
    traits = [(plain(each.name), told(each.value), moment(each.at), each.source) for each in found.traits.values()]
    _section(shown, "Traits", ("Name", "Value", "Since (UTC)", "Source"), traits)
    title = f"Latest {len(found.recent)} of {number(found.events)} events" if found.events else "Events"
    events = [(moment(event.at), plain(event.name), details(event)) for event in found.recent]
    _section(shown, title, ("When (UTC)", "Event", ""), events)
    shown.say("", f"Segments: {', '.join(found.segments) or 'none'}")


def _section(
    shown: Shown, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], nothing: str = "none"
) -> None:
    shown.say("")
    if rows:
        shown.table(title, columns, rows)
    else:
        shown.say(f"{title}: {nothing}")


def _name(found: Profile) -> str:
    known = [key.value for kind in ("email", "phone", "user") for key in found.keys if key.kind == kind]
    return plain(known[0]) if known else "An anonymous visitor"


def _consents(found: Profile) -> list[tuple[str, ...]]:
    return [
        (
            plain(_about(each)),
            each.state,
            moment(each.at) if each.dated else f"no date, seen {moment(each.at)}",
            each.source,
            _how(each),
        )
        for each in found.consents.values()
    ]


def _about(each: Consented) -> str:
    return f"{each.channel} {each.purpose}"


def _how(each: Consented) -> str:
    method = (each.method or "").replace("_opt_in", " opt-in").replace("_", " ")
    return plain(", ".join(part for part in (method, each.text_version and f"text {each.text_version}") if part))


def moment(instant: Instant) -> str:
    """An instant in UTC to the second.

    >>> moment(Instant(86_400_250))
    '1970-01-02 00:00:00'
    """
    return format_instant(Instant(instant - instant % 1_000)).replace("T", " ").removesuffix("Z")


def plain(text: str) -> str:
    """The text on one line, without the characters that steer a terminal.

    >>> plain("two\\nlines")
    'two lines'
    """
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def told(value: Json) -> str:
    """A value as people read it; texts that look like a number or a truth value stand in quotes.

    >>> told(True), told(5), told("5"), told(["a", 5]), told({"city": "Graz"})
    ('true', '5', '"5"', 'a, 5', 'city: Graz')
    """
    match value:
        case str():
            return json.dumps(value, ensure_ascii=False) if _LOOKS_OTHERWISE.fullmatch(value) else plain(value)
        case list() | dict() if not value:
            return "(empty)"
        case list():
            return ", ".join(_inner(each) for each in value)
        case dict():
            return "; ".join(f"{plain(name)}: {told(each)}" for name, each in value.items())
        case _:
            return json.dumps(value)


def _inner(value: Json) -> str:
    return f"({told(value)})" if isinstance(value, dict | list) and value else told(value)


def details(event: Event) -> str:
    """A few of the properties that say the most.

    >>> details(Event(1, "Order Completed", Instant(0), {"currency": "EUR", "total": 70}))
    'total: 70, currency: EUR'
    """
    given = {name: value for name, value in event.properties.items() if value not in (None, "")}
    first = [next((name for name in names if name in given), None) for names in _TOLD]
    shown = [f"{name}: {_shortened(told(given[name]))}" for name in first if name is not None]
    return ", ".join(shown[:_MOST_TOLD])


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
