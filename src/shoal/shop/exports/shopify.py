"""The shop system's order export, as Shopify writes it: several lines an order, totals on the first one only.

Source of the columns: https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from shoal.shop.catalogue import PRODUCTS
from shoal.shop.mail import UNSUBSCRIBED
from shoal.shop.names import Names
from shoal.shop.orders import Orders
from shoal.shop.rates import Flags, Ints
from shoal.shop.simulate import Shop
from shoal.shop.text import Text, csv_lines, csv_words, digits, join, money, pick, seconds, when, write_lines

_HEADER = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,"
    "Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,"
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,"
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,"
    "Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,"
    "Tax 4 Value,Tax 5 Name,Tax 5 Value"
)
HEADER = tuple(_HEADER.split(","))
ZONE = " +0000"
CODES = (None, None, "BREW20", None, "COMEBACK20")  # by treatment
FIRST_ID = 5_400_000_000_000


def write_orders(shop: Shop, names: Names, folder: Path) -> Path:
    """`shopify_orders.csv`, oldest order first."""
    bought = shop.orders
    first = np.ones(len(bought.line_order), np.bool_)
    first[1:] = bought.line_order[1:] != bought.line_order[:-1]
    allows = shop.people.email_consent.copy()
    allows[shop.mail.person[shop.mail.kind == UNSUBSCRIBED]] = False
    rng = np.random.default_rng([shop.seed, 0xB3])
    blank_phone = rng.random(len(bought)) < 0.3

    def lines(rows: slice) -> Text:
        order = bought.line_order[rows]
        columns = _order_columns(shop, names, order, first[rows], allows=allows, blank_phone=blank_phone)
        columns |= _line_columns(bought.line_product[rows], bought.line_quantity[rows])
        return csv_lines([columns.get(name) for name in HEADER])

    file = folder / "shopify_orders.csv"
    write_lines(file, len(first), lines, HEADER)
    return file


def _order_columns(
    shop: Shop, names: Names, order: Ints, first: Flags, *, allows: Flags, blank_phone: Flags
) -> dict[str, Text | str]:
    """Columns about the order: on every line its name, address and date; the rest on its first line only."""
    bought = shop.orders
    person, at = bought.person[order], bought.at[order]
    treated = np.append(shop.calendar.treatment, 0)[bought.campaign[order]]
    shipped = at + 26 * 3_600_000
    sent = (shipped <= shop.calendar.until) & (bought.cancelled_at[order] == 0)
    every: dict[str, Text | str] = {
        "Name": join("#", digits(bought.number[order])),
        "Email": names.email_of(person, bought.second[order]),
        "Created at": seconds(at, ZONE),
    }
    once: dict[str, Text | str] = {
        "Paid at": seconds(at + 30_000, ZONE),
        "Fulfillment Status": pick(["unfulfilled", "fulfilled"], sent.astype(np.int8)),
        "Fulfilled at": seconds(np.where(sent, shipped, 0), ZONE),
        "Accepts Marketing": pick(["no", "yes"], allows[person].astype(np.int8)),
        "Discount Code": when(bought.discount[order] > 0, pick(CODES, treated)),
        "Shipping Method": pick(["Standard", "Free"], (bought.shipping[order] == 0).astype(np.int8)),
        "Cancelled at": seconds(bought.cancelled_at[order], ZONE),
        "Payment Method": "Shopify Payments",
        "Payment Reference": join("r", digits(bought.number[order]), ".1"),
        "Id": digits(FIRST_ID + bought.number[order]),
        "Risk Level": "Low",
        "Source": "web",
        **_amount_columns(bought, order),
        **_address_columns(names, person, "Billing", blank_phone[order]),
        **_address_columns(names, person, "Shipping", blank_phone[order]),
    }
    return every | {name: when(first, text) for name, text in once.items()}


def _amount_columns(bought: Orders, order: Ints) -> dict[str, Text | str]:
    refunded, total, discount = bought.refunded[order], bought.total[order], bought.discount[order]
    status = np.select([(refunded > 0) & (refunded < total), refunded > 0], [1, 2], 0)
    return {
        "Financial Status": pick(["paid", "partially_refunded", "refunded"], status),
        "Currency": "USD",
        "Subtotal": money(bought.subtotal[order] - discount),
        "Shipping": money(bought.shipping[order]),
        "Taxes": money(bought.taxes[order]),
        "Total": money(total),
        "Discount Amount": money(discount),
        "Refunded Amount": money(refunded),
        "Outstanding Balance": "0.00",
        "Tax 1 Name": "Sales tax 8%",
        "Tax 1 Value": money(bought.taxes[order]),
    }


def _address_columns(names: Names, person: Ints, which: str, blank_phone: Flags) -> dict[str, Text | str]:
    street = names.street.take(person)
    return {
        f"{which} Name": join(names.given.take(person), " ", names.family.take(person)),
        f"{which} Street": street,
        f"{which} Address1": street,
        f"{which} City": names.city.take(person),
        f"{which} Zip": names.zip.take(person),
        f"{which} Country": names.country.take(person),
        f"{which} Phone": when(~blank_phone, names.phone.take(person)),
    }


def _line_columns(product: Ints, quantity: Ints) -> dict[str, Text | str]:
    """Columns about one line."""
    return {
        "Lineitem quantity": digits(quantity),
        "Lineitem name": pick(csv_words(item.name for item in PRODUCTS), product),
        "Lineitem price": pick([f"{item.cents / 100:.2f}" for item in PRODUCTS], product),
        "Lineitem sku": pick([item.sku for item in PRODUCTS], product),
        "Lineitem requires shipping": "true",
        "Lineitem taxable": "true",
        "Lineitem fulfillment status": "fulfilled",
        "Vendor": "Reference Shop",
        "Lineitem discount": "0.00",
    }
