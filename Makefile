# Set-up and everyday commands. `make demo` and `make test` are all that a fresh machine needs.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
RUN    := $(VENV)/.run
DEV    := $(VENV)/.dev
WAREHOUSES := $(VENV)/.warehouses
# A file at a time, in the order of tests/conftest.py: slow files first.
TWO    := -n 2 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help demo serve test test-warehouses lint docs bench bench-ingest bench-segments bench-live bench-overload soak pin browser clean

help:  ## Show what there is to do
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(RUN)  ## Build the reference shop, analyse it, leave report.html
	@$(BIN)/shoal --home demo/workspace demo --folder demo --report report.html

serve: $(RUN)  ## Serve the workspace in $$SHOAL_HOME, or that of the reference shop
	@[ -n "$(SHOAL_HOME)" ] || [ -f demo/workspace/settings.yaml ] || $(MAKE) demo
	@$(BIN)/shoal --home $(or $(SHOAL_HOME),demo/workspace) init
	@$(BIN)/shoal --home $(or $(SHOAL_HOME),demo/workspace) serve $(ARGS)

test: $(DEV) browser  ## Run every test
	@$(BIN)/python -m pytest $(TWO)

test-warehouses: $(WAREHOUSES)  ## Run warehouse SQL on every engine that runs here, Spark included
	@$(BIN)/python -m pytest -rs tests/segments/warehouse

lint: $(DEV)  ## Format, style, types, layers, doctests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/mypy benchmarks
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest --doctest-modules --ignore=src/shoal/store/migrations src

docs: $(DEV)  ## Build the documentation into site/
	@$(BIN)/mkdocs build --strict

bench: bench-ingest bench-segments bench-live bench-overload  ## Measure every bar; results go to benchmarks/results/

bench-ingest: $(DEV)  ## Import, journal, lake, count
	@$(BIN)/python -m benchmarks.ingest

bench-live: $(DEV)  ## The server under load; ARGS=--quick for a small shop
	@$(BIN)/python -m benchmarks.live $(ARGS)

bench-overload: $(DEV)  ## The server under too much; ARGS=--quick for a small shop, --long for ten minutes of it
	@$(BIN)/python -m benchmarks.overload $(ARGS)

bench-segments: $(DEV)  ## The live reading against one query per segment; ARGS=--quick for a small shop
	@$(BIN)/python -m benchmarks.segments $(ARGS)

soak: $(DEV)  ## The long forms of the tests
	@SHOAL_SOAK=1 $(BIN)/python -m pytest $(TWO)

pin: $(DEV)  ## Pin the newest versions of all requirements
	@$(BIN)/uv pip compile -q pyproject.toml requirements/build.in --universal --python-version 3.11 \
	    --upgrade --generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements/run.txt
	@$(BIN)/uv pip compile -q pyproject.toml requirements/build.in --extra dev -c requirements/run.txt --universal \
	    --python-version 3.11 --upgrade --generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements/dev.txt
	@$(BIN)/uv pip compile -q pyproject.toml --extra warehouses -c requirements/dev.txt --universal --python-version 3.11 \
	    --upgrade --generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements/warehouses.txt

browser:  # The page tests want Chromium; without it they say that they were skipped.
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get -qq update && apt-get -qq install -y chromium; } \
	  || echo "No Chromium here: install it (apt-get install chromium) to run the page tests too."

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Shoal needs Python 3.11 or newer: install it, then run make again with PYTHON=/path/to/it."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "This Python cannot make virtual environments: run 'apt-get install python3-venv', then make again."; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(RUN): requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing the pinned set into $(VENV) ..."
	@EDITABLE=yes PYTHON=$(PYTHON) sh deploy/install.sh . $(VENV)
	@touch $(RUN)

$(DEV): requirements/dev.txt $(RUN)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $(DEV)

$(WAREHOUSES): requirements/warehouses.txt $(DEV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/warehouses.txt
	@touch $(WAREHOUSES)

clean:  ## Remove what make made
	rm -rf $(VENV) demo report.html site
