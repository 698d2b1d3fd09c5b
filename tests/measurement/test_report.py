"""The report page: what it computes, what it shows, that it stands alone."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest

from shoal.core.time import Instant
from shoal.measurement.audit import Audit, audit
from shoal.measurement.report import Overlap, Overview, SegmentSummary, Step, audit_page, overview, page
from shoal.measurement.report.benchmarks import CLICK, UNSUBSCRIBE
from shoal.measurement.report.families import FAMILIES, family
from shoal.measurement.report.headlines import remarks
from shoal.measurement.report.markup import Markup, embedded, tag
from shoal.measurement.report.next_step import next_step
from shoal.measurement.report.parts import trend
from shoal.measurement.wording import day_of
from shoal.segments import parse
from shoal.segments import sql as segments

DAY = 86_400_000
VOID = {"meta", "br", "hr"}
SEGMENTS = (
    SegmentSummary(
        "high-intent",
        "High-intent <non-converters>",
        'did "Page Viewed" where path starts with "/pricing" in the last 7 days and not did "Order Completed"',
        87,
        87 / 400,
        goal="Turn interest into first orders",
        size_low=50,
        size_high=500,
        content={"next_action": "Try a pair at home", "proof": "Reviews & photos"},
        steps=(Step('did "Page Viewed" where path starts with "/pricing"', 140), Step('not did "Order Completed"', 87)),
        series=tuple((Instant(DAY * (20_000 + day)), 60 + day) for day in range(30)),
    ),
    SegmentSummary("nobody", "Nobody", 'did "Nothing"', 0, 0.0, size_low=20, size_high=200),
)
OVERLAPS = (Overlap("high-intent", "nobody", 0),)


class Reader(HTMLParser):
    """Checks that elements nest, and collects ids, links and loaded addresses."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.headings: list[str] = []
        self.tables = self.captions = 0

    def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.ids += [told["id"]] if told.get("id") else []
        self.loads += [value for key, value in attrs if key in {"src", "data", "action", "poster"} and value]
        if name == "a":
            self.links.append(told["href"] or "")
        elif told.get("href"):
            self.loads.append(told["href"] or "")
        self.headings += [name] if re.fullmatch("h[1-6]", name) else []
        self.tables += name == "table"
        self.captions += name == "caption"
        if name not in VOID:
            self.open.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def seen(shop_duck: duckdb.DuckDBPyConnection, now: Instant) -> Overview:
    return overview(shop_duck, now, "Europe/Paris")


@pytest.fixture(scope="module")
def found(shop_duck: duckdb.DuckDBPyConnection, now: Instant) -> Audit:
    return audit(shop_duck, now)


@pytest.fixture(scope="module")
def html(seen: Overview, found: Audit) -> str:
    return page(seen, found, SEGMENTS, OVERLAPS, title="Ridge & Trail")


def test_overview_agrees_with_plain_counts(seen: Overview, shop_duck: duckdb.DuckDBPyConnection, now: Instant) -> None:
    def one(sql: str, *values: Any) -> Any:
        return shop_duck.execute(sql, list(values)).fetchall()[0][0]

    assert seen.events == one("SELECT count(*) FROM events") == sum(n for days in seen.daily for _, n in days.days)
    assert (seen.people, seen.identified) == (450, 400)
    assert seen.compared_events.recent == one('SELECT count(*) FROM events WHERE "at" > epoch_ms(?)', now - 30 * DAY)
    assert seen.with_email == 400
    assert 0 < seen.reachable < 400
    assert seen.reachable == len(segments.members(shop_duck, parse("can receive email marketing"), now))
    assert sum(count for _, count in seen.countries) + seen.no_country == 400
    assert seen.orders is not None
    assert seen.orders.orders == one("SELECT count(*) FROM events WHERE name = 'Order Completed'")
    assert seen.orders.revenue == pytest.approx(sum(week.revenue for week in seen.orders.weeks))
    assert sum(week.orders for week in seen.orders.weeks) == seen.orders.orders


def test_funnel_counts_messages_and_leaves_marked_machines_out(empty_shop: Any, now: Instant) -> None:
    empty_shop.people = {1: ("email",), 2: ("email",)}
    at = now - DAY
    for who in (1, 2):
        empty_shop.event(who, at, "Email Delivered", "mail", campaign_id="c1")
    empty_shop.event(1, at + 1, "Email Opened", "mail", campaign_id="c1")
    empty_shop.event(1, at + 2, "Email Opened", "mail", campaign_id="c1")
    empty_shop.event(2, at + 1, "Email Opened", "mail", campaign_id="c1", machine=True)
    empty_shop.event(1, at + 9, "Email Link Clicked", "mail", campaign_id="c1", link_url="/a")
    empty_shop.event(1, now - 31 * DAY, "Email Delivered", "mail", campaign_id="c0")
    funnel = overview(empty_shop.load(), now).funnel
    assert funnel is not None
    assert (funnel.delivered, funnel.opened, funnel.clicked, funnel.machine_opened) == (2, 1, 1, 1)


