"""Values, identities and instants in words, as pages show them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from shoal.core.time import Instant
from shoal.ui.parts import day_and_time

KINDS = {"user": "User id", "email": "Address", "phone": "Phone", "anonymous": "Visitor", "device": "Device"}
"""`ingest.keys.KINDS` in words."""

SHARED = {
    "placeholder": "a filled-in nothing, so it joins nobody",
    "role": "an office's address, so it joins nobody",
    "hub": "seen with too many others, so it joins nobody",
    "strangers": "it would join strangers, so it joins nobody",
    "split": "decided to be two people, so it joins nobody",
}
"""`profiles.rules.SHARED_REASONS` in words."""

_MOST = 3
_LONGEST = 60
_FIRST = (
    *("subject", "campaign_name", "link_url", "reason", "name", "title", "path", "url", "query"),
    *("order_id", "status", "total", "price", "currency", "quantity"),
)


def value_words(value: object) -> str:
    """A value as people read it.

    >>> value_words(True), value_words(5), value_words(["a", 5]), value_words({"city": "Graz"}), value_words([])
    ('yes', '5', 'a, 5', 'city: Graz', 'empty')
    """
    match value:
        case None:
            return "unset"
        case bool():
            return "yes" if value else "no"
        case str() | list() | dict() if not value:
            return "empty"
        case str():
            return value
        case list():
            words = ", ".join(value_words(each) for each in value)
        case dict():
            words = "; ".join(f"{name}: {value_words(each)}" for name, each in value.items())
        case _:
            words = json.dumps(value)
    return words


def short(words: str, most: int = _LONGEST) -> str:
    """The beginning of a text.

    >>> short("abcdef", 4)
    'abc…'
    """
    return words if len(words) <= most else f"{words[: most - 1]}…"


def gist(properties: Mapping[str, object]) -> str:
    """A few properties of an event that say the most.

    >>> gist({"currency": "EUR", "total": 70, "products": []})
    'total: 70, currency: EUR'
    """
    given = {name: value for name, value in properties.items() if value not in (None, "", [], {})}
    shown = [name for name in _FIRST if name in given][:_MOST] or list(given)[:_MOST]
    return ", ".join(f"{name}: {short(value_words(given[name]))}" for name in shown)


def to_the_second(at: Instant) -> str:
    """An instant with its seconds and zone.

    >>> to_the_second(Instant(1_772_323_205_400))
    '1 March 2026, 00:00:05 UTC'
    """
    return day_and_time(at).replace(" UTC", f":{at // 1_000 % 60:02d} UTC")
