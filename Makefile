# Every command of the README. `make` alone lists them.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
CHECKED := src tests dags plugins spark_apps bench
TIMEZONE ?= America/New_York
# One worker has the stack; the others wait for clocks and servers more than they compute.
WORKERS ?= 3
ROUNDS ?= 10
SEED ?= 1

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# make PYTHON=/path/to/python3.12 ... chooses the interpreter of the environment.
.venv/.installed: requirements.lock pyproject.toml scripts/bootstrap.sh
	@PYTHON='$(PYTHON)' scripts/bootstrap.sh

.PHONY: install
install: .venv/.installed ## make .venv from the locked requirements
	@:

.PHONY: demo
demo: .venv/.installed ## start everything and play one trading day (or TAPE=FILE SYMBOL=S TIMEZONE=TZ)
	@$(BIN)/marketpulse demo $(if $(TAPE),--tape '$(TAPE)' --symbol '$(SYMBOL)' --timezone '$(TIMEZONE)')

.PHONY: up
up: .venv/.installed ## start everything and wait until the stream is ready
	@$(BIN)/marketpulse up

# These two leave .venv as it is: what runs was started from it, and they need no Java.
.PHONY: down
down: ## stop everything; the data stays
	@if [ -x $(BIN)/marketpulse ]; then $(BIN)/marketpulse down; else echo 'nothing was running: there is no .venv'; fi

.PHONY: status
status: ## every component, its address and whether it answers
	@if [ -x $(BIN)/marketpulse ]; then $(BIN)/marketpulse status; else echo 'not running: make up' >&2; exit 2; fi

.PHONY: test
test: .venv/.installed ## the whole suite, against the real components
	@$(BIN)/pytest --numprocesses $(WORKERS) --dist loadgroup $(ARGS)

# The stack must run: make up. The same SEED strikes the same blows in the same order.
.PHONY: chaos
chaos: .venv/.installed ## break the running stack ROUNDS times, prove it after each (or ARGS=--once: every fault once)
	@$(BIN)/marketpulse chaos --rounds $(ROUNDS) --seed $(SEED) $(ARGS)

.PHONY: check
check: .venv/.installed ## lint, format, types, layers: what CI runs before the tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(wildcard $(CHECKED))
	@$(BIN)/lint-imports

# ROWS=N PAIRS=N PARTITIONS=N CONTENDERS=a,b ARGS=--anew
.PHONY: bench
bench: .venv/.installed ## drain 5 million records by us and by the alternatives, in turns (hours, 15 GB)
	@$(BIN)/python bench/drain.py $(if $(ROWS),--rows $(ROWS)) $(if $(PAIRS),--pairs $(PAIRS)) \
		$(if $(PARTITIONS),--partitions $(PARTITIONS)) $(if $(CONTENDERS),--contenders $(CONTENDERS)) $(ARGS)

.PHONY: bench-partitions
bench-partitions: .venv/.installed ## drain a million records from 1, 2 and 4 partitions, in turns (half an hour)
	@$(BIN)/python bench/partitions.py $(ARGS)

.PHONY: bench-latency
bench-latency: .venv/.installed ## from published to visible at 1,000 and 10,000 events/s, alone and whole (ten minutes)
	@$(BIN)/python bench/latency.py $(ARGS)

.PHONY: bench-growth
bench-growth: .venv/.installed ## drain into empty tables and beside 20 million trades, in turns (an hour, 40 GB)
	@$(BIN)/python bench/growth.py $(ARGS)

.PHONY: bench-soak
bench-soak: .venv/.installed ## memory of driver and executor over 30 minutes at 5,000 events/s (40 minutes, 20 GB)
	@$(BIN)/python bench/soak.py $(ARGS)

.PHONY: bench-mart
bench-mart: .venv/.installed ## how long the report's queries take, with five years of 500 symbols (minutes, 10 GB)
	@$(BIN)/python bench/mart_queries.py $(ARGS)

.PHONY: bench-rollups
bench-rollups: .venv/.installed ## what 20 sessions of 500 symbols cost to roll up, and one late trade (minutes, 4 GB)
	@$(BIN)/python bench/rollups.py $(ARGS)

.PHONY: bench-memory
bench-memory: .venv/.installed ## what the running stack holds in memory, by component
	@$(BIN)/python bench/stack_memory.py

# SCHEMAS=FOLDER: a checkout of microsoft/json-schemas, to follow what is not vendored.
.PHONY: bench-proof
bench-proof: .venv/.installed ## what a proof of 5 million trades costs, by both ways to recount them (minutes, 8 GB)
	@$(BIN)/python bench/proof.py $(ARGS)

.PHONY: check-powerbi
check-powerbi: .venv/.installed ## the Power BI project by every validator that needs no Power BI
	@SCHEMAS='$(SCHEMAS)' scripts/powerbi/check.sh

.PHONY: lock
lock: .venv/.installed ## resolve the requirements again
	@$(BIN)/uv pip compile --universal --group dev --generate-hashes --no-header --no-annotate --no-emit-index-url \
		--quiet --upgrade --output-file requirements.lock pyproject.toml

.PHONY: clean
clean: ## stop everything and remove the environment and all data of the stack
	@if [ -x $(BIN)/marketpulse ]; then $(BIN)/marketpulse down && $(BIN)/python -m marketpulse.local.discard; fi
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
