"""The starter library on the command line."""

from __future__ import annotations

import pytest

SHOES = ("starters", "add", "category-browsers", "--set", "category=Trail shoes")


def test_starters_are_listed_by_type(shoal):
    listed = shoal("starters")
    assert "Behavioural intent" in listed.out
    assert "Value and engagement (eRFM)" in listed.out
    document = {each["name"]: each for each in shoal("starters", as_json=True).document}
    assert document["sales-ready-leads"]["needs_predictions"] == ["sales readiness"]
    assert document["ltv-tier"]["parameters"][0]["name"] == "percent"
    assert {each["type"] for each in document.values()} == {"intent", "velocity", "lifecycle", "preference", "erfm"}


def test_a_starter_is_shown_as_the_file_that_it_would_be(shoal):
    assert "name: dormant-readers" in shoal("starters", "show", "dormant-readers").out
    assert "The first day of the season." in shoal("starters", "show", "seasonal-buyers").out
    filled = shoal("starters", "show", "category-browsers", "--set", "category=Shoes")
    assert 'category is "Shoes"' in filled.out
    assert shoal("starters", "show", "ltv-tier", as_json=True).document["parameters"][0]["kind"] == "number"
    assert shoal("starters", "show", "dormant-readers", as_json=True).document["type"] == "velocity"


def test_a_template_becomes_a_file_that_is_planned_and_applied(shoal, tmp_path):
    shoal("init")
    told = shoal(*SHOES)
    assert told.status == 0
    file = tmp_path / "home" / "segments" / "category-browsers-trail-shoes.yaml"
    assert 'category is "Trail shoes"' in file.read_text()
    assert shoal(*SHOES, "--name", "trail-shoes", as_json=True).document["file"].endswith("trail-shoes.yaml")
    assert shoal("starters", "add", "repeat-buyers").status == 0
    again = shoal(*SHOES)
    assert again.status == 2
    assert "There is a file for 'category-browsers-trail-shoes' already." in again.err
    planned = shoal("plan", as_json=True).document
    assert {each["name"] for each in planned["segments"]} == {
        *("category-browsers-trail-shoes", "trail-shoes", "repeat-buyers"),
    }


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("add", "category-browsers"), "incomplete_segment"),
        (("add", "category-browser"), "unknown_starter"),
        (("add", "category-browsers", "--set", "Shoes"), "bad_value"),
        (("add", "category-browsers", "--set", "category=a", "--set", "category=b"), "bad_value"),
        (("show", "repeat-buyers", "--set", "category=a"), "unknown_parameter"),
    ],
)
def test_a_broken_wish_is_told(shoal, words, code):
    shoal("init")
    told = shoal("starters", *words, as_json=True)
    assert told.status == 2
    assert f'"code": "{code}"' in told.err
