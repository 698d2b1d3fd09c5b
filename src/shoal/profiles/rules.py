"""Which keys may make one subscriber of several identities, and which are shared by strangers.

The limits are few and err on the side of two subscribers for one person: that is a proposal in
the duplicate report, while one subscriber for two persons is mail to the wrong one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shoal.core.errors import require
from shoal.core.ids import key_id
from shoal.ingest.keys import KINDS

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int32]

SHARED_REASONS = ("placeholder", "role", "hub", "strangers", "split")
"""Why a key joins nobody: a filled-in nothing; an office's address with several users; seen with too many
keys; it would join identities that are not one person; a person decided that its sides are two."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits of identity resolution. What can't be set:

    - a user id joins ids of different vendors, never two of the same vendor: an id that two accounts
      of one shop are seen with was given twice. Two ids of one vendor in one record are one person, for that is how
      a vendor tells of a merge;
    - an e-mail address joins user ids of different vendors, never two of the same vendor: vendors
      keep one account per address, so two accounts are two persons at one address;
    - a phone number joins at most one identity (an account with its addresses, or an address alone): couples,
      families and offices share a line;
    - an anonymous id or a device joins at most one identified person: computers are shared;
    - an address or a number, or a user id of your own, joins at most one other of its kind that nothing else joins.

    A key beyond its limit is shared. It joins nobody, neither way, and what was recorded under it
    alone stays with a subscriber of its own.
    """

    emails_per_user: int = 10
    """Addresses that one user id may have. Beyond that it is a company, an import account or a default value."""

    phones_per_key: int = 10
    """Phone numbers that one user id or address may have. Beyond that a till types it for everybody."""

    neighbours: int = 1_000
    """Keys that one key may be seen with. Cookies cleared weekly on three devices reach it in six years."""

    reissuing: tuple[str, ...] = ("stripe",)
    """Vendors that give one address several ids as a matter of course, so that their ids don't tell people apart.
    Stripe: "customers can have the same email address" (https://docs.stripe.com/api/customers)."""

    roles: tuple[str, ...] = (
        "abuse", "accounting", "accounts", "admin", "billing", "bookings", "careers", "contact", "customerservice",
        "enquiries", "hello", "help", "helpdesk", "hostmaster", "hr", "info", "inquiries", "invoices", "it", "jobs",
        "mail", "marketing", "news", "office", "orders", "postmaster", "press", "purchasing", "reception", "sales",
        "security", "service", "shop", "support", "team", "webmaster",
    )  # fmt: skip
    """Names before the @ that many people read (RFC 2142 and common use). Such an address belongs to one person
    (user id, address or number) or to nobody, and never joins two, whatever their vendors."""

    placeholders: tuple[str, ...] = (
        "anonymous", "asdf", "do-not-reply", "donotreply", "dummy", "fake", "guest", "invalid", "mailer-daemon", "n-a",
        "na", "nil", "no-email", "no-reply", "no.reply", "nobody", "noemail", "nomail", "none", "noreply", "null",
        "test", "unknown", "xxx",
    )  # fmt: skip
    """Names before the @ that people and tills type when there is no address. They join nobody at all."""

    placeholder_ids: tuple[str, ...] = (
        "", "admin", "administrator", "anon", "anonymous", "blank", "customer", "customerid", "default", "deleted",
        "demo", "dummy", "empty", "example", "fake", "false", "guest", "guestuser", "id", "invalid", "missing", "na",
        "name", "nan", "new", "newuser", "nil", "nobody", "noid", "none", "notapplicable", "notavailable", "notset",
        "nouser", "null", "placeholder", "redacted", "root", "sample", "string", "system", "tba", "tbd", "test",
        "tester", "testuser", "todo", "true", "undefined", "unidentified", "unknown", "user", "userid", "visitor",
        "walkin", "walkincustomer", "xxx",
    )  # fmt: skip
    """Ids of users, browsers and devices that stand for nobody, in lower case and without other signs than letters and
    digits: `(not set)` and `{{user_id}}` are here too. So are zeros and negative numbers. They join nobody at all."""

    def __post_init__(self) -> None:
        smallest = min(self.emails_per_user, self.phones_per_key, self.neighbours)
        require(
            smallest >= 1,
            "bad_rule",
            "A limit of the identity rules must be 1 or more.",
            fix="Write a whole number of 1 or more.",
        )

    def fingerprint(self) -> str:
        """Digest that changes when a rule changes."""
        return f"{key_id(repr(self)):016x}"


@dataclass(frozen=True, slots=True)
class Traits:
    """What the rules need to know of each key, in the order of the keys."""

    rank: npt.NDArray[np.int8]  # place in KINDS: 0 is the strongest
    vendor: Codes  # of a user id: 0 for your own, -1 for reissuing vendors; -1 for other kinds
    placeholder: Mask
    role: Mask

    def take(self, places: npt.NDArray[np.int64]) -> Traits:
        """The traits of the keys at these places."""
        return Traits(self.rank[places], self.vendor[places], self.placeholder[places], self.role[places])


def classify(kind: pa.Array, value: pa.Array, rules: Rules) -> Traits:
    """Look at each key by itself. `kind` is one of KINDS, `value` the key's text without it."""
    rank = _numpy(pc.index_in(kind, pa.array(KINDS))).astype(np.int8)
    local = _up_to(value, "@")
    is_email = rank == KINDS.index("email")
    local_of_email = pc.replace_substring_regex(local, r"\+.*$", "")
    placeholder = is_email & _numpy(pc.is_in(local_of_email, pa.array(rules.placeholders)))
    placeholder |= is_email & _numpy(pc.match_substring_regex(value, r"@no-?e?mail\.|\.invalid$"))
    placeholder |= (rank == KINDS.index("phone")) & _numpy(pc.match_substring_regex(value, _EMPTY_NUMBER))
    placeholder |= np.isin(rank, _GIVEN_BY_SYSTEMS) & _stands_for_nobody(value, rank, rules)
    role = is_email & _numpy(pc.is_in(local_of_email, pa.array(rules.roles)))
    return Traits(rank, _vendors(value, rank, rules), placeholder, role)


_EMPTY_NUMBER = "(" + "|".join(f"{digit}{{7}}" for digit in range(10)) + "|1234567)[0-9]{0,2}$"
"""Seven same digits at the end, or 1234567: nobody's number."""

_GIVEN_BY_SYSTEMS = [KINDS.index(kind) for kind in ("user", "anonymous", "device")]


_PERHAPS_NOBODY = r"(^|/)([^1-9/]*$|-[0-9])"
"""Ids without a digit but 0, and negative numbers: few, so that the rest is looked at once."""


def _stands_for_nobody(value: pa.Array, rank: npt.NDArray[np.int8], rules: Rules) -> Mask:
    found = np.zeros(rank.size, np.bool_)
    places = np.flatnonzero(_numpy(pc.match_substring_regex(value, _PERHAPS_NOBODY)))
    value = value.take(pa.array(places))
    is_user = pa.array(rank[places] == KINDS.index("user"))
    bare = pc.if_else(is_user, pc.replace_substring_regex(value, r"^[^/]*/", ""), value)
    plain = pc.replace_substring_regex(pc.utf8_lower(bare), r"[^\p{L}\p{N}]+", "")
    named = pc.or_(pc.is_in(plain, pa.array(rules.placeholder_ids)), pc.match_substring_regex(plain, "^0+$"))
    found[places] = _numpy(pc.or_(named, pc.match_substring_regex(bare, r"^-[0-9]+(\.0+)?$")))
    return found


def _vendors(value: pa.Array, rank: npt.NDArray[np.int8], rules: Rules) -> Codes:
    """Ids without a vendor are the workspace's own: they have the number 0 together."""
    has_vendor = pc.match_substring(value, "/")
    vendor = pc.if_else(has_vendor, _up_to(value, "/"), "")
    codes = _numpy(pa.concat_arrays([pa.array([""]), vendor]).dictionary_encode().indices)[1:].astype(np.int32)
    reissuing = _numpy(pc.is_in(vendor, pa.array(rules.reissuing, pa.string()))).astype(np.bool_)
    return np.where((rank == KINDS.index("user")) & ~reissuing, codes, np.int32(-1))


def _up_to(value: pa.Array, sign: str) -> pa.Array:
    return pc.list_element(pc.split_pattern(value, sign, max_splits=1), 0)


def _numpy(array: pa.Array) -> npt.NDArray[np.generic]:
    found: npt.NDArray[np.generic] = array.to_numpy(zero_copy_only=False)
    return found
