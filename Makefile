# What each command does stands in README.md. All of them set up what they need first.
SHELL := /bin/bash
.DEFAULT_GOAL := help

NODE_MODULES := node_modules/.package-lock.json
BUILD := dist/.built
WEB := web/dist/index.html

.PHONY: help setup build mongod demo run test test-unit test-nodes test-platforms test-all web-test screenshots web-figures import-test coverage host-test globalping-test check check-lint check-format check-walls check-document bench chaos fuzz fuzz-globalping fuzz-probe pandas backup restore clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(NODE_MODULES): package-lock.json package.json warts/package.json sntp/package.json protocol/package.json probe/package.json cli/package.json web/package.json
	@echo "Installing the dependencies (npm ci)"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

setup: $(NODE_MODULES)

build: $(NODE_MODULES) $(WEB) ## compile the server, the probe, the packages they use, the command and the dashboard
	@npm run --silent build
	@npm run --silent build --workspace cli

# The dashboard, where its sources or the API's document have changed.
$(WEB): $(NODE_MODULES) docs/openapi.yaml web/index.html web/vite.config.ts web/package.json $(shell find web/src web/public web/scripts -type f ! -name "*.test.tsx")
	@npm run --silent build:web

mongod: build ## a mongod for a server without a database of its own: fetched where the machine has none
	@scripts/tools.sh libcurl
	@node scripts/mongod.mjs

demo: mongod ## everything from nothing: server, probe, three measurements; DEMO_EXIT=1 ends it after them
	@scripts/tools.sh scamper
	@node dist/demo/demo.js

run: mongod ## the server alone in the foreground, with a database of its own
	@exec node --max-semi-space-size=64 dist/main.js

TEST_TOOLS := scamper dig ip ping sysctl python3 openssl dnsmasq chronyd redis-server faketime nginx tcpdump gcc dpkg-source promtool

test-unit: $(NODE_MODULES) ## the tests that need nothing but node; no build, nothing is installed
	@node test/run.mjs --web --selectProjects unit warts sntp protocol probe cli

test: mongod ## every test on this machine (what CI runs), the ten slowest files, and the line "N passed, N failed"
	@scripts/tools.sh $(TEST_TOOLS)
	@node test/run.mjs --web

test-all: export TEST_SIZE := whole
test-all: check test ## all that there is: check, test with all that its longest files can draw, host-test, compose-test (skipped where they cannot be made)
	@scripts/tools.sh ip dnsmasq chronyd faketime debootstrap
	@bash test/host/run.sh || [ $$? -eq 77 ]
	@bash test/compose/run.sh || [ $$? -eq 77 ]

test-nodes: mongod ## test-unit and the demo with Node 20.19, 22 and 24, which npm brings (NODES="22 24": those alone)
	@scripts/tools.sh scamper
	@bash test/nodes/run.sh

test-platforms: $(NODE_MODULES) ## the decoder's package in Debian's chromium and in Deno, which npm brings
	@scripts/tools.sh chromium
	@bash test/nodes/platforms.sh

web-test: mongod $(WEB) ## components of the dashboard (Vitest); the dashboard in Debian's chromium, as a person uses it, and axe-core on its pages
	@scripts/tools.sh chromium ping
	@npm test --silent --workspace web
	@WEB_TEST=1 npm test --silent -- test/e2e/dashboard.spec.ts test/e2e/dashboard-acts.spec.ts test/e2e/dashboard-contract.spec.ts test/e2e/dashboard-bad-days.spec.ts test/e2e/dashboard-axe.spec.ts

web-figures: mongod $(WEB) ## what the dashboard costs a browser: a drag over a map of 10,000 probes
	@scripts/tools.sh chromium
	@WEB_FIGURES=1 npm test --silent -- test/e2e/dashboard-figures.spec.ts

screenshots: mongod $(WEB) ## pictures of every page of the dashboard, in both schemes, 375 and 1440 px wide, in screenshots/ (SCREENSHOTS_OF=ping: those of some)
	@scripts/tools.sh chromium
	@SCREENSHOTS="$(CURDIR)/screenshots" npm test --silent -- test/e2e/dashboard-screenshots.spec.ts

