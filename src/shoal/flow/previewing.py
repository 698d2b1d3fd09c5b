"""A dry run: what files are, and what their first rows would become. Nothing is imported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from shoal.core.time import now
from shoal.flow.home import Opened
from shoal.flow.importing import Part, context_of, plan
from shoal.ingest.canonical import Json
from shoal.ingest.mapped import source_of
from shoal.ingest.mapping import Mapping
from shoal.ingest.preview import preview
from shoal.ingest.propose import propose
from shoal.ingest.recognise import list_files, named_source
from shoal.ingest.worker import Worker


@dataclass(frozen=True, slots=True)
class Preview:
    """One file of a dry run."""

    file: str
    source: str
    proposed: str | None  # the YAML of a mapping to start from, where no source knows the file
    rows: tuple[dict[str, Json], ...]  # the first ten


def preview_paths(opened: Opened, paths: Iterable[Path], *, source: str | Mapping | None = None) -> tuple[Preview, ...]:
    """What each file is and what its first ten rows would become.

    Raises UserError as an import does, and `nothing_to_propose` for a file that seems to name nobody.
    """
    with Worker() as worker:
        return tuple(_preview(opened, part) for part in plan(worker, list_files(paths), source, propose))


def _preview(opened: Opened, part: Part) -> Preview:
    mapped = part.source if isinstance(part.source, Mapping) else None
    meant = source_of(mapped) if mapped else named_source(part.name)
    rows = preview(meant, part.found.head, context_of(opened, now()))
    proposed = mapped.to_yaml() if mapped is not None and part.is_guess else None
    return Preview(part.shown, part.name, proposed, tuple(rows))
