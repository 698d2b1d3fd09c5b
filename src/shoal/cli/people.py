"""Commands about people: one subscriber, probable duplicates, merges."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from shoal.cli.main import app, workspace_to_ask
from shoal.cli.profile import show_profile
from shoal.cli.show import Shown, actor
from shoal.core.ids import subscriber_text
from shoal.core.time import parse_instant
from shoal.flow.people import as_data
from shoal.profiles.duplicates import Proposal
from shoal.profiles.likeness import REASONS
from shoal.profiles.subscriber import Key
from shoal.workspace import Workspace

subscribers = typer.Typer(help="Look at one subscriber.", no_args_is_help=True)
duplicates = typer.Typer(help="Probable duplicates: review them; merge people and take merges back.")
app.add_typer(subscribers, name="subscribers")
app.add_typer(duplicates, name="duplicates")

Person = Annotated[str, typer.Argument(help="E-mail address, user id, phone number or subscriber id.")]


@subscribers.command("show")
def show(
    context: typer.Context,
    person: Person,
    as_of: Annotated[str | None, typer.Option("--as-of", help="ISO 8601. Default: now.")] = None,
) -> None:
    """Show identities, traits, consent, recent events and segments."""
    shown: Shown = context.obj
    found = workspace_to_ask(shown).subscriber(person, as_of=parse_instant(as_of) if as_of else None)
    if shown.as_json:
        shown.document(as_data(found))
        return
    show_profile(shown, found)


@duplicates.callback(invoke_without_command=True)
def listed(context: typer.Context, limit: Annotated[int, typer.Option(help="How many pairs to show.")] = 20) -> None:
    """Look for probable duplicates and list those that wait for review."""
    if context.invoked_subcommand is not None:
        return
    shown: Shown = context.obj
    workspace = workspace_to_ask(shown)
    proposed = workspace.propose_duplicates()
    pairs = workspace.review_duplicates(limit)
    if shown.as_json:
        shown.document({"open": proposed.open, "pairs": [_pair(*pair) for pair in pairs]})
        return
    if not pairs:
        shown.say("There are no probable duplicates to review.")
        return
    rows = [(each.id, f"{each.score:.0%}", _who(a), _who(b), _why(each)) for each, a, b in pairs]
    shown.table(f"{len(rows)} of {proposed.open} pairs to review", ("#", "Score#", "One", "Other", "Why"), rows)
    shown.say("Decide with `shoal duplicates accept #` or `shoal duplicates dismiss #`.")


@duplicates.command()
def accept(context: typer.Context, pair: Annotated[int, typer.Argument(help="Number of the pair.")]) -> None:
    """The two are one person: merge them."""
    shown: Shown = context.obj
    decision = Workspace.open(shown.home).accept_duplicate(pair, actor=actor())
    _decided(shown, decision)


@duplicates.command()
def dismiss(context: typer.Context, pair: Annotated[int, typer.Argument(help="Number of the pair.")]) -> None:
    """The two are different people: never propose them again."""
    shown: Shown = context.obj
    Workspace.open(shown.home).dismiss_duplicate(pair, actor=actor())
    shown.document({"dismissed": pair}) if shown.as_json else shown.say(f"Pair {pair} will not be proposed again.")


@duplicates.command()
def merge(
    context: typer.Context, one: Person, other: Person, reason: Annotated[str, typer.Option()] = "by hand"
) -> None:
    """Two subscribers are one person, whatever the keys say."""
    shown: Shown = context.obj
    _decided(shown, Workspace.open(shown.home).merge(one, other, actor=actor(), reason=reason))


@duplicates.command()
def split(
    context: typer.Context,
    keys: Annotated[list[str], typer.Argument(help="Addresses, ids or numbers that belong to one person.")],
    other: Annotated[list[str], typer.Option("--from", help="One that belongs to somebody else. Can be repeated.")],
    reason: Annotated[str, typer.Option()] = "by hand",
) -> None:
    """Keys that were taken for one person's belong to two."""
    shown: Shown = context.obj
    _decided(shown, Workspace.open(shown.home).split(keys, other, actor=actor(), reason=reason))


@duplicates.command()
def unmerge(
    context: typer.Context,
    decision: Annotated[int, typer.Argument(help="Number of the decision.")],
    reason: Annotated[str, typer.Option()] = "by hand",
) -> None:
    """Take a merge or a split back, as if it had never been."""
    shown: Shown = context.obj
    _decided(shown, Workspace.open(shown.home).unmerge(decision, actor=actor(), reason=reason))


def _decided(shown: Shown, decision: int) -> None:
    if shown.as_json:
        shown.document({"decision": decision})
    else:
        shown.say(f"Decision {decision}. Take it back with `shoal duplicates unmerge {decision}`.")


def _pair(proposal: Proposal, a: tuple[Key, ...], b: tuple[Key, ...]) -> dict[str, Any]:
    return {
        "id": proposal.id,
        "score": proposal.score,
        "reasons": [REASONS[reason] for reason in proposal.reasons],
        "one": {"subscriber": subscriber_text(proposal.a), "keys": [key.text for key in a]},
        "other": {"subscriber": subscriber_text(proposal.b), "keys": [key.text for key in b]},
    }


def _who(keys: tuple[Key, ...]) -> str:
    return next((key.value for key in keys if key.kind == "email"), keys[0].text)


def _why(proposal: Proposal) -> str:
    return ", ".join(REASONS[reason] for reason in proposal.reasons)
