"""Looking people up, and the page of one: in a browser, on a real server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import httpx
import pytest

from shoal.core.errors import UserError
from shoal.core.ids import subscriber_number, subscriber_text
from shoal.flow.asking import find
from shoal.flow.home import open_home
from shoal.flow.past import who
from shoal.flow.people import profile

ADDRESS = "tess.looker@example.org"


def told(shop, *calls: dict[str, object]) -> None:
    """Hand events in over the API."""
    answer = httpx.post(f"{shop.url}/v1/batch", json={"batch": list(calls)}, auth=(shop.key(), ""))
    assert answer.status_code == 200


def identify(user: str, at: str, **traits: object) -> dict[str, object]:
    return {"type": "identify", "userId": user, "timestamp": at, "traits": traits}


@pytest.fixture(scope="module")
def tess(shop) -> str:
    """Somebody with a past: two plans, 50 views, and a visitor who turned out to be her. Her id."""
    views = [
        {"type": "track", "event": "Product Viewed", "userId": "tess", "properties": {"product_id": f"p{number}"}}
        for number in range(50)
    ]
    visit = {"type": "page", "anonymousId": "tess-visit", "timestamp": "2026-01-01T10:00:00Z", "properties": {}}
    told(shop, visit, {"type": "track", "event": "Quiz Taken", "userId": "tess"}, *views)
    opened = open_home(shop.home)
    try:
        until(lambda: events_of(opened, "tess-visit") == 1 and events_of(opened, "tess") == 51)
        told(
            shop,
            identify("tess", "2026-01-02T10:00:00Z", email=ADDRESS, plan="trial"),
            identify("tess", "2026-03-02T10:00:00Z", plan="gold"),
            {"type": "identify", "anonymousId": "tess-visit", "userId": "tess", "traits": {}},
        )
        until(lambda: events_of(opened, ADDRESS) == 52)
        return subscriber_text(find(opened, ADDRESS))
    finally:
        opened.database.close()


def until(holds: Callable[[], bool]) -> None:
    """Wait for the engine."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "the engine did not take it in"
        time.sleep(0.05)


def events_of(opened, person: str) -> int:
    """How many events somebody has in the history; -1 while nobody is known by that."""
    try:
        return profile(opened, person, memberships=False).events
    except UserError:
        return -1


def test_somebody_is_found_by_a_part_and_by_the_whole_and_nothing_of_it_is_in_the_address(look, shop, tess):
    page = look("viewer").page
    page.goto(f"{shop.url}/")
    page.keyboard.press("g")
    page.keyboard.press("u")
    page.get_by_role("heading", name="Subscribers").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("TESS.look")
    page.locator("[data-people] a", has_text=ADDRESS).wait_for()
    assert page.url == f"{shop.url}/subscribers"
    page.keyboard.press("Enter")
    page.wait_for_url(f"{shop.url}/subscribers/{tess}")
    page.get_by_role("heading", name=ADDRESS).wait_for()
    assert ADDRESS not in page.title()


def test_what_is_not_found_and_what_is_too_short_is_said(look, shop, tess):
    page = look("viewer").page
    page.goto(f"{shop.url}/subscribers")
    field = page.locator("main input[type=search]")
    field.fill("zz")
    page.get_by_text("Type 3 characters or more").wait_for()
    field.fill("nobody-at-all")
    page.get_by_text("Nobody found").wait_for()
    field.fill("example")
    page.locator("[data-people] tbody tr").nth(24).wait_for()
    first = page.locator("[data-people] a").first.inner_text()
    page.get_by_role("button", name="Next").click()
    page.get_by_text("Page 2").wait_for()
    assert page.locator("[data-people] a").first.inner_text() != first
    page.get_by_role("button", name="Before").click()
    page.get_by_text("Page 1", exact=True).wait_for()
    field.fill(tess)
    page.get_by_text("Exactly this:").wait_for()


