# Everything from a bare clone: Python (3.11 or later), make and a package index are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Recorded measurements are used where they are found; nothing fails without them.
DATA ?= $(wildcard ../shared/data)

.PHONY: help setup validate test campaign lint types notebooks wheel figures bench check clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## virtual environment with everything, installed once

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; name it by PYTHON=..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "cannot make a virtual environment: is Python's venv module installed?" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --constraint constraints.txt --editable '.[dev]'
	@touch $@

validate: $(READY) ## the main job: every method on the sets small and recorded, verified
	$(BIN)/python validate.py $(if $(DATA),--data $(DATA)) $(ARGS)

test: $(READY) ## all tests
	DMOE_DATA="$(DATA)" $(BIN)/python -m pytest --numprocesses=2 $(ARGS)

CAMPAIGNS ?= tests/campaigns tests/dmoe_models/algorithms tests/dmoe_models/cli/test_terminals.py \
  tests/dmoe_models/cli/test_interrupts.py tests/dmoe_models/files/test_schemas.py tests/formulations \
  tests/test_contributing.py tests/instances/library

campaign: $(READY) ## the tests that try large volumes, all of them (CAMPAIGNS=FILE for some)
	DMOE_CAMPAIGN=1 DMOE_DATA="$(DATA)" $(BIN)/python -m pytest --numprocesses=2 $(CAMPAIGNS) $(ARGS)

lint: $(READY) ## ruff, formatting included, and the order of the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

types: $(READY) ## mypy
	$(BIN)/mypy

notebooks: $(READY) ## run every notebook top to bottom
	$(BIN)/jupyter nbconvert --log-level=WARN --to notebook --execute \
	  --output-dir build/notebooks notebooks/*.ipynb

# build/lib and *.egg-info of an earlier build would find their way into the wheel
wheel: $(READY) ## build the wheel and try every command of it in a clean environment
	rm -rf build/lib build/bdist.* build/wheel *.egg-info
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/wheel .
	$(BIN)/python -m venv build/wheel/clean
	build/wheel/clean/bin/python -m pip install --quiet --disable-pip-version-check \
	  --constraint constraints.txt build/wheel/*.whl
	DMOE_INSTALLED=$(CURDIR)/build/wheel/clean/bin $(BIN)/python -m pytest tests/test_installed.py

figures: $(READY) ## run the notebooks and keep their figures in them
	$(BIN)/jupyter nbconvert --log-level=WARN --to notebook --execute --inplace notebooks/*.ipynb

bench: $(READY) ## speed and memory beside their peers (ARGS=--quick for a look)
	DMOE_DATA="$(DATA)" $(BIN)/python tests/benchmarks/run.py $(ARGS)

check: lint types test notebooks wheel ## what continuous integration runs

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
