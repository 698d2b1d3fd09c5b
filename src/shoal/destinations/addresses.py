"""Which addresses of other servers may be asked, decided before anything is sent.

A URL that somebody else wrote may point into the network that this server stands in (server-side request forgery,
https://owasp.org/www-community/attacks/Server_Side_Request_Forgery). So a URL is read strictly here, and every
address that its host has is judged by number.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

import httpx

from shoal.core.errors import UserError, require
from shoal.core.settings import HOST

PORTS = (80, 443)
"""Asked where the settings name no others."""

Address = IPv4Address | IPv6Address

_DEFAULT = {"http": 80, "https": 443}
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"),
    )
)
"""What an owner may allow: private networks, carriers' shared space, and this machine."""

_NEVER = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8",
            "169.254.0.0/16",  # link-local, and what tells a machine in a cloud its keys
            "168.63.129.16/32",  # the same in Azure, of a public network
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",  # relays of 6to4
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",  # multicast and reserved
            "2001::/23",  # of protocols, Teredo (2001::/32) among them
            "2001:db8::/32",
            "2002::/16",  # 6to4: an IPv4 address within
            "3fff::/20",
        ),
    )
)
"""From https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry."""

_UNICAST = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is public: mapped IPv4 (::ffff:0:0/96) and NAT64 (64:ff9b::/96) are outside."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the owner of a workspace allows besides public addresses."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()  # name or address, and the port where one is named
    ports: frozenset[int] = frozenset(PORTS)

    def allow(self, host: str, port: int) -> bool:
        """Whether a host may stand on a private network."""
        return (host, None) in self.hosts or (host, port) in self.hosts


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be asked, in parts."""

    scheme: str
    host: str  # ASCII, lower case; of IPv6 without brackets
    port: int
    path: str  # with the query
    address: Address | None  # where the host is a number

    @property
    def default_port(self) -> bool:
        """Whether the port is that of the scheme."""
        return self.port == _DEFAULT[self.scheme]


def rules(allow_hosts: Collection[str], allow_ports: Collection[int]) -> Rules:
    """From the settings: hosts are written `crm.lan`, `10.0.0.5:8080` or `[fd00::5]:8080`.

    Raises UserError `bad_setting`.
    """
    return Rules(frozenset(map(_allowed, allow_hosts)), frozenset(allow_ports))


def target(url: str, allowed: Rules) -> Target:
    """A URL read strictly. Raises UserError `forbidden_address`."""
    if not url.isprintable() or any(sign in url for sign in " \\"):
        raise _forbidden("It has a sign that no address has")
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode("ascii").lower().removesuffix(".")
        port = parsed.port
    except (httpx.InvalidURL, ValueError):
        raise _forbidden("It can't be read") from None
    if parsed.scheme not in _DEFAULT:
        raise _forbidden("It begins with neither https:// nor http://")
    if parsed.userinfo or "@" in url.split("://", 1)[-1].split("/", 1)[0]:
        raise _forbidden("It has a user name")
    if parsed.fragment:
        raise _forbidden("It has a part after #")
    port = _DEFAULT[parsed.scheme] if port is None else port
    number = _number(host)
    host = host if number is None else str(number)
    if port not in allowed.ports and (host, port) not in allowed.hosts:
        raise _forbidden("Its port is none of `allow_ports`")
    if number is not None:
        check(number, host, port, allowed)
    return Target(parsed.scheme, host, port, parsed.raw_path.decode("ascii"), number)


def check(address: Address, host: str, port: int, allowed: Rules) -> None:
    """Whether an address that a host has may be asked. Raises UserError `forbidden_address`."""
    if not is_public(address) and not (allowed.allow(host, port) and _within(address, _PRIVATE)):
        raise _forbidden("It is within a network that is not public")


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet.

    >>> is_public(IPv4Address("1.1.1.1")), is_public(IPv4Address("10.0.0.1")), is_public(IPv6Address("::ffff:1.1.1.1"))
    (True, False, False)
    """
    if address.version == 6 and (address not in _UNICAST or address.scope_id is not None):
        return False
    return not _within(address, _PRIVATE) and not _within(address, _NEVER)


def _within(address: Address, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]) -> bool:
    return any(address in network for network in networks)


def _number(host: str) -> Address | None:
    """The address that a host is; None for a name. Numbers in other forms (017.1, 2130706433, 0x7f.1) are refused."""
    try:
        if ":" in host:
            if "%" in host:
                raise _forbidden("It names an interface")
            return IPv6Address(host)
        last = host.rpartition(".")[2]
        if last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last):
            return IPv4Address(host)
    except ipaddress.AddressValueError:
        raise _forbidden("Its host is a number in a form that may mean another") from None
    if len(host) > 253 or not all(map(_LABEL.fullmatch, host.split("."))):
        raise _forbidden("Its host is no name")
    return None


def _allowed(text: str) -> tuple[str, int | None]:
    found = HOST.fullmatch(text)
    fix = "Write a name or an address, such as crm.lan, 10.0.0.5:8080 or [fd00::5]:8080."
    unread = UserError("bad_setting", "A host can't be read.", where="settings.yaml, allow_hosts", fix=fix)
    if found is None:
        raise unread
    try:
        return _plain(found[1] or found[2]), int(found[3]) if found[3] else None
    except httpx.InvalidURL:
        raise unread from None


def _plain(host: str) -> str:
    """A host as `Target` has it."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return httpx.URL(f"http://{host}/").raw_host.decode("ascii").lower().removesuffix(".")


def _forbidden(why: str) -> UserError:
    fix = "Use a public https address; `allow_hosts` and `allow_ports` in settings.yaml allow others."
    return UserError("forbidden_address", f"This address is not asked. {why}.", fix=fix)


def require_https(url: str) -> None:
    """Raise UserError `forbidden_address` for any other scheme."""
    fix = "Use an address that begins with https://."
    require(url.startswith("https://"), "forbidden_address", "Only https is asked.", fix=fix)
