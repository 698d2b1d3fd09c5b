"""Commands about destinations: create, list, show, pause, resume, remove, test, sync, rotate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from shoal.cli.main import app
from shoal.cli.show import Shown
from shoal.core.errors import UserError, require
from shoal.core.time import Instant, format_instant
from shoal.destinations.attempts import Attempt
from shoal.destinations.kinds import KINDS
from shoal.destinations.record import Destination
from shoal.flow import destinations
from shoal.flow.home import open_home

destination_app = typer.Typer(help="Where changes and members go.", no_args_is_help=True)
app.add_typer(destination_app, name="destination")

Name = Annotated[str, typer.Argument(help="As `shoal destination list` shows it.")]
Secret = Annotated[
    str | None,
    typer.Option(envvar="SHOAL_DESTINATION_SECRET", help="For {secret} in requests; a webhook's is made here."),
]


@destination_app.command("create")
def create(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help=f"One of {', '.join(KINDS)}.")],
    name: Annotated[str, typer.Argument(help="What you call it: small letters, digits, - and _.")],
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="A setting, such as url=https://example.org/in; may be repeated.")
    ] = None,
    settings: Annotated[Path | None, typer.Option(help="Settings in a file of YAML or JSON.")] = None,
    segment: Annotated[list[str] | None, typer.Option(help="Follow this one; may be repeated. Else all.")] = None,
    secret: Secret = None,
    after: Annotated[int | None, typer.Option(help="Begin behind this change instead of the newest; 0: all.")] = None,
) -> None:
    """Make a destination; a running server begins at once."""
    shown: Shown = context.obj
    given = {**(_from_file(settings) if settings else {}), **_from_options(set_ or [])}
    found, made = destinations.create_destination(
        open_home(shown.home), name, kind, given, segments=segment, secret=secret, after=after
    )
    _tell_made(shown, found, made)


@destination_app.command("list")
def list_(context: typer.Context) -> None:
    """List all destinations, without their secrets."""
    shown: Shown = context.obj
    found = destinations.known_destinations(open_home(shown.home))
    if shown.as_json:
        shown.document([_destination(each) for each in found])
        return
    columns = ("Name", "Kind", "Follows", "State", "Why", "Knows change#", "Made")
    rows = [
        (
            *(each.name, each.kind, "all" if each.segments is None else ", ".join(each.segments), each.state),
            *(each.reason or "", each.cursor, format_instant(each.created_at)),
        )
        for each in found
    ]
    shown.table("Destinations", columns, rows)
    if not found:
        shown.say("There is none yet: `shoal destination create KIND NAME` makes one.")


@destination_app.command("show")
def show(context: typer.Context, name: Name) -> None:
    """Show a destination, and how the last attempts went."""
    shown: Shown = context.obj
    seen = destinations.see(open_home(shown.home), name)
    attempts = [_attempt(each) for each in seen.attempts]
    if shown.as_json:
        shown.document({**_destination(seen.destination), "behind": seen.behind, "attempts": attempts})
        return
    told = _destination(seen.destination)
    shown.table("Destination", ("What", "Value"), [(key, _cell(value)) for key, value in told.items()])
    shown.say(f"It does not know the last {seen.behind:,} changes." if seen.behind else "It knows every change.")
    columns = ("At", "Batch", "Rows#", "Status", "Outcome", "Took ms#")
    shown.table("Last attempts", columns, [tuple(map(_cell, each.values())) for each in attempts])


@destination_app.command("pause")
def pause(context: typer.Context, name: Name) -> None:
    """Send nothing until it is resumed; what happens meanwhile is sent then."""
    shown: Shown = context.obj
    _tell(shown, destinations.pause(open_home(shown.home), name), "is paused.")


@destination_app.command("resume")
def resume(context: typer.Context, name: Name) -> None:
    """Go on where it stopped."""
    shown: Shown = context.obj
    _tell(shown, destinations.resume(open_home(shown.home), name), "goes on.")


@destination_app.command("remove")
def remove(context: typer.Context, name: Name) -> None:
    """Forget a destination; the receiver keeps what it has."""
    shown: Shown = context.obj
    _tell(shown, destinations.remove(open_home(shown.home), name), "is removed. The receiver keeps what it has.")


@destination_app.command("test")
def test(context: typer.Context, name: Name) -> None:
    """Try to reach the receiver, telling it nothing of anybody; exit status 1 where that fails."""
    shown: Shown = context.obj
    outcome = destinations.try_out(open_home(shown.home), name)
    if shown.as_json:
        shown.document({"outcome": outcome.told, "status": outcome.status})
    else:
        status = "" if outcome.status is None else f" (HTTP {outcome.status})"
        shown.say(f"{name}: {outcome.told}{status}.")
    if not outcome.is_delivered:
        raise typer.Exit(1)


@destination_app.command("sync")
def sync(
    context: typer.Context,
    name: Name,
    full: Annotated[bool, typer.Option("--full", help="Tell everything again, whatever was told.")] = False,
) -> None:
    """Deliver now: a running server does it within a second, else it is done here."""
    shown: Shown = context.obj
    done = destinations.sync(open_home(shown.home), name, full=full)
    if shown.as_json:
        shown.document({"sync": "asked" if done is None else "done"})
    elif done is None:
        shown.say("It is asked for: a running server does it within a second, else the next that starts.")
    else:
        shown.say(f"It knows every change up to {done.cursor}." if not done.failures else "It went wrong; see `show`.")


@destination_app.command("rotate")
def rotate(
    context: typer.Context,
    name: Name,
    secret: Secret = None,
    only: Annotated[bool, typer.Option("--only", help="End the one before it at once.")] = False,
) -> None:
    """Put another secret beside the one before it, which goes on until the next rotation."""
    shown: Shown = context.obj
    found, made = destinations.rotate(open_home(shown.home), name, secret=secret, only=only)
    _tell_made(shown, found, made)


def _tell_made(shown: Shown, found: Destination, secret: str | None) -> None:
    if shown.as_json:
        shown.document({**_destination(found), "secret": secret})
        return
    shown.say(f"{found.name} follows {'all segments' if found.segments is None else ', '.join(found.segments)}.")
    if secret is not None:
        shown.say(secret, "This is the secret. Keep it now: it is not shown again.")


def _tell(shown: Shown, found: Destination, what: str) -> None:
    if shown.as_json:
        shown.document(_destination(found))
    else:
        shown.say(f"{found.name} {what}")


def _from_options(given: list[str]) -> dict[str, Any]:
    """Settings `name=value`, with values in YAML: `fields=[email]`. Raises UserError `bad_destination`."""
    found: dict[str, Any] = {}
    for each in given:
        name, equals, value = each.partition("=")
        require(bool(equals), "bad_destination", "A setting has no value.", where="--set", fix="Write name=value.")
        found[name] = value if "://" in value else _parsed(value, "--set")
    return found


def _from_file(path: Path) -> dict[str, Any]:
    try:
        found = _parsed(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError):
        fix = "Name a file of YAML or JSON that may be read."
        raise UserError("bad_destination", "The settings can't be read.", where=str(path), fix=fix) from None
    fix = "Write one setting a line, such as url: https://example.org/in."
    require(isinstance(found, dict), "bad_destination", "They are no settings.", where=str(path), fix=fix)
    return dict(found)


def _parsed(text: str, where: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        fix = "Put quotes around the value."
        raise UserError("bad_destination", "A value can't be read.", where=where, fix=fix) from None


def _cell(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return {None: "", True: "yes", False: "no"}[value]
    return value if isinstance(value, int) else str(value)


def _time(at: Instant | None) -> str | None:
    return format_instant(at) if at else None


def _destination(found: Destination) -> dict[str, Any]:
    return {
        "name": found.name,
        "kind": found.kind,
        "settings": dict(found.settings),
        "segments": None if found.segments is None else list(found.segments),
        "state": found.state,
        "reason": found.reason,
        "cursor": found.cursor,
        "failures": found.failures,
        "next_at": _time(found.next_at),
        "has_secret": found.has_secret,
        "created_at": format_instant(found.created_at),
    }


def _attempt(found: Attempt) -> dict[str, Any]:
    return {
        "at": format_instant(found.at),
        "batch": found.batch,
        "rows": found.rows,
        "status": found.status,
        "outcome": found.outcome,
        "took_ms": found.took_ms,
    }
