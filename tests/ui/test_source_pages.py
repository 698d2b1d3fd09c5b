"""Sources and the audit: in a browser, on a real server."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from shoal.flow.destinations import create_destination
from shoal.flow.home import open_home


def sent(shop, *calls: dict[str, object]) -> int:
    """Hand calls in over the API, with a key of the source `web`; how many were refused."""
    answer = httpx.post(f"{shop.url}/v1/batch", json={"batch": list(calls)}, auth=(shop.key(), ""))
    assert answer.status_code == 200
    return len(answer.json().get("refused", ()))


@pytest.fixture
def letters(shop):
    """Two dead letters; what is left of all is discarded at the end."""
    assert sent(shop, {"type": "track", "event": "Lost"}, {"type": "tack", "userId": "ana"}) == 2
    yield [each["id"] for each in json.loads(shop.cli("--json", "letters", "list"))]
    left = [str(each["id"]) for each in json.loads(shop.cli("--json", "letters", "list"))]
    if left:
        shop.cli("letters", "discard", *left)


def test_each_source_has_its_health_with_times(look, shop):
    page = look("viewer").page
    page.goto(f"{shop.url}/")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.get_by_role("heading", name="Sources", exact=True).wait_for()
    row = page.locator("[data-source=klaviyo_events]")
    row.get_by_text("of 100").wait_for()
    said = json.loads(shop.cli("--json", "audit"))
    audited = next(each for each in said["sources"] if each["name"] == "klaviyo_events")
    assert f"{audited['score']:.0f} of 100" in row.inner_text()
    assert f"of {audited['rows_read']:,} rows" in row.inner_text()
    assert row.locator("svg.spark").get_attribute("aria-label").endswith("on the busiest")
    page.get_by_text(re.compile(r"Arrivals as of .* UTC.* as of the audit of .* UTC")).wait_for()


def test_what_arrives_is_counted_while_the_page_is_open(look, shop):
    sent(shop, {"type": "track", "event": "Ping", "userId": "pinger"})
    page = look("viewer").page
    page.goto(f"{shop.url}/sources")
    cell = page.locator("[data-lately=web]")
    before = int(cell.inner_text().replace(",", ""))
    sent(shop, *({"type": "track", "event": "Ping", "userId": "pinger"} for _ in range(7)))
    page.wait_for_function(
        "(least) => +document.querySelector('[data-lately=web]').innerText.replace(',', '') >= least", arg=before + 7
    )


def test_dead_letters_are_looked_at_replayed_and_discarded_by_an_admin(look, shop, letters):
    page = look("admin").page
    page.goto(f"{shop.url}/sources")
    first, second = (page.locator(f"[data-letter='{number}']") for number in letters[-2:])
    first.get_by_text("What came").click()
    first.locator("pre", has_text='"event":"Lost"').wait_for()
    first.get_by_role("button", name=f"Replay {letters[-2]}").click()
    page.get_by_text("0 taken, 1 still can't be.").wait_for()
    second.get_by_role("button", name=f"Discard {letters[-1]}").click()
    second.get_by_role("button", name="Leave it").click()
    second.get_by_role("button", name=f"Discard {letters[-1]}").click()
    second.get_by_role("button", name="Discard it").click()
    page.get_by_text("1 letter discarded.").wait_for()
    assert second.count() == 0
    assert letters[-1] not in [each["id"] for each in json.loads(shop.cli("--json", "letters", "list"))]


def test_many_letters_are_paged(look, shop, letters):
    assert sent(shop, *({"type": "tack", "userId": f"u{number}"} for number in range(12))) == 12
    page = look("viewer").page
    page.goto(f"{shop.url}/sources")
    shown = page.locator("[data-letter]")
    shown.nth(9).wait_for()
    assert shown.count() == 10
    page.get_by_role("navigation", name="Pages of the dead letters").get_by_role("button", name="Next").click()
    page.get_by_text("Page 2").wait_for()
    assert shown.count() == 4


def test_a_viewer_may_look_and_change_nothing(look, shop, letters):
    page = look("viewer").page
    page.goto(f"{shop.url}/sources")
    page.locator(f"[data-letter='{letters[-1]}']").wait_for()
    for name in ("Replay", "Discard", "Make a key", "Revoke", "Take a vendor's webhook", "Pause", "Resume"):
        assert page.get_by_role("button", name=name).count() == 0, name
        assert page.locator("summary", has_text=name).count() == 0, name


def test_a_key_is_made_shown_once_put_into_the_script_and_revoked(look, shop):
    page = look("admin").page
    page.goto(f"{shop.url}/sources")
    page.locator("summary", has_text="Make a key").click()
    page.get_by_label("Name, such as the program").fill("Blog")
    page.get_by_role("button", name="Make it").click()
    page.get_by_text("Keep it now: it is not shown again.").wait_for()
    key = page.locator("#keys [role=status] code").inner_text()
    assert re.fullmatch(r"shoal_[\w-]{43}", key)
    line = f'<script async src="{shop.url}/v1/shoal.js" data-write-key="{key}"></script>'
    page.locator("code", has_text=line).wait_for()
    answer = httpx.post(f"{shop.url}/v1/track", json={"event": "Ping", "userId": "b"}, auth=(key, ""))
    assert answer.status_code == 200
    page.reload()
    page.locator("code", has_text="YOUR-WRITE-KEY").wait_for()
    assert key not in page.content()
    page.get_by_label("Script with key Blog").click()
    page.locator("code", has_text=f'data-write-key="{key[:12]}…"').wait_for()
    page.get_by_label("Revoke Blog").click()
    page.get_by_role("button", name="Revoke it").click()
    page.locator("[data-key]", has_text="Blog").get_by_text("revoked", exact=True).wait_for()


def test_a_mistake_in_a_form_is_told_with_its_fix(look, shop):
    page = look("admin").page
    page.goto(f"{shop.url}/sources")
    page.locator("summary", has_text="Make a key").click()
    page.get_by_role("button", name="Make it").click()
    page.locator(".q-notification", has_text="A key needs a name and a source. Give both.").wait_for()


def test_a_webhook_is_taken_with_the_address_to_paste_and_ended(look, shop):
    page = look("admin").page
    page.goto(f"{shop.url}/sources")
    page.locator("summary", has_text="Take a vendor's webhook").click()
    page.get_by_label("Vendor", exact=True).select_option("stripe")
    page.get_by_text("the secret is the signing secret of the endpoint").wait_for()
    page.get_by_label("Vendor", exact=True).select_option("mailchimp")
    page.get_by_text("in the place of SECRET").first.wait_for()
    page.get_by_role("button", name="Take it").click()
    page.get_by_text("This is the secret.").wait_for()
    secret = page.locator("#webhooks [role=status] code").first.inner_text()
    page.locator("code", has_text=f"{shop.url}/v1/webhooks/mailchimp?secret={secret}").wait_for()
    row = page.locator("[data-webhook=mailchimp]")
    assert row.locator("code").inner_text() == f"{shop.url}/v1/webhooks/mailchimp?secret=SECRET"
    assert httpx.get(f"{shop.url}/v1/webhooks/mailchimp?secret={secret}").status_code < 500
    row.get_by_role("button", name="Revoke").click()
    row.get_by_role("button", name="Revoke it").click()
    row.get_by_text("ended").wait_for()


def test_a_destination_is_paused_and_resumed(look, shop):
    opened = open_home(shop.home)
    create_destination(opened, "crm", "webhook", {"url": "https://crm.example.org/in"})
    opened.database.close()
    page = look("admin").page
    page.goto(f"{shop.url}/sources")
    row = page.locator("[data-destination=crm]")
    row.get_by_role("button", name="Pause crm").click()
    row.get_by_role("button", name="Pause it").click()
    row.get_by_text("paused", exact=True).wait_for()
    row.get_by_role("button", name="Resume crm").click()
    row.get_by_text("active", exact=True).wait_for()
    shop.cli("destination", "remove", "crm")


def test_the_audit_agrees_with_the_command_line_and_is_made_anew(look, shop):
    page = look("viewer").page
    page.goto(f"{shop.url}/audit")
    page.locator("[data-dimension=completeness] .finding").first.wait_for()
    made = page.locator("main [role=status]")
    before = made.inner_text()
    page.wait_for_timeout(1_000)
    page.get_by_role("button", name="Look again").click()
    page.get_by_text("Reading the whole history").wait_for()
    page.get_by_role("button", name="Look again").wait_for()
    said = json.loads(shop.cli("--json", "audit"))
    page.locator(".tile .v", has_text=f"{said['score']:.0f} of 100").wait_for()
    assert re.fullmatch(r"As of .* UTC, made in .*", made.inner_text())
    assert before
    assert page.locator("[data-source]").count() == len(said["sources"])
    shown = page.locator(".finding").count()
    assert shown == len(said["findings"])
    stale = page.locator("[data-dimension=freshness] .finding").first
    assert stale.locator(".d").first.inner_text() in [each["fix"] for each in said["findings"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_they_fit_a_phone(look, shop, letters, scheme):
    page = look("admin", width=390, height=844, scheme=scheme).page
    for path in ("/sources", "/audit"):
        page.goto(f"{shop.url}{path}")
        page.locator("h2").first.wait_for()
        page.wait_for_timeout(500)
        for each in page.locator("summary").all():
            each.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
