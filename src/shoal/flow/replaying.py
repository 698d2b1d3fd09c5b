"""Dead letters once more: what a newer Shoal or a mended call makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shoal.core.errors import UserError
from shoal.flow.accepting import CALLS, WEBHOOKS
from shoal.flow.drain import Drain
from shoal.flow.home import Opened, one_writer
from shoal.flow.importing import context_of
from shoal.flow.isolating import isolate
from shoal.flow.mapped_webhooks import webhook_under
from shoal.flow.unifying import unify
from shoal.ingest import letters, withheld
from shoal.ingest.calls import BATCH, Taken, read
from shoal.ingest.source import Context
from shoal.ingest.webhook import mapped
from shoal.ingest.webhooks.rows import document
from shoal.store import journal


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of letters."""

    taken: int
    refused: int  # they stay where they are


def known_letters(opened: Opened, *, after: int = 0, most: int = 100) -> tuple[letters.DeadLetter, ...]:
    """Letters with a greater number than `after`, oldest first."""
    with opened.database.read() as connection:
        return letters.known(connection, after=after, most=most)


def replay(opened: Opened, numbers: Sequence[int] = ()) -> Replayed:
    """Read letters again, all or those of these numbers, as if they came when they came; what is taken is one no more.

    Raises UserError `unknown_letter`. What is taken is in the lake when this returns, unless a server runs: then that
    brings it there. A record with which the engine failed before is tried first, and stays a letter where it fails
    again; a server says so afterwards only.
    """
    done: dict[bool, list[letters.DeadLetter]] = {True: [], False: []}
    for letter in _asked(opened, numbers):
        done[_take(opened, letter)].append(letter)
    taken, refused = len(done[True]), len(done[False])
    back = _drain(opened, is_suspect=any(_is_withheld(each) for each in done[True])) if taken else 0
    return Replayed(taken - back, refused + back)


def discard(opened: Opened, numbers: Sequence[int]) -> int:
    """Forget letters; how many. Raises UserError `unknown_letter`, and forgets none then."""
    asked = [letter.id for letter in _asked(opened, numbers)] if numbers else []
    with opened.database.write() as connection:
        return letters.discard(connection, asked)


def _asked(opened: Opened, numbers: Sequence[int]) -> list[letters.DeadLetter]:
    found: dict[int, letters.DeadLetter] = {}
    while some := known_letters(opened, after=max(found, default=0)):
        found |= {letter.id: letter for letter in some}
    for number in numbers:
        if number not in found:
            raise UserError(
                "unknown_letter", f"There is no dead letter {number}.", fix="`shoal letters list` has them."
            )
    return [found[number] for number in dict.fromkeys(numbers or found)]


def _take(opened: Opened, dead: letters.DeadLetter) -> bool:
    """Put a letter's records into the journal in the place of the letter; False where it still can't be taken."""
    if _is_withheld(dead):
        origin, batch = withheld.record(dead.letter.payload)
    else:
        try:
            taken = _read(opened, dead, context_of(opened.settings, dead.received_at))
        except UserError:
            return False
        if taken.letters:
            return False
        origin, batch = f"{CALLS if dead.letter.webhook is None else WEBHOOKS}:{dead.source}", taken.records
    with opened.database.write() as connection:
        if letters.discard(connection, [dead.id]):  # else somebody else replayed it meanwhile
            journal.append(connection, origin=origin, source=dead.source, received_at=dead.received_at, batch=batch)
    return True


def _is_withheld(dead: letters.DeadLetter) -> bool:
    return dead.letter.reason == withheld.REASON


def _read(opened: Opened, dead: letters.DeadLetter, context: Context) -> Taken:
    """What the letter says now. Raises UserError."""
    letter = dead.letter
    if letter.webhook is None:
        return read(BATCH, b'{"batch": [' + letter.payload + b"]}", context)
    return mapped(webhook_under(opened.home, letter.webhook, dead.source), [document(letter.payload)], context).taken


def _drain(opened: Opened, *, is_suspect: bool) -> int:
    """Take the journal to the lake, unless a server does; how many records became letters again."""
    try:
        with one_writer(opened.home):
            back = isolate(opened) if is_suspect else 0
            with Drain(opened.home, opened.database) as drain:
                while drain.turn() is not None:
                    pass
            unify(opened)
    except UserError as error:
        if error.code != "busy":
            raise
        return 0
    return back
