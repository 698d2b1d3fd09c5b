from shoal.ingest.canonical import Record
from shoal.ingest.sources import stripe

CUSTOMERS = """
id,Email,Name,Phone,Description,Created (UTC),Default Card,Card Number,Card Last 4,Card Type,Card Country,Currency,Delinquent,Total Spend
cus_1,ana@example.org,Ana Silva,,Loyal,2026-01-02 03:04,card_1,4242,4242,Visa,PT,eur,false,120.5
,broken,,,,,,,,,,,,
"""  # noqa: E501
PAYMENTS = """
id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer ID,Customer Email,Description,Refunded date (UTC),Decline Reason
ch_1,2026-01-02 03:04:05,37.00,0.00,eur,Paid,cus_1,ana@example.org,Invoice 1,,
ch_2,2026-01-02 03:04:05,20.00,20.00,eur,Refunded,cus_1,,,2026-01-05 09:00:00,
ch_3,2026-01-02 03:04:05,20.00,0.00,eur,Failed,cus_1,,,,insufficient_funds
ch_4,2026-01-02 03:04:05,20.00,0.00,eur,requires_action,cus_1,,,,
ch_5,2026-01-02 03:04:05,20.00,0.00,eur,Paid,,,,,
"""  # noqa: E501


def test_customers(rows, mapped):
    ana, nobody = mapped(stripe.CUSTOMERS, rows(CUSTOMERS))
    assert ana == Record(
        ("user:stripe/cus_1", "email:ana@example.org"),
        traits={
            "name": "Ana Silva",
            "description": "Loyal",
            "created_at": "2026-01-02T03:04:00Z",
            "card_type": "Visa",
            "card_country": "PT",
            "currency": "eur",
            "delinquent": False,
            "total_spend": 120.5,
        },
    )
    assert nobody == "no_identity"


def test_payments(rows, mapped, at):
    paid, again, refunded, failed, waiting, nobody = mapped(stripe.PAYMENTS, rows(PAYMENTS))
    when = at("2026-01-02T03:04:05Z")
    money = {"order_id": "ch_1", "total": 37.0, "revenue": 37.0, "currency": "EUR", "status": "Paid"}
    assert paid == Record(
        ("user:stripe/cus_1", "email:ana@example.org"),
        "Order Completed",
        when,
        "ch_1",
        {**money, "description": "Invoice 1"},
        version=(stripe._PROGRESS.index("paid") + 1) * 10**15 + when,
    )
    assert again.name == "Order Completed"
    assert refunded == Record(
        ("user:stripe/cus_1",),
        "Order Refunded",
        at("2026-01-05T09:00:00Z"),
        "ch_2:refunded",
        {"order_id": "ch_2", "currency": "EUR", "total": 20.0},
        version=2_000,
    )
    assert (failed.name, failed.properties["reason"]) == ("Payment Failed", "insufficient_funds")
    assert (waiting, nobody) == ("incomplete_payment", "no_identity")
