# Everything there is to do with this tree. Needs Python 3.11 or newer and make; the rest comes with the first call.

PYTHON  ?= python3
# More than there are processors: many tests wait, for a telephone that rings or a disk that syncs.
WORKERS ?= $(shell echo $$(( $$(nproc 2>/dev/null || echo 2) + 3 )))
BIN     := .venv/bin
ASSETS  := src/vestibule/frontends/http/assets/built/manifest.json

RUNTIME     := $(PYTHON) tools/environment.py requirements/runtime.txt
DEVELOPMENT := $(RUNTIME) requirements/development.txt
FRONTEND    := $(shell find frontend -type f -not -path '*/node_modules/*' 2>/dev/null)
# In order: a browser drops its requests when a cable comes or goes, as it does for tests with telephones.
PYTEST      := $(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder
# Hundreds of databases sync with every commit: to memory where there is room, 6 GB. Proofs use the disk.
QUICK_DISK  := $(shell grep -qs ' /dev/shm tmpfs [^ ]*noexec' /proc/mounts || df -Pk /dev/shm 2>/dev/null | \
                 awk 'NR == 2 && $$4 > 6000000 { print "TMPDIR=/dev/shm" }')

# Tests start the program hundreds of times; it need not be compiled each time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test prove lint format bench docs lock clean ci runtime development packages compiled tested

help: ## show this list
	@printf 'Vestibule: what make can do\n\n'
	@awk -F ':.*## ' '/^[a-z]+:.*## /{ printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nOne test:  %s/python -m pytest tests/PATH -k NAME   (after the first make test)\n' '$(BIN)'

run: runtime $(ASSETS) ## set up what is needed and start everything, bound to this machine; says what to do next
	@$(BIN)/vestibule run $(ARGS)

test: ## lint and all tests, long proofs in their short form; installs the programs they talk to
	@$(MAKE) --no-print-directory --jobs=4 lint tested

tested: packages $(ASSETS) compiled
	@$(QUICK_DISK) $(PYTEST) -o tmp_path_retention_policy=failed $(ARGS)

prove: development packages $(ASSETS) ## the long proofs at their full count
	@$(PYTEST) --prove -m prove $(ARGS)

lint: development ## style, formatting, types, import contracts
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --cache-dir .cache/import_linter

format: development ## put imports and formatting in order
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: development packages $(ASSETS) ## measure sign-ins per second, decisions and pages beside what is wanted of them
	@$(BIN)/python -m benchmarks $(ARGS)

docs: development ## build the documentation into site/
	@$(BIN)/zensical build --clean --strict

lock: ## pin every package by hash again; UPGRADE=--upgrade takes the newest
	@PYTHON='$(PYTHON)' UPGRADE='$(UPGRADE)' tools/lock

clean: ## remove what was installed and built; keeps .state, which holds data and keys
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist site
	rm -rf node_modules frontend/node_modules $(dir $(ASSETS))
	find src tests benchmarks tools -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

ci: ## what decides whether a change may land
	@.ci/run

runtime:
	@$(RUNTIME)

development: runtime
	@$(DEVELOPMENT)

packages:
	@tools/install-debian-packages

# Once here instead of in each worker at the same time; the files alone, in which no test is looked for (status 5).
compiled: development $(ASSETS)
	@$(BIN)/python -m pytest --collect-only -q -o python_functions=- -o python_classes=- $(ARGS) >.cache/collected; \
	  [ $$? -eq 5 ] || { cat .cache/collected; exit 1; }

$(ASSETS): $(FRONTEND) | runtime
	@$(BIN)/python frontend/build.py
	@touch $@
