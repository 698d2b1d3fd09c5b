"""Google Analytics 4, as its BigQuery export writes events: one JSON object an event.

Source: https://support.google.com/analytics/answer/7029846 (the export's schema). Times are
microseconds since 1970; parameters are lists of {key, value: {string_value | int_value | …}}.
The export has no ids. An event is known by the browser, its name, the microsecond, its parameters and products, and
its place in what the browser sent at once (`event_bundle_sequence_id`, `batch_event_index` and their like).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from shoal.ingest import events, values
from shoal.ingest.canonical import Json, Record
from shoal.ingest.keys import anonymous_key, device_key, ordered, user_key
from shoal.ingest.source import Context, Row, RowRejectedError, Source
from shoal.ingest.sources.cells import Cells, present, read, url_path
from shoal.ingest.sources.headers import by_columns
from shoal.ingest.sources.mail import texts
from shoal.ingest.sources.message_ids import event_id

EVENTS: Final = {
    "page_view": events.PAGE_VIEWED,
    "screen_view": events.SCREEN_VIEWED,
    "first_visit": events.FIRST_VISITED,
    "session_start": events.SESSION_STARTED,
    "scroll": events.PAGE_SCROLLED,
    "click": events.LINK_CLICKED,
    "file_download": events.FILE_DOWNLOADED,
    "video_start": events.VIDEO_STARTED,
    "video_complete": events.VIDEO_COMPLETED,
    "form_start": events.FORM_STARTED,
    "form_submit": events.FORM_SUBMITTED,
    "search": events.PRODUCTS_SEARCHED,
    "view_search_results": events.PRODUCTS_SEARCHED,
    "view_item": events.PRODUCT_VIEWED,
    "view_item_list": events.PRODUCT_LIST_VIEWED,
    "select_item": events.PRODUCT_CLICKED,
    "add_to_cart": events.PRODUCT_ADDED,
    "remove_from_cart": events.PRODUCT_REMOVED,
    "add_to_wishlist": events.PRODUCT_ADDED_TO_WISHLIST,
    "view_cart": events.CART_VIEWED,
    "begin_checkout": events.CHECKOUT_STARTED,
    "add_shipping_info": events.CHECKOUT_STEP_COMPLETED,
    "add_payment_info": events.PAYMENT_INFO_ENTERED,
    "purchase": events.ORDER_COMPLETED,
    "in_app_purchase": events.ORDER_COMPLETED,
    "refund": events.ORDER_REFUNDED,
    "view_promotion": events.PROMOTION_VIEWED,
    "select_promotion": events.PROMOTION_CLICKED,
    "sign_up": events.SIGNED_UP,
    "login": events.SIGNED_IN,
    "generate_lead": events.LEAD_GENERATED,
    "share": events.CONTENT_SHARED,
    "ad_click": events.AD_CLICKED,
    "ad_impression": events.AD_VIEWED,
    "first_open": events.APP_INSTALLED,
    "app_update": events.APP_UPDATED,
}
"""GA4's event to its canonical name; any other keeps its own."""

PARAMETERS: Final = {
    "page_location": "url",
    "page_title": "title",
    "page_referrer": "referrer",
    "link_url": "link_url",
    "search_term": "query",
    "transaction_id": "order_id",
    "ga_session_id": "session_id",
    "ga_session_number": "session_number",
    "percent_scrolled": "percent_scrolled",
    "engagement_time_msec": "engagement_ms",
}
"""GA4's parameter to the name of the Segment specifications; any other keeps its own."""

_ORDERS: Final = frozenset({events.ORDER_COMPLETED, events.ORDER_REFUNDED})
_ONE_PRODUCT: Final = frozenset(
    {events.PRODUCT_VIEWED, events.PRODUCT_ADDED, events.PRODUCT_REMOVED, events.PRODUCT_CLICKED}
    | {events.PRODUCT_ADDED_TO_WISHLIST}
)
_KNOWN: Final = frozenset(
    {"event_timestamp", "event_name", "event_params", "user_properties", "user_id", "user_pseudo_id", "client_id"}
    | {"client_key", "device", "geo", "items", "ecommerce", "traffic_source", "event_date", "event_date_dt"}
    | {"user_ltv", "privacy_info", "app_info", "event_previous_timestamp", "user_first_touch_timestamp", *PARAMETERS}
    | {"event_bundle_sequence_id", "event_server_timestamp_offset", "session_key", "event_key", "is_page_view"}
    | {"is_purchase", "page_hostname", "page_query_string", "session_engaged", "session_event_number"}
    | {"collected_traffic_source", "is_active_user", "batch_event_index", "batch_ordering_id", "batch_page_id"}
)


