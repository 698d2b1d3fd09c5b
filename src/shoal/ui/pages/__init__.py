"""All pages, one file each. A page is added by its file and its line here: the navigation has the same order."""

from __future__ import annotations

from importlib import import_module

NAMES = (
    "overview",
    "segments",
    "builder",
    "segment",  # the page of one, which takes what no page before it has
    "subscribers",
    "subscriber",
    "sources",
    "audit",
)

ALL = tuple(import_module(f"shoal.ui.pages.{name}") for name in NAMES)
