"""Commands about users of the web app: create, list, role, password, remove."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from shoal.access.users import ROLES, User, generated
from shoal.cli.main import app
from shoal.cli.show import Shown
from shoal.core.errors import UserError
from shoal.core.time import format_instant
from shoal.flow import signing_in
from shoal.flow.home import open_home

user_app = typer.Typer(help="Users of the web app.", no_args_is_help=True)
app.add_typer(user_app, name="user")

_ROLE = "; ".join(f"{role}: may {what}" for role, what in ROLES.items())


@user_app.command("create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What they sign in with, such as their address.")],
    role: Annotated[str, typer.Option(help=f"{_ROLE}.")] = "viewer",
) -> None:
    """Add a user; asks for a password, or makes one and shows it this once."""
    shown: Shown = context.obj
    opened = open_home(shown.home)
    password, made = _password(shown)
    user = signing_in.create_user(opened, name, role, password)
    if shown.as_json:
        shown.document({**_user(user), "password": made})
        return
    shown.say(f"{user.name} is {_article(user.role)}: they may {ROLES[user.role]}.")
    _say_made(shown, made)


@user_app.command("list")
def list_(context: typer.Context) -> None:
    """List all users."""
    shown: Shown = context.obj
    users = signing_in.known_users(open_home(shown.home))
    if shown.as_json:
        shown.document([_user(user) for user in users])
        return
    shown.table(
        "Users", ("Name", "Role", "Added"), [(user.name, user.role, format_instant(user.created_at)) for user in users]
    )
    if not users:
        shown.say("There is none yet: `shoal user create NAME --role admin` adds one.")


@user_app.command("role")
def role(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="As `shoal user list` shows it.")],
    role: Annotated[str, typer.Argument(help=f"{_ROLE}.")],
) -> None:
    """Change what a user may do; they have to sign in again."""
    shown: Shown = context.obj
    user = signing_in.set_role(open_home(shown.home), name, role)
    if shown.as_json:
        shown.document(_user(user))
    else:
        shown.say(f"{user.name} is {_article(user.role)} now, and has to sign in again.")


@user_app.command("password")
def password(
    context: typer.Context, name: Annotated[str, typer.Argument(help="As `shoal user list` shows it.")]
) -> None:
    """Give a user another password; they have to sign in again."""
    shown: Shown = context.obj
    opened = open_home(shown.home)
    given, made = _password(shown)
    signing_in.set_password(opened, name, given)
    if shown.as_json:
        shown.document({"name": name, "password": made})
        return
    shown.say(f"{name} has another password now, and has to sign in again.")
    _say_made(shown, made)


@user_app.command("remove")
def remove(context: typer.Context, name: Annotated[str, typer.Argument(help="As `shoal user list` shows it.")]) -> None:
    """Remove a user; whoever is signed in by that name is signed out."""
    shown: Shown = context.obj
    signing_in.remove_user(open_home(shown.home), name)
    if shown.as_json:
        shown.document({"removed": name})
    else:
        shown.say(f"{name} may not sign in any more.")


def _password(shown: Shown) -> tuple[str, str | None]:
    """What was typed twice on a terminal; elsewhere, and where nothing was typed, one that is made and is to be shown.

    Raises UserError `bad_password`.
    """
    if shown.as_json or shown.yes or not sys.stdin.isatty():
        made = generated()
        return made, made
    typed = typer.prompt("Password (empty: one is made)", hide_input=True, default="", show_default=False)
    if not typed:
        made = generated()
        return made, made
    if typer.prompt("Once more", hide_input=True) != typed:
        raise UserError("bad_password", "The two passwords differ.", fix="Type the same one twice.")
    return typed, None


def _say_made(shown: Shown, made: str | None) -> None:
    if made is not None:
        shown.say(f"Password: {made}", "Keep it now: it is not shown again.")


def _article(role: str) -> str:
    return f"{'an' if role[0] in 'ae' else 'a'} {role}"


def _user(user: User) -> dict[str, Any]:
    return {"name": user.name, "role": user.role, "created_at": format_instant(user.created_at)}
