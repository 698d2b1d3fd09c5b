"""The web app as somebody uses it: in a browser, on a real server."""

from __future__ import annotations

import contextlib
import json
import re
import time

import httpx

from shoal.ui.parts import people

SENTENCE = 'did "Product Viewed" at least 3 times in the last 7 days and not did "Order Completed" in the last 30 days'


def choose(page, token, label: str) -> None:
    """Click a word, then one of what may stand there."""
    token.click()
    page.locator(f'.picker [data-choice="{label}"]').first.click()
    page.locator(".picker").wait_for(state="detached")


def add(page, label: str) -> None:
    """Add a condition to the first group."""
    choose(page, page.get_by_role("button", name="+ Add condition").last, label)


def row(page, number: int):
    return page.locator(".cond").nth(number)


def word(page, number: int, words: str):
    return row(page, number).locator(".tok", has_text=re.compile(f"^{re.escape(words)}$"))


def count_of(page) -> int:
    """The number of the right column, once it is there."""
    page.wait_for_function("() => /^[0-9,]+$/.test(document.querySelector('[data-count]').innerText)")
    return int(page.locator("[data-count]").inner_text().replace(",", ""))


def followed(shop, name: str) -> None:
    """Wait until the server counts a segment all the time."""
    end = time.monotonic() + 20
    with httpx.Client(auth=(shop.key("read"), "")) as client:
        while client.get(f"{shop.url}/v1/segments/{name}").json()["size"] is None:
            assert time.monotonic() < end


def test_a_segment_is_built_by_clicks_saved_and_followed(look, shop):
    posted(shop, "first.looker@example.org", 3)  # so that there is one on any day
    while not json.loads(shop.cli("--json", "count", SENTENCE))["count"]:
        time.sleep(0.2)
    page = look("editor").page
    page.goto(f"{shop.url}/segments/new")
    add(page, "did something")
    choose(page, row(page, 0).locator("[data-token]").first, "Product Viewed")
    choose(page, row(page, 0).get_by_label("Say more"), "… times")
    choose(page, word(page, 0, "at least 2 times"), "at least 3 times")
    choose(page, row(page, 0).get_by_label("Say more"), "in a time")
    choose(page, word(page, 0, "in the last 30 days"), "in the last 7 days")
    add(page, "did not do something")
    choose(page, row(page, 1).locator("[data-token$='.0']"), "Order Completed")
    text = page.get_by_label("Write the sentence here")
    page.wait_for_function("(words) => document.querySelector('textarea').value === words", arg=SENTENCE)
    assert text.input_value() == SENTENCE
    expected = json.loads(shop.cli("--json", "count", SENTENCE))
    page.locator(".cond .chip", has_text="keeps").nth(1).wait_for()
    assert count_of(page) == expected["count"] > 0
    kept = [one["kept"] for one in expected["conditions"] if one["kept"] is not None]
    assert page.locator(".cond .chip").all_inner_texts() == [f"keeps {number:,}" for number in kept]

    page.get_by_label("Name, such as Lookers").fill("Lookers")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(f"{shop.url}/segments/lookers")
    size = page.locator("[data-size=lookers]")
    assert size.inner_text() == people(expected["count"])
    page.locator("[data-members] tbody tr").nth(0).wait_for()
    followed(shop, "lookers")
    posted(shop, "new.looker@example.org", 3)
    begun = time.monotonic()
    page.get_by_role("link", name="new.looker@example.org").wait_for(timeout=10_000)
    assert time.monotonic() - begun < 2
    assert size.inner_text() == people(expected["count"] + 1)


def posted(shop, address: str, times: int) -> None:
    """So many views of a product, over the API."""
    batch = [
        {"type": "track", "event": "Product Viewed", "userId": address, "properties": {"product_id": f"p{number}"}}
        for number in range(times)
    ]
    person = {"type": "identify", "userId": address, "traits": {"email": address}}
    answer = httpx.post(f"{shop.url}/v1/batch", json={"batch": [person, *batch]}, auth=(shop.key(), ""))
    assert answer.status_code == 200


def test_text_and_rows_edit_the_same(look, shop):
    page = look("editor").page
    page.goto(f"{shop.url}/segments/new")
    text = page.get_by_label("Write the sentence here")
    text.fill('country is "DE" and (did "Order Completed" or did "Product Viewed" at least 2 times)')
    page.locator(".group .group .cond").nth(1).wait_for()
    assert page.locator(".cond").count() == 3
    count_of(page)
    text.fill("country is")
    page.locator("[role=alert] .told", has_text="1:").wait_for()
    text.fill('did "Prodct Viewed"')
    page.locator(".told", has_text="Did you mean 'Product Viewed'").wait_for()
    choose(page, word(page, 0, "Prodct Viewed"), "Product Viewed")
    page.wait_for_function("() => document.querySelector('textarea').value === 'did \"Product Viewed\"'")
    count_of(page)


def test_the_number_of_a_draft_follows_events(look, shop):
    page = look("editor").page
    followed(shop, "viewers")
    page.goto(f"{shop.url}/segments/new")
    page.get_by_label("Write the sentence here").fill('did "Product Viewed"')
    before = count_of(page)
    posted(shop, "another.looker@example.org", 1)
    page.wait_for_function(
        "(number) => document.querySelector('[data-count]').innerText.replace(',', '') === number", arg=str(before + 1)
    )


def test_a_word_is_changed_with_the_keyboard_alone(look, shop):
    page = look("editor").page
    page.goto(f"{shop.url}/segments/new")
    page.get_by_label("Write the sentence here").fill('did "Product Viewed" at least 2 times')
    count_of(page)
    token = word(page, 0, "at least 2 times")
    token.focus()
    page.keyboard.press("Enter")
    page.locator(".picker input:focus").wait_for()
    page.keyboard.type("7")
    page.locator('.picker [data-choice="at least 7 times"]').wait_for()
    page.keyboard.press("Enter")
    word(page, 0, "at least 7 times").wait_for()
    page.locator(".tok:focus", has_text="at least 7 times").wait_for()