def test_the_first_instant_of_the_calendar_is_a_day_everywhere(empty_shop: Any, now: Instant) -> None:
    """The empty date of .NET; in New York it is still the year before."""
    first = Instant(-62_135_596_800_000)
    assert day_of(first, "America/New_York") == "1 Jan 1"
    assert day_of(Instant(253_402_300_799_999), "Asia/Tokyo") == "31 Dec 9999"
    for at in (first, now - 1):
        empty_shop.event(1, at, "Order Completed", "orders", total=5.0, currency="USD")
    found = overview(empty_shop.load(), now, "America/New_York")
    assert found.daily[0].days[0] == (dt.date.min, 1)
    assert found.orders is not None
    assert found.orders.weeks[0].monday == dt.date.min


def test_days_are_those_of_the_zone(empty_shop: Any, now: Instant) -> None:
    empty_shop.people = {1: ("email",)}
    empty_shop.event(1, now - 30 * 60_000, "Page Viewed")  # 23:30 UTC on 30 April
    duck = empty_shop.load()
    days = [overview(duck, now, zone).daily[0].days[0][0].isoformat() for zone in ("UTC", "Europe/Paris")]
    assert days == ["2026-04-30", "2026-05-01"]


def test_page_is_well_formed_and_loads_nothing(html: str) -> None:
    reader = read(html)
    assert reader.loads == []
    assert all(link.startswith("#") for link in reader.links)
    assert {link[1:] for link in reader.links} <= set(reader.ids)
    assert len(reader.ids) == len(set(reader.ids))
    assert reader.tables == reader.captions > 0
    assert reader.headings.count("h1") == 1
    assert "url(" not in re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)


def test_page_escapes_and_names_nobody(html: str) -> None:
    shown = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert "High-intent &lt;non-converters&gt;" in shown
    assert "<non-converters>" not in shown
    assert "Ridge &amp; Trail" in shown
    assert not re.search(r"[\w.+-]+@[\w-]+\.\w+", shown)
    assert "Person1" not in shown


def test_page_shows_what_it_is_given(html: str) -> None:
    for expected in ("Next step", "How the conditions narrow it down", "keeps 62 %", "within 50–500", "below 20"):
        assert expected in html
    for expected in ("Activity by day", "Events by source and day", "Completeness by source", "What to mend"):
        assert expected in html


def test_an_empty_list_has_a_page_that_says_what_will_be_there(empty_shop: Any, now: Instant) -> None:
    duck = empty_shop.load()
    html = page(overview(duck, now), audit(duck, now))
    read(html)
    for expected in ("There are no segments yet", "There are no events yet", "There is no data yet"):
        assert expected in html


def test_the_audit_has_a_page_of_its_own(found: Audit) -> None:
    html = audit_page(found)
    assert read(html).loads == []
    assert found.sources[0].name in html


def test_refused_mail_comes_before_any_segment(seen: Overview, found: Audit) -> None:
    step = next_step(seen, found, SEGMENTS)
    assert step is not None
    assert step.title == "Stop mail to people who refused it"
    told = [remark.text for remark in remarks(seen, found, SEGMENTS, OVERLAPS)]
    assert any("Nobody is in" in text for text in told)


def test_markup_escapes_text_and_attributes() -> None:
    assert tag("p", "<b>", Markup("<i></i>"), title='"x"') == '<p title="&quot;x&quot;">&lt;b&gt;<i></i></p>'
    assert "</script><" not in embedded({"x": "</script><script>"})[:-9]


@pytest.mark.parametrize("values", [(), (3,)])
def test_a_trend_needs_two_points(values: tuple[int, ...]) -> None:
    assert trend(values, "size") == ""


def test_benchmarks_know_their_right_side() -> None:
    assert [CLICK.tone(share) for share in (0.06, 0.045, 0.01)] == ["good", "watch", "attention"]
    assert [UNSUBSCRIBE.tone(share) for share in (0.001, 0.0025, 0.01)] == ["good", "watch", "attention"]


def test_every_canonical_event_has_a_family() -> None:
    from shoal.ingest.events import NAMES

    assert {family(name) for name in NAMES} <= set(FAMILIES)


BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium on this machine")
@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_draws_it_without_complaint(html: str, tmp_path: Path, width: int) -> None:
    (tmp_path / "report.html").write_text(html, encoding="utf-8")
    frame = f'<body style="margin:0"><iframe src="report.html" style="width:{width}px;height:900px"></iframe></body>'
    (tmp_path / "frame.html").write_text(frame, encoding="utf-8")
    log, dom = _visit(tmp_path, "report.html")
    assert "CONSOLE" not in log
    assert dom.count('class="main-svg"') >= 3
    picture, _ = _visit(tmp_path, "frame.html", f"--screenshot={tmp_path / 'page.png'}")
    assert "CONSOLE" not in picture
    assert (tmp_path / "page.png").stat().st_size > 10_000


def _visit(folder: Path, name: str, *more: str) -> tuple[str, str]:
    """What the browser logs and the page it ends with."""
    flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr")
    command = [str(BROWSER), *flags, f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=3000"]
    command += [*(more or ("--dump-dom",)), (folder / name).as_uri()]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return ran.stderr, ran.stdout
