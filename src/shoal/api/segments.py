"""Segments: listed, saved, tried, rolled back, and who is in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from shoal.api import segment_forms as forms
from shoal.api.questions import (
    actor,
    after_of,
    current_of,
    instant_of,
    reading_the_lake,
    subscriber_of,
    workspace,
)
from shoal.api.typed import Limit, Name, body_as, route, tag_of, told, version_of
from shoal.core.errors import UserError
from shoal.flow import applying, drafting, saving, standing
from shoal.flow.linting import lint_one
from shoal.flow.saving import Saved
from shoal.segments.files import Segment
from shoal.segments.lint.finding import Finding, Subject

router = APIRouter(prefix="/v1/segments", tags=["Segments"])

SENTENCE = 'did "Product Viewed" at least 3 times in the last 7 days and not did "Order Completed" in the last 30 days'
_EXAMPLE = {
    "when": SENTENCE,
    "title": "Lookers",
    "goal": {"metric": "orders", "target": "2 %", "by": "30d"},
    "owner": "Ana",
    "tags": ["intent"],
}

_MEMBER = "$response.body#/members/0/subscriber"
_NEXT = {
    "segments_explain": {"name": "$request.path.name", "subscriber": _MEMBER},
    **{f"subscribers_{name}": {"id": _MEMBER} for name in ("shown", "standings", "events")},
}
_SAME = {
    f"segments_{name}": {"name": "$response.body#/name"}
    for name in ("shown", "replace", "members", "versions", "rollback", "delete")
}

IfMatch = Annotated[str | None, Header(alias="If-Match", description="The version that it replaces, as ETag said.")]
Starters = Annotated[bool, Query(description="The starter library, too.")]
AsOf = Annotated[str | None, Query(description="ISO 8601; what was true then. Without it: now.", max_length=40)]


@router.get("", **route("read", "Segments, by name, with their sizes now.", forms.SegmentsAnswer))
def listed(
    request: Request,
    after: Annotated[str, Query(max_length=100, description="The `next` of the page before.")] = "",
    limit: Limit = 100,
    starters: Starters = False,
) -> Response:
    """Those of one's own; starters where they are asked for."""
    found = standing.listing(workspace(request), current_of(request), after=after, most=limit, all_starters=starters)
    return told(forms.segments_answer(found))


@router.post(
    "",
    **route(
        "manage",
        "Make a segment.",
        forms.SavedAnswer,
        takes=forms.NewSegmentForm,
        example={"name": "lookers", **_EXAMPLE},
        status=201,
        fails=(409,),
        links=_SAME,
    ),
)
async def create(request: Request) -> Response:
    """Its first version; 409 where the name means something already."""
    form = await body_as(request, forms.NewSegmentForm)
    segment = form.segment(form.name)
    saved = await run_in_threadpool(_save, request, segment, form.version or 0)
    return _saved(saved, await run_in_threadpool(_linted, request, segment), 201)


@router.post(
    "/preview",
    **route(
        "read",
        "Try a definition: its exact count now, condition by condition.",
        forms.DraftAnswer,
        takes=forms.DraftForm,
        example={"when": SENTENCE},
        fails=(400,),
    ),
)
async def preview(request: Request) -> Response:
    """Nothing is kept."""
    form = await body_as(request, forms.DraftForm)

    def answer() -> Response:
        with reading_the_lake():
            found = drafting.draft(workspace(request), current_of(request), form.when, lint=form.lint)
        return told(forms.draft_answer(found))

    return await run_in_threadpool(answer)


@router.get("/{name}", **route("read", "One segment.", forms.SegmentAnswer, fails=(404,)))
def shown(request: Request, name: Name) -> Response:
    """With its size now; `ETag` is its version."""
    found = standing.one(workspace(request), current_of(request), name)
    answer = forms.segment_answer(found.segments[0], found)
    return told(answer, headers=tag_of(answer.version))


