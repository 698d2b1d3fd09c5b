"""Destinations: made, looked at, paused, tried, synced and removed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from shoal.api import destination_forms as forms
from shoal.api.questions import workspace
from shoal.api.typed import body_as, route, told
from shoal.flow import destinations

router = APIRouter(prefix="/v1/destinations", tags=["Destinations"])

Name = Annotated[str, Path(description="Name of a destination.", max_length=100)]

_SCOPE = "admin"
_EXAMPLE = {
    "name": "lookers",
    "kind": "webhook",
    "settings": {"url": "https://crm.example/hooks/shoal", "fields": ["email"]},
}


@router.get("", **route(_SCOPE, "All destinations.", forms.DestinationsAnswer))
def listed(request: Request) -> Response:
    """The oldest first."""
    found = destinations.known_destinations(workspace(request))
    return told(forms.DestinationsAnswer([forms.destination_answer(each) for each in found]))


@router.post(
    "",
    **route(_SCOPE, "Make a destination.", forms.MadeAnswer, takes=forms.DestinationForm, example=_EXAMPLE, status=201),
)
async def create(request: Request) -> Response:
    """Its secret is told this once."""
    form = await body_as(request, forms.DestinationForm)
    found, secret = await run_in_threadpool(
        destinations.create_destination,
        workspace(request),
        form.name,
        form.kind,
        form.settings,
        segments=form.segments,
        secret=form.secret,
        after=form.after,
    )
    return told(forms.MadeAnswer(forms.destination_answer(found), secret), 201)


@router.get("/{name}", **route(_SCOPE, "A destination and its last attempts.", forms.SeenAnswer, fails=(404,)))
def shown(request: Request, name: Name) -> Response:
    """How far it is, and how the last attempts went."""
    return told(forms.seen_answer(destinations.see(workspace(request), name)))


@router.put(
    "/{name}/state",
    **route(
        _SCOPE,
        "Pause or resume a destination.",
        forms.DestinationAnswer,
        takes=forms.StateForm,
        example={"state": "active"},
        fails=(404,),
    ),
)
async def state(request: Request, name: Name) -> Response:
    """Resumed, it goes on where it stopped."""
    form = await body_as(request, forms.StateForm)
    change = destinations.resume if form.state == "active" else destinations.pause
    return told(forms.destination_answer(await run_in_threadpool(change, workspace(request), name)))


@router.post(
    "/{name}/sync",
    **route(_SCOPE, "Deliver now.", forms.SyncAnswer, takes=forms.SyncForm, example={"full": False}, fails=(404,)),
)
async def sync(request: Request, name: Name) -> Response:
    """The server does it in a moment."""
    form = await body_as(request, forms.SyncForm)
    done = await run_in_threadpool(destinations.sync, workspace(request), name, full=form.full)
    return told(forms.SyncAnswer("asked" if done is None else "done"))


@router.post(
    "/{name}/test",
    **route(_SCOPE, "Try to reach the receiver.", forms.TriedAnswer, takes=forms.TryForm, example={}, fails=(404,)),
)
async def test(request: Request, name: Name) -> Response:
    """It is told nothing of anybody."""
    await body_as(request, forms.TryForm)
    return told(forms.tried_answer(await run_in_threadpool(destinations.try_out, workspace(request), name)))


@router.post(
    "/{name}/secrets",
    **route(
        _SCOPE,
        "Another secret beside the one before it.",
        forms.MadeAnswer,
        takes=forms.SecretForm,
        example={"only": False},
        status=201,
        fails=(404,),
    ),
)
async def rotate(request: Request, name: Name) -> Response:
    """Where it is made here it is told this once."""
    form = await body_as(request, forms.SecretForm)
    found, secret = await run_in_threadpool(
        destinations.rotate, workspace(request), name, secret=form.secret, only=form.only
    )
    return told(forms.MadeAnswer(forms.destination_answer(found), secret), 201)


@router.delete("/{name}", **route(_SCOPE, "Remove a destination.", forms.DestinationAnswer, fails=(404,)))
def remove(request: Request, name: Name) -> Response:
    """The receiver is told nothing, and keeps what it has."""
    return told(forms.destination_answer(destinations.remove(workspace(request), name)))
