"""Which fields mean what, by the names that sources and people use for them."""

from __future__ import annotations

from typing import Final

from shoal.ingest import events

EMAIL_TRAITS: Final = ("email", "email_address", "secondary_email", "billing_email")
PHONE_TRAITS: Final = ("phone", "phone_number", "mobile", "mobile_phone", "sms_number")
COUNTRY_TRAITS: Final = ("country", "country_code")
BIRTHDAY_TRAITS: Final = ("birthday", "birth_date", "birthdate", "date_of_birth")
AGE_TRAITS: Final = ("age",)
PAST_TRAITS: Final = (
    "created_at",
    "added_at",
    "signed_up_at",
    "subscribed_at",
    "opt_in_time",
    "confirm_time",
    "first_seen",
    "last_seen",
    "last_order_at",
    "last_purchase_date",
    "profile_created_on",
    "date_added",
    "create_date",
    "member_since",
)
"""Traits that hold a date which cannot lie ahead."""

KEY_TRAITS: Final[dict[str, tuple[str, ...]]] = {
    "first_name": ("first_name", "name"),
    "last_name": ("last_name", "name"),
    "country": ("country", "country_code"),
    "city": ("city",),
    "birthday": BIRTHDAY_TRAITS,
    "language": ("language",),
    "timezone": ("timezone",),
}
"""Traits that most segments and greetings need, with the names that serve for each."""

COMPARED_TRAITS: Final = (
    "email",
    "first_name",
    "last_name",
    "country",
    "city",
    "birthday",
    "gender",
    "language",
    "plan",
)
"""Traits that two sources should agree on."""

MESSAGE: Final = ("campaign_id", "email_id", "campaign", "campaign_name", "email_subject", "subject", "flow_id")
"""Which message a mail event is about; the first present one counts."""

EXPECTED_PROPERTIES: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    events.ORDER_COMPLETED: (("order_id",), ("total", "revenue", "value"), ("currency",), ("products",)),
    events.ORDER_REFUNDED: (("order_id",),),
    events.PRODUCT_VIEWED: (("product_id", "sku", "name"),),
    events.PRODUCT_ADDED: (("product_id", "sku", "name"),),
    events.PAGE_VIEWED: (("path", "url"),),
    events.EMAIL_DELIVERED: (MESSAGE,),
    events.EMAIL_OPENED: (MESSAGE,),
    events.EMAIL_LINK_CLICKED: (
        MESSAGE,
        ("link_url", "url", "link_id"),
    ),
}
"""Event to what it needs; each group is alternatives, the first present one counts."""

AMOUNTS: Final = ("total", "revenue", "value", "price", "subtotal", "quantity")
"""Properties that hold an amount or a quantity and are not negative outside refunds."""

ORDER_VALUE: Final = ("total", "revenue", "value")
"""Where an order's amount stands, in major units of its currency; the first present one counts."""

REFUNDS: Final = (events.ORDER_REFUNDED, events.ORDER_CANCELLED, "Payment Refunded")

LINK: Final = ("link_url", "url", "link_id")
AGENT: Final = ("user_agent", "useragent", "client_user_agent")

_CODES = (
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCR"
    "CUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHU"
    "IDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQ"
    "MRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSI"
    "SJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW"
)
COUNTRY_CODES: Final = frozenset(_CODES[start : start + 2] for start in range(0, len(_CODES), 2))
"""ISO 3166-1 alpha-2, with the user-assigned XK that carriers and banks use for Kosovo."""
