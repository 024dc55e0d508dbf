# Puente on a laptop. `make demo` needs Python 3.11 to 3.14 and the package index, and on 3.14 a C
# compiler, nothing else.

# The first that fits, also where only pyenv knows it. 3.13 is what AWS runs the functions with; 3.12
# to 3.14 measure coverage in half the time of 3.11; on 3.14 pocketsphinx has to be compiled.
PYTHONS := python3.13 $(wildcard $(HOME)/.pyenv/versions/3.13.*/bin/python) \
  python3.12 python3.14 python3.11 python3 python
PY := .venv/bin/python
# chalice needs pip < 26.3 in the environment: pip is never upgraded here.
INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))

# One process a core; whoever is out of tests takes some of another's.
SIDE_BY_SIDE := --numprocesses auto --dist worksteal
# What is left to test-infra.
ELSEWHERE := $(wildcard tests/test_infra*.py)

# A folder with manifest.json, or one audio file.
VOICE_NOTES ?= $(firstword $(wildcard ../shared/data/voice_notes) sandbox/voice_notes/claim_en.ogg)

.DEFAULT_GOAL := help
.PHONY: help setup demo up test test-deep hunt lint types format flows eval-voice whisper ci clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

setup: .venv/.dev ## everything the other targets need

demo: .venv/.offline ## a voice note from phone to agent and back
	@$(PY) -m sandbox demo

up: .venv/.offline ## all emulated services, with Puente, on one loopback port
	@$(PY) -m sandbox up --with-puente

test: .venv/.dev ## the test suite with its coverage gate
	@$(PY) -m pytest $(SIDE_BY_SIDE) -m "not deep" $(ELSEWHERE:%=--ignore=%) \
	  --cov --cov-report=term-missing:skip-covered

test-deep: .venv/.dev ## crashes, refusals, repeats, a crowd, whole corpora: minutes longer, without coverage
	@$(PY) -m pytest $(SIDE_BY_SIDE) -m deep $(ELSEWHERE:%=--ignore=%)

hunt: .venv/.dev ## new random stories of people, time and trouble: PUENTE_STORIES=500 PUENTE_SEED=7
	@PUENTE_STORIES=$${PUENTE_STORIES:-100} $(PY) -m pytest -s -p no:logging tests/stories -m deep | grep -v '^{"'

lint: .venv/.dev ## style
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

format: .venv/.dev ## put the code into its form
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

types: .venv/.dev ## mypy --strict
	@$(PY) -m mypy
	@$(PY) -m mypy app.py

flows: .venv/.offline ## check the contact flows
	@$(PY) -m flowkit lint contact_flows

eval-voice: .venv/.offline ## word error rate, facts and speed of the offline recogniser
	@$(PY) -m benchmarks.eval_voice $(VOICE_NOTES)

whisper: .venv/.offline ## a better ear for the sandbox (130 MB): SANDBOX_SPEECH_ENGINE=whisper make demo
	@$(INSTALL) -r requirements-whisper.txt

include benchmarks/bench.mk

-include infra/infra.mk

ci: ## what continuous integration runs
	@bash .ci/run

clean: ## remove the environment and everything made by tools
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment: made once, installed again when a requirements file changes -----------------

FIND_PYTHON = for python in $(PYTHONS); do \
	  if "$$python" -c '$(FITS)' 2>/dev/null; then found="$$python"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Puente needs Python 3.11 to 3.14; none of these is one: $(PYTHONS)" >&2; \
	  echo "Install one (Debian: apt install python3 python3-venv) and try again." >&2; exit 1; \
	fi

.venv/bin/python:
	@$(FIND_PYTHON); echo "making .venv with $$("$$found" --version)"; \
	"$$found" -m venv .venv || { rm -rf .venv; \
	  echo "$$found cannot make environments (Debian: apt install python3-venv)" >&2; exit 1; }

.venv/.fits: .venv/bin/python
	@$(PY) -c '$(FITS)' || { \
	  echo ".venv holds $$($(PY) --version), Puente needs 3.11 to 3.14: run 'make clean'" >&2; exit 1; }
	@touch $@

NOT_INSTALLED = echo "not everything could be installed, see above" >&2; \
	if $(PY) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 14))'; then \
	  echo "Python 3.14 compiles pocketsphinx: that takes a C compiler and Python's headers" >&2; \
	  echo "(Debian: apt install build-essential python3-dev); 3.13 compiles nothing." >&2; \
	fi; exit 1

.venv/.offline: requirements.txt requirements-offline.txt | .venv/.fits
	@echo "installing what the laptop needs (once, under a minute)"
	@$(INSTALL) -r requirements-offline.txt || { $(NOT_INSTALLED); }
	@touch $@

.venv/.dev: requirements.txt requirements-offline.txt requirements-dev.txt | .venv/.fits
	@echo "installing what the tests need (once, under a minute)"
	@$(INSTALL) -r requirements-dev.txt || { $(NOT_INSTALLED); }
	@touch $@ .venv/.offline
