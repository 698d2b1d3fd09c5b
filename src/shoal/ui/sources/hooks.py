"""Webhooks: the address that each vendor is given, what to do there, and making one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from nicegui import ui

from shoal.access.webhooks import Hook
from shoal.flow import webhooks
from shoal.ingest.webhook import Webhook
from shoal.ingest.webhooks import WEBHOOKS, generic
from shoal.ui.asking import ask
from shoal.ui.doing import confirmed, copied
from shoal.ui.forms import answers
from shoal.ui.parts import VALUE, command, day_and_time, element, text, tile
from shoal.ui.parts import field as field_
from shoal.ui.policy import acting, may
from shoal.ui.served import served


@dataclass(slots=True)
class Hooks:
    """The tile on one page; `host` is how browsers reach this server."""

    host: str
    place: ui.element = field(init=False)

    async def draw(self) -> None:
        """The tile with those that are taken, and how to add one."""
        with tile("stack") as drawn:
            drawn.props.update(id="webhooks")
            text("h2", "Webhooks")
            self.place = element("div", "stack")
            if may("create a webhook"):
                self._form()
            self._generic()
        await self.show()

    async def show(self) -> None:
        """Ask for the webhooks, and show them by name."""
        by_name: defaultdict[str, list[Hook]] = defaultdict(list)
        for hook in await ask(webhooks.known_webhooks, served().opened):
            by_name[hook.name].append(hook)
        self.place.clear()
        with self.place:
            if not by_name:
                told = "None yet. E-mail platforms and shops tell here what happens to mail and orders."
                text("p", told, "sub")
            for name, hooks in sorted(by_name.items()):
                self._hook(name, hooks)

    def _hook(self, name: str, hooks: Sequence[Hook]) -> None:
        used = [hook for hook in hooks if hook.revoked_at is None]
        base = next((hook.address for hook in reversed(used) if hook.address), self.host)
        with element("div", "version", **{"data-webhook": name}):
            with element("div", "row").style("gap: 2px 10px"):
                text("span", name).style("font-weight: 550")
                text("span", _title(hooks[0].vendor), "chip")
                if not used:
                    text("span", "ended", "chip")
            if used:
                copied(_address(base, name, hooks[0].vendor, _A_SECRET), f"the address of {name}")
                text("div", _steps(hooks[0].vendor), "d")
            for hook in used:
                with element("div", "row"):
                    text("span", f"Secret {hook.id}, since {day_and_time(hook.created_at)}", "d")
                    if may("revoke a webhook"):
                        question = "Nothing that it signs is taken from now on."
                        about = f"Revoke secret {hook.id} of {name}"
                        confirmed("Revoke", question, "Revoke it", partial(self._revoke, hook.id), label=about)

    async def _revoke(self, number: int) -> None:
        acting("revoke a webhook")
        await ask(webhooks.revoke_webhook, served().opened, number)
        await self.show()

    def _form(self) -> None:
        with element("details"):
            text("summary", "Take a vendor's webhook", "button")
            with element("div", "stack").style("padding-top: 10px"):
                with element("div", "row"):
                    vendor = element("select", "field", **{"aria-label": "Vendor"})
                    with vendor:
                        for each in WEBHOOKS.values():
                            text("option", each.title, value=each.name)
                    name = field_("Name; the vendor's where empty").style("flex: 1 1 180px")
                steps = text("p", _steps(next(iter(WEBHOOKS))), "sub")
                secret = field_("Secret; empty: made here", type="password", autocomplete="off")
                text("div", "Where vendors reach this server", "k")
                address = field_("Where vendors reach this server", value=self.host)
                made = element("div", "stack", role="status")
                with element("div", "row"):
                    make = text("button", "Take it", "primary", type="button")
        vendor.on("change", lambda event: steps.set_text(_steps(str(event.args))), js_handler=VALUE)

        async def create(said: dict[str, str]) -> None:
            acting("create a webhook")
            hook, secret_made = await ask(
                webhooks.create_webhook,
                served().opened,
                said["vendor"],
                name=said["name"].strip() or None,
                secret=said["secret"].strip() or None,
                address=said["address"].strip() or None,
            )
            made.clear()
            with made:
                self._made(hook, secret_made)
            await self.show()

        answers(make, {"vendor": vendor, "name": name, "secret": secret, "address": address}, create)

    def _made(self, hook: Hook, secret: str | None) -> None:
        """What was made: its secret, this once, where that is ours."""
        if secret is None:
            text("p", f"{hook.name} is taken from now on.", "sub")
            return
        text("p", "This is the secret. Keep it now: it is not shown again.", "said")
        copied(secret, "the secret")
        if _in_address(hook.vendor):
            text("p", "And the address with it:", "sub")
            shown = _address(hook.address or self.host, hook.name, hook.vendor, secret)
            copied(shown, "the address with the secret")

    def _generic(self) -> None:
        with element("details"):
            text("summary", "Anybody else's, by a mapping", "quiet")
            with element("div", "stack").style("padding-top: 6px"):
                told = (
                    "A generic webhook reads what a mapping describes, as imports do. It is made on this machine; "
                    "its address is then among those above."
                )
                text("p", told, "sub")
                command("shoal webhook create generic --name shop --map shop.yaml")


def _title(vendor: str) -> str:
    found = WEBHOOKS.get(vendor)
    return "Any sender" if found is None else found.title


def _steps(vendor: str) -> str:
    """What to do at the vendor's."""
    found: Webhook | None = WEBHOOKS.get(vendor)
    if found is None:
        kind = "made when it was created" if vendor == generic.NAME else "the vendor's"
        return f"Give the sender this address; its secret was {kind}."
    whose = "is made here" if found.makes_secret else f"is {found.secret}"
    where = f", and stands in the address in the place of {_A_SECRET}" if _in_address(vendor) else ""
    there = ": paste it there" if found.makes_secret and not where else ""
    proof = "Nothing signs what it sends, so use https" if where else f"It proves itself by {found.scheme}"
    signs = (
        " It signs the address that it calls: it has to be the one that it was given." if found.signs_address else ""
    )
    return f"Give {found.title} the address; the secret {whose}{there}{where}. {proof}.{signs}"


_A_SECRET = "SECRET"  # noqa: S105 - stands for one


def _in_address(vendor: str) -> bool:
    """Whether the vendor signs nothing, so that the secret stands in the address."""
    found = WEBHOOKS.get(vendor)
    return found is not None and found.scheme.startswith("none")


def _address(base: str, name: str, vendor: str, secret: str) -> str:
    """The address to paste at the vendor's, as docs/reference/webhooks.md says."""
    path = f"/v1/webhooks/{name}"
    if not _in_address(vendor):
        return f"{base}{path}"
    if "secret in the address" in WEBHOOKS[vendor].scheme:
        return f"{base}{path}?secret={secret}"
    scheme, _, rest = base.partition("://")
    return f"{scheme}://shoal:{secret}@{rest}{path}"
