# The few verbs of a developer's day. Everything they need, they install.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: demo test test-first test-second test-third endurance check fmt bench docs model clean setup vsix editors editors-ci tools

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Mirador needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "Python cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv"; exit 2; }
	@echo "Installing Mirador into $(VENV) (pinned by constraints.txt)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

model: $(STAMP)
	@$(BIN)/mirador models pull 0.5b minilm

# Programs of others that tests of hooks and reports run; without them those tests are skipped.
tools: build/tools/bin/pre-commit

build/tools/bin/pre-commit:
	@$(PYTHON) -m venv build/tools
	@build/tools/bin/pip install --quiet --disable-pip-version-check \
	  pre-commit==4.7.0 check-jsonschema==0.39.0 sarif-tools==3.0.5

demo: $(STAMP)
	@$(BIN)/mirador models pull 0.5b
	@$(BIN)/mirador review --fail-on never examples

# Three parts side by side, for most tests wait for something; together they are all of tests/.
FIRST  := analysis benchmarks ci cli contracts core index store workspace
SECOND := e2e editors forges
PYTEST := $(BIN)/python -X dev -m pytest -m "not endurance" --durations=12

test: model
	@$(MAKE) --no-print-directory -j3 --output-sync=line test-first test-second test-third

test-first: model
	$(PYTEST) $(addprefix tests/,$(FIRST))

test-second: model
	$(PYTEST) $(addprefix tests/,$(SECOND))

test-third: model
	$(PYTEST) $(patsubst %,--ignore=tests/%,$(FIRST) $(SECOND))

# What is too long for every change: kills by the dozen, every kind of damage, trials of the engine.
endurance: model
	$(BIN)/python -X dev -m pytest -m endurance

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/mirador schema --check
	$(BIN)/python -X dev -m pytest tests/tidy

fmt: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: model
	$(BIN)/python -m benchmarks

docs: $(STAMP)
	$(BIN)/mirador schema --write

# The VS Code extension, as a file to install. Needs Node 20 or newer.
vsix:
	@cd editors/vscode && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@cd editors/vscode && npm run --silent package

# A real VS Code, driven without a screen. It fetches code-server and a browser (about 900 MB) into
# ~/.cache/mirador-editors; Neovim is part of `make test`.
editors: model
	tests/editors/vscode/run.sh

# The same in CI: where what it needs cannot be fetched, that is said and is no failure.
editors-ci: model
	@tests/editors/vscode/run.sh || [ $$? = 75 ]

clean:
	rm -rf $(VENV) build dist
