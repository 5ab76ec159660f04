# The two commands of a fresh machine: `make demo` and `make test`. `make help` lists the rest.
PY ?= python3
UV := .venv/bin/uv
BIN := .venv/bin
export VIRTUAL_ENV := $(CURDIR)/.venv
STAMP := .venv/.installed

.PHONY: help install demo test check check-fast bench revision lock format clean

help:            ## list the targets
	@grep -E '^[a-z-]+: .*##|^[a-z-]+:  *##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(STAMP): requirements-dev.lock
	test -x $(BIN)/python || $(PY) -m venv .venv
	test -x $(UV) || $(BIN)/python -m pip install -q "uv==0.13.9"
	$(UV) pip sync -q --require-hashes requirements-dev.lock
	touch $(STAMP)

install: $(STAMP) ## make .venv with everything in the lock

demo: $(STAMP)   ## run the service with a month of invented data; prints address and tokens
	$(BIN)/python -m app demo

check-fast: $(STAMP) ## lint, format, types, architecture, and the core's tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest tests/domain tests/reconcile tests/house -p no:cacheprovider

test: $(STAMP)   ## everything: lint, types, architecture, migrations, and all tests on both databases
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -n 2

check: test      ## the same as test: what CI runs

format: $(STAMP) ## rewrite files in the house format
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

SCRATCH := sqlite:///$(CURDIR)/var/scratch.sqlite3
NEXT = $(shell printf %04d $$(($$(ls migrations/versions/*.py 2>/dev/null | wc -l) + 1)))

revision: $(STAMP) ## write the next migration from the models: make revision NAME="Add the unit"
	mkdir -p var && rm -f var/scratch.sqlite3
	$(BIN)/alembic -x url=$(SCRATCH) upgrade head
	$(BIN)/alembic -x url=$(SCRATCH) revision --autogenerate --rev-id $(NEXT) -m "$(NAME)"
	$(BIN)/ruff format -q migrations && $(BIN)/ruff check --fix migrations

lock:            ## pin every dependency with hashes, no host named
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" -o requirements.lock pyproject.toml
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --group dev -o requirements-dev.lock pyproject.toml
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --group dev --group bench -o requirements-bench.lock pyproject.toml

clean:           ## forget the environment and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
