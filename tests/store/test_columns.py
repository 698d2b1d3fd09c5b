"""Arrow without pandas."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import pyarrow as pa
from shoal.store.columns import without_pandas
without_pandas()
print(pa.table({"a": [1, None], "b": [True, False]})["a"].to_numpy(), "pandas" in sys.modules)
import pandas
print(pandas.DataFrame({"a": [1]})["a"].sum())
"""


def test_a_server_loads_no_pandas_and_whoever_asks_for_it_gets_it():
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["[", "1.", "nan]", "False", "1"]
