"""Webhooks: their secrets, what was delivered lately, and whose dead letters are whose."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shoal.store.database import BigId

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("name", sa.Text(), nullable=False, index=True),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger()),
    )
    op.create_table(
        "webhook_replays",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("until", sa.BigInteger(), nullable=False, index=True),
    )
    op.add_column("dead_letters", sa.Column("webhook", sa.Text()))
