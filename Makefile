# plantproof: every task of a developer and the two commands of a visitor. `make help` lists them.
# `make demo ARGS="--port 8090"` and `make test ARGS="tests/unit -k oee"` pass arguments on.
SHELL := /bin/sh
BIN := .venv/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test lint format check servers bench lock clean run-environment dev-environment

help: ## list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1	\2/p' Makefile | expand -t 18

demo: run-environment ## set up and show a simulated workshop in the browser
	@$(BIN)/plantproof demo $(ARGS)

test: dev-environment ## set up and run the tests; warnings are errors, coverage is printed
	@$(BIN)/python -m pytest --cov --cov-report=term $(ARGS)

lint: dev-environment ## ruff, formatting, mypy --strict, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: dev-environment ## let ruff mend and format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

check: lint test ## lint, then test

servers: ## install and build the real servers of the integration tests
	@scripts/servers.sh

bench: dev-environment ## run the benchmarks (values per CPU-second, memory, latency)
	@for file in $$(grep -l '__main__' benchmarks/*.py); do \
	  echo "== $$file"; PYTHONPATH=. $(BIN)/python "$$file" $(ARGS) || exit 1; done

lock: ## pin the requirements again after pyproject.toml changed
	@scripts/lock.sh $(ARGS)

clean: ## remove .venv, caches and build results; data of a plant is never touched
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage htmlcov
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

run-environment:
	@scripts/setup.sh run

dev-environment:
	@scripts/setup.sh dev
