"""Tables of segments: what was applied, by whom and when; and who entered and left. Rows are never changed."""

from __future__ import annotations

import sqlalchemy as sa

from shoal.store.database import BigId, metadata

segment_versions = sa.Table(
    "segment_versions",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),  # 1, 2, … of this name
    sa.Column("change", sa.Text, nullable=False),  # one of steps.CHANGES
    sa.Column("sentence", sa.Text),  # NULL: the segment was deleted
    sa.Column("definition", sa.Text),  # its JSON form; NULL: the segment was deleted
    sa.Column("labels", sa.Text, nullable=False),  # JSON object: title, goal, content and what else the file says
    sa.Column("uses", sa.Text, nullable=False),  # JSON object: version of each segment that it refers to
    sa.Column("restores", sa.Integer),  # the earlier version that a rollback brought back
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),  # ms
)

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("first", BigId, primary_key=True, autoincrement=False),  # number of its first change: 1, 2, …
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("told_at", sa.BigInteger, nullable=False, index=True),  # ms; when the engine told them
    sa.Column("payload", sa.LargeBinary, nullable=False),  # Arrow: the columns of `feed.SCHEMA`
)

feed_state = sa.Table(
    "feed_state",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # one row
    sa.Column("offset", sa.BigInteger, nullable=False),  # of the journal: what it says up to there has been told
    sa.Column("clock", sa.BigInteger, nullable=False),  # ms; memberships as of this instant have been told
)

engine_state = sa.Table(
    "engine_state",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # one row, while an engine runs apart
    sa.Column("told_at", sa.BigInteger, nullable=False),  # ms
    sa.Column("is_alive", sa.Boolean, nullable=False),
    sa.Column("clock", sa.BigInteger),  # ms; memberships are as of this instant; NULL: it does not follow yet
    sa.Column("newest", sa.BigInteger),  # number of the newest change
    sa.Column("people", sa.BigInteger),
    sa.Column("segments", sa.Integer),
)
