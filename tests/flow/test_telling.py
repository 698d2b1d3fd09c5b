"""Telling one destination: in order, at least once, with the same id when it is told again."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json

import pytest
from audiences import Clock, Segments
from receivers import Receiver, answering, dropping, receiver
from standardwebhooks import Webhook, WebhookVerificationError

from shoal.core.time import format_instant
from shoal.destinations import attempts, record
from shoal.destinations.addresses import Rules
from shoal.destinations.kinds import kind_of
from shoal.destinations.ladder import STEPS_MS
from shoal.flow.telling import Teller
from shoal.segments import feed
from shoal.store.secret import secret_at

SECRETS = ["whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]


@pytest.fixture
def other():
    with receiver() as found:
        yield found


class World:
    """A workspace with segments and one destination, told by hand."""

    def __init__(self, opened, other: Receiver):
        self.opened, self.other, self.clock = opened, other, Clock()
        self.segments = Segments(opened.database, ("vip", "new", "a/b"))
        self.key = secret_at(opened.home.secret)
        self.number = 0

    def create(self, kind="webhook", *, segments=None, secrets=None, after=0, **settings):
        if kind == "webhook":
            settings.setdefault("url", self.other.url)
        with self.opened.database.write() as connection:
            found = record.create(
                connection,
                self.key,
                name=f"d{self.number}",
                kind=kind,
                settings=kind_of(kind).check(settings, self.other.rules),
                segments=segments,
                secrets=SECRETS[:1] if secrets is None and kind == "webhook" else secrets or [],
                cursor=after,
                at=self.clock(),
            )
        self.number = found.id
        return found

    def tell(self, **changed):
        Teller(
            **{
                "opened": self.opened,
                "key": self.key,
                "rules": self.other.rules,
                "audience": self.segments,
                "clock": self.clock,
                "chance": lambda: 0.0,
                **changed,
            }
        ).tell(self.number)

    def now(self):
        with self.opened.database.read() as connection:
            return record.get(connection, self.number)

    def attempts(self):
        with self.opened.database.read() as connection:
            return attempts.recent(connection, self.number)


@pytest.fixture
def world(opened, other):
    return World(opened, other)


@pytest.fixture
def small(sqlite, other):
    return World(sqlite, other)


def changes(got):
    return [each for one in got for each in one.document["data"]["changes"]]


def test_changes_are_told_in_order_and_once(world):
    world.create(batch=2)
    world.segments.change(("vip", 1, True), ("vip", 2, True), ("new", 1, True), ("vip", 1, False), ("vip", 3, True))
    world.tell()
    world.tell()
    told = changes(world.other.got)
    assert [each["number"] for each in told] == [1, 2, 3, 4, 5]
    assert told[3] == {
        "number": 4,
        "subscriber": "0000000000000001",
        "segment": "vip",
        "version": 1,
        "entered": False,
        "at": "1970-01-01T00:00:00.004Z",
        "told_at": "1970-01-01T00:00:00.005Z",
        "reason": "event",
    }
    ids = [one.headers["webhook-id"] for one in world.other.got]
    assert ids == ["msg_1-1-2", "msg_1-3-4", "msg_1-5-5"]
    assert {one.document["type"] for one in world.other.got} == {"segment.membership_changed"}
    assert (world.now().cursor, world.now().on_its_way) == (5, None)


def test_only_the_segments_that_it_follows(small):
    small.create(segments=["new"])
    small.segments.change(("vip", 1, True), ("new", 1, True), ("vip", 2, True))
    small.tell()
    assert [each["segment"] for each in changes(small.other.got)] == ["new"]
    assert small.now().cursor == 3
    small.segments.change(("vip", 3, True))
    small.tell()
    assert (len(small.other.got), small.now().cursor) == (1, 4)


@pytest.mark.parametrize(("segments", "told"), [(None, ["vip"]), (["new", "vip"], ["new", "vip"])])
def test_starters_are_told_of_only_where_they_are_named(small, segments, told):
    small.segments.starters = {"new"}
    small.create(segments=segments)
    small.segments.change(("new", 1, True), ("vip", 1, True))
    small.tell()
    assert [each["segment"] for each in changes(small.other.got)] == told
    small.create("http", segments=segments, **http(small.other))
    del small.other.got[:]
    small.tell()
    assert [one.document["list"] for one in small.other.got] == told


def test_the_signature_holds_for_the_library(small):
    clock = dt.datetime.now(dt.UTC)
    small.clock.now = int(clock.timestamp() * 1000)
    small.create(secrets=SECRETS)
    small.segments.change(("vip", 1, True))
    small.tell()
    (got,) = small.other.got
    for secret in SECRETS:
        assert Webhook(secret).verify(got.body, got.headers) == got.document
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(got.body.replace(b"vip", b"vap"), got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").verify(got.body, got.headers)


def test_people_are_named_where_the_owner_asks_for_it(opened, other, write, call):
    from shoal.flow.importing import import_paths
    from shoal.profiles.subscriber import find

    rows = [call(1, "u1", "2026-01-01T00:00:00Z", email="ana@example.org")]
    import_paths(opened, [write("people.jsonl", rows)])
    with opened.database.read() as connection:
        ana = find(connection, "ana@example.org")
    world = World(opened, other)
    world.create(fields=["email", "user_id"])
    world.segments.change(("vip", ana, True), ("vip", 5, True))
    world.tell()
    told = changes(other.got)
    assert [(each["email"], each["user_id"]) for each in told] == [("ana@example.org", "u1"), (None, None)]


def test_a_failure_is_told_again_with_the_same_id_and_bytes(small):
    small.create()
    small.segments.change(("vip", 1, True))
    small.other.behave = [answering(500), dropping]
    small.tell()
    small.segments.change(("vip", 2, True))
    small.tell()
    assert len(small.other.got) == 1, "nothing is sent before its time"
    small.clock.pass_ms(STEPS_MS[0])
    small.tell()
    small.clock.pass_ms(STEPS_MS[1])
    small.tell()
    first, second, third, fourth = small.other.got
    assert first.body == second.body == third.body
    assert {one.headers["webhook-id"] for one in (first, second, third)} == {"msg_1-1-1"}
    assert int(third.headers["webhook-timestamp"]) > int(first.headers["webhook-timestamp"])
    assert [each["number"] for each in fourth.document["data"]["changes"]] == [2]
    assert [(each.outcome, each.status) for each in small.attempts()][::-1] == [
        ("refused", 500),
        ("connection", None),
        ("delivered", 200),
        ("delivered", 200),
    ]
    assert small.now().failures == 0


def test_at_the_end_of_the_ladder_it_fails_visibly_and_can_be_resumed(small):
    small.create()
    small.segments.change(("vip", 1, True))
    small.other.always = answering(503)
    for step in (*STEPS_MS, 0):
        small.tell()
        small.clock.pass_ms(step)
    assert len(small.other.got) == 10
    assert (small.now().state, small.now().reason) == ("failing", "refused")
    small.clock.pass_ms(10**9)
    small.tell()
    assert len(small.other.got) == 10
    small.other.always = None
    with small.opened.database.write() as connection:
        record.activate(connection, small.number, small.now().cursor)
    small.tell()
    assert (small.now().state, small.now().cursor, len(small.other.got)) == ("active", 1, 11)
    assert len({one.body for one in small.other.got}) == 1


def test_a_receiver_that_is_gone_is_paused(small):
    small.create()
    small.segments.change(("vip", 1, True))
    small.other.behave = [answering(410)]
    small.tell()
    assert (small.now().state, small.now().reason) == ("paused", "gone")
    small.clock.pass_ms(10**9)
    small.tell()
    assert len(small.other.got) == 1


def test_what_a_receiver_asks_for_is_waited_for(small):
    small.create()
    small.segments.change(("vip", 1, True), ("vip", 2, True))
    at = small.clock()
    small.other.behave = [answering(429, Retry_After="90")]
    small.tell()
    assert small.now().next_at == at + 90_000
    small.clock.pass_ms(89_999)
    small.tell()
    assert len(small.other.got) == 1
    small.clock.pass_ms(1)
    small.tell()
    assert small.now().cursor == 2


def test_a_redirect_is_a_failure(small):
    small.create()
    small.segments.change(("vip", 1, True))
    small.other.behave = [answering(302, Location=small.other.url)]
    small.tell()
    assert [(each.outcome, each.status) for each in small.attempts()] == [("refused", 302)]
    assert len(small.other.got) == 1


def test_an_address_that_has_become_private_is_not_asked(small):
    small.create()
    small.segments.change(("vip", 1, True))
    small.tell(rules=Rules())
    assert small.other.got == []
    assert [each.outcome for each in small.attempts()] == ["forbidden_address"]


def test_changes_that_were_forgotten_are_not_passed_over_in_silence(small):
    small.create()
    small.segments.change(("vip", 1, True))
    small.segments.change(("vip", 2, True))
    with small.opened.database.write() as connection:
        feed.forget(connection, 2)
    small.tell()
    assert (small.now().state, small.now().reason, small.other.got) == ("failing", "changes_forgotten", [])


def test_attempts_are_kept_up_to_a_number(small, monkeypatch):
    monkeypatch.setattr(attempts, "MOST_KEPT", 3)
    small.create(batch=1)
    small.segments.change(*[("vip", person, True) for person in range(5)])
    small.tell()
    assert [each.batch for each in small.attempts()] == ["msg_1-5-5", "msg_1-4-4", "msg_1-3-3"]


def test_a_crash_between_delivery_and_commit_sends_the_same_again(small, monkeypatch):
    small.create(batch=2)
    small.segments.change(("vip", 1, True))

    def fails(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(attempts, "note", fails)
        with pytest.raises(KeyboardInterrupt):
            small.tell()
    small.segments.change(("vip", 2, True))
    small.tell()
    bodies = [one.body for one in small.other.got]
    assert bodies[0] == bodies[1]
    assert [one.headers["webhook-id"] for one in small.other.got] == ["msg_1-1-1", "msg_1-1-1", "msg_1-2-2"]


HTTP = {
    "add": {"url": "", "body": {"people": "{members}", "list": "{segment}", "id": "{batch}"}},
    "remove": {"url": "", "method": "DELETE", "body": ["{members}", "{count}"]},
}


def http(other, **more):
    requests = {name: {**request, "url": f"{other.url}/{name}/{{segment}}"} for name, request in HTTP.items()}
    return {**requests, **more}


def test_an_audience_is_told_the_difference_only(world):
    world.segments.change(("vip", 1, True), ("vip", 2, True), ("a/b", 3, True))
    world.create("http", **http(world.other))
    world.tell()
    assert [(one.method, one.path) for one in world.other.got] == [
        ("POST", "/in/add/a%2Fb"),
        ("POST", "/in/add/vip"),
    ]
    assert world.other.got[1].document == {
        "people": ["p1@example.org", "p2@example.org"],
        "list": "vip",
        "id": "1-00000002",
    }
    world.segments.change(("vip", 1, False), ("vip", 9, True), ("vip", 9, False), ("vip", 4, True))
    world.tell()
    assert len(world.other.got) == 2, "not before its time"
    world.clock.pass_ms(300_000)
    world.tell()
    assert [(one.method, one.document) for one in world.other.got[2:]] == [
        ("DELETE", [["p1@example.org"], 1]),
        ("POST", {"people": ["p4@example.org"], "list": "vip", "id": "1-00000004"}),
    ]


def test_who_has_another_address_now_or_may_not_be_mailed_any_more(small, monkeypatch):
    small.segments.change(("vip", 1, True), ("vip", 2, True))
    small.create("http", **http(small.other, mailable=True))
    small.tell()
    monkeypatch.setattr(small.segments, "email", lambda person: f"q{person}@example.org")
    small.segments.nobody_mails = {2}
    small.clock.pass_ms(300_000)
    small.tell()
    assert [one.document for one in small.other.got[1:]] == [
        [["p1@example.org", "p2@example.org"], 2],
        {"people": ["q1@example.org"], "list": "vip", "id": "1-00000003"},
    ]


def test_a_segment_that_is_not_known_is_left_alone_and_one_that_was_deleted_is_emptied(small):
    small.segments.change(("vip", 1, True), ("new", 2, True))
    small.create("http", **http(small.other, batch=4))
    small.tell()
    del small.segments.inside["new"]
    small.segments.inside["vip"] = set()
    small.clock.pass_ms(300_000)
    small.tell()
    assert [(one.method, one.path) for one in small.other.got[2:]] == [("DELETE", "/in/remove/vip")]


def test_who_comes_and_goes_between_two_syncs_is_never_told(small):
    small.create("http", **http(small.other))
    small.tell()
    small.segments.change(("vip", 1, True), ("vip", 1, False))
    small.clock.pass_ms(300_000)
    small.tell()
    assert small.other.got == []
    assert small.now().cursor == 2


def test_a_segment_that_means_something_else_is_told_as_its_difference(small):
    small.segments.change(*[("vip", person, True) for person in range(6)])
    small.create("http", **http(small.other, batch=4))
    small.tell()
    del small.other.got[:]
    small.segments.change(("vip", 0, False), ("vip", 7, True), ("vip", 1, False), reason="definition")
    small.clock.pass_ms(300_000)
    small.tell()
    assert [one.document for one in small.other.got] == [
        [["p0@example.org", "p1@example.org"], 2],
        {"people": ["p7@example.org"], "list": "vip", "id": "1-00000004"},
    ]


def test_a_deletion_of_one_by_one_in_the_path(small):
    one = {"add": {"url": f"{small.other.url}/{{email}}", "method": "PUT"}, "batch": 1}
    one["remove"] = {"url": f"{small.other.url}/{{email}}?l={{segment}}", "method": "DELETE"}
    one["add"]["headers"] = {"Authorization": "Bearer {secret}", "X-Batch": "{batch}"}
    small.create("http", secrets=["k1"], **one)
    small.segments.change(("a/b", 1, True), ("a/b", 6, True))
    small.tell()
    small.segments.change(("a/b", 1, False))
    small.clock.pass_ms(300_000)
    small.tell()
    assert [(each.method, each.path) for each in small.other.got] == [
        ("PUT", "/in/p1%40example.org"),
        ("DELETE", "/in/p1%40example.org?l=a%2Fb"),
    ], "whoever has no address is not told"
    assert small.other.got[0].headers["authorization"] == "Bearer k1"


def test_after_a_loss_only_what_differs_is_sent(small):
    small.segments.change(*[("vip", person, True) for person in range(5)])
    small.create("http", **http(small.other, batch=2))
    small.other.behave = [answering(200), answering(500)]
    small.tell()
    small.segments.change(("vip", 0, False), ("vip", 4, False))
    small.clock.pass_ms(STEPS_MS[0])
    small.tell()
    told = [
        (one.method, one.document[0] if one.method == "DELETE" else one.document["people"]) for one in small.other.got
    ]
    assert told == [
        ("POST", ["p0@example.org", "p1@example.org"]),
        ("POST", ["p2@example.org", "p3@example.org"]),
        ("POST", ["p2@example.org", "p3@example.org"]),
        ("DELETE", ["p0@example.org"]),
    ]
    assert small.other.got[1].body == small.other.got[2].body


def test_only_who_may_be_mailed(small):
    small.segments.nobody_mails = {1}
    small.segments.change(("vip", 1, True), ("vip", 2, True))
    small.create("http", **http(small.other, mailable=True, member={"id": "{subscriber}", "hash": "{email_sha256}"}))
    small.tell()
    (got,) = small.other.got
    digest = hashlib.sha256(b"p2@example.org").hexdigest()
    assert got.document["people"] == [{"id": "0000000000000002", "hash": digest}]


def test_files_have_all_once_and_then_the_difference(world):
    world.segments.change(("vip", 1, True), ("vip", 2, True))
    world.create("csv", segments=["vip", "new"], folder="crm/lists", fields=["email", "subscriber"])
    world.tell()
    folder = world.opened.home.destinations / "crm/lists"
    names = ["1-00000001-new-full.csv", "1-00000002-vip-full.csv"]
    assert sorted(each.name for each in folder.iterdir()) == names
    assert read(folder / names[0]) == [["email", "subscriber"]]
    assert read(folder / names[1]) == [
        ["email", "subscriber"],
        ["p1@example.org", "0000000000000001"],
        ["p2@example.org", "0000000000000002"],
    ]
    world.segments.change(("vip", 1, False), ("vip", 6, True))
    world.clock.pass_ms(3_600_000)
    world.tell()
    assert read(folder / "1-00000003-vip-removed.csv")[1:] == [["p1@example.org", "0000000000000001"]]
    assert read(folder / "1-00000004-vip-added.csv")[1:] == [["", "0000000000000006"]]
    assert len(list(folder.iterdir())) == 4


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_a_formula_in_a_file_is_none(small, monkeypatch):
    import pyarrow as pa

    people = {name: pa.array([value], pa.string()) for name, value in EVIL.items()}
    monkeypatch.setattr(small.segments, "people", lambda: pa.table(people))
    small.segments.change(("a/b", 1, True))
    small.create("csv", segments=["a/b"])
    small.tell()
    (file,) = (small.opened.home.destinations / "d0").iterdir()
    assert file.name == "1-00000001-a%2Fb-full.csv"
    assert read(file)[1] == ["0000000000000001", "' \t=cmd|x", "'＝1+1@example.org"]


EVIL = {"subscriber": "0000000000000001", "user_id": " \t=cmd|x", "email": "＝1+1@example.org", "email_consent": None}


def test_a_folder_that_leads_elsewhere_is_not_written_to(small, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    small.opened.home.destinations.mkdir()
    (small.opened.home.destinations / "d0").symlink_to(tmp_path / "elsewhere")
    small.create("csv", segments=["vip"])
    small.tell()
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert [each.outcome for each in small.attempts()] == ["outside_of_workspace"]
    assert small.now().failures == 1


def test_a_disk_that_refuses_is_tried_again(small):
    small.opened.home.destinations.write_text("a file in its place")
    small.create("csv", segments=["vip"])
    small.tell()
    assert [each.outcome for each in small.attempts()] == ["cannot_write"]
    small.opened.home.destinations.unlink()
    small.clock.pass_ms(STEPS_MS[0])
    small.tell()
    assert small.attempts()[0].outcome == "delivered"


def test_nothing_is_told_while_members_are_not_known(small):
    small.segments.ready = False
    small.create("http", **http(small.other))
    small.tell()
    assert (small.other.got, small.now().asked_at is None) == ([], False)


def test_a_sync_that_is_asked_for_meanwhile_stays_asked_for(small, monkeypatch):
    small.create("http", **http(small.other))
    real = small.segments.members

    def asked(segment):
        small.clock.pass_ms(1)
        with small.opened.database.write() as connection:
            record.ask(connection, small.number, small.clock())
        return real(segment)

    monkeypatch.setattr(small.segments, "members", asked)
    small.tell()
    assert small.now().asked_at == small.clock()


def test_it_stops_between_two_batches_and_goes_on_there(small):
    small.segments.change(*[("vip", person, True) for person in range(5)])
    small.create("http", **http(small.other, batch=2))
    small.tell(is_stopping=lambda: len(small.other.got) >= 1)
    assert len(small.other.got) == 1
    small.tell()
    people = [each for one in small.other.got for each in one.document["people"]]
    assert people == [f"p{person}@example.org" for person in range(5)]


def test_one_that_was_removed_or_paused_meanwhile_is_told_no_more(small):
    small.create(batch=1)
    small.segments.change(("vip", 1, True), ("vip", 2, True))

    def pausing(call, got):
        with small.opened.database.write() as connection:
            record.end(connection, small.number, "paused", "by_owner")
        answering(200)(call, got)

    small.other.behave = [pausing]
    small.tell()
    assert (len(small.other.got), small.now().cursor, small.now().state) == (1, 1, "paused")

    def removing(call, got):
        with small.opened.database.write() as connection:
            record.remove(connection, small.number)
        answering(200)(call, got)

    with small.opened.database.write() as connection:
        record.activate(connection, small.number, 1)
    small.other.behave = [removing]
    small.tell()
    assert (small.now(), small.attempts()) == (None, [])
    assert json.loads(small.other.got[1].body)["timestamp"] == format_instant(2)
