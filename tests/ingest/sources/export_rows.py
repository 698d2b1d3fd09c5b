"""Rows of exports of orders, as their vendors write them."""

SHOPIFY = {
    "Name": "#1001",
    "Id": "5501",
    "Email": "ana@example.org",
    "Financial Status": "paid",
    "Accepts Marketing": "yes",
    "Created at": "2026-01-02 09:00:00",
    "Paid at": "2026-01-02 09:01:00",
    "Total": "37.00",
    "Lineitem name": "Hat",
    "Lineitem quantity": "1",
    "Billing Name": "Ana Silva",
    "Refunded Amount": "0.00",
}
WOO = {
    "order_id": "5",
    "order_date": "2026-01-02 09:00:00",
    "status": "processing",
    "order_total": "20.00",
    "billing_email": "ana@example.org",
    "billing_first_name": "Ana",
}
STRIPE = {
    "id": "ch_1",
    "Created (UTC)": "2026-01-02 09:00:00",
    "Amount": "20.00",
    "Amount Refunded": "0.00",
    "Status": "Paid",
    "Customer Email": "ana@example.org",
}
