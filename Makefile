# README.md and CONTRIBUTING.md describe the commands.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PORT ?= 8000
export SANDBOX_PORT ?= 9000
export DATA_DIR ?= var
DOCS_PORT ?= 8080
# Python variables of the developer, such as PYTHONPATH, are not passed on.
unexport $(filter PYTHON%,$(.VARIABLES))
# True if the environment is complete. It is not after an interrupted install, or if its Python is missing or too old.
VENV_WORKS := $(shell $(BIN)/python -I -c 'import sys, pip, django; print(sys.version_info >= (3, 11))' 2>/dev/null)

.PHONY: run test check coverage audit soak bench docs docs-serve pictures lock
ifneq ($(VENV_WORKS),True)
.PHONY: $(VENV)/run.stamp
endif

run: export LOCAL_PUMBLE = true
run: $(VENV)/run.stamp
	@$(BIN)/python manage.py demo $(if $(filter 1,$(FRESH)),--fresh)

test: $(VENV)/test.stamp
	@$(BIN)/python -m tests

check: $(VENV)/test.stamp
	@$(BIN)/python -m tests --fast

$(VENV)/run.stamp: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is required; set PYTHON=...")'
	@test -e $@ && test "$(VENV_WORKS)" = True || { test -d $(VENV) || rm -f $(VENV); $(PYTHON) -m venv --clear $(VENV); }
	@echo "Installing the locked requirements into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp requirements-test.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.txt
	@touch $@

coverage: $(VENV)/test.stamp
	@$(BIN)/python -m tests.coverage

audit: $(VENV)/test.stamp
	@$(BIN)/python -m tests.audit

soak: export LOCAL_PUMBLE = true
soak: $(VENV)/test.stamp
	@$(BIN)/python -m tests.soak

bench: $(VENV)/bench.stamp
	@$(VENV)/bench/bin/python -m tests.bench --into $(DATA_DIR)/bench.json $(if $(filter 1,$(QUICK)),--quick) $(if $(filter 1,$(PUBLISH)),--publish)

# The compared packages have their own environment.
$(VENV)/bench.stamp: $(VENV)/run.stamp requirements-bench.txt
	@test -e $@ || $(PYTHON) -m venv --clear $(VENV)/bench
	@$(VENV)/bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	@touch $@

# Sphinx has its own environment.
$(VENV)/docs.stamp: $(VENV)/run.stamp requirements-docs.txt
	@test -e $@ || $(PYTHON) -m venv --clear $(VENV)/docs
	@$(VENV)/docs/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-docs.txt
	@touch $@

docs: $(VENV)/docs.stamp
	@$(VENV)/docs/bin/python -m sphinx --quiet --fail-on-warning --fresh-env docs $(DATA_DIR)/docs
	@echo "Built $(DATA_DIR)/docs/index.html; make docs-serve shows it."

docs-serve: docs
	@$(VENV)/docs/bin/python -m http.server --bind 127.0.0.1 --directory $(DATA_DIR)/docs $(DOCS_PORT)

pictures: $(VENV)/test.stamp
	@$(BIN)/python -m pytest -q tests/browser/test_pictures.py
	@for picture in $(DATA_DIR)/screens/guide-*.png; do cp $$picture docs/images/$${picture##*guide-}; done

lock:
	@$(PYTHON) -m tests.lock
