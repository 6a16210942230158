# Conveniences over dbt: every target runs what a person could type.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TEST_DIR := target/test
export DBT_PROFILES_DIR := $(CURDIR)
export DO_NOT_TRACK := 1

.DEFAULT_GOAL := build
.PHONY: build test docs clean

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

## build: the sample file where there is no customer file, dbt build, exports, summary
build: $(VENV)/.installed
	$(BIN)/segmentation sample --if-missing
	$(BIN)/segmentation dictionary docs
	$(BIN)/dbt build
	$(BIN)/segmentation summary

## test: linters, unit tests, and a whole build on a small sample into a database of its own
test: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint models tests macros
	$(BIN)/segmentation dictionary docs --check
	$(BIN)/pytest

## docs: the dbt documentation with the lineage, as static pages in target/
docs: $(VENV)/.installed
	$(BIN)/dbt docs generate

## clean: everything that was built, not the environment or the data
clean:
	rm -rf target logs exports/* segmentation.duckdb
