"""What tests of durability share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import failpoints
import pytest

from forked import Order, carried_out


@pytest.fixture(scope="session")
def run() -> Iterator[Order]:
    """Have an order of `failpoints` carried out in a process that may die."""
    with carried_out(Path(failpoints.__file__)) as order:
        yield lambda folder, **what: order(folder=str(folder), **what)
