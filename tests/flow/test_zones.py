"""A reading knows the workspace's zone and the rules of all zones, from a file that is kept."""

from __future__ import annotations

import subprocess
import sys

from shoal.core.time import parse_instant
from shoal.core.zones import names, zone
from shoal.flow.reading import open_reading
from shoal.flow.zones import load_zones
from shoal.store.duck import open_duck


def test_a_reading_has_the_views_of_local_time(opened):
    with open_reading(opened) as duck:
        assert duck.execute("FROM workspace").fetchall() == [(opened.settings.zone,)]
        assert duck.execute("SELECT count(DISTINCT zone) FROM zone_offsets").fetchall() == [(len(names()),)]
        at = parse_instant("2026-07-01")
        found = duck.execute(
            """SELECT "offset" FROM zone_offsets WHERE zone = 'Europe/Paris' AND starts <= $at AND ends > $at""",
            {"at": at},
        ).fetchall()
    assert found == [(zone("Europe/Paris").offset(at),)]


def test_the_rows_are_worked_out_once(opened, tmp_path):
    for _ in range(2):
        with open_duck(tmp_path) as duck:
            load_zones(duck, opened)
    kept = list(opened.home.derived.glob("zones-*"))
    assert [path.suffix for path in kept] == [".parquet"]


def test_a_reading_is_opened_without_pandas(opened):
    """Loading it takes half a second, and every command would wait for it; the first one works the rows out."""
    open_reading(opened).close()
    code = (
        "import sys; from pathlib import Path; from shoal.flow.home import open_home; "
        "from shoal.flow.reading import open_reading; "
        "open_reading(open_home(Path(sys.argv[1]))).close(); sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(opened.home.folder)], check=False).returncode == 0
