"""Parts of a benchmark in processes of their own, so that memory is their own."""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def alone(part: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What a function gives, called in a fresh process that ends with it."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        return pool.submit(part, *args, **kwargs).result()


def resident() -> float:
    """GB that this process holds now."""
    return _status("VmRSS")


def peak() -> float:
    """GB that this process has held at most."""
    return _status("VmHWM")


def _status(name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024 / 1e9
