SHELL := /bin/bash
PYTHON := .venv/bin/python
AUDIT := PYTHONPATH=.:layers/trunkline/python $(PYTHON) -m audit
.DEFAULT_GOAL := help

# ARGS may name tests of one half alone: the other half then finds none, and pytest ends with 5.
NONE_IS_FINE = $(if $(ARGS),|| [ $$? -eq 5 ])

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## Install all dependencies into .venv and .local
	@local/setup.sh
	@$(PYTHON) -m clients.generate

run: setup ## Start the local stack and place a demo call; ONCE=1 stops after it, LIVEKIT=real runs livekit-server, AGENT=examples/agent an agent on it
	@$(if $(AGENT)$(filter real,$(LIVEKIT)),local/livekit_server.sh)
	@$(PYTHON) -m local run $(if $(ONCE),--once) $(if $(filter real,$(LIVEKIT)),--livekit-server) $(if $(AGENT),--agent "$(AGENT)")

down: ## Stop the processes of a local stack that was killed
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m local down; fi

test: test-fast test-stack ## Run all tests, on a local stack of their own

test-fast: setup ## Run the tests that need no local stack, on every core
	@$(PYTHON) -m pytest -n logical --dist loadfile -m "not stack" $(ARGS) $(NONE_IS_FINE)

test-stack: setup ## Run the tests against a local stack
	@$(PYTHON) -m pytest -o testpaths=tests/stack -n 4 --dist loadgroup -m stack $(ARGS) $(NONE_IS_FINE)

faults: setup ## Run the long tests: dialers that are killed or stopped, a stage that is restored
	@$(PYTHON) -m pytest tests/faults $(ARGS)

chaos: setup ## Run many faults together and at random, then check what must hold (SEED=1 MINUTES=5)
	@$(PYTHON) -m tests.chaos --seed $(or $(SEED),1) --minutes $(or $(MINUTES),5)

test-livekit: setup ## Run the call tests against the stand-in and a real livekit-server (needs Go)
	@local/livekit_server.sh
	@.local/livekit/bin/python -m pytest tests/livekit $(ARGS)

clients: setup ## Build the packages of the Python and the TypeScript client into .local/clients
	@clients/setup.sh
	@$(PYTHON) -m clients.build

test-clients: clients ## Test the TypeScript client, and both packages in empty projects
	@clients/typescript/npm.sh run --silent check
	@$(PYTHON) -m pytest tests/clients $(ARGS)

lint: lint-style lint-audits lint-types ## Check style, complexity, import directions, types, templates and secrets

lint-style: setup # The parts of `lint`: `.ci/run` runs them side by side
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@PYTHONPATH=. .venv/bin/lint-imports
	@$(PYTHON) .ci/check_commits.py
	@dashboard/npm.sh run --silent check

lint-audits: setup
	@audit/setup.sh
	@$(AUDIT) lint

lint-types: setup
	@$(PYTHON) -m mypy

format: setup ## Format the code
	@$(PYTHON) -m ruff check --fix-only -q .
	@$(PYTHON) -m ruff format .
	@dashboard/npm.sh run --silent format

bench: setup ## Run the benchmarks, or the groups in ARGS, and print a table with ratios
	@$(PYTHON) -m benchmarks $(ARGS)

keep-release: setup ## Keep what this version stores, for the compatibility tests of later ones
	@$(PYTHON) -m tests.compatibility.keep_release

openapi: setup ## Write docs/openapi.json from the models of the routes, and the Python client from it
	@$(PYTHON) -m openapi
	@$(PYTHON) -m clients.generate

docs: setup ## Build the documentation's site into .local/docs/site, and check its links
	@$(PYTHON) -m docs_site

pictures: setup ## Write the pictures of docs/pictures from the code
	@$(PYTHON) -m docs_site.pictures

lock: setup ## Resolve and lock the dependencies
	@requirements/lock.sh

sbom: setup ## Write CycloneDX bills of materials of layers and tools into .local/sbom
	@audit/setup.sh
	@$(AUDIT) sbom

licences: setup ## List the licences of all dependencies; fails on one that is not allowed
	@audit/setup.sh
	@$(AUDIT) licences

audit: setup ## Ask PyPI and npm for vulnerabilities of the dependencies (needs their advisory services)
	@audit/setup.sh
	@$(AUDIT) dependencies

synth: setup ## Synthesize a stage and check it with cdk-nag (STAGE=prod)
	@$(PYTHON) -m local cdk synth -c stage=$(or $(STAGE),prod) --quiet $(ARGS)

deploy: setup ## Check the quotas of your AWS account, then deploy a stage (STAGE=dev)
	@$(PYTHON) -m local deploy $(or $(STAGE),dev) $(ARGS)

deploy-edge: setup ## Deploy the web ACL of a stage's CloudFront to us-east-1 (STAGE=prod)
	@$(PYTHON) -m local cdk deploy -c stage=$(or $(STAGE),prod) -c part=edge $(ARGS)

destroy: setup ## Destroy a stage in your AWS account, and say what is kept (STAGE=dev)
	@$(PYTHON) -m local destroy $(or $(STAGE),dev) $(ARGS)

.PHONY: docs pictures clients test-clients lint-style lint-audits lint-types chaos sbom licences audit keep-release help setup run down test test-fast test-stack test-livekit faults lint format bench openapi lock synth deploy deploy-edge destroy
