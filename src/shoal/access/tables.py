"""Tables of who may do what: keys of programs, webhooks that are taken, users of the web app and their sessions."""

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

webhooks = sa.Table(
    "webhooks",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("name", sa.Text, nullable=False, index=True),  # in its address, and the source of its events
    sa.Column("vendor", sa.Text, nullable=False),
    sa.Column("address", sa.Text),  # where vendors reach this server; null: as a request says
    sa.Column("secret", sa.LargeBinary, nullable=False),  # encrypted with the workspace's secret
    sa.Column("created_at", sa.BigInteger, nullable=False),  # ms
    sa.Column("revoked_at", sa.BigInteger),  # ms; null while it is in use
)

webhook_replays = sa.Table(
    "webhook_replays",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),  # of what tells a delivery from every other
    sa.Column("until", sa.BigInteger, nullable=False, index=True),  # ms; forgotten after that
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),  # in small letters
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("password", sa.Text, nullable=False),  # argon2id
    sa.Column("created_at", sa.BigInteger, nullable=False),  # ms
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),  # of the random id that the browser shows
    sa.Column("user_id", BigId, nullable=False, index=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),  # ms
    sa.Column("seen_at", sa.BigInteger, nullable=False),  # ms; to the minute
)
