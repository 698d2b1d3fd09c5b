"""What time alone will do to one subscriber: which segments they will leave, and when."""

from __future__ import annotations

import numpy as np

from shoal.core.time import Instant
from shoal.segments.live.engine import Live
from shoal.segments.live.sights import Part, State, Touched


def leaving(live: Live, subscriber: int) -> dict[str, Instant]:
    """The segments that a member will leave if nothing more is told, with the instant; none for who is not known.

    Comparisons with the list's average hold as now: they depend on what others do.
    """
    (place,) = live.people.places(np.array([subscriber]))
    if place < 0:
        return {}
    dues = list(live.store.due_of(int(place), live.now))
    if not dues:
        return {}
    nobody = np.empty(0, np.int64)
    touched = Touched.of(State(live.people, live.store.tallies, live.gaps), dues, (nobody, nobody), {})
    part = Part.of(touched, np.arange(len(touched.who)))
    known = live.program.answers(part)
    found = {}
    for number, (name, step) in enumerate(live.program.members.items()):
        outside = np.flatnonzero(~known(step)) if live.members.holds(number, np.array([place]))[0] else nobody
        if len(outside):
            found[name] = Instant(int(part.at[outside[0]]))
    return found
