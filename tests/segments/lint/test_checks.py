"""Each check where it has something to say and where it has not."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoal.core.time import Instant, parse_instant
from shoal.segments.catalog import Catalog
from shoal.segments.files import ContentBrief, Goal, Segment, SizeTarget, read_segment
from shoal.segments.lint.checks import CHECKS
from shoal.segments.lint.finding import SEVERITIES, Asked, Figures, Known, Scene, Subject
from shoal.segments.lint.run import lint
from shoal.segments.lint.texts import asked_texts
from shoal.segments.lint.unset import included, unset_conditions
from shoal.segments.overlaps import Overlap
from shoal.segments.sentence import english, parse
from shoal.segments.sql.queries import ConditionCount, Counts

NOW = parse_instant("2026-06-01")
CATALOG = Catalog.of(
    [
        ("Email Opened", ""),
        ("Email Link Clicked", ""),
        ("Order Completed", ""),
        ("Order Completed", "total"),
        ("Page Viewed", ""),
        ("Page Viewed", "path"),
        ("", "plan"),
        ("", "country"),
    ]
)
GOAL = Goal("conversion rate", "5 % order", "30d")
CONTENT = ContentBrief("a", "b", "c", "d", "e")


def found(check, sentence, figures=None, segment=None, text=None):
    """What one check says of one sentence: places and messages."""
    subject = Subject("s", parse(sentence), segment, text=text)
    scene = Scene((subject,), CATALOG, figures or Figures(NOW))
    return [(one.place, one.message) for one in lint(scene) if one.check == check]


def counted(members, eligible=1_000, **conditions):
    """Figures with these numbers of members and of those who pass each condition."""
    parts = tuple(ConditionCount(place, "c", own, None) for place, own in conditions.items())
    return Figures(NOW, people=eligible, counts={"s": Counts(members, eligible, parts)})


def segment(**said):
    return Segment("s", parse("plan is set"), **{"goal": GOAL, "content": CONTENT, **said})


def places(*arguments, **named):
    return [place for place, _ in found(*arguments, **named)]


def test_names():
    assert found("names", 'did "Order Complted" where totl > 5 and plann is "x"') == [
        ("$.all[0]", "There is no event 'Order Complted'."),
        ("$.all[1]", "There is no trait 'plann'."),
    ]
    assert places("names", 'did "Order Completed" where totl > 5') == ["$"]
    assert found("names", 'did "Order *" where total > 5 and plan is "x"') == []
    assert len(found("names", 'never did "Nothing" or did "Nothing" twice')) == 1  # each name once


def test_spelling():
    never = {
        Asked("", ("plan",), "trail"): (Known("paid", 900), Known("trial", 40)),
        Asked("Page Viewed", ("path",), "/prices"): (Known("/pricing", 7),),
    }
    figures = Figures(NOW, never=never)
    assert found("spelling", 'plan is "trail"', figures) == [("$", 'plan is never "trail" in the data.')]
    assert places("spelling", 'country is set and did "Page Viewed" where path is "/prices"', figures) == ["$.all[1]"]
    assert found("spelling", 'plan is "trial"', figures) == []
    (one,) = lint(Scene((Subject("s", parse('plan is "trail"')),), CATALOG, figures))
    assert one.fix == 'Did you mean "trial" (40 people)?'


def test_only_texts_that_name_nobody_are_looked_up():
    node = parse('email is "ana@example.org" and plan is one of ("a", "b", 5) and not did "E" where x.name is "Ana"')
    assert [one.value for _, one in asked_texts(node)] == ["a", "b"]


def test_everybody():
    assert places("everybody", "plan is set and country is set", counted(5, **{"all[0]": 0, "all[1]": 1_000})) == [
        "$.all[0]",
        "$.all[1]",
    ]
    assert places("everybody", "plan is set and country is set", counted(5, **{"all[0]": 9, "all[1]": 99})) == []
    assert found("everybody", "plan is set", counted(0, **{"": 0})) == [("$", "Nobody passes: c.")]
    assert found("everybody", "plan is set and country is set", counted(0, **{"all[0]": 9})) == [
        ("$", "Nobody passes all conditions together.")
    ]
    assert places("everybody", "plan is set", Figures(NOW)) == []  # no data, nothing to say


def test_everybody_names_the_innermost_reason_once():
    figures = counted(5, **{"all[0]": 1_000, "all[0].not": 0, "all[1]": 9})
    assert places("everybody", 'not plan is "x" and country is set', figures) == ["$.all[0].not"]
    assert places("everybody", 'not nothing is "x" and country is set', figures) == []  # the name is told already


@pytest.mark.parametrize(
    "sentence",
    [
        'country is "US" and country is "CA"',
        'country is one of ("US", "CA") and plan is set and country is "DE"',
        'did "Page Viewed" where path is "/a" and where path is "/b"',
        'not plan is "a" or not country is "US"',
        'country is not "US" or country is not "CA"',
        'never did "Order Completed" or plan is not "paid"',
    ],
)
def test_and_or(sentence):
    assert len(found("and_or", sentence)) == 1


@pytest.mark.parametrize(
    "sentence",
    [
        'country is "US" or country is "CA"',
        'country is one of ("US", "CA") and country is "CA"',
        'did "Page Viewed" where path is "/a" and did "Page Viewed" where path is "/b"',
        'not plan is "a" and not country is "US"',
        'none of (plan is "a", country is "US")',
        "plan is 5 and plan is 5.0",
        'plan is not set or plan is "trial"',
        'never did "Order Completed" or plan is "paid"',
    ],
)
def test_and_or_is_content(sentence):
    assert found("and_or", sentence) == []


def test_and_or_without_brackets():
    mixed = 'plan is "a" or plan is "b" and country is "US"'
    told = 'The sentence mixes and with or; it is read as: plan is "a" or (plan is "b" and country is "US").'
    assert found("and_or", mixed, text=mixed) == [("$", told)]
    clear = 'plan is "a" or (plan is "b" and country is "US")'
    assert found("and_or", clear, text=clear) == []
    quoted = 'plan is "(" or plan is "b" and country is "US"'
    assert len(found("and_or", quoted, text=quoted)) == 1
    tree = "name: s\nwhen: {any: [{trait: plan, is: a}, {all: [{trait: plan, is: b}, {trait: country, is: US}]}]}\n"
    subject = Subject("s", read_segment(tree, "s.yaml").when, None, "s.yaml", tree)
    assert [one.check for one in lint(Scene((subject,), CATALOG, Figures(NOW)))] == []


def test_negation():
    figures = Figures(NOW, unset={"s": (12,)})
    assert found("negation", 'plan is set and country is not "US"', figures) == [
        ("$.all[1]", "12 members are included although country is not set.")
    ]
    assert places("negation", 'not (plan is set and country is "US")', figures) == ["$.not.all[1]"]
    assert places("negation", 'did "Page Viewed" where path is not "/"', figures) == ["$"]
    assert places("negation", 'consent to email marketing is not "denied"', figures) == ["$"]
    assert found("negation", 'country is not "US"', Figures(NOW, unset={"s": (0,)})) == []


@pytest.mark.parametrize(
    ("sentence", "conditions"),
    [
        ('country is "US"', []),
        ("not country is set", []),
        ("country is not true", []),
        ('not country is not "US"', []),
        ('not did "Page Viewed" by a person', []),
        ('country is none of ("US", "CA")', ["country is not set"]),
        ('none of (country is "US", plan is "a")', ["country is not set", "plan is not set"]),
        (
            'did "Page Viewed" where path is not "/" in the last 7 days',
            ['did "Page Viewed" where path is not set in the last 7 days'],
        ),
        ("not can receive email marketing", ["consent to email marketing is not set"]),
    ],
)
def test_which_negations_let_people_in_without_a_value(sentence, conditions):
    assert [english(one.condition) for one in unset_conditions(parse(sentence))] == conditions


def test_members_without_a_value_stay_members():
    node = parse('country is not "US" including anonymous')
    (unset,) = unset_conditions(node)
    assert english(included(node, unset)) == 'country is not "US" and country is not set including anonymous'


def test_window():
    figures = Figures(NOW, first={"Order Completed": Instant(NOW - 60 * 86_400_000)})
    assert found("window", 'did "Order Completed" in the last 90 days', figures) == [
        ("$", "It looks at 'Order Completed' in the last 90 days, and there is none before 2026-04-02.")
    ]
    for sentence in (
        'did "Order Completed" between 90 days and 10 days ago',
        'did "Order *" since 2026-01-01',
        "orders in the last 40 days are at most 0.5 times the 40 days before",
        'never did "Order Completed" in the last 90 days',
        'did "Order Completed" more than 90 days ago',
    ):
        assert places("window", sentence, figures) == ["$"]
    for sentence in (
        'did "Order Completed" in the last 62 days',
        'did "Order Completed"',
        'did "Page Viewed" in the last 900 days',
        'did "Order Completed" more than 50 days ago',
    ):
        assert places("window", sentence, figures) == []


def test_machines():
    for sentence in ('did "Email Opened"', 'never did "Email Link Clicked"', 'did "Email *" in the last 7 days'):
        assert places("machines", sentence) == ["$"]
    assert places("machines", "clicks in the last 30 days are above average and plan is set") == ["$.all[0]"]
    for sentence in ('did "Email Opened" by a person', "opens where machine is false", 'did "Page Viewed"'):
        assert places("machines", sentence) == []


@pytest.mark.parametrize(
    ("members", "own", "severity"),
    [
        (49, None, "warning"),
        (50, None, None),
        (500, None, None),
        (501, None, "note"),
        (1_001, None, "warning"),
        (49, (20, 60), None),
        (61, (20, 60), "warning"),
        (0, None, None),  # which is another check's
    ],
)
def test_size(members, own, severity):
    said = segment(size=SizeTarget(*own) if own else None)
    scene = Scene((Subject("s", said.when, said),), CATALOG, counted(members, 10_000))
    assert [one.severity for one in lint(scene) if one.check == "size"] == ([severity] if severity else [])


def test_overlap():
    shared = {"s": (Overlap("other", 80, 0.8), Overlap("third", 79, 0.79))}
    assert found("overlap", "plan is set", Figures(NOW, overlaps=shared)) == [
        ("$", "80% of its members (80) are in 'other', too.")
    ]
    (several,) = found(
        "overlap", "plan is set", Figures(NOW, overlaps={"s": (Overlap("a", 9, 0.9), Overlap("b", 8, 0.8))})
    )
    assert several[1] == "90% of its members (9) are in 'a', too. So are at least 80% in 1 more."
    assert places("overlap", 'plan is set and in segment "other"', Figures(NOW, overlaps=shared)) == []


@pytest.mark.parametrize(("people", "most"), [(4_999, 4), (5_000, 10), (19_999, 10), (20_000, 60)])
def test_how_many(people, most):
    def told(segments):
        subjects = tuple(Subject(str(one), parse("plan is set"), segment()) for one in range(segments))
        counts = {one.name: Counts(100, people, ()) for one in subjects}
        findings = lint(Scene(subjects, CATALOG, Figures(NOW, people=people, counts=counts)))
        return [one.segment for one in findings if one.check == "how_many"]

    assert told(most) == []
    assert told(most + 1) == ([None] if people < 20_000 else [])


def test_goal_and_content():
    assert places("goal", "plan is set", segment=segment(goal=None)) == ["goal"]
    assert places("goal", "plan is set", segment=segment(goal=Goal("opens", "better", "2026-05-31"))) == [
        "goal.target",
        "goal.by",
    ]
    assert places("goal", "plan is set", segment=segment()) == []
    assert places("goal", "plan is set") == []  # a sentence has no goal
    assert places("content", "plan is set", segment=segment(content=None)) == ["content"]
    assert places("content", "plan is set", segment=segment()) == []


def test_a_finding_has_file_and_line_and_the_loudest_come_first():
    text = "name: s\nwhen:\n  all:\n    - trait: plan\n      is: x\n    - did: Nothing\n"
    text += "goal:\n  {metric: m, target: t, by: 30d}\n"
    read = read_segment(text, "s.yaml")
    findings = lint(Scene((Subject("s", read.when, read, "s.yaml", text),), CATALOG, Figures(NOW)))
    assert [(one.check, one.file, one.line, one.place) for one in findings] == [
        ("names", "s.yaml", 6, "$.all[1]"),
        ("goal", "s.yaml", 8, "goal.target"),
        ("content", "s.yaml", 1, "content"),
    ]
    assert all(one.fix for one in findings)


def test_no_check_slips_out():
    page = Path(__file__).resolve().parents[3] / "docs" / "concepts" / "lint.md"
    written = [line.split("`")[1] for line in page.read_text().splitlines() if line.startswith("| `")]
    assert written == [check.name for check in CHECKS]
    assert all(check.severity in SEVERITIES and check.question.endswith("?") for check in CHECKS)
