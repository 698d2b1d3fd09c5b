"""How many requests are taken a second: of one key, of one address, and in all.

A token bucket each, in the memory of this process: what was not used in the last seconds may come at once.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from shoal.core.errors import UserError
from shoal.core.settings import Settings

BURST_S = 5
"""So many seconds' worth may come at once."""

MOST_BUCKETS = 50_000
"""Buckets that are kept; whoever was silent the longest begins with a full one again."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class TooManyError(UserError):
    """More requests than are taken; `retry_s` says in how many seconds the next one is."""

    retry_s: int = 1


class Buckets:
    """One bucket a name, filled by `rate` tokens a second; a rate of 0 limits nothing."""

    def __init__(self, rate: int, whose: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._whose, self._clock = rate, whose, clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[object, tuple[float, float]] = OrderedDict()

    def take(self, name: object) -> None:
        """Take one token. Raises TooManyError `too_many_requests`."""
        if not self._rate:
            return
        most, at = float(self._rate * BURST_S), self._clock()
        with self._lock:
            left, since = self._seen.pop(name, (most, at))
            left = min(most, left + (at - since) * self._rate)
            self._seen[name] = (left - 1 if left >= 1 else left, at)
            if len(self._seen) > MOST_BUCKETS:
                self._seen.popitem(last=False)
        if left < 1:
            told = f"There were more than {self._rate} requests a second {self._whose}."
            error = TooManyError("too_many_requests", told, fix="Send larger batches, or wait as Retry-After says.")
            error.retry_s = max(1, math.ceil((1 - left) / self._rate))
            raise error


class Limits:
    """The limits of a server, as its settings say."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._keys = Buckets(settings.requests_per_key, "with this key", clock)
        self._addresses = Buckets(settings.requests_per_address, "from this address", clock)
        self._all = Buckets(settings.requests_in_all, "in all", clock)
        self._proxies = tuple(ipaddress.ip_network(each, strict=False) for each in settings.trusted_proxies)

    def of_key(self, number: int) -> None:
        """Count a request with a key."""
        self._keys.take(number)

    def of_request(self, scope: Scope) -> None:
        """Count a request by where it comes from, and among all."""
        client = scope.get("client")
        forwarded = ",".join(Headers(scope=scope).getlist("x-forwarded-for"))
        self._addresses.take(_neighbourhood(address_of(client[0] if client else "", forwarded, self._proxies)))
        self._all.take("")


def address_of(peer: str, forwarded: str, proxies: tuple[Network, ...]) -> Address | str:
    """Who asks: the peer, or where that is a trusted proxy, the last address before the trusted ones.

    >>> str(address_of("192.0.2.1", "203.0.113.9", ()))
    '192.0.2.1'
    >>> near = (ipaddress.ip_network("192.0.2.0/24"),)
    >>> str(address_of("192.0.2.1", "198.51.100.7, 203.0.113.9, 192.0.2.8", near))
    '203.0.113.9'
    """
    found = _address(peer)
    if found is None:
        return peer
    for each in reversed(forwarded.split(",")):
        if not any(found in network for network in proxies):
            break
        before = _address(each)
        if before is None:
            break
        found = before
    return found


def _address(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text.strip().removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _neighbourhood(address: Address | str) -> object:
    """What counts as one: an address of IPv4, and of IPv6 the network of 64 bits that one customer has."""
    return int(address) >> 64 if isinstance(address, ipaddress.IPv6Address) else address


class Limited:
    """ASGI: refuses what is too much under a path before anything else looks at it."""

    def __init__(self, app: ASGIApp, limits: Limits, refuse: Callable[[UserError], ASGIApp], below: str) -> None:
        self._app, self._limits, self._refuse, self._below = app, limits, refuse, below

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the application answer."""
        app = self._app
        if scope["type"] == "http" and scope["path"].startswith(self._below):
            try:
                self._limits.of_request(scope)
            except UserError as error:
                app = self._refuse(error)
        await app(scope, receive, send)
