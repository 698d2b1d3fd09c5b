"""Health of each source: what arrives now, by the journal; how complete and recent it is, by the last audit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from shoal.flow.arrivals import Arrivals, Arrived
from shoal.flow.latest_audit import Progress
from shoal.measurement.audit import SourceAudit
from shoal.measurement.wording import length, listing, many, percent
from shoal.ui.parts import ago, command, day_and_time, element, empty, link, spark, text, tile
from shoal.ui.watched import progress_words

DAYS = 30
REASONS = 5


def health(came: Arrived, audits: Progress) -> None:
    """A row for each source; its numbers have their times above and beside them."""
    audited = {} if audits.audit is None else {each.name: each for each in audits.audit.sources}
    names = sorted({*came.sources, *audited})
    if not names:
        _nothing()
        return
    with tile("stack"):
        text("h2", f"Health, {many(len(names), 'source')}")
        with element("div", "scroll"), element("table", "t", **{"data-sources": "1"}):
            with element("thead"), element("tr"):
                text("th", "Source")
                text("th", "Events a day", "wide", title=f"{DAYS} days, by UTC day")
                text("th", "Last hour", "num wide", title=f"Records that arrived since {day_and_time(came.since)}")
                text("th", "Last arrival", "num")
                text("th", "Behind", "num wide")
                text("th", "Refused", "num wide")
            with element("tbody"):
                for name in names:
                    _row(name, came.sources.get(name), audited.get(name), audits)
        text("p", _when(came, audits), "d")


def _row(name: str, came: Arrivals | None, audited: SourceAudit | None, audits: Progress) -> None:
    with element("tr", **{"data-source": name}):
        with element("td"):
            text("span", name).style("font-weight: 600; overflow-wrap: anywhere")
            if audited is not None:
                tone = "d watch" if audited.freshness.stale or audited.score < _LOW else "d"
                text("div", _state(audited), tone)
            if came is not None and came.reasons:
                _reasons(came.reasons)
        with element("td", "wide"):
            _daily(audited, audits)
        text("td", "–" if came is None else f"{came.lately:,}", "num wide", **{"data-lately": name})
        last = None if came is None else came.last_at
        text("td", "–" if last is None else ago(last), "num", title="" if last is None else day_and_time(last))
        behind = "–" if audited is None else length(audited.freshness.behind) if audited.freshness.behind else "newest"
        text("td", behind, "num wide")
        text("td", _refused(came), "num wide")


_LOW = 70  # a score below this is marked
_ROUND = 10  # a mean from this on is told without a fraction


def _state(found: SourceAudit) -> str:
    fresh = found.freshness
    usual = "" if fresh.usual_gap is None else f", usually quiet for {many(round(fresh.usual_gap), 'day')} at most"
    stale = f"behind by {length(fresh.behind)}{usual}" if fresh.stale else f"fresh{usual}"
    lag = "" if fresh.lag_p90 is None or fresh.of_people else f"; 9 of 10 events arrived within {length(fresh.lag_p90)}"
    return f"{found.score:.0f} of 100, {stale}{lag}"


def _reasons(reasons: Mapping[str, int]) -> None:
    said = [f"{reason.replace('_', ' ')} {rows:,}" for reason, rows in reasons.items()]
    text("div", f"refused or skipped rows: {listing(said, REASONS)}", "d")


def _daily(found: SourceAudit | None, audits: Progress) -> None:
    if found is None or audits.audit is None or not found.daily:
        text("span", "–", "d")
        return
    until = dt.datetime.fromtimestamp(audits.audit.as_of / 1_000, dt.UTC).date()
    by_day = dict(found.daily)
    values = [by_day.get(until - dt.timedelta(days=back), 0) for back in range(DAYS, 0, -1)]  # today is not over
    with element("div", "row").style("gap: 8px; flex-wrap: nowrap; --coral: var(--sea)"):
        label = f"{sum(values):,} events in the {DAYS} days before the audit, {max(values):,} on the busiest"
        spark(values, label)
        mean = sum(values) / DAYS
        text("span", f"{mean:,.0f}" if mean >= _ROUND else f"{mean:.1f}", "d", title=f"{label}; the mean of a day")


def _refused(came: Arrivals | None) -> str:
    if came is None or not came.rows_read:
        return "–"
    return f"{came.rows_rejected:,} of {many(came.rows_read, 'row')}, {percent(came.rows_rejected / came.rows_read)}"


def _when(came: Arrived, audits: Progress) -> str:
    now = f"Arrivals as of {day_and_time(came.at)}."
    if audits.audit is not None:
        return f"{now} Events a day, score and freshness as of the audit of {day_and_time(audits.audit.as_of)}."
    return f"{now} {progress_words(audits) or 'Events a day and freshness are known after an audit.'}"


def _nothing() -> None:
    with empty("Nothing has come in yet", "Each source is listed here with how much it brings and how fresh that is."):
        link("Make a key and send events", "#keys", "button primary")
        text("p", "Or stop the server, and bring in your files, or a shop to try things on:", "sub")
        command("shoal import FOLDER")
        command("shoal demo")
