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
