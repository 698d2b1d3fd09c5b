"""Who holds a lock on a file, as Linux tells it (`proc_locks(5)`)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Holder:
    """A process."""

    pid: int
    command: str  # its short name; "" where it may not be asked


def holder_of(file: Path) -> Holder | None:
    """The process that holds a whole-file lock (`flock`); None where nobody does, or the system does not tell."""
    try:
        stat = file.stat()
        locks = Path("/proc/locks").read_text()
    except OSError:
        return None
    wanted = f"{os.major(stat.st_dev):02x}:{os.minor(stat.st_dev):02x}:{stat.st_ino}"
    for line in locks.splitlines():
        words = line.split()  # "1: FLOCK ADVISORY WRITE 4711 fe:00:123 0 EOF"; one that waits has "->" before its kind
        if len(words) > 5 and words[1] == "FLOCK" and words[5] == wanted:
            return Holder(int(words[4]), _command(int(words[4])))
    return None


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
