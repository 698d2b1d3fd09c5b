"""Who moved last: the end of the change feed, with what to call people."""

from __future__ import annotations

from dataclasses import dataclass

from shoal.core.ids import subscriber_text
from shoal.core.time import Instant
from shoal.flow.home import Opened
from shoal.profiles import subscriber
from shoal.segments import feed


@dataclass(frozen=True, slots=True)
class Move:
    """Somebody who entered or left a segment."""

    at: Instant
    subscriber: int
    name: str  # an address, a number or an id of theirs; personal
    segment: str
    entered: bool  # else left


def lately(opened: Opened, most: int) -> tuple[Move, ...]:
    """The last changes of the feed, the newest first."""
    with opened.database.read() as connection:
        found, _ = feed.read(connection, after=max(0, feed.newest(connection) - most), most=most)
        names = {
            number: _name(subscriber.keys_of(connection, number), number) for number in {o.subscriber for o in found}
        }
    return tuple(
        Move(each.at, each.subscriber, names[each.subscriber], each.segment, each.entered) for each in reversed(found)
    )


def _name(keys: tuple[subscriber.Key, ...], number: int) -> str:
    known = (key.value for kind in ("email", "phone", "user") for key in keys if key.kind == kind)
    return next(known, subscriber_text(number))
