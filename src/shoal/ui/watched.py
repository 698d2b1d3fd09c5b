"""What is kept for all pages of a served workspace: its last audit, and what arrived of late."""

from __future__ import annotations

from dataclasses import dataclass

from shoal.flow.arrivals import Arriving
from shoal.flow.latest_audit import LatestAudit, Progress
from shoal.measurement.wording import length
from shoal.ui.served import Served, served


@dataclass(frozen=True, slots=True)
class Watched:
    """Both, of one workspace."""

    audits: LatestAudit
    arriving: Arriving


_known: list[tuple[Served, Watched]] = []


def watched() -> Watched:
    """Those of the workspace that is served."""
    here = served()
    if not _known or _known[0][0] is not here:
        _known[:] = [(here, Watched(LatestAudit(here.opened), Arriving(here.opened)))]
    return _known[0][1]


def progress_words(found: Progress) -> str:
    """How the one that is being made stands; "" where none is.

    >>> progress_words(Progress(None, 12.4, 20.0, None))
    'Reading the whole history: 12 s so far, the last time it took 20 s. You may leave this page.'
    """
    if found.running_s is None:
        return ""
    before = "" if found.took_s is None else f", the last time it took {length(found.took_s * 1_000)}"
    return f"Reading the whole history: {length(found.running_s * 1_000)} so far{before}. You may leave this page."
