import pytest

from shoal.ingest.canonical import Record
from shoal.ingest.sources import woocommerce

ORDERS = """
order_id,order_number,order_date,status,order_total,shipping_total,tax_total,discount_total,order_currency,customer_id,billing_email,billing_first_name,billing_country,line_items,refunded_total
5,1005,2026-01-02 09:00:00,wc-completed,37.00,4.90,2.10,5.00,EUR,9,ana@example.org,Ana,PT,name:Socks|product_id:7|sku:SO-1|quantity:2|total:20.00;name:Hat|product_id:8|quantity:1|total:10.00,
6,1006,2026-01-03 09:00:00,refunded,20.00,,,,EUR,0,bo@example.org,,,,
7,1007,2026-01-03 09:00:00,cancelled,20.00,,,,EUR,0,bo@example.org,,,,
8,1008,2026-01-03 09:00:00,pending,20.00,,,,EUR,0,bo@example.org,,,,
9,1009,2026-01-03 09:00:00,completed,20.00,,,,EUR,0,,,,,
"""  # noqa: E501
CUSTOMERS = """
Name,Username,Last Active,Sign Up,Email,Orders,Total Spend,AOV,Country / Region,City,Postal Code
Ana Silva,ana,2026-03-01,2026-01-02,ana@example.org,3,120.50,40.17,PT,Porto,0123
Guest,,,,,1,10,10,,,
"""


def test_orders(rows, mapped, at):
    completed, facts, bo, refunded, second, cancelled, unpaid, nobody = mapped(woocommerce.ORDERS, rows(ORDERS))
    products = [
        {"product_id": "7", "sku": "SO-1", "name": "Socks", "quantity": 2, "price": 10.0},
        {"product_id": "8", "name": "Hat", "quantity": 1, "price": 10.0},
    ]
    assert completed == Record(
        ("user:woocommerce/9", "email:ana@example.org"),
        "Order Completed",
        at("2026-01-02T09:00:00Z"),
        "5",
        {
            "order_id": "5",
            "order_number": "1005",
            "status": "wc-completed",
            "total": 37.0,
            "revenue": 30.0,
            "shipping": 4.9,
            "tax": 2.1,
            "discount": 5.0,
            "currency": "EUR",
            "products": products,
            "billing_first_name": "Ana",
            "billing_country": "PT",
        },
        version=woocommerce.progress_of("completed", "Order Completed") * 10**15 + at("2026-01-02T09:00:00Z"),
    )
    assert (facts.name, facts.traits) == (None, {"first_name": "Ana", "country": "PT"})
    assert bo.keys == ("email:bo@example.org",)  # customer 0 is a guest
    assert (refunded.name, refunded.properties["total"]) == ("Order Refunded", 20.0)
    assert (second.name, cancelled.name) == ("Order Placed", "Order Cancelled")  # nothing says that it was paid
    assert (unpaid.name, nobody) == ("Order Placed", "no_identity")


@pytest.mark.parametrize(
    "cell",
    [
        '[{"name": "Socks", "product_id": 7, "quantity": 2, "total": "20.00"}]',
        [{"name": "Socks", "product_id": 7, "quantity": 2, "price": 10}],
        "name:Socks|product_id:7|quantity:2|total:20.00",
    ],
)
def test_line_items_come_in_several_forms(mapped, cell):
    row = {"order_id": "5", "order_date": "2026-01-02", "status": "completed", "billing_email": "ana@example.org"}
    (record,) = mapped(woocommerce.ORDERS, [{**row, "line_items": cell}])
    assert record.properties["products"] == [{"name": "Socks", "product_id": "7", "quantity": 2, "price": 10}]


def test_customers(rows, mapped):
    ana, guest = mapped(woocommerce.CUSTOMERS, rows(CUSTOMERS))
    assert ana == Record(
        ("email:ana@example.org",),
        traits={
            "name": "Ana Silva",
            "username": "ana",
            "last_active_at": "2026-03-01T00:00:00Z",
            "created_at": "2026-01-02T00:00:00Z",
            "orders": 3,
            "total_spend": 120.5,
            "aov": 40.17,
            "country": "PT",
            "city": "Porto",
            "postal_code": "0123",
        },
    )
    assert guest == "no_identity"
