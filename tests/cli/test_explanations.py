"""Explanations and waterfalls as a user sees them."""

from __future__ import annotations

BOUGHT = 'did "Order Completed"'
NOW = "2026-02-01"


def test_each_condition_says_since_when_until_when_and_what_turns_it(shoal, shop):
    told = shoal("explain", "u1", f'{BOUGHT} in the last 60 days and plan is "trial"', "--as-of", NOW).out
    lines = " ".join(told.replace("│", " ").split())
    assert f"yes {BOUGHT} in the last 60 days; is 2, needs at least 1 time; since 2026-01-0" in lines
    assert "; changes by time alone on 2026-03-" in lines
    assert 'turned by: no more "Order Completed" until' in lines
    assert 'turned by: plan is "trial" (now "paid")' in lines
    assert lines.endswith('Least change to become a member: plan is "trial" (now "paid").')


def test_what_nothing_turns_says_so(shoal, shop):
    told = shoal("explain", "u1", f"{BOUGHT} until 2025-01-01", "--as-of", NOW).out
    assert "turned by: nothing: no event from now on is counted" in told
    assert told.rstrip().endswith("(no event from now on is counted).")
    assert "Least change to become a member: none. Nothing turns did" in told


def test_an_explanation_as_json(shoal, shop):
    found = shoal("explain", "u2", f"{BOUGHT} and plan is set", "--as-of", NOW, as_json=True).document
    least = found["least_change"]
    assert (least["words"], least["tried"], least["at"]) == ('1 more "Order Completed"', True, "2026-02-01T00:00:00Z")
    assert [one["places"] for one in least["conditions"]] == [["all[0]"]]
    bought, plan = found["parts"]
    assert (bought["holds"], bought["flip"]["possible"], bought["flip"]["words"]) == (False, True, least["words"])
    assert plan["since"].startswith("2026-01-")
    assert plan["flip"]["words"] == 'plan is not set (now "trial")'


def test_as_of_the_past_the_change_is_counted_from_then(shoal, shop):
    before = shoal("explain", "u1", BOUGHT, "--as-of", "2025-12-01", as_json=True).document
    assert (before["holds"], before["least_change"]["at"]) == (False, "2025-12-01T00:00:00Z")
    after = shoal("explain", "u1", BOUGHT, "--as-of", NOW, as_json=True).document
    assert (after["holds"], after["least_change"], after["flip"]["possible"]) == (True, None, False)
    told = shoal("explain", "u1", BOUGHT, "--as-of", "2025-12-01").out
    assert 'Least change to become a member: 1 more "Order Completed".' in told


def test_a_definition_is_a_waterfall(shoal, shop):
    sentence = f'{BOUGHT} and plan is set and not plan is "paid"'
    found = shoal("count", sentence, "--as-of", NOW, as_json=True).document
    assert (found["of"], found["count"]) == (3, 0)
    kept = [(one["place"], one["own"], one["kept"]) for one in found["conditions"] if one["kept"] is not None]
    assert kept == [("all[0]", 2, 2), ("all[1]", 2, 1), ("all[2]", 2, 0)]
    told = shoal("count", sentence, "--as-of", NOW).out
    assert "Left after it" in told
