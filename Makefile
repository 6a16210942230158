# Conveniences over dbt: every target runs what a person could type.
PYTHON ?= python3
BIN := .venv/bin
export DBT_PROFILES_DIR := $(CURDIR)
# Nothing outside this folder is touched, pip's cache included.
export PIP_NO_CACHE_DIR := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# `make test` builds a small sample into a database of its own.
TEST_DIR := target/test
TEST_ENV := CUSTOMER_FILE=$(TEST_DIR)/customers.csv DBT_DUCKDB_PATH=$(TEST_DIR)/segmentation.duckdb \
	EXPORTS_DIR=$(TEST_DIR)/exports REPORTS_DIR=$(TEST_DIR)/reports PUBLISHED_DIR=$(TEST_DIR)/published PUBLISH_POSTGRES_URL= \
	DBT_TARGET_PATH=$(TEST_DIR)/dbt DBT_LOG_PATH=$(TEST_DIR)/logs

DEMO_ENV = DBT_DUCKDB_PATH=$(DEMO_DIR)/segmentation.duckdb EXPORTS_DIR=$(DEMO_DIR)/exports REPORTS_DIR=$(DEMO_DIR)/reports \
	PUBLISHED_DIR=$(DEMO_DIR)/published PUBLISH_POSTGRES_URL= DBT_TARGET_PATH=$(DEMO_DIR)/dbt DBT_LOG_PATH=$(DEMO_DIR)/logs

.DEFAULT_GOAL := build
.PHONY: build doctor score demo-year test test-hard mutants bench bench-scale docs spark bench-spark test-spark superset test-bi audit licences clean

.venv/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; name it: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --editable .
	touch $@

# The sample file where there is no customer file, dbt build (exports and the published copy included), a summary, the report
# and the workbook.
build: .venv/.installed
	@if [ -z "$$CUSTOMER_FILE" ] && [ ! -e data/data_revised.csv ]; then $(BIN)/segmentation sample; fi
	$(BIN)/segmentation dictionary docs
	$(BIN)/dbt build
	@$(BIN)/segmentation summary
	@$(BIN)/segmentation report
	@$(BIN)/segmentation workbook

# New and changed customers by the model fitted last, in SQL alone, or by a kept one: make score VARS='model_version: 0123456789ab'.
VARS ?= {}
score: .venv/.installed
	$(BIN)/dbt build --selector score --exclude-resource-type unit_test --vars '$(VARS)'
	@$(BIN)/segmentation lineage
	@$(BIN)/segmentation report
	@$(BIN)/segmentation workbook

# Before a long build: machine, versions, database, seeds, vars and customer file, a line each. Changes nothing.
doctor: .venv/.installed
	@$(BIN)/segmentation doctor --vars '$(VARS)'

