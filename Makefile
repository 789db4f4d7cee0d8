# Every target sets itself up: git, make, gcc, Python >= 3.11 with pip and a package index are enough.
SHELL := /bin/sh
PYTHON ?= python3
UV := .uv/bin/uv
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
REPOS ?=
ARGS ?=
TESTS ?=
ONLY ?=

NPM := $(shell command -v npm)
WEB := api/web/index.html
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -path web/.svelte-kit -prune \
    -o -name schema.d.ts -o -type f -print)

export UV_PYTHON_DOWNLOADS := never
export DO_NOT_TRACK := 1
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup web run test slow bench evaluate train check format docs lock clean

help: ## What there is.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: $(READY) ## Build the environment from requirements.lock.

web: $(READY) ## Build the dashboard, where Node.js >= 20.19 and npm are.
	@if [ -z "$(NPM)" ]; then echo "The dashboard is not built: Node.js and npm are not here."; else \
	    $(BIN)/python -m api web/openapi.json && $(MAKE) --no-print-directory $(WEB); fi

run: web ## Start everything, analyse REPOS, show the result; ARGS=--once stops after it.
	@$(BIN)/python -m flows.cli up $(ARGS) $(REPOS)

test: web ## The test suite, real PostgreSQL included.
	@$(BIN)/python -m pytest -n auto --dist loadfile $(TESTS)

slow: $(READY) ## The tests that take minutes.
	@$(BIN)/python -m pytest -m slow $(TESTS)

bench: $(READY) ## Measure everything, or ONLY=name; writes benchmarks/results and the README's table.
	@$(BIN)/python -m benchmarks $(ONLY)

evaluate: $(READY) ## Measure how right the trained models are, beside others over the same data.
	@$(BIN)/python -m benchmarks $(or $(ONLY),evaluate)

train: $(READY) ## Train the models anew; new weights stay only if they are not worse.
	@code=0; for one in $(or $(ONLY),sentiment actors); do \
	    $(BIN)/python -m benchmarks.training$$(echo _$$one | sed s/_sentiment//) || code=$$?; \
	done; exit $$code

check: $(READY) ## ruff, mypy, import contracts, sqlfluff, dbt parse.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint dbt/models
	@if [ -d web/node_modules ] && [ -n "$(NPM)" ]; then cd web && npm run --silent check; fi
	$(BIN)/dbt --quiet parse --project-dir dbt --profiles-dir dbt --target-path ../$(VENV)/dbt --log-path $(VENV)/dbt

format: $(READY) ## Format the Python.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY) ## Write what comes from the definitions of the metrics.
	$(BIN)/python -m gitinsight.metrics

lock: $(UV) ## Resolve the dependencies anew.
	$(UV) pip compile --universal --generate-hashes --no-header --extra ai --extra dask --group dev pyproject.toml -o requirements.lock

clean: ## Remove the environment, the built dashboard and the state directory.
	rm -rf $(VENV) .uv .gitinsight api/web web/node_modules web/.svelte-kit

$(WEB): web/node_modules/.package-lock.json $(WEB_SOURCES)
	@cd web && npm run --silent build

web/node_modules/.package-lock.json: web/package-lock.json web/package.json
	@cd web && npm ci --silent && touch node_modules/.package-lock.json

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed")'
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-warn-script-location --target .uv "uv>=0.9"

$(READY): requirements.lock pyproject.toml | $(UV)
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	@$(UV) pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	@$(UV) pip install --quiet --no-deps --python $(BIN)/python --editable .
	@touch $@
