"""How many a definition that nobody saved has, from what a live reading counts already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from shoal.segments.kinds.anonymous import includes_anonymous
from shoal.segments.live.edges import Truth, Whole
from shoal.segments.live.engine import BLOCK, Live
from shoal.segments.live.program import Program
from shoal.segments.live.sights import State, Stretch
from shoal.segments.nesting import segments_used
from shoal.segments.nodes import Node
from shoal.segments.oracle import NO_SEGMENTS


def size(live: Live, node: Node, segments: Mapping[str, Node] = NO_SEGMENTS) -> int | None:
    """The exact number of members at the clock's instant, without a change to the live reading.

    None where the definition needs something that no saved segment counts: a stream in a window, a trait, a consent,
    a declared gap. Raises UserError `unknown_segment` and `segment_cycle`.
    """
    names = {name: segments[name] for name in segments_used(node, segments)}
    compiled = [(name, one.lower(), includes_anonymous(one)) for name, one in {**names, _ASKED: node}.items()]
    program = Program.of(compiled)
    known = live.program
    if not (program.counted.keys() <= known.counted.keys() and program.gapped.keys() <= known.gapped.keys()):
        return None
    tallies = {number: known.counted[counted] for counted, number in program.counted.items()}
    gaps = {number: known.gapped[core] for core, number in program.gapped.items()}
    state = State(live.people, live.store.tallies, live.gaps)
    averaged = {one for each in program.averages for one in (each.tally, each.per) if one is not None}
    totals = {one: _total(state, tallies[one]) for one in averaged}
    found = 0
    for start in range(0, len(live.people), BLOCK):
        sight = _Renumbered(Stretch(state, slice(start, start + BLOCK)), tallies, gaps, totals)
        found += int(np.count_nonzero(program.answers(sight)(program.members[_ASKED])))
    return found


_ASKED = ""  # no segment has an empty name


def _total(state: State, tally: int) -> int:
    return int(state.tallies[tally].counts[state.people.identified].sum(dtype=np.int64))


@dataclass(frozen=True, slots=True)
class _Renumbered:
    """Some subscribers, as a program sees them that has numbers of its own."""

    sight: Stretch
    tallies: Mapping[int, int]
    gaps: Mapping[int, int]
    sums: Mapping[int, int]

    def count(self, tally: int) -> Whole:
        return self.sight.count(self.tallies[tally])

    def totals(self, tally: int) -> int:
        return self.sums[tally]

    def size(self) -> int:
        return self.sight.size()

    def given(self, place: int) -> Truth:
        return self.sight.given(self.gaps[place])

    def eligible(self, anonymous: bool) -> Truth:
        return self.sight.eligible(anonymous)