@router.put(
    "/{name}",
    **route(
        "manage",
        "Make a segment's next version, or its first.",
        forms.SavedAnswer,
        takes=forms.SegmentForm,
        example=_EXAMPLE,
        fails=(409,),
    ),
)
async def replace(request: Request, name: Name, if_match: IfMatch = None) -> Response:
    """The whole of it: what the body leaves out is empty."""
    form = await body_as(request, forms.SegmentForm)
    segment = form.segment(name)
    named = version_of(if_match)
    saved = await run_in_threadpool(_save, request, segment, form.version if named is None else named)
    return _saved(saved, await run_in_threadpool(_linted, request, segment))


@router.delete("/{name}", **route("manage", "End a segment.", forms.SavedAnswer, fails=(400, 404, 409)))
def delete(request: Request, name: Name, if_match: IfMatch = None) -> Response:
    """Refused while others refer to it."""
    made = saving.delete(workspace(request), name, actor=actor(request), expected=version_of(if_match))
    return _saved(made)


@router.get("/{name}/versions", **route("read", "All versions of a segment.", forms.VersionsAnswer, fails=(404,)))
def versions(request: Request, name: Name) -> Response:
    """The oldest first; a deletion is one, too."""
    found = applying.history(workspace(request), name)
    return told(forms.VersionsAnswer(list(map(forms.version_answer, found))))


@router.post(
    "/{name}/rollback",
    **route(
        "manage",
        "Make an earlier version count again, as a new one.",
        forms.SavedAnswer,
        takes=forms.RollbackForm,
        example={"to": 1},
        fails=(404, 409),
    ),
)
async def rollback(request: Request, name: Name, if_match: IfMatch = None) -> Response:
    """What it refers to is meant as it is now."""
    form = await body_as(request, forms.RollbackForm)
    named = version_of(if_match)
    expected = form.version if named is None else named
    saved = await run_in_threadpool(
        saving.rollback, workspace(request), name, form.to, actor=actor(request), expected=expected
    )
    return _saved(saved)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which members, and how much of them."""

    after: Annotated[str | None, Query(max_length=16, description="The `next` of the page before.")] = None
    limit: Limit = 100
    as_of: AsOf = None
    addresses: Annotated[bool, Query(description="With user id, e-mail address and its consent.")] = False


@router.get(
    "/{name}/members",
    **route("read", "Who is in a segment.", forms.MembersAnswer, fails=(400, 404, 409), links=_NEXT),
)
def members(request: Request, name: Name, asked: Annotated[Asked, Depends()]) -> Response:
    """In the order of their ids; `NAME@3` asks by version 3."""
    start, instant = after_of(asked.after), instant_of(asked.as_of)
    with reading_the_lake():
        found = standing.page(
            workspace(request),
            current_of(request),
            name,
            after=start,
            most=asked.limit,
            as_of=instant,
            addresses=asked.addresses,
        )
    return told(forms.members_answer(found))


@router.get(
    "/{name}/explain/{subscriber}",
    **route("read", "Why somebody is in a segment, or not.", forms.ExplanationAnswer, fails=(400, 404, 409)),
)
def explain(
    request: Request,
    name: Name,
    subscriber: Annotated[
        str,
        Path(
            max_length=400,
            description="An id, or an identity such as `user_id:7`.",
            examples=["email:ada@example.org"],
        ),
    ],
    as_of: AsOf = None,
) -> Response:
    """Condition by condition: what decides it, since when, until when, and what turns it."""
    instant = instant_of(as_of)
    opened = workspace(request)
    with reading_the_lake():
        return told(standing.explained(opened, name, subscriber_of(opened, subscriber), instant).as_data())


def _save(request: Request, segment: Segment, expected: int | None) -> Saved:
    try:
        return saving.save(workspace(request), segment, actor=actor(request), expected=expected)
    except UserError as error:
        if error.code == "unknown_segment":  # the definition names it, not the address
            error.where = error.where or "when"
        raise


def _linted(request: Request, segment: Segment) -> tuple[Finding, ...]:
    with reading_the_lake():
        return lint_one(workspace(request), Subject(segment.name, segment.when, segment))


def _saved(saved: Saved, found: tuple[Finding, ...] = (), status: int = 200) -> Response:
    answer = forms.saved_answer(saved, found)
    return told(answer, status, tag_of(answer.version))
