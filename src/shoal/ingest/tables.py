"""Tables of the import ledger (which file was read how far, which rows were refused) and of what is in the lake."""

from __future__ import annotations

import sqlalchemy as sa

from shoal.store.database import BigId, metadata

imports = sa.Table(
    "imports",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    # Digest of the file's bytes, the source and its mapping: the same again is nothing new. A file that came back in
    # the place of another carries the import that was there in between.
    sa.Column("fingerprint", sa.String(64), nullable=False, unique=True),
    sa.Column("file", sa.Text, nullable=False),  # its name, without folders
    sa.Column("place", sa.String(64), nullable=False, server_default="", index=True),  # digest of where it lay
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("received_at", sa.BigInteger, nullable=False),  # ms; kept when an import resumes
    sa.Column("chunks", sa.Integer, nullable=False),  # how many are in the journal
    sa.Column("rows_read", sa.BigInteger, nullable=False),
    sa.Column("rows_rejected", sa.BigInteger, nullable=False),
    sa.Column("rows_skipped", sa.BigInteger, nullable=False),
    sa.Column("records", sa.BigInteger, nullable=False),  # handed to the journal
    sa.Column("duplicates", sa.BigInteger, nullable=False),  # of those, already known; filled by draining
    sa.Column("reasons", sa.Text, nullable=False),  # JSON {reason: rows}, of rejected and skipped rows
    sa.Column("warnings", sa.Text, nullable=False),  # JSON list of sentences
    sa.Column("finished", sa.Boolean, nullable=False),
)

import_rejects = sa.Table(
    "import_rejects",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("import_id", sa.BigInteger, sa.ForeignKey("imports.id"), nullable=False, index=True),
    sa.Column("line", sa.BigInteger, nullable=False),  # 1-based, in the unpacked file
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
)

superseded_events = sa.Table(
    "superseded_events",
    metadata,
    sa.Column("event_id", sa.BigInteger, primary_key=True, autoincrement=False),
    # The statement that stands; other rows of the lake with this id don't count.
    sa.Column("version", sa.BigInteger),
    sa.Column("at", sa.BigInteger, nullable=False),  # ms
    sa.Column("digest", sa.BigInteger),
)

known_names = sa.Table(
    "known_names",
    metadata,
    sa.Column("event", sa.Text, primary_key=True),  # event name; "" for traits
    sa.Column("name", sa.Text, primary_key=True),  # property or trait; "" for the event itself
    sa.Column("rows", sa.BigInteger, nullable=False),  # events or statements that have it
)

dead_letters = sa.Table(
    "dead_letters",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("received_at", sa.BigInteger, nullable=False),  # ms
    sa.Column("reason", sa.Text, nullable=False),  # as of a rejected row
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),  # JSON as it came
    sa.Column("webhook", sa.Text),  # the vendor whose webhook it came by; null for a call
)
