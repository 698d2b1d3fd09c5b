"""Import bars: JSON lines, CSV and Parquet into a workspace until they can be counted, and a count over a large lake.

python -m benchmarks.ingest               all bars
python -m benchmarks.ingest --quick       without the 50 million events
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from benchmarks.rows import ROOT, Row, at_most, report, timed
from shoal.core.time import format_instant
from shoal.shop import simulate, write_canonical, write_exports, write_truth
from shoal.shop.simulate import UNTIL
from shoal.workspace import Workspace

UCI = ROOT.parent / "shared" / "data" / "transactions" / "uci_online_retail_to_2011-09-08.csv.gz"
SENTENCE = 'did "Product Viewed" at least 2 times in the last 30 days and not did "Order Completed" in the last 30 days'
CSV_BYTES = 1_000_000_000


def main() -> None:
    """Measure and report."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="leave out the 50 million events")
    quick = options.parse_args().quick
    with tempfile.TemporaryDirectory(prefix="shoal-bench-") as name:
        folder = Path(name)
        parts = [shop(folder), json_lines(folder), online_retail(), parquet(folder, 200_000, 60), large_csv(folder)]
        if not quick:
            parts.append(large_lake(folder))
        rows = []
        for row in chain.from_iterable(parts):
            print(f"  {row.what}: {row.figure}", flush=True)
            rows.append(row)
    report("ingest", rows)


def shop(folder: Path) -> Iterator[Row]:
    """The reference shop as export files, and the whole job on them."""
    with timed() as clock:
        built = simulate()
        write_exports(built, folder / "shop")
        write_truth(built, folder / "truth.parquet")
    yield at_most("reference shop, 20,000 subscribers, as files", clock.seconds, 15)
    command = ["analyse", str(folder / "shop"), "--report", str(folder / "report.html")]
    for what, goal in (("shoal analyse on them", 60.0), ("shoal analyse again", 20.0)):
        with timed() as clock:
            _shoal(folder / "analysed", command)
        yield at_most(what, clock.seconds, goal)


def json_lines(folder: Path) -> Iterator[Row]:
    """One million events as Segment JSON lines."""
    path = folder / "events.jsonl"
    with path.open("w") as file:
        file.writelines(_call(number) for number in range(1_000_000))
    with workspace() as ws:
        with timed() as clock:
            ws.import_files([path])
            found = ws.count('did "Order Completed" at least 10 times')
        assert found > 0
        yield at_most("1 M events, JSON lines, until counted", clock.seconds, 30)
    path.unlink()


def online_retail() -> Iterator[Row]:
    """UCI Online Retail through its mapping; every row is accounted for."""
    if not UCI.exists():
        return
    with workspace() as ws:
        with timed() as clock:
            (done,) = ws.import_files([UCI], mapping=ROOT / "examples" / "mappings" / "uci_online_retail.yaml")
        line = done.line
        lost = line.rows_read - line.rows_stored - line.rows_rejected - line.rows_skipped
        yield at_most(f"UCI Online Retail, {line.rows_read:,} rows", clock.seconds, 15)
        yield Row("UCI Online Retail, rows unaccounted for", str(lost), "0", lost == 0)


def large_csv(folder: Path) -> Iterator[Row]:
    """Peak memory of a 1 GB CSV: the command and its parsing process, each and together."""
    path = folder / "large.csv"
    _write_csv(folder / "shop" / "email_events.csv", path)
    home = folder / "large"
    with timed() as clock:
        peaks = _peaks(home, ["import", str(path)])
    yield Row(f"{path.stat().st_size / 1e9:.2f} GB CSV, time", f"{clock.seconds:.0f} s", "", None)
    yield Row("1 GB CSV, memory of the larger process", f"{max(peaks):.0f} MB", "≤ 300 MB", max(peaks) <= 300)
    yield Row("1 GB CSV, memory of both processes", f"{sum(peaks):.0f} MB", "", None)
    path.unlink()


