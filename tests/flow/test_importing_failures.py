"""Imports that break off: nothing half-done for a damaged file, and what is kept is whole."""

from __future__ import annotations

import gzip
import json

import pytest
import sqlalchemy as sa

from shoal.core.errors import UserError
from shoal.core.time import parse_instant
from shoal.flow import asking, importing, people
from shoal.flow.importing import import_paths
from shoal.flow.reading import open_reading
from shoal.ingest import ledger
from shoal.ingest.parse import CHUNK_ROWS
from shoal.profiles import identity
from shoal.store.database import metadata

NOW = parse_instant("2026-02-01")


def table_sizes(opened):
    with opened.database.read() as connection:
        return {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in metadata.sorted_tables
        }


def files_below(opened):
    left = {"shoal.db", "shoal.db-wal", "shoal.db-shm", "writer.lock"}
    return sorted(path.name for path in opened.home.folder.rglob("*") if path.is_file() and path.name not in left)


def many(call, count):
    return (
        json.dumps(call(number, f"u{number % 50}", "2026-01-05T00:00:00Z", "Page Viewed", path=f"/{number}"))
        for number in range(count)
    )


@pytest.mark.parametrize("rows", [2_000, 2 * CHUNK_ROWS + 5], ids=["short", "of several chunks"])
def test_half_a_gzip_leaves_nothing_behind(sqlite, call, tmp_path, rows):
    packed = gzip.compress("\n".join(many(call, rows)).encode())
    path = tmp_path / "half.jsonl.gz"
    path.write_bytes(packed[: len(packed) * 9 // 10])
    before = table_sizes(sqlite), files_below(sqlite)
    with pytest.raises(UserError) as error:
        import_paths(sqlite, [path])
    assert error.value.code == "truncated_file"
    assert error.value.where == str(path)
    assert (table_sizes(sqlite), files_below(sqlite)) == before


def test_a_damaged_gzip_leaves_nothing_behind(sqlite, call, tmp_path):
    packed = bytearray(gzip.compress("\n".join(many(call, 500)).encode()))
    packed[-6] ^= 1  # of the checksum
    path = tmp_path / "damaged.jsonl.gz"
    path.write_bytes(packed)
    before = table_sizes(sqlite)
    with pytest.raises(UserError) as error:
        import_paths(sqlite, [path])
    assert error.value.code == "unreadable_file"
    assert table_sizes(sqlite) == before


def test_what_came_before_an_error_is_whole_and_goes_on(sqlite, call, write, monkeypatch):
    """A file that can't be read on in the middle: the people read so far are unified, the rest follows."""
    linked = [
        {"type": "identify", "userId": "u1", "messageId": "x", "timestamp": "2026-01-01", "traits": {"email": "a@b.cc"}}
    ]
    path = write("events.jsonl", [*map(json.dumps, linked), *many(call, 2 * CHUNK_ROWS)])
    worker = importing.Worker()

    class Breaking:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        inspect = worker.inspect

        def parse(self, request):
            yield next(worker.parse(request))
            raise UserError("unreadable_file", "The disk has gone.")

    with monkeypatch.context() as patch:
        patch.setattr(importing, "Worker", Breaking)
        with pytest.raises(UserError):
            import_paths(sqlite, [path])
    half = asking.count(sqlite, 'did "Page Viewed"', NOW).counts
    assert (half.members, half.eligible) == (50, 50)  # u1 and the address are one
    with sqlite.database.read() as connection:
        (line,) = ledger.all_imports(connection)
    assert (line.finished, line.rows_read) == (False, CHUNK_ROWS)
    (done,) = import_paths(sqlite, [path])
    assert (done.line.rows_read, done.line.duplicates, done.again) == (2 * CHUNK_ROWS + 1, 0, False)


def test_a_lost_reject_file_is_written_again(sqlite, call, write):
    path = write("events.jsonl", [call(1, "u1", "2026-01-01", "Page Viewed"), "broken"])
    (first,) = import_paths(sqlite, [path])
    told = first.rejects.read_text()
    first.rejects.unlink()
    (second,) = import_paths(sqlite, [path])
    assert second.again
    assert second.rejects == first.rejects
    assert first.rejects.read_text() == told


def test_people_are_seen_once_they_are_unified(sqlite, call, write, monkeypatch):
    """A count during an import, or after one that was killed, sees no key that may still belong to somebody."""
    import_paths(sqlite, [write("a.jsonl", [call(1, "u1", "2026-01-01", "Page Viewed")])])
    more = [
        call(2, "u2", "2026-01-01", "Page Viewed"),
        call(3, "u2", "2026-01-01", email="u2@example.org"),
        call(4, "u1", "2026-01-02", "Page Viewed"),
    ]

    def never(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(identity, "resolve", never)
        with pytest.raises(KeyboardInterrupt):
            import_paths(sqlite, [write("b.jsonl", more)])
    seen = asking.count(sqlite, 'did "Page Viewed"', NOW).counts
    assert (seen.members, seen.eligible) == (1, 1)
    for ask in (people.profile, lambda *given: asking.explain_one(*given, 'did "Page Viewed"')):
        with pytest.raises(UserError) as error:
            ask(sqlite, "u2@example.org")
        assert error.value.code == "unknown_subscriber"
    import_paths(sqlite, [write("b.jsonl", more)])
    seen = asking.count(sqlite, 'did "Page Viewed"', NOW).counts
    assert (seen.members, seen.eligible) == (2, 2)


@pytest.mark.parametrize("harm", ["missing", "short", "one bit"])
def test_a_harmed_lake_gives_no_answer(sqlite, shop, write, harm):
    import_paths(sqlite, [write("events.jsonl", shop)])
    path = next(sqlite.home.lake.glob("events/*"))
    content = bytearray(path.read_bytes())
    if harm == "missing":
        path.unlink()
    elif harm == "short":
        path.write_bytes(content[: len(content) // 2])
    else:
        content[len(content) // 3] ^= 1
        path.write_bytes(content)
    for ask in (lambda: open_reading(sqlite), lambda: import_paths(sqlite, [write("more.jsonl", shop[:5])])):
        with pytest.raises(UserError) as error:
            ask()
        assert error.value.code == "damaged_lake"
        assert path.name in str(error.value.where)


def test_a_lake_that_was_copied_is_sound(sqlite, shop, write):
    """Other times of the files, as after a restore, are no harm where the content is the same."""
    import_paths(sqlite, [write("events.jsonl", shop)])
    for path in sqlite.home.lake.glob("*/*"):
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
    assert asking.count(sqlite, 'did "Order Completed"', NOW).counts.members == 10
