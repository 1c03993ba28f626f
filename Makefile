# SPDX-License-Identifier: Apache-2.0
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/muniment
STEP := toolchain/step.sh
PYTHON := .venv/bin/python

# A native solc that py-solc-x has already is used as it is; else the wrapper over npm's official build.
NATIVE_SOLC := $(wildcard $(HOME)/.solcx/solc-v0.8.30)
ifeq ($(NATIVE_SOLC),)
export SOLCX_BINARY_PATH := $(CURDIR)/toolchain/compiler
endif
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export FOUNDRY_OUT := $(CACHE)/forge/out
export FOUNDRY_CACHE_PATH := $(CACHE)/forge/cache
export FOUNDRY_DISABLE_NIGHTLY_WARNING := 1
export HARDHAT_DISABLE_TELEMETRY_PROMPT := true
export APE_DATA_FOLDER := $(CACHE)/ape
export PYTHONDONTWRITEBYTECODE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help
help: ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 20

.PHONY: doctor
doctor: ## Names each missing tool and the cure
	@python3 toolchain/doctor.py

# --force: Ape does not notice that an imported file changed. Nothing compiles twice all the same (toolchain/compiler).
.PHONY: runtime
runtime:
	@$(STEP) "Python packages for the contracts" toolchain/python_env.sh contracts
	@$(STEP) "npm packages" toolchain/node_env.sh runtime
	@$(STEP) "Compile the contracts" ape compile --force --verbosity WARNING

# NETWORK=1 make demo: the client's part on four validators instead of a chain for the demo alone.
# SERVE=1 make demo: leaves a gateway, with the officers' console and the public verifier.
SERVED := $(if $(SERVE),--serve)
PAGES := $(if $(SERVE),console verifier-env)
.PHONY: demo
ifdef NETWORK
demo: network $(PAGES)
	@$(STEP) "Demo of the client" $(PYTHON) -m toolchain.client_demo up --network $(NETWORK_DIR) $(SERVED)
else
demo: runtime $(PAGES) ## The main job on a local chain (NETWORK=1: on validators; SERVE=1: with a gateway)
	@$(STEP) "Demo of the contracts" ape run demo --network ethereum:local:foundry --verbosity WARNING
	@$(STEP) "Demo of the client" $(PYTHON) -m toolchain.client_demo up $(SERVED)
endif

.PHONY: demo-down
demo-down: ## Ends the node that the demo left, and removes its profile
	@$(PYTHON) -m toolchain.client_demo down

# Outside of the tree: Ape copies the tree, and `make clean` must not take validators' keys.
NETWORK_DIR ?= $(or $(XDG_STATE_HOME),$(HOME)/.local/state)/muniment/network

.PHONY: network
network: runtime ## Four validators on this machine (network/README.md)
	@$(STEP) "The validators' program" $(PYTHON) -m network build
	@[ -e $(NETWORK_DIR)/network.json ] || $(PYTHON) -m network --dir $(NETWORK_DIR) create >/dev/null
	@$(STEP) "Validators" $(PYTHON) -m network --dir $(NETWORK_DIR) start

.PHONY: network-down
network-down: ## Stops the validators; their keys and chain stay
	@$(PYTHON) -m network --dir $(NETWORK_DIR) stop

.PHONY: devservers
devservers: env ## HDFS, HBase and PostgreSQL on this machine (devservers/README.md)
	@$(PYTHON) -m devservers start

.PHONY: devservers-down
devservers-down: ## Stops them; their data stay
	@$(PYTHON) -m devservers stop

.PHONY: env
env: ## Everything installed and compiled
	@$(STEP) "Python packages" toolchain/python_env.sh develop
	@$(STEP) "npm packages" toolchain/node_env.sh develop
	@$(STEP) "Compile the contracts" ape compile --force --verbosity WARNING

.PHONY: lint
lint: env ## ruff, mypy --strict, solhint
	@$(STEP) "ruff" ruff check muniment scripts benchmarks toolchain network devservers tests
	@$(STEP) "ruff format" ruff format --check muniment scripts benchmarks toolchain network devservers tests
	@$(STEP) "mypy --strict" mypy muniment scripts benchmarks toolchain network devservers
	@$(STEP) "solhint" solhint --max-warnings 0 'contracts/**/*.sol'

# Two at a time, each with an Anvil of its own: half of a test is waiting.
SIDE_BY_SIDE := -p no:ape_test -n 2 --dist worksteal

.PHONY: unit
unit: env ## Offline unit tests
	@$(STEP) "Unit tests" pytest $(SIDE_BY_SIDE) -q tests/unit

.PHONY: forge
forge: env ## Forge: fuzz and invariants, quick profile (FOUNDRY_PROFILE=ci for more)
	@$(STEP) "Forge ($${FOUNDRY_PROFILE:-default})" forge test

.PHONY: contracts
contracts: env ## Contract tests with Ape on Anvil
	@$(STEP) "Contract tests on Anvil" ape test tests/contracts -q --network ethereum:local:foundry

.PHONY: chain
chain: env ## The typed binding against a real Anvil
	@$(STEP) "Tests on Anvil" pytest $(SIDE_BY_SIDE) -q tests/chain

.PHONY: test
test: forge unit chain contracts ## Sets everything up and passes the tests

.PHONY: hardhat
hardhat: env ## The anychain tests on a Hardhat node
	@$(STEP) "anychain tests on Hardhat" ape test tests/contracts -q -m anychain --network ethereum:local:hardhat

