#!/bin/sh
# Puts Shoal into a virtual environment: the pinned set with its hashes, then the program.
# The same steps as `make serve`; the image and the tests run this file.
# usage: install.sh SOURCE TARGET      (PYTHON names the interpreter, 3.11 or newer; WHEELS a folder to install from)
set -eu
source=$1
target=$2
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Shoal needs Python 3.11 or newer: install it, or name it with PYTHON=/path/to/it." >&2
  exit 1
}
[ -x "$target/bin/python" ] || "$python" -m venv "$target"
pip="$target/bin/python -m pip --disable-pip-version-check --no-input"
$pip install -q --require-hashes -r "$source/requirements/run.txt"
$pip install -q --no-deps --no-build-isolation ${EDITABLE:+-e} "$source"
"$target/bin/shoal" --version
