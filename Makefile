# Everything sets itself up: a virtual environment in .venv with pinned versions.
PYTHON ?= python3
BIN := .venv/bin
SIZE ?= s
SEED ?= 0

.PHONY: setup demo test lint test-browser test-evalplus soak clean

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

# All canonical programs of EvalPlus five times, and changed ones that must fail. FOLDER holds the two released files.
test-evalplus: setup
	$(BIN)/python -m bench.evalplus $(FOLDER)

# kill -9 at 50 random moments of the demo, every byte compared.
soak: setup
	$(BIN)/python -m bench.soak

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
