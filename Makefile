# Everything sets itself up: a virtual environment in .venv with pinned versions.
PYTHON ?= python3
BIN := .venv/bin
SIZE ?= s
SEED ?= 0
MODE ?= full
SIMS ?= 10000
LLAMA ?= -DLLAVA_BUILD=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_CURL=OFF

.PHONY: setup demo test lint test-browser test-vllm test-gguf test-external test-livebench test-engines test-evalplus test-slurm test-ray soak soak-data chaos bench decisions clean

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

# A real vLLM on the CPU, in an environment of its own (about 3.5 GB).
.envs/vllm/.ready: constraints-vllm.txt
	$(PYTHON) -m venv .envs/vllm
	.envs/vllm/bin/pip install --quiet --disable-pip-version-check torch==2.13.0
	.envs/vllm/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement constraints-vllm.txt
	touch $@

# The demo's models in it: greedy answers as in this process, with and without RoPE scaling.
test-vllm: setup .envs/vllm/.ready demo
	KOMAINU_VLLM=.envs/vllm/bin/python $(BIN)/pytest -q -s -m vllm tests/vllm

# llama.cpp's converter and runtime: both come with llama-cpp-python's source, which is built here (7 minutes of CPU).
.envs/llama.cpp/.ready: pyproject.toml constraints.txt
	mkdir -p .envs/llama.cpp
	$(BIN)/pip download --quiet --disable-pip-version-check --no-deps --no-binary llama-cpp-python --dest .envs/llama.cpp llama-cpp-python==0.3.36
	tar -xzf .envs/llama.cpp/llama_cpp_python-0.3.36.tar.gz -C .envs/llama.cpp --strip-components=3 llama_cpp_python-0.3.36/vendor/llama.cpp
	CMAKE_ARGS="$(LLAMA)" $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[llama]'
	touch $@

# GGUF files loaded and compared with the models they were made of, in every number format.
test-gguf: setup .envs/llama.cpp/.ready
	LLAMA_CPP=.envs/llama.cpp $(BIN)/pytest -q -s -rs -m gguf tests/release

# lm-evaluation-harness and lighteval, for real, in environments of their own that the first run makes.
test-external: setup
	$(BIN)/pytest -q -m external tests/eval/test_lm_eval.py tests/eval/test_lighteval.py

# LiveBench's scorers, for real: from upstream's repository, or in the environment whose python KOMAINU_LIVEBENCH names.
test-livebench: setup
	$(BIN)/pytest -q -m external tests/eval/test_livebench_scorers.py

# axolotl and OpenRLHF, for real: a tiny model trained on the CPU, in environments that the first run makes (6 GB); then
# SGLang's own parser and its table of positions.
test-engines: setup
	$(BIN)/pytest -q -s -m engines tests/train tests/models

# Our client beside three others on one stub server, then training beside TRL; the first run makes their environments.
bench: setup
	$(BIN)/python -m bench.asking $(MODE)
	$(BIN)/python -m bench.train $(MODE)
	$(BIN)/python -m bench.train_cost $(MODE)

# How often tests and intervals are right, by simulation: about four minutes of CPU; SIMS=1000 takes one.
decisions: setup
	$(BIN)/python -m bench.decisions $(SIMS)

# All canonical programs of EvalPlus five times, and changed ones that must fail. FOLDER holds the two released files.
test-evalplus: setup
	$(BIN)/python -m bench.evalplus $(FOLDER)

# Training and datasets on four real Slurm nodes, started here: needs Debian's slurm-wlm and munge, skipped without them.
test-slurm: setup
	OMP_NUM_THREADS=1 $(BIN)/pytest -q -rs -m slurm tests/slurm

# A dataset on a Ray cluster of three nodes, started here.
test-ray: setup
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[ray]'
	OMP_NUM_THREADS=1 $(BIN)/pytest -q -rs -m ray tests/ray

# kill -9 at 50 random moments of the demo, every byte compared.
soak: setup
	$(BIN)/python -m bench.soak

# The same of two sets made from a server that fails in 30 % of calls, and of the processes that their steps are done in.
soak-data: setup
	$(BIN)/python -m bench.datasoak

# A server that fails in 30 % of calls, and kill -9 twenty times: nothing lost, nothing paid twice.
chaos: setup
	$(BIN)/python -m bench.chaos

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