.PHONY: anychain-network
anychain-network: env ## The anychain tests on four validators
	@$(STEP) "The validators' program" $(PYTHON) -m network build
	@$(STEP) "anychain tests on validators" $(PYTHON) -m toolchain.on_network \
	  ape test tests/contracts -q -m anychain --network ethereum:agencies:URL

# Two networks at a time: most of it is waiting for rounds that time out.
.PHONY: network-tests
network-tests: env ## Validators killed, hung, split, added and removed under load
	@$(STEP) "The validators' program" $(PYTHON) -m network build
	@$(STEP) "The same with another clock, for a test" $(PYTHON) -m tests.network.shifted_clock
	@$(STEP) "Faults of validators" pytest -p no:ape_test -n 2 --dist loadfile -q -m slow tests/network

.PHONY: slow
slow: env ## Tests that take minutes (mark slow); CI runs them
	@$(STEP) "Slow tests" $(SHELL) toolchain/slow.sh

.PHONY: gas-check
gas-check: env ## Gas against the snapshot and the limits
	@$(STEP) "Gas" $(PYTHON) -m benchmarks gas --check

.PHONY: export-check
export-check: env ## Whether the package's artifacts are those of the contracts
	@$(STEP) "Artifacts" ape run export --check

.PHONY: slither
slither: env ## Static analysis
	@$(STEP) "Slither" toolchain/slither.sh

# The tests of tests/chain that keep a database: they run on SQLite with the others, and here again.
DATABASE_TESTS := $(addprefix tests/chain/test_,$(addsuffix .py,access_entries commands faulty_nodes gateway_events gateway_records indexer journal_commands journal_evidence journal_upkeep journals outbox_sender processes registry secrets_stay upkeep))

.PHONY: postgres
postgres: env ## The tests of the stores on a real PostgreSQL (Debian's package)
	@$(STEP) "PostgreSQL" pytest $(SIDE_BY_SIDE) -q --database postgresql tests/postgres $(DATABASE_TESTS)

.PHONY: verifier-env
verifier-env:
	@$(STEP) "npm packages of the verifier" web/verifier/making/env.sh

# The trust file that is built in: an operator's own.
TRUST ?= examples/trust.toml

.PHONY: verifier
verifier: verifier-env ## The public verifier, one HTML file with TRUST=FILE built in
	@$(STEP) "The public verifier" node web/verifier/making/build.mjs --trust $(TRUST)

.PHONY: console-env
console-env:
	@$(STEP) "npm packages of the console" web/console/making/env.sh

.PHONY: console
console: console-env ## The officers' console, beside the package: the gateway serves it
	@$(STEP) "The console" node web/console/making/build.mjs

.PHONY: console-test
console-test: env console-env ## The console's own tests, and walks in Chromium on a real gateway and chain
	@$(STEP) "The console" web/console/making/test.sh
	@$(STEP) "Walks through the console" pytest -p no:ape_test -q tests/console

.PHONY: verifier-test
verifier-test: env verifier-env ## The public verifier against vectors, Python, Chromium and Anvil
	@$(STEP) "The verifier" web/verifier/making/test.sh
	@$(STEP) "The verifier against Python and a chain" pytest -p no:ape_test -q tests/verifier

.PHONY: verifier-slow
verifier-slow: env verifier-env ## 10,000 mutated files, which Python and TypeScript judge alike
	@$(STEP) "10,000 mutated files" pytest -p no:ape_test -q -m slow tests/verifier

# Two at a time, each with servers of its own: most of it is waiting for disks, and for servers that were killed.
.PHONY: engines
engines: env ## Vaults on HDFS and HBase, servers that fail in the middle of an import, audits on Spark
	@$(STEP) "Spark" toolchain/python_env.sh spark
	@$(STEP) "The servers' archives" $(PYTHON) -c 'from devservers.jars import archives; archives()'
	@$(STEP) "Engines" pytest -p no:ape_test -n 2 --dist loadfile -q -m engines tests/engines

.PHONY: dist
dist: env console ## Wheel (with the console) and sdist, and the wheel tried in an empty environment
	@rm -rf dist
	@$(STEP) "Wheel and sdist" $(PYTHON) -m build --outdir dist
	@rm -rf build
	@$(STEP) "The wheel in an empty environment" toolchain/wheel_check.sh

.PHONY: docs
docs: env ## The documents as a site, in .build/site
	@$(STEP) "Documents" env NO_MKDOCS_2_WARNING=1 mkdocs build --strict --quiet

.PHONY: exhaustive
exhaustive: env ## What takes too long for CI; run before an issue is called resolved
	@$(STEP) "Forge, exhaustive" env FOUNDRY_PROFILE=exhaustive forge test
	@$(STEP) "Mutants" $(PYTHON) tests/forge/mutants.py
	@$(STEP) "Tests, exhaustive" pytest -p no:ape_test -q -m exhaustive tests/unit tests/chain

.PHONY: bench
bench: env ## Benchmarks
	@$(PYTHON) -m benchmarks gas
	@$(PYTHON) -m benchmarks sender
	@$(PYTHON) -m benchmarks index
	@$(PYTHON) -m benchmarks verify
	@$(PYTHON) -m benchmarks tree
	@$(PYTHON) -m benchmarks evidence
	@$(PYTHON) -m benchmarks import --records 300000

.PHONY: clean
clean: ## Removes what was made in the tree (caches outside of it stay)
	rm -rf web/verifier/{node_modules,.build,dist} web/console/{node_modules,.build} muniment/gateway/pages
	rm -rf .venv node_modules .build build dist out cache .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
