"""Secrets that must be read again: kept encrypted with a key made of the workspace's secret and of what they are for.

A copy of the database alone tells none, and what was sealed for one purpose opens for no other.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken

from shoal.core.errors import UserError


def seal(key: bytes, purpose: bytes, text: str) -> bytes:
    """A text, encrypted; `key` is the workspace's secret."""
    return _sealer(key, purpose).encrypt(text.encode())


def unseal(key: bytes, purpose: bytes, sealed: bytes) -> str:
    """The text again. Raises UserError `damaged_secret` where the workspace's secret is another than it was."""
    try:
        return _sealer(key, purpose).decrypt(sealed).decode()
    except InvalidToken:
        fix = "Put the workspace's secret back, or make what has the secret again."
        raise UserError("damaged_secret", "A secret that is kept can't be read.", fix=fix) from None


def _sealer(key: bytes, purpose: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hmac.new(key, purpose, hashlib.sha256).digest()))
