"""Groups of countries, as of 2026-11-01.

Sources: European Union, https://european-union.europa.eu/principles-countries-history/eu-countries_en (27 members);
European Economic Area, https://www.efta.int/about-efta/european-economic-area (the EU, Iceland, Liechtenstein
and Norway).
Codes are ISO 3166-1 alpha-2; names are the English short names, with other usual ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

AS_OF: Final = "2026-11-01"

_EU: Final[Mapping[str, tuple[str, ...]]] = {
    "AT": ("Austria",),
    "BE": ("Belgium",),
    "BG": ("Bulgaria",),
    "HR": ("Croatia",),
    "CY": ("Cyprus",),
    "CZ": ("Czechia", "Czech Republic"),
    "DK": ("Denmark",),
    "EE": ("Estonia",),
    "FI": ("Finland",),
    "FR": ("France",),
    "DE": ("Germany",),
    "GR": ("Greece",),
    "HU": ("Hungary",),
    "IE": ("Ireland",),
    "IT": ("Italy",),
    "LV": ("Latvia",),
    "LT": ("Lithuania",),
    "LU": ("Luxembourg",),
    "MT": ("Malta",),
    "NL": ("Netherlands", "The Netherlands"),
    "PL": ("Poland",),
    "PT": ("Portugal",),
    "RO": ("Romania",),
    "SK": ("Slovakia",),
    "SI": ("Slovenia",),
    "ES": ("Spain",),
    "SE": ("Sweden",),
}
_EEA: Final = {**_EU, "IS": ("Iceland",), "LI": ("Liechtenstein",), "NO": ("Norway",)}

GROUPS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {"EU": _EU, "EEA": _EEA}
"""Members of a group: code to names."""


def values(group: str) -> tuple[str, ...]:
    """What a trait may say that means a member of a group: codes and names.

    >>> len(values("EU")), "Norway" in values("EEA")
    (56, True)
    """
    members = GROUPS[group]
    return (*members, *(name for names in members.values() for name in names))
