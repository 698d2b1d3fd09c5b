"""What an engine that runs apart says of itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "engine_state",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("is_alive", sa.Boolean(), nullable=False),
        sa.Column("clock", sa.BigInteger()),
        sa.Column("newest", sa.BigInteger()),
        sa.Column("people", sa.BigInteger()),
        sa.Column("segments", sa.Integer()),
    )
