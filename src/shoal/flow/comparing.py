"""What saving a definition would do: who is in it now, who would enter, who would leave; and values to choose from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from shoal.core.time import now
from shoal.flow.defining import define, known
from shoal.flow.home import Opened
from shoal.flow.naming import named
from shoal.flow.reading import open_reading
from shoal.segments.lint.gather import shared_values
from shoal.segments.nodes import Node
from shoal.segments.sql import queries
from shoal.segments.values import split_path

FEW = 6


@dataclass(frozen=True, slots=True)
class Compared:
    """A definition beside the one that is saved."""

    members: int
    few: pa.Table  # some of the members, as `naming.named` names them
    entering: int | None  # None: nothing is saved under the name
    leaving: int | None


def compare(opened: Opened, node: Node, saved: Node | None) -> Compared:
    """Count who a definition and the saved one differ in. Raises UserError for names that the data does not hold."""
    others = define(node, known(opened)).others
    instant = now()
    with open_reading(opened) as duck:
        ids = queries.members(duck, node, instant, others)
        few = named(opened, duck, ids[:FEW])
        if saved is None:
            return Compared(len(ids), few, None, None)
        mine, theirs = (np.array(each, np.int64) for each in (ids, queries.members(duck, saved, instant, others)))
    kept = len(np.intersect1d(mine, theirs, assume_unique=True))
    return Compared(len(mine), few, len(mine) - kept, len(theirs) - kept)


def values(opened: Opened, event: str, name: str) -> tuple[str, ...]:
    """Texts that a property of an event, or a trait (event ""), has for several people, the most frequent first."""
    path = split_path(name) if event else (name,)
    with open_reading(opened) as duck:
        return tuple(shared_values(duck, event, path, now()))
