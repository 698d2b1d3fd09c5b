"""Which facts concern a declared gap: those after which its last answer may not be the right one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass

from shoal.ingest.events import LIST_JOINED, LIST_LEFT
from shoal.segments import local
from shoal.segments.kinds import on_list, radius
from shoal.segments.kinds.anniversary import AnniversaryWithin
from shoal.segments.kinds.changed import Turned
from shoal.segments.kinds.local_time import LocalTimeHolds
from shoal.segments.kinds.on_list import LastListEvent, ListedInTrait
from shoal.segments.kinds.opted_in import GrantedBy, Stated
from shoal.segments.kinds.percentile import ScoreNumber
from shoal.segments.kinds.radius import NearPoint
from shoal.segments.live.facts import ANYTHING, Mentioned
from shoal.segments.predictions import SCORE
from shoal.segments.streams import Stream
from shoal.segments.summaries import TraitNumber


def concerns_of(core: object) -> frozenset[Mentioned]:
    """The names of the facts that a lowered condition is decided by; `ANYTHING` where none are known.

    An event's name that ends in `*` stands for all that begin so.
    """
    found = frozenset(one for part in _parts(core) for one in _read_by(part))
    return found or frozenset((ANYTHING,))


def concern(concerns: Iterable[Mentioned], mentioned: Mentioned) -> bool:
    """Whether a fact of this name is among them."""
    return mentioned == ANYTHING or any(one == ANYTHING or _is_meant(one, mentioned) for one in concerns)


def _is_meant(one: Mentioned, mentioned: Mentioned) -> bool:
    if one.kind != mentioned.kind:
        return False
    return one.name == mentioned.name or (one.kind == "event" and Stream(one.name).named(mentioned.name))


def _parts(core: object) -> Iterator[object]:
    """A value and all that it is made of."""
    yield core
    if isinstance(core, tuple):
        for each in core:
            yield from _parts(each)
    elif is_dataclass(core):
        for one in fields(core):
            yield from _parts(getattr(core, one.name))


def _read_by(part: object) -> Iterator[Mentioned]:
    """What a part of a lowered condition reads itself."""
    match part:
        case Stream(event=event, local=at):
            yield Mentioned("event", event)
            yield from () if at is None else _traits(local.TRAIT)
        case Turned(name=name):
            yield from _traits(name)
        case TraitNumber(trait):
            yield from _traits(trait)
        case ScoreNumber(score):
            yield from _traits(SCORE + score)
        case AnniversaryWithin(trait=trait):
            yield from _traits(trait, local.TRAIT)
        case LocalTimeHolds():
            yield from _traits(local.TRAIT)
        case NearPoint():
            yield from _traits(*radius.TRAITS)
        case ListedInTrait():
            yield from _traits(on_list.TRAIT)
        case LastListEvent():
            yield from (Mentioned("event", name) for name in (LIST_JOINED, LIST_LEFT))
        case GrantedBy(channel=channel, purpose=purpose) | Stated(channel=channel, purpose=purpose):
            yield Mentioned("consent", channel, purpose)


def _traits(*names: str) -> Iterator[Mentioned]:
    return (Mentioned("trait", name) for name in names)
