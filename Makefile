# make demo   sets everything up and walks the road on the example: at once with a probe, then with a language model
# make test   sets everything up and runs the quick tests
# Only Python 3.11 to 3.13 with pip and venv is needed beforehand.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
READY := $(VENV)/.ready
MODEL := $(VENV)/.model

.PHONY: setup demo test cover test-slow check lint types bench golden docs clean

setup: $(READY) $(MODEL)

# A small language model of 93 MB, fetched once; without it everything but the pilot of a model works.
$(MODEL): $(READY)
	@$(BIN)/python -m tunecase.pilot.trainers.weights && touch $(MODEL) || echo "No model: its pilot and its tests are left out."

$(READY): pyproject.toml
	@test -n "$(PYTHON)" || { echo "tunecase needs Python 3.11, 3.12 or 3.13 on the path"; exit 3; }
	@echo "Setting up in $(VENV), once: a minute or two."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $(READY)

demo: $(READY) $(MODEL)
	rm -rf demo
	$(BIN)/tunecase init --example support-tickets --to demo
	$(BIN)/tunecase run --project demo/tunecase.yaml
	@test ! -f $(MODEL) || { echo; echo "The same case with a real language model, tuned here eleven times, in minutes:"; \
		$(BIN)/tunecase run --project demo/tunecase.yaml --trainer lora --all --yes; }
	@echo "Open demo/report.html in a browser."

test: $(READY)
	$(BIN)/python -m pytest --quiet --numprocesses 2

# As test, but telling which lines no test has run: half as long again.
cover: $(READY)
	$(BIN)/python -m pytest --quiet --numprocesses 2 --cov --cov-report term:skip-covered --cov-fail-under 90

# In a worker: Ray leaves threads of its own behind, and now and then they crash a process that ends, after its last test.
test-slow: $(READY) $(MODEL)
	$(BIN)/python -m pytest --quiet -m slow --numprocesses 1

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

golden: $(READY)
	$(BIN)/python -m pytest --quiet tests --golden

docs: $(READY)
	$(BIN)/python docs/assemble.py

clean:
	rm -rf $(VENV) demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
