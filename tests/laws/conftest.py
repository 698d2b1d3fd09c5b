"""Workspaces for the laws of import."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shoal.flow import compaction
from shoal.flow.home import create, open_home


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty workspace to copy: making its database takes longer than an example."""
    folder = tmp_path_factory.mktemp("laws") / "home"
    create(folder)
    open_home(folder).database.close()
    return folder


@pytest.fixture(scope="module")
def few_files() -> Iterator[None]:
    """Small files are made into large ones as soon as there are some."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compaction, "MANY", 4)
        yield
