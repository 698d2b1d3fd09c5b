"""Workspaces for the laws of import."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from homes import create
from shoal.flow import compaction


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty workspace to copy."""
    folder = tmp_path_factory.mktemp("laws") / "home"
    create(folder)
    return folder


@pytest.fixture(scope="module")
def few_files() -> Iterator[None]:
    """Small files are made into large ones as soon as there are some."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compaction, "MANY", 4)
        yield
