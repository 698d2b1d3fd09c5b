"""The signals of all definitions: sources with their tallies, and the ledgers of statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from shoal.profiles.consent import CAUTION
from shoal.segments.kinds.bucket import InBucket, numbers_drawn
from shoal.segments.kinds.has_been import Held
from shoal.segments.live import ledger
from shoal.segments.live.edges import ALWAYS, NEVER, Places, Times, Truth, Whole
from shoal.segments.live.facts import Facts, Happened, Needs, is_timed, timed_filters
from shoal.segments.live.ledger import Columns, Ledger
from shoal.segments.live.people import Ids
from shoal.segments.live.program import Counted, Program
from shoal.segments.live.sights import Course
from shoal.segments.live.sources import NARROW, Due, Period, Source, Tally
from shoal.segments.live.sums import Addend, Summed
from shoal.segments.lowered import ConsentHolds, Count, TraitHolds
from shoal.segments.streams import Stream
from shoal.segments.windows import EVER

Key = Stream | Addend | Counted
"""A source: a stream, what is added up of it, or where its rows have their own ends, what is counted."""

FORGET_MS = 60_000
"""Between two times at which rows are dropped that can change nothing any more."""


class Store:
    """What is known of everybody, as far as the program needs it."""

    def __init__(self) -> None:
        self.tallies: list[Tally] = []
        self.sources: dict[Key, Source] = {}
        self.ledgers: dict[str | tuple[str, str], Ledger] = {}
        self.needs = Needs()
        self._known: dict[Counted, Tally] = {}
        self._of_streams: dict[Stream, list[Counted]] = {}
        self._forgot = ALWAYS  # when rows were dropped for the last time
        self._moved: Places | None = None  # whose the rows of each place are now; None: nobody was merged

    def recount(self, program: Program, people: int) -> tuple[Counted, ...]:
        """Tallies for what a program counts; gives what is counted by sources that have to be read."""
        needs = Needs.of(program.counted)
        known = {one: tally for one, tally in self._known.items() if self._is_told_alike(one, needs)}
        self.needs, self.tallies, self._known = needs, [], {}
        sources: dict[Key, Source] = {}
        for counted, number in program.counted.items():
            tally = known.get(counted) or Tally(number, _period(counted), np.zeros(people, NARROW))
            tally.number, tally.totalled = number, False
            self.tallies.append(tally)
            self._known[counted] = tally
            kept = self.sources.get(source_of(counted)) or Source()
            sources.setdefault(source_of(counted), Source([], kept.plus, kept.minus)).tallies.append(tally)
        for average in program.averages:
            for place in (average.tally, average.per):
                if place is not None:
                    self.tallies[place].totalled = True
        self.sources = sources
        self._of_streams = {
            stream: [one for one in self._known if _stream_of(one) == stream] for stream in needs.streams
        }
        return tuple(one for one in program.counted if self._reads_anew(one))

    def _is_told_alike(self, counted: Counted, needs: Needs) -> bool:
        """Whether what is kept of a trait still has the columns that are asked for."""
        if not isinstance(counted, TraitHolds | Held):
            return True
        return self.needs.traits.get(counted.name) == needs.traits.get(counted.name)

    def _reads_anew(self, counted: Counted) -> bool:
        source = self.sources[source_of(counted)]
        if source.ready:
            return False
        source.clear()
        about = _about(counted)
        if about is not None:
            self.ledgers.pop(about, None)
        return True

    def grow(self, people: int) -> None:
        """Make room for people."""
        for tally in self.tallies:
            tally.grow(people)
        if self._moved is not None:
            self._moved = np.concatenate((self._moved, np.arange(len(self._moved), people)))

    def draw(self, ids: Ids, start: int, *, waiting: bool = False) -> None:
        """Count who is in a random bucket, by their ids; their places begin at `start`. `waiting`: where it is new."""
        numbers: dict[str, Times] = {}
        for counted, tally in self._known.items():
            if isinstance(counted, InBucket) and not (waiting and tally.ready):
                if counted.draw not in numbers:
                    numbers[counted.draw] = numbers_drawn(ids, counted.draw)
                bucket = numbers[counted.draw] % counted.of
                tally.counts[start : start + len(ids)] = (counted.low <= bucket) & (bucket <= counted.high)

    def load(self, facts: Facts, now: int) -> None:
        """Count facts for those tallies that wait for them."""
        for happened in facts.happened:
            waiting = [one for one in self._of_streams[happened.stream] if not self.sources[source_of(one)].ready]
            for key, at, who, weight in _rows(happened, waiting):
                self.sources[key].fill(at, who, weight, now, most=happened.most)
        for about, columns, names in self._statements(facts):
            self.ledgers.setdefault(about, Ledger(names)).add(columns)

    def loaded(self, now: int, identified: Truth) -> None:
        """All is read: count what the statements say, and the totals."""
        for counted, tally in self._known.items():
            about = _about(counted)
            if not tally.ready and about is not None and about in self.ledgers:
                who, enter, leave = _periods(counted, self.ledgers[about].everybody(), self.needs)
                source = self.sources[source_of(counted)]
                source.fill(enter, who, 1, now)
                source.fill(leave, who, -1, now)
        for tally in self.tallies:
            tally.ready = True
            if tally.totalled:
                tally.total = int(tally.counts[identified].sum(dtype=np.int64))

    def fold(self, facts: Facts, now: int, *, taken_back: bool) -> Iterator[Due]:
        """Take new facts, or take facts back; gives what changes at once."""
        for happened in facts.happened:
            for key, at, who, weight in _rows(happened, self._of_streams[happened.stream]):
                yield from self.sources[key].insert(at, who, -weight if taken_back else weight, now)
        for about, columns, names in self._statements(facts):
            who = np.unique(columns["who"])
            kept = self.ledgers.setdefault(about, Ledger(names))
            before = kept.of(who)
            kept.add(columns, taken_back=taken_back)
            yield from self._restated(about, before, -1, now)
            yield from self._restated(about, kept.of(who), 1, now)

    def _restated(self, about: str | tuple[str, str], rows: Columns, weight: int, now: int) -> Iterator[Due]:
        for counted in self._known:
            if _about(counted) == about:
                who, enter, leave = _periods(counted, rows, self.needs)
                source = self.sources[source_of(counted)]
                yield from source.insert(enter, who, weight, now)
                yield from source.insert(leave, who, -weight, now)

    def _statements(self, facts: Facts) -> Iterator[tuple[str | tuple[str, str], Columns, tuple[str, ...]]]:
        for stated in facts.stated:
            timed = tuple(is_timed(one) for one in self.needs.traits[stated.name])
            yield stated.name, ledger.trait_columns(stated), ledger.trait_names(timed)
        for consented in facts.consented:
            yield (consented.channel, consented.purpose), ledger.consent_columns(consented), ledger.CONSENT_NAMES

    def merge(self, gone: Places, into: Places, people: int, now: int) -> Iterator[Due]:
        """Let all that was told of some be told of others; gives what changes at once.

        Counts and sums are those of the two together. Which statement is the latest is decided anew. Rows that are
        still to come keep their places, and `due` gives them to whom they belong now.
        """
        both = np.unique(np.concatenate((gone, into)))
        for about, kept in self.ledgers.items():
            before = kept.of(both)
            if len(before["who"]):
                kept.move(gone, into)
                yield from self._restated(about, before, -1, now)
                yield from self._restated(about, kept.of(both), 1, now)
        for counted, tally in self._known.items():
            if _about(counted) is None and not isinstance(counted, InBucket):
                some = np.flatnonzero(tally.counts[gone])
                weight = tally.counts[gone[some]].astype(np.int64)
                yield Due(tally.number, np.full(len(some), now), into[some], weight)
                yield Due(tally.number, np.full(len(some), now), gone[some], -weight)
        moved = np.arange(people)
        moved[gone] = into
        self._moved = moved if self._moved is None else moved[self._moved]

    def whose(self, who: Places) -> Places:
        """To whom rows of these places belong since some were merged."""
        return who if self._moved is None else self._moved[who]

    def due(self, after: int, until: int) -> Iterator[Due]:
        """What changes while the clock goes on."""
        for source in self.sources.values():
            for due in source.due(after, until):
                yield due if self._moved is None else replace(due, who=self._moved[due.who])

    def due_of(self, place: int, after: int) -> Iterator[Due]:
        """What changes for one subscriber after an instant."""
        places = np.array([place]) if self._moved is None else np.flatnonzero(self._moved == place)
        for source in self.sources.values():
            for tally, at, weight in source.due_of(places, after):
                if len(at):
                    yield Due(tally, at, np.full(len(at), place), weight)

    def number(self, after: int, until: int) -> int:
        """How many rows `due` gives."""
        return sum(source.number(after, until) for source in self.sources.values())

    def next(self, after: int) -> int:
        """The next instant at which something changes."""
        return min((source.next(after) for source in self.sources.values()), default=NEVER)

    def forget(self, now: int) -> None:
        """Drop what can change nothing any more; seldom looked for."""
        if now - self._forgot < FORGET_MS:
            return
        self._forgot = now
        for source in self.sources.values():
            source.forget(now)

    def apply(self, dues: Sequence[Due], courses: Mapping[int, Course]) -> None:
        """Change the counts and totals."""
        for due in dues:
            self.tallies[due.tally].add(due.who, due.weight)
        for number, course in courses.items():
            self.tallies[number].total = int(course.values[-1])

    def recount_totals(self, who: Places, moved: Whole) -> None:
        """People became identified (1) or stopped to be so (-1)."""
        for tally in self.tallies:
            if tally.totalled:
                tally.total += int((tally.counts[who] * moved).sum())


def _rows(happened: Happened, counted: Iterable[Counted]) -> Iterator[tuple[Key, Times, Places, int | Whole]]:
    """Rows for each source of what is counted of a stream: instant, subscriber, weight."""
    if timed_filters(happened.stream):
        yield from _dated_rows(happened, counted)
        return
    for key in dict.fromkeys(map(source_of, counted)):
        if isinstance(key, Addend):
            weight = happened.adds(key)
            some = np.flatnonzero(weight)
            yield key, happened.at[some], happened.who[some], weight[some]
        else:
            yield key, happened.at, happened.who, 1


def _dated_rows(happened: Happened, counted: Iterable[Counted]) -> Iterator[tuple[Key, Times, Places, int | Whole]]:
    """Rows of a stream with timed filters: those of each window have their own beginning and end."""
    assert happened.passes is not None, "a stream with timed filters says when each event passes them"
    since, until = happened.passes
    for one in counted:
        assert isinstance(one, Count | Summed)
        period = Period.of(one.window)
        enter = np.maximum(happened.at + period.enter, since)
        leave = until if period.leave is None else np.minimum(happened.at + period.leave, until)
        some = (enter < leave) & (happened.at >= period.low) & (happened.at < period.high)
        if isinstance(one, Count):
            yield one, enter[some], happened.who[some], 1
            yield one, leave[some], happened.who[some], -1
        else:
            weight = happened.adds(one.addend)
            some &= weight != 0
            yield one, enter[some], happened.who[some], weight[some]
            yield one, leave[some], happened.who[some], -weight[some]


def _stream_of(counted: Counted) -> Stream | None:
    """The stream whose events are counted or added up; None for facts of other kinds."""
    match counted:
        case Count(stream, _) | Summed(Addend(stream), _):
            return stream
    return None


def source_of(counted: Counted) -> Key:
    """The source that is counted."""
    stream = _stream_of(counted)
    if stream is None or timed_filters(stream):
        return counted
    return counted.addend if isinstance(counted, Summed) else stream


def _period(counted: Counted) -> Period:
    """Rows of streams without timed filters count by their window; all others have their own beginning and end."""
    if isinstance(counted, Count | Summed) and source_of(counted) != counted:
        return Period.of(counted.window)
    return Period.of(EVER)


def _about(counted: Counted) -> str | tuple[str, str] | None:
    """The ledger that a fact is decided by; None for counts."""
    match counted:
        case TraitHolds(name, _) | Held(name, _):
            return name
        case ConsentHolds(channel, purpose, _):
            return channel, purpose
    return None


def _periods(counted: Counted, rows: Columns, needs: Needs) -> tuple[Places, Times, Times]:
    if isinstance(counted, TraitHolds):
        return ledger.trait_periods(rows, needs.traits[counted.name].index(counted.comparison))
    if isinstance(counted, Held):
        place = needs.traits[counted.name].index(counted.comparison)
        return ledger.held_periods(rows, place, counted.length.ms, always=counted.always)
    assert isinstance(counted, ConsentHolds)
    who, enter, leave, state = ledger.consent_periods(rows)
    some = np.isin(state, [CAUTION.index(one) for one in counted.states])
    return who[some], enter[some], leave[some]
