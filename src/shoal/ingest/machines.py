"""Which opens and clicks were made by machines, where the row itself proves it.

Mail privacy proxies fetch every picture as soon as a message arrives, and security scanners
follow every link. The list is as of 2026-11 and names only agents that say what they are.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

LISTED: Final = "2026-11"
"""Month of the list below."""

PROXIES: Final = (
    "duckduckgo email protection",
    "mailprivacyprotection",
)
"""Fetchers of pictures that do not wait for the person, in lower case. The proxies of Gmail and Yahoo do wait."""

SCANNERS: Final = (
    "barracuda",
    "proofpoint",
    "mimecast",
    "symantec",
    "messagelabs",
    "fireeye",
    "trendmicro",
    "trend micro",
    "sophos",
    "cloudmark",
    "forcepoint",
    "safelinks",
    "urldefense",
    "bitdefender",
    "kaspersky",
    "mailscanner",
    "spamassassin",
)
"""Security scanners, in lower case."""

LIBRARIES: Final = (
    "python-requests",
    "python-urllib",
    "aiohttp/",
    "go-http-client",
    "apache-httpclient",
    "okhttp",
    "java/",
    "libwww-perl",
    "curl/",
    "wget/",
    "node-fetch",
    "axios/",
    "guzzlehttp",
    "headlesschrome",
    "phantomjs",
)
"""Programs rather than browsers, in lower case."""

_BOT = re.compile(
    r"(?<!\bcu)bot\b|crawler\b|spider\b|slurp\b|facebookexternalhit|whatsapp/|bingpreview|skypeuripreview"
    r"|google web preview"
)  # "Cubot" makes telephones
_NAMED = re.compile("|".join(re.escape(name) for name in PROXIES + SCANNERS + LIBRARIES))
_BARE = frozenset({"mozilla/5.0", "mozilla/4.0"})


@lru_cache(maxsize=16_384)
def is_machine(user_agent: str | None) -> bool:
    """Whether this user agent is certainly not a person's mail program or browser.

    A bare "Mozilla/5.0" is Apple's mail privacy proxy, which says no more about itself. Silence
    (None or blank) proves nothing.

    >>> is_machine("Mozilla/5.0")
    True
    >>> is_machine("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)")
    False
    >>> is_machine("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)")
    False
    >>> is_machine(None)
    False
    """
    if not user_agent:
        return False
    text = user_agent.strip().casefold()
    return text in _BARE or _NAMED.search(text) is not None or _BOT.search(text) is not None
