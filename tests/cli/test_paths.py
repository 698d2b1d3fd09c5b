"""Paths that are none: an empty one, a pipe; and files that hold the names of columns and nothing else."""

from __future__ import annotations

import json
import os
import socket

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shoal.core.errors import UserError
from shoal.workspace import Workspace


@pytest.mark.parametrize("command", ["import", "analyse"])
@pytest.mark.parametrize("path", ["", "  "])
def test_an_empty_path_is_not_the_current_folder(shoal, shop, command, path):
    told = shoal(command, path, as_json=True)
    assert (told.status, told.out) == (2, "")
    assert json.loads(told.err)["error"]["code"] == "empty_path"


def test_an_empty_path_in_python(shop):
    workspace = Workspace.open(shop / "home")
    for ask in (workspace.import_files, workspace.preview):
        with pytest.raises(UserError) as raised:
            ask([""])
        assert raised.value.code == "empty_path"


@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_what_is_no_file_is_refused_at_once(shoal, shop, kind):
    path = shop / "odd.csv"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("odd.csv")
    else:
        path.symlink_to("/dev/zero")
    told = shoal("import", "odd.csv", as_json=True)
    assert (told.status, told.out) == (2, "")
    error = json.loads(told.err)["error"]
    assert (error["code"], error["where"]) == ("not_a_file", "odd.csv")


def test_a_pipe_in_a_folder_is_passed_over(shoal, shop):
    (shop / "exports").mkdir()
    os.mkfifo(shop / "exports" / "odd.csv")
    (shop / "events.jsonl").rename(shop / "exports" / "events.jsonl")
    assert shoal("import", "exports").status == 0


def test_columns_without_rows_are_no_error(shoal, shop):
    header = ["Email", "First Name", "Last Name", "Accepts Email Marketing", "Total Spent", "Total Orders"]
    (shop / "none.csv").write_text(",".join(header) + "\n")
    pq.write_table(pa.table({name: pa.array([], pa.string()) for name in header}), shop / "none.parquet")
    for file in ("none.csv", "none.parquet"):
        told = shoal("import", file)
        assert told.status == 0, told.err
        assert f"{file}: it has no rows, only the names of its columns" in told.out
        document = shoal("import", file, as_json=True).document
        assert document["files"][0]["rows"]["read"] == 0
