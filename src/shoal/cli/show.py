"""How answers and errors are shown: tables for people, one JSON document for programs."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from shoal.core.errors import UserError, require
from shoal.core.failures import failure


@contextmanager
def printing() -> Iterator[None]:
    """Tell what the system refuses in the block as an error of standard output; a reader that went away is none."""
    try:
        yield
    except OSError as error:
        told = failure(error, "standard output")
        if told is None:
            raise
        raise told from None


@dataclass(frozen=True, slots=True)
class Shown:
    """The global options, and the ways to show things that follow from them."""

    home: Path
    as_json: bool
    yes: bool
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """Tell on standard error what an answer may lack; under `--json` it stands in the document."""
        self.warnings.append(text)
        if not self.as_json:
            Console(stderr=True, highlight=False, soft_wrap=True).print(
                f"Warning: {text}", style="yellow", markup=False
            )

    @printing()
    def document(self, data: Any) -> None:
        """Print one JSON document; `warnings` stand in it, or on standard error where it is a list."""
        if self.warnings and isinstance(data, dict):
            data = {**data, "warnings": self.warnings}
        elif self.warnings:
            sys.stderr.write(json.dumps({"warnings": self.warnings}) + "\n")
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n")

    @printing()
    def say(self, *lines: str) -> None:
        """Print sentences; nothing under `--json`, where the document says it all."""
        if not self.as_json:
            console().print(*map(harmless, lines), sep="\n", highlight=False, soft_wrap=True, markup=False)

    @printing()
    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table; columns whose name ends in "#" hold numbers and stand to the right."""
        shown = Table(
            title=title, title_justify="left", title_style="bold", box=None, header_style="dim", pad_edge=False
        )
        for column in columns:
            shown.add_column(column.removesuffix("#"), justify="right" if column.endswith("#") else "left")
        for row in rows:
            shown.add_row(*(Text(number(cell) if isinstance(cell, int) else harmless(str(cell))) for cell in row))
        console().print(shown)

    @contextmanager
    def progress(self, done: ProgressColumn | None = None) -> Iterator[Progress | None]:
        """A progress bar on a terminal; None elsewhere. `done` says how much is done, by default bytes."""
        if self.as_json or not sys.stderr.isatty():
            yield None
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            done or DownloadColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            yield bar

    @staticmethod
    def error(error: UserError) -> None:
        """Print a user's mistake on standard error: what, where, what to do."""
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(harmless(error.message), style="bold red", markup=False)
        if error.where:
            console.print(harmless(f"  where: {error.where}"), markup=False)
        if error.fix:
            console.print(harmless(f"  fix:   {error.fix}"), markup=False)

    @staticmethod
    def error_as_json(error: UserError) -> None:
        """Print a user's mistake on standard error in the one error shape."""
        sys.stderr.write(json.dumps(error.as_data()) + "\n")


def actor() -> str:
    """Who is typing, for the record; raises UserError `no_actor`."""
    try:
        return getpass.getuser()
    except OSError:
        raise UserError("no_actor", "The system doesn't tell who you are.", fix="Set the variable LOGNAME.") from None


def require_place(file: Path | None) -> None:
    """Before long work: raise UserError `no_place` where the file that it ends in can't be written."""
    if file is None:
        return
    folder = file.absolute().parent
    require(
        folder.is_dir() and os.access(folder, os.W_OK) and not file.is_dir(),
        "no_place",
        "No file can be written there.",
        where=str(file),
        fix="Name a file in a folder that exists and may be written to.",
    )


def harmless(text: str) -> str:
    """The text without characters that command a terminal: names of files and columns come from others.

    >>> harmless("colour\\x1b[2J")
    'colour\ufffd[2J'
    """
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "\N{REPLACEMENT CHARACTER}" for sign in text)


def console() -> Console:
    """Standard output, as wide as the terminal, or 120 columns where there is none."""
    return Console() if sys.stdout.isatty() else Console(width=120)


def number(value: int) -> str:
    """A whole number with thousands separated.

    >>> number(1234567)
    '1,234,567'
    """
    return f"{value:,}"


def program() -> str:
    """How to call Shoal from where the user is: `shoal` where the shell finds it, else as this run was called."""
    called = Path(sys.argv[0])
    if shutil.which("shoal"):
        return "shoal"
    return str(called) if called.name == "shoal" else f"{Path(sys.executable).name} -m shoal"
