"""Every source that a file can come from, each in a file of its own.

A new source is one new file here and one line in `SOURCES`.
"""

from __future__ import annotations

from shoal.ingest.source import Source

SOURCES: tuple[Source, ...] = ()
"""All sources. Their order doesn't matter: the best score recognises a file."""
