"""How much is taken a second, and from whom."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import httpx
import pytest
from asked import filled, served

from shoal.api.limits import BURST_S, Buckets, Limits, TooManyError, address_of
from shoal.core.errors import UserError
from shoal.core.settings import Settings, settings_from


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def taken(bucket, name="a", most=10_000):
    """How many are taken at once."""
    for number in range(most):
        try:
            bucket.take(name)
        except TooManyError:
            return number
    return most


def test_a_bucket_gives_a_burst_and_then_its_rate():
    clock = Clock()
    bucket = Buckets(10, "here", clock)
    assert taken(bucket) == 10 * BURST_S
    assert taken(bucket, "another") == 10 * BURST_S
    clock.now += 1
    assert taken(bucket) == 10
    clock.now += 3_600
    assert taken(bucket) == 10 * BURST_S
    assert taken(Buckets(0, "here", clock), most=500) == 500


def test_a_slow_bucket_says_when_the_next_one_is():
    clock = Clock()
    bucket = Buckets(1, "here", clock)
    taken(bucket)
    with pytest.raises(TooManyError) as found:
        bucket.take("a")
    clock.now += found.value.retry_s
    bucket.take("a")


def test_buckets_of_many_names_take_no_more_room(monkeypatch):
    from shoal.api import limits

    monkeypatch.setattr(limits, "MOST_BUCKETS", 10)
    bucket = Buckets(1, "here", Clock())
    for name in range(100):
        bucket.take(name)
    assert len(bucket._seen) == 10


NEAR = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.1", "", "203.0.113.1"),
        ("203.0.113.1", "198.51.100.1", "203.0.113.1"),  # whoever asks may write what they like
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.9, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.9,198.51.100.1, 10.2.3.4", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.9", "10.0.0.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, <script>", "10.0.0.1"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", "[2001:db8::7]", "2001:db8::7"),
        ("somewhere", "198.51.100.1", "somewhere"),
    ],
)
def test_who_asks(peer, forwarded, found):
    assert str(address_of(peer, forwarded, NEAR)) == found


def test_one_customer_of_ipv6_has_one_bucket():
    limits = Limits(Settings(requests_per_address=1, requests_in_all=0), Clock())
    scopes = [{"type": "http", "client": (f"2001:db8::{each}", 1), "headers": []} for each in range(1, BURST_S + 2)]
    for scope in scopes[:-1]:
        limits.of_request(scope)
    with pytest.raises(TooManyError):
        limits.of_request(scopes[-1])
    limits.of_request({"type": "http", "client": ("2001:db8:0:1::1", 1), "headers": []})


@pytest.mark.parametrize(
    "data",
    [
        {"requests_per_key": -1},
        {"requests_per_key": "many"},
        {"requests_in_all": True},
        {"trusted_proxies": "10.0.0.1"},
        {"trusted_proxies": ["everywhere"]},
    ],
)
def test_settings_that_make_no_sense_are_told(data):
    with pytest.raises(UserError) as found:
        settings_from(data)
    assert found.value.code == "bad_setting"
    assert found.value.fix


@pytest.fixture
def narrow(tmp_path):
    """A server that takes little, and whose clock stands still."""
    opened = filled(tmp_path / "home")
    settings = Settings(requests_per_key=2, requests_per_address=6, requests_in_all=12, trusted_proxies=("127.0.0.1",))
    with served(replace(opened, settings=settings)) as asked:
        limits = asked.app.state.limits
        limits._keys._clock = limits._addresses._clock = limits._all._clock = Clock()
        yield asked


def statuses(asked, number, **more):
    return [httpx.get(f"{asked.url}/v1/segments", **more) for _ in range(number)]


def test_the_server_refuses_what_is_too_much_and_says_when_to_come_back(narrow):
    auth = (narrow.keys["read"], "")
    found = [one.status_code for one in statuses(narrow, 12, auth=auth, headers={"X-Forwarded-For": "192.0.2.1"})]
    assert found == [200] * 2 * BURST_S + [429] * 2
    assert narrow.ask("GET", "/v1/segments", headers={"X-Forwarded-For": "192.0.2.2"}).status_code == 200
    many = statuses(narrow, 35, headers={"X-Forwarded-For": "192.0.2.3"})
    assert [one.status_code for one in many] == [401] * 6 * BURST_S + [429] * 5
    assert all(int(one.headers["retry-after"]) >= 1 for one in many[6 * BURST_S :])
    assert {one.json()["error"]["code"] for one in many[6 * BURST_S :]} == {"too_many_requests"}
    more = [statuses(narrow, 1, headers={"X-Forwarded-For": f"198.51.100.{each}"})[0] for each in range(20)]
    left = 12 * BURST_S - 12 - 1 - 30
    assert [one.status_code for one in more] == [401] * left + [429] * (20 - left)
    assert httpx.get(f"{narrow.url}/healthz").status_code == 200


def test_a_page_of_another_site_may_read_that_it_is_too_much(narrow):
    found = [httpx.post(f"{narrow.url}/v1/track", headers={"Origin": "https://a.example.org"}) for _ in range(31)]
    assert 429 in {one.status_code for one in found}
    assert {one.headers["access-control-allow-origin"] for one in found} == {"*"}
    assert {one.headers["access-control-expose-headers"] for one in found} == {"Retry-After"}
