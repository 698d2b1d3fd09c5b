"""What tests of durability share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import failpoints
import pytest


@pytest.fixture(scope="session")
def run() -> Iterator[Callable[..., dict[str, int]]]:
    """Have an order of `failpoints` carried out in a process that may die."""
    command = [sys.executable, failpoints.__file__]
    alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=alone)
    assert process.stdin is not None
    assert process.stdout is not None

    def order(folder: Path, **what: Any) -> dict[str, int]:
        process.stdin.write(json.dumps({"folder": str(folder), **what}) + "\n")
        process.stdin.flush()
        answer: dict[str, int] = json.loads(process.stdout.readline())
        return answer

    yield order
    process.stdin.close()
    process.wait(30)
