# The two commands of a fresh machine: `make demo` and `make test`. `make help` lists the rest.
PY ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.9
export VIRTUAL_ENV := $(CURDIR)/.venv
# Where the environment forbids compiled files, every start would compile all packages again: two seconds.
unexport PYTHONDONTWRITEBYTECODE

RUNTIME := .venv/.runtime
STAMP := .venv/.installed
BENCH := .venv/.bench
SCRATCH := sqlite:///$(CURDIR)/var/scratch.sqlite3
NEXT = $(shell printf %04d $$(($$(ls migrations/versions/*.py 2>/dev/null | wc -l) + 1)))
COMPILE := pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock"

.PHONY: help install system demo test check check-fast prove fuzz bench bench-ledger revision lock format clean

help:            ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## make .venv with everything in the lock

demo: $(RUNTIME) ## run the service with a month of invented data; prints address, tokens and accounts
	$(BIN)/python -m app demo

test: $(STAMP) system ## everything: lint, types, architecture, migrations, all tests on both databases
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -n 2 --dist worksteal

check: test      ## the same as test: what CI runs

check-fast: $(STAMP) ## lint, format, types, architecture, and the tests that need no server
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest tests/domain tests/reconcile tests/house -m "not pg" -p no:cacheprovider

prove: $(STAMP) system ## the long proofs at full size; CI runs a tenth of them (YUEBAO_PROVE_SCALE)
	YUEBAO_PROVE_SCALE=$${YUEBAO_PROVE_SCALE:-1} $(BIN)/pytest -n 2 tests/proofs tests/api/test_uploads.py tests/services/test_sweep.py
	for turn in 1 2 3 4; do YUEBAO_TEST_RACES=264 YUEBAO_TEST_READS=2500 \
		$(BIN)/pytest -n 2 -q tests/api/test_reports_races.py tests/api/test_closings_races.py || exit 1; done

fuzz: $(STAMP) system ## every operation with 1,000 random requests per role, and sequences of them: hours (docs/api.md)
	YUEBAO_FUZZ_EXAMPLES=$${YUEBAO_FUZZ_EXAMPLES:-1000} \
	YUEBAO_FUZZ_PEOPLE="$${YUEBAO_FUZZ_PEOPLE:-reviewer guangzhou centre administrator auditor scoped}" \
	YUEBAO_FUZZ_DATABASES="$${YUEBAO_FUZZ_DATABASES:-sqlite postgresql}" \
	$(BIN)/pytest -n 2 tests/fuzz

bench: $(BENCH)  ## measure floor, peer and service; writes docs/performance.md
	.ci/system wrk postgresql
	$(BIN)/python -m bench.run --database sqlite --write
	$(BIN)/python -m bench.run post --database postgresql --write
	$(BIN)/python -m bench.bench_ledger_summary --write
	$(BIN)/python -m bench.bench_national
	$(BIN)/python -m bench.bench_close

bench-ledger: $(BENCH) ## ten million roster rows beside SQL, Python, pandas and PostgreSQL; half an hour at most
	.ci/system postgresql
	$(BIN)/python -m bench.bench_ledger --write

system:          ## make sure that PostgreSQL, Chromium, LibreOffice, fonts and strace are here (apt-get when root)
	@.ci/system postgresql chromium libreoffice-calc libreoffice-writer fonts-noto-cjk strace

revision: $(STAMP) ## write the next migration from the models: make revision NAME="Add the unit"
	mkdir -p var && rm -f var/scratch.sqlite3
	$(BIN)/alembic -x url=$(SCRATCH) upgrade head
	$(BIN)/alembic -x url=$(SCRATCH) revision --autogenerate --rev-id $(NEXT) -m "$(NAME)"
	$(BIN)/ruff format -q migrations && $(BIN)/ruff check --fix migrations

format: $(STAMP) ## rewrite files in the house format
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

lock: $(UV)      ## pin every dependency with hashes, no host named
	$(UV) $(COMPILE) -o requirements.lock pyproject.toml
	$(UV) $(COMPILE) --group dev -o requirements-dev.lock pyproject.toml
	$(UV) $(COMPILE) --group dev --group bench -o requirements-bench.lock pyproject.toml

clean:           ## forget the environment and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(UV):
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, for example: make PY=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	test -x $(BIN)/pip || $(PY) -m venv .venv || { rm -rf .venv; echo "Install the module venv: apt-get install -y python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install -q "uv==$(UV_VERSION)"

# What the service needs, for the demo: a third of the packages, and the larger environment serves as well.
$(RUNTIME): requirements.lock | $(UV)
	$(UV) pip install -q --require-hashes -r requirements.lock
	touch $(RUNTIME)

$(STAMP): requirements-dev.lock | $(UV)
	$(UV) pip sync -q --require-hashes requirements-dev.lock
	touch $(RUNTIME) $(STAMP)

$(BENCH): requirements-bench.lock $(STAMP)
	$(UV) pip install -q --require-hashes -r requirements-bench.lock
	touch $(BENCH)