def test_the_page_of_somebody_agrees_with_the_command_line(look, shop, tess):
    said = json.loads(shop.cli("--json", "subscribers", "show", tess))
    page = look("viewer").page
    page.goto(f"{shop.url}/subscribers/{tess}")
    page.locator("[data-timeline]").wait_for()
    assert page.locator("h2", has_text="Timeline").inner_text() == f"Timeline, {said['events']:,} events"
    assert page.locator("[data-key]").count() == len(said["identities"])
    shown = page.locator("[data-standing]").evaluate_all("all => all.map(one => one.dataset.standing)")
    assert set(shown) <= set(said["segments"])
    assert "viewers" in shown
    plan = page.locator("[data-trait=plan]")
    assert "gold" in plan.inner_text()
    plan.get_by_text("1 earlier value").click()
    plan.get_by_text("trial: by web, 2 January 2026, 10:00:00 UTC").wait_for()


def test_a_segment_says_why_and_an_other_why_not(look, shop, tess):
    page = look("viewer").page
    page.goto(f"{shop.url}/subscribers/{tess}")
    row = page.locator("[data-standing=viewers]")
    row.get_by_role("button", name="Why").click()
    row.locator(".why li.yes").first.wait_for()
    assert row.locator(".said").inner_text().startswith("In Viewers")
    row.get_by_role("button", name="Why").click()
    row.locator(".why").wait_for(state="detached")
    page.get_by_label("Why in a segment, or not").select_option("cart-abandoners")
    page.locator(".why li.no").first.wait_for()


def test_the_timeline_is_paged_and_filtered_on_the_server(look, shop, tess):
    page = look("viewer").page
    page.goto(f"{shop.url}/subscribers/{tess}")
    rows = page.locator("[data-timeline] > div")
    rows.nth(19).wait_for()
    assert rows.count() == 20
    page.get_by_role("button", name="Older").click()
    page.get_by_text("Page 2").wait_for()
    page.get_by_label("Events of one name").select_option("Quiz Taken")
    page.wait_for_function("() => document.querySelectorAll('[data-timeline] > div').length === 1")
    page.wait_for_url(f"{shop.url}/subscribers/{tess}?event=Quiz+Taken")
    page.reload()
    page.wait_for_function("() => document.querySelectorAll('[data-timeline] > div').length === 1")


def test_a_membership_that_begins_is_there_without_reloading(look, shop):
    told(shop, identify("late", "2026-01-02T10:00:00Z", email="late.looker@example.org"))
    page = look("viewer").page
    page.goto(f"{shop.url}/subscribers")
    page.locator("main input[type=search]").fill("late.looker@example.org")
    page.locator("[data-people] a").click()
    page.locator("h2", has_text="Timeline").wait_for()
    assert page.locator("[data-standing=viewers]").count() == 0
    told(shop, {"type": "track", "event": "Product Viewed", "userId": "late", "properties": {"product_id": "p"}})
    page.locator("[data-standing=viewers]").wait_for(timeout=10_000)


@pytest.mark.parametrize("asked", ["nobody@example.org", "0000000000000001"])
def test_nobody_of_that_id(look, shop, asked):
    page = look("viewer").page
    page.goto(f"{shop.url}/subscribers/{asked}")
    page.locator(".notice.error").wait_for()
    page.get_by_role("link", name="Look somebody up").click()
    page.wait_for_url(f"{shop.url}/subscribers")


def test_a_subscriber_who_went_into_another_leads_there(look, shop, tess):
    opened = open_home(shop.home)
    number = subscriber_number(tess)
    assert number is not None
    known = who(opened, number)
    opened.database.close()
    assert known is not None
    other = next(key for key in known.keys if key.id != number)
    page = look("viewer").page
    page.goto(f"{shop.url}/subscribers/{other.id:016x}")
    page.get_by_role("link", name="Go there").click()
    page.wait_for_url(f"{shop.url}/subscribers/{tess}")
    page.locator("[data-merge]").first.wait_for()


def test_they_fit_a_phone(look, shop, tess):
    page = look("viewer", width=390, height=844, scheme="dark").page
    for path in ("/subscribers", f"/subscribers/{tess}"):
        page.goto(f"{shop.url}{path}")
        page.locator("h2, .empty").first.wait_for()
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
