"""Who somebody is: their identities, what joined them and when, and what waits for a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shoal.core.ids import subscriber_text
from shoal.flow.past import Known
from shoal.profiles.duplicates import Proposal
from shoal.profiles.merges import Merged, Tie
from shoal.profiles.subscriber import Key
from shoal.ui.parts import command, day_and_time, element, link, text, tile
from shoal.ui.values import KINDS, SHARED

MOST = 12
"""So many identities are shown at first."""


def identities(who: Known) -> None:
    """All identities with when they were first seen and what tied them to the others; then merges and proposals."""
    with tile("stack"):
        text("h2", f"Identities, {len(who.keys):,}")
        ties = _first_ties(who)
        values = {key.id: key.value for key in who.keys}
        for key in who.keys[:MOST]:
            _key(key, ties.get(key.id), values)
        if len(who.keys) > MOST:
            with element("details"):
                text("summary", f"{len(who.keys) - MOST:,} more", "quiet")
                for key in who.keys[MOST:]:
                    _key(key, ties.get(key.id), values)
    if who.merges:
        _log(who)
    for proposal, keys in who.proposals:
        _proposal(who, proposal, keys)


def _first_ties(who: Known) -> Mapping[int, Tie]:
    """Beside each key but the strongest, the record that named it first together with another."""
    found: dict[int, Tie] = {}
    for tie in who.ties:
        found.setdefault(tie.b, tie)
    return found


def _key(key: Key, tie: Tie | None, values: Mapping[int, str]) -> None:
    with element("div", "version", **{"data-key": key.kind}):
        with element("div", "row").style("gap: 2px 10px"):
            text("span", KINDS[key.kind], "chip")
            text("span", key.value).style("overflow-wrap: anywhere; min-width: 0")
        text("div", f"first seen {day_and_time(key.first_at)}", "d")
        if tie is not None and tie.a in values:
            told = f"{tie.source} named it together with {values[tie.a]}, first on {day_and_time(tie.first_at)}"
            text("div", told, "d").style("overflow-wrap: anywhere")
        if key.shared:
            text("div", SHARED.get(key.shared, "it joins nobody"), "d watch")


def _log(who: Known) -> None:
    with tile("stack"):
        text("h2", "How they became one")
        for each in who.merges:
            with element("div", "version", **{"data-merge": each.kind}):
                text("div", _line(who, each))
                text("div", f"{day_and_time(each.at)}. {_why(each)}", "d").style("overflow-wrap: anywhere")
                if each.decision is not None and each.stands and each.kind == "merge":
                    with element("details"):
                        text("summary", "Take it back", "quiet")
                        text("p", "On this machine, while the server rests:", "d")
                        command(f"shoal duplicates unmerge {each.decision}")


def _line(who: Known, each: Merged) -> str:
    other = subscriber_text(each.absorbed if each.kept == who.subscriber else each.kept)
    if each.kind == "merge":
        return f"{subscriber_text(each.absorbed)} went into {'this one' if each.kept == who.subscriber else other}"
    if each.kind == "unmerge":
        return f"{other} was taken apart from this one"
    return f"was called {subscriber_text(each.absorbed)} before"


def _why(each: Merged) -> str:
    if each.decision is not None and each.kind == "unmerge" and not each.stands:
        return f"Decision {each.decision} was taken back"
    if each.decision is not None:
        words = f": {each.words}" if each.words else ""
        return f"{each.actor} decided so{words} (decision {each.decision}{'' if each.stands else ', taken back'})"
    if each.source is not None:
        named = " and ".join(key.value for key in each.keys)
        since = "" if each.linked_at is None else f", first on {day_and_time(each.linked_at)}"
        return f"{each.source} named {named or 'keys of both'} together{since}"
    return "By the rules of who is one person"


def _proposal(who: Known, proposal: Proposal, keys: Sequence[Key]) -> None:
    other = proposal.b if proposal.a == who.subscriber else proposal.a
    with tile("stack next"), element("div", "stack"):
        text("h2", "Perhaps the same person")
        name = next((key.value for key in keys), subscriber_text(other))
        link(name, f"/subscribers/{subscriber_text(other)}")
        text("p", f"{proposal.score:.0%} likely: {proposal.english()}", "sub")
        text("p", "On this machine, while the server rests, one of these:", "d")
        command(f"shoal duplicates accept {proposal.id}")
        command(f"shoal duplicates dismiss {proposal.id}")
