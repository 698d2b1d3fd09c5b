"""One subscriber: who it is, which segments they are in, and what they did."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from shoal.api.questions import (
    current_of,
    engine_goes_on,
    instant_of,
    is_apart,
    reading_the_lake,
    subscriber_of,
    workspace,
)
from shoal.api.segments import AsOf
from shoal.api.typed import Limit, route, told
from shoal.core.errors import UserError, require
from shoal.core.ids import subscriber_text
from shoal.core.time import Instant, format_instant
from shoal.flow import people

router = APIRouter(prefix="/v1/subscribers", tags=["Subscribers"])

Id = Annotated[
    str,
    Path(
        max_length=400,
        description="An id, or an identity: `email:ada@example.org`, `user_id:7`, an address alone.",
        examples=["email:ada@example.org"],
    ),
]


class IdentityAnswer(msgspec.Struct):
    """One identity; `shared` says why it joins nobody, where it doesn't."""

    key: str
    kind: str
    value: str
    first_at: str
    shared: str | None


class ConsentState(msgspec.Struct):
    """What was said, by which source and when; `dated` is whether the source said when."""

    state: str
    source: str
    at: str
    dated: bool
    received_at: str
    method: str | None
    text_version: str | None


class ConsentAnswer(ConsentState):
    """The statement that decides a channel and purpose, what was said of each address, and what does not count."""

    channel: str
    purpose: str
    addresses: dict[str, ConsentState]
    not_counted: list[ConsentState]


class TraitAnswer(msgspec.Struct):
    """A fact, who stated it and when."""

    value: Any
    source: str
    at: str
    received_at: str


class HappenedAnswer(msgspec.Struct):
    """Something that happened."""

    at: str
    name: str
    properties: dict[str, Any]


class SubscriberAnswer(msgspec.Struct):
    """What is known of somebody at an instant; `recent` are the newest events, the newest first."""

    subscriber: str
    as_of: str
    identified: bool
    identities: list[IdentityAnswer]
    consent: list[ConsentAnswer]
    traits: dict[str, TraitAnswer]
    events: int
    recent: list[HappenedAnswer]


class StandingAnswer(msgspec.Struct):
    """A segment that somebody is in; `since` is null where that is before the feed of changes begins, `leaves_at`
    where time alone doesn't take them out in sight."""

    segment: str
    version: int
    since: str | None
    leaves_at: str | None


class StandingsAnswer(msgspec.Struct):
    """The segments that somebody is in; `reading` is `live`, or `sql` where the engine runs apart: then every
    `leaves_at` is null."""

    subscriber: str
    as_of: str
    reading: Literal["live", "sql"]
    segments: list[StandingAnswer]


class TimelineEvent(HappenedAnswer):
    """An event of a timeline."""

    event_id: int
    source: str


class TimelineAnswer(msgspec.Struct):
    """Events, the newest first; `next` is what `before` has to be for more."""

    subscriber: str
    events: list[TimelineEvent]
    next: str | None


@router.get("/{id}", **route("read", "One subscriber.", SubscriberAnswer, fails=(400, 404)))
def shown(request: Request, id: Id, as_of: AsOf = None) -> Response:
    """Identities, consent, traits with where they come from, and the newest events."""
    opened, instant = workspace(request), instant_of(as_of)
    with reading_the_lake():
        number, waiting = subscriber_of(opened, id), engine_goes_on(request)
        found = people.profile(opened, subscriber_text(number), instant, memberships=False, waiting=waiting)
    return told({key: value for key, value in people.as_data(found).items() if key != "segments"})


@router.get("/{id}/segments", **route("read", "The segments that somebody is in.", StandingsAnswer, fails=(404,)))
def standings(request: Request, id: Id) -> Response:
    """From memory: right within a second of whatever happens; from the lake where the engine runs apart."""
    number = subscriber_of(workspace(request), id)
    reading: Literal["live", "sql"] = "live"
    if (current := current_of(request)) is not None:
        clock, found = current.status().clock, current.standings(number)
    elif is_apart(request):
        with reading_the_lake():
            clock, found = people.standings(workspace(request), number)
        reading = "sql"
    else:
        raise UserError("starting", "Memberships are not loaded yet.", fix="Ask again in a moment.")
    answers = [StandingAnswer(each.segment, each.version, _text(each.since), _text(each.leaves_at)) for each in found]
    return told(StandingsAnswer(subscriber_text(number), format_instant(clock), reading, answers))


@router.get("/{id}/events", **route("read", "What somebody did, the newest first.", TimelineAnswer, fails=(400, 404)))
def events(
    request: Request,
    id: Id,
    before: Annotated[str | None, Query(max_length=60, description="The `next` of the page before.")] = None,
    limit: Limit = 100,
) -> Response:
    """All events of all their identities."""
    opened, cursor = workspace(request), _cursor(before)
    number = subscriber_of(opened, id)
    with reading_the_lake():
        found = people.timeline(opened, number, before=cursor, most=limit + 1, waiting=engine_goes_on(request))
    answers = [
        TimelineEvent(format_instant(one.at), one.name, dict(one.properties), one.event_id, one.source)
        for one in found[:limit]
    ]
    last = found[limit - 1] if len(found) > limit else None
    following = None if last is None else f"{last.at}.{last.event_id}"
    return told(TimelineAnswer(subscriber_text(number), answers, following))


def _text(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)


def _cursor(text: str | None) -> tuple[Instant, int] | None:
    """The instant and id that a page ended with. Raises UserError `bad_cursor`."""
    if text is None:
        return None
    at, _, number = text.partition(".")
    sound = all(part.removeprefix("-").isdecimal() and len(part) <= 19 for part in (at, number))
    fix = "Send the `next` of the page before."
    require(sound, "bad_cursor", "There is no such place to go on from.", where="before", fix=fix)
    return Instant(int(at)), int(number)
