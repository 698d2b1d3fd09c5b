"""Settings of a workspace: a folder, its database, and what dates, phones and amounts mean by default.

They are read from `settings.yaml` in the workspace's folder; every one has a default.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from shoal.core import zones
from shoal.core.errors import UserError, nearest, require

HOST = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([^:\[\]\s/@?#%\\]+))(?::(\d{1,5}))?")
"""A host in the settings: IPv6 in brackets, a name or another address; and the port, where one is named."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the owner of a workspace may choose."""

    database: str | None = None  # SQLAlchemy URL; None: SQLite in the workspace's folder
    zone: str = "UTC"  # IANA name; meant by times without a zone and by calendar days
    region: str = "US"  # ISO 3166-1 alpha-2; meant by phone numbers without a country
    currency: str = "USD"  # ISO 4217; meant by amounts without one
    journal_days: int = 30  # how long accepted payloads are kept after they are in the lake
    allow_hosts: tuple[str, ...] = ()  # servers of a private network that destinations may name, with or without port
    allow_ports: tuple[int, ...] = (80, 443)  # that destinations may name
    requests_per_key: int = 1_000  # a second, of one API key; 0: as many as come
    requests_per_address: int = 1_000  # a second, from one address
    requests_in_all: int = 2_000  # a second
    trusted_proxies: tuple[str, ...] = ()  # addresses or networks whose X-Forwarded-For is believed

    def __post_init__(self) -> None:
        if self.zone not in zones.names():
            raise _bad("zone", f"{self.zone!r} is not a time zone", "Write an IANA name such as Europe/Paris.")
        require(
            len(self.region) == 2 and self.region.isascii() and self.region.isupper(),
            "bad_setting",
            f"{self.region!r} is not a country.",
            where="settings.yaml, region",
            fix="Write two capital letters such as US.",
        )
        require(
            len(self.currency) == 3 and self.currency.isascii() and self.currency.isupper(),
            "bad_setting",
            f"{self.currency!r} is not a currency.",
            where="settings.yaml, currency",
            fix="Write three capital letters such as USD.",
        )
        require(
            self.journal_days >= 1,
            "bad_setting",
            "journal_days must be 1 or more.",
            where="settings.yaml, journal_days",
            fix="Write a number of days such as 30.",
        )
        require(
            all(0 < port < 1 << 16 for port in self.allow_ports),
            "bad_setting",
            "allow_ports must be numbers of ports.",
            where="settings.yaml, allow_ports",
            fix="Write them such as [443, 8443].",
        )
        for host in self.allow_hosts:
            if HOST.fullmatch(host) is None:
                fix = "Write a name or an address, such as crm.lan, 10.0.0.5:8080 or [fd00::5]:8080."
                raise _bad("allow_hosts", "A host can't be read", fix)
        for name in ("requests_per_key", "requests_per_address", "requests_in_all"):
            if getattr(self, name) < 0:
                raise _bad(name, f"{name} must be 0 or more", "Write a number of requests a second, or 0 for no limit.")
        for each in self.trusted_proxies:
            if not _is_network(each):
                told = f"{each!r} is neither an address nor a network"
                raise _bad("trusted_proxies", told, "Write them such as [127.0.0.1, 10.0.0.0/8].")


@dataclass(frozen=True, slots=True)
class Home:
    """The folders and files of one workspace."""

    folder: Path

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.folder / "settings.yaml"

    @property
    def database(self) -> Path:
        """The SQLite file, where no other database is set."""
        return self.folder / "shoal.db"

    @property
    def identity(self) -> Path:
        """The workspace's id, where its database is elsewhere."""
        return self.folder / "workspace-id"

    @property
    def secret(self) -> Path:
        """What hashes of keys are made with."""
        return self.folder / "secret"

    @property
    def lake(self) -> Path:
        """Event history as Parquet."""
        return self.folder / "lake"

    @property
    def derived(self) -> Path:
        """What can be computed again from database and lake."""
        return self.folder / "derived"

    @property
    def scratch(self) -> Path:
        """Space for sorting more than fits in memory."""
        return self.folder / "tmp"

    @property
    def set_aside(self) -> Path:
        """Damaged files, kept for whoever wants to know what happened."""
        return self.folder / "set-aside"

    @property
    def rejects(self) -> Path:
        """Rows that imports refused, one CSV file an import."""
        return self.folder / "rejects"

    @property
    def destinations(self) -> Path:
        """Files for destinations that are folders."""
        return self.folder / "destinations"

    @property
    def segments(self) -> Path:
        """Segment files."""
        return self.folder / "segments"

    @property
    def webhooks(self) -> Path:
        """What generic webhooks mean, one YAML file a name."""
        return self.folder / "webhooks"


def settings_from(data: Any) -> Settings:
    """Settings from the parsed settings file; raises UserError `bad_setting` naming the key.

    >>> settings_from({"zone": "Europe/Paris"}).zone
    'Europe/Paris'
    """
    if data is None:
        return Settings()
    require(
        isinstance(data, dict),
        "bad_setting",
        "The settings are not a list of names and values.",
        where="settings.yaml",
        fix="Write one setting a line, such as zone: Europe/Paris.",
    )
    known = [field.name for field in fields(Settings)]
    for name, value in data.items():
        if name not in known:
            raise _bad(
                str(name),
                f"There is no setting {name!r}",
                nearest(str(name), known) or f"Known are {', '.join(known)}.",
            )
        form = _FORMS.get(name, "text")
        require(
            _has_form(value, form),
            "bad_setting",
            f"{name} must be {form}.",
            where=f"settings.yaml, {name}",
            fix="Mend that line; docs/reference/settings.md explains it.",
        )
    given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    return Settings(**given)


_FORMS = {
    "journal_days": "a whole number",
    "allow_hosts": "a list of texts",
    "allow_ports": "a list of whole numbers",
    "requests_per_key": "a whole number",
    "requests_per_address": "a whole number",
    "requests_in_all": "a whole number",
    "trusted_proxies": "a list of texts",
}


def _has_form(value: Any, form: str) -> bool:
    if form.startswith("a list"):
        one = "a whole number" if form == _FORMS["allow_ports"] else "text"
        return isinstance(value, list) and all(_has_form(each, one) for each in value)
    return isinstance(value, str if form == "text" else int) and not isinstance(value, bool)


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _bad(name: str, message: str, fix: str) -> UserError:
    return UserError("bad_setting", f"{message}.", where=f"settings.yaml, {name}", fix=fix)
