from shoal.ingest.canonical import Consent, Record
from shoal.ingest.source import Context
from shoal.ingest.sources import shopify_orders, shopify_payment

HEADER = (
    "Name,Email,Financial Status,Paid at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,"
    "Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,"
    "Billing Country,Billing Phone,Notes,Cancelled at,Refunded Amount,Vendor,Id,Tags,Tax 1 Name\n"
)
TWO_LINES = HEADER + (
    "#1001,ana@example.org,paid,2026-01-02 10:00:00 +0100,yes,EUR,30.00,4.90,2.10,37.00,SPRING,5.00,"
    '2026-01-02 09:59:00 +0100,2,Socks,10.00,SO-1,Ana Silva,PT,,please wrap,,0.00,Foot & Co,5501,"new, vip",IVA 23%\n'
    "#1001,ana@example.org,,,,,,,,,,,,1,Hat,15.00,HA-1,,,,,,,Head & Co,,,\n"
)
KEYS = ("email:ana@example.org",)
PRODUCTS = [
    {"sku": "SO-1", "name": "Socks", "price": 10.0, "quantity": 2, "brand": "Foot & Co"},
    {"sku": "HA-1", "name": "Hat", "price": 15.0, "quantity": 1, "brand": "Head & Co"},
]


def order(rows, text, at):
    return list(shopify_orders.SOURCE.map_rows(rows(text), Context(received_at=at("2026-06-01"))))


def test_lines_of_one_order_are_one_event(rows, without_ids, at):
    assert without_ids(order(rows, TWO_LINES, at)) == [
        Record(
            KEYS,
            "Order Completed",
            at("2026-01-02T08:59:00Z"),
            None,
            {
                "order_id": "5501",
                "order_name": "#1001",
                "currency": "EUR",
                "total": 37.0,
                "revenue": 30.0,
                "shipping": 4.9,
                "tax": 2.1,
                "discount": 5.0,
                "coupon": "SPRING",
                "tags": ["new", "vip"],
                "paid_at": "2026-01-02T09:00:00Z",
                "financial_status": "paid",
                "products": PRODUCTS,
                "notes": "please wrap",
                "tax_1_name": "IVA 23%",
                "billing_name": "Ana Silva",
                "billing_country": "PT",
            },
            version=shopify_payment.progress("paid") * 10**15 + at("2026-01-02T09:00:00Z"),
        ),
        Record(
            KEYS,
            at=at("2026-01-02T08:59:00Z"),
            traits={"name": "Ana Silva", "country": "PT"},
            consent=(Consent(channel="email", state="granted", method="checkout"),),
        ),
    ]


def test_cancelled_and_refunded_orders_say_so(rows, at):
    text = HEADER + (
        "#1002,ana@example.org,refunded,,no,EUR,20,,,20,,,2026-01-02 09:00:00 UTC,1,Hat,20,,,,,,"
        "2026-01-05 09:00:00 UTC,20.00,,,,\n"
    )
    completed, cancelled, refunded = order(rows, text, at)
    assert (completed.name, completed.consent) == ("Order Completed", ())
    product = [{"name": "Hat", "price": 20, "quantity": 1}]
    carried = {"order_id": "#1002", "currency": "EUR", "products": product, "total": 20}
    when = at("2026-01-05T09:00:00Z")
    version = shopify_payment.progress("refunded") * 10**15 + when
    assert cancelled == Record(KEYS, "Order Cancelled", when, "#1002:cancelled", carried, version=version)
    estimated = {**carried, "time_estimated": True}
    assert refunded == Record(KEYS, "Order Refunded", when, "#1002:refunded", estimated, version=2_000)


def test_a_guest_is_known_by_telephone(rows, at):
    text = HEADER + "#1003,,paid,,,USD,1,,,1,,,2026-01-02 09:00:00,1,Hat,1,,,US,(415) 555-2671,,,,,,,\n"
    assert order(rows, text, at)[0].keys == ("phone:+14155552671",)


def test_broken_orders_are_refused_with_a_reason(rows, mapped):
    text = HEADER + (
        "#1,,paid,,,USD,1,,,1,,,2026-01-02,1,Hat,1,,,,,,,,,,,\n"
        "#2,ana@example.org,paid,,,USD,1,,,lots,,,2026-01-02,1,Hat,1,,,,,,,,,,,\n"
        "#3,ana@example.org,paid,,,USD,1,,,1,,,,1,Hat,1,,,,,,,,,,,\n"
        ",ana@example.org,paid,,,USD,1,,,1,,,2026-01-02,1,Hat,1,,,,,,,,,,,\n"
    )
    assert mapped(shopify_orders.SOURCE, rows(text)) == ["no_identity", "bad_amount", "bad_time", "no_order_id"]


def test_the_order_is_told_apart_by_its_name():
    assert shopify_orders.SOURCE.group_by == "Name"