# A year of the sample, four quarters in which customers grow, leave and arrive, a segment is born and one splits: four builds in a
# folder of their own, what became of the segments, and the report. See docs/quarters.md.
DEMO_DIR := target/demo_year
demo-year: .venv/.installed
	rm -rf $(DEMO_DIR)
	mkdir -p $(DEMO_DIR)/exports
	$(BIN)/segmentation sample --evolve --output $(DEMO_DIR)/customers
	@for file in $$(ls $(DEMO_DIR)/customers/*.csv | grep -v planted); do \
		echo "dbt build of $$file"; \
		CUSTOMER_FILE=$$file $(DEMO_ENV) $(BIN)/dbt --quiet build --exclude-resource-type unit_test || exit 1; \
	done
	@$(DEMO_ENV) $(BIN)/segmentation lineage
	@$(DEMO_ENV) $(BIN)/segmentation report
	@$(PYTHON) -m webbrowser "file://$(CURDIR)/$(DEMO_DIR)/reports/segmentation_report.html" > /dev/null || true

# Linters, a whole dbt build with all its data tests on a small sample, and Python tests, of which one runs the unit tests of dbt.
test: .venv/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --disable-progress-bar models tests macros
	$(BIN)/segmentation dictionary check
	$(BIN)/segmentation dictionary docs --check
	mkdir -p $(TEST_DIR)/exports
	$(BIN)/segmentation sample --rows 1500 --output $(TEST_DIR)/customers.csv
	$(TEST_ENV) $(BIN)/dbt build --exclude-resource-type unit_test
	$(BIN)/pytest --numprocesses 2 --dist loadfile --basetemp=$(TEST_DIR)/pytest

# What takes too long for every change: builds killed at many moments, readers under load, thousands of hostile files. See
# docs/reliability.md; HARD_SEED, HARD_KILLS and HARD_FILES are environment variables.
test-hard: .venv/.installed
	mkdir -p target
	$(BIN)/pytest -m hard --basetemp=target/test-hard

# Small faults in the algorithms and in the scoring SQL, and which of them no test notices: half an hour each. See docs/reliability.md.
# `make mutants MUTANTS="python --again"` tries the survivors of the last run.
MUTANTS ?= python
mutants: .venv/.installed
	$(BIN)/python tests/mutation/run.py $(MUTANTS)

# Every number of docs/benchmarks.md, ours beside the usual libraries': most of an hour, nearly all of it theirs. Nothing else
# should run. `.venv/bin/python benchmarks/speed.py fit` is one of them.
bench: .venv/.installed
	$(BIN)/python benchmarks/speed.py

# So many customers from file to report: stage times, customers a second, peak memory, spill. Several numbers may be given:
# make bench-scale ROWS="100000 1000000".
ROWS ?= 100000
bench-scale: .venv/.installed
	$(BIN)/python benchmarks/scale.py $(ROWS)

# The dbt documentation with the lineage as one page, target/static_index.html, that opens without a server. The report is
# made again, where there has been a build: it ends with a link to the page.
docs: .venv/.installed
	$(BIN)/segmentation dictionary docs
	$(BIN)/dbt docs generate --static
	@if [ -e "$${DBT_DUCKDB_PATH:-segmentation.duckdb}" ]; then $(BIN)/segmentation report; fi

# Known weaknesses of the locked dependencies, looked up by pip-audit in an environment of its own; it needs the internet.
audit:
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/pip install --quiet pip-audit
	.venv-audit/bin/pip-audit --require-hashes --disable-pip --requirement requirements.lock

licences: .venv/.installed
	$(BIN)/python docs/licences.py

# Spark has an environment of its own, and wants Java 17: docs/spark.md.
.venv-spark/.installed: requirements-spark.lock pyproject.toml spark/pyproject.toml
	$(PYTHON) -m venv .venv-spark
	.venv-spark/bin/pip install --quiet --require-hashes --requirement requirements-spark.lock
	.venv-spark/bin/pip install --quiet --no-deps --editable . --editable ./spark
	touch $@

# The same build on a Spark cluster on this machine, a master and two workers, and the report and workbook of it.
spark: .venv-spark/.installed
	@if [ -z "$$CUSTOMER_FILE" ] && [ ! -e data/data_revised.csv ]; then .venv-spark/bin/segmentation sample; fi
	.venv-spark/bin/python -m dbt.adapters.segmentspark.cluster .venv-spark/bin/dbt build --target spark --exclude-resource-type unit_test
	@.venv-spark/bin/segmentation summary --database spark.duckdb
	@.venv-spark/bin/segmentation report --database spark.duckdb
	@.venv-spark/bin/segmentation workbook --database spark.duckdb

# The same on so many customers beside DuckDB: time, memory, shuffle. make bench-spark ROWS=1000000.
bench-spark: .venv-spark/.installed
	.venv-spark/bin/python benchmarks/scale_spark.py $(ROWS)

# The dialect on both engines, and every mart of a small build on a cluster beside DuckDB's.
test-spark: .venv-spark/.installed
	MYPYPATH=spark .venv-spark/bin/mypy --explicit-package-bases spark/dbt/adapters/segmentspark
	.venv-spark/bin/pytest tests/spark

.venv-superset/.installed: examples/superset/requirements.txt
	$(PYTHON) -m venv .venv-superset
	.venv-superset/bin/pip install --quiet --require-hashes --requirement examples/superset/requirements.txt
	touch $@

# A Superset on this machine with the dashboard of the published marts, docs/bi.md; Ctrl-C stops it.
superset: .venv-superset/.installed
	.venv-superset/bin/python examples/superset/start.py

# That dashboard in a browser, against the marts of the last build.
test-bi: .venv/.installed .venv-superset/.installed
	$(BIN)/pytest tests/bi

# Everything that was built, but for the database, which holds the history of all quarters; the environments and the data stay.
clean:
	rm -rf target logs exports/* published reports
