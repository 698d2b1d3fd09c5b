"""An import that is killed anywhere and run again loses nothing and doubles nothing."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from forked import carried_out
from shoal.flow.home import create, open_home
from shoal.flow.reading import open_reading
from shoal.ingest import ledger, names
from shoal.store import lake

SOAK = bool(os.environ.get("SHOAL_SOAK"))
KILLS = 2_000 if SOAK else 50
SEED = int(os.environ.get("SHOAL_SEED", "2"))
DRIVER = Path(__file__).with_name("killed_imports.py")

Run = Callable[..., dict[str, int]]


def _driver() -> ModuleType:
    spec = importlib.util.spec_from_file_location("killed_imports", DRIVER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


driver = _driver()


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Import files into a workspace in a process that dies where it is told to."""
    with carried_out(DRIVER) as carry:

        def order(home: Path, files: list[Path], **where: Any) -> dict[str, int]:
            answer = carry(home=str(home), files=list(map(str, files)), **where)
            assert answer["status"] in (0, driver.KILLED), "the import broke; its traceback is above"
            return answer

        yield order


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two files that overlap, with repeats, broken rows, facts, links between people, and strangers."""
    chance, folder = random.Random(SEED), tmp_path_factory.mktemp("files")
    rows = [json.dumps(call(number, chance)) for number in range(1_000)]
    for place in sorted(chance.sample(range(1_000), 40)):
        rows[place] = chance.choice((rows[place // 2], "{broken", '{"type": "bogus"}', '{"type": "track"}'))
    first, second = folder / "first.jsonl", folder / "second.jsonl.gz"
    first.write_text("\n".join(rows[:650]))
    second.write_bytes(gzip.compress("\n".join(rows[550:]).encode()))
    return [first, second]


def call(number: int, chance: random.Random) -> dict[str, Any]:
    person, day = chance.randrange(120), chance.randrange(1, 28)
    made: dict[str, Any] = {"messageId": f"m{number}", "timestamp": f"2026-01-{day:02d}T10:00:00Z"}
    made["anonymousId" if chance.random() < 0.3 else "userId"] = f"p{person}"
    if chance.random() < 0.3:
        traits = {"email": f"p{person % 100}@example.org", "plan": chance.choice(("trial", "paid"))}
        return {**made, "type": "identify", "userId": f"p{person}", "traits": traits}
    name = chance.choice(("Product Viewed", "Order Completed"))
    return {**made, "type": "track", "event": name, "properties": {"total": number}}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("empty") / "home"
    create(home)
    open_home(home).database.close()
    return home


@pytest.fixture
def home(empty: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(empty, tmp_path / "home"))


def kept(home: Path) -> dict[str, Any]:
    """All that an import is to leave behind; only what tells of its runs is left out."""
    opened = open_home(home)
    queries = {
        "keys": "SELECT id, kind, value, first_at FROM identity_keys ORDER BY id",
        "links": "SELECT * FROM identity_links ORDER BY a, b",
        "map": "SELECT * FROM identity_map ORDER BY key",
        "shared": "SELECT * FROM identity_shared ORDER BY key",
        "pending": "SELECT pending FROM identity_state",
        "journal": "SELECT origin, source, received_at, rows, sha256 FROM journal ORDER BY offset",
        "rejects": "SELECT import_id, line, reason, message FROM import_rejects ORDER BY 1, 2",
        "waiting": "SELECT (SELECT max(offset) FROM journal) - offset FROM offsets",
    }
    with opened.database.read() as connection:
        found: dict[str, Any] = {what: connection.exec_driver_sql(query).fetchall() for what, query in queries.items()}
        found["ledger"] = ledger.all_imports(connection)
        found["names"] = sorted((each.event, each.name, each.rows) for each in names.load(connection))
        catalogued = lake.catalogued(connection)
    lake.verify(opened.home.lake, catalogued)
    on_disk = {str(path.relative_to(opened.home.lake)) for path in opened.home.lake.rglob("*") if path.is_file()}
    assert on_disk >= {file.path for file in catalogued}
    with open_reading(opened) as duck:
        for table in ("records", "traits", "consents", "subscribers"):
            found[table] = duck.execute(f"FROM {table} ORDER BY ALL").fetchall()
    found["reject files"] = {path.name: path.read_text() for path in sorted(opened.home.rejects.iterdir())}
    opened.database.close()
    return found


def check_sums(found: dict[str, Any]) -> None:
    for line in found["ledger"]:
        assert line.finished
        assert line.rows_read == line.rows_stored + line.rows_skipped + line.rows_rejected
        assert sum(line.reasons.values()) == line.rows_skipped + line.rows_rejected
        assert line.rows_rejected == sum(row[0] == line.id for row in found["rejects"])
        assert line.records == sum(row[3] for row in found["journal"] if row[0] == line.origin)
    stored = sum(line.records - line.duplicates for line in found["ledger"])
    assert stored == len(found["records"])
    assert max(Counter(row[1] for row in found["records"]).values()) == 1
    assert found["waiting"] == [(0,)]
    assert found["pending"] in ([(0,)], [(False,)])


@pytest.fixture(scope="module")
def want(run: Run, files: list[Path], empty: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an import that nobody disturbs leaves behind, and how many calls it takes."""
    home = Path(shutil.copytree(empty, tmp_path_factory.mktemp("undisturbed") / "home"))
    answer = run(home, files)
    found = kept(home)
    check_sums(found)
    assert [line.duplicates > 0 and line.rows_rejected > 0 for line in found["ledger"]] == [True, True]
    assert len(found["journal"]) == 12
    return {"calls": answer["found"], "found": found}


