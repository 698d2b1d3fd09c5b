"""URLs that lead into the network of the server itself are refused, and nothing is connected to."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from shoal.core.errors import UserError
from shoal.core.settings import settings_from
from shoal.destinations.addresses import Rules, rules, target
from shoal.destinations.outgoing import ask

HOSTILE = [
    # this machine
    "http://127.0.0.1/",
    "http://127.1.2.3/",
    "http://127.0.0.1./",
    "http://0.0.0.0/",
    "http://0.1.2.3/",
    "http://[::1]/",
    "http://[::]/",
    "http://localhost/",
    "http://localhost./",
    "http://LOCALHOST/",
    # numbers in other forms
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://0x7f.0.0.1/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://127.0.0.0x1/",
    "http://3232235777/",
    "http://1.1.1.256/",
    "http://00.00.00.00/",
    "http://127.0.0.01/",
    "http://127.0.0.1.2/",
    "http://１２７.０.０.１/",
    "http://127。0。0。1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127%2e0%2e0%2e1/",
    # private, shared and link-local networks
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://100.100.100.200/latest/meta-data/",
    "http://169.254.169.254/latest/meta-data/",
    "http://168.63.129.16/metadata",
    "http://192.0.0.192/opc/v2/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25lo]/",
    "http://[fec0::1]/",
    "http://[fc00::1]/",
    # of no host
    "http://192.0.2.1/",
    "http://198.51.100.1/",
    "http://203.0.113.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://239.255.255.255/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://192.88.99.1/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://[3fff::1]/",
    "http://[100::1]/",
    # IPv4 within IPv6
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a9fe:a9fe::1]/",
    "http://[2001::7f00:1]/",
    "http://[2001:0:a00:1::80ff:fffe]/",
    # users, signs and schemes
    "http://example.org@127.0.0.1/",
    "http://user:word@example.org/",
    "http://@example.org/",
    "http://example.org:80@10.0.0.1/",
    "http://example.org\\@127.0.0.1/",
    "http:\\\\127.0.0.1/",
    "http://127.0.0.1\x00.example.org/",
    "http://example.org\x00@127.0.0.1/",
    "http://example.org/\r\nHost: 127.0.0.1",
    "http://exam\u200bple.org/",
    "http://example .org/",
    " http://example.org/",
    "http://example.org/#@127.0.0.1/",
    "http://exa%00mple.org/",
    "http:///",
    "http://",
    "//127.0.0.1/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "ftp://example.org/",
    "dict://127.0.0.1:11211/",
    "javascript:alert(1)",
    "",
    # ports
    "http://example.org:22/",
    "http://example.org:6379/",
    "http://example.org:0/",
    "http://example.org:99999/",
    "http://example.org:443:80/",
    "http://-example.org/",
    f"http://{'a' * 64}.example.org/",
    f"http://{'a.' * 127}example.org/",
    "http://..example.org/",
    # names of numbers
    "http://127.0.0.1.nip.example/",
    "http://metadata.google.internal/",
]
RESOLVED = {
    "localhost": "127.0.0.1",
    "127.0.0.1.nip.example": "127.0.0.1",
    "metadata.google.internal": "169.254.169.254",
    "example.org": "93.184.215.14",
}


class Connects:
    """What was connected to, seen at the socket; nothing leaves the machine."""

    def __init__(self, monkeypatch):
        self.places = []
        real = socket.socket.connect

        def connect(own, place):
            self.places.append(place)
            if not ipaddress.ip_address(place[0]).is_loopback:
                raise ConnectionRefusedError
            return real(own, place)

        monkeypatch.setattr(socket.socket, "connect", connect)

    def forbidden(self):
        return [place for place in self.places if not ipaddress.ip_address(place[0]).is_global]


@pytest.fixture
def connects(monkeypatch):
    return Connects(monkeypatch)


def resolving(monkeypatch, answer):
    """Let names have the addresses that `answer` gives for a host; all lookups are counted."""
    asked = []

    def getaddrinfo(host, port, *_, **__):
        asked.append(host)
        found = answer(host)
        found = [found] if isinstance(found, str) else found
        family = socket.AF_INET6 if ":" in found[0] else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_url_is_refused_before_anything_is_connected(url, connects, monkeypatch):
    resolving(monkeypatch, lambda host: RESOLVED[host.rstrip(".").lower()])
    with pytest.raises(UserError) as refused:
        ask("POST", url, rules=Rules(), body=b"x")
    assert refused.value.code == "forbidden_address"
    assert connects.places == []


def test_there_are_enough_of_them():
    assert len(set(HOSTILE)) >= 60


def test_a_resolver_that_changes_its_mind_connects_nowhere_forbidden(connects, monkeypatch):
    turn = iter(range(10_000))
    asked = resolving(monkeypatch, lambda _: "93.184.215.14" if next(turn) % 2 == 0 else "10.0.0.1")
    codes = []
    for _ in range(1_000):
        with pytest.raises(UserError) as ended:
            ask("GET", "http://example.org/", rules=Rules())
        codes.append(ended.value.code)
    assert len(asked) == 1_000, "a name is asked for once a request"
    assert connects.forbidden() == []
    assert len(connects.places) == 500
    assert {code: codes.count(code) for code in codes} == {"no_answer": 500, "forbidden_address": 500}


@pytest.mark.parametrize("found", [["93.184.215.14", "127.0.0.1"], ["2606:2800::1", "::ffff:10.0.0.1"]])
def test_one_private_address_of_several_is_enough_to_refuse(found, connects, monkeypatch):
    resolving(monkeypatch, lambda _: found)
    with pytest.raises(UserError, match="not public"):
        ask("GET", "https://example.org/", rules=Rules())
    assert connects.places == []


def test_what_the_owner_allows_is_private_and_no_more(connects, monkeypatch):
    allowed = rules(["crm.lan", "10.0.0.5:8080", "[fd00::5]", "cloud.lan"], [80])
    asked = resolving(monkeypatch, lambda host: {"crm.lan": "192.168.1.9", "cloud.lan": "169.254.169.254"}[host])
    for url in ("http://crm.lan/", "http://10.0.0.5:8080/", "http://[fd00::5]/"):
        with pytest.raises(UserError) as ended:
            ask("GET", url, rules=allowed)
        assert ended.value.code == "no_answer"
    assert [place[0] for place in connects.places] == ["192.168.1.9", "10.0.0.5", "fd00::5"]
    for url in ("http://cloud.lan/", "http://crm.lan:8080/", "http://10.0.0.5/", "http://10.0.0.6:8080/"):
        with pytest.raises(UserError) as ended:
            ask("GET", url, rules=allowed)
        assert ended.value.code == "forbidden_address"
    assert len(connects.places) == 3
    assert asked == ["crm.lan", "cloud.lan"]


def test_a_name_of_other_letters_is_asked_for_in_ascii():
    found = target("https://BÜCHER.example/a%20b?q=ä", Rules())
    assert (found.host, found.port, found.path) == ("xn--bcher-kva.example", 443, "/a%20b?q=%C3%A4")


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("[FD00:0:0::5]", "http://[fd00::0:5]/"),
        ("CRM.lan.", "http://crm.LAN/"),
        ("bücher.lan", "http://xn--bcher-kva.lan/"),
        ("10.0.0.5:8080", "http://10.0.0.5:8080/"),
    ],
)
def test_a_host_is_allowed_however_it_is_written(setting, url):
    allowed = rules([setting], [80])
    found = target(url, allowed)
    assert allowed.allow(found.host, found.port)


@pytest.mark.parametrize("text", ["", "a b", "x/y", "a@b", "crm.lan:port", "http://crm.lan", "fd00::5"])
def test_a_host_in_the_settings_that_can_not_be_read(text):
    for read in (lambda: rules([text], []), lambda: settings_from({"allow_hosts": [text]})):
        with pytest.raises(UserError) as ended:
            read()
        assert ended.value.code == "bad_setting"


@pytest.mark.parametrize("ports", [[0], [65536], ["443"], 443])
def test_ports_in_the_settings_that_are_none(ports):
    with pytest.raises(UserError) as ended:
        settings_from({"allow_ports": ports})
    assert ended.value.code == "bad_setting"
