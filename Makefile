# Two commands matter: `make demo` shows what it does, `make test` proves that it works.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
OUT ?= out/demo
PHOTO ?= examples/courtyard.jpg
SMOKE ?= out/smoke

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow smoke-train smoke-normals lint format bench install-demo install-test clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 14

# The light install: no PyTorch.
$(VENV)/.demo: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Theodolite needs Python 3.11 or newer; set PYTHON=...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade "pip>=25.1"
	$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch $@

# Everything that tests, type checker and linter need.
$(VENV)/.test: $(VENV)/.demo
	$(PIP) install --quiet --constraint constraints.txt --editable '.[all]' --group dev
	@touch $@

install-demo: $(VENV)/.demo
install-test: $(VENV)/.test

demo: $(VENV)/.demo  ## install, then depth, normals, mesh and viewer of the example photo (PHOTO=, OUT=)
	$(BIN)/theodolite predict $(PHOTO) --out $(OUT) --formats npz,depth-png,normal-png,preview,json,ply,glb,html --overwrite

lint: $(VENV)/.test  ## layout, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: lint  ## every check: lint, types, tests (no GPU, no network)
	$(BIN)/pytest -m "not slow"

test-slow: $(VENV)/.test  ## the marked tests: large networks, minutes of work
	$(BIN)/pytest -m slow

smoke-train: $(VENV)/.test  ## learning is real: ten minutes of it, with parts left out, and a chart (SMOKE=)
	$(BIN)/python tools/smoke_train.py $(SMOKE)

smoke-normals: $(VENV)/.test  ## normals learnt from depth alone, with and without consistency: ten minutes (SMOKE=)
	$(BIN)/python tools/smoke_train.py $(SMOKE)-normals --study withheld

format: $(VENV)/.test  ## settle layout
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.test  ## speed and memory of the networks on this machine
	$(BIN)/theodolite bench

clean:  ## remove what make made
	rm -rf $(VENV) out dist build .pytest_cache .mypy_cache .ruff_cache
