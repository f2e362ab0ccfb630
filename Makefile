# `make demo` and `make test` install what they need. `make help` lists the rest.
SHELL := /bin/bash
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/python -m piptools compile --quiet --generate-hashes \
	--strip-extras --allow-unsafe --build-deps-for=editable \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format unit live bench soak lock clean

help:  ## this list
	@sed -nE 's/^([a-z]+):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

setup:  ## install all that is needed: Debian packages, .venv, the PBX (quick when nothing is to do)
	@tools/setup

demo: setup  ## a real PBX, phones, live calls and the service, on this machine
	@$(BIN)/threerings demo

test: setup  ## all checks and all tests, with a summary: what CI runs
	@tools/run-tests

check: setup  ## ruff, mypy and the import contracts only
	@tools/run-tests check

unit: setup  ## the quick tests only; T=tests/hotline for some of them
	@$(PYTEST) -q -n 2 -m "not live" $(T)

live: setup  ## the tests with a real PBX, PostgreSQL and Prometheus only; T= as above
	@$(PYTEST) -q -m live $(T)

format: setup  ## put the code into shape, mend what ruff can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup  ## how fast it is (minutes); see docs/benchmarks.md
	@$(BIN)/python -m bench

soak: setup  ## an hour under load; see docs/benchmarks.md
	@$(BIN)/python -m bench soak

lock: setup  ## write the lock files anew from pyproject.toml; UPGRADE=1 takes the newest of everything
	@$(COMPILE) --output-file requirements.lock pyproject.toml
	@$(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

clean:  ## what was built and cached in this folder; the PBX in the user's cache stays
	@rm -rf .venv .cache .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache htmlcov
	@rm -rf build *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
