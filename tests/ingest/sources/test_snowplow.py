import gzip
import json
from zoneinfo import ZoneInfo

import pytest

from shoal.core.errors import UserError
from shoal.ingest.formats.packed import FilePart
from shoal.ingest.parse import parse
from shoal.ingest.recognise import inspect
from shoal.ingest.source import Context
from shoal.ingest.sources.snowplow import COLUMNS, SOURCE

ID = "c6ef3124-b53a-4b13-a233-0088f79dcbcb"


def event(kind: str, **more: str) -> dict[str, str]:
    return {
        **dict.fromkeys(COLUMNS, ""),
        "event": kind,
        "event_id": ID,
        "platform": "web",
        "collector_tstamp": "2026-01-02 03:04:05.123",
        "v_collector": "ssc-3.2.0",
        "domain_userid": "bc2e92ec6c204a14",
        **more,
    }


def described(name: str, data: object, vendor: str = "org.example") -> dict[str, str]:
    inner = {"schema": f"iglu:{vendor}/{name}/jsonschema/1-0-0", "data": data}
    envelope = {"schema": "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0", "data": inner}
    return event("unstruct", unstruct_event=json.dumps(envelope))


def lines(*rows: dict[str, str]) -> str:
    return "".join("\t".join(row.values()) + "\n" for row in rows)


def read(file, **settings):
    return list(parse(FilePart(file), SOURCE, Context(received_at=1_780_000_000_000, **settings)))


def test_a_page_view(mapped, at):
    page = {
        "page_url": "https://shop.example.org/socks?mkt=1",
        "page_title": "Socks",
        "page_referrer": "https://a.test",
    }
    campaign = {"mkt_source": "news", "mkt_medium": "email", "mkt_campaign": "spring"}
    times = {"derived_tstamp": "2026-01-02 03:04:04.5", "true_tstamp": "2026-01-01 00:00:00"}
    row = event("page_view", user_id="u1", domain_sessionidx="2", geo_country="PT", **page, **campaign, **times)
    (found,) = mapped(SOURCE, [row])
    assert (found.name, found.message_id, found.at) == ("Page Viewed", ID, at("2026-01-02T03:04:04.500Z"))
    assert found.keys == ("user:u1", "anonymous:bc2e92ec6c204a14")
    assert found.properties == {
        "url": "https://shop.example.org/socks?mkt=1",
        "path": "/socks",
        "title": "Socks",
        "referrer": "https://a.test",
        "utm_source": "news",
        "utm_medium": "email",
        "utm_campaign": "spring",
        "country": "PT",
        "platform": "web",
        "session_number": 2,
    }


def test_other_kinds(mapped):
    struct = event("struct", se_category="video", se_action="play", se_label="intro", se_value="1.5")
    bought = event("transaction", tr_orderid="T1", tr_total="37.00", tr_tax="2.10", tr_currency="eur")
    click = described(
        "link_click", {"targetUrl": "https://a.test", "elementId": None}, "com.snowplowanalytics.snowplow"
    )
    own = described("link_click", {"steps": [1, "2"], "page": {"number": "3"}})
    found = mapped(SOURCE, [struct, bought, click, own])
    assert [each.name for each in found] == ["play", "Order Completed", "Link Clicked", "link_click"]
    assert [{**each.properties, "platform": None} for each in found] == [
        {"category": "video", "label": "intro", "value": 1.5, "platform": None},
        {"order_id": "T1", "total": 37.0, "revenue": 37.0, "tax": 2.1, "currency": "EUR", "platform": None},
        {"link_url": "https://a.test", "platform": None},
        {"steps": [1, "2"], "page": {"number": "3"}, "platform": None},
    ]


