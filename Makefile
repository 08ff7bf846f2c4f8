# Every target makes the environment in .venv first (from the hashed locks) or finds it ready.
# `make help` lists them. Settings: PYTHON, DATABASE_URL, ZHENGYAN_PORT, ZHENGYAN_DATA, …

.DEFAULT_GOAL := help
.PHONY: help run test check proof bench screenshots migrate lock environment
.PHONY: types contracts migrations collection
bin := .venv/bin
workers ?= 4
# What is compiled for one worker, or for a program a test starts, need not be for the next.
test collection: export PYTHONDONTWRITEBYTECODE =
test collection: export PYTHONPYCACHEPREFIX = $(CURDIR)/.pytest_cache/bytecode

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{ printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

environment: ## make .venv from requirements-dev.lock (the others do this by themselves)
	@sh deploy/environment.sh

run: environment ## everything at once: database, sandbox issuers, service, first verdicts
	@$(bin)/python -m demo

test: environment ## all tests, with branch coverage, warnings as errors
	@$(bin)/python -m pytest -n $(workers) --cov --cov-report=term $(T)

check: environment ## what CI runs: format, lint, types, layers, migrations, then the tests
	$(bin)/ruff format --check .
	$(bin)/ruff check .
	@$(MAKE) --no-print-directory --jobs=2 --output-sync types collection contracts migrations
	@$(MAKE) --no-print-directory test

types:
	$(bin)/mypy

contracts:
	$(bin)/lint-imports

collection: # beside mypy, which leaves a core idle; what is compiled here need not be by each worker
	@$(bin)/python -m pytest --collect-only -q >/dev/null || $(bin)/python -m pytest --collect-only -qq

migrations:
ifneq ($(wildcard migrations/versions/*.py),)
	$(bin)/python -m embedded --temporary -- sh -c '$(bin)/alembic upgrade head && $(bin)/alembic check'
endif

proof: environment ## hours, by hand: kills, fuzzing, mutation, replay, flips; writes docs/proof.md
	@$(bin)/python -m pytest -m proof $(T) || [ $$? -eq 5 ] # 5: no test is marked so
	@$(bin)/python -m proof

bench: environment ## measure, beside floors in the same run
	@$(bin)/python -m bench

screenshots: environment ## pictures of the pages, into docs/shots (needs Chromium)
	@$(bin)/python -m embedded --temporary -- $(bin)/python -m tests.shots

migrate: environment ## bring DATABASE_URL, or else the database of `make run`, up to date
	@$(bin)/python -m embedded -- $(bin)/alembic upgrade head

lock: ## make the lock files anew (UPGRADE=1: with the newest versions)
	@sh deploy/lock.sh