def _events(group: Sequence[Row], context: Context) -> Iterator[Record]:
    for row in group:
        cells = read(row, context)
        stated = cells.text("event_name")
        if stated is None:
            raise RowRejectedError("no_event_name", "The row names no event: 'event_name' is blank.")
        name = EVENTS.get(stated.casefold(), stated)
        keys, at = _keys(cells), cells.required_at("event_timestamp")
        yield Record(
            keys=keys,
            name=name,
            at=at,
            message_id=cells.text("event_key") or _id(cells, keys, name),
            properties=_properties(cells, name),
            traits=_values(cells.value("user_properties")),
        )


_BATCH: Final = ("event_bundle_sequence_id", "batch_page_id", "batch_ordering_id", "batch_event_index")


def _id(cells: Cells, keys: tuple[str, ...], name: str) -> str:
    """Whether an export has the column `user_id` makes no other event of it: the browser is in all of them."""
    stamp = cells.text("event_timestamp") or ""
    written = stamp if stamp.isdecimal() else cells.unzoned().at("event_timestamp")
    said = (values.plain(cells.value("event_params")), values.plain(cells.value("items")))
    return event_id(_browser(cells) or keys[0], name, written, *said, *map(cells.text, _BATCH))


def _browser(cells: Cells) -> str | None:
    return anonymous_key(cells.identifier("user_pseudo_id", "client_id", "client_key"))


def _keys(cells: Cells) -> tuple[str, ...]:
    advertising = device_key(_part(cells, "device").identifier("advertising_id"))
    keys = ordered([user_key(cells.identifier("user_id")), _browser(cells), advertising])
    if not keys:
        raise RowRejectedError("no_identity", "The event names nobody: no 'user_id' and no 'user_pseudo_id'.")
    return keys


def _properties(cells: Cells, name: str) -> dict[str, Json]:
    parameters = _values(cells.value("event_params"))
    found = {**cells.rest(_KNOWN), **texts(cells, url="page_location", title="page_title", referrer="page_referrer")}
    found |= {PARAMETERS.get(key, key): value for key, value in parameters.items()}
    found |= _products(cells, name)
    if name in _ORDERS:
        found |= _order(cells, found)
    found |= _place(cells)
    path = url_path(found.get("url"))
    return found if path is None else {**found, "path": path}


def _values(parameters: object) -> dict[str, Json]:
    """A list of {key, value: {…_value}} as one object; numbers may have come as text, as 64 bits do in JSON."""
    found: dict[str, Json] = {}
    for each in parameters if isinstance(parameters, list | tuple) else ():
        key, value = (each.get("key"), each.get("value")) if isinstance(each, Mapping) else (None, None)
        if not isinstance(key, str) or not isinstance(value, Mapping):
            continue
        text = value.get("string_value")
        number = next((item for kind in _NUMBERS if (item := value.get(kind)) is not None), None)
        said = values.plain_json(text) if text not in (None, "") else values.number(number)
        if said is not None:
            found[key] = said
    return found


_NUMBERS: Final = ("int_value", "float_value", "double_value")


def _products(cells: Cells, name: str) -> dict[str, Json]:
    items = cells.value("items")
    listed = [read(item, cells.context) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    products = [product for product in map(_product, listed) if product]
    if name in _ONE_PRODUCT and len(products) == 1:
        return products[0]
    return present(products=list(products))


def _product(item: Cells) -> dict[str, Json]:
    return {
        **texts(item, product_id="item_id", name="item_name", category="item_category", brand="item_brand"),
        **texts(item, variant="item_variant", coupon="coupon"),
        **present(price=item.number("price"), quantity=item.number("quantity")),
    }


def _order(cells: Cells, found: Mapping[str, Json]) -> dict[str, Json]:
    bought = _part(cells, "ecommerce")
    total = bought.number("refund_value", "purchase_revenue") if bought.row else None
    return {
        **present(total=found.get("value") if total is None else total),
        **present(revenue=total, shipping=bought.number("shipping_value"), tax=bought.number("tax_value")),
        **texts(bought, order_id="transaction_id"),
    }


def _place(cells: Cells) -> dict[str, Json]:
    device, geo, source = (_part(cells, name) for name in ("device", "geo", "traffic_source"))
    return {
        **texts(geo, country="country", region="region", city="city"),
        **texts(device, device="category", operating_system="operating_system", language="language"),
        **texts(_part(device, "web_info"), browser="browser"),
        **texts(source, first_source="source", first_medium="medium", first_campaign="name"),
    }


def _part(cells: Cells, name: str) -> Cells:
    """A nested object, ready to be read; empty where there is none."""
    found: Any = cells.value(name)
    return read(found if isinstance(found, dict) else {}, cells.context)


SOURCE = Source(
    name="ga4_events",
    title="Google Analytics 4 events (BigQuery export)",
    recognise=by_columns({"event_timestamp", "event_name", "event_params"}, _KNOWN, formats=("jsonl", "parquet")),
    map_rows=_events,
)
