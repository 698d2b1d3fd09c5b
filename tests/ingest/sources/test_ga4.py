import json

from shoal.ingest.canonical import Record
from shoal.ingest.source import FileHead
from shoal.ingest.sources import ga4


def parameter(key: str, **value: object) -> dict:
    return {"key": key, "value": {"string_value": None, "int_value": None, "float_value": None, **value}}


def event(name: str, *parameters: dict, **more: object) -> dict:
    return {
        "event_timestamp": "1767323045123456",
        "event_name": name,
        "event_params": list(parameters),
        "user_pseudo_id": "11.22",
        **more,
    }


PAGE = parameter("page_location", string_value="https://shop.example.org/pricing?plan=pro")


def test_a_page_view_of_a_known_person(mapped, without_ids, at):
    row = event(
        "page_view",
        PAGE,
        parameter("page_title", string_value="Pricing"),
        parameter("ga_session_id", int_value="1767323000"),
        parameter("empty"),
        user_id="u1",
        user_properties=[parameter("plan", string_value="trial")],
        device={"category": "mobile", "web_info": {"browser": "Safari"}},
        geo={"country": "Portugal", "city": "Porto"},
        traffic_source={"source": "google", "medium": "organic"},
    )
    assert without_ids(mapped(ga4.SOURCE, [row])) == [
        Record(
            ("user:u1", "anonymous:11.22"),
            "Page Viewed",
            at("2026-01-02T03:04:05.123Z"),
            None,
            {
                "url": "https://shop.example.org/pricing?plan=pro",
                "path": "/pricing",
                "title": "Pricing",
                "session_id": 1767323000,
                "device": "mobile",
                "browser": "Safari",
                "country": "Portugal",
                "city": "Porto",
                "first_source": "google",
                "first_medium": "organic",
            },
            {"plan": "trial"},
        )
    ]


def test_shop_events(mapped):
    item = {"item_id": "7", "item_name": "Socks", "item_category": "Feet", "price": 10.0, "quantity": 2}
    socks = {"product_id": "7", "name": "Socks", "category": "Feet", "price": 10.0, "quantity": 2}
    bought = {"transaction_id": "T1", "purchase_revenue": 37.0, "tax_value": 2.1}
    viewed, purchase, own = mapped(
        ga4.SOURCE,
        [
            event("view_item", items=[item]),
            event("purchase", parameter("currency", string_value="EUR"), items=[item], ecommerce=bought),
            event("quiz_done", parameter("value", double_value=1.5)),
        ],
    )
    assert (viewed.name, viewed.properties) == ("Product Viewed", socks)
    money = {"order_id": "T1", "total": 37.0, "revenue": 37.0, "tax": 2.1, "currency": "EUR"}
    assert (purchase.name, purchase.properties) == ("Order Completed", {**money, "products": [socks]})
    assert (own.name, own.properties) == ("quiz_done", {"value": 1.5})


def test_events_of_nobody_or_without_a_name_are_refused(mapped):
    nobody = {**event("page_view"), "user_pseudo_id": None}
    found = mapped(ga4.SOURCE, [nobody, event(""), {**event("page_view"), "event_timestamp": "soon"}])
    assert found == ["no_identity", "no_event_name", "bad_time"]


def test_real_bodies(shared_data, mapped):
    for file in sorted((shared_data / "payloads/ga4_bigquery").glob("*.json")):
        row = json.loads(file.read_text())
        head = FileHead(file.name, "jsonl", tuple(row), (row,))
        assert ga4.SOURCE.recognise(head) > 0.5
        (found,) = mapped(ga4.SOURCE, [row])
        named = any(row.get(column) for column in ("user_id", "user_pseudo_id", "client_id", "client_key"))
        assert found.name == "First Visited" if named else found == "no_identity"
