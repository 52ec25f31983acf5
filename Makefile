# Quell. `make run` shows it, `make test` proves it; both set up what they need.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
STAMP := .setup
# Of two cores: a third of what tests do is wait.
WORKERS ?= 3
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export NEXT_TELEMETRY_DISABLED = 1

.PHONY: setup run test check lint docs docs-check dashboard lock clean soak field mutants
.PHONY: bench-ingest bench-latency bench-eventlog bench-scale bench-field bench-realtime bench-lab bench-accuracy bench-outcomes bench-ledger

setup: $(STAMP)/python $(STAMP)/dashboard

$(STAMP)/python: requirements.lock pyproject.toml
	@mkdir -p $(STAMP)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Quell needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-compile --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q -j 2 .venv/lib src
	@touch $@

$(STAMP)/node: dashboard/package-lock.json
	@mkdir -p $(STAMP)
	@command -v npm >/dev/null || { echo "Quell's dashboard needs Node 20.19 or newer with npm: https://nodejs.org"; exit 1; }
	# Not `npm ci`: it fails where a registry does not carry packages for other platforms, which are optional.
	cd dashboard && npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

DASHBOARD := $(shell find dashboard -type f -not -path '*/node_modules/*' -not -path '*/.next/*' -not -path '*/out/*' 2>/dev/null)
$(STAMP)/dashboard: $(STAMP)/node $(DASHBOARD)
	cd dashboard && npm run --silent build
	@touch $@

run: setup
	$(BIN)/quell serve --lab --open

test: setup
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup
	cd dashboard && npm run --silent test

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/conventions.py
	cd dashboard && npm run --silent lint && npm run --silent typecheck

docs: setup
	$(BIN)/python scripts/generate_docs.py
	cd dashboard && npm run --silent types

docs-check: setup
	$(BIN)/python scripts/generate_docs.py --check
	cd dashboard && npm run --silent types:check

check: lint docs-check test

lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --group dev --generate-hashes --no-emit-index-url --quiet \
		--python-version 3.11 --no-header -o requirements.lock

bench-latency bench-eventlog bench-scale bench-field: setup
	$(BIN)/python -m benchmarks.$(subst bench-,,$@) $(if $(JSON),--json $(JSON))

# `quell serve` as users run it first, then the route alone.
bench-ingest: setup
	$(BIN)/python -m benchmarks.ingest --whole --json benchmarks/results/ingest_whole.json
	$(BIN)/python -m benchmarks.ingest --json benchmarks/results/ingest.json
	$(MAKE) docs

bench-realtime: setup
	$(BIN)/python -m benchmarks.fanout $(if $(JSON),--json $(JSON))

# What a stranger meets on services of his own; the short form of it is in `make test`.
field: setup
	QUELL_FIELD=1 $(BIN)/pytest -s tests/field

soak: setup
	QUELL_SOAK_S=300 $(BIN)/pytest -s tests/gateway/test_crowd.py -k soak

# Changes one thing at a time and runs the tests: MODULES="quell.incident.decisions", without it all; takes hours.
mutants: setup
	$(BIN)/python scripts/mutants.py $(MODULES)

bench-lab: setup
	$(BIN)/quell bench lab --runs 3 $(if $(JSON),--json $(JSON))

# The public sets, by what incidents run; see docs/accuracy.md. About seven minutes.
DATA ?= ../shared/data
ACCURACY = benchmarks/results/accuracy

bench-accuracy: setup
	for set in petshop nezha_tt nezha_ob; do \
		$(BIN)/quell bench rca --set $$set --perturb all --data $(DATA) --json $(ACCURACY)-$$set.json || exit; done
	for part in spans lines measures; do \
		$(BIN)/quell bench rca --set nezha_tt --without $$part --data $(DATA) \
			--json $(ACCURACY)-nezha_tt-without-$$part.json || exit; done
	for part in edges symptom; do \
		$(BIN)/quell bench rca --set petshop --without $$part --data $(DATA) \
			--json $(ACCURACY)-petshop-without-$$part.json || exit; done
	$(BIN)/quell bench anomaly --set nab --data $(DATA) --json $(ACCURACY)-nab.json
	$(BIN)/quell bench calibration --data $(DATA) --json $(ACCURACY)-calibration.json
	$(BIN)/quell bench scale --json $(ACCURACY)-scale.json
	$(MAKE) docs

# Coverage, false words, power and savings by simulation; real durations are one more population where they are there.
DURATIONS ?= $(wildcard $(DATA)/incident_durations/github_incidents_2022_2026.csv)

bench-outcomes: setup
	$(BIN)/python -m benchmarks.outcomes --replicates $(or $(REPLICATES),200) --json benchmarks/results/outcomes.json \
		$(if $(DURATIONS),--durations $(DURATIONS))
	$(MAKE) docs

bench-ledger: setup
	$(BIN)/python -m benchmarks.ledger $(if $(JSON),--json $(JSON))

clean:
	rm -rf $(STAMP) dashboard/.next dashboard/out src/quell/dashboard .pytest_cache .mypy_cache .ruff_cache
