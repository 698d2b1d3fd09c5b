"""Several accounts with one vendor, such as two shops: whose ids an export holds.

Each shop counts its customers and orders from 1. So what comes from an account has a source of its own
(`woocommerce_orders@eu`), which message ids are unique in, and its vendor's ids name the account too:
`user:woocommerce/5` becomes `user:woocommerce@eu/5`. Ids of your own, addresses and telephone numbers are shared.
"""

from __future__ import annotations

import re
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute

from shoal.core.errors import UserError
from shoal.ingest.mapping import Key, Mapping
from shoal.ingest.sources import SOURCES

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_VENDORS: Final = frozenset(source.name.partition("_")[0] for source in SOURCES)
"""How the names of sources begin, and the vendors of their ids: "shopify", or "mailchimp" for `mailchimp-euid`."""

_compute: Any = pyarrow.compute  # its functions are made at run time, so no type checker knows them


def check_account(account: str) -> None:
    """Raise UserError `bad_account` where the text can't name an account.

    >>> check_account("shop-2")
    """
    if not _NAME.fullmatch(account):
        raise UserError(
            "bad_account",
            "The name of an account has letters from a to z, digits, - and _ only, 64 at most.",
            fix="Give it a short name, such as --account eu.",
        )


def source_in(source: str, account: str | None) -> str:
    """The name of a source in an account.

    >>> source_in("woocommerce_orders", "eu"), source_in("woocommerce_orders", None)
    ('woocommerce_orders@eu', 'woocommerce_orders')
    """
    return source if account is None else f"{source}@{account}"


def keys_in(keys: pa.Array, account: str, mapping: Mapping | None = None) -> pa.Array:
    """Identity keys with the account in those of vendors: of the sources that are known, and of the mapping.

    >>> keys_in(pa.array(["user:woocommerce/5", "user:42", "email:ana@example.org"]), "eu").to_pylist()
    ['user:woocommerce@eu/5', 'user:42', 'email:ana@example.org']
    """
    known = "|".join(rf"{vendor}(?:-[a-z]+)?" for vendor in sorted(_VENDORS))
    own = "".join(f"|{re.escape(vendor)}" for vendor in sorted(_vendors_of(mapping)))
    pattern = rf"^(user|anonymous|device):({known}{own})/"
    return _compute.replace_substring_regex(keys, pattern=pattern, replacement=rf"\1:\2@{account}/")


def records_in(records: pa.RecordBatch, account: str | None, mapping: Mapping | None = None) -> pa.RecordBatch:
    """A batch of `canonical.SCHEMA` with the keys of `keys_in`; without an account as it is."""
    if account is None:
        return records
    place = records.schema.get_field_index("keys")
    column = records.column(place)
    keys = pa.ListArray.from_arrays(column.offsets, keys_in(column.values, account, mapping))
    return records.set_column(place, records.schema.field(place), keys)


def _vendors_of(mapping: Mapping | None) -> set[str]:
    if mapping is None:
        return set()
    keys = (mapping.keys.user, mapping.keys.anonymous, mapping.keys.device)
    return {key.vendor for key in keys if isinstance(key, Key) and key.vendor}
