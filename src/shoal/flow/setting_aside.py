"""Damaged files: moved out of the way and kept, for whoever wants to know what happened."""

from __future__ import annotations

import os
from pathlib import Path

from shoal.core.settings import Home
from shoal.core.time import now


def aside(home: Home, what: str) -> Path:
    """A folder for damaged files of some kind, found now; it is made by who uses it."""
    return home.set_aside / f"{what}-{int(now())}"


def set_aside(home: Home, path: Path, folder: Path) -> None:
    """Move one file there, under its name below the workspace's folder; nothing where it is gone."""
    place = folder / path.relative_to(home.folder)
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.rename(path, place)
    except FileNotFoundError:
        return
