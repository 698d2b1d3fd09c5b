"""How the report's numbers were counted."""

from __future__ import annotations

from shoal.measurement.report.activity import ENOUGH
from shoal.measurement.report.markup import Markup, tag
from shoal.measurement.report.model import Overview
from shoal.measurement.report.parts import section
from shoal.measurement.wording import FEW, moment

_NOTES = (
    "“The last 30 days” are 30 times 24 hours up to that instant: their first instant is left out, the "
    "last one counts. “The 30 days before” are the 30 before those. Calendar days and weeks are those of "
    "the zone; the audit counts days in UTC.",
    "All counts are exact. None is a sample or an estimate, except where the text says “about”.",
    "People are those known by e-mail address, phone number or user id, however many of these they have. "
    "Visitors who are not identified are counted apart and are in no segment.",
    "Reachable means: an e-mail address, the latest word on marketing mail is consent, and no hard bounce and no "
    "complaint is on record. That is judged by all that was known when this page was made, also for the members of "
    "segments: a refusal that arrived after the instant counts.",
    "What an export says without a date, such as the country of customers, holds from its import on. Where the newest "
    "event is older than that, it is taken to hold at the instant already, as `--as-of newest` does too.",
    "“By a person” leaves out opens and clicks that are marked as made by machines. Machines that hide "
    "are estimated in the data part and are not left out.",
    f"Of fewer than {FEW} nothing is told in percent, and no change or overlap is remarked on: it would be mostly "
    f"chance. Rates are held against a benchmark from {ENOUGH} on.",
    "The span of the events leaves out a few that lie far from all others: it is the shortest stretch with 95 % of "
    "them, widened by the busy days beside it.",
    "Intervals are 95 % intervals after Wilson: 95 of 100 intervals made this way hold the true rate.",
    "Benchmarks: open 25 %, click 5 %, clicks per open 20 %, unsubscribe under 0.2 % and complaints under "
    "0.1 % of what was delivered.",
    "Revenue is the total of completed orders in the shop's main currency. Refunds and cancellations are "
    "not taken off.",
)


def method_section(overview: Overview) -> Markup:
    """Windows, instant, zone, what is exact."""
    at = f"Everything is as of {moment(overview.as_of, overview.zone)}, from events stamped at or before that instant."
    judged = f" Who may be mailed is as known on {moment(overview.judged, overview.zone)}."
    listed = tag("div", tag("ul", [tag("li", note) for note in _NOTES]), class_="method")
    return section("method", "How this was counted", at + judged, listed)
