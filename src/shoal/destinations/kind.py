"""What every kind of destination has in common: batches, how they are sent, and how that ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from shoal.core.errors import UserError, require
from shoal.core.time import UNITS_MS, Duration, Instant
from shoal.destinations.addresses import Rules
from shoal.destinations.ladder import asked_wait_ms
from shoal.destinations.outgoing import Answer, ask

Action = Literal["changes", "full", "add", "remove"]

Field = Literal["subscriber", "user_id", "email", "email_sha256"]
"""What somebody may be named by; `email_sha256` is the digest of the address in lower case, as hexadecimal text."""

S = TypeVar("S", bound=msgspec.Struct)

AGENT = "shoal"


@dataclass(frozen=True, slots=True)
class Batch:
    """What is sent at once, kept as it is until it is confirmed: sent again it is the same, byte for byte."""

    id: str  # the receiver may tell by it what came twice
    action: Action
    segment: str  # "" for changes, which may be of several
    rows: int  # changes or members
    until: int | None  # number of the last change that the receiver knows then; None: more belongs to it
    content: bytes  # JSON of changes, else Arrow with one column a field


@dataclass(frozen=True, slots=True)
class Sending:
    """A batch on its way, with all that a kind may need to send it."""

    name: str  # of the destination
    settings: Mapping[str, Any]
    secrets: tuple[str, ...]  # newest first
    batch: Batch
    at: Instant
    rules: Rules
    folder: Path  # below which files are put


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended."""

    told: str  # "delivered", or why not, in one word
    status: int | None = None  # of HTTP
    wait_ms: int | None = None  # that the receiver asks for
    is_gone: bool = False  # the receiver wants nothing more

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver has it."""
        return self.told == DELIVERED


DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of destination: its settings, and how it is told."""

    name: str
    follows: Literal["changes", "members"]  # every change in order, or the difference between two syncs
    credential: Literal[
        "made", "given", "none"
    ]  # a secret made here and shown once, given by the owner, or there is none
    begins_full: bool  # the first batch of a segment says who is in it, even when nobody is
    check: Callable[
        [Mapping[str, Any], Rules], dict[str, Any]
    ]  # settings with all defaults; UserError `bad_destination`
    fields: Callable[[Mapping[str, Any]], tuple[Field, ...]]  # by which people are named
    most: Callable[[Mapping[str, Any]], int | None]  # rows of a batch; None: all
    send: Callable[[Sending], Outcome]
    test: Callable[[Sending], Outcome]  # tells the receiver nothing of anybody
    needs_secret: Callable[[Mapping[str, Any]], bool] = lambda _: False  # of the owner, whom these settings oblige


def settings_as(kind: type[S], given: Mapping[str, Any]) -> S:
    """Settings read strictly. Raises UserError `bad_destination`."""
    try:
        return msgspec.convert(dict(given), kind)
    except msgspec.ValidationError as error:
        told, _, place = str(error).partition(" - at ")
        where = "settings" + place.strip("`").removeprefix("$")
        raise bad(f"{told}.", where) from None


def check_every(text: str) -> None:
    """Raise UserError `bad_destination` for a time between two syncs that is none, too short or too long."""
    fix = "Write a length from 1m to 30d, such as 15m."
    sound = _SHORTEST_MS <= Duration.parse(text).ms <= _LONGEST_MS
    require(sound, "bad_destination", "It can't sync that often, or that seldom.", where="settings.every", fix=fix)


_SHORTEST_MS, _LONGEST_MS = UNITS_MS["m"], 30 * UNITS_MS["d"]


def bad(told: str, where: str) -> UserError:
    """A setting that can't be used."""
    fix = "docs/reference/destinations.md names the settings of each kind."
    return UserError("bad_destination", told, where=where, fix=fix)


def asked(sending: Sending, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
    """One request, and how it ended."""
    try:
        said = {"User-Agent": AGENT, **headers}
        answer = ask(method, url, rules=sending.rules, headers=said, body=body, needs_body=False)
    except UserError as error:
        if error.code not in ("no_answer", "forbidden_address"):
            raise
        return Outcome(error.where or error.code)
    return outcome_of(answer, sending.at)


def outcome_of(answer: Answer, at: Instant) -> Outcome:
    """What an answer means: anything but a status of 200 to 299 is a failure, and 410 is the end.

    >>> outcome_of(Answer(503, {"retry-after": "9"}), Instant(0))
    Outcome(told='refused', status=503, wait_ms=9000, is_gone=False)
    """
    if 200 <= answer.status < 300:
        return Outcome(DELIVERED, answer.status)
    wait = asked_wait_ms(answer.headers.get("retry-after"), at)
    return Outcome("refused", answer.status, wait, answer.status == 410)
