"""Tables of who may do what."""

from __future__ import annotations

import sqlalchemy as sa

from shoal.store.database import BigId, metadata

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("name", sa.Text, nullable=False),  # what its owner calls it
    sa.Column("source", sa.Text, nullable=False),  # of the events that it writes
    sa.Column("scopes", sa.Text, nullable=False),  # separated by spaces
    sa.Column("beginning", sa.Text, nullable=False),  # of the key, to tell it from others
    sa.Column("digest", sa.String(64), nullable=False, unique=True),  # keyed hash of the key
    sa.Column("created_at", sa.BigInteger, nullable=False),  # ms
    sa.Column("revoked_at", sa.BigInteger),  # ms; null while it is in use
)
