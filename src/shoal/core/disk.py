"""What is on disk, and stays there without power: a file's content by its own flush, a name by that of its folder.

https://pubs.opengroup.org/onlinepubs/9799919799/functions/fsync.html
"""

from __future__ import annotations

import os
from pathlib import Path


def flush(path: Path) -> None:
    """Put a file's content, or a folder's list of names, on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_all(folder: Path) -> None:
    """Put a folder with all that is in it on disk, but not its own name."""
    for path in folder.rglob("*"):
        flush(path)
    flush(folder)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder, and those that it is in, where they are not there; their names are on disk when this returns."""
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folder(folder.parent)
    folder.mkdir(mode, exist_ok=True)
    flush(folder.parent)
