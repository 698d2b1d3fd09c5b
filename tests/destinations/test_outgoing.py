"""Requests to real servers: what is sent, and every way in which an answer does not come."""

from __future__ import annotations

import datetime as dt
import ipaddress
import itertools
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from receivers import answering, dropping, receiver, silent

from shoal.core.errors import UserError
from shoal.destinations import outgoing
from shoal.destinations.addresses import Rules
from shoal.destinations.outgoing import ask, fetched


def test_what_is_sent_arrives_and_the_answer_comes_back(other):
    other.behave = [answering(202, Retry_After="5")]
    found = ask("PUT", f"{other.url}?a=b", rules=other.rules, headers={"X-Own": "1"}, body=b"hello")
    assert (found.status, found.headers["retry-after"], found.body) == (202, "5", b"")
    (got,) = other.got
    assert (got.method, got.path, got.body, got.headers["x-own"]) == ("PUT", "/in?a=b", b"hello", "1")
    assert got.headers["host"] == f"127.0.0.1:{other.port}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nobody_is_followed_elsewhere(other, status):
    with receiver() as elsewhere:
        other.behave = [answering(status, Location=elsewhere.url)]
        assert ask("POST", other.url, rules=other.rules).status == status
        assert elsewhere.got == []


def test_proxies_of_the_environment_are_not_used(other, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert ask("GET", other.url, rules=other.rules).status == 200


def test_a_connection_that_drops_or_is_refused(other):
    other.behave = [dropping]
    assert where(other) == "connection"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    rules = Rules(frozenset({("127.0.0.1", port)}))
    assert where(other, url=f"http://127.0.0.1:{port}/", rules=rules) == "connection"


def test_a_server_that_says_nothing_is_left_in_time(other):
    until = threading.Event()
    other.behave = [silent(until)]
    assert where(other, patience_s=0.3) == "timeout"
    until.set()


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n"])
def test_a_server_that_speaks_slowly_is_left_in_time(other, begun):
    slow = itertools.chain([begun], itertools.repeat(b"a"))
    stop = threading.Event()

    def drip(call, _):
        for part in slow:
            if stop.wait(0.05):
                return
            call.connection.sendall(part)

    other.behave = [drip]
    assert where(other, patience_s=0.5) == "timeout"
    stop.set()


def test_a_lookup_that_hangs_is_left_in_time(other, monkeypatch):
    stop = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: stop.wait(60) and [])
    assert where(other, url="https://example.org/", patience_s=0.2) == "timeout"
    stop.set()


def test_too_much_of_an_answer_is_not_read(other):
    def much(call, _):
        call.send_response(200)
        call.end_headers()
        for _ in range(40):
            call.wfile.write(b"x" * 100_000)

    other.behave = [much, much]
    assert where(other) == "length"
    found = ask("POST", other.url, rules=other.rules, needs_body=False)
    assert (found.status, found.body) == (200, b""), "who needs the status only has it"


def test_what_is_no_answer(other):
    other.behave = [lambda call, _: call.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")]
    assert where(other) == "answer"


def where(other, *, url=None, rules=None, patience_s=10.0):
    with pytest.raises(UserError) as ended:
        ask("POST", url or other.url, rules=rules or other.rules, body=b"x", patience_s=patience_s)
    assert ended.value.code == "no_answer"
    return ended.value.where


def test_only_https_is_fetched(other):
    with pytest.raises(UserError) as ended:
        fetched(other.url)
    assert ended.value.code == "forbidden_address"
    assert other.got == []


class Secure:
    """A server of https on loopback with a certificate for a name."""

    def __init__(self, folder, name):
        key = ec.generate_private_key(ec.SECP256R1())
        called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
        start = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
        told = x509.CertificateBuilder().subject_name(called).issuer_name(called).public_key(key.public_key())
        told = told.serial_number(1).not_valid_before(start).not_valid_after(start + dt.timedelta(days=9))
        told = told.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        self.certificate = folder / "certificate.pem"
        signed = told.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        pem = signed.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        form = serialization.PrivateFormat.PKCS8
        secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        self.certificate.write_bytes(pem + secret)
        self.names = []


@pytest.mark.parametrize(("name", "ends"), [("crm.lan", "200"), ("other.lan", "certificate")])
def test_the_certificate_is_that_of_the_name(tmp_path, monkeypatch, name, ends):
    secure = Secure(tmp_path, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(secure.certificate)
    context.sni_callback = lambda _, asked, __: secure.names.append(asked)
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]

    def serve():
        with listening, listening.accept()[0] as plain:
            try:
                with context.wrap_socket(plain, server_side=True) as call:
                    call.recv(65536)
                    call.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    monkeypatch.setattr(outgoing, "_trust", lambda: ssl.create_default_context(cafile=str(secure.certificate)))
    place = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: place)
    try:
        told = str(ask("GET", f"https://crm.lan:{port}/", rules=Rules(frozenset({("crm.lan", port)}))).status)
    except UserError as error:
        told = error.where
    thread.join(10)
    assert told == ends
    assert secure.names == ["crm.lan"]
    assert ipaddress.ip_address(place[0][4][0]).is_loopback
