"""What an import that is running, or was ended in the middle, has not made visible yet."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from shoal.flow.drain import STAGE
from shoal.flow.home import Opened
from shoal.ingest import ledger
from shoal.profiles.tables import identity_state
from shoal.store import journal


def unfinished(opened: Opened) -> tuple[str, ...]:
    """A sentence for each file that was not read to its end, or one where only the last step is missing; mostly none.

    What an import has read is counted only when it ends, so answers may lack people and events until then.
    """
    with opened.database.read() as connection:
        files = _files(ledger.all_imports(connection))
        waits = journal.waiting(connection, after=journal.offset_of(connection, STAGE)) > 0
        pending = bool(connection.execute(sa.select(identity_state.c.pending)).scalar())
    if files:
        return tuple(
            f"The import of {each.file} has not ended ({each.rows_read:,} rows are read), so answers may lack people "
            f"and events. If no import is running, run `shoal import{_account(each.source)}` on the file again to "
            "finish it."
            for each in files
        )
    if waits or pending:
        return (
            "An import has not ended, so answers may lack people and events. "
            "If no import is running, run `shoal import` again to finish it.",
        )
    return ()


def _account(source: str) -> str:
    """The option that names the account of a source; blank without one."""
    account = source.partition("@")[2]
    return f" --account {account}" if account else ""


def _files(lines: Sequence[ledger.Import]) -> tuple[ledger.Import, ...]:
    """Those not read to their end, save where a later file of the same name and source was."""
    done = {(line.file, line.source): line.id for line in lines if line.finished}
    return tuple(line for line in lines if not line.finished and done.get((line.file, line.source), -1) < line.id)
