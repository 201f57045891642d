# Everything sets itself up: a virtual environment in .venv with pinned versions.
PYTHON ?= python3
BIN := .venv/bin
SIZE ?= s
SEED ?= 0
MODE ?= full

.PHONY: setup demo test lint test-browser test-external soak bench clean

setup: .venv/.ready

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[all,dev]'
	touch $@

demo: setup
	$(BIN)/komainu run recipes/demo.py:family size=$(SIZE) seed=$(SEED)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	OMP_NUM_THREADS=1 $(BIN)/pytest -q -n 2

# The report in a real browser: needs Debian's chromium and fonts-noto-cjk.
test-browser: setup
	$(BIN)/pytest -q -m browser tests/browser

# lm-evaluation-harness, for real, in an environment of its own that the first run makes.
test-external: setup
	$(BIN)/pytest -q -m external tests/eval

# Our client beside three others on one stub server; MODE=quick takes a minute, the first run makes their environments.
bench: setup
	$(BIN)/python -m bench.asking $(MODE)

# kill -9 at 50 random moments of the demo, every byte compared.
soak: setup
	$(BIN)/python -m bench.soak

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