def parquet(folder: Path, subscribers: int, goal: float) -> Iterator[Row]:
    """About ten million events as Parquet in the canonical layout."""
    source = folder / f"canonical-{subscribers}"
    with timed() as clock:
        written = write_canonical(source, subscribers)
    yield Row(f"reference shop, {subscribers:,} subscribers, as Parquet", f"{clock.seconds:.0f} s", "", None)
    with workspace() as ws:
        with timed() as clock:
            ws.import_files([source])
        per = clock.seconds / written.events * 10_000_000
        yield Row(f"{written.events:,} events, Parquet", f"{clock.seconds:.1f} s", "", None)
        yield at_most("10 M events, Parquet (in proportion)", per, goal)


def large_lake(folder: Path) -> Iterator[Row]:
    """One million subscribers and 50 million events: written, imported, counted."""
    source = folder / "canonical-1000000"
    with timed() as clock:
        written = write_canonical(source, 1_000_000)
    yield at_most(f"reference shop, 1 M subscribers, {written.events:,} events, as Parquet", clock.seconds, 180)
    with workspace() as ws:
        with timed() as clock:
            ws.import_files([source])
        yield Row(f"{written.events:,} events imported", f"{clock.seconds:.0f} s", "", None)
        ws.count(SENTENCE, as_of=UNTIL)
        with timed() as clock:
            found = ws.count(SENTENCE, as_of=UNTIL)
        assert found > 0
        yield at_most("count of an unsaved sentence, 1 M subscribers, 50 M events", clock.seconds, 2)
        with timed() as clock:
            _shoal(ws.folder, ["count", SENTENCE, "--as-of", format_instant(UNTIL)])
        yield Row("the same from the command line", f"{clock.seconds:.2f} s", "", None)


@contextmanager
def workspace() -> Iterator[Workspace]:
    """A workspace that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="shoal-bench-") as name:
        yield Workspace.create(name)


def _shoal(home: Path, command: list[str]) -> None:
    whole = [sys.executable, "-m", "shoal", "--home", str(home), "--json", *command]
    subprocess.run(whole, check=True, stdout=subprocess.DEVNULL)


def _peaks(home: Path, command: list[str]) -> tuple[float, float]:
    """Peak resident memory in MB of the command and of its parsing process."""
    whole = [sys.executable, "-m", "shoal", "--home", str(home), "--json", *command]
    _shoal(home, ["init"])
    own = child = 0.0
    with subprocess.Popen(whole, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            own = max(own, _peak(process.pid))
            for each in Path(f"/proc/{process.pid}/task").glob("*/children"):
                child = max([child, *map(_peak, map(int, each.read_text().split()))])
            time.sleep(0.2)
        assert process.returncode == 0
    return own, child


def _peak(process: int) -> float:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0  # it has ended
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def _write_csv(pattern: Path, path: Path) -> None:
    """Repeat an export with new event ids until it has the size."""
    header, *lines = pattern.read_text().splitlines(keepends=True)
    with path.open("w") as file:
        file.write(header)
        turn = 0
        while file.tell() < CSV_BYTES:
            turn += 1
            file.writelines(f"{turn}-{line}" for line in lines)


def _call(number: int) -> str:
    person = number * 7919 % 20_000
    when = f"2026-{1 + number % 6:02d}-{1 + number % 28:02d}T10:{number % 60:02d}:00Z"
    name = ("Product Viewed", "Order Completed", "Email Opened")[number % 3]
    call = {
        "type": "track",
        "messageId": f"m{number}",
        "userId": f"u{person}",
        "anonymousId": f"a{person}",
        "event": name,
        "timestamp": when,
        "properties": {"path": f"/p{number % 100}", "price": number % 1000 / 10, "position": number % 7},
        "context": {"userAgent": "Mozilla/5.0 (X11; Linux x86_64) Gecko", "device": {"id": f"d{person}"}},
    }
    return json.dumps(call) + "\n"


if __name__ == "__main__":
    main()
