import csv
import io
from collections.abc import Callable, Iterable

import msgspec
import pytest

from shoal.core.time import parse_instant
from shoal.ingest.canonical import Record
from shoal.ingest.source import Context, FileHead, Row, RowRejectedError, RowSkippedError, Source

NOW = parse_instant("2026-06-01")


@pytest.fixture
def rows() -> Callable[[str], list[Row]]:
    """Rows of a CSV written in a test."""
    return lambda text: list(csv.DictReader(io.StringIO(text.strip())))


@pytest.fixture
def mapped() -> Callable[..., list[Record | str]]:
    """All records of the rows, one row at a time; a row that gives none gives its reason instead."""

    def run(source: Source, found: Iterable[Row], **settings: object) -> list[Record | str]:
        context = Context(received_at=NOW, **settings)
        out: list[Record | str] = []
        for row in found:
            try:
                out += source.map_rows([row], context)
            except (RowRejectedError, RowSkippedError) as error:
                out.append(error.reason)
        return out

    return run


@pytest.fixture
def at() -> Callable[[str], int]:
    """An instant."""
    return parse_instant


@pytest.fixture
def without_ids() -> Callable[[Iterable[Record | str]], list[Record | str]]:
    """The records with their message ids left out, where those are digests (`test_reexports.py` tests them)."""

    def strip(found: Iterable[Record | str]) -> list[Record | str]:
        return [each if isinstance(each, str) else msgspec.structs.replace(each, message_id=None) for each in found]

    return strip


@pytest.fixture
def best() -> Callable[..., str | None]:
    """Name of the source that a header is recognised as."""
    from shoal.ingest.sources import SOURCES

    def recognised(columns: Iterable[str], name: str = "export.csv", kind: str = "csv") -> str | None:
        head = FileHead(name, kind, tuple(columns))
        score, found = max((source.recognise(head), source.name) for source in SOURCES)
        return found if score >= 0.5 else None

    return recognised
