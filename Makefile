# `make` lists what there is. Python 3.11, 3.12 or 3.13 is all it needs; everything else goes to .venv.
# Another interpreter: make PYTHON=/path/to/python3.12 demo

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
PYTHON ?=
VOICE_NOTES ?= ../shared/data/voice_notes

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo up test lint types flows coverage format eval-voice ci clean

help:  ## this list
	@grep -hE "^[a-z-]+:.*## " $(MAKEFILE_LIST) | sed -E "s/:.*## /\t/" | sort | expand -t 16

demo: $(VENV)/.laptop  ## a story on phone, flow and desk, everything imitated on this machine
	$(PY) -m sandbox demo

up: $(VENV)/.laptop  ## serve the emulated services on one port of 127.0.0.1
	$(PY) -m sandbox up

test: $(VENV)/.development  ## every test, with the coverage gate
	$(PY) -m pytest --cov --cov-report=term

lint: $(VENV)/.development  ## ruff: rules and format
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: $(VENV)/.development  ## mypy --strict
	$(PY) -m mypy
	$(PY) -m mypy app.py

flows: $(VENV)/.laptop  ## lint the contact flows
	$(PY) -m flowkit lint contact_flows

coverage: test  ## the tests, and which lines they missed, as pages under htmlcov/
	$(PY) -m coverage html --quiet

format: $(VENV)/.development  ## put the code into its form
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

eval-voice: $(VENV)/.laptop  ## word errors, facts and speed over recorded voice notes
	$(PY) -m benchmarks.eval_voice $(VOICE_NOTES)

ci:  ## what continuous integration runs
	bash .ci/run

setup: $(VENV)/.development  ## everything the other targets need

clean:  ## remove the environment and what tools left behind
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage htmlcov

# The first interpreter that is one of ours and can make environments; a shim without one behind it
# is passed over.
$(PY):
	@for python in $(PYTHON) $(if $(PYTHON),,python3.13 python3.12 python3.11 python3 python); do \
	  if $$python -c "import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))" >/dev/null 2>&1; then \
	    echo "Setting up $(VENV) with $$($$python --version)"; \
	    exec $$python -m venv $(VENV); \
	  fi; \
	done; \
	echo "Puente needs Python 3.11, 3.12 or 3.13 with its venv module (Debian: apt install python3-venv)." >&2; \
	echo "Found: $(or $(PYTHON),$$(python3 --version 2>&1)). Another one: make PYTHON=/path/to/python" >&2; \
	exit 1

$(VENV)/.laptop: requirements.txt requirements-offline.txt | $(PY)
	$(PIP) -r requirements-offline.txt
	@touch $@

$(VENV)/.development: requirements-dev.txt $(VENV)/.laptop | $(PY)
	$(PIP) -r requirements-dev.txt
	@touch $@