@pytest.mark.parametrize(
    ("schema", "said", "name", "properties"),
    [
        ("add_to_cart", {"sku": "S1", "unitPrice": 5, "quantity": 2}, "Product Added", {"price": 5, "quantity": 2}),
        ("site_search", {"terms": ["blue", "socks"]}, "Products Searched", {"query": "blue socks"}),
        ("snowplow_ecommerce_action", {"type": "list_view"}, "snowplow_ecommerce_action", {"type": "list_view"}),
    ],
)
def test_events_of_snowplows_own(schema, said, name, properties, mapped):
    (found,) = mapped(SOURCE, [described(schema, said, "com.snowplowanalytics.snowplow")])
    assert found.name == name
    assert found.properties.items() >= properties.items()


def test_data_that_a_loader_took_out_of_its_envelope(mapped):
    more = {
        "event_name": "quiz_done",
        "event_vendor": "org.example",
        "unstruct_event_org_example_quiz_done_1": {"n": 3},
    }
    (found,) = mapped(SOURCE, [{**event("unstruct"), **more}])
    assert (found.name, found.properties) == ("quiz_done", {"platform": "web", "n": 3})


def test_what_is_left_out_and_refused(mapped):
    rows = [
        event("page_ping"),
        event("transaction_item"),
        event("struct"),
        event("unstruct"),
        event("other"),
        event(""),
    ]
    rows += [event("unstruct", unstruct_event="{"), event("page_view", domain_userid="")]
    rows += [event("page_view", collector_tstamp=""), event("transaction", tr_total="many")]
    found = ["page_ping", "transaction_item", "no_event_name", "no_event_name", "unknown_type", "unknown_type"]
    assert mapped(SOURCE, rows) == [*found, "bad_json", "no_identity", "bad_time", "bad_amount"]


@pytest.mark.parametrize(
    ("platform", "network", "keys"),
    [
        ("web", "ecdff4d0-9175-40ac-a8bb-325c49733607", 2),
        ("srv", "ecdff4d0-9175-40ac-a8bb-325c49733607", 1),
        ("web", "00000000-0000-0000-0000-000000000000", 1),
    ],
)
def test_a_cookie_that_many_share_is_no_key(platform, network, keys, mapped):
    (found,) = mapped(SOURCE, [event("page_view", platform=platform, network_userid=network)])
    assert len(found.keys) == keys


def test_a_file_without_a_header(tmp_path):
    quoted = event("page_view", page_title='"Socks" and more', page_referrer='"')
    text = lines(event("page_view"), quoted, event("page_view", page_title="Zoë"))
    file = tmp_path / "2026-01-02-part.gz"
    file.write_bytes(gzip.compress((text + "cut\toff\n" + lines(event("page_ping"))).encode()))
    assert [found.source for found in inspect(file)] == ["snowplow"]
    (chunk,) = read(file, zone=ZoneInfo("Asia/Tokyo"))
    titles = [json.loads(each).get("title") for each in chunk.records["properties"].to_pylist()]
    assert titles == [None, '"Socks" and more', "Zoë"]
    assert chunk.rejects == ((4, "ragged_row", "The row has 2 fields, not 131."),)
    assert (chunk.skipped, chunk.rows_read, chunk.warnings) == ({"page_ping": 1}, 5, ())
    assert {str(each) for each in chunk.records["at"].to_pylist()} == {"2026-01-02 03:04:05.123000"}


def test_a_file_with_a_header(tmp_path):
    file = tmp_path / "events.tsv"
    file.write_text("\t".join(COLUMNS) + "\n" + lines(event("page_view")))
    assert [found.source for found in inspect(file)] == ["snowplow"]
    assert sum(chunk.records.num_rows for chunk in read(file)) == 1


@pytest.mark.parametrize(
    "first",
    [
        lines(event("page_view", event_id="7")),
        lines(event("page_view", collector_tstamp="")),
        lines(dict(list(event("page_view", page_title="Socks").items())[:130])),
        lines(event("page_view")).replace("\t", ","),
    ],
)
def test_other_files_without_a_header_are_not_taken_for_it(first, tmp_path):
    file = tmp_path / "events.tsv"
    file.write_text(first)
    try:
        found = [each.source for each in inspect(file)]
    except UserError as error:
        found = [error.code]
    assert found in ([None], ["no_header"])
