"""The cookie of a session: on https one that no other host and no plain connection can set or see.

https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis says what `__Host-` promises.
"""

from __future__ import annotations

import ipaddress
from http.cookies import CookieError, SimpleCookie

from starlette.requests import HTTPConnection

SECURE, PLAIN = "__Host-shoal", "shoal"


def is_https(asked: HTTPConnection) -> bool:
    """Whether the browser speaks https, to us or to a proxy that says so."""
    return asked.url.scheme in ("https", "wss") or asked.headers.get("x-forwarded-proto", "") == "https"


def is_safe(asked: HTTPConnection) -> bool:
    """Whether a password may be sent: over https, or within this machine."""
    return is_https(asked) or is_loopback(asked.url.hostname or "")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("shoal.example.org")
    (True, True, False)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def shown(asked: HTTPConnection) -> str:
    """The id of the session that a browser shows; "" where it shows none."""
    return asked.cookies.get(SECURE if is_https(asked) else PLAIN, "")


def shown_in(header: str) -> str:
    """The id in the text of a Cookie header, of either kind; "" where there is none."""
    try:
        cookies = SimpleCookie(header)
    except CookieError:
        return ""
    found = cookies.get(SECURE) or cookies.get(PLAIN)
    return found.value if found else ""


def setting(asked: HTTPConnection, value: str) -> str:
    """The Set-Cookie header that begins a session, or ends it where the value is ""."""
    https = is_https(asked)
    parts = [f"{SECURE if https else PLAIN}={value}", "Path=/", "HttpOnly", "SameSite=Lax"]
    return "; ".join([*parts, *(["Secure"] if https else []), *([] if value else ["Max-Age=0"])])


def is_own(asked: HTTPConnection) -> bool:
    """Whether a request comes from a page of this server: what its Origin says, else what Sec-Fetch-Site does.

    False where neither is there: every browser of today sends one with a request that changes anything.
    """
    origin = asked.headers.get("origin")
    if origin is not None:
        scheme, _, host = origin.partition("://")
        return scheme in ("http", "https") and host == asked.headers.get("host", "")
    return asked.headers.get("sec-fetch-site") == "same-origin"
