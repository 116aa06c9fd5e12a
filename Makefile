# `make run` and `make test` are all that a newcomer needs: they create .venv and install what
# requirements.lock says. UV_TORCH_BACKEND=cpu installs the CPU-only torch (see README).
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
INSTALLED := $(VENV)/.installed
WAREHOUSE ?= warehouse-data
RECORDINGS ?=
# One thread a worker process: parallelism is the number of calls in work, not threads that wait.
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help

help: ## show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(INSTALLED): requirements.lock setup.py
	@echo "Installing requirements.lock into $(VENV) with $$($(PYTHON) --version)"
	@test -x $(UV) || ( $(PYTHON) -m venv $(VENV) && \
		$(BIN)/python -m pip install -q "$$(grep -o '^uv==[0-9.]*' requirements.lock)" )
	@if [ "$(UV_TORCH_BACKEND)" = cpu ]; then grep -vE '^(nvidia-|triton)' requirements.lock; \
		else cat requirements.lock; fi > $(VENV)/lock.txt
	@$(UV) pip sync -q --compile-bytecode --python $(BIN)/python $(VENV)/lock.txt
	@$(UV) pip install -q --no-deps --no-build-isolation --python $(BIN)/python -e .
	@touch $@

setup: $(INSTALLED) ## create .venv and install the lock

run: $(INSTALLED) ## process samples/manifest.csv and print its KPI table
	@$(BIN)/etiquette run samples/manifest.csv --warehouse $(WAREHOUSE)

test: $(INSTALLED) ## the default test suite, a process a core
	@$(BIN)/python -m pytest -m "not slow" -n auto --dist loadfile \
		--no-loadscope-reorder

test-slow: $(INSTALLED) ## the tests that take minutes, or need Java
	@$(BIN)/python -m pytest -m slow

lint: $(INSTALLED) ## ruff and mypy
	@$(BIN)/ruff check . && $(BIN)/mypy

bench: $(INSTALLED) ## measure accuracy, speed, memory: bench/README.md (RECORDINGS=DIR adds real calls)
	@$(BIN)/python -m tests.bench $(if $(RECORDINGS),--recordings $(RECORDINGS))

readme: $(INSTALLED) ## write the output of the commands in README.md anew
	@$(BIN)/python -m tests.readme

docs: $(INSTALLED) ## write docs/rules.md and docs/tables.md anew
	@$(BIN)/etiquette rules --format markdown > docs/rules.md
	@$(BIN)/etiquette tables --format markdown > docs/tables.md

report: $(INSTALLED) ## write the report of the sample warehouse: etiquette-report.html
	@$(BIN)/etiquette report --warehouse $(WAREHOUSE) --out etiquette-report.html

lock: $(INSTALLED) ## resolve requirements.lock again from setup.py
	@$(UV) pip compile -q --universal --python-version 3.10 --extra dev setup.py -o requirements.lock \
		--no-emit-index-url --no-header --no-annotate

clean: ## remove .venv, build leftovers and the sample warehouse
	rm -rf $(VENV) build dist *.egg-info $(WAREHOUSE)

.PHONY: help setup run test test-slow lint bench readme docs report lock clean
