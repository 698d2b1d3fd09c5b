"""The commands that an analysis proposes."""

from __future__ import annotations

import json
import re
from typing import Any

from shoal.core.time import Instant, format_instant, now

DAY = 86_400_000


def _lines(path: Any, *rows: dict[str, Any]) -> None:
    path.write_text("".join(json.dumps({"messageId": f"m{place}", **row}) + "\n" for place, row in enumerate(rows)))


def test_the_proposed_segment_is_the_one_most_can_be_mailed_in(shoal, tmp_path):
    today = now()
    rows: list[dict[str, Any]] = []
    for who in range(4):
        person = {"userId": f"u{who}", "timestamp": format_instant(Instant(today - (9 + who) * DAY))}
        rows.append({"type": "identify", "traits": {"email": f"p{who}@example.org"}, **person})
        event = "Order Completed" if who else "Page Viewed"
        rows.append({"type": "track", "event": event, "properties": {"total": 5}, **person})
    _lines(tmp_path / "events.jsonl", *rows)
    told = shoal("analyse", "events.jsonl").out
    assert re.search(r"segments ask for what this data lacks, most often '.*: `.*shoal starters` lists them", told)
    (name,) = re.findall(r"members (\S+) --as-of", told)
    listed = {each["name"]: each["members"] for each in _segments(shoal)}
    assert 0 in listed.values()
    assert listed[name] == max(size for size in listed.values() if size < 4) > 0


def _segments(shoal: Any) -> Any:
    return shoal("analyse", "events.jsonl", as_json=True).document["segments"]


def test_no_empty_segment_is_proposed(shoal, tmp_path):
    person = {"userId": "u1", "timestamp": "2026-01-01T00:00:00Z"}
    _lines(tmp_path / "events.jsonl", {"type": "track", "event": "Unheard Of", **person})
    told = shoal("analyse", "events.jsonl").out
    assert not any(each["members"] for each in _segments(shoal))
    assert "members " not in told.split("What you can do next:")[1]


def test_what_is_proposed_repeats_the_numbers_of_the_report(shoal, tmp_path):
    person = {"userId": "u1", "timestamp": "2026-01-01T00:00:00Z"}
    _lines(
        tmp_path / "events.jsonl",
        {"type": "identify", "traits": {"email": "p1@example.org"}, **person},
        {"type": "track", "event": "Order Completed", "properties": {"total": 5}, **person},
    )
    told = shoal("analyse", "events.jsonl").out.split("What you can do next:")[1]
    assert "--as-of newest" in told
    assert "2026-01-01" not in told
    assert shoal("count", 'did "Order Completed" in the last 1 day', "--as-of", "newest", as_json=True).document == {
        **shoal("count", 'did "Order Completed" in the last 1 day', "--as-of", "2026-01-01", as_json=True).document
    }
    asked = shoal("analyse", "events.jsonl", "--as-of", "2026-01-02").out.split("What you can do next:")[1]
    assert "--as-of 2026-01-02T00:00:00Z" in asked
    assert shoal("lint", 'did "Order Completed" in the last 1 day', "--as-of", "newest").status == 0
