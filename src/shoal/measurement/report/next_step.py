"""The one next step that the report proposes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shoal.measurement.audit.model import Audit
from shoal.measurement.reach import Reach
from shoal.measurement.report.model import Overview, SegmentSummary
from shoal.measurement.wording import FEW, people

NEARLY_ALL = 0.95
"""A segment with so large a share of the list is nearly all of it."""

_Segments = Sequence[SegmentSummary]


@dataclass(frozen=True, slots=True)
class NextStep:
    """The one thing to do next, why, and where the page has the evidence."""

    title: str
    evidence: str
    action: str
    link: str


def next_step(overview: Overview, audit: Audit, segments: _Segments) -> NextStep | None:
    """Refusals first, then data too poor to rely on, then missing consent, then the segment that is readiest."""
    for propose in (_stop, _mend_first, _win_consent, _turn_to_segment, _mend, _bring_mail):
        found = propose(overview, audit, segments)
        if found is not None:
            return found
    return None


def _stop(_: Overview, audit: Audit, __: _Segments) -> NextStep | None:
    refused = next((each for each in audit.findings if each.check == "mail_after_refusal"), None)
    if refused is None or refused.severity != "attention":
        return None
    return NextStep("Stop mail to people who refused it", refused.sentence, refused.fix, "#audit")


def _mend_first(overview: Overview, audit: Audit, segments: _Segments) -> NextStep | None:
    return _mend(overview, audit, segments, " first") if audit.score is not None and audit.score < 50 else None


def _mend(_: Overview, audit: Audit, __: _Segments, when: str = "") -> NextStep | None:
    if not audit.findings:
        return None
    top = audit.findings[0]
    where = top.sources[0] if top.sources else "the list"
    return NextStep(f"Mend {where}{when}", top.sentence, top.fix, "#audit")


def _win_consent(overview: Overview, audit: Audit, _: _Segments) -> NextStep | None:
    if not is_blocked(overview.identified, overview.reachable):
        return None
    return NextStep("Win consent to mail", unreachable(overview, audit), _ASK, "#audit")


def _turn_to_segment(_: Overview, __: Audit, segments: _Segments) -> NextStep | None:
    """The segment of the right size, with something to say, in which most people can be mailed."""
    ready = [
        segment
        for segment in segments
        if segment.in_full and in_range(segment) is True and segment.content and not holds_nearly_all(segment)
    ]
    if not ready:
        return None
    best = max(ready, key=lambda segment: segment.reach.mailable if segment.reach else segment.members)
    if best.reach is None or not is_blocked(best.members, best.reach.mailable):
        return _write_to(best)
    told = f"{blocked(best.members, best.reach)}. It is still the segment in which most people can be mailed."
    return NextStep(f"Win the consent of “{best.title}”", told, _ASK, f"#segment-{best.name}")


def _bring_mail(overview: Overview, _: Audit, __: _Segments) -> NextStep | None:
    return None if overview.funnel is not None else NextStep(*_NO_MAIL)


def _write_to(segment: SegmentSummary) -> NextStep:
    wanted_of_them = segment.content.get("next_action")
    action = f"What they should do: {wanted_of_them}" if wanted_of_them else segment.goal or segment.metric or ""
    wanted = f"between {segment.size_low:,} and {segment.size_high:,} as it should be"
    evidence = f"{people(segment.members)} now, {wanted}: {segment.sentence}."
    if segment.reach is not None and segment.reach.blocked:
        evidence += f" {blocked(segment.members, segment.reach)}."
    return NextStep(f"Write to “{segment.title}”", evidence, action, f"#segment-{segment.name}")


_ASK = (
    "Ask at sign-up and check-out, and import your platform's subscription status with its date. "
    "Leave those who refused in peace."
)

_NO_MAIL = (
    "Bring in your e-mail export",
    "There is no mail in the last 30 days of this data.",
    "Export deliveries, opens and clicks from your e-mail platform and import them beside the rest.",
    "#list",
)


def in_range(segment: SegmentSummary) -> bool | None:
    """Whether the size is what it should be; None where nothing was said about size."""
    if segment.size_low is None or segment.size_high is None:
        return None
    return segment.size_low <= segment.members <= segment.size_high


def holds_nearly_all(segment: SegmentSummary) -> bool:
    """Whether it holds all people, or nearly: it then tells nobody apart, and is no segment to begin with."""
    return segment.share >= NEARLY_ALL


def is_blocked(people: int, mailable: int) -> bool:
    """Whether half of them or more can't be mailed; never of a few, which says little."""
    return people >= FEW and mailable * 2 <= people


def blocked(members: int, reach: Reach) -> str:
    """How many can't be mailed, and why.

    >>> blocked(90, Reach(mailable=40, refused=30, unasked=20))
    "50 of 90 can't be mailed: 30 refused it, 20 never agreed to it"
    """
    return f"{reach.blocked:,} of {members:,} can't be mailed: {_reasons(reach)}"


def _reasons(reach: Reach) -> str:
    why = (
        (reach.refused, "refused it"),
        (reach.unasked, "never agreed to it"),
        (reach.suppressed, "bounced or complained"),
        (reach.no_address, "without an e-mail address"),
    )
    return ", ".join(f"{count:,} {reason}" for count, reason in why if count)


def unreachable(overview: Overview, audit: Audit) -> str:
    """How many of the list can't be mailed, and why.

    Who has no address may have refused as well, so the parts are no sum.
    """
    stated = next((each for each in audit.consent if (each.channel, each.purpose) == ("email", "marketing")), None)
    refused = stated.denied if stated else 0
    unasked = stated.unknown + stated.pending if stated else overview.identified
    lacking = overview.identified - overview.with_email
    reasons = _reasons(Reach(overview.reachable, refused, unasked, overview.suppressed, lacking))
    return f"{overview.identified - overview.reachable:,} of {people(overview.identified)} can't be mailed: {reasons}."
