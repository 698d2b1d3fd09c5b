"""A full disk, and places that can't be written: one error, exit status 2, and the same command goes on from there."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import pytest

from shoal.flow import importing

ALL = 'did "Order Completed"'


@pytest.fixture
def process(shop):
    """Run `shoal` in a process of its own, whose output may go anywhere and whose files may be limited."""

    def run(*words, out=subprocess.PIPE, most=None, as_json=False):
        def limit():
            if most is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

        given = [sys.executable, "-m", "shoal", "--home", "home", *(["--json"] if as_json else []), *words]
        return subprocess.run(
            given, check=False, cwd=shop, stdout=out, stderr=subprocess.PIPE, text=True, preexec_fn=limit
        )

    return run


def refused(told, code):
    assert told.returncode == 2
    assert "Traceback" not in told.stderr
    assert "Exception ignored" not in told.stderr
    error = json.loads(told.stderr.splitlines()[-1])["error"]
    assert error["code"] == code
    assert error["fix"]
    return error


@pytest.mark.parametrize("words", [("count", ALL), ("members", ALL), ("audit",)])
def test_output_that_cant_be_printed(process, words):
    with open("/dev/full", "w") as full:
        assert refused(process(*words, out=full, as_json=True), "disk_full")["where"] == "standard output"
        told = process(*words, out=full)
    assert told.returncode == 2
    assert "standard output" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_reader_that_went_away(process):
    reads = subprocess.Popen(["true"], stdin=subprocess.PIPE)
    reads.wait()
    told = process("members", ALL, out=reads.stdin)
    reads.stdin.close()
    assert told.returncode == 0
    assert "Traceback" not in told.stderr
    assert "Exception ignored" not in told.stderr


FILES = [
    (("members", ALL, "--out", "/dev/full"), "disk_full", "/dev/full"),
    (("members", ALL, "--out", "/dev/full", "--format", "csv"), "disk_full", "/dev/full"),
    (("members", ALL, "--out", "/proc/x"), "cannot_write", "/proc/x"),
    (("members", ALL, "--out", "/proc/x", "--format", "parquet"), "cannot_write", "/proc/x"),
    (("audit", "--html", "/dev/full"), "disk_full", "/dev/full"),
]


@pytest.mark.parametrize(("words", "code", "where"), FILES)
def test_files_that_cant_be_written(shoal, shop, words, code, where):
    told = shoal(*words, as_json=True)
    assert (told.status, told.out) == (2, "")
    error = json.loads(told.err.splitlines()[-1])["error"]
    assert (error["code"], error["where"]) == (code, where)


def test_a_workspace_that_cant_be_made(shoal):
    told = shoal("init", home="/proc/foo", as_json=True)
    assert told.status == 2
    error = json.loads(told.err)["error"]
    assert (error["code"], error["where"]) == ("cannot_write", "/proc/foo")


def test_an_import_on_a_full_disk_goes_on_when_there_is_space(process, shop):
    row = '{{"type":"track","messageId":"f{0}","userId":"f{0}","event":"Paid","timestamp":"2026-01-01","x":"{1}"}}\n'
    (shop / "more.jsonl").write_text("".join(row.format(n, "x" * 100) for n in range(20_000)))
    size = (shop / "home" / "shoal.db").stat().st_size
    error = json.loads(process("import", "more.jsonl", most=size + 200_000, as_json=True).stderr.splitlines()[-1])
    assert error["error"]["code"] in ("disk_full", "disk_error")
    assert process("count", ALL).returncode == 0
    assert process("import", "more.jsonl").returncode == 0
    assert json.loads(process("count", 'did "Paid"', as_json=True).stdout)["count"] == 20_000


def test_our_own_mistakes_keep_their_traceback(shoal, shop, monkeypatch):
    def broken(*_, **__):
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(importing, "import_paths", broken)
    with pytest.raises(FileNotFoundError):
        shoal("import", "events.jsonl")
