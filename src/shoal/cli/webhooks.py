"""Commands about webhooks: create, list, revoke."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from shoal.access.webhooks import Hook
from shoal.cli.main import app
from shoal.cli.show import Shown
from shoal.core.time import Instant, format_instant
from shoal.flow import webhooks
from shoal.flow.home import open_home
from shoal.ingest.webhooks import WEBHOOKS, generic

webhook_app = typer.Typer(help="Webhooks of vendors.", no_args_is_help=True)
app.add_typer(webhook_app, name="webhook")

_SECRET = "What the vendor signs with; made here where it is ours to make."  # noqa: S105 - a text about it
_MAP = "Of a generic webhook: the YAML file that says what its bodies mean, as of `shoal import --map`."
_SCHEME = "Of a generic webhook: standard (Standard Webhooks), hmac (of the body, in --header) or address."
_HEADER = "Where the scheme hmac has its signature; X-Signature otherwise."
_ADDRESS = "Where vendors reach this server, such as https://shoal.example.org; else as a request says."


@webhook_app.command("create")
def create(
    context: typer.Context,
    vendor: Annotated[str, typer.Argument(help=f"One of {', '.join(WEBHOOKS)}; or generic, with --map.")],
    name: Annotated[str | None, typer.Option(help="In its address, and the source of its events.")] = None,
    secret: Annotated[str | None, typer.Option(envvar="SHOAL_WEBHOOK_SECRET", help=_SECRET)] = None,
    address: Annotated[str | None, typer.Option(help=_ADDRESS)] = None,
    map_: Annotated[Path | None, typer.Option("--map", help=_MAP)] = None,
    scheme: Annotated[str | None, typer.Option(help=_SCHEME)] = None,
    header: Annotated[str | None, typer.Option(help=_HEADER)] = None,
) -> None:
    """Take a vendor's deliveries; once more under the same name adds a second secret."""
    shown: Shown = context.obj
    terms = generic.terms_of(map_, scheme, header)
    for warning in () if terms is None else generic.warnings(terms):
        shown.warn(warning)
    opened = open_home(shown.home)
    hook, made = webhooks.create_webhook(opened, vendor, name=name, secret=secret, address=address, terms=terms)
    path = f"/v1/webhooks/{hook.name}"
    if shown.as_json:
        shown.document({**_hook(hook), "path": path, "secret": made})
        return
    whose = WEBHOOKS.get(vendor)
    title = "the sender" if whose is None else whose.title
    shown.say(f"This is webhook {hook.id}. Give {title} the address {hook.address or ''}{path}.")
    if whose is not None and whose.signs_address and hook.address is None:
        shown.say("It signs the address that it calls: where a proxy stands in between, give --address.")
    if made is not None:
        shown.say(made, "This is the secret. Keep it now: it is not shown again.")


@webhook_app.command("list")
def list_(context: typer.Context) -> None:
    """List all webhooks, without their secrets."""
    shown: Shown = context.obj
    hooks = webhooks.known_webhooks(open_home(shown.home))
    if shown.as_json:
        shown.document([_hook(hook) for hook in hooks])
        return
    columns = ("Number#", "Name", "Vendor", "Address", "Made", "Revoked")
    rows = [
        (hook.id, hook.name, hook.vendor, hook.address or "", format_instant(hook.created_at), _time(hook.revoked_at))
        for hook in hooks
    ]
    shown.table("Webhooks", columns, rows)
    if not hooks:
        shown.say("There is none yet: `shoal webhook create VENDOR` makes one.")


@webhook_app.command("revoke")
def revoke(
    context: typer.Context, number: Annotated[int, typer.Argument(help="As `shoal webhook list` shows it.")]
) -> None:
    """End a secret: from now on nothing that it signs is taken."""
    shown: Shown = context.obj
    hook = webhooks.revoke_webhook(open_home(shown.home), number)
    if shown.as_json:
        shown.document(_hook(hook))
    else:
        shown.say(f"The secret {hook.id} of {hook.name} is not taken any more.")


def _time(at: Instant | None) -> str:
    return "" if at is None else format_instant(at)


def _hook(hook: Hook) -> dict[str, Any]:
    return {
        "id": hook.id,
        "name": hook.name,
        "vendor": hook.vendor,
        "address": hook.address,
        "created_at": format_instant(hook.created_at),
        "revoked_at": _time(hook.revoked_at) or None,
    }
