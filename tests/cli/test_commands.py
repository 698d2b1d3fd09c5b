"""Commands are loaded by need, and each is found."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict

from shoal.cli import main


def test_every_command_is_in_the_table_of_files() -> None:
    main.load([])
    found = defaultdict(set)
    for command in main.app.registered_commands:
        assert command.callback is not None
        found[command.callback.__module__].add(command.name or command.callback.__name__)
    for group in main.app.registered_groups:
        typer_of_group = group.typer_instance
        assert typer_of_group is not None
        callbacks = [each.callback for each in typer_of_group.registered_commands]
        (module,) = {callback.__module__ for callback in callbacks if callback is not None}
        found[module].add(group.name)
    assert found == {f"shoal.cli.{file}": set(names) for file, names in main.COMMANDS.items()}


def test_an_import_does_not_load_the_libraries_of_questions() -> None:
    told = "import sys; from shoal.cli import main; main.load(['import']); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True).stdout.split()
    assert not {"pandas", "sqlglot", "lark", "plotly", "splink"} & set(loaded)
    assert "shoal.flow.importing" in loaded
