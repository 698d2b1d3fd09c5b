"""What is sent and answered about destinations."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from shoal.core.time import format_instant
from shoal.destinations.attempts import Attempt
from shoal.destinations.kind import Outcome
from shoal.destinations.record import Destination, State
from shoal.flow.destinations import Seen


class Strict(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A body that takes no key but its own."""


class DestinationForm(Strict, kw_only=True):
    """A destination to make. Without `segments` it follows all; `after` is the change that it begins behind."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9_-]{0,59}$")]
    kind: Literal["webhook", "csv", "http"]
    settings: dict[str, Any]
    segments: list[str] | None = None
    secret: str | None = None
    after: int | None = None


class StateForm(Strict):
    """Whether it is to be told anything."""

    state: Literal["active", "paused"]


class SyncForm(Strict):
    """Deliver now; `full` tells everything again."""

    full: bool = False


class SecretForm(Strict):
    """Another secret beside the one before it; `only` ends that at once. That of a webhook is made here."""

    secret: str | None = None
    only: bool = False


class TryForm(Strict):
    """Nothing is to be said."""


class AttemptAnswer(msgspec.Struct):
    """One request, or one file. `status` is that of HTTP; null where there was no answer."""

    at: str
    batch: str
    rows: int
    status: int | None
    outcome: str
    took_ms: int


class DestinationAnswer(msgspec.Struct):
    """A destination; `cursor` is the number of the last change that it knows. Secrets are not told."""

    name: str
    kind: str
    settings: dict[str, Any]
    segments: list[str] | None
    state: State
    reason: str | None
    cursor: int
    failures: int
    next_at: str | None
    has_secret: bool
    created_at: str


class DestinationsAnswer(msgspec.Struct):
    """All destinations, the oldest first."""

    destinations: list[DestinationAnswer]


class MadeAnswer(msgspec.Struct):
    """A destination, and its secret where that was made here: it is told this once."""

    destination: DestinationAnswer
    secret: str | None


class SeenAnswer(msgspec.Struct):
    """A destination, how many changes it does not know yet, and its last attempts, newest first."""

    destination: DestinationAnswer
    behind: int
    attempts: list[AttemptAnswer]


class TriedAnswer(msgspec.Struct):
    """How a try ended: `delivered`, or why not."""

    outcome: str
    status: int | None


class SyncAnswer(msgspec.Struct):
    """`asked` where the server does it in a moment; `done` where it was done, as far as it went."""

    sync: Literal["asked", "done"]


def destination_answer(found: Destination) -> DestinationAnswer:
    """What is told of one."""
    return DestinationAnswer(
        name=found.name,
        kind=found.kind,
        settings=dict(found.settings),
        segments=None if found.segments is None else list(found.segments),
        state=found.state,
        reason=found.reason,
        cursor=found.cursor,
        failures=found.failures,
        next_at=format_instant(found.next_at) if found.next_at else None,
        has_secret=found.has_secret,
        created_at=format_instant(found.created_at),
    )


def seen_answer(found: Seen) -> SeenAnswer:
    """One with its attempts."""
    return SeenAnswer(destination_answer(found.destination), found.behind, list(map(attempt_answer, found.attempts)))


def attempt_answer(found: Attempt) -> AttemptAnswer:
    """One attempt."""
    return AttemptAnswer(format_instant(found.at), found.batch, found.rows, found.status, found.outcome, found.took_ms)


def tried_answer(found: Outcome) -> TriedAnswer:
    """How a try ended."""
    return TriedAnswer(found.told, found.status)
