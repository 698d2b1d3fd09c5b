"""Snowplow's enriched events: tab-separated without a header, as its pipeline writes them, or with named columns.

Sources: https://docs.snowplow.io/docs/fundamentals/canonical-event (what the fields mean),
https://docs.snowplow.io/docs/events/timestamps (which time counts) and
https://docs.snowplow.io/docs/events/anonymous-tracking (which ids are missing then). All times are in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from shoal.ingest import events, values
from shoal.ingest.canonical import Json, Record
from shoal.ingest.keys import anonymous_key, ordered, user_key
from shoal.ingest.source import Context, Headerless, Row, RowRejectedError, RowSkippedError, Source
from shoal.ingest.sources.cells import Cells, parsed_json, present, read, url_path
from shoal.ingest.sources.headers import by_columns
from shoal.ingest.sources.mail import texts

COLUMNS: Final = (
    *("app_id", "platform", "etl_tstamp", "collector_tstamp", "dvce_created_tstamp", "event", "event_id", "txn_id"),
    *("name_tracker", "v_tracker", "v_collector", "v_etl", "user_id", "user_ipaddress", "user_fingerprint"),
    *("domain_userid", "domain_sessionidx", "network_userid", "geo_country", "geo_region", "geo_city", "geo_zipcode"),
    *("geo_latitude", "geo_longitude", "geo_region_name", "ip_isp", "ip_organization", "ip_domain", "ip_netspeed"),
    *("page_url", "page_title", "page_referrer", "page_urlscheme", "page_urlhost", "page_urlport", "page_urlpath"),
    *("page_urlquery", "page_urlfragment", "refr_urlscheme", "refr_urlhost", "refr_urlport", "refr_urlpath"),
    *("refr_urlquery", "refr_urlfragment", "refr_medium", "refr_source", "refr_term", "mkt_medium", "mkt_source"),
    *("mkt_term", "mkt_content", "mkt_campaign", "contexts", "se_category", "se_action", "se_label", "se_property"),
    *("se_value", "unstruct_event", "tr_orderid", "tr_affiliation", "tr_total", "tr_tax", "tr_shipping", "tr_city"),
    *("tr_state", "tr_country", "ti_orderid", "ti_sku", "ti_name", "ti_category", "ti_price", "ti_quantity"),
    *("pp_xoffset_min", "pp_xoffset_max", "pp_yoffset_min", "pp_yoffset_max", "useragent", "br_name", "br_family"),
    *("br_version", "br_type", "br_renderengine", "br_lang", "br_features_pdf", "br_features_flash"),
    *("br_features_java", "br_features_director", "br_features_quicktime", "br_features_realplayer"),
    *("br_features_windowsmedia", "br_features_gears", "br_features_silverlight", "br_cookies", "br_colordepth"),
    *("br_viewwidth", "br_viewheight", "os_name", "os_family", "os_manufacturer", "os_timezone", "dvce_type"),
    *("dvce_ismobile", "dvce_screenwidth", "dvce_screenheight", "doc_charset", "doc_width", "doc_height"),
    *("tr_currency", "tr_total_base", "tr_tax_base", "tr_shipping_base", "ti_currency", "ti_price_base"),
    *("base_currency", "geo_timezone", "mkt_clickid", "mkt_network", "etl_tags", "dvce_sent_tstamp"),
    *("refr_domain_userid", "refr_device_tstamp", "derived_contexts", "domain_sessionid", "derived_tstamp"),
    *("event_vendor", "event_name", "event_format", "event_version", "event_fingerprint", "true_tstamp"),
)
"""The 131 columns of an enriched event, in the order of the file."""

DESCRIBED: Final = {
    "ad_click": events.AD_CLICKED,
    "ad_impression": events.AD_VIEWED,
    "add_to_cart": events.PRODUCT_ADDED,
    "application_install": events.APP_INSTALLED,
    "link_click": events.LINK_CLICKED,
    "remove_from_cart": events.PRODUCT_REMOVED,
    "screen_view": events.SCREEN_VIEWED,
    "site_search": events.PRODUCTS_SEARCHED,
    "submit_form": events.FORM_SUBMITTED,
}
"""The name of a schema of Snowplow's own to the canonical name; any other event keeps the name of its schema."""

SAID: Final = {
    "targetUrl": "link_url",
    "target_url": "link_url",
    "terms": "query",
    "unitPrice": "price",
    "unit_price": "price",
}
"""What those events say, to the name that other sources give it; some loaders write it in snake_case."""

_OWN: Final = "com.snowplowanalytics."
_SCHEMA: Final = re.compile(r"iglu:([^/]+)/([^/]+)/[^/]+/[^/]+")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_Named = tuple[str, dict[str, Json]]
"""The name of an event, and the properties that only its kind has."""


def _events(group: Sequence[Row], context: Context) -> Iterator[Record]:
    for row in group:
        cells = read(row, context).unzoned()
        name, own = _named(cells)
        yield Record(
            keys=_keys(cells),
            name=name,
            at=cells.required_at("derived_tstamp", "true_tstamp", "collector_tstamp"),
            message_id=cells.text("event_id"),
            properties={**_page(cells), **own},
        )


