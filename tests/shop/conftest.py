"""One shop of full size, simulated and written once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from shoal.shop import Shop, simulate, write_exports, write_truth


@pytest.fixture(scope="session")
def shop() -> Shop:
    return simulate()


@pytest.fixture(scope="session")
def folder(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    write_exports(shop, folder)
    return folder


@pytest.fixture(scope="session")
def tables(shop: Shop, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The files as DuckDB reads them, everything text, and the truth beside them."""
    file = write_truth(shop, tmp_path_factory.mktemp("truth") / "truth.parquet")
    connection = duckdb.connect()
    for csv in sorted(folder.glob("*.csv")):
        connection.read_csv(str(csv), all_varchar=True, header=True).to_table(csv.stem)
    for lines in sorted(folder.glob("*.jsonl")):
        connection.read_csv(
            str(lines), columns={"line": "VARCHAR"}, header=False, delimiter="\x01", quotechar="", escapechar=""
        ).to_table(f"{lines.stem}_lines")
        connection.execute(
            f"CREATE TABLE {lines.stem} AS SELECT line::JSON AS row FROM {lines.stem}_lines WHERE json_valid(line)"
        )
    connection.read_parquet(str(file)).to_table("truth")
    yield connection
    connection.close()
