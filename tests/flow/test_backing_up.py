"""Backups: whole, checked, restored into an empty place only; or an error and nothing left behind."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
import uuid
from pathlib import Path

import psycopg
import pytest

from shoal.core.errors import UserError
from shoal.flow import importing
from shoal.flow.admitting import create_key
from shoal.flow.backing_up import back_up
from shoal.flow.home import open_home
from shoal.flow.people import profile
from shoal.flow.reading import open_reading
from shoal.flow.restoring import Wanted, restore
from shoal.segments import feed
from shoal.store import copies


@pytest.fixture
def filled(opened, shop, write):
    importing.import_paths(opened, [write("shop.jsonl", shop)])
    create_key(opened, "a test", "web", ("write",))
    (opened.home.segments / "mine").mkdir()
    (opened.home.segments / "mine" / "a.yaml").write_text("name: a\nwhen: did 'Order Completed'\n")
    return opened


@pytest.fixture
def wanted(filled, request):
    """What a restore needs: on PostgreSQL an empty database besides."""
    if filled.database.engine.dialect.name == "sqlite":
        yield Wanted(filled.home.secret)
        return
    url, name = request.getfixturevalue("postgresql_url"), f"restored_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    yield Wanted(filled.home.secret, database=url.replace("/postgres?", f"/{name}?"))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def answers(opened):
    with open_reading(opened) as duck:
        rows = duck.execute(
            'SELECT subscriber, event_id, "at", name, properties::JSON::VARCHAR FROM events ORDER BY ALL'
        ).fetchall()
        traits = duck.execute('SELECT subscriber, name, value::JSON::VARCHAR, "at" FROM traits ORDER BY ALL').fetchall()
    return rows, traits, profile(opened, "p3@example.org").keys


def files_in(folder):
    return {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}


@pytest.mark.parametrize("name", ["backup", "backup.tar"])
@pytest.mark.parametrize("link", [False, True])
def test_what_is_restored_answers_the_same(filled, wanted, tmp_path, name, link):
    made = back_up(filled, tmp_path / name, link=link)
    into = tmp_path / "again"
    into.mkdir()  # an empty folder is a place too
    assert restore(tmp_path / name, into, wanted) == made
    again = open_home(into)
    try:
        assert answers(again) == answers(filled)
    finally:
        again.database.close()
    assert files_in(again.home.segments) == {"mine/a.yaml"}
    assert again.home.secret.read_text() == filled.home.secret.read_text()
    assert {each.name for each in tmp_path.iterdir()} == {"home", "shop.jsonl", name, "again"}, "nothing is left over"
    assert not [each for each in filled.home.folder.iterdir() if each.suffix == ".partial"]


def test_the_lake_of_a_restored_workspace_is_known_by_its_times(filled, wanted, tmp_path, monkeypatch):
    from shoal.store import lake

    back_up(filled, tmp_path / "b")
    restore(tmp_path / "b", tmp_path / "again", wanted)
    again = open_home(tmp_path / "again")
    monkeypatch.setattr(lake, "_digest", lambda _: pytest.fail("a file is read in whole"))
    with again.database.read() as connection:
        lake.check(again.home.lake, lake.catalogued(connection))
    again.database.close()


def error_of(*words, **named):
    with pytest.raises(UserError) as caught:
        restore(*words, **named)
    return caught.value.code


def harm(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "gone":
        path.unlink()
    else:
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])


@pytest.mark.parametrize("how", ["flipped", "cut", "gone"])
def test_a_damaged_backup_is_refused_whole(sqlite, shop, write, tmp_path, how):
    importing.import_paths(sqlite, [write("shop.jsonl", shop)])
    back_up(sqlite, tmp_path / "b")
    names = sorted(files_in(tmp_path / "b"))
    assert {"manifest.json", "shoal.db", "settings.yaml"} < set(names)
    for name in names:
        harmed = tmp_path / "harmed"
        shutil.copytree(tmp_path / "b", harmed)
        harm(harmed / name, how)
        assert error_of(harmed, tmp_path / "again") == "damaged_backup", name
        assert not (tmp_path / "again").exists()
        shutil.rmtree(harmed)
    (tmp_path / "b" / "lake" / "events" / "more.parquet").write_bytes(b"x")
    assert error_of(tmp_path / "b", tmp_path / "again") == "damaged_backup"
    assert {each.name for each in tmp_path.iterdir()} == {"home", "shop.jsonl", "b"}


def test_a_tar_that_is_cut_or_changed_anywhere_is_refused(sqlite, shop, write, tmp_path):
    importing.import_paths(sqlite, [write("shop.jsonl", shop)])
    back_up(sqlite, tmp_path / "b.tar")
    content = (tmp_path / "b.tar").read_bytes()
    with tarfile.open(tmp_path / "b.tar") as tar:
        last = max(tar.getmembers(), key=lambda about: about.offset)
        ends = last.offset_data + last.size
    bad = tmp_path / "bad.tar"
    for place in range(0, ends, max(ends // 40, 1)):
        bad.write_bytes(content[:place])
        assert error_of(bad, tmp_path / "again") == "damaged_backup", place
    for name in ("../out", "/tmp/out"):
        with tarfile.open(bad, "w") as tar:
            tar.addfile(tarfile.TarInfo(name))
        assert error_of(bad, tmp_path / "again") == "damaged_backup"
    assert not (tmp_path / "again").exists()


def test_nothing_is_restored_over_a_workspace(sqlite, tmp_path):
    back_up(sqlite, tmp_path / "b")
    assert error_of(tmp_path / "b", sqlite.home.folder) == "not_empty"
    (tmp_path / "file").touch()
    assert error_of(tmp_path / "b", tmp_path / "file") == "not_empty"


def test_a_workspace_that_came_there_meanwhile_stays(sqlite, tmp_path, monkeypatch):
    from shoal.flow import restoring

    back_up(sqlite, tmp_path / "b")
    goal, check = tmp_path / "again", restoring._check

    def appears(opened):
        check(opened)
        goal.mkdir()
        (goal / "settings.yaml").write_text("zone: UTC\n")

    monkeypatch.setattr(restoring, "_check", appears)
    assert error_of(tmp_path / "b", goal) == "cannot_write"
    assert files_in(goal) == {"settings.yaml"}


def test_backups_replace_nothing(sqlite, tmp_path):
    (tmp_path / "b.tar").touch()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "file").touch()
    for place, code in (("b.tar", "not_empty"), ("b", "not_empty"), ("none/b", "no_place")):
        with pytest.raises(UserError) as caught:
            back_up(sqlite, tmp_path / place)
        assert caught.value.code == code


def test_a_damaged_lake_or_database_makes_no_backup(sqlite, shop, write, tmp_path):
    importing.import_paths(sqlite, [write("shop.jsonl", shop)])
    file = next(sqlite.home.lake.glob("events/*.parquet"))
    content = file.read_bytes()
    for changed in (content[:100] + b"\0" * 20 + content[120:], None):
        if changed is None:
            file.unlink()
        else:
            file.write_bytes(changed)
        with pytest.raises(UserError) as caught:
            back_up(sqlite, tmp_path / "b")
        assert caught.value.code == "damaged_lake"
    file.write_bytes(content)
    sqlite.database.close()
    size = sqlite.home.database.stat().st_size
    with sqlite.home.database.open("r+b") as database:
        database.seek(size // 2 // 4096 * 4096)
        database.write(os.urandom(4096))
    with pytest.raises(UserError) as caught:
        back_up(sqlite, tmp_path / "b")
    assert caught.value.code == "damaged_database"
    assert {each.name for each in tmp_path.iterdir()} == {"home", "shop.jsonl"}


def test_the_secret_is_kept_apart_and_told_apart(sqlite, tmp_path):
    create_key(sqlite, "a test", "web", ("write",))
    secret = sqlite.home.secret.read_bytes()
    back_up(sqlite, tmp_path / "b")
    assert not any(secret in (tmp_path / "b" / name).read_bytes() for name in files_in(tmp_path / "b"))
    assert error_of(tmp_path / "b", tmp_path / "again") == "no_secret"
    assert error_of(tmp_path / "b", tmp_path / "again", Wanted(tmp_path / "none")) == "no_secret"
    (tmp_path / "other").write_text("ab" * 32)
    assert error_of(tmp_path / "b", tmp_path / "again", Wanted(tmp_path / "other")) == "other_secret"
    restore(tmp_path / "b", tmp_path / "again", Wanted(new_secret=True))
    assert not (tmp_path / "again" / "secret").exists()
    back_up(sqlite, tmp_path / "with", with_secret=True)
    restore(tmp_path / "with", tmp_path / "third")
    assert (tmp_path / "third" / "secret").read_bytes() == secret
    assert (tmp_path / "third" / "secret").stat().st_mode & 0o077 == 0


def test_a_database_elsewhere_is_not_that_of_the_restored_workspace(sqlite, tmp_path):
    sqlite.database.close()
    shutil.move(sqlite.home.database, tmp_path / "elsewhere.db")
    sqlite.home.settings.write_text(f"zone: Europe/Paris\ndatabase: sqlite:///{tmp_path / 'elsewhere.db'}\n")
    opened = open_home(sqlite.home.folder)
    back_up(opened, tmp_path / "b")
    opened.database.close()
    restore(tmp_path / "b", tmp_path / "again")
    again = open_home(tmp_path / "again")
    assert (again.settings.zone, again.settings.database) == ("Europe/Paris", None)
    again.database.close()


def test_backups_of_a_later_program_are_refused(sqlite, tmp_path):
    from shoal.flow import backup_form

    back_up(sqlite, tmp_path / "b")
    told = json.loads((tmp_path / "b" / "manifest.json").read_text())
    told.pop("sha256")
    told["format"] = 2
    (tmp_path / "b" / "manifest.json").write_text(json.dumps({**told, "sha256": backup_form._sum(told)}))
    assert error_of(tmp_path / "b", tmp_path / "again") == "newer_backup"
    assert error_of(tmp_path / "none", tmp_path / "again") == "no_backup"


def test_postgresql_without_its_client_says_what_to_install(opened, tmp_path, monkeypatch):
    if opened.database.engine.dialect.name == "sqlite":
        with pytest.raises(UserError) as caught:
            copies.load("sqlite://", tmp_path / "x")
        assert caught.value.code == "not_empty"
        return
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError) as caught:
        back_up(opened, tmp_path / "b")
    assert caught.value.code == "no_pg_dump"
    assert "postgresql-client" in (caught.value.fix or "")
    assert not (tmp_path / "b").exists()


LEFT_OUT = {
    "derived": "but for the change feed's baseline; computed again",
    "scratch": "space to sort in",
    "destinations": "files that were handed out",
    "secret": "kept apart, unless it is asked for",
    "set_aside": "damaged files",
}


def test_everything_that_a_workspace_keeps_is_backed_up_or_left_out_by_name(sqlite, shop, write, tmp_path):
    importing.import_paths(sqlite, [write("shop.jsonl", [*shop, "{"])])
    home = sqlite.home
    names = {name for name, value in vars(type(home)).items() if isinstance(value, property)}
    for name in sorted(names - {"settings", "database", "identity", "secret"}):
        folder = getattr(home, name)
        folder.mkdir(exist_ok=True)
        if name != "lake":
            (folder / "kept.csv").write_text("a")
    home.identity.write_text("an id")
    create_key(sqlite, "a test", "web", ("write",))
    back_up(sqlite, tmp_path / "b")
    kept = files_in(tmp_path / "b")
    places = {name: getattr(home, name).relative_to(home.folder).as_posix() for name in names}
    missing = {name for name, place in places.items() if not any(f"{each}/".startswith(f"{place}/") for each in kept)}
    assert missing == set(LEFT_OUT)


def test_the_change_feed_goes_on_from_where_the_backup_was(sqlite, tmp_path):
    from shoal.flow.backup_form import BASELINE
    from shoal.flow.engine import EngineThread
    from shoal.flow.rebuilding import rebuild

    engine = EngineThread(sqlite)
    engine.close()
    written = (sqlite.home.folder / BASELINE).read_bytes()
    back_up(sqlite, tmp_path / "b")
    restore(tmp_path / "b", tmp_path / "again", Wanted(new_secret=True))
    assert (tmp_path / "again" / BASELINE).read_bytes() == written
    again = open_home(tmp_path / "again")
    with again.database.read() as connection, sqlite.database.read() as original:
        assert feed.newest(connection) > feed.newest(original) + 100_000
    again.database.close()
    rebuild(sqlite)
    assert (sqlite.home.folder / BASELINE).read_bytes() == written
