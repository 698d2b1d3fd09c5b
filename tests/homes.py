"""Workspaces as copies of one that is made once a process: copying is quicker than making the tables."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from shoal.flow import home


def create(folder: Path) -> None:
    """Make an empty workspace that has its database already."""
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
    home.open_home(folder).database.close()
