"""Which workspace a database belongs to, so that two folders don't take one for theirs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("workspace", sa.Column("id", sa.Text(), primary_key=True))
