"""A process that is killed at any named point loses nothing, doubles nothing and goes on from there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import failpoints
import pytest
from receivers import Receiver, receiver

SOAK = bool(os.environ.get("SHOAL_SOAK"))
ROW = 10
"""So many points are tried in one workspace, unless it is the long form."""

Run = Callable[..., dict[str, int]]


@pytest.fixture(scope="module")
def other() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture(scope="module")
def begun(run: Run, other: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("begun")
    assert run(folder, begin=other.url)["status"] == 0
    return folder


def test_there_are_enough_points() -> None:
    assert len(failpoints.POINTS) >= 25
    assert len(set(failpoints.POINTS.values())) == len(failpoints.POINTS)


def in_rows(most: int) -> Iterator[list[str]]:
    """The points of each scene, so many after each other in one workspace."""
    for _, names in groupby(failpoints.POINTS, key=lambda name: failpoints.POINTS[name].scene):
        left = list(names)
        while left:
            yield left[:most]
            left = left[most:]


@pytest.mark.parametrize("names", list(in_rows(1 if SOAK else ROW)), ids=lambda names: names[0])
def test_killed_at_named_points(run: Run, begun: Path, other: Receiver, tmp_path: Path, names: list[str]) -> None:
    """Each start but the last one is killed, at the next of the points."""
    folder, scene = Path(shutil.copytree(begun, tmp_path / "day")), failpoints.POINTS[names[0]].scene
    other.got.clear()
    for name in names:
        assert run(folder, scene=scene, point=name)["status"] == -9, f"no start comes to the point {name!r}"
    ended = run(folder, scene=scene)
    assert ended["status"] == 0, f"the reason is above; alone the points are tried with SHOAL_SOAK=1: {names}"
    if scene == "tell":
        assert changes(other) == list(range(1, ended["found"] + 1))


def changes(other: Receiver) -> list[int]:
    """Numbers of the changes that were delivered, each delivery once."""
    deliveries = {got.headers["webhook-id"]: got.document for got in other.got}
    return [change["number"] for delivery in deliveries.values() for change in delivery["data"]["changes"]]
