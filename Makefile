# Two commands are enough: 'make run' and 'make test'. Needs Python 3.11+, Node 20.19+ and make.
PYTHON ?= python3
VENV := .venv
UV_VERSION := 0.13.9

BIN := $(VENV)/bin
UV := VIRTUAL_ENV=$(VENV) $(BIN)/uv
STATIC := src/quarterhour/web/static/index.html
DASHBOARD_SOURCES := $(shell find dashboard/src -type f) $(wildcard dashboard/*.ts dashboard/*.json dashboard/*.html)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run dev dashboard check test-fast test browser bench fuzz lock clean

help: ## Show these targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/run-installed $(STATIC) ## Serve the pipeline and the dashboard with demo data, in ./demo-home.
	@exec $(BIN)/python -m quarterhour up --demo --home demo-home

dev: $(VENV)/dev-installed dashboard/node_modules/installed ## As run, but both sides reload on a change (page on 5173, API on 8000).
	@trap 'kill $$server 2>/dev/null; wait' EXIT; trap 'exit 1' INT TERM; \
	$(BIN)/watchfiles --filter python '$(BIN)/python -m quarterhour up --demo --home demo-home --dashboard-port 0' src & server=$$!; \
	cd dashboard && npm run dev

dashboard: $(STATIC) ## Build the dashboard into the package.

check: $(VENV)/dev-installed dashboard/node_modules/installed ## Lint, format, types, import layers, generated API types.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports
	cd dashboard && npm run check
	@new=$$(mktemp -d) && trap 'rm -rf "$$new"' EXIT && \
	$(BIN)/python -m quarterhour openapi > "$$new/openapi.json" && \
	(cd dashboard && npx --no-install openapi-typescript "$$new/openapi.json" -o "$$new/schema.ts" >/dev/null) && \
	diff -u dashboard/openapi.json "$$new/openapi.json" && diff -u dashboard/src/api/schema.ts "$$new/schema.ts" || \
	{ echo "The API and its generated types differ: run 'make api-types' and look at the change." >&2; exit 1; }

.PHONY: api-types
api-types: $(VENV)/dev-installed dashboard/node_modules/installed ## Generate the dashboard's API types anew.
	$(BIN)/python -m quarterhour openapi > dashboard/openapi.json
	cd dashboard && npm run generate

# Tests write small files and have them on the disk without end: in memory they take a third less, where there is room for it.
ROOMY := $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000000 {print "/dev/shm"}')
test test-fast: export TMPDIR := $(or $(TMPDIR),$(ROOMY),/tmp)
# They start some hundred processes, each of which would compile all sources anew where none may be kept.
test test-fast: export PYTHONDONTWRITEBYTECODE :=

# Schemathesis takes seconds to load, and all its tests are slow.
test-fast: $(VENV)/dev-installed dashboard/node_modules/installed ## Unit and contract tests of both sides.
	@(cd dashboard && npm test) & page=$$!; \
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "not slow" --ignore=tests/contract/test_api.py tests/unit tests/contract; ours=$$?; \
	wait $$page && exit $$ours

# Make 3.81, as macOS has it, can not keep the output of two targets apart.
APART := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
test: browser $(STATIC) ## Everything: check beside the page's own tests, then all others, in a real browser too.
	@$(MAKE) --no-print-directory -j2 $(APART) check page-tests
	$(BIN)/python -m pytest -q -n 2 --dist worksteal tests/unit tests/contract tests/collection
	$(BIN)/python -m pytest -n 2 --dist loadfile tests/acceptance
	$(BIN)/python -m pytest -n 2 --dist worksteal tests/faults

.PHONY: page-tests
page-tests: dashboard/node_modules/installed
	cd dashboard && npm test

browser: $(VENV)/dev-installed
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! command -v cc; then apt-get update -q && apt-get install -y -q gcc libc6-dev; fi
	@if command -v chromium || command -v google-chrome; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -q && apt-get install -y -q chromium; \
	else $(BIN)/playwright install chromium; fi

bench: $(VENV)/dev-installed $(STATIC) ## Measure start, run, event and translation times, memory and CPU (bench/).
	PYTHONPATH=tests $(BIN)/python -m bench $(ARGS)

.PHONY: lighthouse
lighthouse: $(VENV)/dev-installed $(STATIC) browser ## What Lighthouse says of the first page, on a phone and at a desk.
	npm ci --prefix bench/lighthouse --no-audit --no-fund
	PYTHONPATH=tests $(BIN)/python -m bench.lighthouse_scores

N ?= 10000
fuzz: $(VENV)/dev-installed ## Break N real files at random (N=100000) and see that no record is lost (FIRST=… goes on from there).
	PYTHONPATH=tests $(BIN)/python -m fuzz --count $(N) $(if $(FIRST),--first $(FIRST))

EXAMPLES ?= 1000
.PHONY: contract
contract: $(VENV)/dev-installed ## Call each operation of the API EXAMPLES times at random; no fault, no undocumented answer.
	EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -q -n 2 --dist worksteal tests/contract/test_api.py

YEARS ?= 10
.PHONY: simulate
simulate: $(VENV)/dev-installed ## Years of marks in ten time zones with every fault, in virtual time (YEARS=10; SEED=… replays).
	PYTHONPATH=tests $(BIN)/python -m simulation --years $(YEARS) $(if $(SEED),--seed $(SEED))

TIMES ?= 500
.PHONY: torture
torture: $(VENV)/dev-installed ## Kill a merge, and what retention does, at each system call that writes; then each fault TIMES times on real servers (Linux, root).
	PYTHONPATH=tests:tests/unit $(BIN)/python -m torture --json
	PYTHONPATH=tests $(BIN)/python -m torture.compression
	PYTHONPATH=tests $(BIN)/python -m torture.removal
	PYTHONPATH=tests $(BIN)/python -m faults --times $(TIMES)

lock: $(VENV)/dev-installed ## Resolve the dependencies anew into requirements/.
	sh requirements/lock.sh $(BIN)/uv

clean: ## Remove what was built or installed; demo-home and data stay.
	rm -rf $(VENV) dashboard/node_modules src/quarterhour/web/static .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q uv==$(UV_VERSION)

$(VENV)/run-installed: requirements/run.txt pyproject.toml | $(BIN)/uv
	$(UV) pip install -q --compile-bytecode -r requirements/run.txt
	$(UV) pip install -q --no-deps -e .
	@touch $@

$(VENV)/dev-installed: requirements/dev.txt $(VENV)/run-installed
	$(UV) pip install -q --compile-bytecode -r requirements/dev.txt
	@touch $@

dashboard/node_modules/installed: dashboard/package.json dashboard/package-lock.json
	cd dashboard && npm ci --no-audit --no-fund
	@touch $@

$(STATIC): dashboard/node_modules/installed $(DASHBOARD_SOURCES)
	cd dashboard && npm run build
	@touch $@
