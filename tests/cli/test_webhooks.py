"""Webhooks on the command line."""

from __future__ import annotations

import pytest


def test_one_is_made_listed_and_revoked(shoal):
    shoal("init")
    made = shoal("webhook", "create", "postmark", "--name", "mail", "--address", "https://shoal.example.org/")
    assert "https://shoal.example.org/v1/webhooks/mail" in made.out
    secret = made.out.splitlines()[-2]
    assert len(secret) >= 43
    again = shoal("webhook", "create", "postmark", "--name", "mail", "--secret", "k1", as_json=True).document
    assert (again["id"], again["path"], again["secret"]) == (2, "/v1/webhooks/mail", None)
    ended = shoal("webhook", "revoke", 1, as_json=True).document
    assert ended["revoked_at"]
    listed = shoal("webhook", "list")
    assert "postmark" in listed.out
    assert secret not in listed.out
    assert "k1" not in listed.out
    assert [each["revoked_at"] is None for each in shoal("webhook", "list", as_json=True).document] == [False, True]


def test_who_is_not_known_is_told_of_the_generic_one(shoal):
    shoal("init")
    assert "of any other generic" in shoal("webhook", "create", "bogus").err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("sendgird", "--secret", "k"), "unknown_vendor"),
        (("stripe",), "bad_secret"),
        (("stripe", "--secret", " "), "bad_webhook"),
        (("sendgrid", "--secret", "k"), "bad_secret"),
        (("amazon_ses", "--secret", "k"), "bad_secret"),
        (("stripe", "--secret", "k", "--name", "a/b"), "bad_webhook"),
        (("stripe", "--secret", "k", "--address", "shoal.example.org"), "bad_webhook"),
        (("stripe", "--secret", "k", "--name", "taken"), "bad_webhook"),
    ],
)
def test_what_can_not_be_made(shoal, words, code):
    shoal("init")
    shoal("webhook", "create", "brevo", "--name", "taken")
    ended = shoal("webhook", "create", *words, as_json=True)
    assert (ended.status, f'"{code}"' in ended.out + ended.err) == (2, True)
    assert len(shoal("webhook", "list", as_json=True).document) == 1


def test_a_vendor_that_signs_the_address_is_told_of(shoal):
    shoal("init")
    assert "--address" in shoal("webhook", "create", "hubspot", "--secret", "k").out
    assert shoal("webhook", "revoke", 9).status == 2


MAPPING = """
source: sign_ups
keys: {email: email}
events: [{name: Signed Up}]
"""


@pytest.fixture
def mapping(tmp_path):
    file = tmp_path / "map.yaml"
    file.write_text(MAPPING)
    return file


def test_a_generic_one(shoal, mapping):
    shoal("init")
    made = shoal("webhook", "create", "generic", "--name", "shop", "--map", mapping, as_json=True).document
    assert (made["vendor"], made["path"], made["secret"][:6]) == ("generic", "/v1/webhooks/shop", "whsec_")
    again = shoal("webhook", "create", "generic", "--name", "shop", as_json=True).document  # one more secret
    assert (again["id"], again["secret"] != made["secret"]) == (2, True)
    other = shoal("webhook", "create", "generic", "--name", "other", "--map", mapping, "--header", "X-Sign")
    assert "Give the sender the address /v1/webhooks/other." in other.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("generic",), "bad_webhook"),
        (("generic", "--header", "X-Sign"), "bad_webhook"),
        (("generic", "--map", "MAP", "--header", "X Sign"), "bad_webhook"),
        (("generic", "--map", "MAP", "--scheme", "md5"), "bad_webhook"),
        (("generic", "--map", "MAP", "--name", "../up"), "bad_webhook"),
        (("generic", "--map", "MAP", "--secret", "whsec_short"), "bad_secret"),
        (("generic", "--map", "MAP", "--name", "mail"), "bad_webhook"),
        (("generic", "--map", "missing.yaml"), "unreadable_file"),
        (("postmark", "--map", "MAP"), "bad_webhook"),
    ],
)
def test_what_can_not_be_generic(shoal, mapping, words, code):
    shoal("init")
    shoal("webhook", "create", "brevo", "--name", "mail")
    ended = shoal("webhook", "create", *(mapping if word == "MAP" else word for word in words), as_json=True)
    assert (ended.status, f'"{code}"' in ended.out + ended.err) == (2, True)
    assert len(shoal("webhook", "list", as_json=True).document) == 1


def test_a_mapping_with_groups_is_no_webhook(shoal, mapping):
    mapping.write_text(f"{MAPPING}group: number\n")
    shoal("init")
    ended = shoal("webhook", "create", "generic", "--map", mapping, as_json=True)
    assert (ended.status, '"bad_mapping"' in ended.out + ended.err) == (2, True)


def test_a_refusal_that_would_be_a_trait_only_is_told(shoal, mapping):
    mapping.write_text(f"{MAPPING}traits: {{unsubscribed: unsubscribed}}\n")
    shoal("init")
    made = shoal("webhook", "create", "generic", "--map", mapping)
    assert "is no consent" in " ".join((made.out + made.err).split())
