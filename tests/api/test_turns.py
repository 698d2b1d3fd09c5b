"""Keys take turns, and whoever waits too long for one is refused."""

from __future__ import annotations

import asyncio

import pytest
from asked import in_a_loop

from shoal.api import turns as turns_module
from shoal.api.turns import Turns
from shoal.core.errors import UserError


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch):
    monkeypatch.setattr(turns_module, "MOST_INSIDE", 1)


class Line:
    """Requests that want turns, while the first has its own until `go`."""

    def __init__(self):
        self.turns = Turns()
        self.order = []
        self.inside = 0

    async def one(self, who, size=1):
        async with self.turns.turn(who, size):
            self.inside += 1
            assert self.inside == 1
            self.order.append(who)
            await asyncio.sleep(0)
            self.inside -= 1

    async def together(self, *wanted):
        """All of these at the same time; what became of each."""
        async with self.turns.turn("first", 1):
            waiting = [asyncio.ensure_future(self.one(*each)) for each in wanted]
            await asyncio.sleep(0)
            yield waiting
        self.results = await asyncio.gather(*waiting, return_exceptions=True)


def ran(*wanted, meanwhile=lambda line, waiting: None):
    line = Line()

    async def run():
        async for waiting in line.together(*wanted):
            meanwhile(line, waiting)
        async with asyncio.timeout(5):  # nobody holds the turn any more
            await line.one("last")

    in_a_loop(run())
    return line


def test_each_key_gets_one_turn_after_the_other_however_much_another_wants():
    line = ran(*[("much", 1)] * 5, ("little", 1), ("some", 1), ("some", 1))
    assert line.order == ["much", "little", "some", "much", "some", "much", "much", "much", "last"]


def test_whoever_waited_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(turns_module, "PATIENCE_S", 0)
    line = Line()

    async def run():
        async for waiting in line.together(("a", 1), ("b", 1), ("a", 1)):
            await asyncio.wait(waiting)
        await line.one("last")

    in_a_loop(run())
    assert [each.code for each in line.results] == ["too_busy"] * 3
    assert line.order == ["last"]


def test_what_waits_takes_no_more_memory_than_it_may(monkeypatch):
    monkeypatch.setattr(turns_module, "MOST_WAITING", 100)
    line = ran(("a", 60), ("b", 60), ("c", 40))
    assert [type(each) for each in line.results] == [type(None), UserError, type(None)]
    assert line.order == ["a", "c", "last"]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_whoever_goes_away_leaves_its_turn_to_the_next(place):
    line = ran(("a", 1), ("b", 1), ("c", 1), meanwhile=lambda _, waiting: waiting[place].cancel())
    assert line.order == [*(each for each in "abc" if each != "abc"[place]), "last"]


def test_whoever_is_called_and_goes_away_leaves_its_turn_to_the_next():
    line = Line()

    async def run():
        async with line.turns.turn("first", 1):
            gone, stays = (asyncio.ensure_future(line.one(who)) for who in "ab")
            await asyncio.sleep(0)
        gone.cancel()  # it was called at the end of the block
        await asyncio.wait([gone, stays])

    in_a_loop(run())
    assert line.order == ["b"]


def test_so_many_bytes_are_worked_on_at_once(monkeypatch):
    monkeypatch.setattr(turns_module, "MOST_INSIDE", 100)
    turns, most = Turns(), 0
    inside = []

    async def one(size):
        nonlocal most
        async with turns.turn("a", size):
            inside.append(size)
            most = max(most, sum(inside))
            await asyncio.sleep(0)
            inside.remove(size)

    async def run():
        await asyncio.gather(*(one(size) for size in (40, 40, 40, 20, 300, 1, 1, 99)))
        return turns._inside, turns._outside, len(turns._lines)

    assert in_a_loop(run()) == (0, 0, 0)
    assert most == 300  # alone
