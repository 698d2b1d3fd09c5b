"""Files that were not imported, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shoal.cli.show import number
from shoal.flow.planning import NotImported

MOST_NAMED = 10
"""How many files are named that don't look like tables."""


def left_out(files: Sequence[NotImported]) -> Iterator[str]:
    """Those that may hold rows with reason and fix, the others by name."""
    lost = [each for each in files if each.holds_data]
    others = [each.file for each in files if not each.holds_data]
    if lost:
        yield ""
        yield f"{number(len(lost))} {'file was' if len(lost) == 1 else 'files were'} not imported:"
    for each in lost:
        yield f"  {each.error.where or each.file}"
        yield f"    {each.error.message}"
        yield f"    fix: {each.error.fix}"
    if others:
        more = f" and {number(len(others) - MOST_NAMED)} more" if len(others) > MOST_NAMED else ""
        yield f"Left out, because they don't look like tables: {', '.join(others[:MOST_NAMED])}{more}."
