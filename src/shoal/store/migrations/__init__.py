"""Schema versions of the database, applied by Alembic."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from shoal.core.errors import UserError
from shoal.store.database import Database

HEAD = "0012"
"""The newest version in `versions/`; a test holds it to that."""


def version(database: Database) -> str | None:
    """The schema version of a database; None when it has none yet."""
    with database.read() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def known_versions() -> frozenset[str]:
    """All versions up to `HEAD`: files are called `v0001_….py`."""
    return frozenset(file.name[1:5] for file in (Path(__file__).parent / "versions").glob("v*.py"))


def migrate(database: Database) -> None:
    """Bring a database to `HEAD`: entirely or not at all.

    Raises UserError `newer_workspace` for a version that this program does not know.
    """
    found = version(database)
    if found == HEAD:
        return
    if found is not None and found not in known_versions():
        message = f"This workspace was made by a newer Shoal: its schema is {found}, this program knows {HEAD}."
        raise UserError("newer_workspace", message, fix="Upgrade Shoal, or open another workspace with --home.")
    # Alembic is slow to import, and almost every start finds nothing to do.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)
