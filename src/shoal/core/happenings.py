"""What happens inside, told to whoever listens at the edge: rooms below write no log.

Only counts, codes and names of our own are told: no address, no name of a person, no key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

Listener = Callable[[str, Mapping[str, int | float | str]], None]
"""Told what happened, and figures about it."""

_listening: list[Listener] = []


def tell(what: str, **about: int | float | str) -> None:
    """Say that something happened: `tell("turn", records=20, ms=7)`. Where nobody listens nothing is done.

    Something that went wrong ends in `_failed`.
    """
    for listener in _listening:
        listener(what, about)


def listen(listener: Listener) -> Callable[[], None]:
    """Be told from now on; what is given back ends that."""
    _listening.append(listener)
    return lambda: _listening.remove(listener)
