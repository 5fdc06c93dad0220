# Athena's targets. `make help` lists them; docs/howto/develop.md explains the set-up.
#
# Adding a target: write "name: ## what it does" and it appears in the help. A suite of tests that
# needs real programs is a folder of tests/ and a group of tools in tools/setup/table.py of the same
# name, and one line in SUITES.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON_BIN := .venv/bin/python
PYTEST := .venv/bin/pytest -n $(or $(JOBS),2) --dist loadgroup
SETUP := $(PYTHON_BIN) -m tools.setup
FAST := not slow and not editors and not harnesses and not bench

# Slow tests of harnesses are those that need the harnesses that `make test` does not install.
ALL := not bench and not (harnesses and slow)
SUITES := editors nvim vscode harnesses
# Asked when the line runs: make writes out a recipe before its first line has installed Node.
NPM = node=$$($(SETUP) path node) && cd clients && PATH="$${node%/*}:$$PATH" NODE_USE_SYSTEM_CA=1 npm --loglevel=error
SUITES_HERE := $(foreach suite,$(SUITES),$(if $(wildcard tests/$(suite)),$(suite)))

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: venv
venv: ## make .venv with Athena and its development tools (fast when it is up to date)
	@tools/venv

.PHONY: fmt
fmt: venv ## format the code and repair what ruff can repair
	.venv/bin/ruff check --fix-only --quiet .
	.venv/bin/ruff format .
	@if [ -d clients/node_modules ]; then $(NPM) run --silent fmt; fi

.PHONY: generate
generate: venv ## schema, client types and reference pages from the code (BREAKING=1 to break it)
	$(PYTHON_BIN) -m tools.generate $(if $(BREAKING),--breaking)
	$(PYTHON_BIN) -m tools.generate_cli_docs

.PHONY: lint
lint: venv ## formatting, lint, types, the borders between packages, generated files
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/pyright
	.venv/bin/lint-imports --no-logo
	$(PYTHON_BIN) -m tools.generate --check
	$(PYTHON_BIN) -m tools.generate_cli_docs --check

# npm writes this file last, so it is as old as what is installed.
clients/node_modules/.package-lock.json: clients/package-lock.json
	$(SETUP) install node
	$(NPM) ci --ignore-scripts --no-audit --no-fund
	touch $@

.PHONY: lint-clients
lint-clients: venv clients/node_modules/.package-lock.json ## formatting of the clients, and types of those in TypeScript
	$(NPM) run --silent lint
	$(NPM) run --silent types

.PHONY: types-nvim
types-nvim: venv ## the types of the Neovim client; what checks them is built once, with Rust, in some minutes
	$(SETUP) install nvim-0.12 emmylua_check
	VIMRUNTIME="$$($(SETUP) path nvim-0.12 | sed 's|bin/nvim$$|share/nvim/runtime|')" \
		"$$($(SETUP) path emmylua_check)" --warnings-as-errors clients/nvim

.PHONY: vsix
vsix: venv clients/node_modules/.package-lock.json ## build the VS Code extension: clients/vscode/athena-agents.vsix
	$(NPM) run --silent build
	$(NPM) run --silent vsix -w vscode

.PHONY: test-fast
test-fast: venv ## the tests that need no editor, no harness binary and little time
	$(PYTEST) -m "$(FAST)"

.PHONY: check
check: lint lint-clients test-fast ## lint and test-fast: run it before each commit

.PHONY: tools
tools: venv ## install the editors and harnesses that the tests need into the cache
	$(if $(SUITES_HERE),$(SETUP) install $(addprefix @,$(SUITES_HERE)))

# Real editors and harnesses on a busy machine may meet a time limit: a test that fails is tried once
# more, and the summary names it.
.PHONY: test
test: lint lint-clients tools ## lint and every test, after installing all that they need; what CI runs
	$(PYTEST) -m "$(ALL)" --reruns 1 --rerun-show-tracebacks -rR

.PHONY: test-editors
test-editors: venv ## Athena in editors without our plugin: Emacs, Helix, Vim, Neovim
	$(SETUP) install @editors
	$(PYTEST) tests/editors

.PHONY: test-nvim
test-nvim: venv ## the Neovim client, in three versions of Neovim
	$(SETUP) install @nvim
	$(PYTEST) tests/nvim

.PHONY: test-vscode
test-vscode: venv ## the VS Code client, in a real workbench
	$(SETUP) install @vscode
	$(PYTEST) tests/vscode

.PHONY: test-harnesses
test-harnesses: venv ## all real harnesses, against a model on this machine
	$(SETUP) install @all-harnesses
	$(PYTEST) -m harnesses

.PHONY: demo
demo: venv ## see agents work on a sample repository (HARNESS=codex: a real one, without a login)
	$(if $(HARNESS),$(SETUP) install $(HARNESS) && $(PYTHON_BIN) -m tests.support.demo $(HARNESS),.venv/bin/athena demo)

.PHONY: images
images: venv ## draw the pictures of the demo and of Neovim that the documentation shows
	$(PYTHON_BIN) -m tools.demo_image
	$(SETUP) install nvim-0.12
	$(PYTHON_BIN) -m tests.nvim.capture

.PHONY: crash
crash: venv ## kill the daemon 500 times and compare the logs (KILLS=n for another number)
	$(PYTHON_BIN) -u -m tests.crash $(if $(KILLS),--kills $(KILLS))

.PHONY: lives
lives: venv ## 2,000 random lives of a repository, with kills, in which nothing may get lost
	$(PYTEST) -m bench tests/worktree/test_nothing_lost.py

.PHONY: harness-page
harness-page: venv ## ask the real harnesses what they can do, and write docs/harnesses.md
	$(SETUP) install @all-harnesses
	$(PYTHON_BIN) -m tests.harnesses.matrix

.PHONY: bench
bench: venv ## measure everything and write docs/benchmarks.md (some minutes; QUICK=1 only tries it)
	$(PYTHON_BIN) -m bench $(if $(QUICK),--quick)

.PHONY: clean
clean: ## delete what the build made in this checkout (not the cache of downloaded tools)
	rm -rf clients/node_modules clients/*/dist clients/vscode/*.vsix
	rm -rf .venv .venv.lock .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
