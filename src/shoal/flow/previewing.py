"""A dry run: what files are, and what their first rows would become. Nothing is imported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from shoal.core.settings import Settings
from shoal.core.time import now
from shoal.flow.home import Opened
from shoal.flow.importing import context_of
from shoal.flow.planning import How, NotImported, Part, plan
from shoal.ingest.accounts import keys_in
from shoal.ingest.canonical import Json
from shoal.ingest.mapped import source_of
from shoal.ingest.mapping import Mapping
from shoal.ingest.preview import preview
from shoal.ingest.propose import propose, remarks
from shoal.ingest.recognise import named_source
from shoal.ingest.worker import Worker


@dataclass(frozen=True, slots=True)
class Preview:
    """One file of a dry run."""

    file: str
    source: str
    proposed: str | None  # the YAML of a mapping to start from, where no source knows the file
    rows: tuple[dict[str, Json], ...]  # the first ten
    remarks: tuple[str, ...] = ()  # what to look at before it is imported so


@dataclass(frozen=True, slots=True)
class Previews:
    """What each file is, in order; and the files of folders and zips that would be left out."""

    files: tuple[Preview, ...]
    not_imported: tuple[NotImported, ...]

    def __iter__(self) -> Iterator[Preview]:
        return iter(self.files)


def preview_paths(
    opened: Opened | None, paths: Iterable[Path], *, source: str | Mapping | None = None, account: str | None = None
) -> Previews:
    """What each file is and what its first ten rows would become, by the settings of a workspace, or the usual ones.

    Raises UserError as an import does, and `nothing_to_propose` for a file that seems to name nobody.
    """
    settings = Settings() if opened is None else opened.settings
    with Worker() as worker:
        planned = plan(worker, paths, How(source, propose, account))
        return Previews(tuple(_preview(settings, part) for part in planned.parts), planned.left_out)


def _preview(settings: Settings, part: Part) -> Preview:
    meant = named_source(part.source) if isinstance(part.source, str) else source_of(part.source)
    rows = preview(meant, part.found.head, context_of(settings, now()))
    shown = tuple(_in_account(row, part) for row in rows)
    if part.mapping is None or not part.is_guess:
        return Preview(part.shown, part.name, None, shown, meant.warnings)
    return Preview(part.shown, part.name, part.mapping.to_yaml(), shown, remarks(part.mapping, part.found.head))


def _in_account(row: dict[str, Json], part: Part) -> dict[str, Json]:
    if part.account is None or "keys" not in row:
        return row
    return {**row, "keys": keys_in(pa.array(row["keys"], pa.string()), part.account, part.mapping).to_pylist()}
