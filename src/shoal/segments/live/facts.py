"""What the live reading is told: facts whose filters and comparisons somebody else has evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from shoal.segments.comparison import PropertyFilter
from shoal.segments.inside import Tested
from shoal.segments.kinds import has_been
from shoal.segments.live.edges import ALWAYS, NEVER, Places, Times, Truth, Whole
from shoal.segments.live.sums import Addend, Numbers, Summed
from shoal.segments.lowered import ConsentHolds, Core, Count, TraitHolds
from shoal.segments.streams import Stream
from shoal.segments.windows import Window

Held = Truth | tuple[Times, Times]
"""Whether a value passes a comparison; or, where that depends on time, from when on and until when it does."""


def is_timed(comparison: Tested) -> bool:
    """Whether time alone changes what the comparison says of a value."""
    return comparison.lags() is not None


def timed_filters(stream: Stream) -> tuple[PropertyFilter, ...]:
    """The filters of a stream that time alone changes; groups with such a comparison are none of these (`gap_of`)."""
    plain = (one for one in stream.filters if isinstance(one, PropertyFilter))
    return tuple(one for one in plain if is_timed(one.comparison))


@dataclass(frozen=True, slots=True)
class Happened:
    """Events of a stream: of these subscribers, at these instants (ms), in any order.

    A stream with timed filters also says from when on and until when each event passes them. `most` saves counting
    how many of the rows one subscriber has, where somebody knows that it is so many at most. `numbers` are those of
    the properties that `Needs.numbers` asks for.
    """

    stream: Stream
    who: Places
    at: Times
    passes: tuple[Times, Times] | None = None
    most: int | None = None
    numbers: Mapping[tuple[str, ...], Numbers] = field(default_factory=dict)

    def adds(self, addend: Addend) -> Whole:
        """What each event adds to a sum."""
        assert addend.path in self.numbers, "a stream whose numbers are added up says them"
        return self.numbers[addend.path].part(addend)


@dataclass(frozen=True, slots=True)
class Stated:
    """Statements about a trait, in any order, and what each comparison in `Needs.traits` says of their values."""

    name: str
    who: Places
    at: Times
    event_id: npt.NDArray[np.int64]
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class Consented:
    """Statements of one consent, in any order."""

    channel: str
    purpose: str
    who: Places
    at: Times
    event_id: npt.NDArray[np.int64]
    state: npt.NDArray[np.int64]  # place in `profiles.consent.CAUTION`
    dated: Truth  # `profiles.consent.is_dated`
    source: npt.NDArray[np.int64]  # any numbers that tell (source, contact) apart
    address: npt.NDArray[np.int64]  # `profiles.consent.Statement.address`
    complaint: Truth  # whether its method is `profiles.consent.COMPLAINT`
    changed: npt.NDArray[np.int64]  # `profiles.consent.Statement.changed`


@dataclass(frozen=True, slots=True)
class Mentioned:
    """The name of facts: of events, of a trait, or the channel and the purpose of a consent."""

    kind: Literal["event", "trait", "consent", "anything"]
    name: str
    purpose: str = ""


ANYTHING = Mentioned("anything", "")
"""Stands for every fact."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of all kinds.

    `mentioned` names everything that was told, also what no stream, trait or consent here is about, each with the
    newest instant: it says which declared gaps have to be asked again. Without it, any of them may have to.
    """

    happened: tuple[Happened, ...] = ()
    stated: tuple[Stated, ...] = ()
    consented: tuple[Consented, ...] = ()
    mentioned: Mapping[Mentioned, int] | None = None

    def names(self) -> Mapping[Mentioned, int]:
        """What was told, by name with the newest instant; `ANYTHING` where nothing is said of names."""
        if self.mentioned is not None:
            return self.mentioned
        instants: list[Times] = [one.at for told in (self.happened, self.stated, self.consented) for one in told]
        newest = max((int(at.max()) for at in instants if len(at)), default=None)
        return {} if newest is None else {ANYTHING: newest}


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be read for some definitions."""

    streams: Mapping[Stream, tuple[Window, ...]] = field(default_factory=dict)
    traits: Mapping[str, tuple[Tested, ...]] = field(default_factory=dict)
    consents: tuple[tuple[str, str], ...] = ()
    gapped: tuple[Core, ...] = ()  # what `Live.refresh` has to be told
    numbers: Mapping[Stream, tuple[tuple[str, ...], ...]] = field(default_factory=dict)  # properties to measure

    @classmethod
    def of(cls, counted: Iterable[object], gapped: Iterable[Core] = ()) -> Needs:
        """What these counts, traits and consents read; a draw reads nothing."""
        streams: dict[Stream, dict[Window, None]] = {}
        traits: dict[str, dict[Tested, None]] = {}
        consents: dict[tuple[str, str], None] = {}
        numbers: dict[Stream, dict[tuple[str, ...], None]] = {}
        for one in counted:
            match one:
                case Count(stream, window):
                    streams.setdefault(stream, {})[window] = None
                case Summed(Addend(stream, path), window):
                    streams.setdefault(stream, {})[window] = None
                    numbers.setdefault(stream, {})[path] = None
                case TraitHolds(name, comparison) | has_been.Held(name, comparison):
                    traits.setdefault(name, {})[comparison] = None
                case ConsentHolds(channel, purpose, _):
                    consents[channel, purpose] = None
        asked = {name: tuple(comparisons) for name, comparisons in traits.items()}
        windows = {stream: tuple(those) for stream, those in streams.items()}
        measured = {stream: tuple(paths) for stream, paths in numbers.items()}
        return cls(windows, asked, tuple(consents), tuple(gapped), measured)


def spans_of_dates(dates: Times, comparison: Tested) -> tuple[Times, Times]:
    """From when on and until when these dates pass a comparison that time changes; NEVER stands for what is no date."""
    lags = comparison.lags()
    assert lags is not None
    since, until = lags
    known = dates < NEVER
    begin = ALWAYS if since is None else dates + since
    end = NEVER if until is None else dates + until
    return np.where(known, begin, NEVER), np.where(known, end, ALWAYS)


def spans(held: Held) -> tuple[Times, Times]:
    """From when on and until when; nothing of an answer that is false."""
    if isinstance(held, tuple):
        return held
    return np.where(held, ALWAYS, NEVER), np.where(held, NEVER, ALWAYS)
