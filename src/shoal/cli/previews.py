"""What a dry run prints: the YAML of a mapping to start from, and everything else as its comments."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import msgspec

from shoal.cli.left_out import left_out
from shoal.cli.show import Shown, harmless, printing
from shoal.core.settings import Home
from shoal.flow.previewing import Preview, Previews, preview_paths
from shoal.ingest.mapping import load_mapping
from shoal.workspace import Workspace


def preview(
    shown: Shown, paths: Sequence[Path], *, source: str | None, mapping: Path | None, account: str | None
) -> None:
    """Show what files are and what ten rows of each would become, by the settings of the workspace, if there is one."""
    if Home(shown.home).settings.exists():
        found = Workspace.open(shown.home).preview(paths, source=source, mapping=mapping, account=account)
    else:
        how = load_mapping(mapping) if mapping else source
        found = preview_paths(None, paths, source=how, account=account)
    if shown.as_json:
        left_out = [each.as_data() for each in found.not_imported]
        shown.document({"files": [asdict(each) for each in found], "not_imported": left_out})
        return
    # Not by Rich, which would take ":tent:" in a column's name for a picture.
    with printing():
        sys.stdout.write("".join(f"{line}\n" for line in _lines(found)))


def _lines(found: Previews) -> Iterator[str]:
    for place, each in enumerate(found):
        if place:
            yield "---"  # one file has one mapping, so two together are refused as a mapping
        yield from _of_file(each)
    yield from _comments(*left_out(found.not_imported))


def _of_file(each: Preview) -> Iterator[str]:
    if each.proposed is None:
        yield from _comments(f"{each.file} is read as {each.source}.", *each.remarks, "Its first rows would become:")
    else:
        yield from _comments(
            f"No source knows {each.file}. This is a mapping to start from: save it, mend it, give it with --map.",
            *each.remarks,
        )
        yield from each.proposed.rstrip("\n").split("\n")
        yield from _comments("With it the first rows would become:")
    yield from _comments(*(msgspec.json.encode(row).decode() for row in each.rows))


def _comments(*texts: str) -> Iterator[str]:
    return (f"# {harmless(line)}" for text in texts for line in text.split("\n"))
