"""What is sent and answered about segments."""

from __future__ import annotations

import json
from typing import Any, Literal

import msgspec

from shoal.core.ids import subscriber_text
from shoal.core.time import format_instant
from shoal.flow.drafting import Draft
from shoal.flow.saving import Saved
from shoal.flow.standing import Listed, Listing, Page
from shoal.segments.files import Segment, labels, segment_from
from shoal.segments.lint.finding import Finding
from shoal.segments.sentence import english
from shoal.segments.versions import Version


class Strict(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A body that takes no key but its own."""


class GoalForm(Strict):
    """One metric, its target, and the deadline: a date, or a length of time such as `30d`."""

    metric: str
    target: str
    by: str


class SizeForm(Strict):
    """How many members make sense."""

    at_least: int
    at_most: int


class ContentForm(Strict):
    """The five questions that content for a segment answers."""

    knows: str
    pain: str
    objection: str
    proof: str
    next_action: str


class SegmentForm(Strict, kw_only=True):
    """A segment to save; `version` is the one that it replaces, 0 where there is none yet."""

    when: str | dict[str, Any]
    title: str = ""
    type: str = ""
    goal: GoalForm | None = None
    size: SizeForm | None = None
    content: ContentForm | None = None
    owner: str = ""
    review_by: str = ""
    tags: list[str] = []
    version: int | None = None

    def segment(self, name: str) -> Segment:
        """The segment. Raises UserError as files of segments do."""
        said = {key: value for key, value in msgspec.to_builtins(self).items() if value is not None}
        said.pop("version", None)
        said.pop("name", None)
        return segment_from({"name": name, **said})


class NewSegmentForm(SegmentForm, kw_only=True):
    """A segment to make."""

    name: str


class RollbackForm(Strict, kw_only=True):
    """The version to bring back; `version` is the one that it replaces."""

    to: int
    version: int | None = None


class DraftForm(Strict, kw_only=True):
    """A definition to try: a sentence or its JSON form. `lint` asks for what is likely wrong with it, too."""

    when: str | dict[str, Any]
    lint: bool = True


class SegmentAnswer(msgspec.Struct):
    """A segment that counts. `size` is null where it is not followed, `version` where it was never applied."""

    name: str
    title: str
    sentence: str
    definition: dict[str, Any]
    labels: dict[str, Any]
    starter: bool
    version: int | None
    by: str | None
    at: str | None
    size: int | None
    as_of: str | None


class SegmentsAnswer(msgspec.Struct):
    """Segments by name; `next` is what `after` has to be for more."""

    segments: list[SegmentAnswer]
    next: str | None


class VersionAnswer(msgspec.Struct):
    """One state of a segment."""

    name: str
    version: int
    change: Literal["new", "meaning", "label", "deleted"]
    sentence: str | None
    definition: dict[str, Any] | None
    labels: dict[str, Any]
    uses: dict[str, int]
    restores: int | None
    by: str
    at: str


class VersionsAnswer(msgspec.Struct):
    """All versions of a segment, the oldest first."""

    versions: list[VersionAnswer]


class FindingAnswer(msgspec.Struct):
    """What is likely wrong with a definition."""

    check: str
    severity: Literal["error", "warning", "note"]
    place: str
    message: str
    fix: str
    people: int | None


class SavedAnswer(msgspec.Struct):
    """What saving made: the version that counts now, all that were made, and what became of the segment's file."""

    name: str
    version: int | None
    made: list[VersionAnswer]
    file: Literal["written", "removed", "same", "edited", "unused", "failed"]
    lint: list[FindingAnswer]


class ConditionAnswer(msgspec.Struct):
    """How many a condition is true of; `kept` are left after it and all before it, of the parts of a top-level all."""

    place: str
    sentence: str
    count: int
    kept: int | None


class DraftAnswer(msgspec.Struct):
    """What a definition means, and its exact count."""

    sentence: str
    definition: dict[str, Any]
    count: int
    eligible: int
    conditions: list[ConditionAnswer]
    as_of: str
    reading: Literal["live", "sql"]
    lint: list[FindingAnswer]


class MemberAnswer(msgspec.Struct, omit_defaults=True):
    """A member; what is known of their address only where it was asked for."""

    subscriber: str
    user_id: str | msgspec.UnsetType | None = msgspec.UNSET
    email: str | msgspec.UnsetType | None = msgspec.UNSET
    email_consent: str | msgspec.UnsetType | None = msgspec.UNSET


class MembersAnswer(msgspec.Struct):
    """Members in the order of their ids; `next` is what `after` has to be for more."""

    members: list[MemberAnswer]
    as_of: str
    reading: Literal["live", "sql"]
    next: str | None


class EventNamed(msgspec.Struct):
    """An event that decides."""

    event_id: int
    name: str
    at: str


class ExplanationAnswer(msgspec.Struct):
    """A condition or group, and whether it holds for somebody: why, since when, until when, and what turns it."""

    place: str
    sentence: str
    holds: bool
    value: str | None
    needed: str | None
    events: list[EventNamed]
    since: str | None
    changes_at: str | None
    flip: dict[str, Any] | None
    least_change: dict[str, Any] | None
    why_no_change: list[str]
    parts: list[ExplanationAnswer]


def segments_answer(found: Listing) -> SegmentsAnswer:
    """A list of segments."""
    answers = [segment_answer(each, found) for each in found.segments]
    return SegmentsAnswer(answers, answers[-1].name if found.more else None)


def segment_answer(each: Listed, found: Listing) -> SegmentAnswer:
    """One segment of a list."""
    segment, version = each.segment, each.version
    return SegmentAnswer(
        name=segment.name,
        title=segment.title,
        sentence=english(segment.when),
        definition=segment.when.to_data(),
        labels=labels(segment),
        starter=each.is_starter,
        version=version.number if version else None,
        by=version.actor if version else None,
        at=format_instant(version.at) if version else None,
        size=each.size,
        as_of=None if found.as_of is None or each.size is None else format_instant(found.as_of),
    )


def version_answer(version: Version) -> VersionAnswer:
    """One version."""
    return VersionAnswer(
        name=version.name,
        version=version.number,
        change=version.change,
        sentence=version.sentence,
        definition=json.loads(version.definition) if version.definition else None,
        labels=json.loads(version.labels),
        uses=dict(version.uses),
        restores=version.restores,
        by=version.actor,
        at=format_instant(version.at),
    )


def saved_answer(saved: Saved, found: tuple[Finding, ...] = ()) -> SavedAnswer:
    """What saving made."""
    number = saved.current.number if saved.current else None
    return SavedAnswer(saved.name, number, list(map(version_answer, saved.versions)), saved.file, findings(found))


def findings(found: tuple[Finding, ...]) -> list[FindingAnswer]:
    """What the linter says."""
    return [FindingAnswer(one.check, one.severity, one.place, one.message, one.fix, one.people) for one in found]


def draft_answer(draft: Draft) -> DraftAnswer:
    """A definition that was tried."""
    conditions = [ConditionAnswer(each.place, each.sentence, each.own, each.kept) for each in draft.counts.conditions]
    return DraftAnswer(
        sentence=english(draft.node),
        definition=draft.node.to_data(),
        count=draft.counts.members,
        eligible=draft.counts.eligible,
        conditions=conditions,
        as_of=format_instant(draft.as_of),
        reading=draft.reading,
        lint=findings(draft.findings),
    )


def members_answer(page: Page) -> MembersAnswer:
    """A page of members."""
    members = [MemberAnswer(**row) for row in page.members.to_pylist()]
    following = None if page.last is None else subscriber_text(page.last)
    return MembersAnswer(members, format_instant(page.as_of), page.reading, following)
