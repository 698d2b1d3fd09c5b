"""The linter over real rows: its numbers are those that counting one by one gives."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.core.time import parse_instant
from shoal.flow import applying, asking
from shoal.flow.importing import import_paths
from shoal.flow.linting import lint_what

NOW = parse_instant("2026-02-01")


@pytest.fixture
def filled(sqlite, write, shop, call):
    countries = ["DE", "DE", "DE", "DE", "DEU", "FR"]
    extra = [
        call(900 + place, f"u{place}", "2026-01-02T00:00:00Z", country=country)
        for place, country in enumerate(countries)
    ]
    extra.append(call(990, "u1", "2026-01-03T00:00:00Z", "Product Viewed", price=1))
    import_paths(sqlite, [write("events.jsonl", [*shop, *extra])])
    return sqlite


def found(opened, what, check=None):
    return [each for each in lint_what(opened, what, NOW) if check in (None, each.check)]


def count(opened, sentence):
    return asking.count(opened, sentence, NOW).counts.members


def test_a_negation_is_told_with_the_exact_number_of_those_without_a_value(filled):
    sentence = 'country is not "DE" and plan is "trial"'
    (one,) = found(filled, sentence, "negation")
    assert one.people == count(filled, f"{sentence} and country is not set") == 12
    assert one.place == "$.all[0]"
    (one,) = found(filled, 'did "Product Viewed" where path is not "/p/1"', "negation")
    assert one.people == 1  # u1, whose last view has no path
    assert found(filled, 'country is "DE"', "negation") == []


def test_a_misspelt_value_is_told_with_the_most_frequent_like_it(filled):
    (one,) = found(filled, 'country is "DEE"', "spelling")
    assert one.fix == 'Did you mean "DE" (4 people)?'
    (one,) = found(filled, 'did "Product Viewed" where path is "/p1"', "spelling")
    assert one.fix == 'Did you mean "/p/1" (30 people)?'
    (one,) = found(filled, 'plan is "zzz"', "spelling")
    assert one.fix == 'The most frequent are "paid", "trial".'
    # Rare values are known, but never suggested.
    assert found(filled, 'country is "FR"', "spelling") == []
    assert "FR" not in found(filled, 'country is "FRA"', "spelling")[0].fix


def test_hostile_names_and_values_change_nothing(filled):
    sentence = """did "Product Viewed" where "x'; DROP TABLE events; --" is "'; SELECT 1; --" or plan is "'\\"" """
    assert [each.check for each in found(filled, sentence)] == ["names", "spelling", "spelling"]
    assert count(filled, 'did "Product Viewed"') == 30


def test_a_window_longer_than_the_data_is_told(filled):
    (one,) = found(filled, 'did "Product Viewed" in the last 90 days', "window")
    assert one.message.endswith("there is none before 2026-01-01.")
    assert found(filled, 'did "Product Viewed" in the last 31 days', "window") == []


def test_nobody_everybody_and_names(filled):
    assert [each.place for each in found(filled, "plan is set", "everybody")] == ["$"]
    assert [each.people for each in found(filled, 'plan is "paid" and country is "FR"', "everybody")] == [0]
    (one,) = found(filled, 'did "Product Vewed"', "names")
    assert (one.severity, one.fix) == ("error", "Did you mean 'Product Viewed'?")


def test_overlaps_are_with_the_others_of_the_folder(filled):
    folder = filled.home.segments
    (folder / "a.yaml").write_text('name: a\nwhen: did "Product Viewed" at least 4 times\n')
    (folder / "b.yaml").write_text('name: b\nwhen: did "Product Viewed" at least 3 times\n')
    told = {(each.segment, each.message) for each in found(filled, None, "overlap")}
    a, b = (count(filled, f'did "Product Viewed" at least {times} times') for times in (4, 3))
    assert a / b < 0.8
    assert told == {("a", f"100% of its members ({a}) are in 'b', too.")}
    places = {(each.check, each.file, each.line) for each in found(filled, folder) if each.segment == "b"}
    assert ("content", "b.yaml", 1) in places


def test_a_file_by_its_path_and_a_list_without_data(sqlite, tmp_path):
    file = tmp_path / "one.yaml"
    file.write_text("name: one\nwhen: plan is set\n")
    for what in (str(file), f"@{file}"):
        assert [(each.check, each.file) for each in lint_what(sqlite, what)] == [
            ("names", "one.yaml"),
            ("goal", "one.yaml"),
            ("content", "one.yaml"),
        ]
    assert lint_what(sqlite) == ()  # no file, and no starter that the data could answer
    for wrong, code in (("did", "incomplete_condition"), ("nothing-like-it", "unknown_segment")):
        with pytest.raises(UserError) as caught:
            lint_what(sqlite, wrong)
        assert caught.value.code == code


def test_a_version_is_judged_by_the_versions_that_it_pins(filled):
    folder = filled.home.segments
    (folder / "ordered.yaml").write_text('name: ordered\nwhen: did "Order Completed"\n')
    for buyers in ('did "Order Completed"', 'did "Product Viewed" at least 9 times', None):
        (folder / "buyers.yaml").unlink(missing_ok=True)
        (folder / "vip.yaml").write_text("name: vip\nwhen: plan is set\n")
        if buyers:
            (folder / "buyers.yaml").write_text(f"name: buyers\nwhen: {buyers}\n")
            (folder / "vip.yaml").write_text("name: vip\nwhen: in segment buyers and plan is set\n")
        applying.apply(filled, applying.decide(filled), actor="ana")
    told = {(each.check, each.place): each.people for each in found(filled, "vip@1")}
    assert told["size", "$"] == count(filled, "vip@1") == 10
    assert told["overlap", "$"] == 10  # with what others mean now
    assert [(each.place, each.people) for each in found(filled, "vip@2", "everybody")] == [
        ("$.all[0]", 0),
        ("$.all[1]", 30),
    ]
    assert found(filled, "vip@1", "names") == found(filled, "vip@2", "names") == []