def test_groups_nest_and_turn(look, shop):
    page = look("editor").page
    page.goto(f"{shop.url}/segments/new")
    page.get_by_label("Write the sentence here").fill('country is "DE" and did "Order Completed"')
    count_of(page)
    choose(page, row(page, 1).get_by_label("More", exact=True), "Put it in a group")
    page.locator(".group .group").wait_for()
    choose(page, page.locator(".group .group").get_by_role("button", name="+ Add condition"), "did something")
    choose(page, page.locator(".group .group .tok", has_text=re.compile("^any$")), "none: none of these holds")
    choose(page, row(page, 0).get_by_label("More", exact=True), "Say the opposite")
    page.wait_for_function("() => document.querySelector('textarea').value.startsWith('not country')")
    said = page.get_by_label("Write the sentence here").input_value()
    assert said.startswith('not country is "DE" and none of (did "Order Completed", did "')


def test_signing_in_and_out(look, shop):
    page = look("").page
    page.goto(f"{shop.url}/segments?page=1")
    page.wait_for_url(f"{shop.url}/sign-in?to=/segments%3Fpage%3D1")
    page.get_by_label("Name").fill("viewer")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").get_by_text("Name and password don't fit together.").wait_for()
    page.get_by_label("Password").fill("four words are enough")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{shop.url}/segments?page=1")
    page.get_by_role("heading", name="Segments").wait_for()
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url(f"{shop.url}/sign-in")
    page.goto(f"{shop.url}/segments")
    page.wait_for_url(f"{shop.url}/sign-in?to=/segments")


def test_a_page_whose_user_lost_the_role_does_nothing_more(look, shop):
    shop.cli("user", "create", "leaving", "--role", "editor")
    password = json.loads(shop.cli("--json", "user", "password", "leaving"))["password"]
    page = look("").page
    page.goto(f"{shop.url}/sign-in?to=/segments/new")
    page.get_by_label("Name").fill("leaving")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="New segment").wait_for()
    shop.cli("user", "role", "leaving", "viewer")
    with contextlib.suppress(Exception):  # the page may have left by itself: its answers to the server are asked, too
        page.get_by_role("button", name="+ Add group").click(timeout=2_000)
    page.wait_for_url(f"{shop.url}/sign-in")


def test_the_overview_says_how_things_stand_and_what_to_do(look, shop):
    page = look("viewer").page
    page.goto(f"{shop.url}/")
    page.locator(".behind", has_text="behind").wait_for()
    page.locator(".next .said").wait_for()
    assert page.locator("table.t tbody tr").count() >= 2
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url(f"{shop.url}/segments")
    page.get_by_role("heading", name="Segments").wait_for()
    page.keyboard.press("/")
    page.locator("input[type=search]:focus").wait_for()
    page.keyboard.type("cart")
    page.locator("main .sub", has_text="1 segment found").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{shop.url}/segments/cart-abandoners")


def test_one_segment_explains_and_shows_the_past(look, shop):
    page = look("editor").page
    page.goto(f"{shop.url}/segments/viewers")
    page.locator("[data-members] tbody tr a").first.wait_for()
    somebody = page.locator("[data-members] tbody tr a").first.inner_text()
    page.get_by_label("Address or id").fill(somebody)
    page.get_by_role("button", name="Explain").click()
    page.locator(".why li.yes").first.wait_for()
    assert page.locator(".said", has_text="In ").first.inner_text().startswith("In ")
    page.get_by_label("Address or id").fill("nobody@example.org")
    page.get_by_label("Address or id").press("Enter")
    page.locator(".notice.error", has_text="Nobody is known").wait_for()
    page.goto(f"{shop.url}/segments/viewers?as_of=2026-01-01")
    page.locator(".notice", has_text="as of 1 January 2026").wait_for()
    page.get_by_text("Nobody was in it then.").wait_for()


def test_pages_fit_a_phone_and_are_dark_where_that_is_asked_for(look, shop):
    page = look("editor", width=390, height=844, scheme="dark").page
    for path in ("/", "/segments", "/segments/cart-abandoners", "/segments/cart-abandoners/edit"):
        page.goto(f"{shop.url}{path}")
        page.locator("h1").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == "rgb(10, 17, 32)"
    page.get_by_role("button", name="Light or dark").last.click()
    page.wait_for_function("() => getComputedStyle(document.body).backgroundColor === 'rgb(246, 248, 251)'")


def test_a_segment_that_asks_for_what_nobody_did_is_shown_with_what_to_mend(look, shop):
    page = look("editor").page
    page.goto(f"{shop.url}/segments/signers")
    page.locator("[data-size=signers]", has_text="0 people").wait_for()
    page.locator(".finding", has_text="There is no event").wait_for()
    page.get_by_role("link", name="Mend it in the builder").click()
    page.wait_for_url(f"{shop.url}/segments/signers/edit")
    page.locator(".told", has_text="There is no event").wait_for()


def test_a_version_is_brought_back(look, shop):
    page = look("editor").page
    page.goto(f"{shop.url}/segments/cart-abandoners/edit")
    page.get_by_label("Write the sentence here").fill('did "Product Added" in the last 3 days')
    count_of(page)
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(f"{shop.url}/segments/cart-abandoners")
    page.get_by_role("button", name="Bring back").click()
    page.locator(".version .chip.now", has_text="3").wait_for()
    assert "without" in page.locator("main .sub").first.inner_text()
