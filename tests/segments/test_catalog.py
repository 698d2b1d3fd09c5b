"""Names are held against the data: a misspelt one is told its nearest and its place."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.segments import Catalog, applicable, check_names, parse, starters, unknown_names
from shoal.segments.catalog import missing_names

CATALOG = Catalog.of(
    [
        *[(event, "") for event in ("Product Viewed", "Order Completed", "Checkout Started")],
        *(("Product Viewed", "path"), ("Product Viewed", "price"), ("", "plan"), ("", "country")),
    ],
    segments=["at-risk"],
)


@pytest.mark.parametrize(
    ("sentence", "code", "message", "where", "fix"),
    [
        (
            'plan is "a" and\n did "Prodct Viewed"',
            "unknown_event",
            "There is no event 'Prodct Viewed'.",
            "2:6",
            "Did you mean 'Product Viewed'?",
        ),
        (
            'did "Product Viewed" where pth is "/"',
            "unknown_property",
            "No event 'Product Viewed' has a property 'pth'.",
            "1:28",
            "Did you mean 'path'?",
        ),
        (
            'country is "US" and plna is set',
            "unknown_trait",
            "There is no trait 'plna'.",
            "1:21",
            "Did you mean 'plan'?",
        ),
        ("in segment at-rsk", "unknown_segment", "There is no segment 'at-rsk'.", "1:12", "Did you mean 'at-risk'?"),
        ('did "Cart *"', "unknown_event", "No event begins with 'Cart '.", "1:5", "Known are"),
        ("opens are above average", "unknown_event", "There is no event 'Email Opened'.", "$", "Known are"),
    ],
)
def test_a_misspelt_name(sentence, code, message, where, fix):
    with pytest.raises(UserError) as caught:
        check_names(parse(sentence), CATALOG, sentence)
    assert (caught.value.code, caught.value.message, caught.value.where) == (code, message, where)
    assert caught.value.fix.startswith(fix)


def test_without_a_sentence_the_place_is_a_path():
    node = parse('plan is "a" and not (country is set and did "X")')
    assert [error.where for error in unknown_names(node, CATALOG)] == ["$.all[1].not.all[1]"]


def test_known_names_pass():
    check_names(
        parse('did "Checkout *" and did "Product Viewed" where price > 5 and plan is set and in segment at-risk'),
        CATALOG,
    )
    check_names(parse('did "*" in the last 5 days'), CATALOG)


def test_nothing_known_says_so():
    with pytest.raises(UserError, match="import data first"):
        check_names(parse('did "X"'), Catalog())


def test_a_starter_that_names_an_event_to_come_is_not_applicable_yet():
    found = starters()["at-risk-customers"]
    assert applicable(found, CATALOG) == ("Email Opened", "Email Delivered")
    assert applicable(found, Catalog.of([("Email Opened", ""), ("Order Completed", "")])) == ()


def test_a_starter_needs_what_its_segments_need():
    node = parse('did "Order Completed" and in segment inner')
    assert missing_names(node, CATALOG, {"inner": parse('did "Ticket Created" and vip is set')}) == (
        "Ticket Created",
        "vip",
    )


@pytest.mark.parametrize(
    ("sentence", "code", "fix"),
    [
        ('score "chrn risk" is more than 0.7', "unknown_score", "Did you mean 'churn risk'?"),
        ('in cluster "Night owls"', "unknown_cluster", "Import it as the trait 'cluster:Night owls'"),
        ('in arm "B" of experiment "hat-test"', "unknown_experiment", "Import it as the trait 'arm:hat-test'"),
        ('in the top 10 % by score "spend"', "unknown_score", "Known are churn risk."),
    ],
)
def test_a_score_or_cluster_that_nobody_has(sentence, code, fix):
    catalog = Catalog(traits=frozenset({"score:churn risk", "plan"}))
    with pytest.raises(UserError) as caught:
        check_names(parse(sentence), catalog, sentence)
    assert caught.value.code == code
    assert caught.value.fix.startswith(fix)
    check_names(parse('score "churn risk" is set'), catalog)


@pytest.mark.parametrize(
    ("sentence", "missing"),
    [
        ('did "Ticket Created" or did "Order Completed"', ()),
        ('did "Ticket Created" exactly 0 times and did "Order Completed"', ()),
        ('did "Order Completed" and not did "Ticket Created"', ()),
        ('did "Ticket Created" and did "Order Completed"', ("Ticket Created",)),
        ('did "Ticket Created" or vip is true', ("Ticket Created", "vip")),
        ("vip is not true", ()),
        ('did "Order Completed" then "Ticket Created" within 7 days', ("Ticket Created",)),
        ('did "Order Completed" without "Ticket Created" afterwards', ()),
        ('not did "Order Completed" then "Ticket Created" within 7 days', ()),
        ('in the top 5 % by score "churn risk"', ("churn risk",)),
        ('in the top 5 % by sum of total of "Ticket Created"', ("Ticket Created",)),
        ('sum of total of "Ticket Created" is at most 5', ()),
        ('average of total of "Ticket Created" is at most 5', ("Ticket Created",)),
        ('sum of total of "Ticket Created" is above average', ("Ticket Created",)),
        ('did "Ticket Created" in at least 3 of the last 4 weeks', ("Ticket Created",)),
        ('did "Ticket Created" in exactly 0 of the last 4 weeks', ()),
        ('priority of the latest "Ticket Created" is "high"', ("Ticket Created",)),
    ],
)
def test_only_what_a_definition_cannot_do_without_is_missing(sentence, missing):
    assert missing_names(parse(sentence), CATALOG) == missing
