"""Two folders don't take one database for theirs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from shoal.core.errors import UserError
from shoal.flow.home import Opened, create, open_home
from shoal.flow.importing import import_paths
from shoal.store.tables import workspace


def folder(tmp_path: Path, name: str, url: str) -> Path:
    made = tmp_path / name
    create(made)
    (made / "settings.yaml").write_text(f"database: {url}\n")
    return made


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/elsewhere.db"


@pytest.fixture
def first(tmp_path: Path, url: str) -> Path:
    made = folder(tmp_path, "one", url)
    open_home(made).database.close()
    return made


def fill(home: Path) -> None:
    opened = open_home(home)
    (home.parent / "people.jsonl").write_text(
        '{"type": "identify", "messageId": "1", "userId": "u1", "timestamp": "2026-01-01T00:00:00Z",'
        ' "traits": {"plan": "pro"}}\n'
    )
    import_paths(opened, [home.parent / "people.jsonl"])
    opened.database.close()


def forget(home: Path) -> None:
    """As a workspace was before it had an id."""
    opened = open_home(home)
    with opened.database.write() as connection:
        connection.execute(sa.delete(workspace))
    opened.database.close()
    (home / "workspace-id").unlink()


def refused(home: Path) -> None:
    with pytest.raises(UserError) as error:
        open_home(home)
    assert error.value.code == "foreign_database"
    assert "--home" in str(error.value.fix)


@pytest.mark.parametrize("filled", [False, True])
def test_a_second_folder_is_refused(tmp_path: Path, url: str, first: Path, filled: bool) -> None:
    if filled:
        fill(first)
    refused(folder(tmp_path, "two", url))
    open_home(first).database.close()


def test_a_folder_may_move_and_may_lose_its_id(tmp_path: Path, first: Path) -> None:
    fill(first)
    moved = Path(shutil.move(first, tmp_path / "moved"))
    open_home(moved).database.close()
    kept = (moved / "workspace-id").read_text()
    (moved / "workspace-id").unlink()
    open_home(moved).database.close()
    assert (moved / "workspace-id").read_text() == kept


def test_a_workspace_from_before_takes_an_id(tmp_path: Path, url: str, first: Path) -> None:
    fill(first)
    forget(first)
    refused(folder(tmp_path, "two", url))
    open_home(first).database.close()
    assert (first / "workspace-id").exists()


def test_a_folder_may_take_another_database(tmp_path: Path, first: Path) -> None:
    (first / "settings.yaml").write_text(f"database: sqlite:///{tmp_path}/new.db\n")
    open_home(first).database.close()


def test_a_database_in_the_folder_needs_no_id(tmp_path: Path) -> None:
    create(tmp_path / "home")
    open_home(tmp_path / "home").database.close()
    assert not (tmp_path / "home" / "workspace-id").exists()


def test_both_databases_know_their_folder(opened: Opened, tmp_path: Path) -> None:
    if opened.settings.database is None:
        pytest.skip("it lies in the folder")
    refused(folder(tmp_path, "two", opened.settings.database))
    again = open_home(opened.home.folder)
    again.database.close()
