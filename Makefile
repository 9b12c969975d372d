# Two commands do everything: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Much of the time goes into waiting for browsers and servers: files of tests run side by side.
PARALLEL ?= -n auto --maxprocesses 4 --dist loadfile

.PHONY: demo test coverage test-all nox lint types layers keys kill catalogues fuzz bench clean

# Asked first: a venv of an old interpreter, or half of one, would stay.
is_new_enough = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "$(PYTHON) is older than 3.11, or absent; name another: make $(MAKECMDGOALS) PYTHON=python3.13" >&2; exit 1; }

# A stamp for each set of extras: installed once, again when pyproject.toml changes.
$(VENV)/.demo $(VENV)/.test $(VENV)/.bench: $(VENV)/.%: pyproject.toml
	@test -x $(BIN)/python || { $(is_new_enough); $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

demo: $(VENV)/.demo
	@$(BIN)/python -m examples.demo $(if $(ONCE),--once)

test: $(VENV)/.test
	@$(MAKE) --no-print-directory lint types layers
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

# Which branches the tests take; the tracer makes them take twice as long. `make nox` says it too, on 3.13.
coverage:
	@$(MAKE) --no-print-directory test ARGS="--cov --cov-branch --cov-report=term $(ARGS)"

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

layers: $(VENV)/.test
	$(BIN)/lint-imports --no-cache

# A sender of notices that is killed ten times, with 50,000 people; `make test` has 3,000.
kill: $(VENV)/.test
	BREACH_PEOPLE=$${BREACH_PEOPLE:-50000} $(BIN)/python -m pytest -s tests/breach/delivery/test_sender_processes.py -k killed $(ARGS)

# docs/keys.md, from the table of keys.
keys: $(VENV)/.test
	$(BIN)/python -m tests.support.key_table

# The catalogues of the policy's page and of notices: new sentences into each, and each as the package reads it.
catalogues: $(VENV)/.test
	$(BIN)/python -m tests.support.catalogues

# A quarter of an hour's search for what costs more than it weighs, and one for ways past a signup's
# question; `make test` looks for 20 and 15 seconds.
fuzz: $(VENV)/.test
	GROWTH_SECONDS=$${GROWTH_SECONDS:-900} $(BIN)/python -W ignore -m tests.fuzz.growth $(ARGS)
	SIGNUP_FUZZ_SECONDS=$${SIGNUP_FUZZ_SECONDS:-900} $(BIN)/python -W ignore -m tests.fuzz.signups

# Every interpreter found, 3.11 to 3.14; pyenv keeps its own out of PATH, behind shims.
PYENV = $(shell ls -d $${PYENV_ROOT:-$$HOME/.pyenv}/versions/3.1[1-4].*/bin 2>/dev/null | paste -sd: -)

test-all: nox

nox: $(VENV)/.test
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check nox
	PATH="$(PYENV):$$PATH" $(BIN)/nox $(ARGS)

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .nox .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
