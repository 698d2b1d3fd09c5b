"""Files in: recognise, parse in the limited subprocess, journal, drain, resolve identities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shoal.ingest import ledger
from shoal.ingest.worker import ParseRequest


@dataclass(frozen=True, slots=True)
class Planned:
    """A file and how it is to be read."""

    path: Path
    request: ParseRequest


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file."""

    line: ledger.Import
    rejects: Path | None  # the reject file, where rows were refused
    again: bool  # the same file was imported before: nothing was done


Watch = Callable[[Path, int, int], None]
"""Told about progress: file, bytes read so far, bytes in all."""
