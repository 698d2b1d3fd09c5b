"""How long what arrived, and what was told, is kept."""

from __future__ import annotations

from shoal.core.time import UNITS_MS, Instant
from shoal.flow.drain import STAGE
from shoal.flow.home import Opened
from shoal.segments import feed
from shoal.store import journal


def trim(opened: Opened, at: Instant) -> None:
    """Forget the journal's entries that have been in the lake, and changes that have been on the feed, for longer than
    `journal_days` at an instant."""
    kept = Instant(at - opened.settings.journal_days * UNITS_MS["d"])
    with opened.database.write() as connection:
        journal.trim(connection, up_to=journal.offset_of(connection, STAGE), received_before=kept)
        feed.forget(connection, kept)
