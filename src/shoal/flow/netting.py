"""What a turn tells: without changes that were never so, and come only from the order in which it does its work.

A turn moves the clock, takes who is who now, and folds what arrived. So somebody new is for a moment in every segment
of those who did not do something, and an event that renews a membership just before its window ends is folded after
that end. Neither is told.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shoal.segments.live import Changes, Consented, Facts, Happened, Stated
from shoal.segments.live.edges import NEVER
from shoal.segments.live.people import Ids


def net(by_time: Changes, by_people: Changes, by_facts: Changes, earliest: Ids) -> tuple[Changes, Changes, Changes]:
    """The same three parts of a turn, in its order, without pairs of which the later undoes the earlier.

    Those of people and facts are of one instant. One that time made is undone where something was told of the
    subscriber that happened no later; `earliest` is when, for each row of `by_people` and then of `by_facts`.
    """
    joined = Changes.joined([by_time, by_people, by_facts])
    ends = np.cumsum([len(by_time), len(by_people), len(by_facts)])
    about = np.stack((joined.subscriber, joined.segment))
    number = np.unique(about, axis=1, return_inverse=True)[1].ravel()
    newest = np.full(number.max(initial=-1) + 1, -1)  # the last row of each, as far as it stands
    stands = np.ones(len(joined), np.bool_)
    newest[number[: ends[0]]] = np.arange(ends[0])
    for start, end in ((ends[0], ends[1]), (ends[1], ends[2])):
        rows = np.arange(start, end)
        before = newest[number[rows]]
        at_once = before >= ends[0]
        undone = (before >= 0) & (at_once | (earliest[rows - ends[0]] <= joined.at[before]))
        stands[rows[undone]] = stands[before[undone]] = False
        newest[number[rows]] = np.where(undone, -1, rows)
    starts = np.concatenate(([0], ends[:-1]))
    by_part = [joined.some(np.flatnonzero(stands[a:b]) + a) for a, b in zip(starts, ends, strict=True)]
    return by_part[0], by_part[1], by_part[2]


def earliest_of(told: Facts, where: npt.NDArray[np.int64]) -> Ids:
    """When the first fact happened that was told of each of these places; never where there is none."""
    named: list[Happened | Stated | Consented] = [*told.happened, *told.stated, *told.consented]
    who = np.concatenate([np.empty(0, np.int64), *(each.who for each in named)])
    at = np.concatenate([np.empty(0, np.int64), *(each.at for each in named)])
    places, place = np.unique(who, return_inverse=True)
    first = np.full(len(places) + 1, NEVER)
    np.minimum.at(first, place, at)
    found = np.minimum(np.searchsorted(places, where), max(0, len(places) - 1))
    known = places[found] == where if len(places) else np.zeros(len(where), np.bool_)
    return np.where(known, first[found], NEVER)
