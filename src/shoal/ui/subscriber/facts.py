"""What is known of somebody: consent by channel, and traits with where they come from and what they were."""

from __future__ import annotations

from collections.abc import Sequence

from shoal.flow.past import Past
from shoal.flow.people import Profile
from shoal.profiles.consent import Consented
from shoal.profiles.traits import Trait
from shoal.ui.parts import day_and_time, element, text, tile
from shoal.ui.values import short, to_the_second, value_words

MOST = 40
"""So many traits are shown at first."""

_EARLIER = 20
_TONES = {"granted": "chip now", "denied": "chip down", "pending": "chip watch"}
_STATES = {"granted": "may be reached", "denied": "refused", "pending": "asked, no answer yet"}
_LONG = 200


def consents(found: Profile) -> None:
    """The statement that decides each channel and purpose, what is so of each address, and what does not count."""
    with tile("stack"):
        text("h2", "Consent")
        if not found.consents:
            text("p", "Nothing was ever said of it, and that is no consent.", "sub")
        for about, each in found.consents.items():
            with element("div", "version"):
                with element("div", "row"):
                    text("span", f"{each.channel}, {each.purpose}")
                    text("span", _STATES[each.state], _TONES[each.state])
                text("div", _how(each), "d")
                addresses = found.addresses[about]
                for address, one in addresses.items() if len(addresses) > 1 else ():
                    text("div", f"{address}: {_STATES[one.state]}, {_how(one)}", "d")
                for one in found.set_aside[about]:
                    text("div", f"Not counted: {_STATES[one.state]}, {_how(one)}", "d")


def _how(each: Consented) -> str:
    method = (each.method or "").replace("_opt_in", " opt-in").replace("_", " ")
    at = f"since {day_and_time(each.at)}" if each.dated else f"seen {day_and_time(each.at)}, without a date of its own"
    version = f"text {each.text_version}" if each.text_version else ""
    return ", ".join(part for part in (at, f"by {each.source}", method, version) if part)


def traits(past: Past) -> None:
    """Each trait with its source, since when, and what it was before."""
    current = past.profile.traits
    names = sorted({*current, *past.earlier})
    with tile("stack"):
        text("h2", "Traits" if not names else f"Traits, {len(names):,}")
        if not names:
            text("p", "Nothing is known of them but what they did.", "sub")
        _rows(past, names[:MOST])
        if len(names) > MOST:
            with element("details"):
                text("summary", f"{len(names) - MOST:,} more", "quiet")
                _rows(past, names[MOST:])


def _rows(past: Past, names: Sequence[str]) -> None:
    for name in names:
        with element("div", "version", **{"data-trait": name}):
            now = past.profile.traits.get(name)
            with element("div", "row").style(
                "justify-content: space-between; flex-wrap: nowrap; align-items: baseline"
            ):
                text("span", name, "k").style("flex: 0 0 auto; max-width: 45%; overflow-wrap: anywhere")
                shown = "unset" if now is None else short(value_words(now.value), _LONG)
                text("span", shown).style("min-width: 0; overflow-wrap: anywhere; text-align: right; font-weight: 550")
            if now is not None:
                text("div", _whence(now), "d")
            _earlier(past.earlier.get(name, ()))


def _whence(each: Trait) -> str:
    heard = "" if each.received_at - each.at < 60_000 else f", heard {day_and_time(each.received_at)}"
    return f"by {each.source}, since {day_and_time(each.at)}{heard}"


def _earlier(values: Sequence[Trait]) -> None:
    if not values:
        return
    with element("details"):
        text("summary", f"{len(values):,} earlier {'value' if len(values) == 1 else 'values'}", "quiet")
        for each in values[:_EARLIER]:
            shown = short(value_words(each.value), _LONG)
            text("div", f"{shown}: by {each.source}, {to_the_second(each.at)}", "d")
        if len(values) > _EARLIER:
            text("div", f"and {len(values) - _EARLIER:,} before those", "d")
