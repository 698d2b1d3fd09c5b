"""Orders that are carried out by processes which may die: each is a fork of one that has loaded everything.

`carried_out` is the test's side; `carry_out` is that of the program, which must have no threads.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Order = Callable[..., dict[str, int]]


@contextmanager
def carried_out(program: Path) -> Iterator[Order]:
    """Start a program that calls `carry_out`; gives what has an order carried out by it, with its answer."""
    where = os.pathsep.join(filter(None, (str(Path(__file__).parent), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": where}
    command = [sys.executable, str(program)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdin is not None
    assert process.stdout is not None

    def order(**what: Any) -> dict[str, int]:
        process.stdin.write(json.dumps(what) + "\n")
        process.stdin.flush()
        answer: dict[str, int] = json.loads(process.stdout.readline())
        return answer

    yield order
    process.stdin.close()
    process.wait(30)


def carry_out(run: Callable[[dict[str, Any]], int]) -> None:
    """Answer each order with the status of the process that carried it out (-9: killed), and what `run` found."""
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            try:
                os.write(writing, str(run(json.loads(line))).encode())
                os._exit(0)
            except BaseException:
                sys.excepthook(*sys.exc_info())
                os._exit(1)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            found = int(pipe.read() or 0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(json.dumps({"status": status, "found": found}) + "\n")
        sys.stdout.flush()
