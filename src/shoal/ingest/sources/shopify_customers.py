"""Shopify's customers export, with the header of today and the one of before 2023.

Source: https://help.shopify.com/en/manual/customers/import-export-customers
"""

from __future__ import annotations

from shoal.ingest.source import FileHead, Source
from shoal.ingest.sources import consents
from shoal.ingest.sources.cells import Cells
from shoal.ingest.sources.consents import Stated
from shoal.ingest.sources.contacts import Contacts, mapper
from shoal.ingest.sources.headers import by_columns


def _consent(cells: Cells) -> list[Stated]:
    """ "no" may mean a refusal or silence here; the careful reading is a refusal."""
    stated: list[Stated] = []
    for column, channel in (("accepts email marketing", "email"), ("accepts sms marketing", "sms")):
        stated += consents.stated(cells, column, channel)
    return stated


_CUSTOMERS = Contacts(
    phone=("phone", "default address phone"),
    ids={"customer id": "shopify"},
    texts={
        "default address company": "company",
        "default address address1": "address",
        "default address address2": "address_2",
        "default address city": "city",
        "default address province code": "region",
        "default address country code": "country_code",
        "default address zip": "postal_code",
        "province code": "region_code",
        "note": "note",
    },
    lists={"tags": "tags"},
    flags={"tax exempt": "tax_exempt"},
    consent=_consent,
    consent_columns=frozenset({"accepts email marketing", "accepts sms marketing"}),
)
_USUAL = _CUSTOMERS.known() | {"total spent", "total orders"}


def _recognise(head: FileHead) -> float:
    return by_columns({"email", "accepts email marketing", "total spent", "total orders"}, _USUAL)(head)


SOURCE = Source(
    name="shopify_customers",
    title="Shopify customers export",
    recognise=_recognise,
    map_rows=mapper(_CUSTOMERS),
)
