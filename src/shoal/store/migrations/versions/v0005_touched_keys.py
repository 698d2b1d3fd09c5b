"""Which keys were touched since the last resolve, so that a resolve need not look at all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("identity_touched", sa.Column("key", sa.BigInteger(), nullable=False))
    for name in ("keys", "subscribers", "decision"):
        op.add_column("identity_state", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    # What was seen before this version was touched without a note, so the next resolve looks at everything.
    op.execute("UPDATE identity_state SET rules = ''")
