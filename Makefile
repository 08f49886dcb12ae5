# make run    the main job, offline, no key        make test   every fast check and test
# make lab    JupyterLab on notebooks/00_start     make setup  the environment that all of them use
# make hooks  git strips notebooks of outputs before a commit (.githooks/pre-commit)
VENV := .venv
BIN := $(VENV)/bin
PARAMS ?= params/quickstart.yaml
PYTHON ?= $(shell for p in python3 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && echo $$p && break; done)

.PHONY: run test test-slow test-train setup lab hooks format clean

run: setup
	@$(BIN)/genesis run $(PARAMS)

test: setup
	@$(BIN)/ruff format --check -q . || { echo "formatter: run 'make format'"; exit 1; }
	@$(BIN)/ruff check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest

test-slow: setup
	@$(BIN)/python -m pytest -m slow

test-train: $(VENV)/.ready-train
	@$(BIN)/python -m pytest -m train

lab: setup
	@$(BIN)/genesis lab

hooks: setup
	@git config core.hooksPath .githooks && echo "hooks: notebooks are stripped before every commit"

format: setup
	@$(BIN)/ruff format -q . && $(BIN)/ruff check -q --fix .
	@$(BIN)/nbstripout --extra-keys "metadata.papermill cell.metadata.papermill cell.metadata.execution" --drop-tagged-cells injected-parameters notebooks/*.ipynb

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "setup: no Python 3.11 or 3.12 found; name one: make PYTHON=/path/to/python3.12"; exit 2; }
	@echo "setup: making $(VENV) with $$($(PYTHON) --version); a few minutes the first time"
	@$(PYTHON) -m venv $(VENV) || { echo "setup: venv failed; on Debian install python3-venv"; exit 2; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -c constraints.txt bfcl-eval
	@touch $@

$(VENV)/.ready-train: $(VENV)/.ready
	@echo "setup: adding what the students need (torch, transformers, trl, peft)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[probe,train,optimize]'
	@touch $@

clean:
	@rm -rf $(VENV) .mypy_cache .ruff_cache build *.egg-info
