"""Events of which a newer version is in the lake, and where each imported file lay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "superseded_events",
        sa.Column("event_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.BigInteger(), nullable=True),
    )
    op.add_column("imports", sa.Column("place", sa.String(64), nullable=False, server_default=""))
    op.create_index("ix_imports_place", "imports", ["place"])
