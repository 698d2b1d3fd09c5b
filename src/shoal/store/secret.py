"""The workspace's secret: what hashes of keys are made with, and signatures."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from shoal.core.disk import flush
from shoal.core.errors import UserError

_BYTES = 32


def secret_at(path: Path) -> bytes:
    """The 32 bytes in a file, which only its owner may read; made where it is not there.

    Raises UserError `damaged_secret`.
    """
    try:
        found = bytes.fromhex(path.read_text().strip())
    except FileNotFoundError:
        return _made(path)
    except ValueError:
        found = b""
    if len(found) != _BYTES:
        raise UserError(
            "damaged_secret",
            "The secret of this workspace is damaged.",
            where=str(path),
            fix="Put it back from a backup; without it no key that was made is known any more.",
        )
    return found


def _made(path: Path) -> bytes:
    fresh = secrets.token_bytes(_BYTES)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(fresh.hex())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(partial, path)  # whoever comes second takes the first one's
    except FileExistsError:
        return secret_at(path)
    finally:
        partial.unlink()
    flush(path.parent)
    return fresh
