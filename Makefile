# make demo       sets up what it shows and walks the road on the example: at once with n-grams, then with a small encoder
# make demo-lora  goes on with the pilot of a language model, and shows what it changes
# make test       sets up a light environment and runs the quick tests
# Only Python 3.11 or newer with pip and venv is needed beforehand.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
# Each mark says that one part of pyproject.toml is installed: the product with its encoder, the quick tests' tools, training,
# everything.
CORE := $(VENV)/.core
TEST := $(VENV)/.test
TRAIN := $(VENV)/.train
READY := $(VENV)/.dev
ENCODER := $(VENV)/.encoder
MODEL := $(VENV)/.model
SITE := $(VENV)/.site
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Every release and the hashes of its files stand in requirements/. Nothing else is installed but torch, where it is wanted:
# its builds for CPU, CUDA and ROCm have one version and different files.
LOCKED = $(PIP) --require-hashes --no-deps --requirement requirements
OWN = $(PIP) --no-build-isolation --editable

.PHONY: setup demo demo-lora test cover test-slow check lint types bench fuzz golden docs site lock sbom clean

setup: $(READY) $(MODEL) $(ENCODER)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "tunecase needs Python 3.11 or newer on the path"; exit 3; }
	@$(PYTHON) -m venv $(VENV)

$(CORE): requirements/core.txt | $(BIN)/python
	@echo "Setting up tunecase in $(VENV), once: half a minute."
	@$(LOCKED)/core.txt && $(OWN) ".[encoder]" && touch $@

$(TEST): requirements/test.txt | $(BIN)/python
	@echo "Setting up the quick tests in $(VENV), once: half a minute."
	@$(LOCKED)/test.txt && $(OWN) ".[test]" && touch $@

$(TRAIN): requirements/train.txt | $(BIN)/python
	@echo "Setting up training in $(VENV), once: a minute or more, for torch is large."
	@$(LOCKED)/train.txt && $(OWN) ".[train]" && touch $@

$(READY): requirements/dev.txt | $(BIN)/python
	@echo "Setting up everything in $(VENV), once: two minutes or more, for torch, Ray and MLflow are large."
	@$(LOCKED)/dev.txt && $(OWN) ".[dev]" && touch $(CORE) $(TEST) $(TRAIN) $@

$(SITE): requirements/site.txt | $(BIN)/python
	@echo "Setting up the builder of the site in $(VENV), once: half a minute."
	@$(LOCKED)/site.txt && $(OWN) ".[site]" && touch $@

# A small language model of 93 MB, fetched once; without it everything but the pilot of a model works.
$(MODEL): | $(TRAIN)
	@$(BIN)/python -m tunecase.pilot.trainers.weights && touch $(MODEL) || echo "No model: its pilot and its tests are left out."

# A small encoder of 84 MB, fetched once, which the road takes by itself where it is here.
$(ENCODER): | $(CORE)
	@$(BIN)/python -m tunecase.pilot.trainers.encoder_weights && touch $(ENCODER) \
		|| echo "No encoder: the road goes on with n-grams alone."

demo: $(CORE) $(ENCODER)
	rm -rf demo
	$(BIN)/tunecase init --example support-tickets --to demo
	$(BIN)/tunecase run --project demo/tunecase.yaml
	@echo "Open demo/report.html in a browser; make demo-lora adds the pilot of a language model, in minutes."

demo-lora: $(TRAIN)
	@test -f demo/tunecase.yaml || $(MAKE) --no-print-directory demo
	@$(MAKE) --no-print-directory $(MODEL)
	@test -f $(MODEL) || { echo "Without the model its pilot is left out."; exit 3; }
	@echo "The same case with a real language model, which is tuned here eleven times:"
	$(BIN)/tunecase run --project demo/tunecase.yaml --trainer lora --all --yes
	@echo "Open demo/report.html in a browser."

test: $(TEST)
	$(BIN)/python -m pytest --quiet --numprocesses 2 --dist worksteal

# The quick tests and those of optional parts, telling which lines no test has run: half as long again.
cover: $(READY)
	$(BIN)/python -m pytest --quiet --numprocesses 2 -m "not slow" --cov --cov-report term:skip-covered --cov-fail-under 90

# In workers: Ray leaves threads of its own behind, and now and then they crash a process that ends, after its last test.
# By file, in the order of the folders: what a file builds is built once, and the long benchmarks come first.
# Laws are tried here on all of their examples, on a few in the quick run.
test-slow: $(READY) $(MODEL) $(ENCODER)
	TUNECASE_LAWS=all $(BIN)/python -m pytest --quiet -m "slow or needs or hypothesis" --numprocesses 2 --dist loadfile --no-loadscope-reorder

check: lint types cover

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

bench: $(READY)
	@for script in starting auditing forecasting deciding training sensitivity ledger; do \
		echo "== $$script"; $(BIN)/python benchmarks/$$script.py || exit 1; done
	@echo "== piloting, cost on one set (hours in full)"; $(BIN)/python benchmarks/piloting.py --quick --cost --sets banking77

# Every surface in turn, by random seeds; what crashes is kept below .hypothesis/crashes.
HOURS ?= 1
fuzz: $(TEST)
	$(BIN)/python benchmarks/fuzzing.py --hours $(HOURS)

golden: $(TEST)
	$(BIN)/python -m pytest --quiet tests --golden

docs: $(TEST)
	$(BIN)/python docs/assemble.py

# The documentation as a site, build/site: every page made, every command on it parsed, every link followed.
site: $(SITE)
	$(BIN)/python docs/site.py

# Locks the newest releases that pyproject.toml allows, with the hashes of their files.
lock: | $(BIN)/python
	@$(PIP) "uv>=0.9"
	$(BIN)/python requirements/lock.py

# The bill of materials as CycloneDX, build/sbom.cdx.json, and docs/dependencies.md with the licences.
sbom: | $(BIN)/python
	@$(PIP) "cyclonedx-bom>=7"
	$(BIN)/python requirements/sbom.py

clean:
	rm -rf $(VENV) demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
