"""System calls of a server, seen and made to fail, by strace (https://strace.io)."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

LINE = re.compile(r"^(?P<thread>\d+) +(?P<rest>.*)$")


@cache
def _works() -> bool:
    if shutil.which("strace") is None:
        return False
    return (
        subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False, capture_output=True).returncode == 0
    )


def strace(out: Path | str, *words: str) -> list[str]:
    """The words that stand before a command to trace it and all that it starts."""
    if not _works():
        pytest.skip("strace is not on this machine, or may not trace here")
    return ["strace", "-f", "-qq", "-o", str(out), *words]


def calls(file: Path) -> list[tuple[int, str]]:
    """The thread and the text of each call, in the order in which calls ended; interrupted ones are put together."""
    found, begun = [], {}
    for line in file.read_text(errors="replace").splitlines():
        match = LINE.match(line)
        if match is None:
            continue
        thread, rest = int(match["thread"]), match["rest"]
        if rest.endswith("<unfinished ...>"):
            begun[thread] = rest.removesuffix("<unfinished ...>")
        elif " resumed>" in rest:
            found.append((thread, begun.pop(thread, "") + rest.partition(" resumed>")[2]))
        else:
            found.append((thread, rest))
    return found
