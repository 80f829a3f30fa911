# Thin targets; `make` lists them. A fresh machine needs Python 3.10 or later (with venv and pip) and make, no more.

VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUN := $(BIN)/infrahub-exporter
MINUTES ?= 3
SEED ?=
PUBLIC ?= ../shared/public
PYTHON ?= # the interpreter of a new environment; the newest that really runs where it is not given

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check format peers e2e faults hostile hostile-brief public soak e2e-infrahub bench bench-infrahub test-all lock coverage clean

help: ## list the targets
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | sort | column -t -s '|'

demo: $(VENV)/.runtime ## run the exporter on a shipped network, no Infrahub needed
	@echo "A network of 63 devices, read from demo/objects.yml. Its pages are listed below, the first is for a browser; Ctrl-C ends the demo."
	@echo "Try next: change an entry of demo/config.yml or demo/objects.yml and start again, or point Prometheus at a page."
	@exec $(RUN) --config demo/config.yml --any-port

test: $(VENV)/.test ## run the tests
	@$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist worksteal

check: $(VENV)/.check ## lint, format, types, architecture, docs
	@tools/check $(BIN)

coverage: $(VENV)/.test ## run the tests and show the branches that they leave out; in the domain none may be
	@rm -f .coverage .coverage.*
	@$(BIN)/python -m coverage run -m pytest -q -n auto --maxprocesses 4 --dist worksteal
	@$(BIN)/python -m coverage combine --quiet
	@$(BIN)/python -m coverage report
	@$(BIN)/python -m coverage report --include='*/infrahub_exporter/domain/*' --skip-covered --fail-under=100

format: $(VENV)/.check ## format the code, mend what ruff can mend
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

peers: ## build an OpenTelemetry collector and Prometheus 3 for make e2e, once (Go 1.25, some 8 minutes)
	@tests/e2e/peers/build otelcol prometheus

e2e: $(VENV)/.test ## the real command, Prometheus and OTLP receiver
	@$(BIN)/python -m pytest -q -p no:cacheprovider tests/e2e/process tests/e2e/prometheus tests/e2e/otlp

faults: $(VENV)/.test ## every fault that it promises to survive, injected (some 6 minutes)
	@$(BIN)/python -m pytest -q -p no:cacheprovider tests/faults/e2e

hostile: $(VENV)/.test ## what a hostile Infrahub may answer, tried on the real command (some 2 minutes)
	@$(BIN)/python -u -m tests.hostile

hostile-brief: $(VENV)/.test ## the same, a moment and a process each, judged by memory and data alone
	@$(BIN)/python -u -m tests.hostile --brief

public: $(VENV)/.test ## inventories of others in the embedded Infrahub; FOLDER has a folder per set
	@$(BIN)/python -m tests.public $(or $(FOLDER),$(PUBLIC))

soak: $(VENV)/.test ## random faults, changes, reloads and kill -9; MINUTES=240 for longer, SEED=1 to repeat
	@$(BIN)/python -m tests.soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

e2e-infrahub: $(VENV)/.test ## against a real Infrahub (4 GB)
	@PATH="$(abspath $(BIN)):$$PATH" tests/e2e/infrahub/run

bench: $(VENV)/.test ## ours and a plain SDK exporter side by side; writes docs/performance.md (some 15 minutes)
	@$(BIN)/python benchmarks/run.py

bench-infrahub: $(VENV)/.test ## the same against a real Infrahub (some 12 minutes, 4 GB)
	@$(BIN)/python benchmarks/real.py

test-all: ## run the tests on each Python from 3.10 to 3.13 that runs here
	@tools/test-all

lock: $(VENV)/.runtime ## pin all dependencies again, as new as they come
	@$(PIP) install uv
	@tools/lock $(BIN)/uv

clean: ## remove the environments and caches
	@rm -rf .venv .venv-3.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage

# One environment for all targets. Each stamp is a lock file that has been installed; the larger ones contain the smaller.
$(BIN)/python:
	@tools/make-venv $(VENV) $(PYTHON)

$(VENV)/.%: requirements/%.txt requirements/build.txt pyproject.toml | $(BIN)/python
	@echo "Installing requirements/$*.txt into $(VENV) (once) ..."
	@$(PIP) install --require-hashes --only-binary :all: -r requirements/$*.txt -r requirements/build.txt
	@$(PIP) install --no-index --no-deps --no-build-isolation -e .
	@touch $(VENV)/.runtime $(if $(filter test check,$*),$(VENV)/.test) $(if $(filter check,$*),$(VENV)/.check)
