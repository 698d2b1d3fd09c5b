"""Which addresses destinations may name, as the settings say at the time: a running server reads them anew."""

from __future__ import annotations

import os

from shoal.core import happenings
from shoal.core.errors import UserError
from shoal.core.settings import Home, Settings
from shoal.destinations.addresses import Rules, rules
from shoal.flow.home import Opened, settings_of


def allowed(opened: Opened) -> Rules:
    """What the settings allow now. Raises UserError `bad_setting`."""
    return _rules(settings_of(opened.home))


class Allowed:
    """The same for whoever asks again and again: the file is read when it was changed.

    Where it can't be read, such as while somebody writes it, what it allowed before goes on, and that is told.
    """

    def __init__(self, opened: Opened) -> None:
        self._home = opened.home
        self._seen: _Signs | None = None  # nothing yet: it may have been changed since the workspace was opened
        self._rules = _rules(opened.settings)

    def __call__(self) -> Rules:
        """What is allowed. May be asked on any thread."""
        seen = _signs(self._home)
        if seen != self._seen:
            self._seen = seen
            self._look()
        return self._rules

    def _look(self) -> None:
        try:
            self._rules = _rules(settings_of(self._home))
        except (UserError, OSError, UnicodeDecodeError) as error:
            happenings.tell("settings_failed", error=type(error).__name__)


def _rules(settings: Settings) -> Rules:
    return rules(settings.allow_hosts, settings.allow_ports)


_Signs = tuple[int, int, int]


def _signs(home: Home) -> _Signs | None:
    """By which a change of the file is known; None where there is none."""
    try:
        seen = os.stat(home.settings)
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_size, seen.st_ino
