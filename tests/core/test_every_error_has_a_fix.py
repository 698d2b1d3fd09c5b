"""Every mistake of a user is told with what to do about it."""

from __future__ import annotations

import ast
from pathlib import Path

SRC = Path(__file__).resolve().parents[2] / "src" / "shoal"
RAISING = ("UserError", "require", "CorruptLakeError", "CorruptJournalError", "FileError")
ALLOWED = {
    "ingest/parse.py": "puts the place before an error that has its fix already",
    "ingest/wire.py": "repeats an error that the parsing process told with its fix",
    "ingest/worker.py": "repeats an error that the parsing process told with its fix",
}


def calls(path: Path) -> list[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISING
    ]


def lacks_fix(call: ast.Call) -> bool:
    """No `fix=`, or one that can be None: a bare `nearest(…)`, None itself."""
    fix = next((each.value for each in call.keywords if each.arg == "fix"), None)
    if isinstance(fix, ast.Call) and isinstance(fix.func, ast.Name):
        return fix.func.id == "nearest"
    return fix is None or (isinstance(fix, ast.Constant) and not fix.value) or isinstance(fix, ast.Attribute)


def test_every_error_says_what_to_do() -> None:
    found = {path.relative_to(SRC).as_posix(): calls(path) for path in sorted(SRC.rglob("*.py"))}
    assert sum(map(len, found.values())) > 100, "the search finds the calls"
    lacking = {name: [call.lineno for call in each if lacks_fix(call)] for name, each in found.items()}
    assert {name: lines for name, lines in lacking.items() if lines and name not in ALLOWED} == {}
    assert {name for name in ALLOWED if not lacking[name]} == set(), "what is allowed is still needed"
