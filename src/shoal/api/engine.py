"""The process of a server's engine; that of its requests starts `python -m shoal.api.engine SOCKETS BELL BEFORE`."""

from __future__ import annotations

import sys

from shoal.api.environment import opened_workspace
from shoal.flow.engine_process import follow

if __name__ == "__main__":
    follow(opened_workspace(), *map(int, sys.argv[1:]))
