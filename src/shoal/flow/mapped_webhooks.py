"""Generic webhooks: what their bodies mean stands in a file of the workspace, which may be mended by hand."""

from __future__ import annotations

from pathlib import Path

import yaml

from shoal.core.disk import make_folder
from shoal.core.errors import UserError
from shoal.core.failures import replacing, writing
from shoal.core.settings import Home
from shoal.ingest.webhook import Webhook
from shoal.ingest.webhooks import generic, webhook_of


def keep_terms(home: Home, name: str, terms: generic.Terms) -> None:
    """Put the terms of the webhook of this name in the place of those before; the name has to be a sound one."""
    with writing(home.webhooks):
        make_folder(home.webhooks)
    with replacing(_file(home, name)) as place:
        place.write_text(yaml.safe_dump(terms.as_data(), sort_keys=False, allow_unicode=True), encoding="utf-8")


def has_terms(home: Home, name: str) -> bool:
    """Whether terms of that name are kept."""
    return _file(home, name).is_file()


def webhook_under(home: Home, vendor: str, name: str) -> Webhook:
    """The webhook of a vendor, or the generic one of that name.

    Raises UserError `unknown_vendor`, and `damaged_webhook` where the file of a generic one can't be read.
    """
    if vendor != generic.NAME:
        return webhook_of(vendor)
    file = _file(home, name)
    try:
        return generic.webhook_by(generic.terms_from(yaml.safe_load(file.read_text(encoding="utf-8"))))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, UserError) as error:
        told = f": {error.message}" if isinstance(error, UserError) else "."
        raise UserError(
            "damaged_webhook",
            f"The mapping of this webhook can't be read{told}",
            where=f"{home.webhooks.name}/{file.name}",
            fix="Mend the file, or make the webhook again with --map.",
        ) from None


def _file(home: Home, name: str) -> Path:
    return home.webhooks / f"{name}.yaml"
