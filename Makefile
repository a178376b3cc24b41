# One command per thing people do here; `make help` lists them.
# PYTHON=python3.12 make demo     uses another interpreter (3.11 or newer)

PYTHON ?= python3
VENV ?= .venv
# How much `make faults` plays: seeded histories, and kills per point.
SEEDS ?= 20000
ROUNDS ?= 20
BIN := $(VENV)/bin
LOCK_HASH := $(shell cksum < requirements.lock | tr -d ' ')
STAMP := $(VENV)/.installed-$(LOCK_HASH)
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

.DEFAULT_GOAL := help
.PHONY: help install demo test lint bench faults schemas browser clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The stamp carries the lock's checksum: a changed lock installs again, nothing else does.
$(STAMP):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
		|| { echo "This Python lacks venv; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "Installing the locked dependencies into $(VENV) ..."
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --require-hashes --requirement requirements.lock
	@rm -f $(VENV)/.installed-*
	@touch $@

install: $(STAMP) ## Make the environment from requirements.lock

demo: $(STAMP) ## Start everything with sample data and print the address; Ctrl-C stops all of it
	@$(BIN)/python manage.py migrate --verbosity 0
	@exec $(BIN)/python manage.py demo

test: $(STAMP) browser ## Run every test, browser tests included
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(STAMP) ## Check style, types, import contracts and missing migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run

bench: $(STAMP) ## Measure calls per return, pages at a million returns, and credits
	$(BIN)/python -m tests.bench

faults: $(STAMP) ## Run the long fault matrix
	FAULT_SEEDS=$(SEEDS) FAULT_ROUNDS=$(ROUNDS) $(BIN)/python -m pytest -q tests/faults

schemas: $(STAMP) ## Check our GraphQL documents with the vendor's schemas (needs npm)
	$(BIN)/python -m tests.connectors.shopify.vendor_check

# The browser tests drive the system's Chromium; nothing is downloaded outside the packages.
browser:
	@command -v chromium >/dev/null 2>&1 || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
			apt-get update -qq \
				&& DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; \
		else \
			echo "The browser tests need Chromium: install the package 'chromium' first."; exit 1; \
		fi; }

clean: ## Remove the environment and the local data folder
	@if [ -x $(BIN)/python ] && [ -d .data ]; then \
		$(BIN)/python -c "from pathlib import Path; from returnsbridge import embedded; embedded.remove(Path('.data'))"; \
	fi
	rm -rf $(VENV) .data staticfiles
