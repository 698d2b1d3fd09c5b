"""The five types of segments: what a segment is mainly about."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TYPES: Mapping[str, str] = MappingProxyType(
    {
        "intent": "Behavioural intent",
        "velocity": "Engagement velocity",
        "lifecycle": "Predictive lifecycle",
        "preference": "Content preference",
        "erfm": "Value and engagement (eRFM)",
    }
)
"""The word in a file to the name that people read, in the order in which they are shown."""

UNTYPED = "Other segments"
"""The heading of segments whose files name no type."""
