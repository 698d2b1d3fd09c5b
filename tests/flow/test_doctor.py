"""The doctor finds what was broken on purpose, says what to do, and changes nothing."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from shoal.access.tables import api_keys
from shoal.flow import doctor, importing
from shoal.flow.admitting import create_key
from shoal.flow.home import one_writer
from shoal.ingest import letters
from shoal.ingest.calls import Letter
from shoal.ingest.canonical import SCHEMA
from shoal.store import journal
from shoal.store.tables import journal as journal_table


@pytest.fixture
def filled(opened, shop, write):
    importing.import_paths(opened, [write("shop.jsonl", shop)])
    create_key(opened, "a test", "web", ("write",))
    return opened


def found(opened, **how):
    return {each.check: each for each in doctor.examine(opened.home.folder, **how)}


def waiting(opened, received_at):
    row = {"line": 1, "message_id": "x", "at": received_at, "keys": ["user:x"]}
    batch = pa.RecordBatch.from_pylist([row], schema=SCHEMA)
    with opened.database.write() as connection:
        journal.append(connection, origin="api:web", source="web", received_at=received_at, batch=batch)


def test_a_sound_workspace_has_nothing_to_mend(filled, monkeypatch):
    monkeypatch.setattr(doctor, "FEW_FREE", 0)
    monkeypatch.setattr(doctor, "LEAST_FREE", 0)
    monkeypatch.setattr(doctor, "CONNECTIONS", 10)
    checks = found(filled) | found(filled, deep=True)
    if filled.database.engine.dialect.name == "postgresql":  # the tests' cluster runs without fsync
        assert checks.pop("durability").level == "failed"
    assert {name: each.told for name, each in checks.items() if each.level != "good" or each.fix} == {}
    assert len(checks) >= 11


def test_every_check_that_is_not_good_says_what_to_do(filled, monkeypatch):
    monkeypatch.setattr(doctor, "LEAST_FREE", 2**60)
    checks = found(filled)
    assert checks["space"].level == "failed"
    assert all(each.fix for each in checks.values() if each.level != "good")


def test_no_workspace_and_bad_settings(sqlite, tmp_path):
    assert [(each.check, each.level) for each in doctor.examine(tmp_path / "none")] == [("settings", "failed")]
    sqlite.home.settings.write_text("zone: Atlantis\n")
    (only,) = doctor.examine(sqlite.home.folder)
    assert (only.check, only.level) == ("settings", "failed")
    assert "IANA" in only.fix


def test_a_database_that_does_not_answer(sqlite):
    sqlite.home.settings.write_text("database: postgresql://nobody@127.0.0.1:1/none\n")
    checks = found(sqlite)
    assert checks["database"].level == "failed"
    assert checks["permissions"].level == "good"
    sqlite.home.settings.write_text("zone: UTC\n")
    sqlite.database.close()
    sqlite.home.database.unlink()
    assert found(sqlite)["database"].level == "failed"
    assert not sqlite.home.database.exists(), "nothing is made"


def test_a_damaged_database(sqlite, shop, write):
    importing.import_paths(sqlite, [write("shop.jsonl", shop)])
    sqlite.database.close()
    size = sqlite.home.database.stat().st_size
    content = sqlite.home.database.read_bytes()
    for place in (0, size // 2 // 4096 * 4096):
        with sqlite.home.database.open("r+b") as file:
            file.seek(place)
            file.write(os.urandom(4096))
        assert found(sqlite)["database"].level == "failed"
        sqlite.home.database.write_bytes(content)


def test_schemas(filled):
    def stands(number):
        with filled.database.write() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = :number"), {"number": number})

    stands("0001")
    assert found(filled)["schema"].level == "warning"
    stands("9999")
    checks = found(filled)
    assert (checks["schema"].level, checks["schema"].fix) == ("failed", "Upgrade Shoal.")
    with filled.database.read() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == "9999"


def test_lake_files(filled):
    file = next(filled.home.lake.glob("events/*.parquet"))
    content, stat = file.read_bytes(), file.stat()
    file.write_bytes(content[:-9] + b"x" + content[-8:])
    assert found(filled)["lake"].level == "failed"
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert found(filled)["lake"].level == "good", "the quick look goes by size and time"
    deep = found(filled, deep=True)["lake"]
    assert deep.level == "failed"
    assert file.name in deep.told
    file.unlink()
    assert "rebuild --from-journal" in found(filled)["lake"].fix


def test_a_journal_that_stands_still(filled):
    at = int(time.time() * 1000)
    waiting(filled, at - 10)
    assert found(filled)["journal"].level == "warning"
    with one_writer(filled.home):
        checks = found(filled)
        assert checks["journal"].level == "good", "it may be on its way"
        waiting(filled, at - 100_000)
        assert found(filled)["journal"].level == "failed"
    assert str(os.getpid()) in checks["writer"].told
    assert "Nobody" in found(filled)["writer"].told


def test_letters_and_keys(filled):
    with filled.database.write() as connection:
        letters.keep(connection, "web", 0, [Letter("odd", "It was odd.", b"{}")])
        connection.execute(sa.update(api_keys).values(created_at=0))
    checks = found(filled)
    assert (checks["letters"].level, checks["keys"].level) == ("warning", "warning")
    with filled.database.write() as connection:
        connection.execute(sa.update(api_keys).values(scopes=""))
    assert found(filled)["keys"].level == "failed"
    with filled.database.write() as connection:
        connection.execute(sa.update(api_keys).values(scopes="write"))
    filled.home.secret.unlink()
    assert found(filled)["keys"].level == "failed"


def test_a_clock_that_went_back(filled):
    waiting(filled, int(time.time() * 1000) + 600_000)
    checks = found(filled)
    assert checks["clock"].level == "failed"
    assert "NTP" in checks["clock"].fix
    with filled.database.write() as connection:
        connection.execute(sa.delete(journal_table))
    assert found(filled)["clock"].level == "good"


def test_permissions(filled):
    secret, folder = filled.home.secret, filled.home.folder
    secret.chmod(0o644)
    assert found(filled)["permissions"].level == "failed"
    secret.chmod(0o600)
    folder.chmod(0o755)
    assert found(filled)["permissions"].level == "warning"
    folder.chmod(0o777)
    assert found(filled)["permissions"].level == "failed"


def test_too_few_descriptors(filled, monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (100, 4096))
    checks = found(filled)
    assert checks["descriptors"].level == "warning"
    assert "4096" in checks["descriptors"].fix


def test_the_page_has_every_check(filled):
    page = (Path(__file__).parents[2] / "docs" / "operation" / "doctor.md").read_text()
    named = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")][1:]
    assert sorted(named) == sorted(found(filled))
