# make up · make test · make test-providers · make check · make bench · make growth · make drills · make help

FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))
PYTHON ?= $(shell for p in python3 python3.12 python3.11; do "$$p" -c '$(FITS)' 2>/dev/null && echo "$$p" && break; done || true)
BIN := .venv/bin
.PHONY: help up test test-providers check bench growth drills requirements tidy clean-data
help: ## What there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | sort
.venv/bin/mall: requirements.lock
	@test -n "$(PYTHON)" || { echo "The mall needs Python 3.11 or 3.12 on PATH (or make PYTHON=/path/to/it)" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	printf '#!/bin/sh\nPYTHONPATH="%s$${PYTHONPATH:+:$$PYTHONPATH}" exec "%s/.venv/bin/python" -m mall "$$@"\n' "$(CURDIR)" "$(CURDIR)" > $@
	chmod +x $@
.venv/.dev: requirements-dev.lock .venv/bin/mall
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@
up: .venv/bin/mall ## Install what is missing and run the whole mall; Ctrl-C stops it
	@exec $(BIN)/mall up
test: .venv/.dev ## All tests
	$(BIN)/python -m pytest -n 2 --dist loadfile
test-providers: .venv/.dev ## The Stripe adapter against Stripe's own stripe-mock, which Go builds
	$(BIN)/python -m tests.providers
check: .venv/.dev ## Style, types, architecture, file sizes, requirement table
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy . && $(BIN)/lint-imports
	$(BIN)/python -m pytest tests/architecture
bench: .venv/.dev ## Measure purchases, reads, memory and start-up, side by side
	$(BIN)/python -m bench
	$(MAKE) growth
growth: .venv/.dev ## Ask a mall of a thousand orders, products and users, and one of a million, the same (needs 15 GB and half an hour)
	$(BIN)/python -m bench.growth
drills: .venv/bin/mall ## Do harm while people buy, in every way; SHORT=1: three minutes of it
	$(BIN)/mall drill $(if $(SHORT),short,all)
requirements: .venv/.dev ## Bring docs/requirements.md and docs/api/errors.md up to date
	$(BIN)/python -m tests.architecture.requirements_table && $(BIN)/python -m tests.architecture.errors_table
tidy: .venv/.dev ## Sort imports, mend what ruff can mend, format
	$(BIN)/ruff check --fix-only --quiet . && $(BIN)/ruff format .
clean-data: ## Remove everything that `make up` has stored
	rm -rf "$${MALL_DATA:-var}"
