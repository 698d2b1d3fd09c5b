"""Every kind of destination, one file each."""

from __future__ import annotations

from shoal.core.errors import UserError, nearest
from shoal.destinations.kind import Kind
from shoal.destinations.kinds import csv_files, http, webhook

KINDS: dict[str, Kind] = {each.KIND.name: each.KIND for each in (webhook, csv_files, http)}
"""By name."""


def kind_of(name: str) -> Kind:
    """A kind by its name. Raises UserError `unknown_kind`."""
    found = KINDS.get(name)
    if found is None:
        fix = nearest(name, KINDS) or f"Known are {', '.join(KINDS)}."
        raise UserError("unknown_kind", f"There is no kind of destination {name!r}.", where="kind", fix=fix)
    return found
