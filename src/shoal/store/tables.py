"""Tables of the store itself: journal, offsets, catalogue of lake files."""

from __future__ import annotations

import sqlalchemy as sa

from shoal.store.database import BigId, metadata

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("offset", BigId, primary_key=True, autoincrement=True),
    sa.Column("origin", sa.Text, nullable=False),  # who handed it in: "import:12"
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("received_at", sa.BigInteger, nullable=False),  # ms since the epoch, UTC
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),  # of the payload
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

offsets = sa.Table(
    "offsets",
    metadata,
    sa.Column("stage", sa.Text, primary_key=True),  # "lake"
    sa.Column("offset", sa.BigInteger, nullable=False),  # the last journal offset that the stage includes
)

lake_files = sa.Table(
    "lake_files",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("table", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False, unique=True),  # below the lake's folder
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("min_at", sa.BigInteger, nullable=False),  # ms
    sa.Column("max_at", sa.BigInteger, nullable=False),  # ms
    sa.Column("mtime_ns", sa.BigInteger, nullable=False, server_default="0"),  # of the file as it was written
)

workspace = sa.Table(
    "workspace",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),  # one row: that of the folder it belongs to; none before the first
)
