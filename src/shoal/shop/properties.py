"""The JSON of events, the same in every form in which the shop is written."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shoal.shop import channels, web
from shoal.shop.catalogue import FIRST_ARTICLE, FIRST_PRODUCT, FORMATS, PAGES, PRODUCTS, SITE, TOPICS
from shoal.shop.channels import DEAL_STAGES, NETWORKS, Touches
from shoal.shop.orders import Orders
from shoal.shop.rates import Codes, Ints
from shoal.shop.text import Text, digits, join, money, pick, when
from shoal.shop.web import Web


def members(values: dict[str, object]) -> str:
    """The inside of a JSON object, without its braces.

    >>> members({"path": "/", "n": 1})
    '"path":"/","n":1'
    """
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)[1:-1]


def by_kind(kind: Codes, texts: dict[int, Text]) -> Text:
    """For each row the text of its kind; null for a kind that is not named."""
    result = pa.nulls(len(kind), pa.string())
    for code, text in texts.items():
        result = when(kind == code, text, result)
    return result


def web_properties(seen: Web) -> Text:
    """A JSON object for each web event."""
    product = np.clip(seen.page - FIRST_PRODUCT, 0, len(PRODUCTS) - 1)
    path = pick([members({"path": path}) for path, _ in PAGES], seen.page)
    page = pick([members({"path": path, "title": title, "url": SITE + path}) for path, title in PAGES], seen.page)
    item = pick(_PRODUCTS, product)
    left = join(path, ',"seconds":', digits(seen.seconds), ',"scroll_depth":', digits(seen.scroll))
    video = join(
        pick(_VIDEOS, np.clip(seen.page - FIRST_ARTICLE, 0, len(_VIDEOS) - 1)),
        ",",
        path,
        ',"seconds_watched":',
        digits(seen.seconds),
    )
    inside = by_kind(
        seen.kind,
        {
            web.PAGE: page,
            web.PRODUCT: join(item, ",", path),
            web.LEFT: left,
            web.ADD: join(item, ',"quantity":1'),
            web.CHECKOUT: item,
            web.SIGNED_UP: _same(members({"plan": "free", "method": "form"}), len(seen)),
            web.VIDEO: video,
            web.FORM: _same(members({"form_id": "newsletter_topics", "path": "/"}), len(seen)),
            web.TRIAL: _same(members({"plan": "club", "trial_days": 14}), len(seen)),
        },
    )
    return join("{", inside, "}")


_PRODUCTS = [
    members(
        {
            "product_id": item.sku,
            "sku": item.sku,
            "name": item.name,
            "category": TOPICS[item.topic],
            "price": item.cents / 100,
            "currency": "USD",
        }
    )
    for item in PRODUCTS
]
_VIDEOS = [members({"title": f"{topic} {shape}", "topic": topic}) for topic in TOPICS for shape in FORMATS]


def _same(text: str, count: int) -> Text:
    return pa.repeat(pa.scalar(text), count)


def touch_properties(found: Touches) -> Text:
    """A JSON object for each event of the other channels."""
    blasts = int(found.detail.max(initial=0)) + 1
    message = pick([members({"message_id": f"sms-{number + 1:02d}"}) for number in range(blasts)], found.detail)
    network = _word("network", NETWORKS, found.detail)
    answer = join(message, ',"text":"', pick(("yes please", "STOP?", "thanks"), found.person % 3), '"')
    inside = by_kind(
        found.kind,
        {
            channels.SMS_SENT: message,
            channels.SMS_CLICKED: message,
            channels.SMS_REPLIED: answer,
            channels.AD: join(network, ',"campaign":"', pick(("spring", "always_on"), found.person % 2), '"'),
            channels.APP: pick([members({"version": f"3.{number}"}) for number in range(4)], found.person % 4),
            channels.SOCIAL: network,
            channels.DEAL: join(_word("stage", DEAL_STAGES, found.detail), ',"deal_id":"d', digits(found.person), '"'),
        },
    )
    return join("{", inside, "}")


def _word(name: str, words: Sequence[str], codes: Ints) -> Text:
    return pick([members({name: word}) for word in words], np.minimum(codes, len(words) - 1))


def order_properties(bought: Orders) -> Text:
    """A JSON object for each order, its products as a list."""
    line = join(
        "{",
        pick(
            [
                members({"sku": item.sku, "name": item.name, "category": TOPICS[item.topic], "price": item.cents / 100})
                for item in PRODUCTS
            ],
            bought.line_product,
        ),
        ',"quantity":',
        digits(bought.line_quantity),
        "}",
    )
    offsets = np.searchsorted(bought.line_order, np.arange(len(bought) + 1)).astype(np.int32)
    products = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), line), ",")
    parts = [
        *('{"order_id":"#', digits(bought.number), '","currency":"USD","total":', money(bought.total)),
        *(',"revenue":', money(bought.subtotal - bought.discount), ',"shipping":', money(bought.shipping)),
        *(',"tax":', money(bought.taxes), ',"discount":', money(bought.discount), ',"products":[', products, "]}"),
    ]
    return join(*parts)
