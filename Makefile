# The two commands are `make demo` and `make test`; each sets up what it needs.
# The first that runs and is new enough: a name on the PATH may be a version manager's stand-in for one it has not got.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11, 4))' 2>/dev/null && { echo $$python; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: setup demo test soak fuzz bench bench-ide screenshots page contract clean

# One stamp each: pip and npm run again only when what they install from has changed.
setup: $(VENV)/.stamp octokube_web/static/index.html

$(VENV)/.stamp: setup.cfg pyproject.toml
	@test -n "$(PYTHON)" || { echo "Octokube needs Python 3.11.4 or newer; install it, or say which: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@test -x $(BIN)/python && $(BIN)/python -c 'import pip' 2>/dev/null || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	OCTOKUBE_SKIP_IDE=1 $(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

IDE_SOURCES := $(shell git ls-files octokube_web/ide 2>/dev/null)

octokube_web/ide/node_modules/.stamp: octokube_web/ide/package-lock.json
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || { echo "The Web IDE is built with Node.js 20 or newer, which is not on the PATH; install it and run make again" >&2; exit 1; }
	cd octokube_web/ide && npm ci --loglevel=error --no-audit --no-fund
	@touch $@

octokube_web/static/index.html: octokube_web/ide/node_modules/.stamp $(IDE_SOURCES)
	cd octokube_web/ide && npm run --silent build
	@touch $@

demo: setup
	$(BIN)/octokube demo $(ARGS)

test: setup
	tools/install-test-assets
	$(BIN)/tox --current-env $(ARGS)

soak: setup
	$(BIN)/python -m tests.simulation.soak $(ARGS)

fuzz: setup
	$(BIN)/python -m pip install --quiet --editable '.[fuzz]'
	$(BIN)/python -m tests.fuzz.parsers $(ARGS)

bench: setup
	tools/install-test-assets
	$(BIN)/python -m benchmarks $(ARGS)

bench-ide: setup
	tools/install-test-assets
	npm ci --loglevel=error --no-audit --no-fund --prefix tools/lighthouse
	$(BIN)/python -m benchmarks.ide $(ARGS)

screenshots: setup
	tools/install-test-assets
	$(BIN)/python tools/screenshots $(ARGS)

contract:
	tools/generate-contract

clean:
	rm -rf $(VENV) .tox build dist *.egg-info octokube_web/static octokube_web/ide/node_modules
