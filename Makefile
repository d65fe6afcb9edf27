# Two commands matter: `make demo` and `make test`. Everything else is listed by `make help`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH_STAMP := .venv-bench/.installed
SDKS_STAMP := .venv-sdks/.installed
NODE_SDKS_STAMP := tests/sdks/node/node_modules/.package-lock.json
DATA_DIR ?= .setten
TEST_JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo down smoke test test-kafka test-sdks lint format bench bench-scaling bench-latency bench-collector bench-faults bench-bi bench-sweep faults kafka clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

$(STAMP): pyproject.toml .ci/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Setten needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt --editable '.[embedded,dev]'
	@touch $@

demo: $(STAMP) ## start everything, load the demo world, print the alerts and addresses
	@$(BIN)/setten up --demo --detach --data-dir $(DATA_DIR)

down: $(STAMP) ## stop what `make demo` started
	@$(BIN)/setten down --data-dir $(DATA_DIR)

smoke: $(STAMP) ## the demo in a temporary directory, with checks, without staying up
	@$(BIN)/python -m jobs.demo_run --smoke

test: $(STAMP) ## lint, types, import rules and all tests
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports
	@$(BIN)/python -m pytest -n $(TEST_JOBS) --dist loadfile --ignore tests/sdks

test-kafka: $(STAMP) kafka ## the tests that use a broker, on Apache Kafka
	@$(BIN)/python -m pytest -n $(TEST_JOBS) --dist loadfile --broker kafka tests/faults/test_processes.py \
		tests/contract/test_broker.py $(addprefix tests/integration/,test_alerts_live.py test_bad_input.py \
		test_dead_letter_commands.py test_faults.py test_mail_archive.py test_metrics.py test_other_files.py \
		test_replay.py)

test-sdks: $(STAMP) $(SDKS_STAMP) $(NODE_SDKS_STAMP) ## SDKs from their registries, a browser too, against a running Setten; needs Node and Chromium
	@$(BIN)/python -m pytest tests/sdks

# Apart: they are what a site has, and need older libraries than ours.
$(SDKS_STAMP): .ci/constraints-sdks.txt
	@test -x .venv-sdks/bin/python || $(PYTHON) -m venv .venv-sdks
	@echo "installing into .venv-sdks ..."
	@.venv-sdks/bin/python -m pip install --quiet --disable-pip-version-check -r .ci/constraints-sdks.txt
	@touch $@

$(NODE_SDKS_STAMP): tests/sdks/node/package-lock.json
	@cd tests/sdks/node && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

lint: $(STAMP) ## lint, types and import rules only
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

format: $(STAMP) ## format and mend what can be mended
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: $(STAMP) $(BENCH_STAMP) ## end-to-end events/s, beside Faust, Quix Streams and Bytewax in the same run
	@$(BIN)/python -m tests.benchmarks.end_to_end $(BENCH)

bench-scaling: $(STAMP) ## what an event costs on a store of a million touches, and on one of thirty million
	@$(BIN)/python -m tests.benchmarks.scaling $(BENCH)

# Apart: Quix Streams needs an older pydantic than the one we pin.
$(BENCH_STAMP): pyproject.toml .ci/constraints-bench.txt
	@test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	@echo "installing into .venv-bench ..."
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -c .ci/constraints-bench.txt \
		--editable '.[embedded,bench]'
	@touch $@

bench-latency: $(STAMP) ## from an event to its row and to its alert, at half of the peak
	@$(BIN)/python -m tests.benchmarks.latency

bench-collector: $(STAMP) ## requests a second of the collector, beside the same server without Kafka
	@$(BIN)/python -m tests.benchmarks.collector $(BENCH)

bench-bi: $(STAMP) ## how long each view for BI tools takes on twenty million touches
	@$(BIN)/python -m tests.benchmarks.bi_views $(BENCH)

bench-sweep: $(STAMP) ## how long one assessment of 100,000 accounts takes
	@$(BIN)/python -m tests.benchmarks.sweep $(BENCH)

bench-faults: $(STAMP) ## what an outage of ClickHouse and 1 % of poison cost, in pairs
	@$(BIN)/python -m tests.benchmarks.under_fault

faults: $(STAMP) kafka ## the fault suite in full, on both brokers, for hours; `make test` runs its short form
	@SETTEN_FAULTS=full $(BIN)/python -m pytest tests/faults
	@SETTEN_FAULTS=full $(BIN)/python -m pytest tests/faults/test_processes.py --broker kafka

kafka: infra/kafka/target/.assembled ## Apache Kafka for `setten up --broker kafka`; needs Java 17 and Maven

infra/kafka/target/.assembled: infra/kafka/pom.xml
	@command -v mvn >/dev/null || { echo "mvn is not on the PATH: install Maven and Java 17"; exit 1; }
	@mvn --quiet --batch-mode --file infra/kafka/pom.xml clean package
	@touch $@

clean: ## remove the virtual environment and caches, not the data
	@rm -rf $(VENV) .venv-bench .venv-sdks tests/sdks/node/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .cache build *.egg-info
