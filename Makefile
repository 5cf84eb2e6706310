# make help lists the targets.
PYTHON ?= python3
VENV   := .venv
PAGE   := dashboard/static/dist/index.html
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo dev)

.PHONY: help build run test check unit python packages compose-test conformance soak bench bench-quick page page-test bench-page site clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

build: $(PAGE) ## build the static binary bin/ewoks-hpc
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/ewoks-hpc ./cmd/ewoks-hpc

run: build ## build the binary and run the quickstart
	cd examples && ../bin/ewoks-hpc run hello.yaml -p greet:name=you

test: packages python build check unit ## install what the tests need, and run all of them

page: $(PAGE) ## build the page's scripts, if there is npm; without them the binary has the plain page

$(PAGE): web/package-lock.json web/build.mjs $(shell find web/src web/report -type f 2>/dev/null)
	@if command -v npm >/dev/null; then cd web && npm ci && npm run check && npm run build; \
	else echo "no npm: the page will be the plain one, without scripts"; fi

page-test: build python ## the page in Chromium, with a live cluster and with generated data; pictures in web/shots
	EWOKSHPC_BINARY=$(CURDIR)/bin/ewoks-hpc EWOKSHPC_PYTHON=$(CURDIR)/$(VENV)/bin/python node --test --test-concurrency=1 web/tests/*.test.mjs

site: ## build the documentation into site/, with strict links
	@test -d .venv-docs || $(PYTHON) -m venv .venv-docs
	.venv-docs/bin/pip install -q --disable-pip-version-check -r requirements-docs.txt
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build -q

bench-page: page ## what the page costs the launcher and the browser; prints a table
	node bench/page/bench.mjs

check: ## formatting, vet and the layers
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run gofmt"; exit 1; }
	go vet ./...

unit: ## all tests, Slurm included
	scripts/unit
	EWOKS_HPC_TEST_SLURM=require $(VENV)/bin/python -m pytest -q python/tests examples

python: $(VENV)/installed ## make .venv with the Python packages that the tests and the bench need

$(VENV)/installed: requirements.txt python/pyproject.toml python/setup.py
	@$(PYTHON) -m venv $(VENV) || { scripts/need python3-venv && $(PYTHON) -m venv $(VENV); }
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e ./python
	touch $@

packages: ## install the Debian packages that the tests need, if they are missing (needs root)
	@scripts/need slurmctld:slurm-wlm munged:munge gcc:gcc gcc:libc6-dev

compose-test: build ## the two commands of the README in containers
	deploy/slurm/compose-test.sh bin/ewoks-hpc

conformance: build python ## the tests of the reference packages, run against our engine; prints a table
	PYTHONPATH=$(CURDIR)/python EWOKSHPC_BINARY=$(CURDIR)/bin/ewoks-hpc $(VENV)/bin/python -m conformance

soak: packages python ## break something every few seconds for SOAK=10m, on a private Slurm
	EWOKS_HPC_TEST_SLURM=require EWOKS_HPC_TEST_SOAK=$(or $(SOAK),10m) go test -count=1 -v -run TestSoak -timeout 3h ./e2e

bench: build python ## measure against the peers; prints a table
	$(VENV)/bin/python bench/bench.py

bench-quick: build python ## the same in under two minutes
	$(VENV)/bin/python bench/bench.py --quick

clean: ## remove what was built
	rm -rf bin $(VENV) web/node_modules web/shots dashboard/static/dist
