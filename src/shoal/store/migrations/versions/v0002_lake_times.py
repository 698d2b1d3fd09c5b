"""When each lake file was written, so that a changed file is noticed without reading it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lake_files", sa.Column("mtime_ns", sa.BigInteger(), nullable=False, server_default="0"))