def _named(cells: Cells) -> _Named:
    kind = cells.text("event")
    if kind in ("page_ping", "transaction_item"):  # a browser's sign of life; a line of a transaction's own event
        raise RowSkippedError(kind)
    if kind == "page_view":
        return events.PAGE_VIEWED, {}
    if kind == "transaction":
        return events.ORDER_COMPLETED, _order(cells)
    if kind == "struct":
        return _structured(cells)
    if kind == "unstruct":
        return _described(cells)
    raise RowRejectedError("unknown_type", "The column 'event' names no kind of event that Snowplow has.")


def _structured(cells: Cells) -> _Named:
    name = cells.text("se_action", "se_category")
    if name is None:
        raise RowRejectedError("no_event_name", "A structured event needs an action: 'se_action' is blank.")
    said = texts(cells, category="se_category", label="se_label", property="se_property")
    return name, {**said, **present(value=cells.number("se_value"))}


def _described(cells: Cells) -> _Named:
    """A self-describing event; loaders put its data into a column of its schema's name, without the envelope."""
    envelope = parsed_json(cells.value("unstruct_event"))
    inner = envelope.get("data") if isinstance(envelope, Mapping) else None
    if isinstance(inner, Mapping):
        schema, data = _SCHEMA.fullmatch(str(inner.get("schema"))), inner.get("data")
    else:
        if isinstance(envelope, str):
            raise RowRejectedError("bad_json", "The column 'unstruct_event' can't be read as JSON.")
        schema, data = None, _loaded(cells)
    vendor, stated = schema.groups() if schema else (cells.text("event_vendor"), cells.text("event_name"))
    if stated is None:
        raise RowRejectedError("no_event_name", "The self-describing event names no schema.")
    told = _said(data)
    if not (vendor or "").startswith(_OWN) or stated not in DESCRIBED:
        return stated, told
    return DESCRIBED[stated], {SAID.get(key, key): _searched(key, value) for key, value in told.items()}


def _loaded(cells: Cells) -> object:
    columns = (column for column in cells.names if column.startswith("unstruct_event_"))
    return next((parsed_json(found) for column in columns if (found := cells.value(column)) is not None), None)


def _said(data: object) -> dict[str, Json]:
    told: Mapping[Any, Any] = data if isinstance(data, Mapping) else {}
    return present(**{str(key): values.plain_json(value) for key, value in told.items()})


def _searched(key: str, value: Json) -> Json:
    """The words of a search as one text."""
    return " ".join(map(str, value)) if key == "terms" and isinstance(value, list) else value


def _keys(cells: Cells) -> tuple[str, ...]:
    browser = anonymous_key(cells.identifier("domain_userid"))
    keys = ordered([user_key(cells.identifier("user_id")), browser, _network(cells)])
    if not keys:
        raise RowRejectedError(
            "no_identity", "The event names nobody: no 'user_id', no 'domain_userid' and no 'network_userid'."
        )
    return keys


def _network(cells: Cells) -> str | None:
    """The collector's cookie. A server's (`srv`) would make one person of all its users, and anonymous tracking writes
    the same zeros for everybody.
    """
    found = cells.identifier("network_userid")
    if found is None or not found.strip("0-") or cells.text("platform") == "srv":
        return None
    return anonymous_key(found)


def _order(cells: Cells) -> dict[str, Json]:
    total = cells.amount("tr_total")
    return {
        **texts(cells, order_id="tr_orderid", affiliation="tr_affiliation"),
        **present(total=total, revenue=total, tax=cells.amount("tr_tax"), shipping=cells.amount("tr_shipping")),
        "currency": (cells.text("tr_currency") or cells.context.currency).upper(),
    }


def _page(cells: Cells) -> dict[str, Json]:
    """The page, the campaign and the browser, under the names that other sources give them."""
    url = cells.text("page_url")
    return {
        **present(url=url, path=cells.text("page_urlpath") or url_path(url)),
        **texts(cells, title="page_title", referrer="page_referrer"),
        **texts(cells, utm_source="mkt_source", utm_medium="mkt_medium", utm_campaign="mkt_campaign"),
        **texts(cells, utm_term="mkt_term", utm_content="mkt_content"),
        **texts(cells, country="geo_country", region=("geo_region_name", "geo_region"), city="geo_city"),
        **texts(cells, device="dvce_type", operating_system="os_name", browser="br_name", language="br_lang"),
        **texts(cells, user_agent="useragent", session_id="domain_sessionid", app_id="app_id", platform="platform"),
        **present(session_number=cells.number("domain_sessionidx")),
    }


def _is_enriched(row: Mapping[str, str]) -> bool:
    return _UUID.fullmatch(row["event_id"]) is not None and bool(row["collector_tstamp"])


SOURCE = Source(
    name="snowplow",
    title="Snowplow enriched events",
    recognise=by_columns({"event_id", "event", "collector_tstamp", "v_collector", "domain_userid"}, COLUMNS),
    map_rows=_events,
    headerless=Headerless(COLUMNS, "\t", _is_enriched),
)
