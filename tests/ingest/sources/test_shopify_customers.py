from shoal.ingest.canonical import Consent, Record
from shoal.ingest.sources import shopify_customers

NEW = """
Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address City,Default Address Country Code,Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,Tags
'81,Ana,Silva,ana@example.org,yes,Porto,PT,0123,,'+351912345678,yes,120.50,3,,no,"vip, spring"
82,Bo,,bo@example.org,no,,,,,,no,0.00,0,,no,
83,Cy,,,no,,,,,123,no,0.00,0,,no,
,Dee,,,yes,,,,,,no,0.00,0,,no,
"""  # noqa: E501


def test_customers_give_keys_traits_and_consent(rows, mapped):
    found = mapped(shopify_customers.SOURCE, rows(NEW))
    assert found == [
        Record(
            ("user:shopify/81", "email:ana@example.org", "phone:+351912345678"),
            traits={
                "first_name": "Ana",
                "last_name": "Silva",
                "city": "Porto",
                "country_code": "PT",
                "postal_code": "0123",
                "tags": ["vip", "spring"],
                "total_spent": 120.5,
                "total_orders": 3,
                "tax_exempt": False,
            },
            consent=(Consent(channel="email", state="granted"), Consent(channel="sms", state="granted")),
        ),
        Record(
            ("user:shopify/82", "email:bo@example.org"),
            traits={"first_name": "Bo", "total_spent": 0.0, "total_orders": 0, "tax_exempt": False},
            consent=(Consent(channel="email", state="denied"), Consent(channel="sms", state="denied")),
        ),
        Record(
            ("user:shopify/83",),
            traits={
                "first_name": "Cy",
                "total_spent": 0.0,
                "total_orders": 0,
                "tax_exempt": False,
                "phone_invalid": True,
            },
            consent=(Consent(channel="email", state="denied"), Consent(channel="sms", state="denied")),
        ),
        "no_identity",
    ]
