"""Destinations: where changes and members go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shoal.store.database import BigId

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "destinations",
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("segments", sa.Text()),
        sa.Column("secrets", sa.LargeBinary()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger()),
        sa.Column("batches", sa.BigInteger(), nullable=False),
        sa.Column("on_its_way", sa.LargeBinary()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "destination_members",
        sa.Column("destination", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("segment", sa.Text(), primary_key=True),
        sa.Column("batch", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "destination_attempts",
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("destination", sa.BigInteger(), nullable=False, index=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
    )
