"""What a workspace says depends on the records it got, not on their order, their files or how often they came."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from arrivals import DAY, MOMENTS, SOAK, Arrived, drain, put, record_of, said, shuffled, streams, take, workspace
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.core.time import Instant
from shoal.flow import importing
from shoal.flow.home import Opened
from shoal.flow.importing import import_paths
from shoal.ingest.worker import Worker
from shoal.profiles import identity

pytestmark = pytest.mark.usefixtures("few_files")


@settings(max_examples=25 * SOAK)
@given(data=st.data())
def test_order_repetition_and_batches_change_nothing(empty: Path, data: st.DataObject) -> None:
    stream, moment = data.draw(streams()), data.draw(st.sampled_from(MOMENTS))
    with workspace(empty) as once:
        take(once, stream)
        want, kept = said(once, moment), record_of(once)
    again = data.draw(shuffled(stream))
    with workspace(empty) as other:
        while again:
            size = data.draw(st.integers(1, len(again)), label="records that arrive together")
            put(other, again[:size], origin=f"import:{size}")
            again = again[size:]
            if data.draw(st.booleans(), label="drained at once"):
                drain(other, data.draw(st.integers(1, 5), label="records a turn"))
            if data.draw(st.booleans(), label="resolved at once"):
                identity.resolve(other.database)
        take(other, [])
        assert said(other, moment) == want
        assert record_of(other) == kept


@settings(max_examples=8 * SOAK)
@given(data=st.data())
def test_what_is_known_changes_nothing_when_it_comes_again_later(empty: Path, data: st.DataObject) -> None:
    """Sent again, a record has a later arrival; the first one counts."""
    stream, moment = data.draw(streams()), data.draw(st.sampled_from(MOMENTS))
    later = [
        Arrived(each.source, Instant(each.received_at + 7 * DAY), each.record) for each in data.draw(shuffled(stream))
    ]
    with workspace(empty) as opened:
        take(opened, stream)
        want, kept = said(opened, moment), record_of(opened)
        cut = data.draw(st.integers(0, len(later)))
        take(opened, later[:cut], most_rows=3)
        take(opened, later[cut:])
        assert (said(opened, moment), record_of(opened)) == (want, kept)
    with workspace(empty) as together:  # the first and the second time in one turn
        put(together, stream, origin="import:9")
        put(together, later, origin="import:10")
        take(together, [])
        assert (said(together, moment), record_of(together)) == (want, kept)


@settings(max_examples=8 * SOAK)
@given(data=st.data())
def test_files_of_any_cut_and_order_give_the_same(
    empty: Path, kept_worker: Worker, data: st.DataObject, clock: list[int]
) -> None:
    stream = [each for each in data.draw(streams()) if each.record.name or each.record.traits]
    moment = data.draw(st.sampled_from(MOMENTS))
    clock[0] = 5 * DAY
    with workspace(empty) as once:
        if stream:
            import_paths(once, [written(once, "all", stream)])
        want, kept = said(once, moment), record_of(once)
    again = data.draw(shuffled(stream)) if stream else []
    with workspace(empty) as other:
        number = 0
        while again:
            size = data.draw(st.integers(1, len(again)), label="records in a file")
            number += 1
            import_paths(other, [written(other, f"part{number}", again[:size])])
            again = again[size:]
        assert (said(other, moment), record_of(other)) == (want, kept)


def written(opened: Opened, name: str, arrived: Iterable[Arrived]) -> Path:
    """A file of calls in the Segment wire format."""
    rows = []
    for each in arrived:
        made: dict[str, Any] = {"messageId": each.record.message_id, "timestamp": each.record.at}
        fields = {"user": "userId", "anonymous": "anonymousId"}
        stated = dict(each.record.traits)
        for key in each.record.keys:
            kind, value = key.split(":", 1)
            if kind in fields:
                made.setdefault(fields[kind], value)
            elif kind in ("email", "phone"):
                stated.setdefault(kind, value)
        made.setdefault("userId", "3")
        if each.record.name:
            made |= {"type": "track", "event": each.record.name, "properties": dict(each.record.properties)}
            made |= {"context": {"traits": stated}}
        else:
            made |= {"type": "identify", "traits": stated}
        rows.append(json.dumps(made))
    path = opened.home.folder.parent / f"{name}.jsonl"
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture(scope="module")
def kept_worker() -> Iterator[Worker]:
    with Worker() as worker:
        yield worker


@pytest.fixture(scope="module")
def clock(kept_worker: Worker) -> Iterator[list[int]]:
    """The machine's clock as imports see it, and one parsing process for all of them."""

    class Kept:
        def __enter__(self) -> Worker:
            return kept_worker

        def __exit__(self, *_: object) -> None:
            pass

    time = [0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing, "now", lambda: Instant(time[0]))
        patch.setattr(importing, "Worker", Kept)
        yield time
