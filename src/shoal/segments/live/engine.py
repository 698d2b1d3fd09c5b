"""The live reading: memberships that follow what is told and the clock (docs/concepts/live.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shoal.core.time import Instant
from shoal.segments.kinds.anonymous import includes_anonymous
from shoal.segments.live import averages
from shoal.segments.live.changes import Changes
from shoal.segments.live.edges import NEVER, Places, Truth
from shoal.segments.live.facts import ANYTHING, Facts, Needs
from shoal.segments.live.members import Members
from shoal.segments.live.people import Ids, People
from shoal.segments.live.program import Program
from shoal.segments.live.schedule import Asking
from shoal.segments.live.sights import Course, Part, State, Stretch, Touched
from shoal.segments.live.sources import Due
from shoal.segments.live.store import Store
from shoal.segments.lowered import Core
from shoal.segments.nesting import segments_used
from shoal.segments.nodes import Node

MOST = 200_000
"""What is due is taken in stretches of the clock of at most so many rows, unless they are of one instant."""

BLOCK = 32_768
"""Subscribers that are looked at together when everybody is."""

FEW = 4_000
"""Up to so many rows, segments look at all of them together; from then on each looks at those that concern it."""

NO_FACTS = Facts()


@dataclass(frozen=True, slots=True)
class Persons:
    """Subscribers as they are now: whether they are there at all, and identified."""

    ids: Ids
    present: Truth
    identified: Truth


class Live:
    """Exact memberships of many segments, kept up to date.

    `define` says what has to be read, `load` takes it, `settle` decides. From then on `fold` takes
    new facts and `advance` moves the clock; both give who entered and left, and when. Nothing is read
    from files here, and the clock is the caller's.
    """

    def __init__(self, now: Instant) -> None:
        self.now = now
        self.people = People()
        self.program = Program()
        self.members = Members()
        self.gaps: list[Truth] = []
        self.askings: dict[Core, Asking] = {}
        self.store = Store()

    def define(self, segments: Mapping[str, Node]) -> Needs:
        """Keep these segments from now on, and forget others. Gives what has to be read for what is new.

        All facts of what is named there are then given to `load`, whenever they happened; until `settle` the
        memberships stand. The order of `segments` says nothing. Raises UserError `unknown_segment` and `segment_cycle`.
        """
        segments = dict(sorted(segments.items()))
        order = dict.fromkeys(used for node in segments.values() for used in segments_used(node, segments))
        order |= dict.fromkeys(segments)
        compiled = [(name, segments[name].lower(), includes_anonymous(segments[name])) for name in order]
        known = dict(zip(self.program.gapped, self.gaps, strict=True))
        self.program = Program.of(compiled)
        new = [core for core in self.program.gapped if core not in known]
        nobody = np.zeros(len(self.people), np.bool_)
        self.gaps = [known.get(core, nobody.copy()) for core in self.program.gapped]
        self.askings = {core: self.askings.get(core) or Asking.of(core) for core in self.program.gapped}
        self.members.rename(tuple(self.program.members), len(self.people))
        counted = self.store.recount(self.program, len(self.people))
        self.store.draw(self.people.ids, 0, waiting=True)
        return Needs.of(counted, new)

    def persons(self, persons: Persons) -> None:
        """Tell who there is, before `load`."""
        self._grow(persons.ids)
        where = self.people.places(persons.ids)
        self.people.present[where] = persons.present
        self.people.identified[where] = persons.present & persons.identified

    def restore(self, ids: Ids, persons: Persons) -> None:
        """Give places to these ids in their order, as `persons` says of each; for snapshots."""
        self.people.append(ids)
        self.people.present, self.people.identified = persons.present, persons.identified

    def load(self, facts: Facts) -> None:
        """Take facts that `define` asked for, in any pieces."""
        self.store.load(facts, self.now)

    def settle(self, *, silent: bool = False) -> Changes:
        """Decide about everybody, after `load`. `silent` saves the time of listing who entered and left."""
        self.store.loaded(self.now, self.people.identified)
        found = []
        for start in range(0, len(self.people), BLOCK):
            where = slice(start, start + BLOCK)
            known = self.program.answers(Stretch(self._state, where))
            members = [known(step) for step in self.program.members.values()]
            who, segments = self.members.decide(where, members, silent=silent)
            if len(who):
                entered = np.stack(members, axis=1)[who - start, segments]
                found.append((np.full(len(who), self.now), self.people.ids[who], segments, entered))
        return Changes.of(self.members.names, found)

    def fold(self, facts: Facts = NO_FACTS, *, taken_back: Facts = NO_FACTS, persons: Persons | None = None) -> Changes:
        """Take new facts, and take back others, which must have been told as they are.

        Facts of the past change memberships at once, at the clock's instant; others do when the clock gets there.
        A subscriber who was merged into another has the facts taken back and told of the other. An event
        that is told twice counts twice: the importer's rule about repeats applies before. Statements told twice
        count once.
        """
        self._mention((facts, taken_back), persons)
        before = self._totals() if persons is not None else None
        told = self._admit(persons) if persons is not None else averages.NO_ROWS[0]
        dues = [*self.store.fold(taken_back, self.now, taken_back=True)]
        dues += self.store.fold(facts, self.now, taken_back=False)
        found = self._apply(dues, told, before)
        assert found is not None, "at one instant there is no limit"
        return found

    def merge(self, gone: Ids, into: Ids, persons: Persons) -> Changes:
        """Let subscribers be others: whatever was told of one in `gone` is told of the one beside it in `into`.

        Nobody in `gone` is there twice, or in `into`. `persons` says how both are now: who is gone is not present.
        The result is what one subscriber with both histories would have.
        """
        self._mention((), persons)
        before = self._totals()
        told = self._admit(persons)
        who, whose = self.people.places(gone), self.people.places(into)
        found = self._apply(self.store.merge(who, whose, len(self.people), self.now), told, before)
        assert found is not None, "at one instant there is no limit"
        return found

    def refresh(self, answers: Mapping[Core, Ids], asked_at: Instant | None = None) -> Changes:
        """Take what the `sql` reading says of declared gaps; the changes say that it did.

        It was asked at the clock's instant, or a little before: then what was told since is still to be asked for.
        """
        answers = {core: ids for core, ids in answers.items() if core in self.program.gapped}
        touched = [averages.NO_ROWS[0]]
        for core, ids in answers.items():
            place = self.program.gapped[core]
            who = self.people.places(ids)
            found = np.zeros(len(self.people), np.bool_)
            found[who[who >= 0]] = True
            touched.append(np.flatnonzero(found != self.gaps[place]))
            self.gaps[place] = found
            self.askings[core].asked(self.now if asked_at is None else asked_at)
        changed = self._apply([], np.unique(np.concatenate(touched)), None, asked=True)
        assert changed is not None
        return changed

    def advance(self, until: Instant) -> Changes:
        """Move the clock; each change has the first instant at which it is so."""
        if until < self.now:
            raise ValueError("the clock does not go back")
        found = []
        while self.now < until:
            step = self._step(until)
            while (changes := self._apply(self.store.due(self.now, step), averages.NO_ROWS[0], None)) is None:
                step = (self.now + step) // 2
            found.append(changes)
            self.now = Instant(step)
            self.store.forget(self.now)
        return Changes.joined(found) if found else Changes.of(self.members.names, [])

    def next_due(self) -> Instant | None:
        """The next instant at which time alone may change something, or a gap is to be asked; None where none is."""
        found = min(self.store.next(self.now), self._next_asking())
        return None if found >= NEVER else Instant(found)

    def next_asking(self) -> Instant | None:
        """The next instant at which the `sql` reading is to be asked of a declared gap; None where none is."""
        found = self._next_asking()
        return None if found >= NEVER else Instant(found)

    def to_ask(self) -> tuple[Core, ...]:
        """The declared gaps that are to be asked now: their time is up, or facts arrived that concern them."""
        return tuple(core for core, asking in self.askings.items() if asking.due <= self.now)

    def _next_asking(self) -> int:
        return max(self.now, min((asking.due for asking in self.askings.values()), default=NEVER))

    def _mention(self, told: Sequence[Facts], persons: Persons | None) -> None:
        """Let the declared gaps be asked that something concerns; who is there concerns all of them."""
        for asking in self.askings.values():
            for facts in told:
                asking.told(facts.names(), self.now)
            if persons is not None:
                asking.told({ANYTHING: self.now}, self.now)

    def ids(self, segment: str) -> Ids:
        """The members now, in ascending order."""
        where = self.members.places(segment, len(self.people))
        found: Ids = np.sort(self.people.ids[where])
        return found

    def sizes(self) -> dict[str, int]:
        """The number of members of each segment now."""
        return self.members.sizes()

    def evaluate(self) -> dict[str, int]:
        """The number of members of each segment, found anew from the counts."""
        sizes = dict.fromkeys(self.program.members, 0)
        for start in range(0, len(self.people), BLOCK):
            known = self.program.answers(Stretch(self._state, slice(start, start + BLOCK)))
            for name, step in self.program.members.items():
                sizes[name] += int(np.count_nonzero(known(step)))
        return sizes

    @property
    def needs(self) -> Needs:
        """What `fold` wants to be told of: all streams, traits and consents in use."""
        return self.store.needs

    @property
    def _state(self) -> State:
        return State(self.people, self.store.tallies, self.gaps)

    def _totals(self) -> dict[int | None, int]:
        found: dict[int | None, int] = {tally.number: tally.total for tally in self.store.tallies if tally.totalled}
        found[None] = self.people.size
        return found

    def _grow(self, ids: Ids) -> None:
        new, size = ids[self.people.places(ids) < 0], len(self.people)
        ascending = bool((new[1:] > new[:-1]).all())
        self.people.append(new if ascending else np.unique(new))
        start, size = size, len(self.people)
        self.store.grow(size)
        self.store.draw(self.people.ids[start:], start)
        self.members.grow(size)
        self.gaps = [np.concatenate((gap, np.zeros(size - len(gap), np.bool_))) for gap in self.gaps]

    def _admit(self, persons: Persons) -> Places:
        """Take people as they are now; gives the places of those who changed."""
        self._grow(persons.ids)
        where = self.people.places(persons.ids)
        identified = persons.present & persons.identified
        changed = (self.people.present[where] != persons.present) | (self.people.identified[where] != identified)
        moved = identified.astype(np.int64) - self.people.identified[where]
        self.store.recount_totals(where, moved)
        self.people.present[where] = persons.present
        self.people.identified[where] = identified
        told: Places = where[changed]
        return told

    def _step(self, until: int) -> int:
        """How far the clock may go at once."""
        step = until
        while step > self.now + 1 and self.store.number(self.now, step) > MOST:
            step = (self.now + step) // 2
        return step

    def _apply(
        self, due: Iterable[Due], told: Places, before: Mapping[int | None, int] | None, *, asked: bool = False
    ) -> Changes | None:
        """Change the counts, and give who entered and left; None where the stretch is too long.

        `told` are places of people to look at now besides; `before` the totals before those were counted.
        """
        dues = list(due)
        identified = self.people.identified
        tallies = self.store.tallies
        courses = {tally.number: Course.of(tally, dues, identified) for tally in tallies if tally.totalled}
        extra = [(told, np.full(len(told), self.now))]
        for average in self.program.averages:
            jump = None if before is None else averages.Jump(before[average.tally], before[average.per], self.now)
            rows = averages.turning(average, self._state, dues, courses, jump)
            if isinstance(rows, int):
                return None
            extra.append(rows)
        whole = bool(len(told)) or before is not None
        rows_of = (np.concatenate([who for who, _ in extra]), np.concatenate([at for _, at in extra]))
        if not dues and not len(rows_of[0]):
            return Changes.of(self.members.names, [])
        touched = Touched.of(self._state, dues, rows_of, courses)
        decided = list(self._decided(touched, None if whole else set(touched.changes)))
        changes = Changes.of(self.members.names, decided, asked=asked)
        self.store.apply(dues, courses)
        return changes

    def _decided(self, touched: Touched, tallies: set[int] | None) -> Iterator[tuple[npt.NDArray[np.generic], ...]]:
        """Who entered and left, for each segment that reads one of these tallies, or for all."""

        def concerned(step: int) -> bool:
            return tallies is None or not tallies.isdisjoint(self.program.needs[step])

        if tallies is None or len(touched.who) <= FEW:
            steps = [(number, step) for number, step in enumerate(self.program.members.values()) if concerned(step)]
            known = self.program.answers(Part.of(touched, np.arange(len(touched.who))))
            members = [known(step) for _, step in steps]
            rows, segments, entered = self.members.follow_some(touched.who, [number for number, _ in steps], members)
            yield touched.at[rows], self.people.ids[touched.who[rows]], segments, entered
            return
        averaged = {place for average in self.program.averages for place in (average.tally, average.per)}
        for number, step in enumerate(self.program.members.values()):
            needs = self.program.needs[step]
            if concerned(step):
                part = Part.of(touched, touched.rows(needs, extra=not averaged.isdisjoint(needs)))
                holds = self.program.answers(part)(step)
                changed = self.members.follow(number, part.who, holds)
                who = self.people.ids[part.who[changed]]
                yield part.at[changed], who, np.full(len(changed), number), holds[changed]
