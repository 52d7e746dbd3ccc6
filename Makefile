# The two commands: `make demo` to see it, `make test` to prove it. Both make the environment first.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest
SPREAD := -n 2 --dist loadfile

.PHONY: help setup setup-dev demo test prove lint audit format bench lock clean browser

help:
	@echo "make setup    the environment .venv from requirements.lock, with .venv/bin/tracker"
	@echo "make demo     a year of both shipped programmes, then the pages on 127.0.0.1:8000 (ARGS=--no-serve ends instead)"
	@echo "make test     the quick form of every proof; make prove: the full forms"
	@echo "make lint | audit | format | bench | lock | clean"

setup: .venv/.made
setup-dev: .venv/.made-dev

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "tracker needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || echo missing)." >&2; \
	  echo "Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "This Python has no venv module; on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv

# The project goes in with the locked hatchling and without build isolation, so that nothing unhashed is fetched.
.venv/.made: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing the locked dependencies into .venv (about half a minute, once) ..."
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.venv/.made-dev: requirements-dev.lock .venv/.made
	@echo "Installing the locked test tools into .venv ..."
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

demo: setup
	@$(BIN)/tracker demo $(ARGS)

lint: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# Fails for a known advisory; says so where no advisory service can be reached.
audit: setup-dev
	@$(BIN)/python .ci/audit

format: setup-dev
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

# Figures run first and alone, so that nothing disturbs them and pytest's closing line is the suite's.
test: lint audit browser
	$(PYTEST) -m "bench and not full"
	$(PYTEST) -m "not bench and not full" $(SPREAD)

prove: lint audit browser
	$(PYTEST) -m bench --hypothesis-profile=full
	$(PYTEST) -m "not bench" --hypothesis-profile=full $(SPREAD)

bench: setup-dev
	$(PYTEST) -m "bench and not full" -s $(ARGS)

# A browser and a Chinese font are the machine's; where they cannot be had, the tests say so in their last lines.
browser:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  command -v chromium >/dev/null && fc-list :lang=zh 2>/dev/null | grep -q . || \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium fonts-noto-cjk fontconfig >/dev/null 2>&1 || \
	  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium fonts-noto-cjk fontconfig; } >/dev/null 2>&1 || \
	  true; fi

# Versions and hashes, no address: pip takes them from whatever index it is configured for.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $(ARGS)
lock: setup-dev
	$(COMPILE) --group build pyproject.toml -o requirements.lock
	$(COMPILE) --group build --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
