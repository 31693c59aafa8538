# Two commands on a fresh machine: `make run` shows this machine in the portal, `make test` proves that it works.

.DEFAULT_GOAL := help
SHELL := /bin/sh
NEWER_THAN_3_10 := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c '$(NEWER_THAN_3_10)' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
SYNCED := .venv/.synced
STACK := $(BIN)/python -m omega_portal.stack
# Machines behind a proxy keep its certificate in the system's store.
export UV_SYSTEM_CERTS ?= true
PYTEST_FLAGS ?= -q -n 2 --dist loadfile
# What only looks at the code needs settings that load, but no server.
LOOK := env OMEGA_ENV=test SECRET_KEY=only-for-checks DATABASE_URL=postgresql://nobody:none@127.0.0.1:1/none
# A production environment as it should be; nothing is connected to.
LIVE := env OMEGA_ENV=production SECRET_KEY=only-for-checks-0123456789-abcdefghijklmnopqrstuvwxyz \
	FIELD_KEYS=1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= DATABASE_URL=postgresql://nobody:none@127.0.0.1:1/none \
	PUBLIC_URL=https://portal.example INGEST_PUBLIC_URL=https://ingest.example ALLOWED_HOSTS=portal.example,ingest.example \
	TRUSTED_PROXIES=1 OIDC_ISSUER=https://login.example/realms/omega OIDC_CLIENT_ID=omega OIDC_CLIENT_SECRET=none
MANAGE := $(LOOK) $(BIN)/python -W ignore::RuntimeWarning manage.py

.PHONY: help run up down status demo test test-keycloak check clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(SYNCED) ## start everything in the foreground; Ctrl-C stops it
	@$(STACK) run

up: $(SYNCED) ## start everything in the background
	@$(STACK) up

down: $(SYNCED) ## stop everything; data stays
	@$(STACK) down

status: $(SYNCED) ## show what runs
	@$(STACK) status

demo: $(SYNCED) ## start everything and add a month of generated history
	@$(STACK) demo

test: $(SYNCED) ## all tests on TimescaleDB, the data layer again on plain PostgreSQL
	@$(STACK) services -- $(BIN)/python -m pytest $(PYTEST_FLAGS)
	@$(STACK) services --plain -- $(BIN)/python -m pytest $(PYTEST_FLAGS) -m data_layer

test-keycloak: $(SYNCED) ## the log-in through a real Keycloak, which is downloaded once; part of `make test` too
	@$(STACK) keycloak >/dev/null
	@$(STACK) services -- $(BIN)/python -m pytest -q tests/keycloak

check: $(SYNCED) ## everything a machine can judge without running the program
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(LOOK) $(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo
	@find templates apps -name '*.html' -print0 2>/dev/null | xargs -0 -r $(BIN)/djade --check
	@$(MANAGE) makemigrations --check --dry-run --verbosity 1
	@$(MANAGE) check
	@$(LIVE) $(BIN)/python manage.py check --deploy --fail-level WARNING

clean: ## stop everything and remove the stack's data, the environment and all caches
	@if [ -x $(BIN)/python ] && [ -d .local ]; then $(STACK) clean; fi
	@rm -rf .local .venv .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment, exactly as locked. An interrupted run leaves no stamp, so the next one mends it.
$(SYNCED): requirements.lock pyproject.toml agent/pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "Omega Portal needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3"; exit 1; }
	@$(BIN)/python -c 'import pip; $(NEWER_THAN_3_10)' 2>/dev/null || { rm -rf .venv && $(PYTHON) -m venv .venv >/dev/null; } \
		|| { rm -rf .venv; echo "This Python cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@awk '/^uv==/ {found = 1} found {print} found && !/\\$$/ {exit}' requirements.lock > .venv/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e agent
	@touch $@
