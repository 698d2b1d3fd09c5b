"""Tables of identity: what was seen, what people decided, and the map that follows from both.

`identity_keys`, `identity_links` and `identity_decisions` are the record; `identity_map` and
`identity_shared` are computed from them and can be built again at any time.
"""

from __future__ import annotations

import sqlalchemy as sa

from shoal.store.database import BigId, metadata

identity_keys = sa.Table(
    "identity_keys",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=False),  # core.ids.key_id of "kind:value"
    sa.Column("kind", sa.Text, nullable=False),  # one of ingest.keys.KINDS
    sa.Column("value", sa.Text, nullable=False),  # without its kind: "ana@example.org"
    sa.Column("first_at", sa.BigInteger, nullable=False),  # ms; the earliest instant it was seen at
    sa.Column("since", sa.BigInteger, nullable=False),  # the first version of the map that knows it
)

identity_links = sa.Table(
    "identity_links",
    metadata,
    sa.Column("a", sa.BigInteger, primary_key=True, autoincrement=False),  # strongest key of a record
    sa.Column("b", sa.BigInteger, primary_key=True, autoincrement=False),  # another key of the same record
    sa.Column("first_at", sa.BigInteger, nullable=False),  # ms; the earliest instant they were seen together
    sa.Column("source", sa.Text, nullable=False),  # that told so first
    sqlite_with_rowid=False,
)

identity_decisions = sa.Table(
    "identity_decisions",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),  # a later decision has the greater id
    sa.Column("kind", sa.Text, nullable=False),  # merge, split or undo
    sa.Column("left", sa.Text, nullable=False),  # JSON list of key ids
    sa.Column("right", sa.Text, nullable=False),  # JSON list of key ids
    sa.Column("undoes", sa.BigInteger, sa.ForeignKey("identity_decisions.id")),  # set where kind is undo
    sa.Column("actor", sa.Text, nullable=False),  # person or rule that decided
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),  # ms
    sqlite_autoincrement=True,
)

identity_map = sa.Table(
    "identity_map",
    metadata,
    sa.Column("key", BigId, primary_key=True, autoincrement=False),
    # Id of the canonical key; a key that is its own subscriber has no row here.
    sa.Column("subscriber", sa.BigInteger, nullable=False, index=True),
)

identity_shared = sa.Table(
    "identity_shared",
    metadata,
    sa.Column("key", BigId, primary_key=True, autoincrement=False),
    sa.Column("reason", sa.Text, nullable=False),  # one of identity.SHARED_REASONS
    sa.Column("neighbours", sa.BigInteger, nullable=False),  # distinct keys it was seen with
)

identity_state = sa.Table(
    "identity_state",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # always 1
    sa.Column("version", sa.BigInteger, nullable=False),  # of the map; 0 before the first
    sa.Column("rules", sa.Text, nullable=False),  # fingerprint of the rules that made it
    sa.Column("pending", sa.Boolean, nullable=False),  # something was seen or decided since
    sa.Column("resolved_at", sa.BigInteger),  # ms
    sa.Column("keys", sa.BigInteger, nullable=False, server_default="0"),  # that the map knows
    sa.Column("subscribers", sa.BigInteger, nullable=False, server_default="0"),  # of the map
    sa.Column("decision", sa.BigInteger, nullable=False, server_default="0"),  # the last one that the map includes
)

identity_touched = sa.Table(
    "identity_touched",
    metadata,
    sa.Column("key", sa.BigInteger, nullable=False),  # of which something new was seen since; one may be here twice
)

merge_log = sa.Table(
    "merge_log",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("version", sa.BigInteger, nullable=False),  # of the map that brought the change
    sa.Column("at", sa.BigInteger, nullable=False),  # ms
    sa.Column("kind", sa.Text, nullable=False),  # merge, unmerge or rekey
    sa.Column("kept", sa.BigInteger, nullable=False, index=True),  # subscriber that stays
    sa.Column("absorbed", sa.BigInteger, nullable=False, index=True),  # went into it, came out of it or was its name
    sa.Column("reason", sa.Text, nullable=False),  # link, decision or rule
    sa.Column("evidence", sa.Text, nullable=False),  # JSON object; ids only, no personal data
)

proposals = sa.Table(
    "proposals",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("a", sa.BigInteger, nullable=False),  # subscriber, the smaller id of the two
    sa.Column("b", sa.BigInteger, nullable=False),
    sa.Column("score", sa.Float, nullable=False),  # probability that both are one person, 0 to 1
    sa.Column("reasons", sa.Text, nullable=False),  # JSON list of duplicates.REASONS
    sa.Column("status", sa.Text, nullable=False),  # open, accepted or dismissed
    sa.Column("created_at", sa.BigInteger, nullable=False),  # ms
    sa.Column("decided_at", sa.BigInteger),  # ms
    sa.Column("decided_by", sa.Text),
    sa.UniqueConstraint("a", "b"),
)
