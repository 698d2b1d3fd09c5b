"""What owners do with destinations: make, look at, pause, resume, try, sync and remove them."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from shoal.core.errors import UserError, nearest, require
from shoal.core.time import now
from shoal.destinations import attempts, membership, record
from shoal.destinations.attempts import Attempt
from shoal.destinations.kind import Kind, Outcome
from shoal.destinations.kinds import kind_of
from shoal.destinations.record import Destination
from shoal.flow.allowed import allowed
from shoal.flow.audiences import LakeAudience
from shoal.flow.defining import known
from shoal.flow.home import Opened, one_writer
from shoal.flow.telling import Teller
from shoal.segments import feed
from shoal.store.secret import secret_at

_BYTES = 32
PAUSED = "by_owner"
"""Why a destination is paused that its owner paused."""

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Seen:
    """A destination, how far behind it is, and how the last attempts went."""

    destination: Destination
    behind: int  # changes that it does not know yet, those of segments that it does not follow included
    attempts: list[Attempt]


def create_destination(
    opened: Opened,
    name: str,
    kind: str,
    settings: Mapping[str, Any],
    *,
    segments: Collection[str] | None = None,
    secret: str | None = None,
    after: int | None = None,
) -> tuple[Destination, str | None]:
    """A new destination, and its secret where that was made here: it is told this once.

    `segments` None follows all of one's own, those to come too; starters are followed where they are named. `after` is
    the number of the change that deliveries begin behind: by default the newest; kinds that follow members begin with
    all of them in any case.

    Raises UserError `unknown_kind`, `bad_destination`, `bad_template`, `forbidden_address` and `unknown_segment`.
    """
    what = kind_of(kind)
    checked = what.check(settings, allowed(opened))
    _check_segments(opened, segments)
    kept, shown = _credential(what, secret)
    if kept is None and what.needs_secret(checked):
        raise _no_secret(
            "{secret} stands in the settings, and there is none.", "Give it with --secret, or as `secret`."
        )
    with opened.database.write() as connection:
        newest = feed.newest(connection)
        found = record.create(
            connection,
            secret_at(opened.home.secret),
            name=name,
            kind=kind,
            settings=checked,
            segments=None if segments is None else sorted(segments),
            secrets=[] if kept is None else [kept],
            cursor=newest if after is None else min(max(after, 0), newest),
            at=now(),
        )
    return found, shown


def known_destinations(opened: Opened) -> tuple[Destination, ...]:
    """All of them, oldest first."""
    with opened.database.read() as connection:
        return record.known(connection)


def see(opened: Opened, name: str, most: int = SHOWN) -> Seen:
    """One of them with its last attempts. Raises UserError `unknown_destination`."""
    with opened.database.read() as connection:
        found = record.find(connection, name)
        return Seen(found, feed.count(connection, found.cursor), attempts.recent(connection, found.id, most))


def pause(opened: Opened, name: str) -> Destination:
    """Send nothing until it is resumed; what happens meanwhile is sent then."""
    with opened.database.write() as connection:
        record.end(connection, record.find(connection, name).id, "paused", PAUSED)
        return record.find(connection, name)


def resume(opened: Opened, name: str) -> Destination:
    """Go on where it stopped, at once. Where changes were forgotten meanwhile, with the oldest that is kept."""
    with opened.database.write() as connection:
        found = record.find(connection, name)
        skipped = feed.oldest(connection) - 1 if kind_of(found.kind).follows == "changes" else 0
        record.activate(connection, found.id, max(found.cursor, skipped))
        return record.find(connection, name)


def remove(opened: Opened, name: str) -> Destination:
    """Forget it. The receiver is told nothing, and keeps what it has."""
    with opened.database.write() as connection:
        found = record.find(connection, name)
        record.remove(connection, found.id)
        return found


def rotate(
    opened: Opened, name: str, *, secret: str | None = None, only: bool = False
) -> tuple[Destination, str | None]:
    """A new secret beside the one before it, which goes on until the next rotation; `only` ends it at once.

    Gives the text of a secret that was made here. Raises UserError `bad_destination`.
    """
    key = secret_at(opened.home.secret)
    with opened.database.write() as connection:
        found = record.find(connection, name)
        fresh, shown = _credential(kind_of(found.kind), secret)
        if fresh is None:
            raise _no_secret("It has no secret to put another beside.", "Give one with --secret.")
        before = () if only else record.secrets_of(connection, key, found.id)
        record.keep_secrets(connection, key, found.id, [fresh, *before])
        return found, shown


def try_out(opened: Opened, name: str) -> Outcome:
    """Try to reach the receiver now, telling it nothing of anybody. Raises UserError `unknown_destination`."""
    return _teller(opened).test(see(opened, name).destination)


def sync(opened: Opened, name: str, *, full: bool = False) -> Destination | None:
    """Deliver now what is to be delivered; `full` forgets what was told of members, so all is told again.

    Where a server runs, it does so within a second, and None is given; else it is done here, as far as it goes.
    Raises UserError `unknown_destination`, `not_active`, and `bad_destination` for what is not told in full.
    """
    with opened.database.write() as connection:
        found = record.find(connection, name)
        fix = f"`shoal destination resume {name}` lets it go on."
        require(found.state == "active", "not_active", f"It is {found.state}.", where=name, fix=fix)
        if full:
            fix = "Leave out what asks for all; `--after` of a new destination begins with earlier changes."
            follows = kind_of(found.kind).follows == "members"
            require(follows, "bad_destination", "It is told of changes, which are not told twice.", fix=fix)
            membership.forget(connection, found.id)
        record.ask(connection, found.id, now())
    try:
        with one_writer(opened.home):
            _teller(opened).tell(found.id)
    except UserError as error:
        if error.code != "busy":
            raise
        return None
    return see(opened, name).destination


def _teller(opened: Opened) -> Teller:
    return Teller(opened, secret_at(opened.home.secret), allowed(opened), LakeAudience(opened))


def _credential(kind: Kind, given: str | None) -> tuple[str | None, str | None]:
    """The secret to keep, and the text of it where it was made here. Raises UserError `bad_destination`."""
    match kind.credential:
        case "made" if given is None:
            made = f"whsec_{base64.b64encode(secrets.token_bytes(_BYTES)).decode()}"
            return made, made
        case "given":
            if given is not None and not (given and given.isascii() and given.isprintable()):
                raise _no_secret("This secret can't be sent.", "Give it in printable ASCII.")
            return given, None
        case "none" if given is None:
            return None, None
    raise _no_secret(f"A destination of the kind {kind.name} takes no secret.", "Leave it out.")


def _no_secret(told: str, fix: str) -> UserError:
    return UserError("bad_destination", told, where="secret", fix=fix)


def _check_segments(opened: Opened, segments: Collection[str] | None) -> None:
    there = known(opened).segments if segments else ()
    for name in segments or ():
        if name not in there:
            fix = nearest(name, there) or "`shoal segments` lists them."
            raise UserError("unknown_segment", f"There is no segment {name!r}.", where="segments", fix=fix)
    require(
        segments is None or bool(segments),
        "bad_destination",
        "It follows no segment.",
        fix="Name one, or none for all.",
    )
