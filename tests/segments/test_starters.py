"""Each starter means what it says: beside somebody whom it is for stands somebody whom it just misses."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import cases
import pytest

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.flow import live
from shoal.segments import oracle, sql
from shoal.segments.catalog import Catalog
from shoal.segments.files import read_segment, to_yaml
from shoal.segments.history import Event, History, TraitStatement
from shoal.segments.library import PREDICTED, library, predicted, starter, starters, templates
from shoal.segments.lint.finding import Figures, Scene, Subject
from shoal.segments.lint.run import lint
from shoal.segments.nodes import walk
from shoal.segments.segment_types import TYPES
from shoal.segments.sentence import english, parse

PAGE_OF_STARTERS = Path(__file__).resolve().parents[2] / "docs" / "concepts" / "starters.md"
NOW, DAY = cases.NOW, 86_400_000
OPEN, CLICK, MAIL, ORDER, PAGE, VIEW = (
    *("Email Opened", "Email Link Clicked", "Email Delivered", "Order Completed", "Page Viewed", "Product Viewed"),
)
EXAMPLES = {**starters(), **{name: each.example() for name, each in templates().items()}}
NODES = {name: each.when for name, each in EXAMPLES.items()}


def did(name, *days_ago, **properties):
    return [(name, days, properties) for days in days_ago]


def scored(name, value):
    return [(f"score:{name}", value)]


def history(subscriber, told):
    """Somebody of whom this is told: events with days ago, and traits with a value."""
    events = [each for each in told if len(each) == 3]
    traits = [each for each in told if len(each) == 2]
    return History(
        subscriber,
        events=tuple(
            Event(subscriber * 100 + place, name, Instant(int(NOW - days * DAY)), properties)
            for place, (name, days, properties) in enumerate(events)
        ),
        traits=tuple(
            TraitStatement(name, value, Instant(NOW - DAY), NOW, subscriber * 100 + 50 + place)
            for place, (name, value) in enumerate(traits)
        ),
    )


def clicked(part, *days_ago):
    return did(CLICK, *days_ago, link_url=f"https://shop.example.org/{part}?utm_medium=email")


def styled(subject, *days_ago):
    return did(MAIL, 10, 20, 30) + did(OPEN, *days_ago, subject=subject) + did(CLICK, *days_ago, subject=subject)


TEAM = did(PAGE, 3, path="/pricing/team")
BLOG = {"path": "/blog/beans/guide", "utm_medium": "email"}
QUESTION = "answer: How likely are you to recommend us? (0 to 10)"
WISH = "answer: What would you like to read about?"
MANY = did(MAIL, 2, 7, 12, 17, 22, 27)
OLD = did(MAIL, 100, 80, 70, 60, 50, 40, 30)
LATE = did(ORDER, 100) + did(MAIL, 5, 20, 35, 40) + did(OPEN, 35, 40)
DUE = did(ORDER, 70, 80) + did(OPEN, 5)

CASES = {
    # name: who is in, who is not, others on the list
    "high-intent-non-converters": (did(VIEW, 3), did(VIEW, 3) + did(ORDER, 6)),
    "pricing-visitors-without-trial": (TEAM, did(PAGE, 1.9, path="/pricing")),
    "cart-abandoners": (did("Product Added", 2) + did(ORDER, 3), did("Product Added", 2) + did(ORDER, 1)),
    "high-value-cart-abandoners": (
        did("Product Added", 2) + did(ORDER, 30, total=200),
        did("Product Added", 2) + did(ORDER, 30, total=50),
    ),
    "downloaders-on-product-pages": (
        did("File Downloaded", 9) + did(VIEW, 2),
        did("File Downloaded", 9.1) + did(VIEW, 2),
    ),
    "active-trials-without-upgrade": (
        did("Trial Started", 20) + did("Signed In", 19, 18, 13),
        did("Trial Started", 20) + did("Signed In", 19, 18, 12.9),
    ),
    "case-study-clickers-without-demo": (
        clicked("blog/case-study", 5) + did("Form Submitted", 3, form_id="newsletter"),
        clicked("blog/case-study", 5) + did("Form Submitted", 3, form_id="book-a-demo"),
    ),
    "engaged-not-purchased": (
        did(MAIL, 5, 9) + did(OPEN, 5, 9) + did(CLICK, 9),
        did(MAIL, 5, 9) + did(OPEN, 5, 9) + did(CLICK, 9, machine=True),
        did(MAIL, 5, 9) + did(OPEN, 5),
    ),
    "strongest-intent": (scored("buying intent", 0.9), scored("buying intent", 0.8)),
    "category-browsers": (did(VIEW, 1, 2, 3, category="shoes"), did(VIEW, 1, 2, category="shoes") + did(VIEW, 3)),
    "accelerating-readers": (
        did(MAIL, 5, 10, 15, 35, 40, 45) + did(OPEN, 5, 10, 15, 35, 40) + did(CLICK, 5),
        did(MAIL, 5, 10, 15, 35, 40, 45) + did(OPEN, 5, 10, 15, 35, 40, 45) + did(CLICK, 5),
    ),
    "steady-readers": (did(OPEN, 2, 9, 16, 33, 40, 47), did(OPEN, 2, 3, 9, 33, 40, 47)),
    "decelerating-readers": (did(MAIL, 2, 9, 16, 23) + did(OPEN, 9, 16, 23), did(MAIL, 16, 23) + did(OPEN, 9, 16, 23)),
    "dormant-readers": (did(MAIL, 10, 20, 30) + did(OPEN, 61), did(MAIL, 10, 20, 30) + did(OPEN, 61, 59)),
    "list-cleaning": (OLD, OLD + did(CLICK, 89)),
    "resurrected-readers": (did(OPEN, 80, 5), did(OPEN, 80, 40, 5)),
    "at-risk-customers": (LATE + did(OPEN, 5), LATE + did(OPEN, 5, 20)),
    "unsubscribe-risk": (MANY + did(OPEN, 40, 50, 60, 5), MANY + did(OPEN, 40, 50, 60, 5, 6)),
    "new-subscribers": (did(MAIL, 3, 13), did(MAIL, 3, 15)),
    "first-time-buyers": (did(ORDER, 10), did(ORDER, 10, 100)),
    "trials-likely-to-convert": (
        did("Trial Started", 5) + scored("trial conversion within 14 days", 0.8),
        did("Trial Started", 5) + scored("trial conversion within 14 days", 0.79),
    ),
    "customers-likely-to-churn": (
        did(ORDER, 200) + scored("churn within 30 days", 0.6),
        did(ORDER, 200) + scored("churn within 30 days", 0.59),
    ),
    "future-advocates": (
        did(ORDER, 9) + scored("referral within 90 days", 0.3),
        did(ORDER, 9) + scored("referral within 90 days", 0.2),
    ),
    "sales-ready-leads": (scored("sales readiness", 0.7), scored("sales readiness", 0.7) + did(ORDER, 400)),
    "leads-to-nurture": (scored("sales readiness", 0.69), scored("sales readiness", 0.7)),
    "customers-ready-to-expand": (
        did(ORDER, 9) + scored("expansion within 90 days", 0.5),
        did(ORDER, 9) + scored("expansion within 90 days", 0.49),
    ),
    "promoters": ([*did(ORDER, 9), (QUESTION, 9)], [*did(ORDER, 9), (QUESTION, 8)]),
    "sharers": (did(ORDER, 9) + did("Email Forwarded", 80), did(ORDER, 9) + did("Email Forwarded", 91)),
    "blog-readers-from-email": (did(PAGE, 1, 2, 3, **BLOG), did(PAGE, 1, 2, **BLOG) + did(PAGE, 3, path="/blog")),
    "video-watchers": (did("Video Playback Completed", 5, 59), did("Video Playback Completed", 5, 61)),
    "case-study-readers": (clicked("a/case-study", 5, 89), clicked("a/case-study", 5, 91)),
    "guide-readers": (clicked("a/guide", 5, 89), clicked("a/guide", 5) + clicked("a/video", 6)),
    "tool-users": (clicked("a/tool", 5, 89), clicked("a/tool", 5) + clicked("a/stool", 6)),
    "how-to-openers": (styled("How to brew", 9, 19, 29), styled("How to brew", 9, 19)),
    "question-openers": (styled("Is it right? Yes", 9, 19, 29), styled("Is it right? Yes", 9, 19)),
    "statistic-openers": (styled("7 in 10 do it", 9, 19, 29), styled("We are 7", 9, 19, 29)),
    "curiosity-openers": (styled("The secret of tea", 9, 19, 29), styled("The best of tea", 9, 19, 29)),
    "technical-readers": (clicked("docs/api", 5, 6), clicked("docs/api", 5, 6) + clicked("blog/basics", 60)),
    "topic-readers": (clicked("blog/beans", 5, 6), clicked("blog/beans", 5) + did(OPEN, 5, 6, 7, subject="beans")),
    "blog-category-readers": (did(PAGE, 1, 2, **BLOG), did(PAGE, 1, **BLOG) + did(PAGE, 2, path="/blog/beans")),
    "stated-interest": ([(WISH, "Beans")], [(WISH, "Gifts")]),
    "learned-interest": (scored("interest in beans", 0.6), scored("interest in beans", 0.59)),
    "champions": (did(ORDER, 9, 20, total=100) + did(OPEN, 5), did(ORDER, 9, 20, total=99) + did(OPEN, 5), []),
    "loyal-but-slipping": (DUE, did(ORDER, 59, 80) + did(OPEN, 5), []),
    "upsell-ready": (
        did(ORDER, 9, total=200) + scored("lifetime value", 900),
        did(ORDER, 9, total=200) + scored("lifetime value", 800),
        did(ORDER, 9, total=50),
    ),
    "big-spenders": (did(ORDER, 9, 100, total=60), did(ORDER, 9, 200, total=110)),
    "repeat-buyers": (did(ORDER, 9, 100, 179), did(ORDER, 9, 100, 181)),
    "best-by-erfm": (scored("erfm", 81.5), scored("erfm", 81)),
    "erfm-group": ([("cluster:Bargain hunters", True)], [("cluster:Bargain hunters", False)]),
    "ltv-tier": (scored("lifetime value", 900), scored("lifetime value", 800)),
    "seasonal-buyers": (did(ORDER, 118, 61), did(ORDER, 118, 59)),
    "category-cross-sell": (
        did(ORDER, 9, products=[{"category": "hats"}, {"category": "shoes"}]),
        did(ORDER, 9, products=[{"category": "shoes"}])
        + did(ORDER, 400, products=[{"category": "hats"}, {"category": "socks"}]),
    ),
    "best-of-segment": (did(ORDER, 1, 2, 3) + did(OPEN, 5), did(ORDER, 1, 2, 3)),
}


def test_every_starter_has_its_people():
    assert set(CASES) == set(EXAMPLES)
    assert len(starters()) >= 40


@pytest.mark.parametrize("name", CASES)
def test_who_is_in_and_who_just_is_not(duck, name):
    people = [history(place + 1, told) for place, told in enumerate(CASES[name])]
    found = oracle.members(NODES[name], people, NOW, NODES)
    assert 1 in found
    assert 2 not in found
    cases.fill(duck, people)
    assert sql.members(duck, NODES[name], NOW, NODES) == found
    assert live.members(duck, NODES[name], NOW, NODES) == found


WEEKLY = tuple(range(3, 480, 7))
STORIES = [
    # name, what happened, whether it is for them
    ("resurrected-readers", did(OPEN, 560, 490, *WEEKLY), False),  # one silence, and weekly opens for 16 months since
    ("resurrected-readers", did(OPEN, 80, 14.1, 5), False),  # back for more than two weeks
    ("resurrected-readers", did(OPEN, 75, 13.9, 10, 5, 1), True),  # back for less, whatever was opened since
    ("resurrected-readers", did(OPEN, *WEEKLY[12:], 5), True),  # of those who read for long, too
    ("resurrected-readers", did(OPEN, 60.5, 0.9), False),  # 60 days are not over
    ("cart-abandoners", did("Product Added", 0.01), False),  # still in the shop
    ("cart-abandoners", did("Product Added", 0.03), True),
    ("high-value-cart-abandoners", did("Product Added", 0.01) + did(ORDER, 30, total=200), False),
]


@pytest.mark.parametrize(("name", "told", "belongs"), STORIES)
def test_time_alone_keeps_nobody_in_for_whom_it_is_not(duck, name, told, belongs):
    people = [history(1, told), history(2, did(ORDER, 9, total=50))]
    assert (1 in oracle.members(NODES[name], people, NOW, NODES)) == belongs
    cases.fill(duck, people)
    assert (1 in sql.members(duck, NODES[name], NOW, NODES)) == belongs
    assert (1 in live.members(duck, NODES[name], NOW, NODES)) == belongs


@pytest.mark.parametrize("segment", EXAMPLES.values(), ids=lambda segment: segment.name)
def test_a_starter_is_complete_and_comes_back_from_its_file(segment):
    assert segment.title
    assert segment.type in TYPES
    assert segment.goal
    assert segment.size
    assert segment.content
    assert segment.tags
    assert read_segment(to_yaml(segment), "a.yaml") == segment
    assert parse(english(segment.when)) == segment.when


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_starter_is_clean_as_far_as_the_linter_knows_without_a_list(name):
    segment = EXAMPLES[name]
    used = [each for node in NODES.values() for _, part in walk(node) for each in part.references()]
    stated = {"score": "score:", "cluster": "cluster:", "trait": ""}
    names = [
        *((each.name, "") for each in used if each.kind == "event"),
        *((each.event, each.name) for each in used if each.kind == "property"),
        *(("", stated[each.kind] + each.name) for each in used if each.kind in stated),
    ]
    subject = Subject(name, segment.when, segment, f"{name}.yaml", to_yaml(segment))
    assert lint(Scene((subject,), Catalog.of(names, NODES), Figures(NOW))) == ()


def test_a_starter_lies_in_the_folder_of_its_type():
    folder = files("shoal.segments") / "starter"
    lying = {(kind.name, file.name) for kind in folder.iterdir() for file in kind.iterdir()}
    everything = [*library().segments.values(), *library().templates.values()]
    assert lying == {(each.type, f"{each.name}.yaml") for each in everything}
    assert {each.type for each in starters().values()} == set(TYPES)


def test_the_scores_that_starters_ask_for_are_told():
    asked = {name for each in starters().values() for name in predicted(each.when)}
    assert asked == set(PREDICTED)
    assert [each.name for each in starters().values() if "first" in each.tags] == [
        *("engaged-not-purchased", "high-intent-non-converters", "at-risk-customers"),
    ]


HOSTILE = ('"', 'a" or country is "US', "\\", "{category}", "} {", "'; DROP TABLE events", "ü ☕", "%", "a\\nb")


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_a_value_and_no_part_of_the_sentence(value):
    made = starter("category-browsers", {"category": value})
    (leaf, *_) = [part for _, part in walk(made.when) if not part.children()]
    assert leaf.to_data()["where"] == [{"property": "category", "is": value}]
    assert read_segment(to_yaml(made), "a.yaml") == made


@pytest.mark.parametrize(
    ("name", "values", "code"),
    [
        ("category-browsers", {}, "incomplete_segment"),
        ("category-browsers", {"category": " "}, "incomplete_segment"),
        ("category-browsers", {"category": "a\nb"}, "bad_value"),
        ("category-browsers", {"category": "a" * 201}, "bad_value"),
        ("category-browsers", {"catgory": "a"}, "unknown_parameter"),
        ("repeat-buyers", {"category": "a"}, "unknown_parameter"),
        ("category-browser", {"category": "a"}, "unknown_starter"),
        ("seasonal-buyers", {"start": "2025-11-15", "until": "2025-12-25"}, "incomplete_segment"),
        ("seasonal-buyers", {"start": "soon", "until": "2025-12-25", "quiet": "60d"}, "bad_value"),
        ("seasonal-buyers", {"start": "2025-11-15", "until": "2025-12-25", "quiet": "60 moons"}, "bad_value"),
        ("seasonal-buyers", {"start": "2025-12-25", "until": "2025-11-15", "quiet": "60d"}, "bad_window"),
        ("ltv-tier", {"percent": "20 % by number of orders"}, "bad_value"),
        ("ltv-tier", {"percent": "200"}, "bad_value"),
    ],
)
def test_a_template_that_is_not_filled_is_no_segment(name, values, code):
    with pytest.raises(UserError) as caught:
        starter(name, values)
    assert caught.value.code == code
    assert caught.value.fix


def test_names_of_filled_templates():
    assert starter("category-cross-sell", {"bought": "Trail & Road", "offered": "Socks"}).name == (
        "category-cross-sell-trail-road-to-socks"
    )
    assert starter("category-browsers", {"category": "靴"}).name == "category-browsers"
    assert starter("category-browsers", {"category": "a"}, "mine").name == "mine"
    assert starter("repeat-buyers", rename="regulars").name == "regulars"


def test_the_page_has_every_starter_with_its_sentence():
    page = PAGE_OF_STARTERS.read_text(encoding="utf-8").replace("\\|", "|")
    for each in starters().values():
        assert f"| `{each.name}` | `{english(each.when)}` |" in page
    for each in templates().values():
        assert f"| `{each.name}` | `{each.when}` |" in page
    for name, told in PREDICTED.items():
        assert f"| `{name}` | {told} |" in page
    assert f"{len(starters())} segments and {len(templates())} templates" in page
