"""A receiver a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from receivers import Receiver, receiver


@pytest.fixture
def other() -> Iterator[Receiver]:
    """Another server."""
    with receiver() as found:
        yield found
