"""The shop stands apart: it must not know the product that it judges."""

from __future__ import annotations

import ast
from pathlib import Path

import shoal.shop

ALLOWED = ("shoal.core", "shoal.shop")


def test_it_imports_only_the_core() -> None:
    for file in Path(shoal.shop.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert not name.startswith("shoal") or name.startswith(ALLOWED), f"{file.name} imports {name}"