import-test: mongod ## a thousand files dropped into IMPORT_DIR at once (valid, damaged, half-written, doubled, 50 MB), the server killed five times meanwhile (SEED=N: that one again)
	@IMPORT_TEST=1 npm test --silent -- test/e2e/import-files.spec.ts

coverage: mongod ## the same as test, and which lines jest's tests reached (coverage/); half as long again
	@scripts/tools.sh $(TEST_TOOLS)
	@node test/run.mjs --web --coverage

host-test: mongod ## the probe on a fresh Debian, killed, cut off, its disk filled, its clock put wrong (a few minutes; exit 77: it cannot be made here)
	@scripts/tools.sh ip dnsmasq chronyd faketime debootstrap
	@bash test/host/run.sh

globalping-test: mongod ## Globalping's own probe, unmodified, on two namespaces: all kinds, private targets, 100 runs through two kills (ten minutes; root, the Internet)
	@scripts/tools.sh ip git unbuffer ping mtr traceroute dig
	@node test/globalping/scenario.mjs

check: build ## lint with types, format, the OpenAPI document, the walls between folders: two at a time, the longest first
	@$(MAKE) --no-print-directory --jobs=2 --keep-going check-lint check-format check-walls check-document

check-lint: # types too
	@npm run --silent lint

check-format:
	@npm run --silent format:check

check-walls:
	@npm run --silent boundaries

check-document:
	@npm run --silent openapi -- --check

bench: mongod ## figures and ratios (ONLY="coverage reconnect": those alone; VS=<git revision or URL>: beside that, docs/performance.md)
	@scripts/tools.sh scamper
	@exec node --import tsx test/bench/$(if $(VS),versus/run.ts $(VS),run.ts) $(ONLY)

chaos: SECONDS := 600
chaos: SEED := 1
chaos: mongod ## breaks everything for SECONDS=600 with SEED=1, and audits that nothing was lost, doubled or miscounted
	@scripts/tools.sh redis-server
	@exec node --import tsx test/chaos/run.ts $(SECONDS) $(SEED)

fuzz: mongod ## looks for an answer that docs/openapi.yaml does not describe (schemathesis, a few minutes)
	@bash test/fuzz/run.sh

fuzz-globalping: SECONDS := 180
fuzz-globalping: SEED := 1
fuzz-globalping: mongod ## hostile probes and clients at the door for Globalping, for SECONDS=180 with SEED=1
	@exec node --import tsx test/fuzz/globalping.ts $(SECONDS) $(SEED)

fuzz-probe: EXCHANGES := 20000
fuzz-probe: mongod ## the real probe among hostile peers of all kinds (EXCHANGES=20000, SEED=n to repeat one; half an hour)
	@PROBE_FUZZ_EXCHANGES=$(EXCHANGES) $(if $(SEED),PROBE_FUZZ_SEED=$(SEED)) npm test --silent -- probe/test/fuzz.spec.ts

pandas: PANDAS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/pladmed/pandas
pandas: mongod ## results as pandas reads them, docs/tutorial.md, series against numpy (fetches pandas 3.1.1 and matplotlib 3.11.2 once; from then on also part of make test)
	@scripts/tools.sh python3
	@$(PANDAS)/bin/python -c 'import pandas, matplotlib' 2> /dev/null || { python3 -m venv $(PANDAS) && $(PANDAS)/bin/pip install -q pandas==3.1.1 matplotlib==3.11.2; } || { rm -rf $(PANDAS); exit 1; }
	@npm test --silent -- test/e2e/pandas.spec.ts test/e2e/api-series.spec.ts

backup: build ## the platform in one file (FILE=name), beside a running server or without one
	@scripts/backup.sh $(FILE)

restore: build ## the platform of a backup (FILE=name) into an empty database; REPLACE=1 puts it in the place of another
	@scripts/restore.sh $(or $(FILE),$(error Say which backup: make restore FILE=name)) $(if $(REPLACE),--replace)

clean: ## what was built and downloaded; data/ stays
	@rm -rf dist probe/dist warts/dist sntp/dist protocol/dist cli/dist cli/src/generated coverage node_modules

-include deploy/compose.mk
