"""The events of one mail, told in any order and again: one state, in which a complaint or an unsubscribe stands."""

from __future__ import annotations

import json
import random

import pytest

from homes import create
from shoal.core.time import Instant, now
from shoal.flow.accepting import Intake
from shoal.flow.asking import members
from shoal.flow.drain import Drain
from shoal.flow.home import one_writer, open_home
from shoal.flow.importing import context_of
from shoal.flow.people import profile
from shoal.flow.reading import open_reading
from shoal.flow.unifying import unify
from shoal.ingest.webhook import Delivery, read
from shoal.ingest.webhooks import WEBHOOKS

KINDS = ("group_resubscribe", "processed", "deferred", "delivered", "open", "click", "bounce")
AT = int(now()) // 1_000 - 3_600


def story(refusal):
    """The refusal is told in the midst of what happened."""
    kinds = (*KINDS[:4], refusal, *KINDS[4:])
    shared = {"email": "ana@example.org", "type": "bounce", "sg_message_id": "m1"}
    return [
        json.dumps([{**shared, "event": kind, "timestamp": AT + number, "sg_event_id": f"e{number}"}]).encode()
        for number, kind in enumerate(kinds)
    ]


def state(folder, deliveries):
    create(folder)
    opened = open_home(folder)
    intake = Intake(opened.database)
    for number, body in enumerate(deliveries):
        at = Instant(now() + number)
        received = read(WEBHOOKS["sendgrid"], Delivery(body, {}, "", at), context_of(opened.settings, at))
        intake.offer("sendgrid", at, received.taken).result()
    intake.close()
    with one_writer(opened.home), Drain(opened.home, opened.database) as drain:
        while drain.turn() is not None:
            pass
        unify(opened)
    with open_reading(opened) as duck:
        events = duck.execute('SELECT name, "at", count(*) FROM events GROUP BY ALL ORDER BY ALL').fetchall()
    found = profile(opened, "ana@example.org", now()).consents["email", "marketing"]
    reached = members(opened, "can receive email marketing", now()).num_rows
    opened.database.close()
    return events, found.state, found.method, reached


@pytest.mark.parametrize("refusal", ["spamreport", "unsubscribe", "group_unsubscribe"])
def test_any_order_and_repeats(tmp_path, refusal):
    told = story(refusal)
    expected = state(tmp_path / "first", told)
    assert len(expected[0]) == len(told)
    assert (expected[1], expected[3]) == ("denied", 0)
    dice = random.Random(7)
    for number in range(4):
        mixed = dice.sample([*told, *dice.sample(told, 4)], len(told) + 4)
        assert state(tmp_path / str(number), mixed) == expected
