"""Tables of destinations: what they are, what they were told, and how each attempt went."""

from __future__ import annotations

import sqlalchemy as sa

from shoal.store.database import BigId, metadata

destinations = sa.Table(
    "destinations",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),  # one of kinds.KINDS
    sa.Column("settings", sa.Text, nullable=False),  # JSON object, as its kind reads it
    sa.Column("segments", sa.Text),  # JSON list of names; null: all
    sa.Column("secrets", sa.LargeBinary),  # JSON list, newest first, encrypted; null: none
    sa.Column("state", sa.Text, nullable=False),  # one of record.STATES
    sa.Column("reason", sa.Text),  # why it is not active; null while it is
    sa.Column("cursor", sa.BigInteger, nullable=False),  # number of the last change that it knows
    sa.Column("failures", sa.Integer, nullable=False),  # in a row, of the batch that is on its way
    sa.Column("next_at", sa.BigInteger, nullable=False),  # ms; nothing is sent before
    sa.Column("asked_at", sa.BigInteger),  # ms; somebody asked for a sync; null: nobody since the last one
    sa.Column("batches", sa.BigInteger, nullable=False),  # that were ever on their way
    sa.Column("on_its_way", sa.LargeBinary),  # the batch that is sent until it is confirmed; null: none
    sa.Column("created_at", sa.BigInteger, nullable=False),  # ms
    sqlite_autoincrement=True,  # a number is in the ids of batches, so it is never given again
)

destination_members = sa.Table(
    "destination_members",
    metadata,
    sa.Column("destination", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("segment", sa.Text, primary_key=True),
    sa.Column("batch", sa.BigInteger, primary_key=True, autoincrement=False),  # that was confirmed
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),  # Arrow: who was told as there, or as gone
)

destination_attempts = sa.Table(
    "destination_attempts",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("destination", sa.BigInteger, nullable=False, index=True),
    sa.Column("at", sa.BigInteger, nullable=False),  # ms
    sa.Column("batch", sa.Text, nullable=False),  # its id, as the receiver sees it
    sa.Column("rows", sa.BigInteger, nullable=False),  # changes or members
    sa.Column("status", sa.Integer),  # of HTTP; null: there was no answer
    sa.Column("outcome", sa.Text, nullable=False),  # "delivered", or why not
    sa.Column("took_ms", sa.Integer, nullable=False),
)
