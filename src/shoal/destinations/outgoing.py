"""Asking other servers: once, at an address that was judged, without redirects, not for long and not for much.

A name is resolved once; each of its addresses is judged, and the connection is made to one of those very addresses.
So a resolver that answers differently a moment later changes nothing. Certificates and `Host` are those of the name.
No proxy of the environment is used.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import httpcore

from shoal.core.errors import UserError
from shoal.destinations.addresses import Address, Rules, Target, check, require_https, target

PATIENCE_S = 10.0
"""For all of a request: the name, the connection, what is sent and the whole answer."""

MOST_BYTES = 1_000_000
"""Of an answer."""

_MOST_LOOKUPS = 32


@dataclass(frozen=True, slots=True)
class Answer:
    """What another server said."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""


def ask(
    method: str,
    url: str,
    *,
    rules: Rules,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    patience_s: float = PATIENCE_S,
    needs_body: bool = True,
) -> Answer:
    """One request; whatever status it has is an answer. Without `needs_body` the status is enough, whatever follows it.

    Raises UserError `forbidden_address` where nothing was sent, and `no_answer` where the whole answer did not come;
    `where` then says how far it went: name, connection, timeout, certificate, answer or length.
    """
    end = time.monotonic() + patience_s
    goal = target(url, rules)
    origin = (goal.scheme.encode(), goal.host.encode(), None if goal.default_port else goal.port)
    backend = _Judged(_addresses(goal, rules, end), goal.port, end)
    try:
        with (
            httpcore.ConnectionPool(ssl_context=_trust(), network_backend=backend, retries=0) as pool,
            pool.stream(
                method,
                httpcore.URL(scheme=origin[0], host=origin[1], port=origin[2], target=goal.path.encode()),
                headers=list((headers or {}).items()),
                content=body,
            ) as response,
        ):
            return _answered(response, needs_body)
    except TimeoutError:
        raise _no_answer("timeout") from None
    except ssl.SSLCertVerificationError:
        raise _no_answer("certificate") from None
    except OSError:
        raise _no_answer("connection") from None
    except httpcore.ProtocolError:
        raise _no_answer("answer") from None


def _answered(response: httpcore.Response, needs_body: bool) -> Answer:
    found = Answer(response.status, _headers(response.headers))
    try:
        return replace(found, body=_body(response.iter_stream()))
    except (UserError, OSError, httpcore.ProtocolError):
        if needs_body:
            raise
        return found


def fetched(address: str) -> bytes:
    """What stands at a public address of https. Raises UserError `no_answer` and `forbidden_address`."""
    require_https(address)
    found = ask("GET", address, rules=Rules())
    if not 200 <= found.status < 300:
        raise _no_answer("answer")
    return found.body


def _addresses(goal: Target, rules: Rules, end: float) -> list[tuple[socket.AddressFamily, Any]]:
    """Where a target is, as `socket.connect` takes it; all of its addresses are judged."""
    if goal.address is not None:
        check(goal.address, goal.host, goal.port, rules)
        family = socket.AF_INET if goal.address.version == 4 else socket.AF_INET6
        return [(family, (goal.host, goal.port))]
    asked: Future[list[Any]] = _lookups().submit(
        socket.getaddrinfo, goal.host, goal.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
    )
    try:
        found = asked.result(max(0.0, end - time.monotonic()))
    except TimeoutError:
        raise _no_answer("timeout") from None
    except (OSError, UnicodeError):
        raise _no_answer("name") from None
    for *_, place in found:
        check(_address(place), goal.host, goal.port, rules)
    if not found:
        raise _no_answer("name")
    return [(family, place) for family, *_, place in found]


def _address(place: tuple[Any, ...]) -> Address:
    address = ipaddress.ip_address(place[0])
    scope = place[3] if len(place) == 4 else 0
    return ipaddress.IPv6Address(f"{address}%{scope}") if scope and "%" not in str(address) else address


class _Judged(httpcore.NetworkBackend):
    """Connects to addresses that were judged, whatever name it is given, and only until an instant."""

    def __init__(self, places: list[tuple[socket.AddressFamily, Any]], port: int, end: float) -> None:
        self._places, self._port, self._end = places, port, end

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.NetworkStream:  # noqa: ARG002
        """A connection to the first of the addresses that takes one."""
        for number, (family, place) in enumerate(self._places):
            connection = socket.socket(family, socket.SOCK_STREAM)
            try:
                connection.settimeout(_left(self._end))
                connection.connect(place)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                connection.close()
                if number == len(self._places) - 1:
                    raise
            else:
                return _Stream(connection, self._end)
        raise ConnectionError


class _Stream(httpcore.NetworkStream):
    """A connection that ends at an instant, however slowly the other side speaks."""

    def __init__(self, connection: socket.socket, end: float) -> None:
        self._connection, self._end = connection, end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        self._connection.settimeout(_left(self._end))
        return self._connection.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._connection.settimeout(_left(self._end))
        self._connection.sendall(buffer)

    def close(self) -> None:
        self._connection.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        self._connection.settimeout(_left(self._end))
        try:
            return _Stream(ssl_context.wrap_socket(self._connection, server_hostname=server_hostname), self._end)
        except BaseException:
            self._connection.close()
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._connection if info == "socket" else None


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _headers(found: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in found}


def _body(parts: Iterable[bytes]) -> bytes:
    found = bytearray()
    for part in parts:
        found += part
        if len(found) > MOST_BYTES:
            raise _no_answer("length")
    return bytes(found)


def _no_answer(where: str) -> UserError:
    return UserError("no_answer", "Another server did not answer.", where=where, fix="It will be asked again.")


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


@cache
def _lookups() -> ThreadPoolExecutor:
    """A lookup can't be given up, so it is waited for on another thread."""
    return ThreadPoolExecutor(_MOST_LOOKUPS, thread_name_prefix="lookup")
