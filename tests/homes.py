"""Workspaces as copies of one that is made once a process: copying is quicker than making the tables."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from shoal.flow import home
from shoal.flow.reading import open_reading


def create(folder: Path) -> None:
    """Make an empty workspace that has its database and its zones already."""
    copy(_empty, folder)


def copy(make: Callable[[Path], None], folder: Path) -> None:
    """Make a workspace as `make` does, which is called once a process."""
    shutil.copytree(_made(make), folder)


@cache
def _made(make: Callable[[Path], None]) -> Path:
    kept = tempfile.mkdtemp(prefix="shoal-home-")
    atexit.register(shutil.rmtree, kept, ignore_errors=True)
    make(Path(kept, "home"))
    return Path(kept, "home")


def _empty(folder: Path) -> None:
    home.create(folder)
    opened = home.open_home(folder)
    open_reading(opened).close()  # makes the file of the zones
    opened.database.close()