def look(home: Path, want: dict[str, Any]) -> None:
    """What a reader sees after a kill: a part, nothing twice, nobody who is not there in the end."""
    opened = open_home(home)
    with open_reading(opened) as duck:
        seen = {row[1] for row in duck.execute("FROM records").fetchall()}
        assert len(seen) == duck.execute("SELECT count(*) FROM records").fetchall()[0][0]
        people = {row[0] for row in duck.execute("SELECT key FROM keys").fetchall()}
    opened.database.close()
    assert seen <= {row[1] for row in want["found"]["records"]}
    assert people <= {row[0] for row in want["found"]["keys"]}


LATER = ("a chunk is committed", "a lake file is renamed and the others are not", "a turn is committed")


@pytest.mark.parametrize(("point", "time"), [*((point, 1) for point in driver.POINTS), *((each, 3) for each in LATER)])
def test_killed_at_a_named_point(
    run: Run, files: list[Path], home: Path, want: dict[str, Any], point: str, time: int
) -> None:
    assert run(home, files, point=point, time=time)["status"] == driver.KILLED
    look(home, want)
    run(home, files)
    assert kept(home) == want["found"]


def test_killed_at_many_random_points(run: Run, files: list[Path], empty: Path, want: dict[str, Any], tmp_path: Path):
    chance, kills, number = random.Random(SEED), 0, 0
    while kills < KILLS:
        number += 1
        home = Path(shutil.copytree(empty, tmp_path / f"home{number}"))
        points = []
        for most in (1.0, 0.9, 0.7, 0.5, 0.3):
            points.append(chance.randrange(1, int(want["calls"] * most)))
            if run(home, files, die_at=points[-1])["status"] == 0:
                break
            kills += 1
        look(home, want)
        run(home, files)
        assert kept(home) == want["found"], f"killed at {points}"
        shutil.rmtree(home)


def children_of(process: int) -> list[int]:
    return [
        int(pid) for task in Path(f"/proc/{process}/task").iterdir() for pid in (task / "children").read_text().split()
    ]


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="processes are looked up in /proc")
def test_the_command_killed_at_random_times(empty: Path, tmp_path: Path) -> None:
    """The real thing: `shoal import` with its parsing process, ended by SIGKILL again and again."""
    chance = random.Random(SEED)
    path, home = tmp_path / "events.jsonl", Path(shutil.copytree(empty, tmp_path / "home"))
    path.write_text("\n".join(json.dumps(call(number, chance)) for number in range(45_000)) + "\nbroken\n")
    command = [sys.executable, "-m", "shoal", "--home", str(home), "import", str(path)]
    for _ in range(40 if SOAK else 3):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            time.sleep(chance.uniform(0.8, 4))
            parsers = children_of(process.pid) if process.poll() is None else []
            process.send_signal(signal.SIGKILL)
            process.wait()
        deadline = time.monotonic() + 20
        while any(map(is_alive, parsers)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(map(is_alive, parsers)), "a parsing process outlived its command"
    subprocess.run(command, check=True, capture_output=True)
    found = kept(home)
    check_sums(found)
    (line,) = found["ledger"]
    assert (line.rows_read, line.rows_rejected, len(found["records"])) == (45_001, 1, 45_000)
    assert list(found["reject files"].values()) == [found["reject files"]["0001-events.jsonl.rejects.csv"]]
